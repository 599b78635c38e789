/* np_pipe_transact. */
#include "library/fixture.h"

static char reply[64];

static void transact_begin(struct recorder *recorder, np_pipe *pipe,
                           const void *request, size_t length, size_t room) {
  op_begin(recorder, np_pipe_transact(pipe, request, length, recorder->buffer,
                                      room, &recorder->op, on_done));
}

static void transact_refused(np_fixture *f, np_pipe *pipe, np_error error) {
  assert_np_error(
      np_pipe_transact(pipe, "ask", 3, reply, sizeof(reply), &f->op, on_never),
      error);
}

NP_CASE("transact/request-and-reply", np_pipe_transact,
        MODE_MESSAGE | BOTH_ENDS, NP_OK,
        "A transact writes the request and reads the reply in one operation, "
        "any number of times.",
        "TransactNamedPipe#remarks") {
  pair_open(f);
  for (unsigned i = 1; i <= 3; i++) {
    transact_begin(&f->ops[0], f->end, "ask", 3, 16);
    assert_received(f, f->peer, "ask", 3);
    assert_int_equal(f->ops[0].done_count, i - 1);
    pipe_send(f, f->peer, "answer", 6);
    loop_until_count(f, &f->ops[0].done_count, i);
    assert_np_ok(f->ops[0].result);
    assert_int_equal(f->ops[0].transferred, 6);
    assert_memory_equal(f->ops[0].buffer, "answer", 6);
  }
}

NP_CASE("transact/empty", np_pipe_transact, MODE_MESSAGE | BOTH_ENDS, NP_OK,
        "Request and reply may be empty messages.",
        "wine kernel32/tests/pipe.c#test_transact") {
  char byte;
  size_t length = 1;

  pair_open(f);
  op_begin(&f->ops[0],
           np_pipe_transact(f->end, NULL, 0, NULL, 0, &f->ops[0].op, on_done));
  assert_np_ok(pipe_receive(f, f->peer, &byte, 1, &length));
  assert_int_equal(length, 0);
  pipe_send(f, f->peer, "", 0);
  assert_next(&f->ops[0], NP_OK, 0);
}

NP_CASE("transact/each-other", np_pipe_transact, MODE_MESSAGE | BOTH_ENDS,
        NP_OK, "A transact may itself be the reply to a transact.",
        "wine kernel32/tests/pipe.c#test_transact") {
  pair_open(f);
  read_begin(&f->ops[1], f->peer, 16);
  transact_begin(&f->ops[0], f->end, "ask", 3, 16);
  assert_next(&f->ops[1], NP_OK, 3);
  transact_begin(&f->ops[2], f->peer, "why", 3, 16);
  assert_next(&f->ops[0], NP_OK, 3);
  pipe_send(f, f->end, "so", 2);
  assert_next(&f->ops[2], NP_OK, 2);
}

NP_CASE("transact/long-reply", np_pipe_transact, MODE_MESSAGE | BOTH_ENDS,
        ERROR_MORE_DATA,
        "A reply that is too long returns its first part; the rest can be "
        "read.",
        "wine kernel32/tests/pipe.c#test_transact") {
  pair_open(f);
  transact_begin(&f->ops[0], f->end, "ask", 3, 2);
  assert_received(f, f->peer, "ask", 3);
  pipe_send(f, f->peer, "answer", 6);
  assert_next(&f->ops[0], ERROR_MORE_DATA, 2);
  assert_memory_equal(f->ops[0].buffer, "an", 2);
  assert_received(f, f->end, "swer", 4);
}

NP_CASE("transact/over-quota", np_pipe_transact, MODE_MESSAGE | BOTH_ENDS,
        NP_OK,
        "No quota holds the request back, and writes before it come before it.",
        "wine kernel32/tests/pipe.c#test_transact") {
  static char large[RECORDER_BYTES_MAX];
  static char taken[RECORDER_BYTES_MAX];
  size_t length;

  pair_open_quota(f, 64);
  write_begin(&f->ops[0], f->end, "before", 6);
  transact_begin(&f->ops[1], f->end, large, sizeof(large), 16);
  pipe_send(f, f->peer, "ok", 2);
  loop_until_count(f, &f->ops[1].done_count, 1);
  assert_done(&f->ops[1], NP_OK, 2);
  assert_received(f, f->peer, "before", 6);
  assert_np_ok(pipe_receive(f, f->peer, taken, sizeof(taken), &length));
  assert_int_equal(length, sizeof(large));
}

