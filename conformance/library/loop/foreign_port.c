/* A loop on a completion port of the caller: np_loop_dispatch and
 * np_loop_wait_ms. */
#include "library/fixture.h"

enum { KEY_LOOP = 0x4C, KEY_OTHER = 0x4D };

/* entry_take dequeues one packet of f->port. It returns false if none comes
 * within `timeout_ms`. */
static bool entry_take(np_fixture *f, OVERLAPPED_ENTRY *entry,
                       DWORD timeout_ms) {
  ULONG count = 0;

  return GetQueuedCompletionStatusEx(f->port, entry, 1, &count, timeout_ms,
                                     FALSE) &&
         count == 1;
}

/* dispatch calls np_loop_dispatch with entries chosen by the case. */
static void dispatch(np_fixture *f, const OVERLAPPED_ENTRY *entries,
                     ULONG count) {
  f->in_loop = true;
  assert_np_ok(np_loop_dispatch(f->loop, entries, count));
  f->in_loop = false;
}

NP_CASE(
    "foreign-port/round-trip", np_loop_dispatch, ANY_MODE | BOTH_ENDS, NP_OK,
    "All kinds of operations, timers and tasks work on a port whose packets "
    "the caller dequeues.",
    "npipe/loop.h") {
  char data[4096];

  memset(data, 'x', sizeof(data));
  loop_remake_foreign(f, KEY_LOOP);
  pair_open_quota(f, 100);
  read_begin(&f->ops[0], f->end, 16);
  assert_np_error(loop_turn(f, 0), WAIT_TIMEOUT);
  write_begin(&f->ops[1], f->peer, "abc", 3);
  loop_until(f, 2);
  assert_done(&f->ops[0], NP_OK, 3);

  write_begin(&f->ops[2], f->end, data, sizeof(data));
  shutdown_begin(&f->ops[3], f->end);
  assert_received(f, f->peer, data, sizeof(data));
  assert_ends(&f->ops[2], NP_OK, sizeof(data));
  assert_ends(&f->ops[3], NP_OK, 0);

  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 5, on_timer));
  loop_until_count(f, &f->tasks[0].run_count, 1);
  loop_until_count(f, &f->timers[0].run_count, 1);

  f->ops[4].op.timeout_ms = 5;
  assert_reads(&f->ops[4], f->end, 16, WAIT_TIMEOUT, 0);
  read_begin(&f->ops[5], f->end, 16);
  pipe_close_wait(f, f->end);
  assert_done(&f->ops[5], ERROR_OPERATION_ABORTED, 0);
}

NP_CASE("foreign-port/key", np_loop_dispatch, NO_MODE, NP_OK,
        "Each packet of the loop has the key that its options set.",
        "CreateIoCompletionPort#parameters") {
  OVERLAPPED_ENTRY entry;

  loop_remake_foreign(f, KEY_LOOP);
  assert_true(np_loop_port(f->loop) == f->port);
  pair_open(f);
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_true(entry_take(f, &entry, LOOP_WAIT_MS));
  assert_int_equal(entry.lpCompletionKey, KEY_LOOP);
  dispatch(f, &entry, 1);
  assert_int_equal(f->tasks[0].run_count, 1);

  read_begin(&f->ops[0], f->end, 16);
  dispatch(f, NULL, 0); /* gives the read to the kernel */
  pipe_send(f, f->peer, "a", 1);
  if (f->done_count == 0) {
    assert_true(entry_take(f, &entry, LOOP_WAIT_MS));
    assert_int_equal(entry.lpCompletionKey, KEY_LOOP);
    dispatch(f, &entry, 1);
  }
  assert_done(&f->ops[0], NP_OK, 1);
}

NP_CASE("foreign-port/key-default", np_loop_dispatch, NO_MODE, NP_OK,
        "Without a key of the caller's the loop's address is the key.",
        "npipe/loop.h") {
  OVERLAPPED_ENTRY entry;

  loop_remake_foreign(f, 0);
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_true(entry_take(f, &entry, LOOP_WAIT_MS));
  assert_true(entry.lpCompletionKey == (ULONG_PTR)f->loop);
  dispatch(f, &entry, 1);
  assert_int_equal(f->tasks[0].run_count, 1);
}

NP_CASE("foreign-port/mixed-batch", np_loop_dispatch, NO_MODE, NP_OK,
        "In a batch with foreign packets the loop handles only its own "
        "packets.",
        "OVERLAPPED_ENTRY") {
  OVERLAPPED_ENTRY entries[4];
  OVERLAPPED_ENTRY task_entry;

  loop_remake_foreign(f, KEY_LOOP);
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_true(entry_take(f, &task_entry, LOOP_WAIT_MS));
  memset(entries, 0, sizeof(entries));
  entries[0].lpCompletionKey = KEY_OTHER;
  entries[1].lpCompletionKey = KEY_OTHER;
  /* an OVERLAPPED that is not the loop's */
  entries[1].lpOverlapped = (OVERLAPPED *)&entries[1];
  entries[2] = task_entry;
  entries[3].lpCompletionKey = 0;
  dispatch(f, entries, 4);
  assert_int_equal(f->tasks[0].run_count, 1);
}

