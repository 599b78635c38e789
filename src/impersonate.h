/* Impersonation from the inside. */
#ifndef NPIPE_SRC_IMPERSONATE_H
#define NPIPE_SRC_IMPERSONATE_H

#include <windows.h>

#include <npipe/error.h>

/* np__impersonate makes the thread impersonate the client of `pipe`, a server's
 * handle, until RevertToSelf. Returns NP_OK, ERROR_BUSY (the thread
 * impersonates already) or the error of Windows. */
np_error np__impersonate(HANDLE pipe);

#endif
