/* Who is at the other end, from the inside. */
#ifndef NPIPE_SRC_IDENTITY_H
#define NPIPE_SRC_IDENTITY_H

#include <windows.h>

#include <npipe/client.h>

/* np__identity_verify checks that the server of `pipe`, a client's handle, is
 * what `options` demand. Returns NP_OK, ERROR_WRONG_TARGET_NAME (it is not),
 * ERROR_NOT_ENOUGH_MEMORY or what Windows said. */
np_error np__identity_verify(np_loop *loop, HANDLE pipe,
                             const np_client_options *options);

#endif