NP_CASE("foreign-port/two-loops", np_loop_dispatch, NO_MODE, NP_OK,
        "Two loops with different keys share one port. Each takes its own "
        "packets of the same batch.",
        "OVERLAPPED_ENTRY") {
  OVERLAPPED_ENTRY entries[2];
  np_loop_options options = loop_options();
  np_loop *other = NULL;

  loop_remake_foreign(f, KEY_LOOP);
  options.port = f->port;
  options.completion_key = KEY_OTHER;
  assert_np_ok(np_loop_create(&options, &other));
  assert_np_ok(np_loop_post(other, &f->tasks[0].task, on_task));
  assert_np_ok(np_loop_post(f->loop, &f->tasks[1].task, on_task));
  assert_true(entry_take(f, &entries[0], LOOP_WAIT_MS));
  assert_true(entry_take(f, &entries[1], LOOP_WAIT_MS));
  dispatch(f, entries, 2);
  assert_int_equal(f->tasks[0].run_count, 0);
  assert_int_equal(f->tasks[1].run_count, 1);
  f->in_loop = true;
  assert_np_ok(np_loop_dispatch(other, entries, 2));
  f->in_loop = false;
  assert_int_equal(f->tasks[0].run_count, 1);
  assert_int_equal(f->tasks[1].run_count, 1);
  assert_np_ok(np_loop_destroy(other));
}

NP_CASE("foreign-port/foreign-packet", np_loop_dispatch, NO_MODE, NP_OK,
        "Another holder of an adopted pipe starts an operation, and its packet "
        "reaches the loop's port. The loop that adopted the pipe drops the "
        "packet. So does a later loop with the same port and key.",
        "CreateIoCompletionPort#remarks") {
  static struct {
    OVERLAPPED overlapped;
    uint8_t junk[256];
  } stranger;
  OVERLAPPED_ENTRY entry;
  np_loop_options options = loop_options();
  np_loop *later = NULL;
  np_pipe *adopted = NULL;
  HANDLE handle;
  HANDLE other = NULL;
  char room[16];

  loop_remake_foreign(f, KEY_LOOP);
  pair_open_raw(f);
  handle = f->raw;
  assert_np_ok(np_pipe_adopt(f->loop, handle, &adopted));
  raw_release(f, handle);
  f->raw = NULL;
  pipe_own(f, adopted);
  assert_true(DuplicateHandle(GetCurrentProcess(), handle, GetCurrentProcess(),
                              &other, 0, FALSE, DUPLICATE_SAME_ACCESS));
  raw_own(f, other);
  memset(&stranger, 0x41, sizeof(stranger));
  memset(&stranger.overlapped, 0, sizeof(stranger.overlapped));
  assert_false(ReadFile(other, room, sizeof(room), NULL, &stranger.overlapped));
  assert_int_equal(GetLastError(), ERROR_IO_PENDING);
  write_begin(&f->ops[0], f->end, "abc", 3);
  dispatch(f, NULL, 0);
  assert_true(entry_take(f, &entry, LOOP_WAIT_MS));
  assert_true(entry.lpOverlapped == &stranger.overlapped);
  dispatch(f, &entry, 1);
  assert_done(&f->ops[0], NP_OK, 3);

  options.port = f->port;
  options.completion_key = KEY_LOOP;
  assert_np_ok(np_loop_create(&options, &later));
  assert_np_ok(np_loop_dispatch(later, &entry, 1));
  assert_np_ok(np_loop_destroy(later));
}

NP_CASE("foreign-port/destroy-leaves-port", np_loop_destroy, NO_MODE, NP_OK,
        "Destroying the loop leaves the caller's port open.", "npipe/loop.h") {
  OVERLAPPED_ENTRY entry;
  np_loop_options options = loop_options();
  np_loop *other = NULL;

  loop_remake_foreign(f, KEY_LOOP);
  options.port = f->port;
  options.completion_key = KEY_OTHER;
  assert_np_ok(np_loop_create(&options, &other));
  assert_np_ok(np_loop_destroy(other));
  assert_true(PostQueuedCompletionStatus(f->port, 7, KEY_OTHER, NULL));
  assert_true(entry_take(f, &entry, LOOP_WAIT_MS));
  assert_int_equal(entry.dwNumberOfBytesTransferred, 7);
}

