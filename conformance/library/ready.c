/* np_pipe_ready and its options: who is woken, when, and with what. */
#include "ready_common.h"

/* --- Options ------------------------------------------------------------ */

NP_CASE("ready/options-init", np_ready_options_init, NO_MODE, NP_OK,
        "The defaults are 64 KiB to read ahead and 64 KiB to write behind.",
        "npipe/ready.h") {
  np_ready_options options;

  (void)f;
  memset(&options, 0xA5, sizeof(options));
  np_ready_options_init(&options);
  assert_int_equal(options.size, sizeof(options));
  assert_int_equal(options.read_ahead_bytes, 65536);
  assert_int_equal(options.write_buffer_bytes, 65536);
  np_ready_options_init(NULL);
}

NP_CASE("ready/set-options", np_pipe_set_ready_options, BOTH_ENDS, NP_OK,
        "Options may be set again until readiness is asked for, up to the "
        "limits.",
        "npipe/ready.h") {
  pair_open(f);
  ready_set(f->end, (size_t)1 << 30, (size_t)1 << 30);
  ready_set(f->end, 0, 1);
  ready_set(f->end, 4, 4);
  pipe_send(f, f->peer, "0123456789", 10);
  assert_caught(f, f->end, "0123456789", 10);
  assert_try_write(f->end, "0123456789", 10, NP_OK, 4);
}

NP_CASE("ready/set-options-bad", np_pipe_set_ready_options, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A NULL, a size that is not the struct's and a number out of range are "
        "refused, and change nothing.",
        "npipe/ready.h") {
  np_ready_options good;
  np_ready_options options;

  pair_open(f);
  np_ready_options_init(&good);
  assert_np_error(np_pipe_set_ready_options(NULL, &good),
                  ERROR_INVALID_PARAMETER);
  assert_np_error(np_pipe_set_ready_options(f->end, NULL),
                  ERROR_INVALID_PARAMETER);
  options = good;
  options.size--;
  assert_np_error(np_pipe_set_ready_options(f->end, &options),
                  ERROR_INVALID_PARAMETER);
  options = good;
  options.size = 0;
  assert_np_error(np_pipe_set_ready_options(f->end, &options),
                  ERROR_INVALID_PARAMETER);
  options = good;
  options.write_buffer_bytes = 0;
  assert_np_error(np_pipe_set_ready_options(f->end, &options),
                  ERROR_INVALID_PARAMETER);
  options = good;
  options.write_buffer_bytes = ((size_t)1 << 30) + 1;
  assert_np_error(np_pipe_set_ready_options(f->end, &options),
                  ERROR_INVALID_PARAMETER);
  options = good;
  options.read_ahead_bytes = ((size_t)1 << 30) + 1;
  assert_np_error(np_pipe_set_ready_options(f->end, &options),
                  ERROR_INVALID_PARAMETER);
  assert_try_write(f->end, ready_pattern(), 65537, NP_OK, 65536);
}

NP_CASE("ready/set-options-closing", np_pipe_set_ready_options, NO_MODE,
        ERROR_INVALID_HANDLE, "A pipe that is being closed takes no options.",
        "npipe/ready.h") {
  np_ready_options options;

  np_ready_options_init(&options);
  assert_np_error(np_pipe_set_ready_options(pipe_closing(f), &options),
                  ERROR_INVALID_HANDLE);
}

static void asked(np_fixture *f, unsigned way) {
  np_ready_options options;
  size_t count = 0;

  np_ready_options_init(&options);
  switch (way) {
    case 0:
      ready_wait(f, f->end, NP_WRITABLE);
      break;
    case 1:
      assert_try_read(f->end, 10, NP_WOULD_BLOCK, NULL, 0);
      break;
    case 2:
      assert_try_write(f->end, "x", 1, NP_OK, 1);
      break;
    default:
      f->ops[0].op.timeout_ms = 1;
      f->ops[0].start_count = 1;
      assert_np_ok(np_pipe_readable(f->end, &f->ops[0].op, on_done));
      loop_until(f, 1);
      break;
  }
  assert_np_error(np_pipe_set_ready_options(f->end, &options), ERROR_BUSY);
  assert_np_error(np_pipe_try_read(f->end, &options, 0, &count),
                  NP_WOULD_BLOCK);
}

