/* The tail table. Each row says how one end leaves and which data are still on
 * the way, and gives the result of each call at the other end. No other library
 * documents these results.
 *
 * The variant's end under test is the end that stays (the "stayer"); its peer
 * is the "leaver". docs/outcomes.md is this table in words. */
#include "library/rounds.h"

enum leave {
  LEAVE_CLOSE,
  LEAVE_SHUTDOWN_CLOSE, /* closes after np_pipe_shutdown completed */
  LEAVE_DISCONNECT,
  LEAVE_SHUTDOWN_DISCONNECT,
  LEAVE_DISCONNECT_CLOSE
};

/* The data that the leaver wrote. TAIL_TAKEN: a read of the stayer was waiting
 * for them. */
enum tail { TAIL_NONE, TAIL_TAKEN, TAIL_UNREAD, TAIL_EMPTY, TAIL_PENDING };

/* The data that arrive. ARRIVES_COMPLETED: all completed writes, and possibly a
 * part of the pending write. */
enum arrival { ARRIVES_NONE, ARRIVES_ALL, ARRIVES_COMPLETED };

struct row {
  const char *name;
  enum leave leave;
  enum tail tail;
  bool read_waits; /* the stayer's read waits before; else it starts after */
  enum arrival arrival;
  np_error read;          /* the read after the data, and every later read */
  np_error write_waiting; /* the stayer's write that waits */
  np_error write_later;
  np_error own; /* the leaver's pending operations */
};

/* clang-format off */
static const struct row rows[] = {
  {"close", LEAVE_CLOSE, TAIL_NONE, false, ARRIVES_NONE, ERROR_BROKEN_PIPE,
   ERROR_BROKEN_PIPE, ERROR_NO_DATA, ERROR_OPERATION_ABORTED},
  {"close, read waits", LEAVE_CLOSE, TAIL_NONE, true, ARRIVES_NONE,
   ERROR_BROKEN_PIPE, ERROR_BROKEN_PIPE, ERROR_NO_DATA,
   ERROR_OPERATION_ABORTED},
  {"close, data taken", LEAVE_CLOSE, TAIL_TAKEN, true, ARRIVES_ALL,
   ERROR_BROKEN_PIPE, ERROR_BROKEN_PIPE, ERROR_NO_DATA,
   ERROR_OPERATION_ABORTED},
  {"close, data unread", LEAVE_CLOSE, TAIL_UNREAD, false, ARRIVES_ALL,
   ERROR_BROKEN_PIPE, ERROR_BROKEN_PIPE, ERROR_NO_DATA,
   ERROR_OPERATION_ABORTED},
  {"close, empty message unread", LEAVE_CLOSE, TAIL_EMPTY, false, ARRIVES_ALL,
   ERROR_BROKEN_PIPE, ERROR_BROKEN_PIPE, ERROR_NO_DATA,
   ERROR_OPERATION_ABORTED},
  {"close, write waits", LEAVE_CLOSE, TAIL_PENDING, false, ARRIVES_COMPLETED,
   ERROR_BROKEN_PIPE, ERROR_BROKEN_PIPE, ERROR_NO_DATA,
   ERROR_OPERATION_ABORTED},
  {"shutdown and close, data unread", LEAVE_SHUTDOWN_CLOSE, TAIL_UNREAD, false,
   ARRIVES_ALL, ERROR_BROKEN_PIPE, ERROR_BROKEN_PIPE, ERROR_NO_DATA,
   ERROR_OPERATION_ABORTED},
  {"shutdown and close, write waits", LEAVE_SHUTDOWN_CLOSE, TAIL_PENDING,
   false, ARRIVES_ALL, ERROR_BROKEN_PIPE, ERROR_BROKEN_PIPE, ERROR_NO_DATA,
   ERROR_OPERATION_ABORTED},
  {"disconnect", LEAVE_DISCONNECT, TAIL_NONE, false, ARRIVES_NONE,
   ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_NOT_CONNECTED,
   ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_NOT_CONNECTED},
  {"disconnect, read waits", LEAVE_DISCONNECT, TAIL_NONE, true, ARRIVES_NONE,
   ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_NOT_CONNECTED,
   ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_NOT_CONNECTED},
  {"disconnect, data taken", LEAVE_DISCONNECT, TAIL_TAKEN, true, ARRIVES_ALL,
   ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_NOT_CONNECTED,
   ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_NOT_CONNECTED},
  {"disconnect, data unread", LEAVE_DISCONNECT, TAIL_UNREAD, false,
   ARRIVES_NONE, ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_NOT_CONNECTED,
   ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_NOT_CONNECTED},
  {"shutdown and disconnect, data unread", LEAVE_SHUTDOWN_DISCONNECT,
   TAIL_UNREAD, false, ARRIVES_NONE, ERROR_PIPE_NOT_CONNECTED,
   ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_NOT_CONNECTED,
   ERROR_PIPE_NOT_CONNECTED},
  {"disconnect, write waits", LEAVE_DISCONNECT, TAIL_PENDING, false,
   ARRIVES_NONE, ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_NOT_CONNECTED,
   ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_NOT_CONNECTED},
  {"disconnect and close, data unread", LEAVE_DISCONNECT_CLOSE, TAIL_UNREAD,
   false, ARRIVES_NONE, ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_NOT_CONNECTED,
   ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_NOT_CONNECTED},
};
/* clang-format on */

