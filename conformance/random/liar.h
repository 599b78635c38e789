/* A kernel, or a server on another machine, that tells wrong counts. */
#ifndef NPIPE_RANDOM_LIAR_H
#define NPIPE_RANDOM_LIAR_H

#include "play.h"

/* step_lie makes a later answer a lie. From then on the model knows neither
 * data nor states. The law is that no result exceeds the caller's buffer, and
 * that nothing else is harmed. */
void step_lie(struct play *play, const struct step *step);

/* is_bounded returns true if an operation of `note` may end with `error` and
 * this count, whatever the kernel says. */
bool is_bounded(const struct note *note, np_error error, size_t transferred);

#endif
