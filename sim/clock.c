/* The virtual clock. It moves a little with each call, and as far as needed
 * when every thread waits. Nothing ever sleeps. */
#include "pipe.h"

#include <sched.h>

enum { POLL_NS = 10000, SECOND_NS = 1000000000, START_BEFORE_WRAP_MS = 10000 };

/* The clock starts shortly before the millisecond count outgrows 32 bits. */
void clock_reset(void) {
  kernel.now_ns =
      ((uint64_t)UINT32_MAX - START_BEFORE_WRAP_MS) * (uint64_t)NS_PER_MS;
  kernel.next_due = NEVER;
}

void clock_at(uint64_t due) {
  if (due < kernel.next_due) {
    kernel.next_due = due;
  }
}

void clock_step(uint64_t ns) {
  kernel.now_ns += ns;
  if (kernel.next_due <= kernel.now_ns) {
    ops_run_timers();
  }
}

void clock_poll(void) {
  clock_step(POLL_NS);
}

uint64_t deadline_in_ms(DWORD timeout_ms) {
  uint64_t early = 0;

  if (timeout_ms == INFINITE) {
    return NEVER;
  }
  if (kernel.settings.early_timeout_ms_max > 0 && timeout_ms > 0) {
    early = random_below((kernel.settings.early_timeout_ms_max < timeout_ms
                              ? kernel.settings.early_timeout_ms_max
                              : timeout_ms) *
                         (uint64_t)NS_PER_MS);
  }
  return kernel.now_ns + (uint64_t)timeout_ms * NS_PER_MS - early;
}

static bool never(void *arg) {
  (void)arg;
  return false;
}

void WINAPI Sleep(DWORD timeout_ms) {
  struct call call;

  if (call_begin(&call, __func__, PLACE, "%u", timeout_ms)) {
    if (timeout_ms == 0) {
      clock_poll();
    } else {
      block(never, NULL, deadline_in_ms(timeout_ms));
    }
  }
  call_end(&call);
}

BOOL WINAPI SwitchToThread(void) {
  struct call call;

  call_note(&call, __func__, PLACE);
  clock_poll();
  call_end(&call);
  sched_yield();
  return TRUE;
}

ULONGLONG WINAPI GetTickCount64(void) {
  struct call call;
  uint64_t tick_ns;
  ULONGLONG result;

  call_note(&call, __func__, PLACE);
  tick_ns = (uint64_t)kernel.settings.tick_us * 1000;
  result = kernel.now_ns / tick_ns * tick_ns / NS_PER_MS;
  call_end(&call);
  return result;
}

/* 10 MHz, as on Windows 10. */
BOOL WINAPI QueryPerformanceCounter(LARGE_INTEGER *count) {
  struct call call;

  call_note(&call, __func__, PLACE);
  count->QuadPart = (LONGLONG)(kernel.now_ns / 100);
  call_end(&call);
  return TRUE;
}

BOOL WINAPI QueryPerformanceFrequency(LARGE_INTEGER *frequency) {
  frequency->QuadPart = SECOND_NS / 100;
  return TRUE;
}

void WINAPI GetSystemTimeAsFileTime(LPFILETIME time) {
  struct call call;
  uint64_t value;

  call_note(&call, __func__, PLACE);
  value = 134000000000000000u + kernel.now_ns / 100;
  call_end(&call);
  time->dwLowDateTime = (DWORD)value;
  time->dwHighDateTime = (DWORD)(value >> 32);
}

uint64_t sim_now_ns(void) {
  uint64_t now;

  pthread_mutex_lock(&kernel.lock);
  now = kernel.now_ns;
  pthread_mutex_unlock(&kernel.lock);
  return now;
}

void sim_advance_ms(uint64_t ms) {
  pthread_mutex_lock(&kernel.lock);
  clock_step(ms * NS_PER_MS);
  wake();
  pthread_mutex_unlock(&kernel.lock);
}
