/* np_pipe_ready and its options: which waits end, at which moment, and with
 * which readiness. */
#include "ready_common.h"

/* --- Readable ----------------------------------------------------------- */

NP_CASE("ready/readable-waits", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "A wait for readability ends when data come, and not before.",
        "ReadFile#pipes") {
  pair_open(f);
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  assert_quiet(f, 0);
  pipe_send(f, f->peer, "hello", 5);
  assert_next(&f->ops[0], NP_OK, NP_READABLE);
  assert_try_read(f->end, 64, NP_OK, "hello", 5);
  assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
}

NP_CASE("ready/readable-already", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "A wait for readability ends, from the loop, if data are waiting "
        "already.",
        "ReadFile#pipes") {
  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_reopen(f);
    ready_set(f->end, read_aheads[i], 65536);
    pipe_send(f, f->peer, "hello", 5);
    ready_begin(&f->ops[i], f->end, NP_READABLE);
    assert_int_equal(f->ops[i].done_count, 0);
    loop_until_count(f, &f->ops[i].done_count, 1);
    assert_done(&f->ops[i], NP_OK, NP_READABLE);
    assert_caught(f, f->end, "hello", 5);
  }
}

NP_CASE("ready/readable-stays", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "As long as nobody reads, each wait ends.", "npipe/ready.h") {
  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_reopen(f);
    ready_set(f->end, read_aheads[i], 65536);
    pipe_send(f, f->peer, "hello", 5);
    for (unsigned round = 0; round < 5; round++) {
      assert_int_equal(ready_wait(f, f->end, NP_READABLE), NP_READABLE);
    }
    assert_caught(f, f->end, "hello", 5);
  }
}

NP_CASE("ready/readable-rest", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "After a part was read the rest is still readable, in the read-ahead "
        "or in the kernel.",
        "npipe/ready.h") {
  bool by_messages = (f->variant & MODE_MESSAGE) != 0;
  char byte = 0;
  size_t got = 0;

  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_reopen(f);
    ready_set(f->end, read_aheads[i], 65536);
    pipe_send(f, f->peer, "0123456789", 10);
    for (size_t at = 0; at < 10; at++) {
      ready_wait(f, f->end, NP_READABLE);
      assert_np_error(ready_read(f, f->end, &byte, 1, &got),
                      by_messages && at < 9 ? ERROR_MORE_DATA : NP_OK);
      assert_int_equal(got, 1);
      assert_int_equal(byte, '0' + (int)at);
    }
    assert_try_read(f->end, 1, NP_WOULD_BLOCK, NULL, 0);
  }
}

NP_CASE("ready/readable-empty-message", np_pipe_ready, MODE_MESSAGE | BOTH_ENDS,
        NP_OK, "An empty message is something to read, and no end.",
        "npipe/ready.h; museum M09") {
  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_reopen(f);
    ready_set(f->end, read_aheads[i], 65536);
    ready_begin(&f->ops[i], f->end, NP_READABLE | NP_READ_CLOSED);
    pipe_send(f, f->peer, "", 0);
    loop_until_count(f, &f->ops[i].done_count, 1);
    assert_done(&f->ops[i], NP_OK, NP_READABLE);
    assert_try_read(f->end, 64, NP_OK, NULL, 0);
    assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
  }
}

NP_CASE("ready/readable-empty-write", np_pipe_ready, MODE_BYTE | BOTH_ENDS,
        NP_WOULD_BLOCK,
        "A write of nothing to a byte stream leaves nothing to read.",
        "WriteFile#pipes") {
  pair_open(f);
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  pipe_send(f, f->peer, "", 0);
  loop_quiet(f);
  assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
  pipe_send(f, f->peer, "x", 1);
  loop_until(f, 1);
  assert_caught(f, f->end, "x", 1);
}

