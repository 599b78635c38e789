/* The things that wait beside the busy work of busy.c. */
#ifndef NPIPE_RANDOM_WAITING_H
#define NPIPE_RANDOM_WAITING_H

#include "play.h"

/* busy_of returns the busy work to which `op` belongs. */
struct busy *busy_of(const np_op *op);

/* busy_server creates a server and busy_client opens a client of it. Its name
 * ends with `suffix`. They return false if there is no such pipe. */
bool busy_server(struct busy *busy, char suffix, np_pipe **server);
bool busy_client(struct busy *busy, char suffix, np_pipe **client);

/* busy_pipe_closed is the on_closed of these pipes. */
void busy_pipe_closed(np_pipe *pipe);

/* waiting_begin makes the chosen things ready, in one of the busy callbacks. */
void waiting_begin(struct busy *busy);

/* waiting_close closes all pipes of the busy work and of what waits. */
void waiting_close(struct busy *busy);

#endif
