/* Yields of a loop, and what it learns from them. */
#ifndef NPIPE_SRC_LOOP_YIELD_H
#define NPIPE_SRC_LOOP_YIELD_H

#include <stdbool.h>

#include <npipe/loop.h>

/* np__yield_init prepares the yields of a new loop. */
void np__yield_init(np_loop *loop);

/* np__yield is called when the loop has nothing to do but to pass reads to the
 * kernel, if the option `yields` is set or yields are switched on. It gives up
 * the processor, or does nothing. */
void np__yield(np_loop *loop);

/* np__yield_waits is called when the loop is about to wait for its port. */
void np__yield_waits(np_loop *loop);

#endif
