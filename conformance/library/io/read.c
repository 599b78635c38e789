/* np_pipe_read. */
#include "library/fixture.h"

NP_CASE("read/immediate", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "Data that is there completes a read, from the loop and not from the "
        "call.",
        "ReadFile#pipes") {
  pair_open(f);
  pipe_send(f, f->peer, "abc", 3);
  read_begin(&f->ops[0], f->end, 16);
  assert_int_equal(f->done_count, 0);
  assert_next(&f->ops[0], NP_OK, 3);
  assert_memory_equal(f->ops[0].buffer, "abc", 3);
}

NP_CASE("read/pending", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "A read without data waits until data come, however long that takes.",
        "ReadFile#pipes") {
  pair_open(f);
  read_begin(&f->ops[0], f->end, 16);
  assert_quiet(f, 0);
  write_begin(&f->ops[1], f->peer, "abc", 3);
  assert_ends(&f->ops[0], NP_OK, 3);
  assert_memory_equal(f->ops[0].buffer, "abc", 3);
}

NP_CASE("read/data-before-the-turn", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "Data that comes after the call and before the loop's turn completes "
        "the read as well.",
        "npipe/io.h") {
  pair_open(f);
  read_begin(&f->ops[0], f->end, 16);
  write_begin(&f->ops[1], f->peer, "abc", 3);
  assert_ends(&f->ops[0], NP_OK, 3);
}

NP_CASE("read/raw-peer", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "The peer need not be an end of this library.", "ReadFile#pipes") {
  pair_open_raw(f);
  read_pend(f, &f->ops[0], f->end, 16);
  assert_int_equal(raw_write(f->raw, "abc", 3), 0);
  assert_next(&f->ops[0], NP_OK, 3);
  assert_int_equal(raw_write(f->raw, "defg", 4), 0);
  assert_reads(&f->ops[1], f->end, 16, NP_OK, 4);
}

NP_CASE("read/exact-buffer", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "A buffer of just the right size takes all, with success.",
        "ReadFile#pipes") {
  pair_open(f);
  pipe_send(f, f->peer, "abc", 3);
  assert_reads(&f->ops[0], f->end, 3, NP_OK, 3);
}

NP_CASE("read/not-beyond", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "A read writes nothing beyond the transferred bytes.",
        "ReadFile#pipes") {
  pair_open(f);
  memset(f->ops[0].buffer, 0x55, sizeof(f->ops[0].buffer));
  pipe_send(f, f->peer, "abc", 3);
  read_begin(&f->ops[0], f->end, 16);
  loop_until(f, 1);
  assert_int_equal(f->ops[0].buffer[3], 0x55);
  assert_int_equal(f->ops[0].buffer[16], 0x55);
}

NP_CASE("read/bytes-short", np_pipe_read, BYTE_READS | BOTH_ENDS, NP_OK,
        "A byte read ends with what is there, without waiting for more.",
        "ReadFile#pipes") {
  pair_open(f);
  pipe_send(f, f->peer, "abc", 3);
  assert_reads(&f->ops[0], f->end, 1000, NP_OK, 3);
}

NP_CASE("read/bytes-rest", np_pipe_read, BYTE_READS | BOTH_ENDS, NP_OK,
        "A byte read into a smaller buffer leaves the rest to the next, "
        "without an error.",
        "ReadFile#pipes") {
  pair_open(f);
  pipe_send(f, f->peer, "abcdef", 6);
  read_begin(&f->ops[0], f->end, 4);
  read_begin(&f->ops[1], f->end, 4);
  assert_ends(&f->ops[0], NP_OK, 4);
  assert_ends(&f->ops[1], NP_OK, 2);
  assert_memory_equal(f->ops[0].buffer, "abcd", 4);
  assert_memory_equal(f->ops[1].buffer, "ef", 2);
}

NP_CASE(
    "read/bytes-joined", np_pipe_read, BYTE_READS | BOTH_ENDS, NP_OK,
    "One byte read takes the data of several writes, also on a message pipe.",
    "ReadFile#pipes") {
  pair_open(f);
  pipe_send(f, f->peer, "abc", 3);
  pipe_send(f, f->peer, "def", 3);
  assert_reads(&f->ops[0], f->end, 16, NP_OK, 6);
  assert_memory_equal(f->ops[0].buffer, "abcdef", 6);
}

/* --- Zero bytes --------------------------------------------------------- */

