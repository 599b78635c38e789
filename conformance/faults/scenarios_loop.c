/* Scenarios of the loop, its timers and tasks, and of small functions. */
#include <string.h>

#include "run.h"

static void count_timer(np_timer *timer) {
  struct run *r = timer->user;

  holds(r, r->in_loop, "a timer runs on the loop");
  r->notes++;
}

SCENARIO(timers, "timer/three-of-them", ONLY_WAITS) {
  np_timer timers[3];
  bool went;

  memset(timers, 0, sizeof timers);
  for (size_t i = 0; i < 3; i++) {
    timers[i].user = r;
    took(r, "np_timer_start",
         np_timer_start(r->loop, &timers[i], (uint32_t)(i * 10), count_timer));
  }
  holds(r, np_timer_is_active(&timers[1]),
        "a timer that was started is active");
  np_timer_stop(&timers[1]);
  went = turns(r, &r->notes, 2) &&
         holds(r, !np_timer_is_active(&timers[2]), "it runs once");
  for (size_t i = 0; i < 3; i++) {
    np_timer_stop(&timers[i]);
  }
  return went;
}

static void count_task(np_task *task) {
  struct run *r = task->user;

  holds(r, r->in_loop, "a task runs on the loop");
  r->notes++;
}

SCENARIO(tasks, "loop/posted-tasks", ONLY_WAITS) {
  np_task one;
  np_task two;
  bool went;

  memset(&one, 0, sizeof one);
  memset(&two, 0, sizeof two);
  one.user = r;
  two.user = r;
  went = took(r, "np_loop_post", np_loop_post(r->loop, &one, count_task)) &&
         refused(r, "np_loop_post", np_loop_post(r->loop, &one, count_task),
                 ERROR_BUSY) &&
         took(r, "np_loop_post", np_loop_post(r->loop, &two, count_task)) &&
         turns(r, &r->notes, 2);
  /* Both tasks are local variables, so they must have run before the return. */
  while (np_loop_is_pending(r->loop)) {
    turn(r, 10);
  }
  return went;
}

SCENARIO(stop, "loop/stopped", 0) {
  np_timer timer;
  bool went;

  memset(&timer, 0, sizeof timer);
  timer.user = r;
  took(r, "np_timer_start", np_timer_start(r->loop, &timer, 1000, count_timer));
  went = took(r, "np_loop_stop", np_loop_stop(r->loop)) &&
         took(r, "np_loop_stop", np_loop_stop(r->loop)) &&
         took(r, "np_loop_run", np_loop_run(r->loop)) &&
         holds(r, r->notes == 0, "a loop that was stopped does not wait");
  np_timer_stop(&timer);
  return went;
}

SCENARIO(run, "loop/run-until-nothing-pends", 0) {
  struct action *read;
  bool went;

  STEP(pair_open(r));
  r->timeout_ms = 20;
  read = read_begin(r, r->server, 16);
  r->in_loop = true;
  went = took(r, "np_loop_run", np_loop_run(r->loop));
  r->in_loop = false;
  return went && holds(r, !np_loop_is_pending(r->loop), "nothing is pending") &&
         ends(read, WAIT_TIMEOUT, 0);
}

static void cancel_by_task(np_task *task) {
  struct action *action = task->user;

  took(action->run, "np_op_cancel", np_op_cancel(&action->op));
}

SCENARIO(run_cancel, "loop/run-and-cancel", CANCELS_FIRST) {
  static np_task task;
  struct action *read;
  bool went;

  STEP(pair_open(r));
  r->timeout_ms = 20; /* ends the read if its cancel is refused */
  read = read_begin(r, r->server, 16);
  memset(&task, 0, sizeof task);
  task.user = read;
  STEP(took(r, "np_loop_post", np_loop_post(r->loop, &task, cancel_by_task)));
  r->in_loop = true;
  went = took(r, "np_loop_run", np_loop_run(r->loop));
  r->in_loop = false;
  return went && ends(read, ERROR_OPERATION_ABORTED, 0);
}

