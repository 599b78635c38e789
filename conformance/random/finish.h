/* The end of a run of the player. */
#ifndef NPIPE_RANDOM_FINISH_H
#define NPIPE_RANDOM_FINISH_H

#include "play.h"

/* finish_drain reads each open session to its end. Nothing may be missing
 * then. */
void finish_drain(struct play *play);

/* finish closes all that is open, destroys the loops, and checks that nothing
 * is left. */
void finish(struct play *play);

#endif
