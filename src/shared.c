/* Shared messages, and the library's copies of messages. A shared message is
 * freed by the thread that gives back its last count, so its allocator must
 * work on every thread. */
#include "shared.h"

#include <string.h>

#include "allocator.h"

struct np_shared {
  volatile LONG count;
  np_allocator allocator;
  size_t length;
  unsigned char bytes[];
};

np_error np_shared_create(const np_allocator *allocator, const void *data,
                          size_t length, np_shared **shared) {
  np_allocator chosen = {NULL, NULL, NULL};
  np_shared *made;

  if (allocator != NULL) {
    chosen = *allocator;
  }
  if (shared == NULL || !np__allocator_complete(&chosen)) {
    return ERROR_INVALID_PARAMETER;
  }
  if (length > UINT32_MAX - sizeof *made) {
    return ERROR_BUFFER_OVERFLOW;
  }
  made = chosen.allocate(chosen.context, sizeof *made + length);
  if (made == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  made->count = 1;
  made->allocator = chosen;
  made->length = length;
  if (data != NULL && length > 0) {
    memcpy(made->bytes, data, length);
  }
  *shared = made;
  return NP_OK;
}

void *np_shared_data(np_shared *shared) {
  return shared != NULL ? shared->bytes : NULL;
}

size_t np_shared_length(const np_shared *shared) {
  return shared != NULL ? shared->length : 0;
}

np_shared *np_shared_retain(np_shared *shared) {
  if (shared != NULL) {
    InterlockedIncrement(&shared->count);
  }
  return shared;
}

void np_shared_release(np_shared *shared) {
  if (shared != NULL && InterlockedDecrement(&shared->count) == 0) {
    const np_allocator allocator = shared->allocator;

    allocator.release(allocator.context, shared);
  }
}

np__copy *np__copy_new(const np_allocator *allocator, np_shared *shared,
                       const void *data, size_t length) {
  const size_t bytes = shared == NULL ? length : 0;
  np__copy *made = NULL;

  if (bytes <= SIZE_MAX - sizeof *made) {
    made = allocator->allocate(allocator->context, sizeof *made + bytes);
  }
  if (made == NULL) {
    return NULL;
  }
  memset(made, 0, sizeof *made);
  made->allocator = *allocator;
  made->shared = np_shared_retain(shared);
  if (bytes > 0) {
    memcpy(made + 1, data, bytes);
  }
  made->message.np__data = shared != NULL ? shared->bytes : (void *)(made + 1);
  made->message.np__length = shared != NULL ? shared->length : length;
  return made;
}

void np__copy_free(np__copy *copy) {
  const np_allocator allocator = copy->allocator;

  np_shared_release(copy->shared);
  allocator.release(allocator.context, copy);
}

bool np__copy_end(np__copy *copy, np_error error) {
  const np_sent_fn done = copy->done;
  void *user = copy->user;

  np__copy_free(copy);
  if (done != NULL) {
    done(user, error);
  }
  return done != NULL;
}
