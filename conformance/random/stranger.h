/* Another holder of a file object that the library has adopted. */
#ifndef NPIPE_RANDOM_STRANGER_H
#define NPIPE_RANDOM_STRANGER_H

#include "play.h"

/* step_stranger lets another holder of an adopted end begin a read, whose
 * packet comes to the loop's port. */
void step_stranger(struct play *play, const struct step *step);

/* strangers_are_reading returns true if a read of theirs has not ended. */
bool strangers_are_reading(const struct play *play);

/* adopt_shared checks that `end` is not adopted while a second handle is
 * open. */
void adopt_shared(struct end *end, np_loop *loop);

#endif
