/* The tasks of a run. The laws: a task runs on the loop to which it was posted,
 * once for each post, and the tasks of a loop run in the order of their
 * posts. */
#include "play.h"

static void on_task(np_task *task) {
  struct task_note *note = (struct task_note *)task;
  struct play *play = note->play;

  callback_begins(play);
  say(play, "task %u runs", note->number);
  if (!note->posted) {
    play_fail(play, "task %u ran, which was not posted", note->number);
  }
  if (play->in_loop != (int)note->loop_index) {
    play_fail(play, "task %u ran outside of its loop", note->number);
  }
  if (note->order < play->task_order_run[note->loop_index]) {
    play_fail(play, "task %u ran out of its turn", note->number);
  }
  play->task_order_run[note->loop_index] = note->order;
  note->posted = false;
}

void step_task(struct play *play, const struct step *step) {
  struct task_note *note = &play->tasks[step->a % TASKS_MAX];
  const unsigned index = step->b % play->loop_count;
  np_error error = np_loop_post(play->loops[index], &note->task, on_task);

  say(play, "task %u is posted to loop %u: %s", note->number, index,
      np_error_name(error));
  if (error == NP_OK && !note->posted) {
    note->posted = true;
    note->loop_index = index;
    note->order = ++play->task_order;
  } else if (!(error == ERROR_BUSY && note->posted) &&
             !(error == ERROR_NO_SYSTEM_RESOURCES && play->faults)) {
    play_fail(play, "np_loop_post gave %s", np_error_name(error));
  }
}
