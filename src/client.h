/* Client ends from the inside: one attempt to open a client end. */
#ifndef NPIPE_SRC_CLIENT_H
#define NPIPE_SRC_CLIENT_H

#include <stdbool.h>

#include <npipe/client.h>

#include "name.h"

bool np__client_options_are_valid(const np_client_options *options);

/* np__client_open is the only way to make a client end: it tries to open an
 * instance of `name` with valid options. `client` is set on success only.
 *
 * Returns NP_OK, ERROR_NOT_ENOUGH_MEMORY, or the error of Windows. */
np_error np__client_open(np_loop *loop, const np__name *name,
                         const np_client_options *options, np_pipe **client);

#endif
