/* Client ends, from the inside: one try to open one. */
#ifndef NPIPE_SRC_CLIENT_H
#define NPIPE_SRC_CLIENT_H

#include <stdbool.h>

#include <npipe/client.h>

#include "name.h"

bool np__client_options_are_valid(const np_client_options *options);

/* np__client_open is the one way by which a client end comes to be: a try to
 * open an instance of `name` with options that are valid. `client` is set on
 * success only.
 *
 * Returns NP_OK, ERROR_NOT_ENOUGH_MEMORY, or what Windows said. */
np_error np__client_open(np_loop *loop, const np__name *name,
                         const np_client_options *options, np_pipe **client);

#endif
