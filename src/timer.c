/* np_timer: timers of a loop. A timer never runs early, and timers run in the
 * order of their deadlines. */
#include <npipe/timer.h>

#include "loop.h"
#include "revert.h"

static void timer_expired(np__timer_node *node) {
  np_timer *timer = NP__CONTAINER(node, np_timer, np__node);

  timer->np__fn(timer);
}

np_error np_timer_start(np_loop *loop, np_timer *timer, uint32_t delay_ms,
                        np_timer_fn fn) {
  np__loop_check_thread(loop);
  if (loop == NULL || timer == NULL || fn == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  if (np_timer_is_active(timer)) {
    if (timer->np__loop != loop) {
      return ERROR_BUSY;
    }
    np__heap_remove(&loop->timers, &timer->np__node);
  }
  timer->np__loop = loop;
  timer->np__fn = fn;
  np__heap_insert(&loop->timers, &timer->np__node,
                  np__loop_deadline_ms(loop, delay_ms), timer_expired);
  return NP_OK;
}

void np_timer_stop(np_timer *timer) {
  if (np_timer_is_active(timer)) {
    np__heap_remove(&timer->np__loop->timers, &timer->np__node);
  }
}

bool np_timer_is_active(const np_timer *timer) {
  const bool is_active = timer != NULL && np__heap_has(&timer->np__node);

  if (is_active) {
    np__loop_check_thread(timer->np__loop);
  }
  return is_active;
}

/* np__loop_run_timers runs the due timers. Timers that they start without a
 * delay wait for the next turn. */
void np__loop_run_timers(np_loop *loop) {
  const uint64_t sequence_end = loop->timers.sequence;
  const uint64_t now = np__loop_now_ms(loop);

  while (loop->timers.root != NULL && !np__loop_is_stopped(loop)) {
    np__timer_node *node = loop->timers.root;
    void (*expired)(np__timer_node * node) = node->expired;

    if (node->deadline_ms > now || node->sequence >= sequence_end) {
      break;
    }
    np__heap_remove(&loop->timers, node);
    expired(node);
    if (expired != timer_expired) {
      np__loop_count_own(loop);
    }
    np__revert_if_forgotten(loop);
    loop->callbacks_since_poll++;
  }
}
