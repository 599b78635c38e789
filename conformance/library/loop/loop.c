/* The loop: create, run, stop and destroy. */
#include "library/fixture.h"

/* --- np_loop_create ----------------------------------------------------- */

NP_CASE("loop/options-defaults", np_loop_options_init, NO_MODE, NP_OK,
        "The defaults are malloc, a port of the loop's own and its address as "
        "key; NULL is ignored.",
        "npipe/loop.h") {
  np_loop_options options;

  memset(&options, 0xFF, sizeof(options));
  np_loop_options_init(&options);
  assert_int_equal(options.size, sizeof(options));
  assert_true(options.allocator.allocate == NULL);
  assert_true(options.allocator.release == NULL);
  assert_true(options.port == NULL);
  assert_true(options.completion_key == 0);
  np_loop_options_init(NULL);
}

NP_CASE("loop/create-default", np_loop_create, NO_MODE, NP_OK,
        "A loop is made without options, with malloc as its allocator.",
        "CreateIoCompletionPort") {
  np_loop *loop = NULL;

  assert_np_ok(np_loop_create(NULL, &loop));
  assert_non_null(loop);
  assert_false(np_loop_is_pending(loop));
  assert_np_ok(np_loop_destroy(loop));
}

static DWORD handle_count(void) {
  DWORD count = 0;

  assert_true(GetProcessHandleCount(GetCurrentProcess(), &count));
  return count;
}

NP_CASE("loop/create-one-handle", np_loop_create, NO_MODE, NP_OK,
        "A loop opens one handle, that of its port. On the caller's port it "
        "opens none. No other handle is opened even for a moment: a process "
        "that may create no pipe can create a loop.",
        "CreateIoCompletionPort") {
  static const char *const openers[] = {"CreateNamedPipeW", "CreateFileW",
                                        "NtOpenFile",       "CreateEventW",
                                        "DuplicateHandle",  "CreateThread"};
  const DWORD before = handle_count();
  np_loop_options options = loop_options();
  np_loop *own = NULL;
  np_loop *foreign = NULL;
  uint64_t count = 0;

  assert_np_ok(np_loop_create(NULL, &own));
  assert_int_equal(handle_count(), before + (before > 0 ? 1 : 0));
  options.port = np_loop_port(f->loop);
  options.completion_key = 7;
  assert_np_ok(np_loop_create(&options, &foreign));
  assert_int_equal(handle_count(), before + (before > 0 ? 1 : 0));
  for (size_t i = 0; i < sizeof(openers) / sizeof(openers[0]); i++) {
    if (world_call_count(openers[i], &count)) {
      assert_int_equal(count, 0);
    }
  }
  assert_np_ok(np_loop_destroy(foreign));
  assert_np_ok(np_loop_destroy(own));
  assert_int_equal(handle_count(), before);
}

NP_CASE("loop/create-two", np_loop_create, NO_MODE, NP_OK,
        "Two loops of one process have a port each and do not see each "
        "other's tasks.",
        "CreateIoCompletionPort") {
  np_loop *other = NULL;

  assert_np_ok(np_loop_create(NULL, &other));
  assert_true(np_loop_port(other) != np_loop_port(f->loop));
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_false(np_loop_is_pending(other));
  assert_np_error(np_loop_run_once(other, 0), WAIT_TIMEOUT);
  assert_int_equal(f->tasks[0].run_count, 0);
  assert_np_ok(loop_run(f));
  assert_int_equal(f->tasks[0].run_count, 1);
  assert_np_ok(np_loop_destroy(other));
}

NP_CASE("loop/create-invalid", np_loop_create, NO_MODE, ERROR_INVALID_PARAMETER,
        "Nowhere to put the loop, a struct of another size, half an allocator: "
        "each is refused and sets nothing.",
        "npipe/loop.h") {
  np_loop *loop = NULL;
  np_loop_options options;

  np_loop_options_init(&options);
  assert_invalid(np_loop_create(&options, NULL));
  assert_invalid(np_loop_create(NULL, NULL));

  options.size = sizeof(options) - 1;
  assert_invalid(np_loop_create(&options, &loop));
  options.size = sizeof(options) + 1;
  assert_invalid(np_loop_create(&options, &loop));
  options.size = 0;
  assert_invalid(np_loop_create(&options, &loop));

  np_loop_options_init(&options);
  options.allocator.allocate = allocator_of(f).allocate;
  assert_invalid(np_loop_create(&options, &loop));
  np_loop_options_init(&options);
  options.allocator.release = allocator_of(f).release;
  assert_invalid(np_loop_create(&options, &loop));
  assert_null(loop);
}