NP_CASE("ready/readable-convenience", np_pipe_readable, ANY_MODE | BOTH_ENDS,
        NP_OK, "np_pipe_readable is np_pipe_ready for NP_READABLE.",
        "npipe/ready.h") {
  pair_open(f);
  f->ops[0].start_count = 1;
  assert_np_ok(np_pipe_readable(f->end, &f->ops[0].op, on_done));
  assert_quiet(f, 0);
  pipe_send(f, f->peer, "hello", 5);
  assert_next(&f->ops[0], NP_OK, NP_READABLE);
}

/* --- Writable ----------------------------------------------------------- */

NP_CASE("ready/writable-convenience", np_pipe_writable, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "A connected end is writable at once; the callback runs from the loop.",
        "npipe/ready.h") {
  pair_open(f);
  f->ops[0].start_count = 1;
  assert_np_ok(np_pipe_writable(f->end, &f->ops[0].op, on_done));
  assert_int_equal(f->done_count, 0);
  assert_next(&f->ops[0], NP_OK, NP_WRITABLE);
  assert_try_write(f->end, "x", 1, NP_OK, 1);
}

NP_CASE("ready/writable-after-full", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "While taken data wait for the peer the end is not writable. When the "
        "peer has read enough, it is writable.",
        "WriteFile#pipes") {
  const char *pattern = ready_pattern();

  pair_open_quota(f, READY_QUOTA);
  assert_try_write(f->end, pattern, 3 * READY_QUOTA, NP_OK, 3 * READY_QUOTA);
  ready_begin(&f->ops[0], f->end, NP_WRITABLE);
  assert_quiet(f, 0);
  assert_received(f, f->peer, pattern, 3 * READY_QUOTA);
  assert_next(&f->ops[0], NP_OK, NP_WRITABLE);
  assert_try_write(f->end, "x", 1, NP_OK, 1);
  assert_received(f, f->peer, "x", 1);
}

NP_CASE("ready/both", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "A wait for both directions ends with the direction that is ready, and "
        "with both if both are ready.",
        "npipe/ready.h") {
  const char *pattern = ready_pattern();

  pair_open_quota(f, READY_QUOTA);
  assert_int_equal(ready_wait(f, f->end, NP_READABLE | NP_WRITABLE),
                   NP_WRITABLE);
  assert_try_write(f->end, pattern, 3 * READY_QUOTA, NP_OK, 3 * READY_QUOTA);
  ready_begin(&f->ops[0], f->end, NP_READABLE | NP_WRITABLE);
  assert_quiet(f, 0);
  pipe_send(f, f->peer, "hello", 5);
  assert_next(&f->ops[0], NP_OK, NP_READABLE);
  assert_received(f, f->peer, pattern, 3 * READY_QUOTA);
  ready_wait(f, f->end, NP_WRITABLE);
  assert_int_equal(ready_wait(f, f->end, NP_READABLE | NP_WRITABLE),
                   NP_READABLE | NP_WRITABLE);
}

/* --- Closed ------------------------------------------------------------- */

NP_CASE("ready/read-closed", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "The end of the stream ends a wait for readability with "
        "NP_READ_CLOSED.",
        "ReadFile#pipes") {
  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_reopen(f);
    ready_set(f->end, read_aheads[i], 65536);
    ready_begin(&f->ops[i], f->end, NP_READABLE);
    loop_quiet(f);
    assert_int_equal(f->ops[i].done_count, 0);
    pipe_close(f, f->peer);
    loop_until_count(f, &f->ops[i].done_count, 1);
    assert_done(&f->ops[i], NP_OK, NP_READABLE | NP_READ_CLOSED);
    assert_try_read(f->end, 64, ERROR_BROKEN_PIPE, NULL, 0);
    assert_int_equal(ready_wait(f, f->end, NP_READABLE),
                     NP_READABLE | NP_READ_CLOSED);
  }
}

