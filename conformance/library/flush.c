/* np_pipe_flush: the peer has read everything, and the loop goes on. */
#include "ready_common.h"

static void flush_begin(struct recorder *recorder, np_pipe *pipe) {
  recorder->start_count++;
  assert_np_ok(np_pipe_flush(pipe, &recorder->op, on_done));
}

/* A pair whose end has written ten bytes that nobody read, and flushes. */
static void flushing(np_fixture *f, struct recorder *recorder) {
  pair_open(f);
  pipe_send(f, f->end, "0123456789", 10);
  flush_begin(recorder, f->end);
  loop_quiet(f);
  assert_int_equal(recorder->done_count, 0);
}

/* --- Success ------------------------------------------------------------ */

NP_CASE("flush/waits", np_pipe_flush, ANY_MODE | BOTH_ENDS, NP_OK,
        "It ends when the peer has read everything, and not before.",
        "FlushFileBuffers#remarks") {
  char part[4];
  size_t got = 0;

  flushing(f, &f->ops[0]);
  assert_np_error(pipe_receive(f, f->peer, part, 4, &got),
                  (f->variant & MODE_MESSAGE) != 0 ? ERROR_MORE_DATA : NP_OK);
  loop_quiet(f);
  assert_int_equal(f->done_count, 0);
  assert_received(f, f->peer, "456789", 6);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, 0);
}

NP_CASE("flush/nothing-unread", np_pipe_flush, ANY_MODE | BOTH_ENDS, NP_OK,
        "With nothing unread it ends at once, from the loop.",
        "FlushFileBuffers#remarks") {
  pair_open(f);
  flush_begin(&f->ops[0], f->end);
  assert_int_equal(f->done_count, 0);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, 0);
  pipe_send(f, f->end, "hello", 5);
  assert_received(f, f->peer, "hello", 5);
  flush_begin(&f->ops[1], f->end);
  loop_until(f, 2);
  assert_done(&f->ops[1], NP_OK, 0);
}

NP_CASE("flush/pending-write", np_pipe_flush, ANY_MODE | BOTH_ENDS, NP_OK,
        "A write that waits for the peer is waited for, too.",
        "FlushFileBuffers#remarks") {
  const char *pattern = ready_pattern();

  ready_quota(f, READY_QUOTA);
  pair_open(f);
  write_begin(&f->ops[0], f->end, pattern, 3 * READY_QUOTA);
  flush_begin(&f->ops[1], f->end);
  loop_quiet(f);
  assert_int_equal(f->done_count, 0);
  assert_received(f, f->peer, pattern, 3 * READY_QUOTA);
  loop_until(f, 2);
  assert_done(&f->ops[0], NP_OK, 3 * READY_QUOTA);
  assert_done(&f->ops[1], NP_OK, 0);
}

NP_CASE("flush/tried-write", np_pipe_flush, ANY_MODE | BOTH_ENDS, NP_OK,
        "So is what np_pipe_try_write has taken.", "npipe/io.h") {
  const char *pattern = ready_pattern();

  ready_quota(f, READY_QUOTA);
  pair_open(f);
  assert_try_write(f->end, pattern, 3 * READY_QUOTA, NP_OK, 3 * READY_QUOTA);
  flush_begin(&f->ops[0], f->end);
  loop_quiet(f);
  assert_int_equal(f->done_count, 0);
  assert_received(f, f->peer, pattern, 3 * READY_QUOTA);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, 0);
}

NP_CASE("flush/empty-message", np_pipe_flush, MESSAGE_TYPE | BOTH_ENDS, NP_OK,
        "An empty message is unread, too.", "FlushFileBuffers#remarks") {
  char byte = 0;
  size_t got = 9;

  pair_open(f);
  pipe_send(f, f->end, "", 0);
  flush_begin(&f->ops[0], f->end);
  assert_np_ok(pipe_receive(f, f->peer, &byte, 1, &got));
  assert_int_equal(got, 0);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, 0);
}

