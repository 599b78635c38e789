/* The order of a stream is the order of the callbacks, even if different
 * reading functions are mixed. A read that has completed counts as unread until
 * its callback has run. */
#include "library/ready/ready_common.h"

static struct {
  np_error error;
  size_t length;
  char data[16];
} tried;

static void try_now(np_pipe *pipe) {
  tried.error =
      np_pipe_try_read(pipe, tried.data, sizeof(tried.data), &tried.length);
}

static void task_tries(np_fixture *f, struct task_recorder *recorder) {
  (void)recorder;
  try_now(f->end);
}

static void read_tries(np_fixture *f, struct recorder *recorder) {
  (void)recorder;
  try_now(f->end);
}

NP_CASE("order-mixed/try-read-in-task", np_pipe_try_read, ANY_MODE | BOTH_ENDS,
        NP_WOULD_BLOCK,
        "np_pipe_try_read overtakes no read that has its result and whose "
        "callback has not run.",
        "npipe/ready.h") {
  memset(&tried, 0, sizeof(tried));
  pair_open(f);
  read_pend(f, &f->ops[0], f->end, 2);
  f->tasks[0].then = task_tries;
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  write_begin(&f->ops[1], f->peer, "ab", 2);
  write_begin(&f->ops[2], f->peer, "cd", 2);
  loop_until(f, 3);
  assert_done(&f->ops[0], NP_OK, 2);
  assert_memory_equal(f->ops[0].buffer, "ab", 2);
  loop_until_count(f, &f->tasks[0].run_count, 1);
  if (f->tasks[0].order < f->ops[0].order) {
    assert_np_error(tried.error, NP_WOULD_BLOCK);
    assert_received(f, f->end, "cd", 2);
  }
}

NP_CASE("order-mixed/try-read-in-callback", np_pipe_try_read,
        ANY_MODE | BOTH_ENDS, NP_WOULD_BLOCK,
        "np_pipe_try_read in the callback of a read does not overtake the next "
        "read.",
        "npipe/ready.h") {
  memset(&tried, 0, sizeof(tried));
  pair_open(f);
  f->ops[0].then = read_tries;
  read_begin(&f->ops[0], f->end, 2);
  read_pend(f, &f->ops[1], f->end, 2);
  write_begin(&f->ops[2], f->peer, "ab", 2);
  write_begin(&f->ops[3], f->peer, "cd", 2);
  write_begin(&f->ops[4], f->peer, "ef", 2);
  loop_until(f, 5);
  assert_np_error(tried.error, NP_WOULD_BLOCK);
  assert_memory_equal(f->ops[0].buffer, "ab", 2);
  assert_memory_equal(f->ops[1].buffer, "cd", 2);
  assert_received(f, f->end, "ef", 2);
}

static np_error io_reads(HANDLE handle, void *context, size_t *transferred) {
  (void)handle;
  ++*(unsigned *)context;
  *transferred = 0;
  return NP_OK;
}

static unsigned io_count;

static void read_tries_io(np_fixture *f, struct recorder *recorder) {
  size_t transferred;

  (void)recorder;
  tried.error =
      np_pipe_try_io(f->end, NP_READABLE, io_reads, &io_count, &transferred);
}

NP_CASE("order-mixed/try-io-in-callback", np_pipe_try_io, ANY_MODE | BOTH_ENDS,
        NP_WOULD_BLOCK,
        "np_pipe_try_io calls no function that reads while an earlier read has "
        "no callback yet.",
        "npipe/ready.h") {
  memset(&tried, 0, sizeof(tried));
  io_count = 0;
  pair_open(f);
  f->ops[0].then = read_tries_io;
  read_begin(&f->ops[0], f->end, 2);
  read_pend(f, &f->ops[1], f->end, 2);
  write_begin(&f->ops[2], f->peer, "ab", 2);
  write_begin(&f->ops[3], f->peer, "cd", 2);
  loop_until(f, 4);
  assert_np_error(tried.error, NP_WOULD_BLOCK);
  assert_int_equal(io_count, 0);
  assert_memory_equal(f->ops[1].buffer, "cd", 2);
}

static bool is_shown;

static void read_tries_io_both(np_fixture *f, struct recorder *recorder) {
  size_t transferred = 1;

  (void)recorder;
  is_shown = HasOverlappedIoCompleted(&f->ops[1].op.np__packet.overlapped);
  tried.error = np_pipe_try_io(f->end, NP_READABLE | NP_WRITABLE, io_reads,
                               &io_count, &transferred);
}

NP_CASE("order-mixed/try-io-both-in-callback", np_pipe_try_io,
        ANY_MODE | BOTH_ENDS, NP_WOULD_BLOCK,
        "np_pipe_try_io calls no function that reads or writes while an "
        "earlier read shows that it has data and has no callback yet.",
        "npipe/ready.h") {
  memset(&tried, 0, sizeof(tried));
  io_count = 0;
  pair_open(f);
  f->ops[0].then = read_tries_io_both;
  read_begin(&f->ops[0], f->end, 2);
  read_pend(f, &f->ops[1], f->end, 2);
  write_begin(&f->ops[2], f->peer, "ab", 2);
  write_begin(&f->ops[3], f->peer, "cd", 2);
  loop_until(f, 4);
  if (is_shown) {
    assert_np_error(tried.error, NP_WOULD_BLOCK);
    assert_int_equal(io_count, 0);
  }
  assert_memory_equal(f->ops[1].buffer, "cd", 2);
}

static void transact_tries(np_fixture *f, struct task_recorder *recorder) {
  (void)recorder;
  try_now(f->end);
}

NP_CASE("order-mixed/try-read-behind-transact", np_pipe_try_read,
        MODE_MESSAGE | BOTH_ENDS, NP_WOULD_BLOCK,
        "np_pipe_try_read overtakes no reply of np_pipe_transact.",
        "npipe/ready.h") {
  memset(&tried, 0, sizeof(tried));
  pair_open(f);
  op_begin(&f->ops[0], np_pipe_transact(f->end, "ask", 3, f->ops[0].buffer, 16,
                                        &f->ops[0].op, on_done));
  assert_received(f, f->peer, "ask", 3);
  f->tasks[0].then = transact_tries;
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  write_begin(&f->ops[1], f->peer, "reply", 5);
  write_begin(&f->ops[2], f->peer, "later", 5);
  loop_until(f, 3);
  loop_until_count(f, &f->tasks[0].run_count, 1);
  assert_done(&f->ops[0], NP_OK, 5);
  assert_memory_equal(f->ops[0].buffer, "reply", 5);
  if (f->tasks[0].order < f->ops[0].order) {
    assert_np_error(tried.error, NP_WOULD_BLOCK);
    assert_received(f, f->end, "later", 5);
  }
}
