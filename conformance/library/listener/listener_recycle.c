/* np_listener_recycle: one instance serves many clients, and nothing of one
 * session reaches the next. */
#include "listener_common.h"
#include "library/ready/ready_common.h"

enum { ROUNDS = 40 };

NP_CASE("listener-recycle/next-client", np_listener_recycle, ANY_MODE, NP_OK,
        "An instance that is given back serves the next clients.",
        "DisconnectNamedPipe#remarks; museum A15") {
  listening_start(f, 1);
  for (unsigned i = 0; i < 100; i++) {
    np_pipe *client = client_add(f);
    np_pipe *server = accepted(f, i + 1);

    round_name("round %u", i);
    museum_echo(f, server, client);
    if (i % 2 == 0) {
      pipe_close(f, client);
    }
    give_back(f, server);
    if (i % 2 != 0) {
      pipe_close(f, client);
    }
  }
  /* Two instances have taken turns all the time. */
  for (unsigned i = 2; i < 100; i++) {
    assert_ptr_equal(listening.accepted[i], listening.accepted[i - 2]);
  }
}

NP_CASE("listener-recycle/single", np_listener_recycle, ANY_MODE, NP_OK,
        "A name of a single instance serves one client after the other, and "
        "never vanishes.",
        "DisconnectNamedPipe#remarks; museum A20 A23") {
  size_t made;

  listening_limited(f, 4, 1);
  for (unsigned i = 0; i < ROUNDS; i++) {
    np_pipe *client = client_add(f);
    np_pipe *server = accepted(f, i + 1);

    assert_np_error(client_error(f), ERROR_PIPE_BUSY);
    museum_echo(f, server, client);
    made = f->allocator.total;
    give_back(f, server);
    /* No new instance was created. */
    assert_int_equal(f->allocator.total, made);
    pipe_close(f, client);
  }
}

NP_CASE("listener-recycle/client-is-let-go", np_listener_recycle, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "Recycling disconnects the client; unread data are lost in both "
        "directions.",
        "DisconnectNamedPipe#remarks; museum D01") {
  np_pipe *old;
  np_pipe *client;

  listening_limited(f, 1, 1);
  old = client_add(f);
  pipe_send(f, accepted(f, 1), "to client", 9);
  pipe_send(f, old, "to server", 9);
  give_back(f, listening.accepted[0]);
  assert_reads(&f->ops[0], old, 16, ERROR_PIPE_NOT_CONNECTED, 0);
  client = client_add(f);
  museum_echo(f, accepted(f, 2), client);
}

/* leave ends a session and leaves something behind: unread data, operations,
 * readiness. */
static void leave(np_fixture *f, np_pipe *server, np_pipe *client,
                  unsigned what) {
  static uint8_t data[MUSEUM_QUOTA];
  size_t count;

  switch (what) {
    case 0:
      read_pend(f, &f->ops[0], server, 16);
      break;
    case 1:
      read_begin(&f->ops[0], server, 16);
      break;
    case 2:
      pipe_send(f, server, data, sizeof data);
      write_begin(&f->ops[0], server, data, sizeof data);
      shutdown_begin(&f->ops[1], server);
      break;
    case 3:
      pipe_send(f, client, "old", 3);
      break;
    case 4:
      pipe_close(f, client);
      break;
    case 5:
      ready_begin(&f->ops[0], server, NP_READABLE);
      reads_post(f);
      break;
    case 6: /* The read-ahead holds data of the old client. */
      ready_begin(&f->ops[0], server, NP_READABLE);
      pipe_send(f, client, "old", 3);
      op_wait(&f->ops[0]);
      break;
    case 7:
      ready_set(server, 0, 1);
      ready_begin(&f->ops[0], server, NP_READABLE);
      pipe_close(f, client);
      break;
    case 8: /* Bytes that np_pipe_try_write took wait for their reader. */
      assert_np_ok(np_pipe_try_write(server, data, 100, &count));
      pipe_send(f, server, data, sizeof data - 200);
      assert_np_ok(np_pipe_try_write(server, data, 1000, &count));
      ready_begin(&f->ops[0], server, NP_WRITABLE);
      break;
    case 9:
      np_pipe_set_user(server, f);
      connect_begin(&f->ops[0], server);
      break;
    case 10:
      op_begin(&f->ops[0], np_pipe_flush(server, &f->ops[0].op, on_done));
      break;
    default:
      pipe_send(f, server, "x", 1);
      op_begin(&f->ops[0], np_pipe_flush(server, &f->ops[0].op, on_done));
      break;
  }
}