NP_CASE("transact/reads-after", np_pipe_transact, MODE_MESSAGE | BOTH_ENDS,
        NP_OK,
        "Reads that begin after a transact get the data behind the reply, and "
        "end after the transact.",
        "npipe/io.h") {
  pair_open(f);
  transact_begin(&f->ops[0], f->end, "ask", 3, 16);
  read_pend(f, &f->ops[1], f->end, 16);
  pipe_send(f, f->peer, "answer", 6);
  pipe_send(f, f->peer, "next", 4);
  assert_ends(&f->ops[0], NP_OK, 6);
  assert_ends(&f->ops[1], NP_OK, 4);
  assert_true(f->ops[0].order < f->ops[1].order);
}

NP_CASE("transact/byte-reads", np_pipe_transact, BYTE_READS | BOTH_ENDS,
        ERROR_BAD_PIPE,
        "An end that does not read messages refuses to transact, and nothing "
        "is written.",
        "TransactNamedPipe#remarks") {
  pair_open(f);
  transact_begin(&f->ops[0], f->end, "ask", 3, 16);
  assert_next(&f->ops[0], ERROR_BAD_PIPE, 0);
  assert_passes(f, f->end, f->peer, "x", 1);
}

NP_CASE("transact/unread", np_pipe_transact, MODE_MESSAGE | BOTH_ENDS,
        ERROR_PIPE_BUSY,
        "A transact is refused if a message waits, because the next message "
        "would not be the reply; nothing is written.",
        "TransactNamedPipe#remarks") {
  pair_open(f);
  pipe_send(f, f->peer, "early", 5);
  transact_begin(&f->ops[0], f->end, "ask", 3, 16);
  assert_next(&f->ops[0], ERROR_PIPE_BUSY, 0);
  assert_received(f, f->end, "early", 5);
  assert_passes(f, f->end, f->peer, "x", 1);
}

NP_CASE("transact/busy", np_pipe_transact, MODE_MESSAGE | BOTH_ENDS, ERROR_BUSY,
        "A transact is refused while a read is in flight, because the read "
        "would get the reply. It is also refused while another transact or its "
        "own operation is in flight.",
        "npipe/io.h") {
  pair_open(f);
  read_begin(&f->ops[0], f->end, 16);
  transact_refused(f, f->end, ERROR_BUSY);
  pipe_send(f, f->peer, "abc", 3);
  loop_until(f, 1);
  transact_begin(&f->ops[1], f->end, "ask", 3, 16);
  transact_refused(f, f->end, ERROR_BUSY);
  assert_np_error(np_pipe_transact(f->end, "ask", 3, reply, sizeof(reply),
                                   &f->ops[1].op, on_done),
                  ERROR_BUSY);
  pipe_send(f, f->peer, "ok", 2);
  assert_next(&f->ops[1], NP_OK, 2);
}

NP_CASE("transact/read-ahead", np_pipe_transact, MODE_MESSAGE | BOTH_ENDS,
        ERROR_BUSY,
        "A transact is refused while data that readiness has read ahead is "
        "unread, even if the kernel has no data.",
        "npipe/io.h") {
  char buffer[16];
  size_t length;

  pair_open(f);
  op_begin(&f->ops[0], np_pipe_readable(f->end, &f->ops[0].op, on_done));
  transact_refused(f, f->end, ERROR_BUSY);
  pipe_send(f, f->peer, "early", 5);
  loop_until(f, 1);
  transact_refused(f, f->end, ERROR_BUSY);
  assert_np_ok(np_pipe_try_read(f->end, buffer, sizeof(buffer), &length));
  transact_begin(&f->ops[1], f->end, "ask", 3, 16);
  assert_received(f, f->peer, "ask", 3);
  pipe_send(f, f->peer, "ok", 2);
  assert_next(&f->ops[1], NP_OK, 2);
}

NP_CASE("transact/read-ahead-ended", np_pipe_transact, MODE_MESSAGE | BOTH_ENDS,
        ERROR_BUSY,
        "A transact is refused while data that were read ahead are not "
        "reported yet.",
        "npipe/io.h") {
  char buffer[16];
  size_t length;

  pair_open(f);
  pipe_send(f, f->peer, "early", 5);
  op_begin(&f->ops[0], np_pipe_readable(f->end, &f->ops[0].op, on_done));
  /* The turn ends with the callback of this write. The read-ahead happens only
   * then. */
  write_begin(&f->ops[1], f->end, "x", 1);
  (void)loop_turn(f, 0);
  transact_refused(f, f->end, ERROR_BUSY);
  loop_until(f, 2);
  assert_np_ok(np_pipe_try_read(f->end, buffer, sizeof(buffer), &length));
  assert_int_equal(length, 5);
}