NP_CASE("ready/read-closed-before", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "A wait after the peer has closed ends at once.",
        "ReadFile#pipes; museum E14") {
  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_reopen(f);
    ready_set(f->end, read_aheads[i], 65536);
    pipe_close_wait(f, f->peer);
    assert_int_equal(ready_wait(f, f->end, NP_READABLE),
                     NP_READABLE | NP_READ_CLOSED);
    assert_int_equal(ready_wait(f, f->end, NP_READ_CLOSED), NP_READ_CLOSED);
    assert_try_read(f->end, 64, ERROR_BROKEN_PIPE, NULL, 0);
  }
}

NP_CASE("ready/read-closed-alone", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "A wait for NP_READ_CLOSED alone does not end when bytes come. It ends "
        "when the peer has closed and all earlier bytes were read.",
        "npipe/ready.h") {
  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_reopen(f);
    ready_set(f->end, read_aheads[i], 65536);
    ready_begin(&f->ops[i], f->end, NP_READ_CLOSED);
    pipe_send(f, f->peer, "hello", 5);
    loop_quiet(f);
    assert_int_equal(f->ops[i].done_count, 0);
    pipe_close_wait(f, f->peer);
    loop_quiet(f);
    assert_int_equal(f->ops[i].done_count, 0);
    assert_caught(f, f->end, "hello", 5);
    loop_until_count(f, &f->ops[i].done_count, 1);
    assert_done(&f->ops[i], NP_OK, NP_READ_CLOSED);
  }
}

NP_CASE("ready/read-closed-empty-message", np_pipe_ready,
        MODE_MESSAGE | BOTH_ENDS, NP_OK,
        "An empty message before the end of the stream is readable, not "
        "closed; then comes the end.",
        "npipe/ready.h") {
  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_reopen(f);
    ready_set(f->end, read_aheads[i], 65536);
    pipe_send(f, f->peer, "", 0);
    pipe_close_wait(f, f->peer);
    assert_int_equal(ready_wait(f, f->end, NP_READABLE), NP_READABLE);
    assert_try_read(f->end, 64, NP_OK, NULL, 0);
    assert_int_equal(ready_wait(f, f->end, NP_READABLE),
                     NP_READABLE | NP_READ_CLOSED);
    assert_try_read(f->end, 64, ERROR_BROKEN_PIPE, NULL, 0);
  }
}

NP_CASE("ready/read-closed-by-disconnect", np_pipe_ready, ANY_MODE, NP_OK,
        "A client that the server disconnects is readable and closed; the try "
        "says that it was no end of stream.",
        "DisconnectNamedPipe#remarks") {
  pair_open(f);
  ready_begin(&f->ops[0], f->client, NP_READABLE | NP_READ_CLOSED);
  assert_quiet(f, 0);
  server_disconnect(f);
  assert_done(&f->ops[0], NP_OK, NP_READABLE | NP_READ_CLOSED);
  assert_try_read(f->client, 64, ERROR_PIPE_NOT_CONNECTED, NULL, 0);
}

NP_CASE("ready/write-closed", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "The end of an idle peer ends a wait for NP_WRITE_CLOSED.",
        "npipe/ready.h") {
  pair_open(f);
  ready_begin(&f->ops[0], f->end, NP_WRITE_CLOSED);
  assert_quiet(f, 0);
  pipe_close(f, f->peer);
  assert_next(&f->ops[0], NP_OK, NP_WRITE_CLOSED);
  assert_int_equal(ready_wait(f, f->end, NP_WRITABLE),
                   NP_WRITABLE | NP_WRITE_CLOSED);
  assert_try_write(f->end, "x", 1, ERROR_NO_DATA, 0);
}

NP_CASE("ready/write-closed-in-background", np_pipe_ready, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "The peer closes while data that the library took waits for it. A wait "
        "for writability ends with NP_WRITE_CLOSED.",
        "WriteFile#pipes") {
  pair_open_quota(f, READY_QUOTA);
  assert_try_write(f->end, ready_pattern(), 3 * READY_QUOTA, NP_OK,
                   3 * READY_QUOTA);
  ready_begin(&f->ops[0], f->end, NP_WRITABLE);
  ready_begin(&f->ops[1], f->end, NP_WRITE_CLOSED);
  assert_quiet(f, 0);
  pipe_close(f, f->peer);
  assert_ends(&f->ops[0], NP_OK, NP_WRITABLE | NP_WRITE_CLOSED);
  assert_ends(&f->ops[1], NP_OK, NP_WRITE_CLOSED);
}

