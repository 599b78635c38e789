/* The instance that a client opened: the model learns it from the kernel. */
#ifndef NPIPE_RANDOM_INSTANCE_H
#define NPIPE_RANDOM_INSTANCE_H

#include "play.h"

/* instance_watch is called before a client opens an instance of `name`.
 * instance_taken is called after the open, successful or not; it returns the
 * server end whose instance was taken, or NULL. */
void instance_watch(struct play *play, unsigned name);
struct end *instance_taken(struct play *play, unsigned name);

/* instance_tells_outbound returns true if this works for a server that can only
 * write. */
bool instance_tells_outbound(void);

/* instance_owner_is_user returns true if the user who creates a pipe also owns
 * it when the descriptor names no owner. An administrator's pipe then belongs
 * to the group; and a pipe without a descriptor has no owner under Wine. */
bool instance_owner_is_user(void);

/* instance_become lets the process be that of another user, until it is that of
 * "alice" again. It returns false where users cannot change. */
bool instance_become(const char *user);

/* instance_has_own_quotas returns true if each instance has the quotas with
 * which it was created. Under Wine all instances have the quotas of the name's
 * first. */
bool instance_has_own_quotas(void);

#endif
