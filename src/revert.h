/* The end of an impersonation that a callback forgot. */
#ifndef NPIPE_SRC_REVERT_H
#define NPIPE_SRC_REVERT_H

#include "loop.h"

/* np__revert_forgotten ends the impersonation on the loop's thread, and makes
 * the loop's run end with ERROR_BAD_IMPERSONATION_LEVEL. If Windows refuses the
 * revert, the process ends: the thread must not go on as the client. */
void np__revert_forgotten(np_loop *loop);

/* np__revert_if_forgotten is called after each callback, before anything else
 * happens on the thread. It costs one test of a flag. */
static inline void np__revert_if_forgotten(np_loop *loop) {
  if (loop->impersonates) {
    np__revert_forgotten(loop);
  }
}

#endif