NP_CASE("read/zero-immediate", np_pipe_read, BYTE_READS | BOTH_ENDS, NP_OK,
        "A byte read of no bytes ends when something can be read, and takes "
        "nothing; its buffer may be NULL.",
        "wine kernel32/tests/pipe.c#test_CloseHandle") {
  pair_open(f);
  pipe_send(f, f->peer, "abc", 3);
  op_begin(&f->ops[0], np_pipe_read(f->end, NULL, 0, &f->ops[0].op, on_done));
  assert_next(&f->ops[0], NP_OK, 0);
  assert_received(f, f->end, "abc", 3);
}

NP_CASE("read/zero-pending", np_pipe_read, BYTE_READS | BOTH_ENDS, NP_OK,
        "A read of 0 bytes on an empty pipe waits for the first byte, and "
        "takes nothing.",
        "wine kernel32/tests/pipe.c#test_blocking_rw") {
  pair_open(f);
  read_begin(&f->ops[0], f->end, 0);
  assert_quiet(f, 0);
  write_begin(&f->ops[1], f->peer, "abc", 3);
  assert_ends(&f->ops[0], NP_OK, 0);
  assert_received(f, f->end, "abc", 3);
}

NP_CASE(
    "read/zero-at-end", np_pipe_read, ANY_MODE | BOTH_ENDS, ERROR_BROKEN_PIPE,
    "At the end of the stream a read of 0 bytes ends with ERROR_BROKEN_PIPE.",
    "wine kernel32/tests/pipe.c#test_CloseHandle") {
  pair_open(f);
  pipe_close_wait(f, f->peer);
  assert_reads(&f->ops[0], f->end, 0, ERROR_BROKEN_PIPE, 0);
}

/* --- Refusals ----------------------------------------------------------- */

NP_CASE("read/null", np_pipe_read, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_PARAMETER,
        "A read without a pipe, a buffer for its length, an operation or a "
        "callback is refused.",
        "npipe/io.h") {
  char buffer[16];

  pair_open(f);
  assert_invalid(np_pipe_read(NULL, buffer, 16, &f->op, on_never));
  assert_invalid(np_pipe_read(f->end, NULL, 16, &f->op, on_never));
  assert_invalid(np_pipe_read(f->end, buffer, 16, NULL, on_never));
  assert_invalid(np_pipe_read(f->end, buffer, 16, &f->op, NULL));
  assert_false(np_loop_is_pending(f->loop));
}

NP_CASE("read/length", np_pipe_read, BOTH_ENDS, ERROR_INVALID_PARAMETER,
        "A length over UINT32_MAX is refused.", "npipe/io.h") {
  char buffer[16];
  size_t length = (size_t)UINT32_MAX + 1;

  if (length == 0) {
    np_unresolved("a size cannot be that large here");
  }
  pair_open(f);
  assert_invalid(np_pipe_read(f->end, buffer, length, &f->op, on_never));
  assert_invalid(np_pipe_read(f->end, buffer, SIZE_MAX, &f->op, on_never));
  assert_false(np_loop_is_pending(f->loop));
}

