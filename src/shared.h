/* Copies that the library keeps until they are sent: of a channel's caller, and
 * of a sender's. */
#ifndef NPIPE_SRC_SHARED_H
#define NPIPE_SRC_SHARED_H

#include <stdbool.h>
#include <stddef.h>

#include <npipe/sender.h>

/* A message in memory of the library. Its bytes lie behind it, or in `shared`.
 */
typedef struct np__copy {
  np_message message; /* first */
  np_allocator allocator;
  np_shared *shared; /* holds a count; NULL: the bytes are behind the struct */
  np_sent_fn done;
  void *user;
  np_channel *channel; /* of np_channel_send_copy */
} np__copy;

/* np__copy_charge returns the bytes that a message counts while it waits. */
static inline size_t np__copy_charge(size_t length) {
  return length + NP_COPY_BYTES;
}

/* np__copy_has_room returns true if a message of `length` bytes may wait beside
 * `bytes` that wait already. */
static inline bool np__copy_has_room(size_t bytes, size_t bytes_max,
                                     size_t length) {
  return bytes == 0 ||
         (bytes <= bytes_max && np__copy_charge(length) <= bytes_max - bytes);
}

/* np__copy_new returns a copy of `data`, or of `shared` if that is not NULL;
 * it sets the message's data and length. NULL: no memory. */
np__copy *np__copy_new(const np_allocator *allocator, np_shared *shared,
                       const void *data, size_t length);

/* np__copy_free frees `copy` and its count. */
void np__copy_free(np__copy *copy);

/* np__copy_end frees `copy` and calls its function. False: it has none. */
bool np__copy_end(np__copy *copy, np_error error);

#endif