enum {
  UNREAD_BYTES = 300, /* two writes, which fit the quota */
  EXTRA_BYTES = 3000, /* one write that waits for the quota */
  TAIL_BYTES_MAX = MUSEUM_QUOTA + EXTRA_BYTES,
  READ_BYTES = 1000
};

/* One run through a row. */
static struct walk {
  const struct row *row;
  /* a write of the stayer waits; else a read of the leaver waits */
  bool stayer_writes;
  struct recorder *read;
  struct recorder *write;
  struct recorder *own_read;
  struct recorder *own_write;
  struct recorder *shutdown;
  size_t sent;        /* bytes of all writes */
  size_t completed;   /* bytes of the completed writes */
  unsigned collected; /* checked reads; a read may end before its check */
  uint8_t tail[TAIL_BYTES_MAX];
  uint8_t got[TAIL_BYTES_MAX];
  uint8_t filler[MUSEUM_QUOTA + EXTRA_BYTES];
} walk;

static void send_completed(np_fixture *f, size_t length) {
  pipe_send(f, f->peer, walk.tail + walk.sent, length);
  walk.sent += length;
  walk.completed += length;
}

static void send_tail(np_fixture *f) {
  switch (walk.row->tail) {
    case TAIL_NONE:
      break;
    case TAIL_EMPTY:
      send_completed(f, 0);
      break;
    case TAIL_TAKEN:
      send_completed(f, UNREAD_BYTES);
      break;
    case TAIL_UNREAD:
      send_completed(f, UNREAD_BYTES / 3);
      send_completed(f, UNREAD_BYTES - UNREAD_BYTES / 3);
      break;
    case TAIL_PENDING:
      send_completed(f, MUSEUM_QUOTA);
      write_begin(walk.own_write, f->peer, walk.tail + walk.sent, EXTRA_BYTES);
      walk.sent += EXTRA_BYTES;
      loop_settle(f);
      assert_int_equal(walk.own_write->done_count, 0);
      break;
  }
}

/* collect reads until an error, and returns the error. All bytes go to
 * walk.got; `*empty` counts the reads that returned an empty message. */
static np_error collect(np_fixture *f, size_t *length, unsigned *empty) {
  for (;;) {
    if (walk.read->start_count == walk.collected) {
      read_begin(walk.read, f->end, READ_BYTES);
    }
    op_wait(walk.read);
    walk.collected = walk.read->done_count;
    if (walk.read->result != NP_OK && walk.read->result != ERROR_MORE_DATA) {
      assert_int_equal(walk.read->transferred, 0);
      return walk.read->result;
    }
    if (*length + walk.read->transferred > sizeof(walk.got)) {
      fail_at(__FILE__, __LINE__, "more than was written");
    }
    memcpy(walk.got + *length, walk.read->buffer, walk.read->transferred);
    *length += walk.read->transferred;
    *empty += walk.read->transferred == 0;
  }
}

