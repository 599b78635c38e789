/* Posted tasks and np_loop_stop, from the loop's thread and from other
 * threads. */
#include "library/fixture.h"

/* --- np_loop_post ------------------------------------------------------- */

NP_CASE("post/runs-once", np_loop_post, NO_MODE, NP_OK,
        "A posted task runs once, from the loop and not from the call.",
        "PostQueuedCompletionStatus") {
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_int_equal(f->tasks[0].run_count, 0);
  assert_np_ok(loop_run(f));
  loop_quiet(f);
  assert_int_equal(f->tasks[0].run_count, 1);
}

NP_CASE("post/order", np_loop_post, NO_MODE, NP_OK,
        "The tasks of one thread run in the order in which the thread posted "
        "them.",
        "PostQueuedCompletionStatus") {
  for (unsigned i = 0; i < TASKS_MAX; i++) {
    assert_np_ok(np_loop_post(f->loop, &f->tasks[i].task, on_task));
  }
  assert_np_ok(loop_run(f));
  for (unsigned i = 0; i < TASKS_MAX; i++) {
    assert_int_equal(f->tasks[i].order, i + 1);
  }
}

static void then_post_again(np_fixture *f, struct task_recorder *recorder) {
  if (recorder->run_count < 5) {
    assert_np_ok(np_loop_post(f->loop, &recorder->task, on_task));
  }
}

NP_CASE("post/again-in-callback", np_loop_post, NO_MODE, NP_OK,
        "A task may be posted again by its own function.", "npipe/loop.h") {
  f->tasks[0].then = then_post_again;
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->tasks[0].run_count, 5);
}

static void task_scrap(np_task *task) {
  callback_begin();
  ++*(unsigned *)task->user;
  memset(task, 0xDD, sizeof(*task));
  callback_end();
}

NP_CASE("post/storage-reused", np_loop_post, NO_MODE, NP_OK,
        "Once its function began the task's storage is the caller's: the loop "
        "does not touch it again.",
        "npipe/loop.h") {
  np_task task;
  unsigned runs = 0;

  memset(&task, 0, sizeof(task));
  task.user = &runs;
  assert_np_ok(np_loop_post(f->loop, &task, task_scrap));
  assert_np_ok(loop_run(f));
  loop_quiet(f);
  assert_int_equal(runs, 1);
}

NP_CASE("post/null", np_loop_post, NO_MODE, ERROR_INVALID_PARAMETER,
        "A NULL is refused and nothing is posted.", "npipe/loop.h") {
  np_task *task = &f->tasks[0].task;

  assert_invalid(np_loop_post(NULL, task, on_task));
  assert_invalid(np_loop_post(f->loop, NULL, on_task));
  assert_invalid(np_loop_post(f->loop, task, NULL));
  assert_false(np_loop_is_pending(f->loop));
}

NP_CASE("post/busy", np_loop_post, NO_MODE, ERROR_BUSY,
        "A task that is posted and has not run cannot be posted again; it "
        "still runs once.",
        "npipe/loop.h") {
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_np_error(np_loop_post(f->loop, &f->tasks[0].task, on_task),
                  ERROR_BUSY);
  assert_np_ok(loop_run(f));
  loop_quiet(f);
  assert_int_equal(f->tasks[0].run_count, 1);
}

NP_CASE("post/no-memory", np_loop_post, NO_MODE, NP_OK,
        "Posting takes no memory from the allocator.", "npipe/loop.h") {
  size_t total = f->allocator.total;

  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->allocator.total, total);
}

/* --- From another thread ------------------------------------------------ */

/* The work of a poster thread. The thread must not assert; it returns an
 * np_error. */
struct poster {
  np_loop *loop;
  struct task_recorder *tasks;
  unsigned task_count;
  DWORD loop_thread;
  DWORD thread;
  bool stop;
  np_task_fn fn; /* of the tasks; NULL: on_task */
};

static DWORD WINAPI poster_main(void *argument) {
  struct poster *poster = argument;
  const np_task_fn fn = poster->fn != NULL ? poster->fn : on_task;
  np_error error = NP_OK;

  poster->thread = GetCurrentThreadId();
  for (unsigned i = 0; i < poster->task_count && error == NP_OK; i++) {
    error = np_loop_post(poster->loop, &poster->tasks[i].task, fn);
  }
  if (error == NP_OK && poster->stop) {
    error = np_loop_stop(poster->loop);
  }
  return error;
}

