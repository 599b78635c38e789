/* np_pipe_write. */
#include "library/fixture.h"

enum { SMALL = 100, LARGE = 1000 };

static char large[LARGE];

/* small_pair_open opens a pair with small quotas and fills `large` with bytes
 * that differ from place to place. */
static void small_pair_open(np_fixture *f) {
  for (size_t i = 0; i < sizeof(large); i++) {
    large[i] = (char)(i * 7);
  }
  pair_open_quota(f, SMALL);
}

NP_CASE("write/immediate", np_pipe_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "A write that fits the quota completes, from the loop and not from the "
        "call; the kernel has it within the call.",
        "WriteFile#pipes") {
  char buffer[16];
  size_t length = 0;

  pair_open_raw(f);
  write_begin(&f->ops[0], f->end, "abc", 3);
  assert_int_equal(f->done_count, 0);
  assert_int_equal(raw_read(f->raw, buffer, sizeof(buffer), &length), 0);
  assert_int_equal(length, 3);
  assert_memory_equal(buffer, "abc", 3);
  assert_next(&f->ops[0], NP_OK, 3);
}

NP_CASE("write/pending", np_pipe_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "A write beyond the quota waits until the peer has read, then moves "
        "all its bytes.",
        "WriteFile#pipes") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->end, large, LARGE);
  assert_quiet(f, 0);
  assert_received(f, f->peer, large, LARGE);
  assert_next(&f->ops[0], NP_OK, LARGE);
}

NP_CASE("write/pending-ends-when-it-fits", np_pipe_write,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "A waiting write completes as soon as its unread rest fits the quota, "
        "where no read took more than the quota.",
        "wine kernel32/tests/pipe.c#test_blocking_rw") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->end, large, LARGE);
  loop_quiet(f);
  assert_received_by(f, f->peer, large, LARGE - SMALL - 1, SMALL);
  assert_quiet(f, 0);
  assert_received(f, f->peer, large + LARGE - SMALL - 1, 1);
  assert_next(&f->ops[0], NP_OK, LARGE);
  assert_received(f, f->peer, large + LARGE - SMALL, SMALL);
}

NP_CASE("write/quota", np_pipe_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "A write that fills the quota exactly completes at once.",
        "WriteFile#pipes") {
  small_pair_open(f);
  assert_writes(&f->ops[0], f->end, large, SMALL, NP_OK, SMALL);
  write_begin(&f->ops[1], f->end, large, 1);
  assert_quiet(f, 1);
  assert_received(f, f->peer, large, SMALL);
  assert_next(&f->ops[1], NP_OK, 1);
}

NP_CASE("write/into-waiting-read", np_pipe_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "Data that go straight into a waiting read need no quota.",
        "wine kernel32/tests/pipe.c#test_nowait") {
  small_pair_open(f);
  read_pend(f, &f->ops[0], f->peer, LARGE);
  write_begin(&f->ops[1], f->end, large, LARGE);
  assert_ends(&f->ops[0], NP_OK, LARGE);
  assert_ends(&f->ops[1], NP_OK, LARGE);
  assert_memory_equal(f->ops[0].buffer, large, LARGE);
}

NP_CASE("write/one-byte", np_pipe_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "A write of one byte works like any other.", "WriteFile#pipes") {
  pair_open(f);
  assert_writes(&f->ops[0], f->end, "x", 1, NP_OK, 1);
  assert_received(f, f->peer, "x", 1);
}

NP_CASE("write/much", np_pipe_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "60,000 bytes arrive as they were sent.", "WriteFile#pipes") {
  static char much[60000];

  for (size_t i = 0; i < sizeof(much); i++) {
    much[i] = (char)(i * 31 + i / 256);
  }
  pair_open(f);
  write_begin(&f->ops[0], f->end, much, sizeof(much));
  assert_received(f, f->peer, much, sizeof(much));
  assert_next(&f->ops[0], NP_OK, sizeof(much));
}

