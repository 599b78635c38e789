/* As many instances as may be, creations that fail, and how a listener goes on
 * after that. */
#include "listener_common.h"

/* --- The limit ----------------------------------------------------------- */

NP_CASE(
    "listener-limit/pause", np_listener_create, ANY_MODE, NP_OK,
    "A listener that has all its instances_max instances waits. It continues "
    "when a pipe is closed or given back. It does not report this to on_error.",
    "CreateNamedPipe#parameters; museum P06") {
  np_pipe *clients[4];

  listening_limited(f, 4, 3);
  for (unsigned i = 0; i < 3; i++) {
    clients[i] = client_add(f);
  }
  accepted(f, 3);
  for (unsigned i = 0; i < 20; i++) {
    np_pipe *pipe = listening.accepted[listening.accepted_count - 1];

    round_name("round %u", i);
    assert_np_error(client_error(f), ERROR_PIPE_BUSY);
    pipe_close(f, clients[2]);
    if (i % 2 == 0) {
      pipe_close(f, pipe);
    } else {
      give_back(f, pipe);
    }
    clients[2] = client_add(f);
    museum_echo(f, accepted(f, i + 4), clients[2]);
  }
  assert_int_equal(listening.news_count, 0);
}

NP_CASE("listener-limit/of-others", np_listener_create, ANY_MODE, NP_OK,
        "Instances of other servers fill the name, and the owner gets "
        "ERROR_PIPE_BUSY. The close of a pipe of this listener ends the wait "
        "at once.",
        "CreateNamedPipe#return-value") {
  np_pipe *client;

  listening_begin(f, 1);
  other_instance(f, 2);
  listening_open(f);
  f->client = client_add(f); /* Takes f->server. */
  client = client_add(f);
  accepted(f, 1);
  assert_np_error(news(f, 1), ERROR_PIPE_BUSY);
  assert_int_equal(listening.retry_ms[0], 10);
  pipe_close(f, client);
  pipe_close(f, listening.accepted[0]);
  client = client_add(f);
  museum_echo(f, accepted(f, 2), client);
  /* The listener also reported that the trouble was over, and that the name
   * was full again. */
  assert_np_error(news(f, 3), ERROR_PIPE_BUSY);
  assert_np_ok(listening.news[1]);
}

NP_CASE("listener-limit/others-go", np_listener_create, ANY_MODE, NP_OK,
        "When an instance of another server is closed, the listener notices it "
        "at its next attempt.",
        "CreateNamedPipe#return-value") {
  listening_begin(f, 1);
  other_instance(f, 1);
  listening.options.retry_first = true;
  listening_open(f);
  assert_np_error(news(f, 3), ERROR_PIPE_BUSY);
  pipe_close_wait(f, f->server);
  while (news(f, listening.news_count + 1) != NP_OK) {
  }
  client_add(f);
  accepted(f, 1);
}

/* --- Trouble ------------------------------------------------------------- */

NP_CASE("listener-limit/growing-delay", np_listener_create, ANY_MODE, NP_OK,
        "A creation that fails is tried again after 10 ms, then after twice as "
        "long each time, at most after one second. The owner gets each "
        "failure, and the end of the trouble.",
        "npipe/listener.h; museum A24") {
  static const uint32_t delays[] = {10, 20, 40, 80, 160, 320, 640, 1000, 1000};
  np_pipe *client;

  listening_start(f, 1);
  client = client_add(f);
  f->allocator.is_out = true;
  accepted(f, 1); /* The pipe is handed out in spite of the failure. */
  for (unsigned i = 0; i < 9; i++) {
    assert_np_error(news(f, i + 1), ERROR_NOT_ENOUGH_MEMORY);
    assert_int_equal(listening.retry_ms[i], delays[i]);
    if (i > 0) {
      /* The callback runs a little after the delay has begun. */
      assert_true(listening.news_at_ms[i] - listening.news_at_ms[i - 1] + 20 >=
                  delays[i - 1]);
    }
  }
  f->allocator.is_out = false;
  museum_echo(f, listening.accepted[0], client);
  assert_np_ok(news(f, 10));
  assert_int_equal(listening.retry_ms[9], 0);
  client = client_add(f);
  museum_echo(f, accepted(f, 2), client);
}