static void leave(np_fixture *f, struct recorder *shutdown) {
  (void)shutdown;
  switch (walk.row->leave) {
    case LEAVE_CLOSE:
    case LEAVE_SHUTDOWN_CLOSE:
      pipe_close(f, f->peer);
      break;
    case LEAVE_DISCONNECT:
    case LEAVE_SHUTDOWN_DISCONNECT:
      assert_np_ok(np_server_disconnect(f->peer));
      break;
    case LEAVE_DISCONNECT_CLOSE:
      assert_np_ok(np_server_disconnect(f->peer));
      pipe_close(f, f->peer);
      break;
  }
}

static void leave_begin(np_fixture *f) {
  if (walk.row->leave == LEAVE_SHUTDOWN_CLOSE ||
      walk.row->leave == LEAVE_SHUTDOWN_DISCONNECT) {
    walk.shutdown->then = leave;
    shutdown_begin(walk.shutdown, f->peer);
    if (walk.row->tail != TAIL_PENDING) {
      /* a pending write needs the reader first */
      op_wait(walk.shutdown);
    }
  } else {
    leave(f, NULL);
  }
}

static void check_tail(np_fixture *f) {
  const struct row *row = walk.row;
  size_t length = 0;
  unsigned empty = 0;
  size_t least = row->arrival == ARRIVES_NONE ? 0 : walk.completed;
  size_t most = row->arrival == ARRIVES_NONE ? 0 : walk.sent;

  if (row->arrival == ARRIVES_ALL) {
    least = walk.sent;
  }
  assert_np_error(collect(f, &length, &empty), row->read);
  if (length < least || length > most ||
      memcmp(walk.got, walk.tail, length) != 0) {
    fail_at(__FILE__, __LINE__, "%u bytes arrived, %u to %u should",
            (unsigned)length, (unsigned)least, (unsigned)most);
  }
  if (empty != (row->tail == TAIL_EMPTY ? 1u : 0u)) {
    fail_at(__FILE__, __LINE__, "%u empty messages", empty);
  }
  /* Every later read gives the same. */
  assert_np_error(collect(f, &length, &empty), row->read);
}

static void walk_row(np_fixture *f) {
  const struct row *row = walk.row;

  walk.sent = walk.completed = 0;
  walk.collected = 0;
  walk.read = &f->ops[0];
  walk.write = &f->ops[1];
  walk.own_read = &f->ops[2];
  walk.own_write = &f->ops[3];
  walk.shutdown = &f->ops[4];
  memset(f->ops, 0, 5 * sizeof(f->ops[0]));
  pair_open(f);
  if (walk.stayer_writes) {
    pipe_send(f, f->end, walk.filler, MUSEUM_QUOTA);
    write_begin(walk.write, f->end, walk.filler, EXTRA_BYTES);
  } else {
    read_begin(walk.own_read, f->peer, READ_BYTES);
  }
  if (row->read_waits) {
    read_begin(walk.read, f->end, READ_BYTES);
  }
  loop_settle(f);
  send_tail(f);
  leave_begin(f);
  check_tail(f);
  if (walk.stayer_writes) {
    op_wait(walk.write);
    museum_done_drained(f, walk.write, row->write_waiting, EXTRA_BYTES);
  } else {
    assert_ends(walk.own_read, row->own, 0);
  }
  if (walk.own_write->start_count > 0) {
    op_wait(walk.own_write);
    if (walk.shutdown->start_count > 0) {
      assert_done(walk.own_write, NP_OK, EXTRA_BYTES);
    } else {
      museum_done_drained(f, walk.own_write, row->own, EXTRA_BYTES);
    }
  }
  write_begin(walk.write, f->end, walk.filler, 1);
  assert_ends(walk.write, row->write_later, 0);
  pair_close(f);
  f->ops[4].then = NULL;
}

static void walk_rows(np_fixture *f, enum leave leave, enum tail first,
                      enum tail last) {
  unsigned count = 0;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  museum_pattern(walk.tail, sizeof(walk.tail), 1);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const struct row *row = &rows[i];

    if (row->leave != leave || row->tail < first || row->tail > last) {
      continue;
    }
    for (unsigned round = 0; round < 20; round++) {
      round_name("%s, round %u", row->name, round);
      walk.row = row;
      walk.stayer_writes = round % 2 == 1;
      walk_row(f);
    }
    count++;
  }
  assert_true(count > 0);
}

