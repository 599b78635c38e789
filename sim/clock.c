/* The virtual clock. It moves on a little with each call, and by the needed
 * time when every thread waits. Nothing ever sleeps. */
#include "pipe.h"

#include <sched.h>

enum { POLL_NS = 10000, SECOND_NS = 1000000000, START_BEFORE_WRAP_MS = 10000 };

/* sim__clock_reset starts the clock shortly before the millisecond count
 * exceeds 32 bits. */
void sim__clock_reset(void) {
  sim__kernel.now_ns =
      ((uint64_t)UINT32_MAX - START_BEFORE_WRAP_MS) * (uint64_t)NS_PER_MS;
  sim__kernel.next_due = NEVER;
}

void sim__clock_at(uint64_t due) {
  if (due < sim__kernel.next_due) {
    sim__kernel.next_due = due;
  }
}

void sim__clock_step(uint64_t ns) {
  sim__kernel.now_ns += ns;
  if (sim__kernel.next_due <= sim__kernel.now_ns) {
    sim__ops_run_timers();
    sim__timers_run();
  }
}

void sim__clock_poll(void) {
  sim__clock_step(POLL_NS);
}

uint64_t sim__deadline_in_ms(DWORD timeout_ms) {
  uint64_t early = 0;

  if (timeout_ms == INFINITE) {
    return NEVER;
  }
  if (sim__kernel.settings.early_timeout_ms_max > 0 && timeout_ms > 0) {
    early = sim__random_below(
        (sim__kernel.settings.early_timeout_ms_max < timeout_ms
             ? sim__kernel.settings.early_timeout_ms_max
             : timeout_ms) *
        (uint64_t)NS_PER_MS);
  }
  return sim__kernel.now_ns + (uint64_t)timeout_ms * NS_PER_MS - early;
}

bool sim__never(void *arg) {
  (void)arg;
  return false;
}

void WINAPI Sleep(DWORD timeout_ms) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%u", (unsigned)timeout_ms)) {
    if (timeout_ms == 0) {
      sim__clock_poll();
    } else {
      sim__block(sim__never, NULL, sim__deadline_in_ms(timeout_ms));
    }
  }
  sim__call_end(&call);
}

BOOL WINAPI SwitchToThread(void) {
  struct call call;
  bool is_in_step;

  sim__call_note(&call, __func__, PLACE);
  is_in_step = sim__kernel.settings.threads_in_step;
  sim__clock_poll();
  sim__call_end(&call);
  if (!is_in_step) {
    sched_yield();
  }
  return TRUE;
}

ULONGLONG WINAPI GetTickCount64(void) {
  struct call call;
  uint64_t tick_ns;
  ULONGLONG result;

  sim__call_note(&call, __func__, PLACE);
  tick_ns = (uint64_t)sim__kernel.settings.tick_us * 1000;
  result = sim__kernel.now_ns / tick_ns * tick_ns / NS_PER_MS;
  sim__call_end(&call);
  return result;
}

DWORD WINAPI GetTickCount(void) {
  return (DWORD)GetTickCount64();
}

/* The counter runs at 10 MHz, as on Windows 10. */
BOOL WINAPI QueryPerformanceCounter(LARGE_INTEGER *count) {
  struct call call;

  sim__call_note(&call, __func__, PLACE);
  count->QuadPart = (LONGLONG)(sim__kernel.now_ns / 100);
  sim__call_end(&call);
  return TRUE;
}

BOOL WINAPI QueryPerformanceFrequency(LARGE_INTEGER *frequency) {
  frequency->QuadPart = SECOND_NS / 100;
  return TRUE;
}

uint64_t sim__clock_system_time(void) {
  return 134000000000000000u + sim__kernel.now_ns / 100;
}

uint64_t sim__clock_due(int64_t due) {
  int64_t now = (int64_t)sim__clock_system_time();
  int64_t ticks = due <= 0 ? -due : due > now ? due - now : 0;

  return sim__kernel.now_ns + (uint64_t)ticks * 100;
}

void WINAPI GetSystemTimeAsFileTime(LPFILETIME time) {
  struct call call;
  uint64_t value;

  sim__call_note(&call, __func__, PLACE);
  value = sim__clock_system_time();
  sim__call_end(&call);
  time->dwLowDateTime = (DWORD)value;
  time->dwHighDateTime = (DWORD)(value >> 32);
}

uint64_t sim_now_ns(void) {
  uint64_t now;

  pthread_mutex_lock(&sim__kernel.lock);
  now = sim__kernel.now_ns;
  pthread_mutex_unlock(&sim__kernel.lock);
  return now;
}

void sim_advance_ms(uint64_t ms) {
  pthread_mutex_lock(&sim__kernel.lock);
  sim__clock_step(ms * NS_PER_MS);
  sim__wake();
  pthread_mutex_unlock(&sim__kernel.lock);
}