NP_CASE("ready/write-closed-one-way", np_pipe_ready, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "An end can only write, and its peer closes. A wait for writability "
        "ends with NP_WRITE_CLOSED.",
        "WriteFile#pipes; museum S06") {
  server_quotas(f, READY_QUOTA, READY_QUOTA);
  pair_open_one_way(f, false);
  assert_try_write(f->end, ready_pattern(), 3 * READY_QUOTA, NP_OK,
                   3 * READY_QUOTA);
  ready_begin(&f->ops[0], f->end, NP_WRITABLE | NP_READABLE);
  assert_quiet(f, 0);
  pipe_close(f, f->peer);
  assert_next(&f->ops[0], NP_OK, NP_WRITABLE | NP_WRITE_CLOSED);
  assert_try_write(f->end, "x", 1, ERROR_BROKEN_PIPE, 0);
  assert_try_write(f->end, "x", 1, ERROR_NO_DATA, 0);
}

/* --- Several who wait --------------------------------------------------- */

NP_CASE("ready/many-waiters", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "Any number of waits may be pending at once. An event ends all waits "
        "that match it, in the order in which they began.",
        "npipe/ready.h") {
  enum { WAITERS = 40 };

  pair_open(f);
  for (unsigned i = 0; i < WAITERS; i++) {
    ready_begin(&f->ops[i], f->end, NP_READABLE);
  }
  assert_quiet(f, 0);
  pipe_send(f, f->peer, "x", 1);
  loop_until(f, WAITERS);
  for (unsigned i = 0; i < WAITERS; i++) {
    assert_done(&f->ops[i], NP_OK, NP_READABLE);
    assert_true(i == 0 || f->ops[i].order > f->ops[i - 1].order);
  }
  assert_caught(f, f->end, "x", 1);
}

NP_CASE("ready/each-for-its-own", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "Of several waits with different interests only those end whose own "
        "interest holds.",
        "npipe/ready.h; museum R01") {
  const char *pattern = ready_pattern();

  pair_open_quota(f, READY_QUOTA);
  assert_try_write(f->end, pattern, 3 * READY_QUOTA, NP_OK, 3 * READY_QUOTA);
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  ready_begin(&f->ops[1], f->end, NP_WRITABLE);
  ready_begin(&f->ops[2], f->end, NP_READ_CLOSED);
  ready_begin(&f->ops[3], f->end, NP_WRITE_CLOSED);
  ready_begin(&f->ops[4], f->end, NP_READABLE | NP_WRITABLE);
  pipe_send(f, f->peer, "x", 1);
  loop_until(f, 2);
  assert_quiet(f, 2);
  assert_done(&f->ops[0], NP_OK, NP_READABLE);
  assert_done(&f->ops[4], NP_OK, NP_READABLE);
  assert_received(f, f->peer, pattern, 3 * READY_QUOTA);
  loop_until(f, 3);
  assert_quiet(f, 3);
  assert_done(&f->ops[1], NP_OK, NP_WRITABLE);
  assert_caught(f, f->end, "x", 1);
  pipe_close(f, f->peer);
  assert_ends(&f->ops[2], NP_OK, NP_READ_CLOSED);
  assert_ends(&f->ops[3], NP_OK, NP_WRITE_CLOSED);
}

