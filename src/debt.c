/* What the kernel owes a loop, and what ends by the clock. A debt with a time
 * limit is in the heap of timers, any other debt is in the list `owed`. Rule: a
 * debt is in one of the two, so that both can use the same memory. */
#include <assert.h>

#include "loop.h"

_Static_assert(offsetof(np__packet, link) == 0 &&
                   offsetof(np__packet, next) == offsetof(np__link, next),
               "a link is a packet, in a queue too");
_Static_assert(sizeof(np__timer_node) >= sizeof(np__debt) &&
                   offsetof(np__timer_node, key) == offsetof(np__debt, key),
               "a debt has the key of its node");
_Static_assert(offsetof(np__calibration, debt) ==
                   offsetof(np__calibration, mark) + sizeof(np__packet),
               "a debt lies directly after its packet");

static np__timer_node *node_of(np__debt *debt) {
  return (np__timer_node *)(void *)debt;
}

static bool is_owed(const np__debt *debt) {
  return (debt->key & NP__KEY_OWED) != 0;
}

/* recent_remove searches from the latest on: mostly it is that. */
static void recent_remove(np_loop *loop, const np__debt *debt) {
  for (uint32_t i = 1; i <= NP__RECENT; i++) {
    np__debt **at = &loop->recent[(loop->recent_at - i) % NP__RECENT];

    if (*at == debt) {
      *at = NULL;
      return;
    }
  }
}

static void recent_push(np_loop *loop, np__debt *debt) {
  loop->recent[loop->recent_at++ % NP__RECENT] = debt;
}

void np__loop_owe(np_loop *loop, np__debt *debt) {
  debt->key |= NP__KEY_OWED;
  loop->owed_count++;
  if (np__heap_has(node_of(debt))) {
    recent_push(loop, debt);
  } else {
    np__list_push_first(&loop->owed, &debt->link);
  }
}

void np__loop_paid(np_loop *loop, np__debt *debt) {
  assert(is_owed(debt));
  assert(loop->owed_count > 0);
  debt->key &= ~(uint64_t)NP__KEY_OWED;
  loop->owed_count--;
  if (np__heap_has(node_of(debt))) {
    recent_remove(loop, debt);
  } else {
    np__list_remove(&debt->link);
  }
}

np__debt *np__loop_debt_after(const np_loop *loop, np__debt *debt) {
  np__timer_node *node = NULL;

  if (debt == NULL || !np__heap_has(node_of(debt))) {
    np__link *next = debt == NULL ? loop->owed.next : debt->link.next;

    if (next != &loop->owed) {
      return np__debt_of(next);
    }
  } else {
    node = node_of(debt);
  }
  do {
    node = np__heap_after(&loop->timers, node);
  } while (node != NULL && (node->key & NP__KEY_OWED) == 0);
  return (np__debt *)(void *)node;
}

void np__loop_limit(np_loop *loop, np__debt *debt, uint64_t deadline_ms) {
  if (is_owed(debt)) {
    np__list_remove(&debt->link);
    recent_push(loop, debt);
  }
  np__heap_insert(&loop->timers, node_of(debt), deadline_ms, NP__KEY_OF_OP);
}

void np__loop_unlimit(np_loop *loop, np__debt *debt) {
  if (!np__heap_has(node_of(debt))) {
    return;
  }
  np__heap_remove(&loop->timers, node_of(debt));
  if (is_owed(debt)) {
    recent_remove(loop, debt);
    np__list_push_first(&loop->owed, &debt->link);
  }
}

void np__alarm_start(np_loop *loop, np__alarm *alarm, uint64_t deadline_ms,
                     void (*expired)(np__alarm *alarm)) {
  alarm->expired = expired;
  np__heap_insert(&loop->timers, &alarm->node, deadline_ms, 0);
}

void np__alarm_stop(np_loop *loop, np__alarm *alarm) {
  if (np__alarm_is_active(alarm)) {
    np__heap_remove(&loop->timers, &alarm->node);
  }
}