static void next_is_clean(np_fixture *f, unsigned what) {
  np_pipe *client;
  np_pipe *server;
  np_readiness readiness;
  size_t count;

  listening_limited(f, 1, 1);
  for (unsigned i = 0; i < ROUNDS; i++) {
    round_name("leftover %u, round %u", what, i);
    client = museum_open(f);
    server = accepted(f, i * 2 + 1);
    leave(f, server, client, what);
    give_back(f, server);
    if (what != 4 && what != 7) {
      pipe_close(f, client);
    }
    /* Opens the next client. All callbacks of the old session must have run
     * before it is accepted. */
    while (listening.accepted_count < i * 2 + 2) {
      if (f->client == NULL) {
        f->client = NULL;
        np_client_open(f->loop, f->name, &f->client_options, &f->client);
      }
      loop_turn(f, 10);
    }
    op_wait(&f->ops[1]);
    assert_int_equal(f->ops[0].done_count, f->ops[0].start_count);
    server = listening.accepted[i * 2 + 1];
    ready_set(server, 64, 64); /* No readiness was asked for in this session. */
    assert_np_error(np_pipe_try_read(server, f->ops[2].buffer, 16, &count),
                    NP_WOULD_BLOCK);
    museum_echo(f, server, f->client);
    ready_begin(&f->ops[3], server, NP_READABLE);
    pipe_send(f, f->client, "new", 3);
    op_wait(&f->ops[3]);
    readiness = (np_readiness)f->ops[3].transferred;
    assert_int_equal(readiness, NP_READABLE);
    assert_received(f, server, "new", 3);
    pipe_close(f, f->client);
    give_back(f, server);
  }
}

NP_CASE("listener-recycle/read-pending", np_listener_recycle, ANY_MODE, NP_OK,
        "A read in flight ends with the session, before the next begins.",
        "npipe/listener.h; museum S01") {
  next_is_clean(f, 0);
  assert_int_equal(f->ops[0].result, ERROR_PIPE_NOT_CONNECTED);
}

NP_CASE("listener-recycle/read-put-off", np_listener_recycle, ANY_MODE, NP_OK,
        "A read that is not in the kernel yet ends with the session, before "
        "the next session begins.",
        "npipe/listener.h; museum S01") {
  next_is_clean(f, 1);
  assert_int_equal(f->ops[0].result, ERROR_PIPE_NOT_CONNECTED);
}

NP_CASE("listener-recycle/write-pending", np_listener_recycle, ANY_MODE, NP_OK,
        "A write waits for its reader, and a shutdown waits for the write. "
        "Both end with the session, before the next session begins.",
        "npipe/listener.h; museum S01") {
  next_is_clean(f, 2);
  museum_done_drained(f, &f->ops[0], ERROR_PIPE_NOT_CONNECTED, MUSEUM_QUOTA);
  assert_int_equal(f->ops[1].result, ERROR_PIPE_NOT_CONNECTED);
}

NP_CASE("listener-recycle/unread", np_listener_recycle, ANY_MODE, NP_OK,
        "Unread data of the last client are not read in the next session.",
        "DisconnectNamedPipe#remarks; museum S01") {
  next_is_clean(f, 3);
}

NP_CASE("listener-recycle/client-gone", np_listener_recycle, ANY_MODE, NP_OK,
        "The close of the last client does not end the next session.",
        "DisconnectNamedPipe#remarks; museum S01") {
  next_is_clean(f, 4);
}

NP_CASE("listener-recycle/ready-pending", np_listener_recycle, ANY_MODE, NP_OK,
        "A wait for readiness ends with the session, and the read-ahead too.",
        "npipe/listener.h; museum S01") {
  next_is_clean(f, 5);
  assert_int_equal(f->ops[0].result, ERROR_PIPE_NOT_CONNECTED);
}

NP_CASE("listener-recycle/ready-caught", np_listener_recycle, ANY_MODE, NP_OK,
        "Data that the read-ahead had caught are gone in the next session.",
        "npipe/listener.h; museum S01") {
  next_is_clean(f, 6);
  assert_int_equal(f->ops[0].result, NP_OK);
}

NP_CASE("listener-recycle/ready-options", np_listener_recycle, ANY_MODE, NP_OK,
        "After a recycle the next session can set the options of readiness "
        "again, and does not see the end of the last stream.",
        "npipe/listener.h; museum S01") {
  next_is_clean(f, 7);
}

NP_CASE("listener-recycle/try-write-pending", np_listener_recycle, ANY_MODE,
        NP_OK,
        "Data that a try had taken and the peer had not read are gone in the "
        "next session.",
        "npipe/listener.h; museum S01") {
  next_is_clean(f, 8);
}

