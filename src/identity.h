/* The identity of the peer, from the inside. */
#ifndef NPIPE_SRC_IDENTITY_H
#define NPIPE_SRC_IDENTITY_H

#include <windows.h>

#include <npipe/client.h>

#include "sid.h"

/* np__identity_verify checks that the server of `pipe`, a client's handle,
 * meets the demands in `options`. `owner` is their `verify_owner`, or NULL.
 * Returns NP_OK, ERROR_WRONG_TARGET_NAME (a
 * demand is not met), ERROR_NOT_ENOUGH_MEMORY or the error of Windows. */
np_error np__identity_verify(np_loop *loop, HANDLE pipe,
                             const np_client_options *options,
                             const np__sid *owner);

#endif
