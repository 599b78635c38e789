/* Timers of a loop. */
#ifndef NPIPE_TIMER_H
#define NPIPE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include <npipe/api.h>
#include <npipe/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A loop, made by np_loop_create (npipe/loop.h). */
typedef struct np_loop np_loop;
typedef struct np_timer np_timer;

/* np_timer_fn is the function of a timer. It runs on the loop's thread. The
 * timer is no longer active: it may be started anew or freed. */
typedef void (*np_timer_fn)(np_timer *timer);

/* A place in the heap of deadlines; all of it belongs to the library. */
typedef struct np__timer_node {
  uint64_t key; /* the deadline, its number among equal ones, and marks */
  struct np__timer_node *down;
  struct np__timer_node *across;
} np__timer_node;

/* A deadline with the function that runs after it. */
typedef struct np__alarm {
  np__timer_node node; /* first */
  void (*expired)(struct np__alarm *alarm);
} np__alarm;

/* A timer, in the caller's storage. Set it to zero before its first use. It
 * must stay in place while it is active.
 *
 * user  the caller's; the library never looks at it */
struct np_timer {
  void *user;
  np_loop *np__loop;
  np_timer_fn np__fn;
  np__alarm np__alarm;
};

/* np_timer_start makes `fn` run once on the loop, `delay_ms` milliseconds from
 * now or as soon after as the system's waits allow (they end with its clock
 * tick, 1 to 16 ms), never before. A timer that is active is started anew: the
 * earlier deadline no longer counts. With a delay of 0 `fn` runs in the loop's
 * next turn. np_timer_start takes no memory and makes no system call.
 *
 * loop   borrowed while the timer is active
 * timer  caller's storage, in place until `fn` began or it was stopped; `fn`
 *        may start it again, or free it
 *
 * Returns NP_OK. On ERROR_INVALID_PARAMETER (`loop`, `timer` or `fn` is NULL)
 * or ERROR_BUSY (active on another loop) nothing changed.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  Acquiring high-resolution time stamps; Wait Functions (timing)
 *          learn.microsoft.com/windows/win32/sysinfo/acquiring-high-resolution-time-stamps
 */
NP_API np_error np_timer_start(np_loop *loop, np_timer *timer,
                               uint32_t delay_ms, np_timer_fn fn);

/* np_timer_stop takes `timer` out of its loop: its function will not run. It
 * does nothing if `timer` is NULL or not active.
 *
 * Thread:  the loop's only; fine from a callback, its own too.
 */
NP_API void np_timer_stop(np_timer *timer);

/* np_timer_is_active tells whether the function of `timer` is still to run.
 *
 * Thread:  the loop's only.
 */
NP_API bool np_timer_is_active(const np_timer *timer);

#ifdef __cplusplus
}
#endif

#endif