NP_CASE("listener-recycle/connect", np_listener_recycle, ANY_MODE, NP_OK,
        "After a recycle a connect of the owner that was not reported, and the "
        "user pointer, are gone.",
        "npipe/listener.h; museum S01") {
  next_is_clean(f, 9);
  /* The connect had this answer already. */
  assert_int_equal(f->ops[0].result, ERROR_PIPE_CONNECTED);
}

NP_CASE("listener-recycle/flush-done", np_listener_recycle, ANY_MODE, NP_OK,
        "A flush that has nothing to wait for has ended before the next "
        "session begins.",
        "FlushFileBuffers") {
  next_is_clean(f, 10);
}

NP_CASE("listener-recycle/flush-waiting", np_listener_recycle, ANY_MODE, NP_OK,
        "A flush that waits for the client ends with the session. It ends with "
        "ERROR_PIPE_NOT_CONNECTED, or with NP_OK if it reached the kernel "
        "after the disconnect.",
        "FlushFileBuffers") {
  next_is_clean(f, 11);
  museum_done_either(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, NP_OK);
}

/* --- Calls of the caller's own, that try again ---------------------------- */

static np_error nothing_there(HANDLE handle, void *context,
                              size_t *transferred) {
  unsigned *tries = context;

  (void)handle;
  (void)transferred;
  (*tries)++;
  return NP_WOULD_BLOCK;
}

