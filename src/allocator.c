/* Fills in the default allocator. A caller's allocator has both functions or
 * none of them: memory of one allocator must never be freed by another. */
#include "allocator.h"

#include <stdlib.h>

static void *default_allocate(void *context, size_t size) {
  (void)context;
  return malloc(size);
}

static void default_release(void *context, void *memory) {
  (void)context;
  free(memory);
}

bool np__allocator_complete(np_allocator *allocator) {
  if ((allocator->allocate == NULL) != (allocator->release == NULL)) {
    return false;
  }
  if (allocator->allocate == NULL) {
    allocator->allocate = default_allocate;
    allocator->release = default_release;
  }
  return true;
}
