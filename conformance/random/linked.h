/* The links of the service: clients that connect again. */
#ifndef NPIPE_RANDOM_LINKED_H
#define NPIPE_RANDOM_LINKED_H

#include "play.h"

/* step_linked creates a link, sends on it, cancels a message or closes it. */
void step_linked(struct play *play, const struct step *step);

/* linked_is_number returns true if `number`, at the start of a message, is that
 * of a link. linked_came checks such a message: `request` is 0 for a greeting,
 * else the message's place among those of the link. */
bool linked_is_number(uint32_t number);
void linked_came(struct guest *guest, uint32_t number, uint32_t request);

/* linked_close closes all links; linked_check reports what has not ended. */
void linked_close(struct play *play);
void linked_check(struct play *play);

#endif
