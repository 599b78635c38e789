/* A heap of deadlines: a pairing heap whose nodes lie in their owners, so that
 * starting a timer takes no memory and cannot fail. The heap does not read the
 * clock. */
#ifndef NPIPE_SRC_HEAP_H
#define NPIPE_SRC_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/timer.h>

typedef struct np__heap {
  np__timer_node *root; /* the earliest deadline; NULL when empty */
  size_t count;
  uint64_t sequence; /* number of the next insertion */
} np__heap;

/* np__heap_insert adds `node`, which is in no heap. If deadlines are equal, the
 * node inserted first is the earlier one. */
void np__heap_insert(np__heap *heap, np__timer_node *node, uint64_t deadline_ms,
                     void (*expired)(np__timer_node *node));

/* np__heap_remove removes `node` from `heap`. */
void np__heap_remove(np__heap *heap, np__timer_node *node);

static inline bool np__heap_has(const np__timer_node *node) {
  return node->expired != NULL;
}

#endif