NP_CASE("flush/read-only-end", np_pipe_flush, BOTH_ENDS, NP_OK,
        "An end that cannot write has nothing to wait for, whatever it has "
        "not read itself.",
        "npipe/io.h; museum S07") {
  pair_open_one_way(f, true);
  pipe_send(f, f->peer, "hello", 5);
  flush_begin(&f->ops[0], f->end);
  assert_int_equal(f->done_count, 0);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, 0);
  assert_received(f, f->end, "hello", 5);
}

NP_CASE("flush/write-only-end", np_pipe_flush, BOTH_ENDS, NP_OK,
        "An end that only writes waits like another.",
        "FlushFileBuffers#remarks") {
  pair_open_one_way(f, false);
  pipe_send(f, f->end, "hello", 5);
  flush_begin(&f->ops[0], f->end);
  loop_quiet(f);
  assert_int_equal(f->done_count, 0);
  assert_received(f, f->peer, "hello", 5);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, 0);
}

NP_CASE("flush/listening", np_pipe_flush, ANY_MODE, NP_OK,
        "Before a client came there is nothing to wait for.",
        "FlushFileBuffers#remarks") {
  server_listen(f);
  flush_begin(&f->ops[0], f->server);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, 0);
}

NP_CASE("flush/peer-had-gone", np_pipe_flush, ANY_MODE | BOTH_ENDS, NP_OK,
        "After the peer went there is nobody to wait for.",
        "FlushFileBuffers#remarks") {
  pair_open(f);
  pipe_close_wait(f, f->peer);
  flush_begin(&f->ops[0], f->end);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, 0);
}

NP_CASE("flush/loop-goes-on", np_pipe_flush, ANY_MODE | BOTH_ENDS, NP_OK,
        "While it waits everything else goes on: this end reads and writes, "
        "timers run.",
        "npipe/io.h") {
  flushing(f, &f->ops[0]);
  pipe_send(f, f->peer, "back", 4);
  assert_received(f, f->end, "back", 4);
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 5, on_timer));
  loop_until_count(f, &f->timers[0].run_count, 1);
  assert_int_equal(f->done_count, 0);
  assert_received(f, f->peer, "0123456789", 10);
  loop_until(f, 1);
}

NP_CASE("flush/keeps-running", np_loop_run, ANY_MODE, NP_OK,
        "A flush in flight keeps the loop running.", "npipe/loop.h") {
  flushing(f, &f->ops[0]);
  assert_true(np_loop_is_pending(f->loop));
  read_begin(&f->ops[1], f->peer, 10);
  assert_np_ok(loop_run(f));
  assert_done(&f->ops[0], NP_OK, 0);
  assert_done(&f->ops[1], NP_OK, 10);
}

NP_CASE("flush/several", np_pipe_flush, ANY_MODE | BOTH_ENDS, NP_OK,
        "Several may wait at once; each ends once.", "npipe/io.h") {
  unsigned i;

  flushing(f, &f->ops[0]);
  for (i = 1; i < 5; i++) {
    flush_begin(&f->ops[i], f->end);
  }
  loop_quiet(f);
  assert_int_equal(f->done_count, 0);
  assert_received(f, f->peer, "0123456789", 10);
  loop_until(f, 5);
  for (i = 0; i < 5; i++) {
    assert_done(&f->ops[i], NP_OK, 0);
  }
}

NP_CASE("flush/both-ends", np_pipe_flush, ANY_MODE, NP_OK,
        "Both ends write and flush before either reads: neither the loop nor "
        "the pipe is stuck.",
        "npipe/io.h; museum F09") {
  pair_open(f);
  pipe_send(f, f->server, "to client", 9);
  pipe_send(f, f->client, "to server", 9);
  flush_begin(&f->ops[0], f->server);
  flush_begin(&f->ops[1], f->client);
  loop_quiet(f);
  assert_int_equal(f->done_count, 0);
  assert_received(f, f->server, "to server", 9);
  assert_received(f, f->client, "to client", 9);
  loop_until(f, 2);
  assert_done(&f->ops[0], NP_OK, 0);
  assert_done(&f->ops[1], NP_OK, 0);
}

