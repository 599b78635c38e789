/* The pairing heap of deadlines. Insert is constant time; remove is logarithmic
 * on average. heap.h says how the two pointers of a node are used. */
#include "heap.h"

#include <assert.h>

#define SEQUENCE_END (1u << NP__KEY_SEQUENCE_BITS)

static np__timer_node *left_of(const np__timer_node *node) {
  return (node->key & NP__KEY_ONLY_RIGHT) == 0 ? node->down : NULL;
}

static np__timer_node *right_of(const np__timer_node *node) {
  if (node->down == NULL || (node->key & NP__KEY_ONLY_RIGHT) != 0) {
    return node->down;
  }
  return node->down->across != node ? node->down->across : NULL;
}

static void set_children(np__timer_node *node, np__timer_node *left,
                         np__timer_node *right) {
  node->key &= ~(uint64_t)NP__KEY_ONLY_RIGHT;
  node->down = left;
  if (left != NULL) {
    left->across = right != NULL ? right : node;
  } else if (right != NULL) {
    node->key |= NP__KEY_ONLY_RIGHT;
    node->down = right;
  }
  if (right != NULL) {
    right->across = node;
  }
}

/* has_parent_across returns true if `across` of `node`, which is not the root,
 * is its parent. Else it is the right child of its parent. */
static bool has_parent_across(const np__timer_node *node) {
  const np__timer_node *first = node->across->down;

  return first == node || (first != NULL && first->across == node);
}

/* meld joins two trees into one; either may be NULL. Their roots have no right
 * child. */
static np__timer_node *meld(np__timer_node *a, np__timer_node *b) {
  if (a == NULL) {
    return b;
  }
  if (b == NULL) {
    return a;
  }
  if (b->key < a->key) {
    np__timer_node *swap = a;

    a = b;
    b = swap;
  }
  set_children(b, left_of(b), left_of(a));
  set_children(a, b, NULL);
  return a;
}

/* meld_siblings joins a row of siblings into one tree: in pairs from the left,
 * then the pairs from the right. This order keeps removals cheap on average.
 * Between the two passes `across` links the pairs. */
static np__timer_node *meld_siblings(np__timer_node *first) {
  np__timer_node *pairs = NULL;
  np__timer_node *tree = NULL;

  while (first != NULL) {
    np__timer_node *a = first;
    np__timer_node *b = right_of(a);

    first = b != NULL ? right_of(b) : NULL;
    set_children(a, left_of(a), NULL);
    if (b != NULL) {
      set_children(b, left_of(b), NULL);
    }
    a = meld(a, b);
    a->across = pairs;
    pairs = a;
  }
  while (pairs != NULL) {
    np__timer_node *next = pairs->across;

    tree = meld(tree, pairs);
    pairs = next;
  }
  return tree;
}

static void set_sequence(np__timer_node *node, uint32_t sequence) {
  const uint64_t mask = (uint64_t)(SEQUENCE_END - 1) << NP__KEY_MARKS;

  node->key = (node->key & ~mask) | (uint64_t)sequence << NP__KEY_MARKS;
}

/* renumber numbers the nodes anew: those of each deadline from 0 on, in their
 * order. It runs once in SEQUENCE_END insertions. */
static void renumber(np__heap *heap) {
  np__timer_node *sorted = NULL;
  np__timer_node **end = &sorted;
  uint64_t deadline_ms = UINT64_MAX;
  uint32_t sequence = 0;

  while (heap->root != NULL) {
    np__timer_node *node = heap->root;

    heap->root = meld_siblings(left_of(node));
    *end = node;
    end = &node->across;
  }
  *end = NULL;
  heap->sequence = 0;
  while (sorted != NULL) {
    np__timer_node *node = sorted;

    sorted = node->across;
    if (np__heap_deadline_ms(node) != deadline_ms) {
      deadline_ms = np__heap_deadline_ms(node);
      sequence = 0;
    }
    set_sequence(node, sequence);
    sequence += sequence < SEQUENCE_END - 1 ? 1u : 0u;
    heap->sequence = sequence > heap->sequence ? sequence : heap->sequence;
    set_children(node, NULL, NULL);
    heap->root = meld(heap->root, node);
  }
}

void np__heap_insert(np__heap *heap, np__timer_node *node, uint64_t deadline_ms,
                     unsigned mark) {
  assert(!np__heap_has(node));
  if (heap->sequence >= SEQUENCE_END) {
    renumber(heap);
  }
  node->key = (node->key & NP__KEY_OWED) | NP__KEY_IN_HEAP | mark |
              (uint64_t)heap->sequence++ << NP__KEY_MARKS |
              deadline_ms << NP__KEY_DEADLINE;
  node->down = NULL;
  heap->root = meld(heap->root, node);
  heap->count++;
}

/* cut_out takes `node`, which is not the root, with its left child out of its
 * tree. */
static void cut_out(np__timer_node *node) {
  np__timer_node *across = node->across;
  np__timer_node *parent = has_parent_across(node) ? across : across->across;

  if (left_of(parent) == node) {
    set_children(parent, right_of(node), right_of(parent));
  } else {
    set_children(parent, left_of(parent), right_of(node));
  }
}

void np__heap_remove(np__heap *heap, np__timer_node *node) {
  assert(np__heap_has(node));
  assert(heap->count > 0);
  if (node == heap->root) {
    heap->root = meld_siblings(left_of(node));
  } else {
    cut_out(node);
    heap->root = meld(heap->root, meld_siblings(left_of(node)));
  }
  heap->count--;
  node->key &= ~(uint64_t)(NP__KEY_IN_HEAP | NP__KEY_ONLY_RIGHT);
}

np__timer_node *np__heap_after(const np__heap *heap, np__timer_node *node) {
  if (node == NULL) {
    return heap->root;
  }
  if (node->down != NULL) {
    return node->down;
  }
  while (node != heap->root) {
    if (!has_parent_across(node)) {
      return node->across;
    }
    node = node->across;
  }
  return NULL;
}