SCENARIO(idle, "loop/run-once-with-nothing", ONLY_WAITS) {
  np_error error = np_loop_run_once(r->loop, 20);

  return refused(r, "np_loop_run_once", error, WAIT_TIMEOUT) &&
         holds(r, np_loop_port(r->loop) != NULL, "a loop has a port");
}

SCENARIO(foreign, "loop/foreign-port", FOREIGN_PORT) {
  np_task task;
  bool went;

  memset(&task, 0, sizeof task);
  task.user = r;
  went = refused(r, "np_loop_run", np_loop_run(r->loop), ERROR_NOT_SUPPORTED) &&
         took(r, "np_loop_post", np_loop_post(r->loop, &task, count_task)) &&
         pair_open(r) && exchange(r, r->client, r->server, "hello");
  for (int i = 0; i < 8 && r->notes == 0; i++) {
    turn(r, 10);
  }
  return went && holds(r, r->notes == 1, "the task ran");
}

SCENARIO(destroy_busy, "loop/destroyed-too-early", 0) {
  return pair_open(r) &&
         refused(r, "np_loop_destroy", np_loop_destroy(r->loop), ERROR_BUSY);
}

SCENARIO(names, "error/names-and-version", 0) {
  r->server = server_open(r);
  return r->server != NULL &&
         holds(
             r,
             strcmp(np_error_name(ERROR_BROKEN_PIPE), "ERROR_BROKEN_PIPE") == 0,
             "an error has its name") &&
         holds(r, np_error_text(ERROR_BROKEN_PIPE)[0] != '\0',
               "an error has a text") &&
         holds(r, np_is_eof(ERROR_BROKEN_PIPE), "the end of a stream") &&
         holds(r, np_is_retryable(ERROR_PIPE_BUSY), "to be tried again") &&
         holds(r, np_version()[0] != '\0', "a version");
}

static void write_again(struct action *action) {
  struct run *r = action->run;

  if (++r->notes < 200) {
    action->begun++;
    if (np_pipe_write(r->client, NULL, 0, &action->op, action->op.np__done) !=
        NP_OK) {
      run_fail(r, "np_pipe_write refused to begin in its own callback");
    }
  }
}

/* Empty writes complete at once, so the loop always has work; it must still
 * poll the port. */
SCENARIO(never_idle, "loop/never-idle", 0) {
  struct action *write;
  bool went;

  STEP(pair_open(r));
  write = write_begin(r, r->client, "", 0);
  STEP(write != NULL);
  write->then = write_again;
  r->in_loop = true;
  went = took(r, "np_loop_run", np_loop_run(r->loop));
  r->in_loop = false;
  return went && holds(r, r->notes == 200, "all of them came");
}

static DWORD WINAPI stop_later(LPVOID context) {
  struct run *r = context;

  Sleep(20); /* by then the loop waits */
  r->thread_error = np_loop_stop(r->loop);
  return 0;
}

SCENARIO(stop_thread, "loop/stopped-by-another-thread", ONLY_WAITS) {
  const uint64_t begin_ns = sim_now_ns();
  HANDLE thread = CreateThread(NULL, 0, stop_later, r, 0, NULL);
  np_error error;

  if (thread == NULL) {
    return took(r, "CreateThread", GetLastError());
  }
  r->in_loop = true;
  error = np_loop_run_once(r->loop, 60000);
  r->in_loop = false;
  WaitForSingleObject(thread, INFINITE);
  CloseHandle(thread);
  return took(r, "np_loop_stop", r->thread_error) &&
         took(r, "np_loop_run_once", error) &&
         holds(r, sim_now_ns() - begin_ns < 1000000000, "it was woken");
}

/* A timer that is due when the wait ends must run in the same turn. */
SCENARIO(due, "timer/due-as-the-wait-ends", ONLY_WAITS) {
  np_timer timer;
  np_error error;

  memset(&timer, 0, sizeof timer);
  timer.user = r;
  took(r, "np_timer_start", np_timer_start(r->loop, &timer, 19, count_timer));
  r->in_loop = true;
  error = np_loop_run_once(r->loop, 20);
  r->in_loop = false;
  np_timer_stop(&timer);
  return took(r, "np_loop_run_once", error) &&
         holds(r, r->notes == 1, "the timer ran");
}