NP_CASE("read/closing", np_pipe_read, BOTH_ENDS, ERROR_INVALID_HANDLE,
        "A pipe that is being closed refuses a read.", "npipe/io.h") {
  char buffer[16];
  np_pipe *pipe = pipe_closing(f);

  assert_np_error(np_pipe_read(pipe, buffer, 16, &f->op, on_never),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("read/op-in-flight", np_pipe_read, ANY_MODE | BOTH_ENDS, ERROR_BUSY,
        "An operation in flight cannot be started again, before and after the "
        "kernel got it, and until its callback runs.",
        "npipe/op.h") {
  char other[16];

  pair_open(f);
  read_begin(&f->ops[0], f->end, 16);
  assert_np_error(np_pipe_read(f->end, other, 16, &f->ops[0].op, on_never),
                  ERROR_BUSY);
  reads_post(f);
  assert_np_error(np_pipe_read(f->end, other, 16, &f->ops[0].op, on_never),
                  ERROR_BUSY);
  /* completed; the callback has not run */
  write_begin(&f->ops[1], f->end, "abc", 3);
  assert_np_error(np_pipe_read(f->end, other, 16, &f->ops[1].op, on_never),
                  ERROR_BUSY);
  pipe_send(f, f->peer, "abc", 3);
  assert_ends(&f->ops[0], NP_OK, 3);
  assert_ends(&f->ops[1], NP_OK, 3);
}

NP_CASE("read/write-only-client", np_pipe_read, ANY_MODE, ERROR_ACCESS_DENIED,
        "An end that is not for reading refuses at once.", "npipe/io.h") {
  char buffer[16];

  f->client_options.read = false;
  f->client_options.read_mode = NP_BYTE;
  pair_open(f);
  assert_np_error(np_pipe_read(f->client, buffer, 16, &f->op, on_never),
                  ERROR_ACCESS_DENIED);
  assert_false(np_loop_is_pending(f->loop));
}

NP_CASE("read/outbound-server", np_pipe_read, ANY_MODE, ERROR_ACCESS_DENIED,
        "An outbound server refuses at once, also before it has a client.",
        "npipe/io.h") {
  char buffer[16];

  f->server_options.inbound = false;
  server_listen(f);
  assert_np_error(np_pipe_read(f->server, buffer, 16, &f->op, on_never),
                  ERROR_ACCESS_DENIED);
  assert_false(np_loop_is_pending(f->loop));
}

/* --- How it ends -------------------------------------------------------- */

NP_CASE("read/peer-closed", np_pipe_read, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "When the peer has closed and all was read a read ends with "
        "ERROR_BROKEN_PIPE, each time.",
        "ReadFile#pipes") {
  pair_open(f);
  pipe_close_wait(f, f->peer);
  for (unsigned i = 0; i < 3; i++) {
    assert_reads(&f->ops[i], f->end, 16, ERROR_BROKEN_PIPE, 0);
    assert_true(np_is_eof(f->ops[i].result));
  }
}

NP_CASE("read/peer-closes-while-pending", np_pipe_read, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "A pending read ends with ERROR_BROKEN_PIPE when the peer closes.",
        "ReadFile#pipes") {
  pair_open_raw(f);
  read_begin(&f->ops[0], f->end, 16);
  read_pend(f, &f->ops[1], f->end, 16);
  raw_close(f, f->raw);
  assert_ends(&f->ops[0], ERROR_BROKEN_PIPE, 0);
  assert_ends(&f->ops[1], ERROR_BROKEN_PIPE, 0);
}

NP_CASE("read/data-then-end", np_pipe_read, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "Data that the peer wrote before its close are read before the end of "
        "the stream.",
        "ReadFile#pipes") {
  pair_open(f);
  pipe_send(f, f->peer, "last", 4);
  pipe_close(f, f->peer);
  read_begin(&f->ops[0], f->end, 16);
  read_begin(&f->ops[1], f->end, 16);
  assert_ends(&f->ops[0], NP_OK, 4);
  assert_ends(&f->ops[1], ERROR_BROKEN_PIPE, 0);
}

NP_CASE("read/disconnected", np_pipe_read, ANY_MODE | BOTH_ENDS,
        ERROR_PIPE_NOT_CONNECTED,
        "After a disconnect a read of either end ends with "
        "ERROR_PIPE_NOT_CONNECTED, which is no end of stream.",
        "DisconnectNamedPipe#remarks") {
  pair_open(f);
  assert_np_ok(np_server_disconnect(f->server));
  assert_reads(&f->ops[0], f->end, 16, ERROR_PIPE_NOT_CONNECTED, 0);
  assert_false(np_is_eof(f->ops[0].result));
}

NP_CASE("read/listening", np_pipe_read, ANY_MODE, ERROR_PIPE_LISTENING,
        "On a server without a client a read ends with ERROR_PIPE_LISTENING; "
        "the instance goes on listening.",
        "wine ntdll/tests/pipe.c#test_pipe_state") {
  server_listen(f);
  assert_reads(&f->ops[0], f->server, 16, ERROR_PIPE_LISTENING, 0);
  client_open_end(f);
  assert_connects(&f->ops[1], f->server, NP_OK, 0);
}

NP_CASE("read/cancelled", np_pipe_read, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A cancelled read ends with ERROR_OPERATION_ABORTED and is no end of "
        "stream.",
        "CancelIoEx") {
  pair_open(f);
  read_pend(f, &f->ops[0], f->end, 16);
  assert_aborts(&f->ops[0]);
  assert_false(np_is_eof(f->ops[0].result));
}

static void then_read_more(np_fixture *f, struct recorder *recorder) {
  if (recorder->done_count < 10) {
    read_begin(recorder, f->end, 1);
  }
}

NP_CASE("read/again-in-callback", np_pipe_read, BYTE_READS | BOTH_ENDS, NP_OK,
        "The callback of a read may start the same operation again.",
        "npipe/op.h") {
  pair_open(f);
  f->ops[0].then = then_read_more;
  read_begin(&f->ops[0], f->end, 1);
  pipe_send(f, f->peer, "0123456789", 10);
  loop_until(f, 10);
  assert_done(&f->ops[0], NP_OK, 1);
  assert_int_equal(f->ops[0].buffer[0], '9');
}