NP_CASE("transact/request-for-bytes", np_pipe_transact,
        MODE_MESSAGE_BYTE | BOTH_ENDS, NP_OK,
        "A request is longer than a read in byte mode. The read gets its bytes "
        "with success, also if readiness began the read.",
        "npipe/io.h") {
  const bool to_server = !is_client_end(f);
  np_ready_options options = ready_options();
  np_pipe *reader;
  np_pipe *asker;

  /* Only the end that asks reads messages. */
  f->server_options.read_mode = to_server ? NP_BYTE : NP_MESSAGE;
  f->client_options.read_mode = to_server ? NP_MESSAGE : NP_BYTE;
  pair_open(f);
  reader = f->end;
  asker = f->peer;
  options.read_ahead_bytes = 2;
  assert_np_ok(np_pipe_set_ready_options(reader, &options));
  read_begin(&f->ops[0], reader, 1);
  transact_begin(&f->ops[1], asker, "request", 7, 16);
  loop_until_count(f, &f->ops[0].done_count, 1);
  assert_done(&f->ops[0], NP_OK, 1);
  assert_received(f, reader, "equest", 6);
  pipe_send(f, reader, "so", 2);
  loop_until(f, 2);
  assert_done(&f->ops[1], NP_OK, 2);

  f->ops[2].start_count++;
  assert_np_ok(np_pipe_readable(reader, &f->ops[2].op, on_done));
  loop_quiet(f);
  transact_begin(&f->ops[3], asker, "request", 7, 16);
  loop_until(f, 3);
  assert_np_ok(f->ops[2].result);
  assert_received(f, reader, "request", 7);
  pipe_send(f, reader, "so", 2);
  loop_until(f, 4);
  assert_done(&f->ops[3], NP_OK, 2);
}

NP_CASE("transact/cancel", np_pipe_transact, MODE_MESSAGE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A transact that is cancelled leaves its request in the pipe, and its "
        "reply to a read.",
        "wine kernel32/tests/pipe.c#test_transact") {
  pair_open(f);
  transact_begin(&f->ops[0], f->end, "ask", 3, 16);
  assert_aborts(&f->ops[0]);
  assert_received(f, f->peer, "ask", 3);
  assert_passes(f, f->peer, f->end, "late", 4);
}

NP_CASE("transact/unanswered", np_pipe_transact, MODE_MESSAGE | BOTH_ENDS,
        ERROR_INVALID_STATE,
        "After a transact without a reply no transact begins in this session, "
        "neither before the late reply nor after it. Reads and writes go on.",
        "TransactNamedPipe#remarks") {
  pair_open(f);
  for (unsigned i = 0; i < 2; i++) {
    f->ops[0].op.timeout_ms = 10;
    if (i == 0) {
      transact_begin(&f->ops[0], f->end, "ask", 3, 16);
      assert_next(&f->ops[0], WAIT_TIMEOUT, 0);
    }
    transact_refused(f, f->end, ERROR_INVALID_STATE);
    if (i == 0) {
      assert_received(f, f->peer, "ask", 3);
      pipe_send(f, f->peer, "late", 4);
    }
    transact_refused(f, f->end, ERROR_INVALID_STATE);
    if (i == 0) {
      assert_received(f, f->end, "late", 4);
    }
  }
}

NP_CASE("transact/unanswered-disconnect", np_pipe_transact,
        MODE_MESSAGE | END_SERVER, NP_OK,
        "A transact can begin in the next session, also if the callback of the "
        "old transact runs after the disconnect.",
        "DisconnectNamedPipe#remarks") {
  pair_open(f);
  transact_begin(&f->ops[0], f->end, "ask", 3, 16);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  assert_np_ok(np_server_disconnect(f->server));
  pipe_close(f, f->client);
  f->client = NULL;
  connect_begin(&f->ops[1], f->server);
  client_open_end(f);
  loop_until(f, 2);
  assert_done(&f->ops[1], NP_OK, 0);
  f->peer = f->client;
  transact_begin(&f->ops[2], f->end, "ask", 3, 16);
  assert_received(f, f->peer, "ask", 3);
  pipe_send(f, f->peer, "answer", 6);
  assert_next(&f->ops[2], NP_OK, 6);
}

