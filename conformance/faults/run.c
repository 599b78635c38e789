/* One run of a scenario: sets up the kernel and the loop, plays the steps,
 * tears everything down, and checks that nothing is left. */
#include "run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"

enum {
  TURNS_MAX = 400, /* turns until an expected event must have come */
  TURN_MS = 50     /* virtual time of one turn */
};

void run_fail(struct run *r, const char *format, ...) {
  va_list arguments;

  if (r->failure[0] != '\0') {
    return;
  }
  va_start(arguments, format);
  vsnprintf(r->failure, sizeof r->failure, format, arguments);
  va_end(arguments);
}

/* --- The loop ------------------------------------------------------------ */

static np_error foreign_turn(struct run *r, uint32_t wait_ms) {
  OVERLAPPED_ENTRY entries[8];
  ULONG count = 0;
  uint32_t due_ms;
  np_error error = np_loop_dispatch(r->loop, NULL, 0);

  if (error != NP_OK) {
    return error;
  }
  due_ms = np_loop_wait_ms(r->loop);
  if (!GetQueuedCompletionStatusEx(r->port, entries, 8, &count,
                                   due_ms < wait_ms ? due_ms : wait_ms,
                                   FALSE)) {
    error = GetLastError();
    if (error != WAIT_TIMEOUT) {
      return error;
    }
    count = 0;
  }
  error = np_loop_dispatch(r->loop, count > 0 ? entries : NULL, count);
  return error != NP_OK || count > 0 ? error : WAIT_TIMEOUT;
}

bool turn(struct run *r, uint32_t wait_ms) {
  np_error error;

  r->in_loop = true;
  if (r->port != NULL) {
    error = foreign_turn(r, wait_ms);
  } else {
    error = np_loop_run_once(r->loop, wait_ms);
  }
  r->in_loop = false;
  return error == WAIT_TIMEOUT || took(r, "np_loop_run_once", error);
}

bool turns(struct run *r, const unsigned *count, unsigned wanted) {
  for (int i = 0; i < TURNS_MAX && *count < wanted; i++) {
    STEP(turn(r, TURN_MS));
  }
  if (*count != wanted) {
    doubt(r, "%u callbacks came, %u were due", *count, wanted);
  }
  return *count == wanted;
}

void abandon(struct run *r) {
  while (r->pipe_count > 0) {
    pipe_close(r, r->pipes[0]);
  }
  for (int i = 0; i < TURNS_MAX && r->closed < r->closing; i++) {
    turn(r, TURN_MS);
  }
}

/* --- A run --------------------------------------------------------------- */

static bool loop_make(struct run *r) {
  np_loop_options options;

  np_loop_options_init(&options);
  options.allocator = memory_allocator(&r->memory);
  if ((r->scenario->flags & FOREIGN_PORT) != 0) {
    r->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (r->port == NULL) {
      return took(r, "CreateIoCompletionPort", GetLastError());
    }
    options.port = r->port;
    options.completion_key = 7;
  }
  return took(r, "np_loop_create", np_loop_create(&options, &r->loop));
}

/* ask calls tries on all pipes, because an error that readiness has caught is
 * reported by the next try. */
static void ask(struct run *r) {
  for (size_t i = 0; i < r->pipe_count; i++) {
    for (int k = 0; k < 4; k++) {
      note_injected(r, "np_pipe_try_read", OUTCOME_RETURNED,
                    try_read_error(r, r->pipes[i]));
      note_injected(r, "np_pipe_try_write", OUTCOME_RETURNED,
                    try_write_error(r, r->pipes[i]));
      turn(r, TURN_MS);
    }
  }
}

/* tear_down closes everything that is left, and runs the loop until nothing is
 * pending. The fault may also hit here, so the loop gets a second chance. */
