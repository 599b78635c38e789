/* Checks that a pipe can be trusted: a server's own pipe, or the pipe of a
 * client's server. */
#ifndef NPIPE_SRC_TRUST_H
#define NPIPE_SRC_TRUST_H

#include <windows.h>

#include <npipe/loop.h>

#include "access.h"

/* np__trust_own is called for an instance that was just added; `security` is a
 * preset. It proves that the pipe belongs to the user of the preset, and admits
 * only the users of the preset. Returns NP_OK, ERROR_ACCESS_DENIED,
 * ERROR_NOT_ENOUGH_MEMORY, or the error of Windows. */
np_error np__trust_own(np_loop *loop, HANDLE handle,
                       const np__security *security);

/* np__trust_server is called for the handle of a client end. It proves that the
 * pipe belongs to the caller's user. It also proves that only users whom this
 * user trusts can create the pipe, add instances or change the access. Returns
 * NP_OK,
 * ERROR_WRONG_TARGET_NAME, ERROR_INVALID_OWNER (the pipe has no owner),
 * ERROR_NOT_ENOUGH_MEMORY, or the error of Windows. */
np_error np__trust_server(np_loop *loop, HANDLE handle);

#endif