NP_CASE("ready/false-alarm", np_pipe_ready, ANY_MODE | BOTH_ENDS,
        NP_WOULD_BLOCK,
        "If another reader was faster, the try returns NP_WOULD_BLOCK, and the "
        "next wait waits.",
        "npipe/ready.h") {
  pair_open(f);
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  ready_begin(&f->ops[1], f->end, NP_READABLE);
  pipe_send(f, f->peer, "x", 1);
  loop_until(f, 2);
  assert_caught(f, f->end, "x", 1);
  assert_try_read(f->end, 1, NP_WOULD_BLOCK, NULL, 0);
  ready_begin(&f->ops[2], f->end, NP_READABLE);
  assert_quiet(f, 2);
  pipe_send(f, f->peer, "y", 1);
  loop_until(f, 3);
  assert_caught(f, f->end, "y", 1);
}

static void then_read_and_wait(np_fixture *f, struct recorder *recorder) {
  size_t *total = f->user;
  size_t got = 0;
  np_error error = np_pipe_try_read(f->end, recorder->buffer, 1, &got);

  assert_true(error == NP_OK || error == NP_WOULD_BLOCK);
  *total += got;
  ready_begin(recorder, f->end, NP_READABLE);
}

NP_CASE("ready/wait-in-callback", np_pipe_ready, BYTE_READS | BOTH_ENDS, NP_OK,
        "A callback may try, and wait anew with the operation that ended.",
        "npipe/ready.h") {
  enum { BYTES = 50 };
  size_t total = 0;

  pair_open(f);
  f->user = &total;
  f->ops[0].then = then_read_and_wait;
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  pipe_send(f, f->peer, ready_pattern(), BYTES);
  loop_quiet(f);
  assert_int_equal(total, BYTES);
  assert_true(f->ops[0].done_count <= 2 * BYTES);
  f->ops[0].then = NULL;
}

/* --- Cancel and time limit ---------------------------------------------- */

static void wait_ends_without_loss(np_fixture *f, np_error expected) {
  unsigned which;

  for (unsigned round = 0; round < 2 * read_ahead_count; round++) {
    which = round % 2;
    pair_reopen(f);
    ready_set(f->end, read_aheads[round / 2], 65536);
    f->ops[round].op.timeout_ms = expected == WAIT_TIMEOUT ? 5 : 0;
    ready_begin(&f->ops[round], f->end, NP_READABLE);
    ready_begin(&f->ops[20 + round], f->end, NP_READABLE);
    if (which == 0) {
      loop_turn(f, 0); /* Now the read-ahead is in the kernel. */
    }
    if (expected == ERROR_OPERATION_ABORTED) {
      assert_np_ok(np_op_cancel(&f->ops[round].op));
    }
    loop_until_count(f, &f->ops[round].done_count, 1);
    assert_done(&f->ops[round], expected, 0);
    loop_quiet(f);
    assert_int_equal(f->ops[20 + round].done_count, 0);
    pipe_send(f, f->peer, "hello", 5);
    loop_until_count(f, &f->ops[20 + round].done_count, 1);
    assert_done(&f->ops[20 + round], NP_OK, NP_READABLE);
    assert_caught(f, f->end, "hello", 5);
  }
}

NP_CASE("ready/cancel", np_pipe_ready, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A cancelled wait ends alone: other waits go on, and nothing is lost.",
        "npipe/ready.h") {
  wait_ends_without_loss(f, ERROR_OPERATION_ABORTED);
}

NP_CASE("ready/timeout", np_pipe_ready, ANY_MODE | BOTH_ENDS, WAIT_TIMEOUT,
        "A wait that times out ends alone: other waits go on, and nothing is "
        "lost.",
        "npipe/ready.h") {
  wait_ends_without_loss(f, WAIT_TIMEOUT);
}

