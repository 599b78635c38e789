/* np_listener_close, called in any state of the listener. */
#include "listener_common.h"

NP_CASE("listener-close/idle", np_listener_close, ANY_MODE, NP_OK,
        "An idle listener is closed at once, and its name is gone then: a "
        "thousand times, each with the only instance of its name.",
        "npipe/listener.h; museum H03 H11 K03 H05") {
  /* rounds that took too long: few on a busy machine, all if the close waits */
  unsigned slow = 0;

  listening_begin(f, 1);
  listening.options.server.instances_max = 1;
  for (unsigned i = 0; i < 1000; i++) {
    const uint64_t begin_ms = world_now_ms();
    uint64_t took_ms;

    round_name("round %u", i);
    listening_open(f);
    if (i % 2 == 0) {
      loop_settle(f);
    }
    listening_close(f);
    assert_np_error(client_error(f), ERROR_FILE_NOT_FOUND);
    loop_until_count(f, &listening.closed_count, 1);
    took_ms = world_now_ms() - begin_ms;
    assert_true(took_ms < world_timeout_ms(10000));
    slow += took_ms >= world_timeout_ms(1000);
    assert_true(slow <= 10);
    assert_false(np_loop_is_pending(f->loop));
  }
}

NP_CASE("listener-close/wins", np_listener_close, ANY_MODE, NP_OK,
        "A client that has connected and was not handed out yet is closed, "
        "never handed out; it reads the end of the stream.",
        "npipe/listener.h; museum H02 H06 H08") {
  listening_begin(f, 2);
  for (unsigned i = 0; i < 100; i++) {
    struct recorder *read = &f->ops[i % 8];
    np_pipe *client;

    round_name("round %u", i);
    listening_open(f);
    if (i % 2 == 0) {
      loop_settle(f); /* The listener's connects wait in the kernel. */
    }
    client = museum_open(f);
    if (i % 4 < 2) {
      /* This client is a ghost. */
      assert_np_ok(np_pipe_close(museum_open(f), NULL));
    }
    listening_close_wait(f);
    read_begin(read, client, 16);
    assert_ends(read, ERROR_BROKEN_PIPE, 0);
    pipe_close(f, client);
  }
  assert_int_equal(listening.accepted_count, 0);
}

NP_CASE("listener-close/pipes-stay", np_listener_close, ANY_MODE, NP_OK,
        "After a listener's close the accepted pipes still belong to their "
        "owners, with all operations in flight.",
        "npipe/listener.h") {
  listening_start(f, 2);
  f->client = client_add(f);
  read_begin(&f->ops[0], accepted(f, 1), 16);
  listening_close_wait(f);
  assert_int_equal(f->ops[0].done_count, 0);
  pipe_send(f, f->client, "hello", 5);
  assert_ends(&f->ops[0], NP_OK, 5);
  museum_echo(f, listening.accepted[0], f->client);
}

NP_CASE("listener-close/twice", np_listener_close, NO_MODE,
        ERROR_INVALID_HANDLE,
        "A second close of a listener is refused and changes nothing; closing "
        "NULL is fine.",
        "npipe/listener.h; museum H18 L17") {
  np_listener *listener;

  listening_start(f, 1);
  listener = listening.listener;
  listening_close(f);
  assert_np_error(np_listener_close(listener, NULL), ERROR_INVALID_HANDLE);
  loop_until_count(f, &listening.closed_count, 1);
  assert_np_ok(np_listener_close(NULL, NULL));
}

NP_CASE("listener-close/no-callback", np_listener_close, ANY_MODE, NP_OK,
        "on_closed may be NULL.", "npipe/listener.h") {
  np_listener *listener;

  listening_start(f, 3);
  listener = listening.listener;
  listening.listener = NULL;
  assert_np_ok(np_listener_close(listener, NULL));
  assert_np_ok(loop_run(f));
  assert_np_error(client_error(f), ERROR_FILE_NOT_FOUND);
}

static void close_listener(np_fixture *f, np_pipe *pipe) {
  (void)pipe;
  listening_close(f);
}

