/* Reverts for a callback that forgot it. A callback may impersonate a client
 * (np_pipe_impersonate) and must revert before it returns. If it forgets, the
 * loop reverts, so that no other code runs as the client. */
#include "revert.h"

void np__revert_forgotten(np_loop *loop) {
  if (!RevertToSelf()) {
    /* Source: RevertToSelf, Remarks: a process that cannot revert should end.
     * No handler of the program may run first: it would run as the client. */
    TerminateProcess(GetCurrentProcess(), /* GCOVR_EXCL_LINE: no counter */
                     GetLastError());     /* GCOVR_EXCL_LINE: survives */
  }
  loop->impersonates = false;
  loop->forgot_revert = true;
  InterlockedExchange(&loop->stop, 1); /* The run ends and reports the error. */
}
