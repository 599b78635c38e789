/* Child processes of the test programs on Linux: a crash, a hang and a
 * sanitizer's report end the child, and the parent goes on. */
#ifndef NPIPE_KIT_CHILD_H
#define NPIPE_KIT_CHILD_H

#include <stdbool.h>
#include <stddef.h>

/* child_share returns zeroed memory that this process and its children share.
 * Without memory it ends the process. */
void *child_share(size_t bytes);

/* child_begin forks. It returns true in the child. In the parent it waits for
 * the child, sets `*status` as waitpid does, and returns false. */
bool child_begin(int *status);

/* child_passed returns true if a child with this status exited with 0. */
bool child_passed(int status);

/* child_catch calls `on_death` before a fatal signal, SIGALRM or a sanitizer's
 * report ends this process. `what` names the reason. */
void child_catch(void (*on_death)(const char *what));

#endif
