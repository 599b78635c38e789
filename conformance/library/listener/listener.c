/* np_listener_create, and the way in which clients are accepted. */
#include "listener_common.h"

NP_CASE("listener/first-client", np_listener_create, ANY_MODE, NP_OK,
        "The very first client is handed out and served, without a retry.",
        "CreateNamedPipe#remarks; museum A18") {
  listening_start(f, 1);
  f->client = client_add(f);
  museum_echo(f, accepted(f, 1), f->client);
}

NP_CASE("listener/waits-for-clients", np_listener_create, ANY_MODE, NP_OK,
        "A client that comes while all instances wait in the kernel is handed "
        "out too.",
        "ConnectNamedPipe#remarks") {
  listening_start(f, 2);
  for (unsigned i = 0; i < 5; i++) {
    np_pipe *client;

    loop_quiet(f);
    client = client_add(f);
    museum_echo(f, accepted(f, i + 1), client);
  }
}

NP_CASE("listener/backlog", np_listener_create, ANY_MODE, NP_OK,
        "As many clients as the backlog can come at once. One more client gets "
        "ERROR_PIPE_BUSY, until the loop has had a turn.",
        "CreateNamedPipe#remarks; museum K08") {
  np_pipe *clients[5];

  listening_start(f, 4);
  for (unsigned i = 0; i < 4; i++) {
    clients[i] = client_add(f);
  }
  assert_np_error(client_error(f), ERROR_PIPE_BUSY);
  accepted(f, 4);
  clients[4] = client_add(f);
  accepted(f, 5);
  /* Instances accept clients in the order in which they began to listen. */
  for (unsigned i = 0; i < 5; i++) {
    museum_echo(f, listening.accepted[i], clients[i]);
  }
}

static void look_and_close(np_fixture *f, np_pipe *pipe) {
  client_add(f);
  pipe_close(f, pipe);
  assert_np_error(client_error(f), ERROR_PIPE_BUSY);
  if (listening.accepted_count == 20) {
    listening.then = NULL;
  }
}

NP_CASE("listener/replacement-first", np_listener_create, ANY_MODE, NP_OK,
        "The next instance listens before the callback gets the accepted one. "
        "So the name exists even if the callback closes the accepted instance "
        "at once.",
        "CreateNamedPipe#remarks; museum A20") {
  listening_start(f, 1);
  listening.then = look_and_close;
  client_add(f);
  accepted(f, 20);
}

NP_CASE("listener/one-after-another", np_listener_create, ANY_MODE, NP_OK,
        "A row of clients is served, whichever end goes first.",
        "CreateNamedPipe#remarks; museum A15") {
  listening_start(f, 1);
  for (unsigned i = 0; i < 100; i++) {
    np_pipe *client = client_add(f);
    np_pipe *server = accepted(f, i + 1);

    round_name("round %u", i);
    museum_echo(f, server, client);
    pipe_close_wait(f, i % 2 == 0 ? client : server);
    pipe_close_wait(f, i % 2 == 0 ? server : client);
  }
}

static void read_at_once(np_fixture *f, np_pipe *pipe) {
  read_begin(&f->ops[listening.accepted_count - 1], pipe, 16);
}

NP_CASE("listener/io-in-callback", np_listener_create, ANY_MODE, NP_OK,
        "The callback that gets a pipe can start to read from it.",
        "npipe/listener.h") {
  listening_start(f, 2);
  listening.then = read_at_once;
  for (unsigned i = 0; i < 4; i++) {
    np_pipe *client = client_add(f);

    pipe_send(f, client, "hello", 5);
    assert_next(&f->ops[i], NP_OK, 5);
  }
}

NP_CASE("listener/inbound", np_listener_create, ANY_MODE, NP_OK,
        "Instances that only read are handed out, and taken back.",
        "CreateNamedPipe#parameters; museum S06 S07") {
  listening_begin(f, 1);
  listening.options.server.outbound = false;
  f->client_options.read = false;
  f->client_options.read_mode = NP_BYTE;
  listening_open(f);
  for (unsigned i = 0; i < 4; i++) {
    np_pipe *client;

    loop_quiet(f);
    client = client_add(f);
    pipe_send(f, client, "up", 2);
    assert_received(f, accepted(f, i + 1), "up", 2);
    assert_np_error(
        np_pipe_write(listening.accepted[i], "down", 4, &f->op, on_never),
        ERROR_ACCESS_DENIED);
    give_back(f, listening.accepted[i]);
  }
}

NP_CASE("listener/outbound", np_listener_create, ANY_MODE, NP_OK,
        "Instances that only write are handed out, and taken back.",
        "CreateNamedPipe#parameters; museum S06 S07") {
  listening_begin(f, 1);
  listening_outbound(f);
  listening_open(f);
  for (unsigned i = 0; i < 4; i++) {
    np_pipe *client;

    loop_quiet(f);
    client = client_add(f);
    pipe_send(f, accepted(f, i + 1), "down", 4);
    assert_received(f, client, "down", 4);
    assert_np_error(np_pipe_read(listening.accepted[i], f->ops[0].buffer, 16,
                                 &f->op, on_never),
                    ERROR_ACCESS_DENIED);
    give_back(f, listening.accepted[i]);
  }
}

