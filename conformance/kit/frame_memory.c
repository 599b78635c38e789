/* The law of a decoder's memory, for the cases and for the fuzz targets. */
#include "frame_memory.h"

#include <string.h>

size_t frame_bytes_max(const struct frame_memory *memory) {
  return 2 * memory->came_bytes + NP_FRAME_MEMORY_BYTES;
}

static size_t bytes_max(void *context) {
  return frame_bytes_max(context);
}

np_allocator frame_memory_allocator(struct frame_memory *memory,
                                    void (*broken)(void *memory, size_t size,
                                                   size_t bytes_max)) {
  memset(memory, 0, sizeof *memory);
  memory->counted.bytes_max = bytes_max;
  memory->counted.broken = broken;
  memory->counted.context = memory;
  return memory_allocator(&memory->counted);
}
