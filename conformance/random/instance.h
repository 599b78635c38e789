/* Which instance a client got: the model learns it from the kernel. */
#ifndef NPIPE_RANDOM_INSTANCE_H
#define NPIPE_RANDOM_INSTANCE_H

#include "play.h"

/* instance_watch is called before a client opens an instance of `name`, and
 * instance_taken after it, whether it succeeded or not. That returns the server
 * end whose instance was taken, or NULL. */
void instance_watch(struct play *play, unsigned name);
struct end *instance_taken(struct play *play, unsigned name);

/* instance_tells_outbound returns whether that works for a server that only
 * writes. */
bool instance_tells_outbound(void);

#endif
