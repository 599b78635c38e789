/* Parts: an array of buffers that is read and written like one buffer. */
#ifndef NPIPE_SRC_PARTS_H
#define NPIPE_SRC_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include <npipe/io.h>

/* A position in an array of buffers. */
typedef struct np__parts {
  const np_buffer *buffers;
  size_t count;
  size_t offset; /* offset in the first buffer */
} np__parts;

/* np__parts_measure adds up the lengths. It returns false if a needed pointer
 * is NULL, or if the sum exceeds UINT32_MAX. */
bool np__parts_measure(const np_buffer *buffers, size_t count, size_t *total);

/* np__parts_next returns the rest of the first buffer with room, or an empty
 * buffer if none has room. */
np_buffer np__parts_next(np__parts *parts);

/* np__parts_put copies `length` bytes into the buffers and moves on. The
 * buffers must have the room. */
void np__parts_put(np__parts *parts, const void *from, size_t length);

/* np__parts_get copies `length` bytes out of the buffers and moves on. The
 * buffers must hold as many. */
void np__parts_get(np__parts *parts, void *to, size_t length);

#endif
