/* The number of system calls that an operation may cost. The world counts
 * them (world_call_count): the simulated kernel itself, and on Windows and Wine
 * stubs at the imports of this executable. */
#include "library/ready/ready_common.h"

/* The calls that the path of a read or a write might make. */
static const char *const io_calls[] = {"ReadFile",
                                       "WriteFile",
                                       "GetOverlappedResult",
                                       "CancelIoEx",
                                       "PostQueuedCompletionStatus",
                                       "NtQueryInformationFile",
                                       "NtSetInformationFile",
                                       "PeekNamedPipe",
                                       "CreateEventW",
                                       "SetEvent",
                                       "CloseHandle",
                                       "ConnectNamedPipe"};

enum { IO_CALLS = sizeof(io_calls) / sizeof(io_calls[0]) };

struct call_counts {
  uint64_t io;   /* all of `io_calls` together */
  uint64_t port; /* GetQueuedCompletionStatusEx                              */
};

static struct call_counts counts_now(void) {
  struct call_counts counts = {0, 0};

  for (size_t i = 0; i < IO_CALLS; i++) {
    counts.io += calls(io_calls[i]);
  }
  counts.port = calls("GetQueuedCompletionStatusEx");
  return counts;
}

NP_CASE("budget/write-immediate", np_pipe_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "A write that ends at once is one call to the kernel, and its "
        "completion is none.",
        "SetFileCompletionNotificationModes#parameters") {
  struct call_counts before;
  struct call_counts after;

  pair_open(f);
  before = counts_now();
  write_begin(&f->ops[0], f->end, "abc", 3);
  loop_until(f, 1);
  after = counts_now();
  assert_int_equal(after.io - before.io, 1);
  assert_int_equal(after.port - before.port, 0);
}

NP_CASE("budget/read-immediate", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "A read that finds its data takes one call to the kernel, and its "
        "completion takes none.",
        "SetFileCompletionNotificationModes#parameters") {
  struct call_counts before;
  struct call_counts after;

  pair_open(f);
  pipe_send(f, f->peer, "abc", 3);
  before = counts_now();
  read_begin(&f->ops[0], f->end, 16);
  loop_until(f, 1);
  after = counts_now();
  assert_int_equal(after.io - before.io, 1);
  assert_int_equal(after.port - before.port, 0);
}

NP_CASE("budget/many-immediate", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "32 writes and 32 reads that complete at once take one call each; the "
        "port is polled at most once in 64 callbacks.",
        "npipe/loop.h") {
  struct call_counts before;
  struct call_counts after;

  pair_open(f);
  before = counts_now();
  for (unsigned i = 0; i < 32; i++) {
    write_begin(&f->ops[i], f->peer, "abcd", 4);
    read_begin(&f->ops[32 + i], f->end, 4);
  }
  loop_until(f, 64);
  after = counts_now();
  assert_int_equal(after.io - before.io, 64);
  assert_true(after.port - before.port <= 1);
}

NP_CASE("budget/read-pending", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "A read that waits takes one call to the kernel and one packet.",
        "GetQueuedCompletionStatusEx") {
  struct call_counts before;
  struct call_counts after;

  pair_open(f);
  before = counts_now();
  read_begin(&f->ops[0], f->end, 16);
  reads_post(f); /* polls the port once, finds nothing */
  pipe_send(f, f->peer, "abc", 3);
  loop_until(f, 1);
  after = counts_now();
  assert_done(&f->ops[0], NP_OK, 3);
  assert_int_equal(after.io - before.io, 2); /* the read and the peer's write */
  assert_true(after.port - before.port <= 2);
}

NP_CASE("budget/write-pending", np_pipe_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "A write that waits takes one call to the kernel too.",
        "GetQueuedCompletionStatusEx") {
  char data[1000];
  struct call_counts before;
  struct call_counts after;
  size_t length = 0;

  memset(data, 'x', sizeof(data));
  server_quotas(f, 100, 100);
  pair_open_raw(f);
  before = counts_now();
  write_begin(&f->ops[0], f->end, data, sizeof(data));
  after = counts_now();
  assert_int_equal(after.io - before.io, 1);
  assert_int_equal(raw_read(f->raw, data, sizeof(data), &length), 0);
  before = counts_now();
  loop_until(f, 1);
  after = counts_now();
  assert_int_equal(after.io - before.io, 0);
  assert_int_equal(after.port - before.port, 1);
}

