#include <npipe/timer.h>

#include "loop.h"

static void timer_expired(np__timer_node *node) {
  np_timer *timer = (np_timer *)((char *)node - offsetof(np_timer, np__node));

  timer->np__fn(timer);
}

np_error np_timer_start(np_loop *loop, np_timer *timer, uint32_t delay_ms,
                        np_timer_fn fn) {
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
  return timer != NULL && np__heap_has(&timer->np__node);
}