/* --- The loop ------------------------------------------------------------ */

NP_CASE("listener/foreign-port", np_listener_create, ANY_MODE, NP_OK,
        "A listener works the same on a loop whose port is the caller's.",
        "GetQueuedCompletionStatusEx; museum N13") {
  listening_begin(f, 2);
  loop_remake_foreign(f, 77);
  listening_open(f);
  for (unsigned i = 0; i < 10; i++) {
    np_pipe *client = client_add(f);

    museum_echo(f, accepted(f, i + 1), client);
    if (i % 2 == 0) {
      give_back(f, listening.accepted[i]);
    } else {
      pipe_close(f, listening.accepted[i]);
    }
    pipe_close(f, client);
  }
  listening_close_wait(f);
}

static void stop_loop(np_fixture *f, np_pipe *pipe) {
  (void)pipe;
  assert_np_ok(np_loop_stop(f->loop));
}

NP_CASE("listener/keeps-loop-running", np_loop_run, ANY_MODE, NP_OK,
        "np_loop_run goes on as long as a listener is not closed, and "
        "np_loop_destroy refuses.",
        "npipe/loop.h") {
  listening_start(f, 2);
  assert_true(np_loop_is_pending(f->loop));
  assert_np_error(np_loop_destroy(f->loop), ERROR_BUSY);
  listening.then = stop_loop;
  client_add(f);
  assert_np_ok(loop_run(f)); /* Until stop_loop. */
  assert_int_equal(listening.accepted_count, 1);
  assert_true(np_loop_is_pending(f->loop));
  listening_close(f);
  assert_true(np_loop_is_pending(f->loop));
  assert_np_ok(loop_run(f));
  assert_int_equal(listening.closed_count, 1);
  assert_false(np_loop_is_pending(f->loop));
}

/* The timer is longer than the listener's retry delay. */
static void timer_outlasts_the_run(np_fixture *f) {
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 40, on_timer));
  assert_true(np_loop_is_pending(f->loop));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->timers[0].run_count, 1);
}

NP_CASE("listener/background", np_loop_run, ANY_MODE, NP_OK,
        "A listener in the background does not keep np_loop_run running, not "
        "even while it waits to create an instance. It works as any other "
        "listener, and np_loop_destroy returns ERROR_BUSY.",
        "npipe/listener.h") {
  listening_begin(f, 1);
  listening.options.background = true;
  listening_open(f);
  assert_false(np_loop_is_pending(f->loop));
  assert_np_ok(loop_run(f));
  assert_np_error(np_loop_destroy(f->loop), ERROR_BUSY);
  client_add(f);
  f->allocator.is_out = true;
  accepted(f, 1);
  assert_np_error(news(f, 1), ERROR_NOT_ENOUGH_MEMORY);
  assert_false(np_loop_is_pending(f->loop));
  assert_np_ok(loop_run(f));
  f->allocator.is_out = false;
  assert_np_ok(news(f, 2));
  timer_outlasts_the_run(f);
  client_add(f);
  accepted(f, 2);
  listening_close(f);
  /* The end of the listener still has to be reported. */
  assert_true(np_loop_is_pending(f->loop));
  assert_np_ok(loop_run(f));
  assert_int_equal(listening.closed_count, 1);
}

NP_CASE("listener/background-closed", np_listener_close, NO_MODE, NP_OK,
        "A listener in the background waits to try again, and is closed. "
        "Nothing of it is left: later work keeps the loop running as usual.",
        "npipe/listener.h") {
  listening_begin(f, 1);
  other_instance(f, 1);
  listening.options.background = true;
  listening.options.retry_first = true;
  listening_open(f);
  assert_np_error(news(f, 1), ERROR_PIPE_BUSY);
  assert_false(np_loop_is_pending(f->loop));
  listening_close_wait(f);
  timer_outlasts_the_run(f);
}

/* --- Pipes of a listener ------------------------------------------------- */

NP_CASE("listener/user", np_listener_set_user, NO_MODE, NP_OK,
        "The caller's pointer is NULL until it is set.", "npipe/listener.h") {
  listening_start(f, 1);
  assert_null(np_listener_user(listening.listener));
  np_listener_set_user(listening.listener, f);
  assert_ptr_equal(np_listener_user(listening.listener), f);
  np_listener_set_user(NULL, f);
}

NP_CASE("listener/user-null", np_listener_user, NO_MODE, NP_OK,
        "The user pointer of a NULL listener is NULL.", "npipe/listener.h") {
  assert_null(np_listener_user(NULL));
}

NP_CASE("listener/loop", np_listener_loop, NO_MODE, NP_OK,
        "A listener knows its loop; no listener has none.",
        "npipe/listener.h") {
  listening_start(f, 1);
  assert_ptr_equal(np_listener_loop(listening.listener), f->loop);
  assert_null(np_listener_loop(NULL));
}