static HANDLE poster_start(struct poster *poster) {
  HANDLE thread = CreateThread(NULL, 0, poster_main, poster, 0, NULL);

  assert_non_null(thread);
  return thread;
}

static void poster_join(HANDLE thread) {
  DWORD error = ERROR_BUSY;

  assert_int_equal(
      WaitForSingleObject(thread, (DWORD)world_timeout_ms(LOOP_WAIT_MS)),
      WAIT_OBJECT_0);
  assert_true(GetExitCodeThread(thread, &error));
  assert_np_ok(error);
  CloseHandle(thread);
}

static void then_note_thread(np_fixture *f, struct task_recorder *recorder) {
  struct poster *poster = f->user;

  (void)recorder;
  poster->loop_thread = GetCurrentThreadId();
}

NP_CASE("post/other-thread", np_loop_post, NO_MODE, NP_OK,
        "A task posted by another thread wakes the loop that waits, and runs "
        "on the loop's thread.",
        "PostQueuedCompletionStatus") {
  struct poster poster = {f->loop, f->tasks, 1, 0, 0, false, NULL};
  HANDLE thread;

  f->user = &poster;
  f->tasks[0].then = then_note_thread;
  thread = poster_start(&poster);
  loop_until_count(f, &f->tasks[0].run_count, 1);
  poster_join(thread);
  assert_int_equal(poster.loop_thread, GetCurrentThreadId());
  assert_true(poster.thread != poster.loop_thread);
}

NP_CASE("post/other-threads", np_loop_post, NO_MODE, NP_OK,
        "Tasks of several threads all run once, and those of each thread in "
        "order.",
        "PostQueuedCompletionStatus") {
  enum { EACH = TASKS_MAX / 2 };
  struct poster first = {f->loop, f->tasks, EACH, 0, 0, false, NULL};
  struct poster second = {f->loop, f->tasks + EACH, EACH, 0, 0, false, NULL};
  HANDLE threads[2];

  threads[0] = poster_start(&first);
  threads[1] = poster_start(&second);
  for (unsigned i = 0; i < TASKS_MAX; i++) {
    loop_until_count(f, &f->tasks[i].run_count, 1);
  }
  poster_join(threads[0]);
  poster_join(threads[1]);
  loop_quiet(f);
  for (unsigned i = 0; i < TASKS_MAX; i++) {
    assert_int_equal(f->tasks[i].run_count, 1);
    assert_true(i % EACH == 0 || f->tasks[i].order > f->tasks[i - 1].order);
  }
}

/* --- np_loop_stop ------------------------------------------------------- */

static void then_stop(np_fixture *f, struct task_recorder *recorder) {
  (void)recorder;
  assert_np_ok(np_loop_stop(f->loop));
}

NP_CASE("post/stop-in-callback", np_loop_stop, NO_MODE, NP_OK,
        "Stopped by a callback the loop returns after that callback, before "
        "the next; running it again goes on there.",
        "npipe/loop.h") {
  f->tasks[0].then = then_stop;
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_np_ok(np_loop_post(f->loop, &f->tasks[1].task, on_task));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->tasks[0].run_count, 1);
  assert_int_equal(f->tasks[1].run_count, 0);
  assert_np_ok(loop_run(f));
  assert_int_equal(f->tasks[1].run_count, 1);
}

NP_CASE("post/stop-before-run", np_loop_stop, NO_MODE, NP_OK,
        "A loop is stopped before it runs. Its next run returns before it "
        "waits. Later runs are not affected.",
        "npipe/loop.h") {
  uint64_t begin_ms;

  assert_np_ok(np_loop_stop(f->loop));
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 60, on_timer));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->timers[0].run_count, 0);
  assert_true(np_timer_is_active(&f->timers[0].timer));

  begin_ms = world_now_ms();
  assert_np_ok(loop_run(f));
  assert_int_equal(f->timers[0].run_count, 1);
  assert_true(world_now_ms() >= begin_ms);
}

