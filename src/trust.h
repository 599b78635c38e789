/* Checks that a pipe can be trusted: a server's own pipe, or the pipe of a
 * client's server. */
#ifndef NPIPE_SRC_TRUST_H
#define NPIPE_SRC_TRUST_H

#include <stdbool.h>
#include <windows.h>

#include <npipe/loop.h>

#include "access.h"
#include "sid.h"

/* np__trust_own is called for an instance that was just added; `security` is a
 * preset. It proves that the pipe belongs to the user of the preset, and admits
 * only the users of the preset. Returns NP_OK, ERROR_ACCESS_DENIED,
 * ERROR_NOT_ENOUGH_MEMORY, or the error of Windows. */
np_error np__trust_own(np_loop *loop, HANDLE handle,
                       const np__security *security);

/* np__trust_server proves facts about the pipe of `handle`, a client end. Its
 * owner is `owner`, if that is not NULL. With `same_user` its owner is the
 * caller's user. With `access` or `same_user`, only the owner and those whom
 * this machine trusts can have made the instance, can add instances or can
 * change the access. Returns NP_OK, ERROR_WRONG_TARGET_NAME,
 * ERROR_INVALID_OWNER (the pipe has no owner), ERROR_NOT_ENOUGH_MEMORY, or the
 * error of Windows. */
np_error np__trust_server(np_loop *loop, HANDLE handle, const np__sid *owner,
                          bool same_user, bool access);

#endif
