/* Waitable timers. The clock calls sim__timers_run at the due time of the
 * next one. */
#include "kernel.h"

#include <stdlib.h>

enum { TIMER_ACCESS = 0x1F0003 };

static struct timer *armed; /* list of the timers that are set */

static void disarm(struct timer *timer) {
  struct timer **link = &armed;

  while (*link != NULL && *link != timer) {
    link = &(*link)->next_armed;
  }
  if (*link != NULL) {
    *link = timer->next_armed;
  }
  timer->due_at = NEVER;
}

static void arm(struct timer *timer, uint64_t due_at) {
  timer->due_at = due_at;
  timer->next_armed = armed;
  armed = timer;
  sim__clock_at(due_at);
}

void sim__timer_forget(struct timer *timer) {
  disarm(timer);
}

static void fire(struct timer *timer) {
  uint64_t due_at = timer->due_at;

  disarm(timer);
  timer->set = true;
  if (timer->routine != NULL) {
    sim__apc_queue(sim__thread_find(timer->thread_id),
                   &(struct apc){.kind = APC_TIMER,
                                 .timer = timer->routine,
                                 .context = timer->context,
                                 .time = sim__clock_system_time()});
  }
  if (timer->period_ns > 0) {
    arm(timer, due_at + timer->period_ns);
  }
  sim__wake();
}

void sim__timers_run(void) {
  struct timer *timer = armed;

  while (timer != NULL) {
    if (timer->due_at <= sim__kernel.now_ns) {
      fire(timer);
      timer = armed;
    } else {
      sim__clock_at(timer->due_at);
      timer = timer->next_armed;
    }
  }
}

HANDLE sim__timer_create(struct call *call,
                         const SECURITY_ATTRIBUTES *attributes, bool manual,
                         const WCHAR *name) {
  struct timer *timer = calloc(1, sizeof *timer);

  sim__object_init(&timer->object, OBJECT_TIMER);
  timer->manual = manual;
  timer->due_at = NEVER;
  return sim__named_create(call, &timer->object, TIMER_ACCESS, attributes,
                           name);
}

HANDLE WINAPI CreateWaitableTimerW(LPSECURITY_ATTRIBUTES attributes,
                                   BOOL manual_reset, LPCWSTR name) {
  struct call call;
  HANDLE handle = NULL;

  if (sim__call_begin(&call, __func__, PLACE, "%d", manual_reset)) {
    handle = sim__timer_create(&call, attributes, manual_reset != 0, name);
  }
  sim__call_end(&call);
  return handle;
}

BOOL WINAPI SetWaitableTimer(HANDLE handle, const LARGE_INTEGER *due,
                             LONG period_ms, PTIMERAPCROUTINE routine,
                             LPVOID context, BOOL resume) {
  struct call call;

  (void)resume;
  if (sim__call_begin(&call, __func__, PLACE, "%p %lld %d", handle,
                      due->QuadPart, (int)period_ms)) {
    struct timer *timer = sim__handle_get_for(&call, handle, OBJECT_TIMER, 0);

    if (timer != NULL && period_ms < 0) {
      call.error = ERROR_INVALID_PARAMETER;
    } else if (timer != NULL) {
      disarm(timer);
      timer->set = false;
      timer->period_ns = (uint64_t)period_ms * NS_PER_MS;
      timer->routine = routine;
      timer->context = context;
      timer->thread_id = sim__thread_self()->id;
      arm(timer, sim__clock_due(due->QuadPart));
      sim__timers_run();
    }
  }
  return sim__call_end(&call);
}

/* CancelWaitableTimer leaves the timer signalled if it is. Source: the
 * CancelWaitableTimer page. */
BOOL WINAPI CancelWaitableTimer(HANDLE handle) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    struct timer *timer = sim__handle_get_for(&call, handle, OBJECT_TIMER, 0);

    if (timer != NULL) {
      disarm(timer);
    }
  }
  return sim__call_end(&call);
}