/* --- np_loop_destroy ---------------------------------------------------- */

NP_CASE("loop/destroy-null", np_loop_destroy, NO_MODE, NP_OK,
        "Destroying a NULL loop does nothing, and succeeds.", "npipe/loop.h") {
  assert_np_ok(np_loop_destroy(NULL));
}

NP_CASE("loop/destroy-open-pipe", np_loop_destroy, NO_MODE, ERROR_BUSY,
        "A loop with a pipe is not destroyed, and goes on working, until the "
        "pipe's on_closed has run.",
        "npipe/loop.h") {
  server_listen(f);
  assert_np_error(np_loop_destroy(f->loop), ERROR_BUSY);
  pipe_close(f, f->server);
  assert_np_error(np_loop_destroy(f->loop), ERROR_BUSY);
  loop_until_count(f, &f->closed_count, 1);
}

NP_CASE("loop/destroy-active-timer", np_loop_destroy, NO_MODE, ERROR_BUSY,
        "A loop with an active timer is not destroyed.", "npipe/loop.h") {
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 60000, on_timer));
  assert_np_error(np_loop_destroy(f->loop), ERROR_BUSY);
  np_timer_stop(&f->timers[0].timer);
  assert_false(np_loop_is_pending(f->loop));
}

NP_CASE("loop/destroy-posted-task", np_loop_destroy, NO_MODE, ERROR_BUSY,
        "A loop with a task that has not run is not destroyed.",
        "npipe/loop.h") {
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_np_error(np_loop_destroy(f->loop), ERROR_BUSY);
  assert_np_ok(loop_run(f));
  assert_int_equal(f->tasks[0].run_count, 1);
}

static void then_destroy(np_fixture *f, struct task_recorder *recorder) {
  (void)recorder;
  assert_np_error(np_loop_destroy(f->loop), ERROR_BUSY);
}

NP_CASE("loop/destroy-in-callback", np_loop_destroy, NO_MODE, ERROR_BUSY,
        "A callback cannot destroy the loop that runs it.", "npipe/loop.h") {
  f->tasks[0].then = then_destroy;
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->tasks[0].run_count, 1);
}

static void closed_destroy(np_fixture *f, np_pipe *pipe) {
  (void)pipe;
  assert_np_error(np_loop_destroy(f->loop), ERROR_BUSY);
}

NP_CASE("loop/destroy-in-on-closed", np_loop_destroy, NO_MODE, ERROR_BUSY,
        "on_closed cannot destroy the loop that runs it, even if no pipe is "
        "left.",
        "npipe/loop.h") {
  server_listen(f);
  f->closed_then = closed_destroy;
  pipe_close_wait(f, f->server);
}

/* --- np_loop_run -------------------------------------------------------- */

NP_CASE("loop/run-nothing", np_loop_run, NO_MODE, NP_OK,
        "With nothing pending the loop returns at once.", "npipe/loop.h") {
  assert_false(np_loop_is_pending(f->loop));
  assert_np_ok(loop_run(f));
}

NP_CASE("loop/run-open-pipe", np_loop_run, ANY_MODE, NP_OK,
        "Pipes that are only open, connected or not, do not keep the loop "
        "running.",
        "npipe/loop.h") {
  pair_open(f);
  assert_false(np_loop_is_pending(f->loop));
  assert_np_ok(loop_run(f));
}

NP_CASE("loop/run-until-done", np_loop_run, ANY_MODE | BOTH_ENDS, NP_OK,
        "A run completes everything in flight, and everything started "
        "meanwhile, and then returns.",
        "npipe/loop.h") {
  pair_open(f);
  read_begin(&f->ops[0], f->end, 16);
  assert_true(np_loop_is_pending(f->loop));
  write_begin(&f->ops[1], f->peer, "abc", 3);
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 1, on_timer));
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_np_ok(loop_run(f));
  assert_done(&f->ops[0], NP_OK, 3);
  assert_done(&f->ops[1], NP_OK, 3);
  assert_int_equal(f->timers[0].run_count, 1);
  assert_int_equal(f->tasks[0].run_count, 1);
  assert_false(np_loop_is_pending(f->loop));
}