NP_CASE("budget/cancel-put-off", np_op_cancel, ANY_MODE | BOTH_ENDS, NP_OK,
        "A read that the kernel was not yet given ends without a system call.",
        "npipe/op.h") {
  struct call_counts before;
  struct call_counts after;

  pair_open(f);
  before = counts_now();
  read_begin(&f->ops[0], f->end, 16);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  loop_until(f, 1);
  after = counts_now();
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  assert_int_equal(after.io - before.io, 0);
  assert_int_equal(after.port - before.port, 0);
}

NP_CASE("budget/cancel-pending", np_op_cancel, ANY_MODE | BOTH_ENDS, NP_OK,
        "Cancelling a pending operation twice takes one call.", "CancelIoEx") {
  uint64_t before;

  pair_open(f);
  read_pend(f, &f->ops[0], f->end, 16);
  before = calls("CancelIoEx");
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  loop_until(f, 1);
  assert_int_equal(calls("CancelIoEx") - before, 1);
}

NP_CASE("budget/timer", np_timer_start, NO_MODE, NP_OK,
        "Starting and stopping a timer asks the kernel for nothing.",
        "npipe/timer.h") {
  struct call_counts before = counts_now();
  struct call_counts after;

  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 60000, on_timer));
  np_timer_stop(&f->timers[0].timer);
  after = counts_now();
  assert_int_equal(after.io - before.io, 0);
  assert_int_equal(after.port - before.port, 0);
}

/* assert_taken_together: the first 16 of `reads` reads complete at the same
 * time, and the loop dequeues them with one call. */
static void assert_taken_together(np_fixture *f, unsigned reads) {
  enum { MANY = 16 };
  uint64_t before;

  pair_open_raw(f);
  for (unsigned i = 0; i < reads; i++) {
    read_begin(&f->ops[i], f->end, 4);
  }
  reads_post(f);
  for (unsigned i = 0; i < MANY; i++) {
    assert_int_equal(raw_write(f->raw, "abcd", 4), 0);
  }
  before = calls("GetQueuedCompletionStatusEx");
  loop_until(f, MANY);
  assert_int_equal(calls("GetQueuedCompletionStatusEx") - before, 1);
}

NP_CASE("budget/packets-together", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "Packets that are in the port at the same time are dequeued with one "
        "call.",
        "GetQueuedCompletionStatusEx") {
  assert_taken_together(f, 16);
}

NP_CASE("budget/oldest-together", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "Packets of operations that were started long before others are "
        "dequeued together with them.",
        "GetQueuedCompletionStatusEx") {
  assert_taken_together(f, 48);
}

NP_CASE("budget/task-and-packet-together", np_loop_post, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "A posted task and a packet that are in the port are dequeued with "
        "one call.",
        "GetQueuedCompletionStatusEx") {
  uint64_t before;

  pair_open_raw(f);
  read_pend(f, &f->ops[0], f->end, 4);
  assert_int_equal(raw_write(f->raw, "abcd", 4), 0);
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  before = calls("GetQueuedCompletionStatusEx");
  loop_until(f, 1);
  assert_int_equal(f->tasks[0].run_count, 1);
  assert_int_equal(calls("GetQueuedCompletionStatusEx") - before, 1);
}

NP_CASE("budget/close-idle", np_pipe_close, ANY_MODE | BOTH_ENDS, NP_OK,
        "Closing an end without operations in flight takes one call.",
        "CloseHandle") {
  struct call_counts before;

  pair_open(f);
  before = counts_now();
  pipe_close(f, f->end);
  assert_int_equal(counts_now().io - before.io, 1);
}

