/* What a pipe lets whom do. */
#ifndef NPIPE_SRC_SECURITY_H
#define NPIPE_SRC_SECURITY_H

#include <windows.h>

#include <npipe/server.h>

/* np__security_from_options makes the descriptor that `options` ask for, as
 * text or as a preset. NULL where they ask for none; else free it with
 * LocalFree. Returns NP_OK, ERROR_NO_UNICODE_TRANSLATION,
 * ERROR_NOT_ENOUGH_MEMORY or what Windows said. */
np_error np__security_from_options(np_loop *loop,
                                   const np_server_options *options,
                                   PSECURITY_DESCRIPTOR *descriptor);

#endif