static void close_both(np_fixture *f, np_pipe *pipe) {
  listening_close(f);
  pipe_close(f, pipe);
}

NP_CASE("listener-close/in-on-pipe", np_listener_close, ANY_MODE, NP_OK,
        "The callback that gets a pipe may close the listener and the pipe: "
        "no further pipe is handed out.",
        "npipe/listener.h; museum H06") {
  listening_begin(f, 3);
  for (unsigned i = 0; i < 20; i++) {
    listening_open(f);
    listening.then = i % 2 == 0 ? close_listener : close_both;
    if (i % 4 < 2) {
      loop_settle(f); /* All three clients then come up in one turn. */
    }
    for (unsigned k = 0; k < 3; k++) {
      client_add(f);
    }
    accepted(f, i + 1);
    loop_until_count(f, &listening.closed_count, 1);
    loop_quiet(f);
    assert_int_equal(listening.accepted_count, i + 1);
  }
}

NP_CASE("listener-close/while-draining", np_listener_close, ANY_MODE, NP_OK,
        "A recycled instance whose operations have not all been called back is "
        "closed with its listener.",
        "npipe/listener.h") {
  listening_begin(f, 1);
  for (unsigned i = 0; i < 20; i++) {
    listening_open(f);
    f->client = client_add(f);
    read_begin(&f->ops[0], accepted(f, i + 1), 16);
    loop_settle(f);
    give_back(f, listening.accepted[i]);
    listening_close_wait(f);
    assert_int_equal(f->ops[0].done_count, f->ops[0].start_count);
    assert_int_equal(f->ops[0].result, ERROR_PIPE_NOT_CONNECTED);
    assert_np_error(client_error(f), ERROR_FILE_NOT_FOUND);
    pipe_close_wait(f, f->client);
  }
}

NP_CASE("listener-close/other-serves", np_listener_close, ANY_MODE, NP_OK,
        "If one of two listeners on a name is closed, the instances of the "
        "other continue to serve.",
        "CreateNamedPipe#remarks; museum H09") {
  np_listener *other = NULL;
  np_pipe *client;

  listening_begin(f, 2);
  assert_np_ok(np_listener_create(f->loop, f->name, &listening.options,
                                  on_pipe_never, &other));
  listening_open(f);
  loop_settle(f);
  assert_np_ok(np_listener_close(other, NULL));
  client = client_add(f);
  museum_echo(f, accepted(f, 1), client);
}

NP_CASE("listener-close/in-trouble", np_listener_close, NO_MODE, NP_OK,
        "A listener that has no instance, and waits to try again, is closed at "
        "once and tries no more.",
        "npipe/listener.h") {
  listening_begin(f, 1);
  listening.options.retry_first = true;
  f->allocator.fail_at = f->allocator.total + 2;
  listening_open(f);
  assert_np_error(news(f, 1), ERROR_NOT_ENOUGH_MEMORY);
  assert_np_error(np_loop_destroy(f->loop), ERROR_BUSY);
  listening_close(f);
  assert_np_ok(loop_run(f));
  assert_int_equal(listening.closed_count, 1);
  assert_np_error(client_error(f), ERROR_FILE_NOT_FOUND);
}

NP_CASE("listener-close/owner-closes-given-back", np_pipe_close, ANY_MODE,
        NP_OK,
        "A recycled pipe that its former owner closes is closed: the listener "
        "replaces the instance, and nothing is freed twice.",
        "npipe/listener.h") {
  listening_limited(f, 1, 1);
  for (unsigned i = 0; i < 4; i++) {
    np_pipe *client = client_add(f);
    np_pipe *pipe = accepted(f, i + 1);

    museum_echo(f, pipe, client);
    if (i % 2 == 0) {
      /* The instance cannot listen again before this read is over. */
      read_begin(&f->ops[0], pipe, 16);
    }
    give_back(f, pipe);
    pipe_close_wait(f, pipe);
    pipe_close(f, client);
  }
}
