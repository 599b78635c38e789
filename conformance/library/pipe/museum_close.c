/* Closing while work is in flight. Other libraries hung, crashed, closed a
 * handle twice, or reported nothing to their caller. */
#include "library/rounds.h"

/* --- Servers that wait -------------------------------------------------- */

NP_CASE("museum-close/never-connected", np_pipe_close, ANY_MODE, NP_OK,
        "A server without any client closes at once, and needs no client for "
        "this.",
        "Named Pipe Operations; museum H03") {
  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for_rounds (round, 200) {
    server_listen(f);
    pipe_close(f, f->server);
    assert_np_ok(loop_run(f));
    assert_int_equal(f->closed_count, f->closing_count);
  }
}

NP_CASE("museum-close/one-of-two-waiting", np_pipe_close, ANY_MODE,
        ERROR_OPERATION_ABORTED,
        "One of two waiting instances is closed. Its connect ends at once, and "
        "the other instance serves the next client.",
        "Named Pipe Operations; museum H05 H09 L17") {
  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for_rounds (round, 100) {
    struct recorder *closed = &f->ops[0];
    struct recorder *stays = &f->ops[1];
    np_pipe *first;

    server_listen(f);
    first = f->server;
    connect_begin(closed, first);
    server_listen(f);
    connect_begin(stays, f->server);
    loop_settle(f);
    pipe_close_wait(f, first);
    assert_done(closed, ERROR_OPERATION_ABORTED, 0);
    assert_int_equal(stays->done_count, round);
    client_open_end(f);
    assert_ends(stays, NP_OK, 0);
    museum_echo(f, f->server, f->client);
    pair_close(f);
  }
}

NP_CASE("museum-close/cancelled-connect", np_op_cancel, ANY_MODE,
        ERROR_OPERATION_ABORTED,
        "A connect was cancelled. Its instance can be connected again, and "
        "does not disturb another instance.",
        "CancelIoEx#remarks; museum H08") {
  struct recorder *connect = &f->ops[0];

  museum_listen(f);
  for_rounds (round, 100) {
    np_pipe *other = NULL;

    connect_begin(connect, f->server);
    if (round % 2 == 0) {
      loop_settle(f);
    }
    assert_np_ok(np_op_cancel(&connect->op));
    other = server_add(f);
    assert_ends(connect, ERROR_OPERATION_ABORTED, 0);
    pipe_close_wait(f, other);
  }
  connect_begin(connect, f->server);
  client_open_end(f);
  op_wait(connect);
  museum_echo(f, f->server, f->client);
}

NP_CASE("museum-close/ghost", np_pipe_close, NO_MODE, NP_OK,
        "A server is closed while its connect finds that the client is gone. "
        "The close wins: the server is gone, and does not wait for another "
        "client.",
        "Named Pipe Operations; museum H02") {
  struct recorder *connect = &f->ops[0];
  uint32_t random = 1;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for_rounds (round, MUSEUM_ROUNDS) {
    uint32_t way = museum_random(&random);
    bool before = way % 2 == 0;

    server_listen(f);
    if (!before) {
      connect_begin(connect, f->server);
    }
    pipe_close(f, museum_open(f));
    if (before) {
      connect_begin(connect, f->server);
    }
    if (way % 4 < 2) {
      loop_settle(f);
    }
    pipe_close(f, f->server);
    assert_np_ok(loop_run(f));
    assert_done(connect, NP_OK, 0);
    assert_int_equal(f->closed_count, f->closing_count);
  }
}

/* A task, posted by another thread, that closes the server. */
struct closing {
  np_loop *loop;
  struct task_recorder *task;
};

static void close_server(np_fixture *f, struct task_recorder *task) {
  (void)task;
  pipe_close(f, f->server);
}

static DWORD WINAPI post_task(void *argument) {
  struct closing *closing = argument;

  return np_loop_post(closing->loop, &closing->task->task, on_task);
}

NP_CASE("museum-close/woken", np_loop_post, NO_MODE, ERROR_OPERATION_ABORTED,
        "A loop that waits in an idle accept is woken by another thread to "
        "close, each time and at once.",
        "PostQueuedCompletionStatus; museum H11 H06") {
  struct closing closing = {f->loop, &f->tasks[0]};

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  f->tasks[0].then = close_server;
  for_rounds (round, 100) {
    HANDLE worker;

    server_listen(f);
    connect_begin(&f->ops[0], f->server);
    worker = museum_worker(post_task, &closing);
    /* The run ends when the server is closed. */
    assert_np_ok(loop_run(f));
    while (f->server != NULL) {
      loop_turn(f, 10);
    }
    assert_np_ok(museum_join(f, worker));
    loop_drain(f);
    assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  }
}

/* --- Ends that work ----------------------------------------------------- */

NP_CASE("museum-close/everything-in-flight", np_pipe_close,
        ANY_MODE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "An end closed with reads, writes and a shutdown in flight answers "
        "each, then is gone; its loop says ERROR_BUSY until then.",
        "Named Pipe Operations; museum L13 L16 H17") {
  static uint8_t data[MUSEUM_QUOTA];
  enum { READS = 3, WRITES = 3 };

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for_rounds (round, 100) {
    pair_open(f);
    pipe_send(f, f->end, data, sizeof(data));
    for (unsigned i = 0; i < READS; i++) {
      read_begin(&f->ops[i], f->end, 16);
    }
    for (unsigned i = 0; i < WRITES; i++) {
      write_begin(&f->ops[READS + i], f->end, data, sizeof(data));
    }
    shutdown_begin(&f->ops[READS + WRITES], f->end);
    if (round % 2 == 0) {
      loop_settle(f);
    }
    pipe_close(f, f->end);
    assert_np_error(np_loop_destroy(f->loop), ERROR_BUSY);
    loop_until_count(f, &f->closed_count, f->closing_count);
    for (unsigned i = 0; i < READS + WRITES + 1; i++) {
      assert_done(&f->ops[i], ERROR_OPERATION_ABORTED, 0);
      assert_true(f->ops[i].order < f->closed_order);
    }
    pair_close(f);
  }
}

