/* Pauses between attempts. Each failure in a row doubles the pause, up to the
 * longest one. A random part of up to one half is taken off, so that clients
 * that were refused together do not come back together. */
#ifndef NPIPE_SRC_BACKOFF_H
#define NPIPE_SRC_BACKOFF_H

#include <stdint.h>

/* np__backoff_ms returns the pause after `failures` doublings of `first_ms`. It
 * moves `*random`, which need not be a good random number, on. */
uint32_t np__backoff_ms(uint32_t *random, uint32_t failures, uint32_t first_ms,
                        uint32_t longest_ms);

#endif