NP_CASE("transact/unanswered-unreported", np_pipe_transact,
        MODE_MESSAGE | END_SERVER, ERROR_INVALID_STATE,
        "A server may ask its client before np_server_connect reports it. The "
        "report begins no new session: a request that went without its reply "
        "is still the last.",
        "npipe/io.h") {
  server_listen(f);
  client_open_end(f);
  f->peer = f->client;
  transact_begin(&f->ops[0], f->server, "ask", 3, 16);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  loop_until(f, 1);
  transact_refused(f, f->server, ERROR_INVALID_STATE);
  assert_connects(&f->ops[1], f->server, NP_OK, 0);
  transact_refused(f, f->server, ERROR_INVALID_STATE);
}

NP_CASE("transact/timeout", np_pipe_transact, MODE_MESSAGE | BOTH_ENDS,
        WAIT_TIMEOUT,
        "A transact with a peer that does not answer ends at its time limit.",
        "npipe/io.h") {
  pair_open(f);
  f->ops[0].op.timeout_ms = 10;
  transact_begin(&f->ops[0], f->end, "ask", 3, 16);
  assert_next(&f->ops[0], WAIT_TIMEOUT, 0);
  assert_received(f, f->peer, "ask", 3);
}

NP_CASE("transact/peer-closes", np_pipe_transact, MODE_MESSAGE | BOTH_ENDS,
        ERROR_BROKEN_PIPE, "A transact ends like a read when the peer closes.",
        "wine kernel32/tests/pipe.c#test_transact") {
  pair_open(f);
  transact_begin(&f->ops[0], f->end, "ask", 3, 16);
  pipe_close_wait(f, f->peer);
  assert_next(&f->ops[0], ERROR_BROKEN_PIPE, 0);
}

NP_CASE("transact/disconnect", np_pipe_transact, MODE_MESSAGE | BOTH_ENDS,
        ERROR_PIPE_NOT_CONNECTED, "A disconnect ends a transact at either end.",
        "DisconnectNamedPipe#remarks") {
  pair_open(f);
  transact_begin(&f->ops[0], f->end, "ask", 3, 16);
  assert_np_ok(np_server_disconnect(f->server));
  assert_next(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_CASE("transact/close", np_pipe_transact, MODE_MESSAGE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED, "A close of its own end ends a transact.",
        "CancelIoEx#remarks") {
  pair_open(f);
  transact_begin(&f->ops[0], f->end, "ask", 3, 16);
  pipe_close_wait(f, f->end);
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
}

NP_CASE("transact/direction", np_pipe_transact, NO_MODE, ERROR_ACCESS_DENIED,
        "An end that only reads or only writes refuses a transact.",
        "npipe/io.h") {
  f->server_options.mode = NP_MESSAGE;
  f->server_options.read_mode = NP_MESSAGE;
  f->client_options.read_mode = NP_MESSAGE;
  options_inbound(f);
  pair_open(f);
  transact_refused(f, f->server, ERROR_ACCESS_DENIED);
  transact_refused(f, f->client, ERROR_ACCESS_DENIED);
  /* The longest allowed request is not checked further. */
  assert_np_error(np_pipe_transact(f->client, "ask", UINT32_MAX, reply,
                                   sizeof(reply), &f->op, on_never),
                  ERROR_ACCESS_DENIED);
}

NP_CASE("transact/null", np_pipe_transact, MODE_MESSAGE,
        ERROR_INVALID_PARAMETER,
        "A transact without a pipe, an operation or a buffer for its length is "
        "refused.",
        "npipe/io.h") {
  pair_open(f);
  transact_refused(f, NULL, ERROR_INVALID_PARAMETER);
  assert_invalid(np_pipe_transact(f->end, NULL, 3, reply, 1, &f->op, on_never));
  assert_invalid(np_pipe_transact(f->end, "ask", 3, NULL, 1, &f->op, on_never));
  assert_invalid(np_pipe_transact(f->end, "ask", 3, reply, 1, NULL, on_never));
  assert_invalid(np_pipe_transact(f->end, "ask", 3, reply, 1, &f->op, NULL));
  if (sizeof(size_t) > sizeof(uint32_t)) {
    assert_invalid(
        np_pipe_transact(f->end, "ask", SIZE_MAX, reply, 1, &f->op, on_never));
    assert_invalid(
        np_pipe_transact(f->end, "ask", 3, reply, SIZE_MAX, &f->op, on_never));
  }
}

NP_CASE("transact/closing", np_pipe_transact, NO_MODE, ERROR_INVALID_HANDLE,
        "A pipe that is being closed refuses a transact.", "npipe/io.h") {
  np_pipe *pipe = pipe_closing(f);

  transact_refused(f, pipe, ERROR_INVALID_HANDLE);
}