static void tear_down(struct run *r) {
  np_error error;

  while (r->raw_count > 0) {
    CloseHandle(r->raws[--r->raw_count]);
  }
  for (size_t i = 0; i < r->action_count; i++) {
    r->actions[i].then = NULL;
  }
  if ((r->scenario->flags & READINESS) != 0 && r->plan.kind != PLAN_NONE &&
      !r->is_told) {
    ask(r);
  }
  for (size_t i = 0; i < r->request_count; i++) {
    np_client_connect_cancel(&r->requests[i]->request);
  }
  r->accept_then = NULL;
  if (r->listener != NULL) {
    for (int i = 0; i < 4 && r->plan.kind != PLAN_NONE && !r->is_told; i++) {
      /* A failure of this turn is reported in the next turn. */
      turn(r, TURN_MS);
    }
    listener_close(r);
  }
  if (r->link != NULL) {
    for (int i = 0; i < 4 && r->plan.kind != PLAN_NONE && !r->is_told; i++) {
      turn(r, TURN_MS); /* The end of an attempt is reported. */
    }
    np_link_close(r->link, NULL);
  }
  if (r->loop != NULL) {
    while (r->channel_count > 0) {
      channel_close(r, r->channels[0]);
    }
    while (r->pipe_count > 0) {
      pipe_close(r, r->pipes[0]);
    }
    for (int i = 0; i < TURNS_MAX && np_loop_is_pending(r->loop); i++) {
      turn(r, TURN_MS);
      while (r->pipe_count > 0) {
        /* a request's pipe, which came during the teardown */
        pipe_close(r, r->pipes[0]);
      }
    }
    if (np_loop_is_pending(r->loop)) {
      run_fail(r, "the loop is still busy at the end");
    }
    error = np_loop_destroy(r->loop);
    if (error != NP_OK) {
      run_fail(r, "np_loop_destroy gave %s", np_error_name(error));
    }
  }
  if (r->port != NULL) {
    CloseHandle(r->port);
  }
}

/* leaves_wait: the kernel's wait for an instance outlives its loop if it cannot
 * be cancelled. */
static bool leaves_wait(const struct run *r) {
  return (r->scenario->flags & TRIES_AGAIN) != 0 && r->plan.kind == PLAN_CALL &&
         strcmp(r->plan.function, "CancelIoEx") == 0;
}

static void check_account(struct run *r) {
  char text[FAILURE_BYTES_MAX - 16];

  for (size_t i = 0; i < r->action_count; i++) {
    const struct action *action = &r->actions[i];

    if (action->done != action->begun) {
      run_fail(r, "operation %zu (%s) began %u times and called back %u times",
               i, action->function, action->begun, action->done);
    }
  }
  for (size_t i = 0; i < r->request_count; i++) {
    if (r->requests[i]->done != r->requests[i]->begun) {
      run_fail(r, "request %zu was called back %u times", i,
               r->requests[i]->done);
    }
  }
  if (r->closed != r->closing) {
    run_fail(r, "%u pipes were closed and %u told so", r->closing, r->closed);
  }
  if (r->memory.live != 0) {
    run_fail(r, "%zu blocks of memory are left", r->memory.live);
  }
  if (!sim_check(text, sizeof text) && !leaves_wait(r)) {
    run_fail(r, "the kernel: %s", text);
  }
}

bool run_scenario(struct run *r, const struct scenario *scenario,
                  const struct plan *plan, const sim_settings *settings) {
  sim_settings changed = *settings;
  bool finished;

  if ((scenario->flags & NO_FLUSH_CONTROL) != 0) {
    changed.flush_control = false;
  }
  if ((scenario->flags & NO_NAMELESS) != 0) {
    changed.nameless_pipes = false;
  }
  sim_reset(1, &changed);
  memset(r, 0, offsetof(struct run, actions));
  memset((char *)r + offsetof(struct run, actions) + sizeof r->actions, 0,
         sizeof *r - offsetof(struct run, actions) - sizeof r->actions);
  r->scenario = scenario;
  r->plan = *plan;
  snprintf(r->name, sizeof r->name, "\\\\.\\pipe\\npipe-faults");
  np_server_options_init(&r->server_options);
  r->server_options.in_buffer_bytes = QUOTA_BYTES;
  r->server_options.out_buffer_bytes = QUOTA_BYTES;
  np_client_options_init(&r->client_options);
  np_listener_options_init(&r->listener_options);
  r->listener_options.server.in_buffer_bytes = QUOTA_BYTES;
  r->listener_options.server.out_buffer_bytes = QUOTA_BYTES;
  if (plan->kind == PLAN_ALLOCATION) {
    r->memory.fail_at = (size_t)plan->nth;
  } else if (plan->kind == PLAN_CALL) {
    sim_fault(plan->function, plan->nth, plan->error);
  } else if (plan->kind == PLAN_COMPLETION) {
    sim_fault_completion(plan->function, plan->nth, (NTSTATUS)plan->error);
  }
  finished = loop_make(r) && scenario->play(r);
  tear_down(r);
  judge(r, finished);
  check_account(r);
  return finished;
}