NP_CASE("write/zero-bytes", np_pipe_write, MODE_BYTE | BOTH_ENDS, NP_OK,
        "On a byte pipe a write of 0 bytes does nothing: the peer's read goes "
        "on waiting.",
        "wine kernel32/tests/pipe.c#test_blocking_rw") {
  pair_open(f);
  read_pend(f, &f->ops[0], f->peer, 16);
  assert_writes(&f->ops[1], f->end, NULL, 0, NP_OK, 0);
  loop_quiet(f);
  assert_int_equal(f->ops[0].done_count, 0);
  pipe_send(f, f->end, "abc", 3);
  assert_next(&f->ops[0], NP_OK, 3);
}

/* --- Refusals ----------------------------------------------------------- */

NP_CASE("write/null", np_pipe_write, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_PARAMETER,
        "A write without a pipe, a buffer for its length, an operation or a "
        "callback is refused, and nothing is written.",
        "npipe/io.h") {
  pair_open(f);
  assert_invalid(np_pipe_write(NULL, "abc", 3, &f->op, on_never));
  assert_invalid(np_pipe_write(f->end, NULL, 3, &f->op, on_never));
  assert_invalid(np_pipe_write(f->end, "abc", 3, NULL, on_never));
  assert_invalid(np_pipe_write(f->end, "abc", 3, &f->op, NULL));
  assert_false(np_loop_is_pending(f->loop));
  assert_int_equal(unread_bytes(f->peer), 0);
}

NP_CASE("write/length", np_pipe_write, BOTH_ENDS, ERROR_INVALID_PARAMETER,
        "A length over UINT32_MAX is refused.", "npipe/io.h") {
  size_t length = (size_t)UINT32_MAX + 1;

  if (length == 0) {
    np_unresolved("a size cannot be that large here");
  }
  pair_open(f);
  assert_invalid(np_pipe_write(f->end, "abc", length, &f->op, on_never));
  assert_invalid(np_pipe_write(f->end, "abc", SIZE_MAX, &f->op, on_never));
  assert_false(np_loop_is_pending(f->loop));
}

NP_CASE("write/closing", np_pipe_write, BOTH_ENDS, ERROR_INVALID_HANDLE,
        "A pipe that is being closed refuses a write.", "npipe/io.h") {
  np_pipe *pipe = pipe_closing(f);

  assert_np_error(np_pipe_write(pipe, "abc", 3, &f->op, on_never),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("write/op-in-flight", np_pipe_write, ANY_MODE | BOTH_ENDS, ERROR_BUSY,
        "An operation in flight cannot be started again, also when it has "
        "ended and its callback is to come.",
        "npipe/op.h") {
  pair_open(f);
  write_begin(&f->ops[0], f->end, "abc", 3);
  assert_np_error(np_pipe_write(f->end, "def", 3, &f->ops[0].op, on_never),
                  ERROR_BUSY);
  read_begin(&f->ops[1], f->end, 16);
  assert_np_error(np_pipe_write(f->end, "def", 3, &f->ops[1].op, on_never),
                  ERROR_BUSY);
  loop_until(f, 1);
  assert_received(f, f->peer, "abc", 3);
  assert_np_ok(np_op_cancel(&f->ops[1].op));
  loop_until(f, 2);
}

NP_CASE("write/read-only-client", np_pipe_write, ANY_MODE, ERROR_ACCESS_DENIED,
        "An end that is not for writing refuses at once.", "npipe/io.h") {
  f->client_options.write = false;
  pair_open(f);
  assert_np_error(np_pipe_write(f->client, "abc", 3, &f->op, on_never),
                  ERROR_ACCESS_DENIED);
  assert_false(np_loop_is_pending(f->loop));
}

NP_CASE("write/inbound-server", np_pipe_write, ANY_MODE, ERROR_ACCESS_DENIED,
        "An inbound server refuses at once, also before it has a client.",
        "npipe/io.h") {
  f->server_options.outbound = false;
  server_listen(f);
  assert_np_error(np_pipe_write(f->server, "abc", 3, &f->op, on_never),
                  ERROR_ACCESS_DENIED);
  assert_false(np_loop_is_pending(f->loop));
}

/* --- How it ends -------------------------------------------------------- */

NP_CASE("write/peer-closed", np_pipe_write, ANY_MODE | BOTH_ENDS, ERROR_NO_DATA,
        "A write after the peer closed ends with ERROR_NO_DATA, each time, by "
        "its callback.",
        "wine kernel32/tests/pipe.c#test_CloseHandle") {
  pair_open(f);
  pipe_close_wait(f, f->peer);
  for (unsigned i = 0; i < 3; i++) {
    assert_writes(&f->ops[i], f->end, "abc", 3, ERROR_NO_DATA, 0);
  }
}

NP_CASE("write/peer-closes-while-pending", np_pipe_write, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "A write that waits when the peer closes ends with ERROR_BROKEN_PIPE.",
        "wine kernel32/tests/pipe.c#test_blocking_rw") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->end, large, LARGE);
  loop_quiet(f);
  pipe_close(f, f->peer);
  loop_until(f, 1);
  assert_int_equal(f->ops[0].result, ERROR_BROKEN_PIPE);
}

