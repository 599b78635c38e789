/* Counts the library's memory. New memory is filled with a pattern, so that no
 * byte of it is zero by accident. */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* The size stands before the block. */
union block {
  size_t size;
  max_align_t align;
};

static void *allocate(void *context, size_t size) {
  struct memory *memory = context;
  union block *block;

  memory->allocations++;
  if (memory->allocations == memory->allocation_fails) {
    return NULL;
  }
  if (memory->bytes_max != NULL) {
    const size_t bytes_max = memory->bytes_max(memory->context);

    if (memory->live_bytes > bytes_max ||
        size > bytes_max - memory->live_bytes) {
      memory->broken(memory->context, size, bytes_max);
    }
  }
  block = malloc(sizeof *block + size);
  if (block == NULL) {
    abort();
  }
  block->size = size;
  memset(block + 1, 0xA5, size);
  memory->live++;
  memory->live_bytes += size;
  return block + 1;
}

static void release(void *context, void *released) {
  struct memory *memory = context;

  memory->live--;
  memory->live_bytes -= ((union block *)released)[-1].size;
  free((union block *)released - 1);
}

np_allocator memory_allocator(struct memory *memory) {
  const np_allocator allocator = {allocate, release, memory};

  return allocator;
}

void memory_fail(struct memory *memory, uint32_t nth) {
  memory->allocation_fails = nth > 0 ? memory->allocations + nth : 0;
}