NP_CASE("listener-limit/delay-begins-anew", np_listener_create, NO_MODE, NP_OK,
        "After the trouble is over the delay is 10 ms again.",
        "npipe/listener.h") {
  listening_start(f, 1);
  for (unsigned i = 0; i < 3; i++) {
    client_add(f);
    f->allocator.is_out = true;
    accepted(f, i + 1);
    assert_np_error(news(f, i * 3 + 2), ERROR_NOT_ENOUGH_MEMORY);
    assert_int_equal(listening.retry_ms[i * 3], 10);
    assert_int_equal(listening.retry_ms[i * 3 + 1], 20);
    f->allocator.is_out = false;
    assert_np_ok(news(f, i * 3 + 3));
  }
}

NP_CASE("listener-limit/give-back", np_listener_create, ANY_MODE, NP_OK,
        "While no instance can be created, a recycled instance serves the next "
        "client, and the trouble is over.",
        "npipe/listener.h; museum A24") {
  np_pipe *client;

  listening_start(f, 1);
  client = client_add(f);
  f->allocator.is_out = true;
  accepted(f, 1);
  assert_np_error(news(f, 1), ERROR_NOT_ENOUGH_MEMORY);
  give_back(f, listening.accepted[0]);
  loop_settle(f); /* The listener plans no further attempt. */
  assert_int_equal(listening.news_count, 2);
  assert_np_ok(listening.news[1]);
  f->allocator.is_out = false;
  pipe_close(f, client);
  client = client_add(f);
  museum_echo(f, accepted(f, 2), client);
}

NP_CASE("listener-limit/nobody-told", np_listener_create, NO_MODE, NP_OK,
        "A listener without on_error tries again in the same way.",
        "npipe/listener.h") {
  listening_begin(f, 1);
  listening.options.on_error = NULL;
  listening_open(f);
  client_add(f);
  f->allocator.is_out = true;
  accepted(f, 1);
  loop_turn(f, 50);
  f->allocator.is_out = false;
  while (client_error(f) != NP_OK) {
    loop_turn(f, 10);
  }
}

NP_CASE("listener-limit/first-taken", np_listener_create, ANY_MODE, NP_OK,
        "A listener asks for the first instance, but another server has the "
        "name. The listener reports ERROR_ACCESS_DENIED and tries again until "
        "this server is gone. A client of that server may still hold its end: "
        "it does not keep the name.",
        "CreateNamedPipe#parameters; museum A21 A23 X05") {
  np_pipe *client;
  np_pipe *left;

  listening_begin(f, 1);
  server_listen(f);
  listening.options.server.first_instance = true;
  listening.options.retry_first = true;
  listening_open(f);
  assert_np_error(news(f, 2), ERROR_ACCESS_DENIED);
  left = client_add(f); /* Of the other server. */
  pipe_close_wait(f, f->server);
  while (news(f, listening.news_count + 1) != NP_OK) {
    assert_int_equal(listening.news[listening.news_count - 1],
                     ERROR_ACCESS_DENIED);
  }
  client = client_add(f);
  museum_echo(f, accepted(f, 1), client);
  read_begin(&f->ops[5], left, 1); /* The pipe was open all the time. */
  assert_ends(&f->ops[5], ERROR_BROKEN_PIPE, 0);
}

NP_CASE(
    "listener-limit/first-again", np_listener_create, NO_MODE, NP_OK,
    "A listener with first_instance has no instance left, and another server "
    "has created a pipe of the name. The listener does not join this pipe.",
    "CreateNamedPipe#parameters; museum A21 X05") {
  listening_begin(f, 1);
  listening.options.server.first_instance = true;
  listening_open(f);
  f->client = client_add(f);
  f->allocator.is_out = true;
  accepted(f, 1);
  assert_np_error(news(f, 1), ERROR_NOT_ENOUGH_MEMORY);
  pipe_close(f, listening.accepted[0]);
  pipe_close_wait(f, f->client);
  f->allocator.is_out = false;
  server_listen(f); /* The squatter. */
  while (news(f, listening.news_count + 1) == ERROR_NOT_ENOUGH_MEMORY) {
  }
  assert_int_equal(listening.news[listening.news_count - 1],
                   ERROR_ACCESS_DENIED);
}

static void close_it(np_fixture *f) {
  listening_close(f);
}

NP_CASE("listener-limit/close-in-on-error", np_listener_close, ANY_MODE, NP_OK,
        "on_error may close the listener.", "npipe/listener.h") {
  listening_start(f, 1);
  client_add(f);
  listening.news_then = close_it;
  f->allocator.is_out = true;
  accepted(f, 1);
  assert_np_error(news(f, 1), ERROR_NOT_ENOUGH_MEMORY);
  loop_until_count(f, &listening.closed_count, 1);
  loop_quiet(f);
  assert_int_equal(listening.news_count, 1);
}

static void back_with_memory(np_fixture *f, np_pipe *pipe) {
  f->allocator.is_out = false;
  give_back(f, pipe);
}

