/* The memory of a decoder of frames, and its law: at each allocation the
 * decoder holds at most twice the bytes that have come of the frame and
 * NP_FRAME_MEMORY_BYTES, whatever length a header announces. */
#ifndef NPIPE_KIT_FRAME_MEMORY_H
#define NPIPE_KIT_FRAME_MEMORY_H

#include <npipe/frame.h>

#include "memory.h"

struct frame_memory {
  struct memory counted;
  size_t came_bytes; /* that the decoder was given of the frame that began */
};

/* frame_bytes_max returns how many bytes a decoder may hold now. */
size_t frame_bytes_max(const struct frame_memory *memory);

/* frame_memory_allocator clears `memory` and returns its allocator. `broken`
 * gets `memory` when an allocation breaks the law. */
np_allocator frame_memory_allocator(struct frame_memory *memory,
                                    void (*broken)(void *memory, size_t size,
                                                   size_t bytes_max));

#endif
