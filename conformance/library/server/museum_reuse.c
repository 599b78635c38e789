/* One instance, many sessions. Nothing of the old session may reach the next
 * client, and an end that has seen the end of its stream keeps this state. */
#include "library/rounds.h"

enum { SESSIONS = 60 };

/* The state that the old session leaves when it is disconnected. */
enum leftover {
  LEFT_READ_PENDING,
  LEFT_READ_PUT_OFF, /* started, but not given to the kernel */
  LEFT_READ_DONE,    /* completed; its callback has not run */
  LEFT_DATA_UNREAD,
  LEFT_ERROR_SEEN, /* a read has seen the end of the stream */
  LEFT_ERROR_UNSEEN,
  LEFT_WRITE_PENDING,
  LEFT_WRITE_DONE,
  LEFT_SHUTDOWN,
  LEFT_CONNECT /* another connect, answered ERROR_PIPE_CONNECTED */
};

static void leave_behind(np_fixture *f, enum leftover leftover) {
  static uint8_t data[MUSEUM_QUOTA];
  struct recorder *op = &f->ops[0];

  switch (leftover) {
    case LEFT_READ_PENDING:
      read_begin(op, f->server, 16);
      loop_settle(f);
      break;
    case LEFT_READ_PUT_OFF:
      pipe_send(f, f->client, "old", 3);
      read_begin(op, f->server, 16);
      break;
    case LEFT_READ_DONE:
      read_begin(op, f->server, 16);
      loop_settle(f);
      write_begin(&f->ops[1], f->client, "old", 3);
      break;
    case LEFT_DATA_UNREAD:
      pipe_send(f, f->client, "old", 3);
      break;
    case LEFT_ERROR_SEEN:
      pipe_close(f, f->client);
      read_begin(op, f->server, 16);
      assert_ends(op, ERROR_BROKEN_PIPE, 0);
      break;
    case LEFT_ERROR_UNSEEN:
      read_begin(op, f->server, 16);
      loop_settle(f);
      pipe_close(f, f->client);
      break;
    case LEFT_WRITE_PENDING:
      pipe_send(f, f->server, data, sizeof(data));
      write_begin(op, f->server, data, sizeof(data));
      break;
    case LEFT_WRITE_DONE:
      write_begin(op, f->server, "old", 3);
      break;
    case LEFT_SHUTDOWN:
      pipe_send(f, f->server, data, sizeof(data));
      write_begin(&f->ops[1], f->server, data, sizeof(data));
      shutdown_begin(op, f->server);
      break;
    case LEFT_CONNECT:
      connect_begin(op, f->server);
      break;
  }
}

/* next_session disconnects the old session at once, accepts the next client,
 * and checks that both ends see only their own traffic. */
static void next_session(np_fixture *f, struct recorder *connect) {
  struct recorder *read = &f->ops[8];

  server_listen_again(f, connect);
  /* A read of the new session, in the same turn. */
  read_begin(read, f->server, 16);
  pipe_close(f, f->client);
  client_open_end(f);
  assert_ends(connect, NP_OK, 0);
  pipe_send(f, f->client, "new", 3);
  assert_ends(read, NP_OK, 3);
  assert_memory_equal(read->buffer, "new", 3);
  museum_echo(f, f->server, f->client);
}

static void reuse(np_fixture *f, enum leftover leftover, np_error expected,
                  size_t bytes) {
  struct recorder *left = &f->ops[0];
  struct recorder *connect = &f->ops[2];

  pair_open_quota(f, MUSEUM_QUOTA);
  for_rounds (round, SESSIONS) {
    leave_behind(f, leftover);
    next_session(f, connect);
    op_wait(left);
    op_wait(&f->ops[1]);
    if (leftover == LEFT_WRITE_PENDING) {
      museum_done_drained(f, left, expected, MUSEUM_QUOTA);
    } else {
      assert_done(left, left->start_count > 0 ? expected : NP_OK, bytes);
    }
  }
}

