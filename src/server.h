/* Server ends from the inside: the functions with which a listener makes its
 * instances. */
#ifndef NPIPE_SRC_SERVER_H
#define NPIPE_SRC_SERVER_H

#include <stdbool.h>

#include <npipe/server.h>

#include "name.h"
#include "access.h"

/* np__server_options_are_valid returns true if np_server_create accepts the
 * options. */
bool np__server_options_are_valid(const np_server_options *options);

/* np__server_create is np_server_create with valid options, a name in UTF-16
 * and the security that the options ask for. `is_further`: the caller holds an
 * instance of the name that was proven to be its own. */
np_error np__server_create(np_loop *loop, const np__name *name,
                           const np_server_options *options,
                           const np__security *security, bool is_further,
                           np_pipe **server);

/* np__server_accept begins a connect that does not keep the loop running, on a
 * server without a connect in flight. The connect of a listening instance goes
 * to the kernel at the end of the turn, when a client may have come and the
 * answer costs no packet. The connect of a disconnected instance goes at once,
 * because no client can open the instance before. */
void np__server_accept(np_pipe *server, np_op *op, np_op_fn done);

/* np__server_disconnect is np_server_disconnect for a server that is not
 * closing. */
np_error np__server_disconnect(np_pipe *server);

#endif