NP_CASE("ready/set-options-late", np_pipe_set_ready_options, NO_MODE,
        ERROR_BUSY,
        "Once readiness was asked for, by a wait or a try, the options stay.",
        "npipe/ready.h") {
  unsigned way;

  pair_open(f);
  for (way = 0; way < 4; way++) {
    asked(f, way);
    if (way < 3) {
      pair_reopen(f);
    }
  }
}

static np_error attempt_set_options(np_fixture *f) {
  np_ready_options options;

  np_ready_options_init(&options);
  return np_pipe_set_ready_options(f->end, &options);
}

NP_CASE("ready/set-options-no-memory", np_pipe_set_ready_options, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Without memory nothing is set, and it can be tried again.",
        "npipe/ready.h") {
  pair_open(f);
  memory_sweep(f, attempt_set_options);
}

/* --- What cannot begin -------------------------------------------------- */

NP_CASE("ready/bad-parameter", np_pipe_ready, NO_MODE, ERROR_INVALID_PARAMETER,
        "A NULL, no interest and an interest that does not exist are refused.",
        "npipe/ready.h") {
  np_op *op = &f->ops[0].op;

  pair_open(f);
  assert_np_error(np_pipe_ready(NULL, NP_READABLE, op, on_never),
                  ERROR_INVALID_PARAMETER);
  assert_np_error(np_pipe_ready(f->end, NP_READABLE, NULL, on_never),
                  ERROR_INVALID_PARAMETER);
  assert_np_error(np_pipe_ready(f->end, NP_READABLE, op, NULL),
                  ERROR_INVALID_PARAMETER);
  assert_np_error(np_pipe_ready(f->end, 0, op, on_never),
                  ERROR_INVALID_PARAMETER);
  assert_np_error(np_pipe_ready(f->end, 16, op, on_never),
                  ERROR_INVALID_PARAMETER);
  assert_np_error(
      np_pipe_ready(f->end, NP_READABLE | 0x80000000u, op, on_never),
      ERROR_INVALID_PARAMETER);
  loop_quiet(f);
}

NP_CASE("ready/bad-parameter-readable", np_pipe_readable, NO_MODE,
        ERROR_INVALID_PARAMETER, "A NULL is refused.", "npipe/ready.h") {
  pair_open(f);
  assert_np_error(np_pipe_readable(NULL, &f->ops[0].op, on_never),
                  ERROR_INVALID_PARAMETER);
  assert_np_error(np_pipe_readable(f->end, NULL, on_never),
                  ERROR_INVALID_PARAMETER);
  assert_np_error(np_pipe_readable(f->end, &f->ops[0].op, NULL),
                  ERROR_INVALID_PARAMETER);
}

NP_CASE("ready/bad-parameter-writable", np_pipe_writable, NO_MODE,
        ERROR_INVALID_PARAMETER, "A NULL is refused.", "npipe/ready.h") {
  pair_open(f);
  assert_np_error(np_pipe_writable(NULL, &f->ops[0].op, on_never),
                  ERROR_INVALID_PARAMETER);
  assert_np_error(np_pipe_writable(f->end, NULL, on_never),
                  ERROR_INVALID_PARAMETER);
  assert_np_error(np_pipe_writable(f->end, &f->ops[0].op, NULL),
                  ERROR_INVALID_PARAMETER);
}

NP_CASE("ready/closing", np_pipe_ready, BOTH_ENDS, ERROR_INVALID_HANDLE,
        "Nobody can begin to wait for a pipe that is being closed.",
        "npipe/ready.h") {
  assert_np_error(
      np_pipe_ready(pipe_closing(f), NP_READABLE, &f->ops[0].op, on_never),
      ERROR_INVALID_HANDLE);
}