NP_CASE("museum-reuse/read-pending", np_server_disconnect, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A read that waits during a disconnect ends with the disconnect. It "
        "does not get the first bytes of the next client.",
        "DisconnectNamedPipe#remarks; museum S01 S03") {
  reuse(f, LEFT_READ_PENDING, ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_CASE("museum-reuse/read-put-off", np_server_disconnect, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A read started in the turn of the disconnect belongs to the old "
        "session: it never sees the new one.",
        "DisconnectNamedPipe#remarks; museum S01") {
  reuse(f, LEFT_READ_PUT_OFF, ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_CASE("museum-reuse/read-done", np_server_disconnect, ANY_MODE, NP_OK,
        "A read has its result before the disconnect, and its callback runs in "
        "the next session. The read keeps its result.",
        "DisconnectNamedPipe#remarks; museum S01 S04") {
  reuse(f, LEFT_READ_DONE, NP_OK, 3);
}

NP_CASE("museum-reuse/data-unread", np_server_disconnect, ANY_MODE, NP_OK,
        "Data that the old client wrote and nobody read is not seen by the "
        "next session.",
        "DisconnectNamedPipe#remarks; museum S01 D01") {
  reuse(f, LEFT_DATA_UNREAD, NP_OK, 0);
}

NP_CASE("museum-reuse/error-seen", np_server_disconnect, ANY_MODE, NP_OK,
        "An end of stream that was read in the old session is not met again in "
        "the next.",
        "DisconnectNamedPipe#remarks; museum S01 S10") {
  reuse(f, LEFT_ERROR_SEEN, ERROR_BROKEN_PIPE, 0);
}

NP_CASE("museum-reuse/error-unseen", np_server_disconnect, ANY_MODE,
        ERROR_BROKEN_PIPE,
        "An end of stream that came before the disconnect is reported to the "
        "old read, and not to the next session.",
        "DisconnectNamedPipe#remarks; museum S01 S03") {
  reuse(f, LEFT_ERROR_UNSEEN, ERROR_BROKEN_PIPE, 0);
}

NP_CASE("museum-reuse/write-pending", np_server_disconnect, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A write that waits at a disconnect ends with it, and the next client "
        "reads none of it.",
        "DisconnectNamedPipe#remarks; museum S01") {
  reuse(f, LEFT_WRITE_PENDING, ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_CASE("museum-reuse/write-done", np_server_disconnect, ANY_MODE, NP_OK,
        "A write that completed before the disconnect keeps its success, and "
        "the next client reads none of its data.",
        "DisconnectNamedPipe#remarks; museum S01") {
  reuse(f, LEFT_WRITE_DONE, NP_OK, 3);
}

NP_CASE("museum-reuse/shutdown", np_server_disconnect, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A shutdown that waits at a disconnect ends with it and does not wait "
        "for the next session's writes.",
        "DisconnectNamedPipe#remarks; museum S01 H17") {
  reuse(f, LEFT_SHUTDOWN, ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_CASE("museum-reuse/connect-known", np_server_connect, ANY_MODE,
        ERROR_PIPE_CONNECTED,
        "A connect for a client that was reported ends with "
        "ERROR_PIPE_CONNECTED. The connect of the next session succeeds.",
        "ConnectNamedPipe#remarks; museum S01 K08 A11") {
  reuse(f, LEFT_CONNECT, ERROR_PIPE_CONNECTED, 0);
}

NP_CASE("museum-reuse/connect-aborted", np_server_disconnect, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A connect that a disconnect ended is answered for itself; the one "
        "started at once afterwards gets the client.",
        "DisconnectNamedPipe#remarks; museum S01 H08") {
  struct recorder *aborted = &f->ops[0];
  struct recorder *connect = &f->ops[1];

  museum_listen(f);
  for_rounds (round, SESSIONS) {
    connect_begin(aborted, f->server);
    if (round % 2 == 0) {
      loop_settle(f);
    }
    server_listen_again(f, connect);
    client_open_end(f);
    assert_ends(connect, NP_OK, 0);
    assert_ends(aborted, ERROR_PIPE_NOT_CONNECTED, 0);
    museum_echo(f, f->server, f->client);
    pipe_close_wait(f, f->client);
    assert_np_ok(np_server_disconnect(f->server));
  }
}

/* --- The end of a stream ------------------------------------------------ */

NP_CASE("museum-reuse/eof-stays", np_pipe_read, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "After the end of a stream each read ends at once with the same "
        "result, and each write with ERROR_NO_DATA. An idle loop stays idle.",
        "ReadFile#pipes; museum S10 E01 E14") {
  unsigned order;
  np_info info = {.size = sizeof(info)};

  pair_open_quota(f, MUSEUM_QUOTA);
  read_begin(&f->ops[0], f->end, 16);
  loop_settle(f);
  pipe_close(f, f->peer);
  assert_ends(&f->ops[0], ERROR_BROKEN_PIPE, 0);
  for_rounds (round, 200) {
    read_begin(&f->ops[0], f->end, 16);
    write_begin(&f->ops[1], f->end, "data", 4);
    assert_ends(&f->ops[0], ERROR_BROKEN_PIPE, 0);
    assert_ends(&f->ops[1], ERROR_NO_DATA, 0);
    assert_true(np_is_eof(f->ops[0].result));
    assert_false(np_is_eof(f->ops[1].result));
  }
  assert_np_ok(np_pipe_info(f->end, &info));
  assert_int_equal(info.state, NP_CLOSING);
  loop_quiet(f);
  order = f->order;
  loop_quiet(f);
  assert_int_equal(f->order, order);
  assert_false(np_loop_is_pending(f->loop));
}
