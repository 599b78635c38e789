/* The list of the library: circular, doubly linked, with the links inside of
 * its elements. A list is a link itself: its `next` is the first element, its
 * `prev` the last; an empty list points to itself. An element leaves without
 * knowing its list. (The loop's queues of packets have links of their own, see
 * loop.h: they take fewer instructions.) */
#ifndef NPIPE_SRC_LIST_H
#define NPIPE_SRC_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include <npipe/op.h>

typedef np__link np__list;

/* NP__CONTAINER returns the struct of `type` whose `member` is at `pointer`. */
#define NP__CONTAINER(pointer, type, member) \
  ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* np__list_init makes `list` empty. */
static inline void np__list_init(np__list *list) {
  list->next = list;
  list->prev = list;
}

static inline bool np__list_is_empty(const np__list *list) {
  return list->next == list;
}

/* np__list_push adds `link`, which is in no list, as the last element. */
static inline void np__list_push(np__list *list, np__link *link) {
  np__link *last = list->prev;

  link->next = list;
  link->prev = last;
  last->next = link;
  list->prev = link;
}

/* np__list_push_first adds `link`, which is in no list, as the first element.
 */
static inline void np__list_push_first(np__list *list, np__link *link) {
  np__list_push(list->next, link);
}

/* np__list_remove takes `link` out of its list. */
static inline void np__list_remove(np__link *link) {
  np__link *next = link->next;
  np__link *prev = link->prev;

  next->prev = prev;
  prev->next = next;
}

#endif
