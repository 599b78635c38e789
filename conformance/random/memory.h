/* Counted memory for the library: an allocator that may fail, and that asks a
 * law at each allocation. The player and the fuzz targets share it. */
#ifndef NPIPE_RANDOM_MEMORY_H
#define NPIPE_RANDOM_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include <npipe/loop.h>

/* `bytes_max` returns how many bytes the library may hold now; NULL: no law.
 * `broken` is called when an allocation of `size` bytes would exceed that. */
struct memory {
  size_t live;       /* blocks allocated and not released */
  size_t live_bytes; /* their bytes */
  uint64_t allocations;
  uint64_t allocation_fails; /* number of the failing allocation; 0: none */
  size_t (*bytes_max)(void *context);
  void (*broken)(void *context, size_t size, size_t bytes_max);
  void *context;
};

/* memory_allocator returns an allocator that counts in `memory`. */
np_allocator memory_allocator(struct memory *memory);

/* memory_fail makes the `nth` allocation from now fail; 0: none. */
void memory_fail(struct memory *memory, uint32_t nth);

#endif
