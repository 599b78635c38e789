/* np_pipe_shutdown. */
#include "library/fixture.h"

enum { SMALL = 100, LARGE = 1000 };

static const char large[LARGE] = "large";

static void small_pair_open(np_fixture *f) {
  pair_open_quota(f, SMALL);
}

NP_CASE("shutdown/nothing-to-wait-for", np_pipe_shutdown, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "A shutdown without a write in flight ends at once, from the loop and "
        "not inside the call.",
        "npipe/io.h") {
  pair_open(f);
  shutdown_begin(&f->ops[0], f->end);
  assert_int_equal(f->done_count, 0);
  assert_next(&f->ops[0], NP_OK, 0);
}

NP_CASE("shutdown/waits-for-writes", np_pipe_shutdown, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "A shutdown waits for all earlier writes; a close after it loses no "
        "data.",
        "Named Pipe Operations") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->end, large, LARGE);
  write_begin(&f->ops[1], f->end, large, LARGE);
  shutdown_begin(&f->ops[2], f->end);
  assert_quiet(f, 0);
  assert_received(f, f->peer, large, LARGE);
  loop_quiet(f);
  assert_int_equal(f->ops[2].done_count, 0);
  /* Now the rest of the second write fits the quota. */
  if ((f->variant & MODE_MESSAGE) != 0) {
    assert_received(f, f->peer, large, LARGE);
    loop_until(f, 3);
  } else {
    /* No source tells of reads of more than the quota. */
    assert_received_by(f, f->peer, large, LARGE - SMALL, SMALL);
    loop_until(f, 3);
    pipe_close_wait(f, f->end);
    assert_received(f, f->peer, large + LARGE - SMALL, SMALL);
  }
  assert_done(&f->ops[0], NP_OK, LARGE);
  assert_done(&f->ops[1], NP_OK, LARGE);
  assert_done(&f->ops[2], NP_OK, 0);
}

static void then_close_end(np_fixture *f, struct recorder *recorder) {
  assert_np_ok(recorder->result);
  pipe_close(f, f->end);
}

NP_CASE("shutdown/then-close", np_pipe_shutdown, ANY_MODE | BOTH_ENDS, NP_OK,
        "A close in the callback of a shutdown loses no data, with any quota.",
        "Named Pipe Operations") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->end, large, LARGE);
  write_begin(&f->ops[1], f->end, "tail", 4);
  f->ops[2].then = then_close_end;
  shutdown_begin(&f->ops[2], f->end);
  assert_received(f, f->peer, large, LARGE);
  assert_received(f, f->peer, "tail", 4);
  read_begin(&f->ops[3], f->peer, 16);
  loop_until(f, 4);
  assert_done(&f->ops[3], ERROR_BROKEN_PIPE, 0);
  assert_int_equal(f->closed_count, 1);
}

NP_CASE("shutdown/not-for-later-writes", np_pipe_shutdown, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "Writes may be started after a shutdown; the shutdown does not wait "
        "for them.",
        "npipe/io.h") {
  small_pair_open(f);
  shutdown_begin(&f->ops[0], f->end);
  write_begin(&f->ops[1], f->end, large, LARGE);
  assert_next(&f->ops[0], NP_OK, 0);
  assert_int_equal(f->ops[1].done_count, 0);
  assert_received(f, f->peer, large, LARGE);
  loop_until(f, 2);
}

NP_CASE("shutdown/several", np_pipe_shutdown, ANY_MODE | BOTH_ENDS, NP_OK,
        "Several shutdowns may wait, each for the writes before it.",
        "npipe/io.h") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->end, large, LARGE);
  shutdown_begin(&f->ops[1], f->end);
  write_begin(&f->ops[2], f->end, large, LARGE);
  shutdown_begin(&f->ops[3], f->end);
  assert_received(f, f->peer, large, LARGE);
  loop_until(f, 2);
  loop_quiet(f);
  assert_done(&f->ops[0], NP_OK, LARGE);
  assert_done(&f->ops[1], NP_OK, 0);
  assert_int_equal(f->done_count, 2);
  assert_received(f, f->peer, large, LARGE);
  loop_until(f, 4);
  assert_done(&f->ops[3], NP_OK, 0);
}

NP_CASE("shutdown/not-for-reads", np_pipe_shutdown, ANY_MODE | BOTH_ENDS, NP_OK,
        "A shutdown waits for no read, and ends none.", "npipe/io.h") {
  pair_open(f);
  read_pend(f, &f->ops[0], f->end, 16);
  assert_shutdowns(&f->ops[1], f->end, NP_OK, 0);
  assert_int_equal(f->ops[0].done_count, 0);
  pipe_send(f, f->peer, "abc", 3);
  assert_next(&f->ops[0], NP_OK, 3);
}