NP_CASE("ready/cancel-races-data", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "Whatever way the race of a cancel and a message goes, the message is "
        "read once.",
        "npipe/ready.h; museum D08 D10") {
  enum { ROUNDS = 200 };
  uint32_t state = 1;
  char digit;

  pair_open(f);
  for (unsigned round = 0; round < ROUNDS; round++) {
    ready_begin(&f->ops[0], f->end, NP_READABLE);
    if (ready_random(&state) % 2 != 0) {
      loop_turn(f, 0);
    }
    digit = (char)('0' + round % 10);
    write_begin(&f->ops[1], f->peer, &digit, 1);
    if (ready_random(&state) % 3 == 0) {
      loop_turn(f, 0);
    }
    np_op_cancel(&f->ops[0].op);
    loop_until(f, 2 * (round + 1));
    assert_true(f->ops[0].result == NP_OK ||
                f->ops[0].result == ERROR_OPERATION_ABORTED);
    assert_caught(f, f->end, &digit, 1);
  }
  assert_try_read(f->end, 10, NP_WOULD_BLOCK, NULL, 0);
}

NP_CASE("ready/cancel-writable", np_pipe_ready, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A cancel or a time limit of a wait for writability does not affect "
        "the taken data.",
        "npipe/ready.h") {
  const char *pattern = ready_pattern();

  pair_open_quota(f, READY_QUOTA);
  assert_try_write(f->end, pattern, 3 * READY_QUOTA, NP_OK, 3 * READY_QUOTA);
  f->ops[1].op.timeout_ms = 5;
  ready_begin(&f->ops[0], f->end, NP_WRITABLE);
  ready_begin(&f->ops[1], f->end, NP_WRITABLE);
  ready_begin(&f->ops[2], f->end, NP_WRITABLE);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  assert_ends(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  assert_ends(&f->ops[1], WAIT_TIMEOUT, 0);
  assert_received(f, f->peer, pattern, 3 * READY_QUOTA);
  assert_next(&f->ops[2], NP_OK, NP_WRITABLE);
}

NP_CASE("ready/close", np_pipe_ready, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "Closing the pipe ends every wait, before on_closed.", "npipe/pipe.h") {
  pair_open_quota(f, READY_QUOTA);
  assert_try_write(f->end, ready_pattern(), 3 * READY_QUOTA, NP_OK,
                   3 * READY_QUOTA);
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  ready_begin(&f->ops[1], f->end, NP_WRITABLE);
  ready_begin(&f->ops[2], f->end, NP_READ_CLOSED);
  assert_quiet(f, 0);
  pipe_close_wait(f, f->end);
  for (unsigned i = 0; i < 3; i++) {
    assert_done(&f->ops[i], ERROR_OPERATION_ABORTED, 0);
    assert_true(f->ops[i].order < f->closed_order);
  }
}

/* --- The loop ----------------------------------------------------------- */

NP_CASE("ready/run-ends", np_loop_run, ANY_MODE | BOTH_ENDS, NP_OK,
        "A read-ahead without a wait does not keep the loop running.",
        "npipe/loop.h") {
  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_reopen(f);
    ready_set(f->end, read_aheads[i], 65536);
    f->ops[i].op.timeout_ms = 5;
    ready_begin(&f->ops[i], f->end, NP_READABLE);
    assert_true(np_loop_is_pending(f->loop));
    assert_np_ok(loop_run(f));
    assert_done(&f->ops[i], WAIT_TIMEOUT, 0);
    assert_false(np_loop_is_pending(f->loop));
    assert_np_ok(loop_run(f));
    pipe_send(f, f->peer, "hello", 5);
    assert_caught(f, f->end, "hello", 5);
  }
}

NP_CASE("ready/foreign-port", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "On the caller's own port readiness works as on the loop's.",
        "OVERLAPPED_ENTRY#members") {
  loop_remake_foreign(f, 77);
  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_open(f);
    ready_set(f->end, read_aheads[i], 65536);
    ready_begin(&f->ops[i], f->end, NP_READABLE);
    loop_quiet(f);
    pipe_send(f, f->peer, "hello", 5);
    loop_until_count(f, &f->ops[i].done_count, 1);
    assert_caught(f, f->end, "hello", 5);
    ready_write_all(f, f->end, "world", 5);
    assert_received(f, f->peer, "world", 5);
    pipe_close(f, f->server);
    pipe_close(f, f->client);
    loop_drain(f);
  }
}