NP_CASE("ready/closing-readable", np_pipe_readable, NO_MODE,
        ERROR_INVALID_HANDLE,
        "Nobody can begin to wait for a pipe that is being closed.",
        "npipe/ready.h") {
  assert_np_error(np_pipe_readable(pipe_closing(f), &f->ops[0].op, on_never),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("ready/closing-writable", np_pipe_writable, NO_MODE,
        ERROR_INVALID_HANDLE,
        "Nobody can begin to wait for a pipe that is being closed.",
        "npipe/ready.h") {
  assert_np_error(np_pipe_writable(pipe_closing(f), &f->ops[0].op, on_never),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("ready/busy", np_pipe_ready, NO_MODE, ERROR_BUSY,
        "An operation that waits cannot wait once more.", "npipe/ready.h") {
  pair_open(f);
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  assert_np_error(np_pipe_ready(f->end, NP_WRITABLE, &f->ops[0].op, on_never),
                  ERROR_BUSY);
  pipe_send(f, f->peer, "x", 1);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, NP_READABLE);
}

NP_CASE("ready/busy-readable", np_pipe_readable, NO_MODE, ERROR_BUSY,
        "An operation in flight cannot wait for readiness.", "npipe/ready.h") {
  pair_open(f);
  read_begin(&f->ops[0], f->end, 10);
  assert_np_error(np_pipe_readable(f->end, &f->ops[0].op, on_never),
                  ERROR_BUSY);
}

NP_CASE("ready/busy-writable", np_pipe_writable, NO_MODE, ERROR_BUSY,
        "An operation in flight cannot wait for readiness.", "npipe/ready.h") {
  pair_open(f);
  read_begin(&f->ops[0], f->end, 10);
  assert_np_error(np_pipe_writable(f->end, &f->ops[0].op, on_never),
                  ERROR_BUSY);
}

NP_CASE("ready/one-way", np_pipe_ready, BOTH_ENDS, ERROR_ACCESS_DENIED,
        "An interest in a direction that the end has not is refused; one in "
        "both waits for the other.",
        "npipe/ready.h") {
  const np_interest reading = NP_READABLE | NP_READ_CLOSED;
  const np_interest writing = NP_WRITABLE | NP_WRITE_CLOSED;
  np_op *op = &f->ops[0].op;

  pair_open_one_way(f, false);
  assert_np_error(np_pipe_ready(f->end, NP_READABLE, op, on_never),
                  ERROR_ACCESS_DENIED);
  assert_np_error(np_pipe_ready(f->end, NP_READ_CLOSED, op, on_never),
                  ERROR_ACCESS_DENIED);
  assert_np_error(np_pipe_ready(f->end, reading, op, on_never),
                  ERROR_ACCESS_DENIED);
  assert_np_error(np_pipe_ready(f->peer, NP_WRITABLE, op, on_never),
                  ERROR_ACCESS_DENIED);
  assert_np_error(np_pipe_ready(f->peer, NP_WRITE_CLOSED, op, on_never),
                  ERROR_ACCESS_DENIED);
  assert_np_error(np_pipe_ready(f->peer, writing, op, on_never),
                  ERROR_ACCESS_DENIED);
  assert_int_equal(ready_wait(f, f->end, reading | writing), NP_WRITABLE);
  pipe_send(f, f->end, "x", 1);
  assert_int_equal(ready_wait(f, f->peer, reading | writing), NP_READABLE);
}

NP_CASE("ready/one-way-readable", np_pipe_readable, BOTH_ENDS,
        ERROR_ACCESS_DENIED, "An end that only writes is never readable.",
        "npipe/ready.h") {
  pair_open_one_way(f, false);
  assert_np_error(np_pipe_readable(f->end, &f->ops[0].op, on_never),
                  ERROR_ACCESS_DENIED);
}

NP_CASE("ready/one-way-writable", np_pipe_writable, BOTH_ENDS,
        ERROR_ACCESS_DENIED, "An end that only reads is never writable.",
        "npipe/ready.h") {
  pair_open_one_way(f, true);
  assert_np_error(np_pipe_writable(f->end, &f->ops[0].op, on_never),
                  ERROR_ACCESS_DENIED);
}

static np_error attempt_ready(np_fixture *f) {
  np_error error = np_pipe_ready(f->end, NP_READABLE | NP_READ_CLOSED,
                                 &f->ops[0].op, on_done);

  f->ops[0].start_count += error == NP_OK;
  return error;
}

static np_error attempt_readable(np_fixture *f) {
  np_error error = np_pipe_readable(f->end, &f->ops[0].op, on_done);

  f->ops[0].start_count += error == NP_OK;
  return error;
}

static np_error attempt_writable(np_fixture *f) {
  np_error error = np_pipe_writable(f->end, &f->ops[0].op, on_done);

  f->ops[0].start_count += error == NP_OK;
  return error;
}

static void wakes_after_all(np_fixture *f, np_error (*attempt)(np_fixture *f),
                            np_readiness result) {
  pair_open(f);
  memory_sweep(f, attempt);
  pipe_send(f, f->peer, "abc", 3);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, result);
  assert_caught(f, f->end, "abc", 3);
}

NP_CASE("ready/no-memory", np_pipe_ready, ANY_MODE, ERROR_NOT_ENOUGH_MEMORY,
        "Without memory no wait begins, nothing is lost, and it can be tried "
        "again.",
        "npipe/ready.h") {
  wakes_after_all(f, attempt_ready, NP_READABLE);
}

NP_CASE("ready/no-memory-readable", np_pipe_readable, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Without memory no wait begins, and it can be tried again.",
        "npipe/ready.h") {
  wakes_after_all(f, attempt_readable, NP_READABLE);
}

NP_CASE("ready/no-memory-writable", np_pipe_writable, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Without memory no wait begins, and it can be tried again.",
        "npipe/ready.h") {
  wakes_after_all(f, attempt_writable, NP_WRITABLE);
}

/* --- Readable ----------------------------------------------------------- */

NP_CASE("ready/readable-waits", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "Who waits to read is not woken before there is something, and then "
        "is.",
        "ReadFile#pipes") {
  pair_open(f);
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  loop_quiet(f);
  assert_int_equal(f->done_count, 0);
  pipe_send(f, f->peer, "hello", 5);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, NP_READABLE);
  assert_try_read(f->end, 64, NP_OK, "hello", 5);
  assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
}

NP_CASE("ready/readable-already", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "What was there before the wait wakes, too, from the loop.",
        "ReadFile#pipes") {
  size_t i;

  for (i = 0; i < read_ahead_count; i++) {
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
  size_t i;
  unsigned round;

  for (i = 0; i < read_ahead_count; i++) {
    pair_reopen(f);
    ready_set(f->end, read_aheads[i], 65536);
    pipe_send(f, f->peer, "hello", 5);
    for (round = 0; round < 5; round++) {
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
  size_t i;
  char byte = 0;
  size_t got = 0;
  size_t at;

  for (i = 0; i < read_ahead_count; i++) {
    pair_reopen(f);
    ready_set(f->end, read_aheads[i], 65536);
    pipe_send(f, f->peer, "0123456789", 10);
    for (at = 0; at < 10; at++) {
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
  size_t i;

  for (i = 0; i < read_ahead_count; i++) {
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
  loop_quiet(f);
  assert_int_equal(f->done_count, 0);
  pipe_send(f, f->peer, "hello", 5);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, NP_READABLE);
}

/* --- Writable ----------------------------------------------------------- */

NP_CASE("ready/writable-convenience", np_pipe_writable, ANY_MODE | BOTH_ENDS,
        NP_OK, "A connected end is writable at once, told from the loop.",
        "npipe/ready.h") {
  pair_open(f);
  f->ops[0].start_count = 1;
  assert_np_ok(np_pipe_writable(f->end, &f->ops[0].op, on_done));
  assert_int_equal(f->done_count, 0);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, NP_WRITABLE);
  assert_try_write(f->end, "x", 1, NP_OK, 1);
}

NP_CASE("ready/writable-after-full", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "While what was taken waits for the peer the end is not writable; when "
        "the peer has read enough it is.",
        "WriteFile#pipes") {
  const char *pattern = ready_pattern();

  ready_quota(f, READY_QUOTA);
  pair_open(f);
  assert_try_write(f->end, pattern, 3 * READY_QUOTA, NP_OK, 3 * READY_QUOTA);
  ready_begin(&f->ops[0], f->end, NP_WRITABLE);
  loop_quiet(f);
  assert_int_equal(f->done_count, 0);
  assert_received(f, f->peer, pattern, 3 * READY_QUOTA);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, NP_WRITABLE);
  assert_try_write(f->end, "x", 1, NP_OK, 1);
  assert_received(f, f->peer, "x", 1);
}

NP_CASE("ready/both", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "A wait for either ends with what holds, and with both when both do.",
        "npipe/ready.h") {
  const char *pattern = ready_pattern();

  ready_quota(f, READY_QUOTA);
  pair_open(f);
  assert_int_equal(ready_wait(f, f->end, NP_READABLE | NP_WRITABLE),
                   NP_WRITABLE);
  assert_try_write(f->end, pattern, 3 * READY_QUOTA, NP_OK, 3 * READY_QUOTA);
  ready_begin(&f->ops[0], f->end, NP_READABLE | NP_WRITABLE);
  loop_quiet(f);
  assert_int_equal(f->done_count, 0);
  pipe_send(f, f->peer, "hello", 5);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, NP_READABLE);
  assert_received(f, f->peer, pattern, 3 * READY_QUOTA);
  ready_wait(f, f->end, NP_WRITABLE);
  assert_int_equal(ready_wait(f, f->end, NP_READABLE | NP_WRITABLE),
                   NP_READABLE | NP_WRITABLE);
}

/* --- Closed ------------------------------------------------------------- */

NP_CASE("ready/read-closed", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "Who waits to read is woken by the end of the stream, and is told so.",
        "ReadFile#pipes") {
  size_t i;

  for (i = 0; i < read_ahead_count; i++) {
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
        "A peer that had gone before the wait is told at once.",
        "ReadFile#pipes; museum E14") {
  size_t i;

  for (i = 0; i < read_ahead_count; i++) {
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
        "A wait for the end of the stream alone is not woken by bytes, and is "
        "when all that came before was read.",
        "npipe/ready.h") {
  size_t i;

  for (i = 0; i < read_ahead_count; i++) {
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
  size_t i;

  for (i = 0; i < read_ahead_count; i++) {
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
  loop_quiet(f);
  assert_int_equal(f->done_count, 0);
  server_disconnect(f);
  assert_done(&f->ops[0], NP_OK, NP_READABLE | NP_READ_CLOSED);
  assert_try_read(f->client, 64, ERROR_PIPE_NOT_CONNECTED, NULL, 0);
}

NP_CASE("ready/write-closed", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "The end of an idle peer ends a wait for NP_WRITE_CLOSED.",
        "npipe/ready.h") {
  pair_open(f);
  ready_begin(&f->ops[0], f->end, NP_WRITE_CLOSED);
  loop_quiet(f);
  assert_int_equal(f->done_count, 0);
  pipe_close(f, f->peer);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, NP_WRITE_CLOSED);
  assert_int_equal(ready_wait(f, f->end, NP_WRITABLE),
                   NP_WRITABLE | NP_WRITE_CLOSED);
  assert_try_write(f->end, "x", 1, ERROR_NO_DATA, 0);
}

NP_CASE("ready/write-closed-in-background", np_pipe_ready, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "A peer that goes while what was taken waits for it wakes who waits to "
        "write, with NP_WRITE_CLOSED.",
        "WriteFile#pipes") {
  ready_quota(f, READY_QUOTA);
  pair_open(f);
  assert_try_write(f->end, ready_pattern(), 3 * READY_QUOTA, NP_OK,
                   3 * READY_QUOTA);
  ready_begin(&f->ops[0], f->end, NP_WRITABLE);
  ready_begin(&f->ops[1], f->end, NP_WRITE_CLOSED);
  loop_quiet(f);
  assert_int_equal(f->done_count, 0);
  pipe_close(f, f->peer);
  loop_until(f, 2);
  assert_done(&f->ops[0], NP_OK, NP_WRITABLE | NP_WRITE_CLOSED);
  assert_done(&f->ops[1], NP_OK, NP_WRITE_CLOSED);
}

NP_CASE("ready/write-closed-one-way", np_pipe_ready, ANY_MODE | BOTH_ENDS,
        NP_OK, "So does an end that only writes, and cannot notice by reading.",
        "WriteFile#pipes; museum S06") {
  ready_quota(f, READY_QUOTA);
  pair_open_one_way(f, false);
  assert_try_write(f->end, ready_pattern(), 3 * READY_QUOTA, NP_OK,
                   3 * READY_QUOTA);
  ready_begin(&f->ops[0], f->end, NP_WRITABLE | NP_READABLE);
  loop_quiet(f);
  assert_int_equal(f->done_count, 0);
  pipe_close(f, f->peer);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, NP_WRITABLE | NP_WRITE_CLOSED);
  assert_try_write(f->end, "x", 1, ERROR_BROKEN_PIPE, 0);
  assert_try_write(f->end, "x", 1, ERROR_NO_DATA, 0);
}

/* --- Before and after a client ------------------------------------------ */

NP_CASE(
    "ready/listening", np_pipe_ready, ANY_MODE, NP_OK,
    "A server that nobody has opened is ready: the tries say that nobody is "
    "there, and that is no end.",
    "ReadFile#pipes") {
  server_listen(f);
  assert_int_equal(ready_wait(f, f->server, NP_READABLE), NP_READABLE);
  assert_try_read(f->server, 64, ERROR_PIPE_LISTENING, NULL, 0);
  assert_int_equal(ready_wait(f, f->server, NP_WRITABLE), NP_WRITABLE);
  assert_try_write(f->server, "x", 1, ERROR_PIPE_LISTENING, 0);
  client_open_end(f);
  ready_begin(&f->ops[0], f->server, NP_READ_CLOSED);
  pipe_send(f, f->client, "hello", 5);
  assert_caught(f, f->server, "hello", 5);
  assert_int_equal(f->done_count, 0);
}

NP_CASE("ready/disconnect", np_pipe_ready, ANY_MODE, ERROR_PIPE_NOT_CONNECTED,
        "np_server_disconnect ends every wait on the server end.",
        "DisconnectNamedPipe#remarks") {
  unsigned i;

  ready_quota(f, READY_QUOTA);
  pair_open(f);
  assert_try_write(f->server, ready_pattern(), 3 * READY_QUOTA, NP_OK,
                   3 * READY_QUOTA);
  ready_begin(&f->ops[0], f->server, NP_READABLE);
  ready_begin(&f->ops[1], f->server, NP_WRITABLE);
  ready_begin(&f->ops[2], f->server, NP_READ_CLOSED);
  ready_begin(&f->ops[3], f->server, NP_WRITE_CLOSED);
  loop_quiet(f);
  assert_int_equal(f->done_count, 0);
  server_disconnect(f);
  for (i = 0; i < 4; i++) {
    assert_done(&f->ops[i], ERROR_PIPE_NOT_CONNECTED, 0);
  }
}

/* --- Several who wait --------------------------------------------------- */

NP_CASE("ready/many-waiters", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "Any number may wait at once; all that wait for what happens are "
        "woken, in the order in which they began.",
        "npipe/ready.h") {
  enum { WAITERS = 40 };
  unsigned i;

  pair_open(f);
  for (i = 0; i < WAITERS; i++) {
    ready_begin(&f->ops[i], f->end, NP_READABLE);
  }
  loop_quiet(f);
  assert_int_equal(f->done_count, 0);
  pipe_send(f, f->peer, "x", 1);
  loop_until(f, WAITERS);
  for (i = 0; i < WAITERS; i++) {
    assert_done(&f->ops[i], NP_OK, NP_READABLE);
    assert_true(i == 0 || f->ops[i].order > f->ops[i - 1].order);
  }
  assert_caught(f, f->end, "x", 1);
}

NP_CASE("ready/each-for-its-own", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "Of several with different interests only those are woken whose own "
        "holds.",
        "npipe/ready.h; museum R01") {
  const char *pattern = ready_pattern();

  ready_quota(f, READY_QUOTA);
  pair_open(f);
  assert_try_write(f->end, pattern, 3 * READY_QUOTA, NP_OK, 3 * READY_QUOTA);
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  ready_begin(&f->ops[1], f->end, NP_WRITABLE);
  ready_begin(&f->ops[2], f->end, NP_READ_CLOSED);
  ready_begin(&f->ops[3], f->end, NP_WRITE_CLOSED);
  ready_begin(&f->ops[4], f->end, NP_READABLE | NP_WRITABLE);
  pipe_send(f, f->peer, "x", 1);
  loop_until(f, 2);
  loop_quiet(f);
  assert_int_equal(f->done_count, 2);
  assert_done(&f->ops[0], NP_OK, NP_READABLE);
  assert_done(&f->ops[4], NP_OK, NP_READABLE);
  assert_received(f, f->peer, pattern, 3 * READY_QUOTA);
  loop_until(f, 3);
  loop_quiet(f);
  assert_int_equal(f->done_count, 3);
  assert_done(&f->ops[1], NP_OK, NP_WRITABLE);
  assert_caught(f, f->end, "x", 1);
  pipe_close(f, f->peer);
  loop_until(f, 5);
  assert_done(&f->ops[2], NP_OK, NP_READ_CLOSED);
  assert_done(&f->ops[3], NP_OK, NP_WRITE_CLOSED);
}

NP_CASE("ready/false-alarm", np_pipe_ready, ANY_MODE | BOTH_ENDS,
        NP_WOULD_BLOCK,
        "When another was faster the try says so, and the next wait waits.",
        "npipe/ready.h") {
  pair_open(f);
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  ready_begin(&f->ops[1], f->end, NP_READABLE);
  pipe_send(f, f->peer, "x", 1);
  loop_until(f, 2);
  assert_caught(f, f->end, "x", 1);
  assert_try_read(f->end, 1, NP_WOULD_BLOCK, NULL, 0);
  ready_begin(&f->ops[2], f->end, NP_READABLE);
  loop_quiet(f);
  assert_int_equal(f->done_count, 2);
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
  unsigned round;
  unsigned which;

  for (round = 0; round < 2 * read_ahead_count; round++) {
    which = round % 2;
    pair_reopen(f);
    ready_set(f->end, read_aheads[round / 2], 65536);
    f->ops[round].op.timeout_ms = expected == WAIT_TIMEOUT ? 5 : 0;
    ready_begin(&f->ops[round], f->end, NP_READABLE);
    ready_begin(&f->ops[20 + round], f->end, NP_READABLE);
    if (which == 0) {
      loop_turn(f, 0); /* The kernel has the read-ahead. */
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
        "A wait that is cancelled ends alone: others go on, and nothing is "
        "lost.",
        "npipe/ready.h") {
  wait_ends_without_loss(f, ERROR_OPERATION_ABORTED);
}

NP_CASE("ready/timeout", np_pipe_ready, ANY_MODE | BOTH_ENDS, WAIT_TIMEOUT,
        "A wait past its time limit ends alone: others go on, and nothing is "
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
  unsigned round;
  char digit;

  pair_open(f);
  for (round = 0; round < ROUNDS; round++) {
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
        "To cancel or to time out a wait for writability does not touch what "
        "was taken.",
        "npipe/ready.h") {
  const char *pattern = ready_pattern();

  ready_quota(f, READY_QUOTA);
  pair_open(f);
  assert_try_write(f->end, pattern, 3 * READY_QUOTA, NP_OK, 3 * READY_QUOTA);
  f->ops[1].op.timeout_ms = 5;
  ready_begin(&f->ops[0], f->end, NP_WRITABLE);
  ready_begin(&f->ops[1], f->end, NP_WRITABLE);
  ready_begin(&f->ops[2], f->end, NP_WRITABLE);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  loop_until(f, 2);
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  assert_done(&f->ops[1], WAIT_TIMEOUT, 0);
  assert_received(f, f->peer, pattern, 3 * READY_QUOTA);
  loop_until(f, 3);
  assert_done(&f->ops[2], NP_OK, NP_WRITABLE);
}

NP_CASE("ready/close", np_pipe_ready, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "Closing the pipe ends every wait, before on_closed.", "npipe/pipe.h") {
  unsigned i;

  ready_quota(f, READY_QUOTA);
  pair_open(f);
  assert_try_write(f->end, ready_pattern(), 3 * READY_QUOTA, NP_OK,
                   3 * READY_QUOTA);
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  ready_begin(&f->ops[1], f->end, NP_WRITABLE);
  ready_begin(&f->ops[2], f->end, NP_READ_CLOSED);
  loop_quiet(f);
  assert_int_equal(f->done_count, 0);
  pipe_close_wait(f, f->end);
  for (i = 0; i < 3; i++) {
    assert_done(&f->ops[i], ERROR_OPERATION_ABORTED, 0);
    assert_true(f->ops[i].order < f->closed_order);
  }
}

/* --- The loop ----------------------------------------------------------- */

NP_CASE("ready/run-ends", np_loop_run, ANY_MODE | BOTH_ENDS, NP_OK,
        "A read-ahead that nobody waits for does not keep the loop running.",
        "npipe/loop.h") {
  size_t i;

  for (i = 0; i < read_ahead_count; i++) {
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
  size_t i;

  loop_remake_foreign(f, 77);
  for (i = 0; i < read_ahead_count; i++) {
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
