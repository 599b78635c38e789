/* The law of memory: what the library may hold, by what the model has open and
 * by what was sent. */
#ifndef NPIPE_RANDOM_BUDGET_H
#define NPIPE_RANDOM_BUDGET_H

#include "play.h"

/* budget_begin starts the law, when the loops are new. */
void budget_begin(struct play *play);

/* budget_end checks what the loops hold right before their end, when all else
 * is closed. */
void budget_end(struct play *play);

/* step_rest lets the loops run until channels are idle, and checks that memory
 * went back. It does nothing on a real kernel, where that takes real time. */
void step_rest(struct play *play);

#endif