NP_CASE("flush/then-disconnect", np_pipe_flush, ANY_MODE, NP_OK,
        "Write, flush, disconnect: the client gets everything.",
        "DisconnectNamedPipe#remarks; museum D01") {
  pair_open(f);
  pipe_send(f, f->server, "hello", 5);
  flush_begin(&f->ops[0], f->server);
  read_begin(&f->ops[1], f->client, 5);
  loop_until(f, 2);
  assert_done(&f->ops[0], NP_OK, 0);
  assert_np_ok(np_server_disconnect(f->server));
  assert_done(&f->ops[1], NP_OK, 5);
  assert_memory_equal(f->ops[1].buffer, "hello", 5);
}

/* --- The peer goes ------------------------------------------------------ */

enum { TRIES_MAX = 50 };

/* Flushes until `leave` ended one with `error`. The thread that flushes may
 * come too late and find nothing to wait for, a success; not every time. */
static void flushing_ends(np_fixture *f, void (*leave)(np_fixture *f),
                          np_error error) {
  struct recorder *r = &f->ops[0];
  unsigned i;

  for (i = 0; i < TRIES_MAX && r->result != error; i++) {
    pair_reopen(f);
    pipe_send(f, f->end, "0123456789", 10);
    flush_begin(r, f->end);
    loop_quiet(f);
    leave(f);
    loop_until(f, i + 1);
    assert_true(r->result == error || r->result == NP_OK);
  }
  assert_int_equal(r->result, error);
}

static void peer_leaves(np_fixture *f) {
  pipe_close(f, f->peer);
}

NP_CASE("flush/peer-goes", np_pipe_flush, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE, "It ends when the peer goes.",
        "FlushFileBuffers#remarks") {
  flushing_ends(f, peer_leaves, ERROR_BROKEN_PIPE);
}

static void server_disconnects(np_fixture *f) {
  assert_np_ok(np_server_disconnect(f->server));
}

NP_CASE("flush/disconnect", np_pipe_flush, ANY_MODE | BOTH_ENDS,
        ERROR_PIPE_NOT_CONNECTED, "A disconnect ends it at either end.",
        "DisconnectNamedPipe#remarks") {
  flushing_ends(f, server_disconnects, ERROR_PIPE_NOT_CONNECTED);
}

