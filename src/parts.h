/* Several buffers that count as one. */
#ifndef NPIPE_SRC_PARTS_H
#define NPIPE_SRC_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include <npipe/io.h>

/* A place in a row of buffers. */
typedef struct np__parts {
  const np_buffer *buffers;
  size_t count;
  size_t offset; /* in the first of them */
} np__parts;

/* np__parts_measure adds up the lengths. False: NULL where there should be
 * something, or more than UINT32_MAX bytes in all. */
bool np__parts_measure(const np_buffer *buffers, size_t count, size_t *total);

/* np__parts_next returns the rest of the first buffer that has room, or one
 * without room when there is none. */
np_buffer np__parts_next(np__parts *parts);

/* np__parts_put copies `length` bytes into the buffers and moves on; they have
 * the room. */
void np__parts_put(np__parts *parts, const void *from, size_t length);

/* np__parts_get copies `length` bytes out of the buffers and moves on; they
 * have as many. */
void np__parts_get(np__parts *parts, void *to, size_t length);

#endif
