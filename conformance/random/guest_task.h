/* The operations of a guest. */
#ifndef NPIPE_RANDOM_GUEST_TASK_H
#define NPIPE_RANDOM_GUEST_TASK_H

#include "guest.h"

/* guest_in_loop checks that a callback runs in its loop; `what` names it. */
void guest_in_loop(struct play *play, const char *what);

/* guest_task_name returns the name of the public function that began `task`. */
const char *guest_task_name(const struct guest_task *task);

/* guest_can_begin returns true if `task` can begin now. */
bool guest_can_begin(const struct guest *guest, const struct guest_task *task);

/* guest_task_prepare draws a time limit, and returns the op for the start. */
np_op *guest_task_prepare(struct guest_task *task, uint32_t drawn);

/* guest_task_begun checks what the start returned. `expected`: an error is
 * right. */
void guest_task_begun(struct guest_task *task, np_error error, bool expected);

/* guest_task_ended is called first in the callback of `task`, and checks its
 * result. */
void guest_task_ended(struct guest_task *task, np_error error, size_t length);

#endif
