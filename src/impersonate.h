/* Acting as a client, from the inside. */
#ifndef NPIPE_SRC_IMPERSONATE_H
#define NPIPE_SRC_IMPERSONATE_H

#include <windows.h>

#include <npipe/error.h>

/* np__impersonate makes the thread act as the client of `pipe`, a server's
 * handle; RevertToSelf ends it. Returns NP_OK, ERROR_BUSY (the thread acts as
 * somebody already) or what Windows said. */
np_error np__impersonate(HANDLE pipe);

#endif