NP_CASE("budget/close-busy", np_pipe_close, ANY_MODE | BOTH_ENDS, NP_OK,
        "A close cancels all pending operations of the end with one call, "
        "even if the call finds them completed already.",
        "CancelIoEx#return-value") {
  uint64_t before;

  pair_open_raw(f);
  read_begin(&f->ops[0], f->end, 4);
  read_pend(f, &f->ops[1], f->end, 4);
  assert_int_equal(raw_write(f->raw, "abcd", 4), 0);
  assert_int_equal(raw_write(f->raw, "abcd", 4), 0);
  before = calls("CancelIoEx");
  pipe_close(f, f->end);
  assert_int_equal(calls("CancelIoEx") - before, 1);
  assert_np_ok(loop_run(f));
  assert_done(&f->ops[1], NP_OK, 4);
}

NP_CASE("budget/adopted-writes", np_pipe_adopt, ANY_MODE | BOTH_ENDS, NP_OK,
        "An adopted end is asked for its type once, when it is adopted.",
        "npipe/pipe.h") {
  char data[100];
  uint64_t before;
  size_t taken = 0;
  np_pipe *end;

  memset(data, 'x', sizeof(data));
  server_listen(f);
  assert_np_ok(np_pipe_adopt(
      f->loop, raw_client(f, GENERIC_READ | GENERIC_WRITE), &end));
  raw_release(f, np_pipe_handle(end));
  pipe_own(f, end);
  ready_set(end, 65536, 16);
  before = calls("NtQueryInformationFile");
  assert_np_ok(np_pipe_try_write(end, data, sizeof(data), &taken));
  assert_int_equal(calls("NtQueryInformationFile"), before);
}

static np_error refuse_and_count(HANDLE handle, void *context,
                                 size_t *transferred) {
  unsigned *count = context;

  (void)handle;
  (void)transferred;
  (*count)++;
  return NP_WOULD_BLOCK;
}

NP_CASE("budget/refused-io", np_pipe_async_io, ANY_MODE | BOTH_ENDS,
        WAIT_TIMEOUT,
        "A call that would block is tried again soon, and then less and less "
        "often.",
        "npipe/ready.h") {
  unsigned count = 0;
  uint64_t begin_ms;

  pair_open(f);
  begin_ms = world_now_ms();
  f->ops[0].op.timeout_ms = 200;
  assert_np_ok(np_pipe_async_io(f->end, NP_WRITABLE, &f->ops[0].op,
                                refuse_and_count, &count, on_done));
  f->ops[0].start_count++;
  loop_until_count(f, &count, 5);
  assert_true(world_now_ms() - begin_ms <= world_timeout_ms(30));
  assert_next(&f->ops[0], WAIT_TIMEOUT, 0);
  assert_true(count < 20);
}

/* Calls that take a lock, or may wait for another thread. */
static const char *const lock_calls[] = {
    "AcquireSRWLockExclusive", "AcquireSRWLockShared",
    "EnterCriticalSection",    "SleepConditionVariableSRW",
    "WaitForSingleObject",     "WaitForSingleObjectEx",
    "WaitForMultipleObjects"};

static uint64_t lock_calls_now(void) {
  uint64_t sum = 0;

  for (size_t i = 0; i < sizeof(lock_calls) / sizeof(lock_calls[0]); i++) {
    sum += calls(lock_calls[i]);
  }
  return sum;
}

NP_CASE("budget/no-lock", np_server_create, ANY_MODE | BOTH_ENDS, NP_OK,
        "A pipe is created, opened, connected, written, read and closed "
        "without a lock, so loops of different threads never wait for each "
        "other.",
        "npipe/loop.h") {
  const uint64_t before = lock_calls_now();

  pair_open(f);
  pipe_send(f, f->peer, "abc", 3);
  read_begin(&f->ops[0], f->end, 16);
  loop_until(f, 1);
  assert_next(&f->ops[0], NP_OK, 3);
  pair_close(f);
  assert_int_equal(lock_calls_now(), before);
}
