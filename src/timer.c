/* np_timer: timers of a loop. A timer never runs early, and timers run in the
 * order of their deadlines. */
#include <npipe/timer.h>

#include "loop.h"
#include "revert.h"

static void timer_expired(np__alarm *alarm) {
  np_timer *timer = NP__CONTAINER(alarm, np_timer, np__alarm);

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
    np__alarm_stop(loop, &timer->np__alarm);
  }
  timer->np__loop = loop;
  timer->np__fn = fn;
  np__alarm_start(loop, &timer->np__alarm, np__loop_deadline_ms(loop, delay_ms),
                  timer_expired);
  return NP_OK;
}

void np_timer_stop(np_timer *timer) {
  if (np_timer_is_active(timer)) {
    np__alarm_stop(timer->np__loop, &timer->np__alarm);
  }
}

bool np_timer_is_active(const np_timer *timer) {
  const bool is_active =
      timer != NULL && np__alarm_is_active(&timer->np__alarm);

  if (is_active) {
    np__loop_check_thread(timer->np__loop);
  }
  return is_active;
}

/* expire runs what belongs to `node`, whose deadline is over. */
static void expire(np_loop *loop, np__timer_node *node) {
  np__alarm *alarm = (np__alarm *)node;
  bool is_own = true;

  if ((node->key & NP__KEY_OF_OP) != 0) {
    np__loop_unlimit(loop, (np__debt *)(void *)node);
    loop->op_expired((np_op *)np__packet_of_debt((np__debt *)(void *)node));
  } else {
    is_own = alarm->expired != timer_expired;
    np__heap_remove(&loop->timers, node);
    alarm->expired(alarm);
  }
  if (is_own) {
    np__loop_count_own(loop);
  }
}

/* np__loop_run_timers runs the due timers. Timers that they start without a
 * delay wait for the next turn. So do all timers that are left if the heap
 * numbers its nodes anew meanwhile. */
void np__loop_run_timers(np_loop *loop) {
  const uint32_t sequence_end = loop->timers.sequence;
  const uint64_t now = np__loop_now_ms(loop);

  while (loop->timers.root != NULL && !np__loop_is_stopped(loop)) {
    np__timer_node *node = loop->timers.root;

    if (np__heap_deadline_ms(node) > now ||
        np__heap_sequence(node) >= sequence_end ||
        loop->timers.sequence < sequence_end) {
      break;
    }
    expire(loop, node);
    np__revert_if_forgotten(loop);
    loop->callbacks_since_poll++;
  }
}
