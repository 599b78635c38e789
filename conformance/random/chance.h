/* The only source of random choices in a run: splitmix64. */
#ifndef NPIPE_RANDOM_CHANCE_H
#define NPIPE_RANDOM_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
  uint64_t state;
};

static inline uint64_t chance_next(struct chance *chance) {
  uint64_t z = (chance->state += 0x9E3779B97F4A7C15u);

  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static inline uint32_t chance_below(struct chance *chance, uint32_t bound) {
  return (uint32_t)(chance_next(chance) % bound);
}

static inline bool chance_permille(struct chance *chance, uint32_t permille) {
  return chance_below(chance, 1000) < permille;
}

#endif