NP_CASE("museum-tail/close", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "An end that closes ends its peer's reads, waiting or later, with "
        "ERROR_BROKEN_PIPE, and its later writes with ERROR_NO_DATA.",
        "ReadFile#pipes; museum E01 E02 E04 E05 E13 E14 S10") {
  walk_rows(f, LEAVE_CLOSE, TAIL_NONE, TAIL_TAKEN);
}

NP_CASE("museum-tail/close-unread", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "Data that an end wrote before its close are read before the end of "
        "the stream.",
        "Named Pipe Operations; museum D03 E01 E04") {
  walk_rows(f, LEAVE_CLOSE, TAIL_UNREAD, TAIL_UNREAD);
}

NP_CASE("museum-tail/close-empty-message", np_pipe_close,
        MESSAGE_TYPE | BOTH_ENDS, NP_OK,
        "An empty message before the close is read as one, and is not the end "
        "of the stream.",
        "Named Pipe Operations; museum D07 E01 M09 M11") {
  walk_rows(f, LEAVE_CLOSE, TAIL_EMPTY, TAIL_EMPTY);
}

NP_CASE("museum-tail/close-pending", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "An end closes while its write waits. Completed writes arrive, then "
        "perhaps a part of the waiting write, and then the end of the stream.",
        "Named Pipe Operations; museum D03 H17") {
  walk_rows(f, LEAVE_CLOSE, TAIL_PENDING, TAIL_PENDING);
}

NP_CASE("museum-tail/shutdown-close", np_pipe_shutdown, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "After np_pipe_shutdown a close loses nothing of what was written, "
        "waiting or not.",
        "Named Pipe Operations; museum D01 D03") {
  walk_rows(f, LEAVE_SHUTDOWN_CLOSE, TAIL_UNREAD, TAIL_PENDING);
}

NP_CASE("museum-tail/disconnect", np_server_disconnect, ANY_MODE | END_CLIENT,
        ERROR_PIPE_NOT_CONNECTED,
        "A disconnect ends each call of the client, waiting or later, with "
        "ERROR_PIPE_NOT_CONNECTED, which is no end of stream.",
        "DisconnectNamedPipe#remarks; museum E04") {
  walk_rows(f, LEAVE_DISCONNECT, TAIL_NONE, TAIL_TAKEN);
}

NP_CASE("museum-tail/disconnect-unread", np_server_disconnect,
        ANY_MODE | END_CLIENT, ERROR_PIPE_NOT_CONNECTED,
        "A disconnect throws away what the client has not read.",
        "DisconnectNamedPipe#remarks; museum D01 E04") {
  walk_rows(f, LEAVE_DISCONNECT, TAIL_UNREAD, TAIL_UNREAD);
}

NP_CASE("museum-tail/shutdown-disconnect", np_server_disconnect,
        ANY_MODE | END_CLIENT, ERROR_PIPE_NOT_CONNECTED,
        "np_pipe_shutdown does not save data from a disconnect: the kernel "
        "holds them and discards them.",
        "DisconnectNamedPipe#remarks; museum D01") {
  walk_rows(f, LEAVE_SHUTDOWN_DISCONNECT, TAIL_UNREAD, TAIL_UNREAD);
}

NP_CASE("museum-tail/disconnect-pending", np_server_disconnect,
        ANY_MODE | END_CLIENT, ERROR_PIPE_NOT_CONNECTED,
        "A disconnect ends the server's own waiting write too, and all of its "
        "data is gone.",
        "DisconnectNamedPipe#remarks; museum D01 E04") {
  walk_rows(f, LEAVE_DISCONNECT, TAIL_PENDING, TAIL_PENDING);
}

NP_CASE("museum-tail/disconnect-close", np_pipe_close, ANY_MODE | END_CLIENT,
        ERROR_PIPE_NOT_CONNECTED,
        "A disconnected client stays disconnected when its server closes.",
        "DisconnectNamedPipe#remarks; museum E04 K08") {
  walk_rows(f, LEAVE_DISCONNECT_CLOSE, TAIL_UNREAD, TAIL_UNREAD);
}

