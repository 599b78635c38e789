/* Counted memory for the library: an allocator that may fail, and that asks a
 * law at each allocation. All tests of the library share it. */
#ifndef NPIPE_KIT_MEMORY_H
#define NPIPE_KIT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/loop.h>

/* `bytes_max` returns how many bytes the library may hold now; NULL: no law.
 * `broken` is called when an allocation of `size` bytes would exceed that. */
struct memory {
  size_t live;       /* blocks allocated and not released */
  size_t live_bytes; /* their bytes */
  size_t most_bytes; /* highest value of `live_bytes` */
  size_t total;      /* allocations asked for, failed ones too */
  size_t largest;    /* largest size asked for, in bytes */
  size_t fail_at;    /* the value of `total` that fails; 0: none */
  bool is_out;       /* all allocations fail */
  size_t (*bytes_max)(void *context);
  void (*broken)(void *context, size_t size, size_t bytes_max);
  void *context;
};

/* memory_allocator returns an allocator that counts in `memory`. A release of
 * nothing, or of more than was allocated, ends the process. */
np_allocator memory_allocator(struct memory *memory);

/* memory_fail makes the `nth` allocation from now fail; 0: none. */
void memory_fail(struct memory *memory, uint32_t nth);

#endif