NP_CASE("loop/run-closing-pipe", np_loop_run, NO_MODE, NP_OK,
        "A pipe that is being closed keeps the loop running until on_closed.",
        "npipe/loop.h") {
  server_listen(f);
  pipe_close(f, f->server);
  assert_true(np_loop_is_pending(f->loop));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->closed_count, 1);
}

NP_CASE("loop/run-null", np_loop_run, NO_MODE, ERROR_INVALID_PARAMETER,
        "There is no loop to run.", "npipe/loop.h") {
  assert_invalid(np_loop_run(NULL));
}

static void then_run(np_fixture *f, struct task_recorder *recorder) {
  (void)recorder;
  assert_np_error(np_loop_run(f->loop), ERROR_BUSY);
  assert_np_error(np_loop_run_once(f->loop, 0), ERROR_BUSY);
}

NP_CASE("loop/run-in-callback", np_loop_run, NO_MODE, ERROR_BUSY,
        "A loop that runs cannot be run again from one of its callbacks, and "
        "is not hurt by the attempt.",
        "npipe/loop.h") {
  f->tasks[0].then = then_run;
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_np_ok(np_loop_post(f->loop, &f->tasks[1].task, on_task));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->tasks[0].run_count, 1);
  assert_int_equal(f->tasks[1].run_count, 1);
}

NP_CASE("loop/run-foreign-port", np_loop_run, NO_MODE, ERROR_NOT_SUPPORTED,
        "A loop does not dequeue from a port that is the caller's.",
        "npipe/loop.h") {
  loop_remake_foreign(f, 0);
  assert_np_error(np_loop_run(f->loop), ERROR_NOT_SUPPORTED);
}

static DWORD WINAPI run_elsewhere(void *context) {
  np_fixture *f = context;
  np_error error = np_loop_dispatch(f->loop, NULL, 0);

  if (error == NP_OK) {
    error = np_timer_start(f->loop, &f->timers[0].timer, 1, on_timer);
  }
  return error == NP_OK ? np_loop_run(f->loop) : error;
}

NP_CASE("loop/moves-to-another-thread", np_loop_dispatch, NO_MODE, NP_OK,
        "An idle loop belongs to the thread that runs it. Another thread can "
        "use and run it, and then the first thread can take it back.",
        "npipe/loop.h") {
  DWORD error = ERROR_BUSY;
  HANDLE thread;

  f->in_loop = true;
  thread = CreateThread(NULL, 0, run_elsewhere, f, 0, NULL);
  assert_non_null(thread);
  assert_int_equal(
      WaitForSingleObject(thread, (DWORD)world_timeout_ms(LOOP_WAIT_MS)),
      WAIT_OBJECT_0);
  f->in_loop = false;
  assert_true(GetExitCodeThread(thread, &error));
  assert_np_ok(error);
  CloseHandle(thread);
  assert_int_equal(f->timers[0].run_count, 1);

  assert_np_ok(np_loop_dispatch(f->loop, NULL, 0));
  assert_np_ok(np_timer_start(f->loop, &f->timers[1].timer, 1, on_timer));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->timers[1].run_count, 1);
}

/* --- np_loop_run_once --------------------------------------------------- */

NP_CASE("loop/run-once-nothing", np_loop_run_once, NO_MODE, WAIT_TIMEOUT,
        "A turn with time-out 0 and nothing ready returns at once.",
        "npipe/loop.h") {
  assert_np_error(loop_turn(f, 0), WAIT_TIMEOUT);
}

NP_CASE("loop/run-once-waits", np_loop_run_once, NO_MODE, WAIT_TIMEOUT,
        "A turn waits for its time-out even if nothing is pending, because "
        "another thread may post a task.",
        "GetQueuedCompletionStatusEx") {
  uint64_t begin_ms = world_now_ms();

  assert_np_error(loop_turn(f, 60), WAIT_TIMEOUT);
  /* The clock and the wait may differ by one tick. */
  assert_true(world_now_ms() - begin_ms >= 44);
}