NP_CASE("flush/disconnected-client", np_pipe_flush, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED, "So does one that came before.",
        "FlushFileBuffers#remarks") {
  pair_open(f);
  assert_np_ok(np_server_disconnect(f->server));
  flush_begin(&f->ops[0], f->client);
  loop_until(f, 1);
  assert_done(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
}

/* --- Cancel, time limit, close ------------------------------------------ */

NP_CASE("flush/cancel", np_pipe_flush, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "It can be cancelled; the bytes stay, and the next one waits anew.",
        "CancelSynchronousIo#remarks") {
  flushing(f, &f->ops[0]);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  loop_until(f, 1);
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  flush_begin(&f->ops[1], f->end);
  loop_quiet(f);
  assert_int_equal(f->done_count, 1);
  assert_received(f, f->peer, "0123456789", 10);
  loop_until(f, 2);
  assert_done(&f->ops[1], NP_OK, 0);
}

NP_CASE("flush/cancel-at-once", np_pipe_flush, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "It can be cancelled wherever it is by then, over and over.",
        "CancelSynchronousIo#remarks") {
  unsigned round;

  pair_open(f);
  pipe_send(f, f->end, "0123456789", 10);
  for (round = 0; round < 100; round++) {
    flush_begin(&f->ops[0], f->end);
    if (round % 3 == 1) {
      loop_turn(f, 0);
    }
    assert_np_ok(np_op_cancel(&f->ops[0].op));
    assert_np_ok(np_op_cancel(&f->ops[0].op));
    loop_until(f, round + 1);
    assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  }
  assert_received(f, f->peer, "0123456789", 10);
}

NP_CASE("flush/timeout", np_pipe_flush, ANY_MODE | BOTH_ENDS, WAIT_TIMEOUT,
        "Past its time limit it ends, with the bytes still there.",
        "npipe/op.h") {
  pair_open(f);
  pipe_send(f, f->end, "0123456789", 10);
  f->ops[0].op.timeout_ms = 20;
  flush_begin(&f->ops[0], f->end);
  loop_until(f, 1);
  assert_done(&f->ops[0], WAIT_TIMEOUT, 0);
  assert_received(f, f->peer, "0123456789", 10);
}

NP_CASE("flush/close", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "Closing the pipe ends the flush, before on_closed; the peer reads "
        "what was written, then the end of the stream.",
        "npipe/pipe.h") {
  char byte = 0;
  size_t got = 9;

  flushing(f, &f->ops[0]);
  pipe_close_wait(f, f->end);
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  assert_true(f->ops[0].order < f->closed_order);
  assert_received(f, f->peer, "0123456789", 10);
  assert_np_error(pipe_receive(f, f->peer, &byte, 1, &got), ERROR_BROKEN_PIPE);
}

NP_CASE("flush/close-peer-sees", np_pipe_close, ANY_MODE | BOTH_ENDS, NP_OK,
        "The peer notices the close though it has not read: the flush keeps "
        "no handle.",
        "npipe/pipe.h") {
  flushing(f, &f->ops[0]);
  pipe_close_wait(f, f->end);
  write_begin(&f->ops[1], f->peer, "x", 1);
  loop_until(f, 2);
  assert_done(&f->ops[1], ERROR_NO_DATA, 0);
}

NP_CASE("flush/close-at-once", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A close right after it began ends it wherever it is.",
        "npipe/pipe.h") {
  unsigned round;

  for (round = 0; round < 30; round++) {
    pair_reopen(f);
    pipe_send(f, f->end, "hello", 5);
    flush_begin(&f->ops[0], f->end);
    pipe_close_wait(f, f->end);
    assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
    assert_received(f, f->peer, "hello", 5);
  }
}

/* --- What cannot begin -------------------------------------------------- */

NP_CASE("flush/bad-parameter", np_pipe_flush, NO_MODE, ERROR_INVALID_PARAMETER,
        "A NULL is refused.", "npipe/io.h") {
  pair_open(f);
  assert_np_error(np_pipe_flush(NULL, &f->ops[0].op, on_never),
                  ERROR_INVALID_PARAMETER);
  assert_np_error(np_pipe_flush(f->end, NULL, on_never),
                  ERROR_INVALID_PARAMETER);
  assert_np_error(np_pipe_flush(f->end, &f->ops[0].op, NULL),
                  ERROR_INVALID_PARAMETER);
  loop_quiet(f);
}

NP_CASE("flush/closing", np_pipe_flush, NO_MODE, ERROR_INVALID_HANDLE,
        "Nothing begins on a pipe that is being closed.", "npipe/io.h") {
  assert_np_error(np_pipe_flush(pipe_closing(f), &f->ops[0].op, on_never),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("flush/busy", np_pipe_flush, NO_MODE, ERROR_BUSY,
        "An operation in flight cannot begin once more.", "npipe/io.h") {
  flushing(f, &f->ops[0]);
  assert_np_error(np_pipe_flush(f->end, &f->ops[0].op, on_never), ERROR_BUSY);
}

static np_error attempt_flush(np_fixture *f) {
  np_error error = np_pipe_flush(f->end, &f->ops[0].op, on_done);

  f->ops[0].start_count += error == NP_OK;
  return error;
}

NP_CASE("flush/no-memory", np_pipe_flush, NO_MODE, ERROR_NOT_ENOUGH_MEMORY,
        "Without memory nothing begins, and it can be tried again.",
        "npipe/io.h") {
  pair_open(f);
  memory_sweep(f, attempt_flush);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, 0);
}
