/* The operations of a guest. The laws: each ends once, with an error that the
 * header of its function names; and each ends in time after a cancel or a time
 * limit. */
#include "guest_task.h"

#include <string.h>

#include "kit/outcomes.h"

enum { LIMIT_MS_MAX = 30 };

void guest_in_loop(struct play *play, const char *what) {
  if (play->in_loop != 0) {
    play_fail(play, "%s ran outside of its loop", what);
  }
  callback_begins(play);
}

const char *guest_task_name(const struct guest_task *task) {
  static const char *const functions[] = {"np_channel_receive",
                                          "np_channel_send", "np_channel_call",
                                          "np_channel_shutdown"};

  if (task->kind == GUEST_RECEIVE && task->guest->into_size > 0) {
    return "np_channel_receive_into";
  }
  if (task->kind == GUEST_RECEIVE && task->guest->is_standing) {
    return "np_channel_receive_each";
  }
  if (task->kind == GUEST_SEND && task->guest->is_reserved) {
    return "np_channel_send_reserved";
  }
  return functions[task->kind];
}

static bool is_lost(const struct guest_task *task, np_error error) {
  return task->due.is_over && error != NP_OK &&
         error != ERROR_INSUFFICIENT_BUFFER; /* a message came */
}

static void task_lost(const struct guest_task *task) {
  play_fail(task->guest->play, "the %s of guest %u lost its %s",
            guest_task_name(task), task->guest->number,
            task->due.by_limit ? "time limit" : "cancel");
}

/* Sends and calls may also end with the error of an earlier
 * message, which was cut. */
void guest_task_ended(struct guest_task *task, np_error error, size_t length) {
  struct guest *guest = task->guest;
  struct play *play = guest->play;

  guest_in_loop(play, "a callback of a channel");
  say(play, "guest %u: its %s ended: %s, %zu bytes", guest->number,
      guest_task_name(task), np_error_name(error), length);
  if (!task->is_flying) {
    play_fail(play, "the %s of guest %u was called back twice",
              guest_task_name(task), guest->number);
  }
  task->is_flying = false;
  if (is_lost(task, error)) {
    task_lost(task);
  }
  if (!outcome_is_named(guest_task_name(task), OUTCOME_CALLED_BACK, error) &&
      !is_fault(play, error)) {
    play_fail(play, "the %s of guest %u ended with %s, which no header names",
              guest_task_name(task), guest->number, np_error_name(error));
  }
  if (!outcome_may_count(error, length)) {
    play_fail(play, "the %s of guest %u ended with %s and %zu bytes",
              guest_task_name(task), guest->number, np_error_name(error),
              length);
  }
  if (task->kind == GUEST_RECEIVE &&
      ((error == ERROR_OPERATION_ABORTED && !task->cancelled &&
        !guest->is_closing) ||
       (error == WAIT_TIMEOUT && task->timeout_ms == 0))) {
    play_fail(play, "the receive of guest %u ended with %s", guest->number,
              np_error_name(error));
  }
  if (task->kind != GUEST_RECEIVE && error != NP_OK) {
    guest->play->service.has_partial = true;
  }
}

np_op *guest_task_prepare(struct guest_task *task, uint32_t drawn) {
  np_op *op = &task->call.op;

  task->cancelled = false;
  task->timeout_ms =
      drawn % (task->guest->play->program->has_limits ? 2 : 8) == 0
          ? 1 + (drawn >> 8) % LIMIT_MS_MAX
          : 0;
  task->begun_ns = sim_now_ns();
  memset(&task->due, 0, sizeof task->due);
  op->timeout_ms = task->timeout_ms;
  return op;
}

void guest_task_begun(struct guest_task *task, np_error error, bool expected) {
  struct guest *guest = task->guest;

  say(guest->play, "guest %u: %s, limit %u ms: %s", guest->number,
      guest_task_name(task), (unsigned)task->timeout_ms, np_error_name(error));
  task->is_flying = error == NP_OK;
  if (error != NP_OK && !expected && !is_fault(guest->play, error)) {
    play_fail(guest->play, "the %s of guest %u gave %s", guest_task_name(task),
              guest->number, np_error_name(error));
  }
}

bool guest_can_begin(const struct guest *guest, const struct guest_task *task) {
  return guest->channel != NULL && !guest->is_closing && !task->is_flying;
}

void guest_cancel(struct guest *guest, uint32_t drawn) {
  struct play *play = guest->play;

  for (uint32_t i = 0; i < GUEST_TASKS; i++) {
    struct guest_task *task = &guest->tasks[(drawn + i) % GUEST_TASKS];
    np_error error;

    if (!task->is_flying) {
      continue;
    }
    error = np_op_cancel(&task->call.op);
    say(play, "guest %u: its %s is cancelled: %s", guest->number,
        guest_task_name(task), np_error_name(error));
    if (error == NP_OK) {
      task->cancelled = true;
    } else if (error != ERROR_NOT_FOUND && !is_fault(play, error)) {
      play_fail(play, "np_op_cancel gave %s", np_error_name(error));
    }
    if (error == NP_OK || error == ERROR_NOT_FOUND) {
      due_begin(play, &task->due, 0);
    }
    return;
  }
}

void guest_turn_begins(struct guest *guest) {
  for (size_t i = 0; i < GUEST_TASKS; i++) {
    struct guest_task *task = &guest->tasks[i];

    if (task->is_flying) {
      due_limit(guest->play, &task->due, task->begun_ns, task->timeout_ms);
    }
  }
}

void guest_turn_ended(struct guest *guest) {
  for (size_t i = 0; i < GUEST_TASKS; i++) {
    struct guest_task *task = &guest->tasks[i];

    if (task->is_flying &&
        due_is_over(guest->play, &task->due, 0, guest->is_closing)) {
      task_lost(task);
    }
  }
}