NP_CASE("listener-limit/over-at-once", np_listener_create, ANY_MODE, NP_OK,
        "A failure ends before it could be reported. The failure and its end "
        "are reported together, in this order.",
        "npipe/listener.h") {
  listening_start(f, 1);
  client_add(f);
  listening.then = back_with_memory;
  f->allocator.is_out = true;
  accepted(f, 1);
  assert_np_error(news(f, 1), ERROR_NOT_ENOUGH_MEMORY);
  loop_settle(f);
  assert_int_equal(listening.news_count, 2);
  assert_np_ok(listening.news[1]);
  assert_int_equal(listening.retry_ms[1], 0);
}

NP_CASE("listener-limit/over-but-closed", np_listener_close, ANY_MODE, NP_OK,
        "A listener that is closed in the callback for trouble does not "
        "report the end of the trouble.",
        "npipe/listener.h") {
  listening_start(f, 1);
  client_add(f);
  listening.then = back_with_memory;
  listening.news_then = close_it;
  f->allocator.is_out = true;
  assert_np_error(news(f, 1), ERROR_NOT_ENOUGH_MEMORY);
  loop_until_count(f, &listening.closed_count, 1);
  assert_int_equal(listening.news_count, 1);
}

NP_CASE("listener-limit/closed-before-told", np_listener_close, ANY_MODE, NP_OK,
        "A listener that is closed in the turn in which something failed "
        "reports nothing.",
        "npipe/listener.h") {
  listening_begin(f, 1);
  listening.options.retry_first = true;
  f->allocator.fail_at = f->allocator.total + 2;
  listening_open(f);
  listening_close(f);
  loop_until_count(f, &listening.closed_count, 1);
  assert_int_equal(listening.news_count, 0);
}

NP_CASE("listener-limit/foreign-cancel", np_listener_create, ANY_MODE, NP_OK,
        "If other software cancels all I/O of a listener's handle, the "
        "listener reports it and connects again. No client is lost.",
        "CancelIoEx; museum E07 A24") {
  np_pipe *client;
  np_pipe *pipe;

  listening_limited(f, 1, 1);
  client = client_add(f);
  pipe = accepted(f, 1);
  for (unsigned i = 0; i < 3; i++) {
    pipe_close(f, client);
    give_back(f, pipe);
    loop_quiet(f);
    assert_true(CancelIoEx(np_pipe_handle(pipe), NULL));
    assert_np_error(news(f, i * 2 + 1), ERROR_OPERATION_ABORTED);
    assert_int_equal(listening.retry_ms[i * 2], 10);
    client = client_add(f); /* It still listens. */
    museum_echo(f, accepted(f, i + 2), client);
    assert_np_ok(news(f, i * 2 + 2));
  }
}

NP_CASE("listener-limit/foreign-cancels", np_listener_create, ANY_MODE, NP_OK,
        "The delay grows while no connect succeeds after a cancel by another "
        "program: a restarted connect alone does not end the trouble.",
        "CancelIoEx; museum A24") {
  static const uint32_t delays[] = {10, 20, 40};
  np_pipe *client;
  np_pipe *pipe;

  listening_limited(f, 1, 1);
  client = client_add(f);
  pipe = accepted(f, 1);
  give_back(f, pipe);
  pipe_close(f, client);
  for (unsigned i = 0; i < 3; i++) {
    loop_quiet(f);
    loop_quiet(f); /* The longest delay is over: it listens. */
    assert_true(CancelIoEx(np_pipe_handle(pipe), NULL));
    assert_np_error(news(f, i + 1), ERROR_OPERATION_ABORTED);
    assert_int_equal(listening.retry_ms[i], delays[i]);
  }
  client = client_add(f);
  museum_echo(f, accepted(f, 2), client);
  assert_np_ok(news(f, 4));
}

NP_CASE("listener-limit/one-of-two-cancelled", np_listener_create, ANY_MODE,
        NP_OK,
        "The connect of an instance was cancelled while another instance got a "
        "client. The first instance listens again.",
        "CancelIoEx; museum A24") {
  listening_limited(f, 2, 2);
  client_add(f);
  client_add(f);
  accepted(f, 2);
  give_back(f, listening.accepted[1]);
  loop_quiet(f);
  assert_true(CancelIoEx(np_pipe_handle(listening.accepted[1]), NULL));
  assert_np_error(news(f, 1), ERROR_OPERATION_ABORTED);
  give_back(f, listening.accepted[0]);
  client_add(f);
  client_add(f);
  accepted(f, 4);
  assert_np_ok(news(f, 2));
}
