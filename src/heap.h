/* A heap of deadlines: a pairing heap whose nodes lie in their owners, so that
 * starting a timer takes no memory and cannot fail. The heap does not read the
 * clock.
 *
 * A node has two pointers, because each operation contains one. In a pairing
 * heap a node has a first child and a next sibling. Seen as a binary tree these
 * are its left and its right child. `down` is the left child, or the right
 * child if there is no left one. `across` of a left child is the right child of
 * its parent, if there is one; `across` of any other child is its parent. So
 * each neighbour of a node is found in two steps at most. */
#ifndef NPIPE_SRC_HEAP_H
#define NPIPE_SRC_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/timer.h>

/* The marks in the lowest bits of a node's key. Above them lie the node's
 * number among equal deadlines, then the deadline. */
enum {
  NP__KEY_IN_HEAP = 1,
  NP__KEY_ONLY_RIGHT = 2, /* `down` is the right child */
  NP__KEY_OF_OP = 4,      /* an operation's; else it is in an np__alarm */
  NP__KEY_OWED = 8        /* the kernel owes the packet (np__debt) */
};

#define NP__KEY_MARKS         4u
#define NP__KEY_SEQUENCE_BITS 18u
#define NP__KEY_DEADLINE      (NP__KEY_MARKS + NP__KEY_SEQUENCE_BITS)

typedef struct np__heap {
  np__timer_node *root; /* the earliest deadline; NULL when empty */
  size_t count;
  uint32_t sequence; /* number of the next insertion */
} np__heap;

/* np__heap_insert adds `node`, which is in no heap. If deadlines are equal, the
 * node inserted first is the earlier one. `mark` is NP__KEY_OF_OP or 0. */
void np__heap_insert(np__heap *heap, np__timer_node *node, uint64_t deadline_ms,
                     unsigned mark);

/* np__heap_remove removes `node` from `heap`. Its deadline stays readable. */
void np__heap_remove(np__heap *heap, np__timer_node *node);

/* np__heap_after returns the node after `node`, in an order without a meaning;
 * NULL is the end, and before the first. */
np__timer_node *np__heap_after(const np__heap *heap, np__timer_node *node);

static inline bool np__heap_has(const np__timer_node *node) {
  return (node->key & NP__KEY_IN_HEAP) != 0;
}

/* np__heap_deadline_ms returns the deadline of a node that is or was in a heap.
 */
static inline uint64_t np__heap_deadline_ms(const np__timer_node *node) {
  return node->key >> NP__KEY_DEADLINE;
}

/* np__heap_sequence returns the number of `node` among equal deadlines. */
static inline uint32_t np__heap_sequence(const np__timer_node *node) {
  return (uint32_t)(node->key >> NP__KEY_MARKS) &
         ((1u << NP__KEY_SEQUENCE_BITS) - 1);
}

#endif
