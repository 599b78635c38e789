/* The world of the cases on Windows and Wine (world.h). */
#include "world.h"

#include <windows.h>

#include <stdio.h>

static double time_scale = 1;

/* The number of handles after the last case, which is also the number before
 * the next one. On Wine one count takes as many server calls as a short
 * case. */
static DWORD handles_at_begin;
static bool handles_are_counted;

/* handle_count_by_probe is for Wine, which does not count handles (8.0 answers
 * 0) but always gives out the lowest free number. It opens some handles; the
 * highest number shows how many handles lie below it. */
enum { PROBE_HANDLES = 32, HANDLE_STEP = 4 };

static DWORD handle_count_by_probe(void) {
  HANDLE probes[PROBE_HANDLES];
  ULONG_PTR highest = 0;

  for (size_t i = 0; i < PROBE_HANDLES; i++) {
    probes[i] = CreateEventW(NULL, TRUE, FALSE, NULL);
    if ((ULONG_PTR)probes[i] > highest) {
      highest = (ULONG_PTR)probes[i];
    }
  }
  for (size_t i = 0; i < PROBE_HANDLES; i++) {
    if (probes[i] != NULL) {
      CloseHandle(probes[i]);
    }
  }
  return (DWORD)(highest / HANDLE_STEP) - PROBE_HANDLES;
}

static DWORD handle_count(void) {
  DWORD count = 0;

  if (GetProcessHandleCount(GetCurrentProcess(), &count) && count != 0) {
    return count;
  }
  return handle_count_by_probe();
}

void world_case_begin(const char *id, uint64_t seed) {
  (void)id;
  (void)seed;
  if (!handles_are_counted) {
    handles_at_begin = handle_count();
    handles_are_counted = true;
  }
}

bool world_case_end(char *report, size_t size) {
  DWORD count;

  /* A case may end as another user. */
  RevertToSelf();
  count = handle_count();

  if (count > handles_at_begin) {
    snprintf(report, size, "%lu handles before the case, %lu after it",
             (unsigned long)handles_at_begin, (unsigned long)count);
    handles_at_begin = count;
    return false;
  }
  handles_at_begin = count;
  return true;
}

bool world_warms_up(void) {
  return true;
}

void world_pipe_name(char *out, size_t size) {
  static LONG count;

  snprintf(out, size, "\\\\.\\pipe\\npipe-%lu-%ld",
           (unsigned long)GetCurrentProcessId(),
           (long)InterlockedIncrement(&count));
}

void world_set_time_scale(double scale) {
  time_scale = scale;
}

uint64_t world_now_ms(void) {
  return GetTickCount64();
}

uint64_t world_timeout_ms(uint64_t ms) {
  return (uint64_t)((double)ms * time_scale);
}

bool world_call_count(const char *name, uint64_t *count) {
  (void)name;
  (void)count;
  return false;
}

bool world_touch_new(void) {
  return false;
}

bool world_handles_left(uint32_t count) {
  (void)count; /* a process may open 16 million handles */
  return false;
}

const char *world_settings_name(size_t index) {
  (void)index;
  return NULL;
}

bool world_settings_text(size_t index, char *out, size_t size) {
  (void)index;
  (void)out;
  (void)size;
  return false;
}

bool world_has_settings(const char *name) {
  (void)name;
  return true;
}

bool world_set_settings(const char *name) {
  (void)name;
  return false;
}

void world_set_trace(bool on) {
  (void)on; /* WINEDEBUG=+server traces better from outside. */
}

void world_trace_print(void) {
}

bool world_trace_write(const char *file) {
  (void)file;
  return false;
}
