/* Whether a pipe is what it should be: a server's own, or one of a server that
 * a client may trust. */
#ifndef NPIPE_SRC_TRUST_H
#define NPIPE_SRC_TRUST_H

#include <windows.h>

#include <npipe/loop.h>

#include "security.h"

/* np__trust_own proves that the pipe of `handle`, an instance that was just
 * added, belongs to the user that `security`, a preset, names, and lets in
 * nobody whom the preset does not. Returns NP_OK, ERROR_ACCESS_DENIED,
 * ERROR_NOT_ENOUGH_MEMORY, or what Windows said. */
np_error np__trust_own(np_loop *loop, HANDLE handle,
                       const np__security *security);

/* np__trust_server proves that the pipe of `handle`, a client end, belongs to
 * the caller's user, and that nobody whom this user does not trust can have
 * made it, add instances to it or change its access. Returns NP_OK,
 * ERROR_WRONG_TARGET_NAME, ERROR_INVALID_OWNER (it has no owner),
 * ERROR_NOT_ENOUGH_MEMORY, or what Windows said. */
np_error np__trust_server(np_loop *loop, HANDLE handle);

#endif
