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

/* instance_owner_is_user returns whether the user who makes a pipe owns it, if
 * its descriptor names no owner, too. An administrator's is then the group's,
 * and without a descriptor Wine's is nobody's. */
bool instance_owner_is_user(void);

/* instance_has_own_quotas returns whether each instance has those that it was
 * created with. Wine's have those of the name's first. */
bool instance_has_own_quotas(void);

#endif
