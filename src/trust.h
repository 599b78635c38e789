/* Checks that a pipe can be trusted: a server's own pipe, or the pipe of a
 * client's server. */
#ifndef NPIPE_SRC_TRUST_H
#define NPIPE_SRC_TRUST_H

#include <windows.h>

#include <npipe/loop.h>

#include "access.h"

/* np__trust_own proves that the pipe of `handle`, an instance that was just
 * added, belongs to the user that `security`, a preset, names, and admits only
 * the users of the preset. Returns NP_OK, ERROR_ACCESS_DENIED,
 * ERROR_NOT_ENOUGH_MEMORY, or the error of Windows. */
np_error np__trust_own(np_loop *loop, HANDLE handle,
                       const np__security *security);

/* np__trust_server proves that the pipe of `handle`, a client end, belongs to
 * the caller's user, and that only users whom this user trusts can have made
 * it, can add instances to it or change its access. Returns NP_OK,
 * ERROR_WRONG_TARGET_NAME, ERROR_INVALID_OWNER (the pipe has no owner),
 * ERROR_NOT_ENOUGH_MEMORY, or the error of Windows. */
np_error np__trust_server(np_loop *loop, HANDLE handle);

#endif