NP_CASE("listener-recycle/async-io", np_listener_recycle, ANY_MODE, NP_OK,
        "A np_pipe_async_io that was about to run the caller's function does "
        "not run it: the operation ends with the session.",
        "npipe/listener.h") {
  np_pipe *client;
  unsigned tries = 0;

  listening_start(f, 1);
  client = client_add(f);
  accepted(f, 1);
  pipe_send(f, client, "old", 3);
  op_begin(&f->ops[0],
           np_pipe_async_io(listening.accepted[0], NP_WRITABLE, &f->ops[0].op,
                            nothing_there, &tries, on_done));
  give_back(f, listening.accepted[0]);
  assert_next(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
  assert_int_equal(tries, 0);
}

/* --- From callbacks ------------------------------------------------------ */

static void back_at_once(np_fixture *f, np_pipe *pipe) {
  give_back(f, pipe);
}

NP_CASE("listener-recycle/in-on-pipe", np_listener_recycle, ANY_MODE, NP_OK,
        "The callback that gets a pipe may recycle it.", "npipe/listener.h") {
  listening_start(f, 1);
  listening.then = back_at_once;
  for (unsigned i = 0; i < 10; i++) {
    np_pipe *client = museum_open(f);

    accepted(f, i + 1);
    pipe_close_wait(f, client);
  }
}

static void back_after_read(np_fixture *f, struct recorder *recorder) {
  (void)recorder;
  give_back(f, listening.accepted[listening.accepted_count - 1]);
}

NP_CASE("listener-recycle/in-on-done", np_listener_recycle, ANY_MODE, NP_OK,
        "The callback of a pipe's last operation may give the pipe back, also "
        "while another is still in flight.",
        "npipe/listener.h") {
  listening_limited(f, 1, 1);
  f->ops[0].then = back_after_read;
  for (unsigned i = 0; i < 10; i++) {
    np_pipe *client = client_add(f);

    accepted(f, i + 1);
    read_begin(&f->ops[0], listening.accepted[i], 16);
    if (i % 2 == 0) {
      read_begin(&f->ops[1], listening.accepted[i], 16);
    }
    pipe_send(f, client, "x", 1);
    op_wait(&f->ops[0]);
    op_wait(&f->ops[1]);
    assert_int_equal(f->ops[0].result, NP_OK);
  }
  assert_int_equal(f->ops[1].result, ERROR_PIPE_NOT_CONNECTED);
}

/* --- What the owner did before ------------------------------------------ */

NP_CASE("listener-recycle/disconnected", np_listener_recycle, ANY_MODE, NP_OK,
        "A pipe that its owner has disconnected, or connected anew, can be "
        "given back.",
        "npipe/listener.h") {
  np_pipe *client;

  listening_limited(f, 1, 1);
  client = client_add(f);
  accepted(f, 1);
  assert_np_ok(np_server_disconnect(listening.accepted[0]));
  give_back(f, listening.accepted[0]);
  client = client_add(f);
  museum_echo(f, accepted(f, 2), client);
  assert_np_ok(np_server_disconnect(listening.accepted[0]));
  connect_begin(&f->ops[0], listening.accepted[0]);
  give_back(f, listening.accepted[0]);
  op_wait(&f->ops[0]);
  assert_int_equal(f->ops[0].result, ERROR_PIPE_NOT_CONNECTED);
  client = client_add(f);
  museum_echo(f, accepted(f, 3), client);
}

NP_CASE("listener-recycle/disconnected-behind", np_listener_recycle, ANY_MODE,
        NP_OK,
        "If Windows refuses to disconnect, the instance is closed and "
        "replaced, and on_error gets the error.",
        "DisconnectNamedPipe#return-value; museum A24") {
  np_info info = {0};
  np_pipe *client;

  listening_start(f, 1);
  client_add(f);
  raw_disconnect(np_pipe_handle(accepted(f, 1)));
  give_back(f, listening.accepted[0]);
  assert_np_error(news(f, 1), ERROR_PIPE_NOT_CONNECTED);
  assert_int_equal(listening.retry_ms[0], 0);
  client = client_add(f);
  museum_echo(f, accepted(f, 2), client);
  info.size = sizeof(info);
  assert_np_ok(np_pipe_info(listening.accepted[1], &info));
  assert_int_equal(info.instances, 2); /* this instance, and the next one */
}

/* --- How many are kept --------------------------------------------------- */

NP_CASE("listener-recycle/idle-max", np_listener_recycle, ANY_MODE, NP_OK,
        "At most idle_max instances listen. A further recycled pipe is closed, "
        "and its client sees a disconnect.",
        "npipe/listener.h") {
  np_pipe *clients[6];
  np_info info = {0};

  listening_begin(f, 1);
  listening.options.idle_max = 3;
  listening_open(f);
  for (unsigned i = 0; i < 6; i++) {
    clients[i] = client_add(f);
    accepted(f, i + 1);
  }
  for (unsigned i = 0; i < 6; i++) {
    give_back(f, listening.accepted[i]);
    read_begin(&f->ops[i], clients[i], 16);
  }
  loop_until(f, 6);
  for (unsigned i = 0; i < 6; i++) {
    assert_done(&f->ops[i], ERROR_PIPE_NOT_CONNECTED, 0);
    pipe_close(f, clients[i]);
  }
  loop_quiet(f);
  client_add(f);
  info.size = sizeof info;
  assert_np_ok(np_pipe_info(accepted(f, 7), &info));
  assert_int_equal(info.instances, 3);
}

/* --- Refused ------------------------------------------------------------- */

NP_CASE("listener-recycle/null", np_listener_recycle, NO_MODE,
        ERROR_INVALID_PARAMETER, "Recycling NULL is refused.",
        "npipe/listener.h") {
  assert_invalid(np_listener_recycle(NULL));
}

NP_CASE("listener-recycle/not-found", np_listener_recycle, ANY_MODE,
        ERROR_NOT_FOUND,
        "A pipe that no listener handed out, or whose listener is closed, "
        "cannot be recycled, and stays its owner's.",
        "npipe/listener.h") {
  listening_start(f, 1);
  f->client = client_add(f);
  accepted(f, 1);
  assert_np_error(np_listener_recycle(f->client), ERROR_NOT_FOUND);
  listening_close(f);
  assert_np_error(np_listener_recycle(listening.accepted[0]), ERROR_NOT_FOUND);
  loop_until_count(f, &listening.closed_count, 1);
  assert_np_error(np_listener_recycle(listening.accepted[0]), ERROR_NOT_FOUND);
  museum_echo(f, listening.accepted[0], f->client);
}

NP_CASE("listener-recycle/twice", np_listener_recycle, ANY_MODE,
        ERROR_INVALID_HANDLE,
        "A pipe that is being closed, or was given back, cannot be given back.",
        "npipe/listener.h") {
  np_pipe *pipe;

  listening_start(f, 1);
  client_add(f);
  pipe = accepted(f, 1);
  give_back(f, pipe);
  assert_np_error(np_listener_recycle(pipe), ERROR_INVALID_HANDLE);
  client_add(f);
  pipe = accepted(f, 2);
  pipe_close(f, pipe);
  assert_np_error(np_listener_recycle(pipe), ERROR_INVALID_HANDLE);
}

NP_CASE("listener-recycle/no-operation", np_pipe_read, ANY_MODE,
        ERROR_INVALID_HANDLE, "No operation can be started on a recycled pipe.",
        "npipe/listener.h") {
  np_pipe *pipe;

  listening_start(f, 1);
  client_add(f);
  pipe = accepted(f, 1);
  read_begin(&f->ops[0], pipe, 16);
  give_back(f, pipe);
  assert_np_error(
      np_pipe_read(pipe, f->ops[1].buffer, 16, &f->ops[1].op, on_never),
      ERROR_INVALID_HANDLE);
  loop_until(f, 1);
}
