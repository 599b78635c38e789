/* Pauses between attempts: backoff.h says what they are for. The random numbers
 * are those of a linear congruential generator, whose high bits are used. */
#include "backoff.h"

static uint32_t random_below(uint32_t *random, uint32_t end) {
  *random = *random * 1664525u + 1013904223u;
  return (*random >> 16) % end;
}

uint32_t np__backoff_ms(uint32_t *random, uint32_t failures, uint32_t first_ms,
                        uint32_t longest_ms) {
  uint32_t pause_ms = first_ms;

  for (; failures > 0 && pause_ms < longest_ms; failures--) {
    pause_ms = pause_ms <= longest_ms / 2 ? 2 * pause_ms : longest_ms;
  }
  return pause_ms - random_below(random, pause_ms / 2 + 1);
}
