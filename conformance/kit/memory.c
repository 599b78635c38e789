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

static void obey_law(const struct memory *memory, size_t size) {
  const size_t bytes_max = memory->bytes_max(memory->context);

  if (memory->live_bytes > bytes_max || size > bytes_max - memory->live_bytes) {
    memory->broken(memory->context, size, bytes_max);
  }
}

static void *allocate(void *context, size_t size) {
  struct memory *memory = context;
  union block *block;

  memory->total++;
  memory->largest = size > memory->largest ? size : memory->largest;
  if (memory->is_out || memory->total == memory->fail_at) {
    return NULL;
  }
  if (memory->bytes_max != NULL) {
    obey_law(memory, size);
  }
  block = malloc(sizeof *block + size);
  if (block == NULL) {
    abort();
  }
  block->size = size;
  memset(block + 1, 0xA5, size);
  memory->live++;
  memory->live_bytes += size;
  if (memory->live_bytes > memory->most_bytes) {
    memory->most_bytes = memory->live_bytes;
  }
  return block + 1;
}

static void release(void *context, void *released) {
  struct memory *memory = context;

  if (released == NULL || memory->live == 0) {
    abort();
  }
  memory->live--;
  memory->live_bytes -= ((union block *)released)[-1].size;
  free((union block *)released - 1);
}

np_allocator memory_allocator(struct memory *memory) {
  const np_allocator allocator = {allocate, release, memory};

  return allocator;
}

void memory_fail(struct memory *memory, uint32_t nth) {
  memory->fail_at = nth > 0 ? memory->total + nth : 0;
}