NP_CASE("write/disconnected", np_pipe_write, ANY_MODE | BOTH_ENDS,
        ERROR_PIPE_NOT_CONNECTED,
        "After a disconnect a write of either end ends with "
        "ERROR_PIPE_NOT_CONNECTED.",
        "DisconnectNamedPipe#remarks") {
  pair_open(f);
  assert_np_ok(np_server_disconnect(f->server));
  assert_writes(&f->ops[0], f->end, "abc", 3, ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_CASE("write/disconnected-while-pending", np_pipe_write, ANY_MODE | BOTH_ENDS,
        ERROR_PIPE_NOT_CONNECTED,
        "A disconnect ends a waiting write of either end with "
        "ERROR_PIPE_NOT_CONNECTED.",
        "DisconnectNamedPipe#remarks") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->end, large, LARGE);
  loop_quiet(f);
  assert_np_ok(np_server_disconnect(f->server));
  loop_until(f, 1);
  assert_int_equal(f->ops[0].result, ERROR_PIPE_NOT_CONNECTED);
}

NP_CASE("write/listening", np_pipe_write, ANY_MODE, ERROR_PIPE_LISTENING,
        "On a server without a client a write ends with ERROR_PIPE_LISTENING, "
        "and the client that comes gets nothing of it.",
        "wine ntdll/tests/pipe.c#test_pipe_state") {
  server_listen(f);
  assert_writes(&f->ops[0], f->server, "lost", 4, ERROR_PIPE_LISTENING, 0);
  client_open_end(f);
  assert_passes(f, f->server, f->client, "abc", 3);
}

NP_CASE("write/cancelled", np_pipe_write, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A cancelled write ends with ERROR_OPERATION_ABORTED, and its pipe can "
        "be closed.",
        "CancelIoEx") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->end, large, LARGE);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  loop_until(f, 1);
  assert_int_equal(f->ops[0].result, ERROR_OPERATION_ABORTED);
  pipe_close_wait(f, f->end);
}

static void then_write_more(np_fixture *f, struct recorder *recorder) {
  if (recorder->done_count < 10) {
    write_begin(recorder, f->end, "x", 1);
  }
}

NP_CASE("write/again-in-callback", np_pipe_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "The callback of a write may start the same operation again.",
        "npipe/op.h") {
  pair_open(f);
  f->ops[0].then = then_write_more;
  write_begin(&f->ops[0], f->end, "x", 1);
  loop_until(f, 10);
  assert_done(&f->ops[0], NP_OK, 1);
  assert_int_equal(unread_bytes(f->peer), 10);
}