NP_CASE("foreign-port/own-port", np_loop_dispatch, ANY_MODE | BOTH_ENDS, NP_OK,
        "np_loop_dispatch also works on a loop with its own port, if the "
        "caller dequeues from np_loop_port.",
        "npipe/loop.h") {
  OVERLAPPED_ENTRY entry;
  ULONG count = 0;

  pair_open(f);
  read_begin(&f->ops[0], f->end, 16);
  dispatch(f, NULL, 0);
  write_begin(&f->ops[1], f->peer, "abc", 3);
  while (f->ops[0].done_count == 0 || f->ops[1].done_count == 0) {
    assert_true(GetQueuedCompletionStatusEx(np_loop_port(f->loop), &entry, 1,
                                            &count, LOOP_WAIT_MS, FALSE));
    dispatch(f, &entry, count);
  }
  assert_done(&f->ops[0], NP_OK, 3);
  assert_done(&f->ops[1], NP_OK, 3);
}

NP_CASE("foreign-port/dispatch-invalid", np_loop_dispatch, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "No loop, or entries that are said to be there and are not, are "
        "refused.",
        "npipe/loop.h") {
  OVERLAPPED_ENTRY entry;

  memset(&entry, 0, sizeof(entry));
  assert_invalid(np_loop_dispatch(NULL, NULL, 0));
  assert_invalid(np_loop_dispatch(NULL, &entry, 1));
  assert_invalid(np_loop_dispatch(f->loop, NULL, 1));
  assert_np_ok(np_loop_dispatch(f->loop, &entry, 0));
}

static void then_dispatch(np_fixture *f, struct task_recorder *recorder) {
  (void)recorder;
  assert_np_error(np_loop_dispatch(f->loop, NULL, 0), ERROR_BUSY);
}

NP_CASE("foreign-port/dispatch-in-callback", np_loop_dispatch, NO_MODE,
        ERROR_BUSY, "A callback cannot make a turn within the turn.",
        "npipe/loop.h") {
  f->tasks[0].then = then_dispatch;
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->tasks[0].run_count, 1);

  f->tasks[1].then = then_dispatch;
  loop_remake_foreign(f, KEY_LOOP);
  assert_np_ok(np_loop_post(f->loop, &f->tasks[1].task, on_task));
  loop_until_count(f, &f->tasks[1].run_count, 1);
}

/* --- np_loop_wait_ms ---------------------------------------------------- */

NP_CASE("foreign-port/wait-for-ever", np_loop_wait_ms, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "With nothing ready and no timer the caller may wait for ever, also "
        "with a read in the kernel, and for NULL.",
        "npipe/loop.h") {
  assert_true(np_loop_wait_ms(NULL) == INFINITE);
  loop_remake_foreign(f, KEY_LOOP);
  assert_true(np_loop_wait_ms(f->loop) == INFINITE);
  pair_open(f);
  assert_true(np_loop_wait_ms(f->loop) == INFINITE);
  read_begin(&f->ops[0], f->end, 16);
  dispatch(f, NULL, 0);
  assert_true(np_loop_wait_ms(f->loop) == INFINITE);
}

NP_CASE("foreign-port/wait-nothing", np_loop_wait_ms, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "With a callback to run, or a read that the kernel was not given, the "
        "caller must not wait.",
        "npipe/loop.h") {
  loop_remake_foreign(f, KEY_LOOP);
  pair_open(f);
  write_begin(&f->ops[0], f->end, "a", 1);
  assert_int_equal(np_loop_wait_ms(f->loop), 0);
  loop_until(f, 1);
  read_begin(&f->ops[1], f->end, 16);
  assert_int_equal(np_loop_wait_ms(f->loop), 0);
  dispatch(f, NULL, 0);
  assert_true(np_loop_wait_ms(f->loop) == INFINITE);
}

NP_CASE("foreign-port/wait-timer", np_loop_wait_ms, NO_MODE, NP_OK,
        "With a timer the caller may wait until it is due, not longer; "
        "without a delay not at all.",
        "npipe/loop.h") {
  uint32_t wait_ms;

  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 60000, on_timer));
  wait_ms = np_loop_wait_ms(f->loop);
  assert_true(wait_ms > 0 && wait_ms <= 60001);
  assert_np_ok(np_timer_start(f->loop, &f->timers[1].timer, 10, on_timer));
  wait_ms = np_loop_wait_ms(f->loop);
  assert_true(wait_ms <= 11);
  np_timer_stop(&f->timers[1].timer);
  assert_true(np_loop_wait_ms(f->loop) > 11);
  assert_np_ok(np_timer_start(f->loop, &f->timers[1].timer, 0, on_timer));
  assert_int_equal(np_loop_wait_ms(f->loop), 0);
}

NP_CASE("foreign-port/wait-timeout", np_loop_wait_ms, ANY_MODE | BOTH_ENDS,
        NP_OK, "The time limit of an operation shortens the wait as a timer.",
        "npipe/loop.h") {
  pair_open(f);
  f->ops[0].op.timeout_ms = 50;
  read_begin(&f->ops[0], f->end, 16);
  dispatch(f, NULL, 0);
  assert_true(np_loop_wait_ms(f->loop) <= 51);
  loop_until(f, 1);
  assert_true(np_loop_wait_ms(f->loop) == INFINITE);
}