NP_CASE("museum-close/late-packets", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "Packets of a closed end that lie in the port for long find their "
        "operations and buffers.",
        "GetQueuedCompletionStatusEx; museum L16 L04 S04") {
  static uint8_t data[64];

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for_rounds (round, 100) {
    struct recorder *hit = &f->ops[0];
    struct recorder *missed = &f->ops[1];

    pair_open(f);
    read_begin(hit, f->end, 16);
    read_begin(missed, f->end, 16);
    loop_settle(f);
    write_begin(&f->ops[2], f->peer, data, 16);
    pipe_close(f, f->end);
    pipe_close(f, f->peer);
    /* Meanwhile other pipes are created and closed, which would reuse memory
     * that was freed too early. */
    for (unsigned i = 0; i < 4; i++) {
      server_listen(f);
      pipe_close(f, f->server);
    }
    loop_until_count(f, &f->closed_count, f->closing_count);
    assert_done(hit, NP_OK, 16);
    assert_done(missed, ERROR_OPERATION_ABORTED, 0);
    assert_done(&f->ops[2], NP_OK, 16);
  }
}

NP_CASE("museum-close/twice", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_HANDLE,
        "A second close, also from a callback of the first, changes nothing, "
        "and its on_closed never runs.",
        "Named Pipe Operations; museum H18 L17") {
  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for_rounds (round, 50) {
    np_pipe *end;

    pair_open(f);
    end = f->end;
    read_begin(&f->ops[0], end, 16);
    loop_settle(f);
    pipe_close(f, end);
    assert_np_error(np_pipe_close(end, on_closed_never), ERROR_INVALID_HANDLE);
    assert_np_error(np_pipe_close(end, NULL), ERROR_INVALID_HANDLE);
    loop_until_count(f, &f->closed_count, f->closing_count);
    assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
    pair_close(f);
  }
}

NP_CASE("museum-close/blocked-write", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A close after a shutdown that waits for a blocked write ends both at "
        "once: graceful does not mean for ever.",
        "Named Pipe Operations; museum H17") {
  static uint8_t data[MUSEUM_QUOTA];

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for_rounds (round, 50) {
    pair_open(f);
    pipe_send(f, f->end, data, sizeof(data));
    write_begin(&f->ops[0], f->end, data, sizeof(data));
    shutdown_begin(&f->ops[1], f->end);
    loop_settle(f);
    pipe_close_wait(f, f->end);
    assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
    assert_done(&f->ops[1], ERROR_OPERATION_ABORTED, 0);
    pair_close(f);
  }
}

/* --- Every state -------------------------------------------------------- */

enum state {
  STATE_CREATED,
  STATE_CONNECTING,
  STATE_CLIENT_THERE,
  STATE_CONNECTED,
  STATE_READING,
  STATE_WRITING,
  STATE_EOF_UNSEEN,
  STATE_EOF_SEEN,
  STATE_DISCONNECTED,
  STATE_CONNECTING_AGAIN,
  STATE_COUNT
};

static void reach(np_fixture *f, enum state state) {
  static uint8_t data[MUSEUM_QUOTA];

  if (state < STATE_CONNECTED) {
    server_listen(f);
    if (state == STATE_CONNECTING) {
      connect_begin(&f->ops[0], f->server);
    }
    if (state == STATE_CLIENT_THERE) {
      client_open_end(f);
    }
    return;
  }
  pair_open(f);
  switch (state) {
    case STATE_READING:
      read_begin(&f->ops[0], f->server, 16);
      loop_settle(f);
      break;
    case STATE_WRITING:
      pipe_send(f, f->server, data, sizeof(data));
      write_begin(&f->ops[0], f->server, data, sizeof(data));
      break;
    case STATE_EOF_UNSEEN:
      pipe_send(f, f->client, "tail", 4);
      pipe_close(f, f->client);
      break;
    case STATE_EOF_SEEN:
      pipe_close(f, f->client);
      read_begin(&f->ops[0], f->server, 16);
      assert_ends(&f->ops[0], ERROR_BROKEN_PIPE, 0);
      break;
    case STATE_DISCONNECTED:
    case STATE_CONNECTING_AGAIN:
      assert_np_ok(np_server_disconnect(f->server));
      if (state == STATE_CONNECTING_AGAIN) {
        connect_begin(&f->ops[0], f->server);
      }
      break;
    default:
      break;
  }
}

NP_CASE("museum-close/every-state", np_pipe_close, ANY_MODE, NP_OK,
        "A server can be closed in each of its states. Its operations are "
        "called back, and its name is free.",
        "Named Pipe Operations; museum S12 H06") {
  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for (unsigned round = 0; round < 10 * STATE_COUNT; round++) {
    np_pipe *client = NULL;

    round_name("state %u, round %u", round % STATE_COUNT, round);
    reach(f, (enum state)(round % STATE_COUNT));
    pipe_close(f, f->server);
    loop_until_count(f, &f->closed_count, f->closing_count);
    assert_int_equal(f->ops[0].done_count, f->ops[0].start_count);
    assert_np_error(np_client_open(f->loop, f->name, NULL, &client),
                    ERROR_FILE_NOT_FOUND);
    pair_close(f);
  }
}
