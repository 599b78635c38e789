/* The options of readiness, and waits that are refused. */
#include "ready_common.h"

/* --- Options ------------------------------------------------------------ */

NP_CASE("ready-options/options-init", np_ready_options_init, NO_MODE, NP_OK,
        "The defaults are 64 KiB to read ahead and 64 KiB to write behind.",
        "npipe/ready.h") {
  np_ready_options options;

  memset(&options, 0xA5, sizeof(options));
  np_ready_options_init(&options);
  assert_int_equal(options.size, sizeof(options));
  assert_int_equal(options.read_ahead_bytes, 65536);
  assert_int_equal(options.write_buffer_bytes, 65536);
  np_ready_options_init(NULL);
}

NP_CASE("ready-options/set-options", np_pipe_set_ready_options, BOTH_ENDS,
        NP_OK,
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

NP_CASE("ready-options/set-options-bad", np_pipe_set_ready_options, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A NULL, a size that is not the struct's and a number out of range are "
        "refused, and change nothing.",
        "npipe/ready.h") {
  np_ready_options good = ready_options();
  np_ready_options options;

  pair_open(f);
  assert_invalid(np_pipe_set_ready_options(NULL, &good));
  assert_invalid(np_pipe_set_ready_options(f->end, NULL));
  options = good;
  options.size--;
  assert_invalid(np_pipe_set_ready_options(f->end, &options));
  options = good;
  options.size = 0;
  assert_invalid(np_pipe_set_ready_options(f->end, &options));
  options = good;
  options.write_buffer_bytes = 0;
  assert_invalid(np_pipe_set_ready_options(f->end, &options));
  options = good;
  options.write_buffer_bytes = ((size_t)1 << 30) + 1;
  assert_invalid(np_pipe_set_ready_options(f->end, &options));
  options = good;
  options.read_ahead_bytes = ((size_t)1 << 30) + 1;
  assert_invalid(np_pipe_set_ready_options(f->end, &options));
  assert_try_write(f->end, ready_pattern(), 65537, NP_OK, 65536);
}

NP_CASE("ready-options/set-options-closing", np_pipe_set_ready_options, NO_MODE,
        ERROR_INVALID_HANDLE, "A pipe that is being closed takes no options.",
        "npipe/ready.h") {
  np_ready_options options = ready_options();

  assert_np_error(np_pipe_set_ready_options(pipe_closing(f), &options),
                  ERROR_INVALID_HANDLE);
}

static void asked(np_fixture *f, unsigned way) {
  np_ready_options options = ready_options();
  size_t count = 0;

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

NP_CASE("ready-options/set-options-late", np_pipe_set_ready_options, NO_MODE,
        ERROR_BUSY,
        "Once readiness was asked for, by a wait or a try, the options stay.",
        "npipe/ready.h") {
  pair_open(f);
  for (unsigned way = 0; way < 4; way++) {
    asked(f, way);
    if (way < 3) {
      pair_reopen(f);
    }
  }
}

static np_error attempt_set_options(np_fixture *f) {
  np_ready_options options = ready_options();

  return np_pipe_set_ready_options(f->end, &options);
}

NP_CASE("ready-options/set-options-no-memory", np_pipe_set_ready_options,
        NO_MODE, ERROR_NOT_ENOUGH_MEMORY,
        "Without memory no option changes, and the call can be tried again.",
        "npipe/ready.h") {
  pair_open(f);
  memory_sweep(f, attempt_set_options);
}

/* --- What cannot begin -------------------------------------------------- */

NP_CASE("ready-options/bad-parameter", np_pipe_ready, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A NULL, no interest and an interest that does not exist are refused.",
        "npipe/ready.h") {
  np_op *op = &f->ops[0].op;

  pair_open(f);
  assert_invalid(np_pipe_ready(NULL, NP_READABLE, op, on_never));
  assert_invalid(np_pipe_ready(f->end, NP_READABLE, NULL, on_never));
  assert_invalid(np_pipe_ready(f->end, NP_READABLE, op, NULL));
  assert_invalid(np_pipe_ready(f->end, 0, op, on_never));
  assert_invalid(np_pipe_ready(f->end, 16, op, on_never));
  assert_invalid(
      np_pipe_ready(f->end, NP_READABLE | 0x80000000u, op, on_never));
  loop_quiet(f);
}

NP_CASE("ready-options/bad-parameter-readable", np_pipe_readable, NO_MODE,
        ERROR_INVALID_PARAMETER, "A NULL is refused.", "npipe/ready.h") {
  pair_open(f);
  assert_invalid(np_pipe_readable(NULL, &f->ops[0].op, on_never));
  assert_invalid(np_pipe_readable(f->end, NULL, on_never));
  assert_invalid(np_pipe_readable(f->end, &f->ops[0].op, NULL));
}

NP_CASE("ready-options/bad-parameter-writable", np_pipe_writable, NO_MODE,
        ERROR_INVALID_PARAMETER, "A NULL is refused.", "npipe/ready.h") {
  pair_open(f);
  assert_invalid(np_pipe_writable(NULL, &f->ops[0].op, on_never));
  assert_invalid(np_pipe_writable(f->end, NULL, on_never));
  assert_invalid(np_pipe_writable(f->end, &f->ops[0].op, NULL));
}

NP_CASE("ready-options/closing", np_pipe_ready, BOTH_ENDS, ERROR_INVALID_HANDLE,
        "A wait for a pipe that is being closed is refused.", "npipe/ready.h") {
  assert_np_error(
      np_pipe_ready(pipe_closing(f), NP_READABLE, &f->ops[0].op, on_never),
      ERROR_INVALID_HANDLE);
}

NP_CASE("ready-options/closing-readable", np_pipe_readable, NO_MODE,
        ERROR_INVALID_HANDLE,
        "A wait for a pipe that is being closed is refused.", "npipe/ready.h") {
  assert_np_error(np_pipe_readable(pipe_closing(f), &f->ops[0].op, on_never),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("ready-options/closing-writable", np_pipe_writable, NO_MODE,
        ERROR_INVALID_HANDLE,
        "A wait for a pipe that is being closed is refused.", "npipe/ready.h") {
  assert_np_error(np_pipe_writable(pipe_closing(f), &f->ops[0].op, on_never),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("ready-options/busy", np_pipe_ready, NO_MODE, ERROR_BUSY,
        "An operation that waits cannot wait once more.", "npipe/ready.h") {
  pair_open(f);
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  assert_np_error(np_pipe_ready(f->end, NP_WRITABLE, &f->ops[0].op, on_never),
                  ERROR_BUSY);
  pipe_send(f, f->peer, "x", 1);
  assert_next(&f->ops[0], NP_OK, NP_READABLE);
}

NP_CASE("ready-options/busy-readable", np_pipe_readable, NO_MODE, ERROR_BUSY,
        "An operation in flight cannot wait for readiness.", "npipe/ready.h") {
  pair_open(f);
  read_begin(&f->ops[0], f->end, 10);
  assert_np_error(np_pipe_readable(f->end, &f->ops[0].op, on_never),
                  ERROR_BUSY);
}

NP_CASE("ready-options/busy-writable", np_pipe_writable, NO_MODE, ERROR_BUSY,
        "An operation in flight cannot wait for readiness.", "npipe/ready.h") {
  pair_open(f);
  read_begin(&f->ops[0], f->end, 10);
  assert_np_error(np_pipe_writable(f->end, &f->ops[0].op, on_never),
                  ERROR_BUSY);
}

NP_CASE("ready-options/one-way", np_pipe_ready, BOTH_ENDS, ERROR_ACCESS_DENIED,
        "A wait for a direction that the end does not have is refused. A wait "
        "for both directions waits for the one that it has.",
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

NP_CASE("ready-options/one-way-readable", np_pipe_readable, BOTH_ENDS,
        ERROR_ACCESS_DENIED, "An end that only writes is never readable.",
        "npipe/ready.h") {
  pair_open_one_way(f, false);
  assert_np_error(np_pipe_readable(f->end, &f->ops[0].op, on_never),
                  ERROR_ACCESS_DENIED);
}

NP_CASE("ready-options/one-way-writable", np_pipe_writable, BOTH_ENDS,
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
  assert_next(&f->ops[0], NP_OK, result);
  assert_caught(f, f->end, "abc", 3);
}

NP_CASE("ready-options/no-memory", np_pipe_ready, ANY_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Without memory no wait begins, nothing is lost, and it can be tried "
        "again.",
        "npipe/ready.h") {
  wakes_after_all(f, attempt_ready, NP_READABLE);
}

NP_CASE("ready-options/no-memory-readable", np_pipe_readable, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Without memory no wait begins, and it can be tried again.",
        "npipe/ready.h") {
  wakes_after_all(f, attempt_readable, NP_READABLE);
}

NP_CASE("ready-options/no-memory-writable", np_pipe_writable, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Without memory no wait begins, and it can be tried again.",
        "npipe/ready.h") {
  wakes_after_all(f, attempt_writable, NP_WRITABLE);
}