NP_CASE("loop/run-once-callback", np_loop_run_once, ANY_MODE | BOTH_ENDS, NP_OK,
        "Waiting data are read in one turn without a wait.", "npipe/loop.h") {
  pair_open(f);
  pipe_send(f, f->peer, "abc", 3);
  assert_reads(&f->ops[0], f->end, 16, NP_OK, 3);
}

NP_CASE("loop/run-once-timer", np_loop_run_once, NO_MODE, NP_OK,
        "A timer that is due sooner than the limit ends the wait, and runs.",
        "npipe/loop.h") {
  uint64_t begin_ms = world_now_ms();

  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 20, on_timer));
  assert_np_ok(loop_turn(f, LOOP_WAIT_MS));
  assert_int_equal(f->timers[0].run_count, 1);
  assert_true(world_now_ms() - begin_ms < LOOP_WAIT_MS);
}

NP_CASE("loop/run-once-null", np_loop_run_once, NO_MODE,
        ERROR_INVALID_PARAMETER, "There is no loop to run.", "npipe/loop.h") {
  assert_invalid(np_loop_run_once(NULL, 0));
}

static void then_run_once(np_fixture *f, struct recorder *recorder) {
  (void)recorder;
  assert_np_error(np_loop_run_once(f->loop, 0), ERROR_BUSY);
}

NP_CASE("loop/run-once-in-callback", np_loop_run_once, ANY_MODE | BOTH_ENDS,
        ERROR_BUSY,
        "The callback of an operation cannot run the loop that called it.",
        "npipe/loop.h") {
  pair_open(f);
  f->ops[0].then = then_run_once;
  read_begin(&f->ops[0], f->end, 16);
  read_begin(&f->ops[1], f->end, 16);
  pipe_send(f, f->peer, "one", 3);
  loop_until(f, 1);
  pipe_send(f, f->peer, "two", 3);
  loop_until(f, 2);
}

NP_CASE("loop/run-once-foreign-port", np_loop_run_once, NO_MODE,
        ERROR_NOT_SUPPORTED,
        "A loop does not dequeue from a port that is the caller's.",
        "npipe/loop.h") {
  loop_remake_foreign(f, 0);
  assert_np_error(np_loop_run_once(f->loop, 0), ERROR_NOT_SUPPORTED);
}

/* --- np_loop_port, np_loop_is_pending ----------------------------------- */

NP_CASE("loop/port", np_loop_port, NO_MODE, NP_OK,
        "np_loop_port returns the port that the loop's packets go to, and NULL "
        "for NULL.",
        "npipe/loop.h") {
  assert_non_null(np_loop_port(f->loop));
  assert_true(np_loop_port(f->loop) == np_loop_port(f->loop));
  assert_null(np_loop_port(NULL));
}

NP_CASE("loop/is-pending", np_loop_is_pending, NO_MODE, NP_OK,
        "Pending is an operation, a closing pipe, an active timer or a posted "
        "task; not an open pipe; never NULL.",
        "npipe/loop.h") {
  assert_false(np_loop_is_pending(NULL));
  assert_false(np_loop_is_pending(f->loop));
  server_listen(f);
  assert_false(np_loop_is_pending(f->loop));

  connect_begin(&f->ops[0], f->server);
  assert_true(np_loop_is_pending(f->loop));
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  assert_true(np_loop_is_pending(f->loop));
  loop_until(f, 1);
  assert_false(np_loop_is_pending(f->loop));

  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 60000, on_timer));
  assert_true(np_loop_is_pending(f->loop));
  np_timer_stop(&f->timers[0].timer);
  assert_false(np_loop_is_pending(f->loop));

  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_true(np_loop_is_pending(f->loop));
  assert_np_ok(loop_run(f));
  assert_false(np_loop_is_pending(f->loop));

  pipe_close(f, f->server);
  assert_true(np_loop_is_pending(f->loop));
  loop_until_count(f, &f->closed_count, 1);
  assert_false(np_loop_is_pending(f->loop));
}
