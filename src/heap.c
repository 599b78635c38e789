/* The pairing heap of deadlines. Insert is constant time; remove is logarithmic
 * on average. */
#include "heap.h"

#include <assert.h>

static bool is_before(const np__timer_node *a, const np__timer_node *b) {
  if (a->deadline_ms != b->deadline_ms) {
    return a->deadline_ms < b->deadline_ms;
  }
  return a->sequence < b->sequence;
}

/* meld joins two trees into one; either may be NULL. The `prev` and `next` of a
 * root have no meaning. */
static np__timer_node *meld(np__timer_node *a, np__timer_node *b) {
  if (a == NULL) {
    return b;
  }
  if (b == NULL) {
    return a;
  }
  if (is_before(b, a)) {
    np__timer_node *swap = a;

    a = b;
    b = swap;
  }
  b->next = a->child;
  if (a->child != NULL) {
    a->child->prev = b;
  }
  b->prev = a;
  a->child = b;
  return a;
}

/* meld_siblings joins a row of siblings into one tree: in pairs from the left,
 * then the pairs from the right. This order keeps removals cheap on average. */
static np__timer_node *meld_siblings(np__timer_node *first) {
  np__timer_node *pairs = NULL;
  np__timer_node *tree = NULL;

  while (first != NULL) {
    np__timer_node *a = first;
    np__timer_node *b = a->next;

    first = b != NULL ? b->next : NULL;
    a = meld(a, b);
    a->next = pairs;
    pairs = a;
  }
  while (pairs != NULL) {
    np__timer_node *next = pairs->next;

    tree = meld(tree, pairs);
    pairs = next;
  }
  return tree;
}

void np__heap_insert(np__heap *heap, np__timer_node *node, uint64_t deadline_ms,
                     void (*expired)(np__timer_node *node)) {
  assert(!np__heap_has(node));
  assert(expired != NULL);
  node->deadline_ms = deadline_ms;
  node->sequence = heap->sequence++;
  node->child = NULL;
  node->expired = expired;
  heap->root = meld(heap->root, node);
  heap->count++;
}

void np__heap_remove(np__heap *heap, np__timer_node *node) {
  np__timer_node *rest;

  assert(np__heap_has(node));
  assert(heap->count > 0);
  rest = meld_siblings(node->child);
  if (node == heap->root) {
    heap->root = rest;
  } else {
    if (node->prev->child == node) {
      node->prev->child = node->next;
    } else {
      node->prev->next = node->next;
    }
    if (node->next != NULL) {
      node->next->prev = node->prev;
    }
    heap->root = meld(heap->root, rest);
  }
  heap->count--;
  node->expired = NULL;
}