/* --- Tails that the table has no place for ------------------------------ */

NP_CASE("museum-tail/client-gone-disconnect", np_server_disconnect,
        ANY_MODE | END_SERVER, ERROR_PIPE_NOT_CONNECTED,
        "A server that disconnects a client which wrote and closed loses its "
        "data, and can serve the next.",
        "DisconnectNamedPipe#remarks; museum A15 S01") {
  pair_open_quota(f, MUSEUM_QUOTA);
  pipe_send(f, f->client, "tail", 4);
  pipe_close_wait(f, f->client);
  assert_np_ok(np_server_disconnect(f->server));
  read_begin(&f->ops[0], f->server, 8);
  assert_ends(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);

  connect_begin(&f->ops[1], f->server);
  client_open_end(f);
  assert_ends(&f->ops[1], NP_OK, 0);
  museum_echo(f, f->server, f->client);
}

NP_CASE("museum-tail/came-and-went", np_server_connect, ANY_MODE | END_SERVER,
        NP_OK,
        "The data of a client that came and went before np_server_connect are "
        "read, and then the stream ends.",
        "ConnectNamedPipe#remarks; museum A05 A09 A17 H02") {
  uint8_t got[8];
  size_t length = 0;

  museum_listen(f);
  for_rounds (round, MUSEUM_ROUNDS) {
    np_pipe *client = museum_open(f);

    pipe_send(f, client, "tail", 4);
    pipe_close_wait(f, client);
    museum_accept(f, f->server);
    assert_received(f, f->server, "tail", 4);
    assert_np_error(pipe_receive(f, f->server, got, sizeof(got), &length),
                    ERROR_BROKEN_PIPE);
    assert_np_ok(np_server_disconnect(f->server));
    /* The next client may come only now. The connect begins before it. */
    connect_begin(&f->ops[0], f->server);
    assert_np_ok(np_op_cancel(&f->ops[0].op));
    assert_ends(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  }
}

/* cut_write interrupts a waiting write. Nothing may be left of it: not the part
 * within the quota, and no reader that hangs. */
static void cut_write(np_fixture *f, np_error expected) {
  static uint8_t data[MUSEUM_QUOTA];

  for_rounds (round, 20) {
    struct recorder *write = &f->ops[0];
    struct recorder *read = &f->ops[1];

    pipe_send(f, f->peer, "head", 4);
    write->op.timeout_ms = expected == WAIT_TIMEOUT ? 5 : 0;
    write_begin(write, f->peer, data, sizeof(data));
    assert_int_equal(unread_bytes(f->end), 4 + sizeof(data));
    if (expected != WAIT_TIMEOUT) {
      assert_np_ok(np_op_cancel(&write->op));
    }
    assert_ends(write, expected, 0);

    /* The bytes of the cut write are gone, so a read must wait. */
    assert_received(f, f->end, "head", 4);
    read_begin(read, f->end, sizeof(read->buffer));
    loop_settle(f);
    assert_int_equal(read->done_count, read->start_count - 1);
    pipe_send(f, f->peer, "next", 4);
    assert_ends(read, NP_OK, 4);
    assert_memory_equal(read->buffer, "next", 4);
  }
}

NP_CASE("museum-tail/cancelled-write", np_op_cancel, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A waiting write that is cancelled takes its unread bytes back; the "
        "reader waits for the next.",
        "CancelIoEx#remarks; museum D13 D15 L14") {
  pair_open_quota(f, MUSEUM_QUOTA);
  cut_write(f, ERROR_OPERATION_ABORTED);
}

NP_CASE("museum-tail/timed-out-write", np_pipe_write, ANY_MODE | BOTH_ENDS,
        WAIT_TIMEOUT,
        "A waiting write past its time limit takes its unread bytes back; the "
        "reader waits for the next.",
        "CancelIoEx#remarks; museum D15 H14") {
  pair_open_quota(f, MUSEUM_QUOTA);
  cut_write(f, WAIT_TIMEOUT);
}
