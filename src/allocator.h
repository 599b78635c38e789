/* The caller's allocator, or the C library's. */
#ifndef NPIPE_SRC_ALLOCATOR_H
#define NPIPE_SRC_ALLOCATOR_H

#include <stdbool.h>

#include <npipe/loop.h>

/* np__allocator_complete makes an empty `allocator` that of the C library.
 * False: only one of the two functions is set; `allocator` is as before. */
bool np__allocator_complete(np_allocator *allocator);

#endif