NP_CASE("post/stop-before-run-once", np_loop_stop, NO_MODE, NP_OK,
        "A loop is stopped before its next single turn. The turn returns "
        "NP_OK, not WAIT_TIMEOUT.",
        "npipe/loop.h") {
  assert_np_ok(np_loop_stop(f->loop));
  assert_np_ok(loop_turn(f, LOOP_WAIT_MS));
  assert_np_error(loop_turn(f, 0), WAIT_TIMEOUT);
}

NP_CASE("post/stop-twice", np_loop_stop, NO_MODE, NP_OK,
        "Stopping twice before a run stops that run alone.", "npipe/loop.h") {
  assert_np_ok(np_loop_stop(f->loop));
  assert_np_ok(np_loop_stop(f->loop));
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 1, on_timer));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->timers[0].run_count, 0);
  assert_np_ok(loop_run(f));
  assert_int_equal(f->timers[0].run_count, 1);
}

NP_CASE("post/stop-in-flight-stays", np_loop_stop, ANY_MODE | BOTH_ENDS, NP_OK,
        "Operations in flight stay in flight when a loop stops, and end in a "
        "later run.",
        "npipe/loop.h") {
  pair_open(f);
  read_begin(&f->ops[0], f->end, 16);
  f->tasks[0].then = then_stop;
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->done_count, 0);
  write_begin(&f->ops[1], f->peer, "abc", 3);
  assert_np_ok(loop_run(f));
  assert_done(&f->ops[0], NP_OK, 3);
}

NP_CASE("post/stop-other-thread", np_loop_stop, NO_MODE, NP_OK,
        "Another thread can stop a loop that waits.",
        "PostQueuedCompletionStatus") {
  struct poster poster = {f->loop, NULL, 0, 0, 0, true, NULL};
  HANDLE thread;

  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 60000, on_timer));
  thread = poster_start(&poster);
  assert_np_ok(loop_run(f));
  poster_join(thread);
  assert_int_equal(f->timers[0].run_count, 0);
}

NP_CASE("post/stop-null", np_loop_stop, NO_MODE, ERROR_INVALID_PARAMETER,
        "There is no loop to stop.", "npipe/loop.h") {
  assert_invalid(np_loop_stop(NULL));
}

/* --- np_loop_stop and np_loop_post against np_loop_destroy --------------- */

enum { ENDS = 60 }; /* number of loops, one after the other */

/* Keeps the loop busy, so that it sees the stop before its packet comes. */
static void tick(np_timer *timer) {
  np_timer_start(timer->user, timer, 0, tick);
}

NP_CASE("post/stop-destroy-at-once", np_loop_stop, NO_MODE, NP_OK,
        "A thread stops a run of the loop. The thread of the loop may then "
        "destroy the loop at once, even if the first thread is still inside "
        "the call.",
        "npipe/loop.h") {
  struct poster poster = {NULL, NULL, 0, 0, 0, true, NULL};
  np_timer timer;
  HANDLE thread;

  for (unsigned i = 0; i < ENDS; i++) {
    assert_np_ok(np_loop_create(NULL, &poster.loop));
    memset(&timer, 0, sizeof(timer));
    timer.user = poster.loop;
    assert_np_ok(np_timer_start(poster.loop, &timer, 0, tick));
    thread = poster_start(&poster);
    assert_np_ok(np_loop_run(poster.loop));
    np_timer_stop(&timer);
    assert_np_ok(np_loop_destroy(poster.loop));
    poster_join(thread);
  }
}

static void task_count(np_task *task) {
  ++*(unsigned *)task->user;
}

NP_CASE("post/destroy-at-once", np_loop_post, NO_MODE, NP_OK,
        "A thread posts a task. After the task has run, the thread of the loop "
        "may destroy the loop at once, even if the first thread is still "
        "inside the call.",
        "npipe/loop.h") {
  struct task_recorder recorder;
  struct poster poster = {NULL, &recorder, 1, 0, 0, false, task_count};
  unsigned runs = 0;
  HANDLE thread;

  for (unsigned i = 0; i < ENDS; i++) {
    memset(&recorder, 0, sizeof(recorder));
    recorder.task.user = &runs;
    assert_np_ok(np_loop_create(NULL, &poster.loop));
    thread = poster_start(&poster);
    assert_np_ok(np_loop_run_once(poster.loop, INFINITE));
    assert_int_equal(runs, i + 1);
    assert_np_ok(np_loop_destroy(poster.loop));
    poster_join(thread);
  }
}
