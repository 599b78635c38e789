/* What a case asks of the world, on Windows and Wine. */
#include "world.h"

#include <windows.h>

#include <stdio.h>

static double time_scale = 1;
static DWORD handles_at_begin;

/* The number of this process's handles; 0 where nobody counts (Wine 8.0). */
static DWORD handle_count(void) {
  DWORD count = 0;

  return GetProcessHandleCount(GetCurrentProcess(), &count) ? count : 0;
}

void world_case_begin(const char *id, uint64_t seed) {
  (void)id;
  (void)seed;
  handles_at_begin = handle_count();
}

bool world_case_end(char *report, size_t size) {
  DWORD count = handle_count();

  if (handles_at_begin == 0 || count <= handles_at_begin) {
    return true;
  }
  snprintf(report, size, "%lu handles before the case, %lu after it",
           (unsigned long)handles_at_begin, (unsigned long)count);
  return false;
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
