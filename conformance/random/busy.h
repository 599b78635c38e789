/* The busy peer of the player, and what waits beside it. */
#ifndef NPIPE_RANDOM_BUSY_H
#define NPIPE_RANDOM_BUSY_H

#include "play.h"

/* step_busy runs endless work on a loop, makes other things ready beside it,
 * and checks how long they wait. It does nothing where a fault or a slow kernel
 * may keep them longer. */
void step_busy(struct play *play, const struct step *step);

#endif
