/* Several buffers that act as one: their sum, and copying into and out of
 * them. */
#include "parts.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

bool np__parts_measure(const np_buffer *buffers, size_t count, size_t *total) {
  size_t sum = 0;

  if (buffers == NULL && count > 0) {
    return false;
  }
  for (size_t i = 0; i < count; i++) {
    const np_buffer *buffer = &buffers[i];

    if ((buffer->data == NULL && buffer->length > 0) ||
        buffer->length > UINT32_MAX - sum) {
      return false;
    }
    sum += buffer->length;
  }
  *total = sum;
  return true;
}

np_buffer np__parts_next(np__parts *parts) {
  np_buffer next = {NULL, 0};

  while (parts->count > 0 && parts->buffers[0].length == parts->offset) {
    parts->buffers++;
    parts->count--;
    parts->offset = 0;
  }
  if (parts->count > 0) {
    next.data = (char *)parts->buffers[0].data + parts->offset;
    next.length = parts->buffers[0].length - parts->offset;
  }
  return next;
}

void np__parts_put(np__parts *parts, const void *from, size_t length) {
  const char *at = from;

  while (length > 0) {
    np_buffer next = np__parts_next(parts);
    size_t size = next.length < length ? next.length : length;

    assert(next.data != NULL); /* the buffers have enough bytes */
    memcpy(next.data, at, size);
    parts->offset += size;
    at += size;
    length -= size;
  }
}

void np__parts_get(np__parts *parts, void *to, size_t length) {
  char *at = to;

  while (length > 0) {
    np_buffer next = np__parts_next(parts);
    size_t size = next.length < length ? next.length : length;

    assert(next.data != NULL); /* the buffers have enough bytes */
    memcpy(at, next.data, size);
    parts->offset += size;
    at += size;
    length -= size;
  }
}