NP_CASE("shutdown/peer-notices-nothing", np_pipe_shutdown, ANY_MODE | BOTH_ENDS,
        NP_OK, "A pipe has no half-close: the peer's read goes on waiting.",
        "Named Pipe Operations") {
  pair_open(f);
  read_pend(f, &f->ops[0], f->peer, 16);
  shutdown_begin(&f->ops[1], f->end);
  loop_until(f, 1);
  loop_quiet(f);
  assert_int_equal(f->ops[0].done_count, 0);
  pipe_send(f, f->end, "abc", 3);
  assert_next(&f->ops[0], NP_OK, 3);
}

NP_CASE("shutdown/write-fails", np_pipe_shutdown, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "A shutdown ends with the error of the first write that failed while "
        "it waited.",
        "npipe/io.h") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->end, large, LARGE);
  write_begin(&f->ops[1], f->end, large, LARGE);
  shutdown_begin(&f->ops[2], f->end);
  pipe_close(f, f->peer);
  loop_until(f, 3);
  assert_int_equal(f->ops[0].result, ERROR_BROKEN_PIPE);
  assert_done(&f->ops[2], ERROR_BROKEN_PIPE, 0);
}

NP_CASE("shutdown/null", np_pipe_shutdown, NO_MODE, ERROR_INVALID_PARAMETER,
        "A shutdown without a pipe, an operation or a callback is refused.",
        "npipe/io.h") {
  pair_open(f);
  assert_invalid(np_pipe_shutdown(NULL, &f->op, on_never));
  assert_invalid(np_pipe_shutdown(f->end, NULL, on_never));
  assert_invalid(np_pipe_shutdown(f->end, &f->op, NULL));
  assert_false(np_loop_is_pending(f->loop));
}

NP_CASE("shutdown/closing", np_pipe_shutdown, BOTH_ENDS, ERROR_INVALID_HANDLE,
        "A pipe that is being closed refuses a shutdown.", "npipe/io.h") {
  np_pipe *pipe = pipe_closing(f);

  assert_np_error(np_pipe_shutdown(pipe, &f->op, on_never),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("shutdown/op-in-flight", np_pipe_shutdown, BOTH_ENDS, ERROR_BUSY,
        "An operation in flight cannot be used for a shutdown.", "npipe/op.h") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->end, large, LARGE);
  assert_np_error(np_pipe_shutdown(f->end, &f->ops[0].op, on_never),
                  ERROR_BUSY);
  assert_received(f, f->peer, large, LARGE);
  assert_next(&f->ops[0], NP_OK, LARGE);
}

NP_CASE("shutdown/cancelled", np_pipe_shutdown, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A shutdown can be cancelled; the write that it waits for goes on.",
        "npipe/op.h") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->end, large, LARGE);
  shutdown_begin(&f->ops[1], f->end);
  loop_quiet(f);
  assert_aborts(&f->ops[1]);
  assert_received(f, f->peer, large, LARGE);
  assert_next(&f->ops[0], NP_OK, LARGE);
}

NP_CASE("shutdown/write-cancelled", np_pipe_shutdown, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A shutdown reports ERROR_OPERATION_ABORTED if the write that it "
        "waits for is cancelled.",
        "npipe/io.h") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->end, large, LARGE);
  shutdown_begin(&f->ops[1], f->end);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  loop_until(f, 2);
  assert_int_equal(f->ops[0].result, ERROR_OPERATION_ABORTED);
  assert_done(&f->ops[1], ERROR_OPERATION_ABORTED, 0);
}

NP_CASE("shutdown/disconnected", np_pipe_shutdown, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "If the server disconnects its client, the waiting shutdowns of both "
        "ends end with ERROR_PIPE_NOT_CONNECTED.",
        "DisconnectNamedPipe#remarks") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->server, large, LARGE);
  shutdown_begin(&f->ops[1], f->server);
  write_begin(&f->ops[2], f->client, large, LARGE);
  shutdown_begin(&f->ops[3], f->client);
  assert_np_ok(np_server_disconnect(f->server));
  loop_until(f, 4);
  assert_done(&f->ops[1], ERROR_PIPE_NOT_CONNECTED, 0);
  assert_done(&f->ops[3], ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_CASE("shutdown/disconnected-after-its-write", np_pipe_shutdown, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A waiting shutdown fails if the server disconnects its client, even "
        "if the write before it has just succeeded: the session has ended.",
        "DisconnectNamedPipe#remarks") {
  char bytes[LARGE];
  HANDLE client;
  size_t length;

  f->server_options.out_buffer_bytes = SMALL;
  server_listen(f);
  client = raw_client(f, GENERIC_READ | GENERIC_WRITE);
  write_begin(&f->ops[0], f->server, large, LARGE);
  shutdown_begin(&f->ops[1], f->server);
  assert_quiet(f, 0);
  assert_int_equal(raw_read(client, bytes, LARGE, &length), NP_OK);
  assert_int_equal(length, LARGE);
  assert_np_ok(np_server_disconnect(f->server));
  loop_until(f, 2);
  assert_done(&f->ops[0], NP_OK, LARGE);
  assert_done(&f->ops[1], ERROR_PIPE_NOT_CONNECTED, 0);
}
