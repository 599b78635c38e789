/* The world of the cases on Windows and Wine (world.h). */
#include "world.h"
#include "world/windows/imports.h"

#include <windows.h>
#include <winternl.h>

#include <stdio.h>

static double time_scale = 1;

/* The number of handles after the last case, which is also the number before
 * the next one. */
static DWORD handles_at_begin;
static bool handles_are_counted;

/* An entry of the list of all handles of the system, and the list.
 * Source: SYSTEM_HANDLE_INFORMATION in Wine's winternl.h */
struct handle_entry {
  ULONG process_id;
  UCHAR type;
  UCHAR flags;
  USHORT handle;
  void *object;
  ACCESS_MASK access;
};

struct handle_list {
  ULONG count;
  struct handle_entry entries[1];
};

enum {
  SYSTEM_HANDLES = 16,
  LIST_BYTES_MIN = 64 * 1024,
  LIST_BYTES_MAX = 16 * LIST_BYTES_MIN
};

#define LIST_IS_TOO_SHORT ((NTSTATUS)0xC0000004)

/* handle_count_in_list is for Wine, whose GetProcessHandleCount answers 0. It
 * is one call of the Wine server. It returns 0 if there is no list. */
static DWORD handle_count_in_list(void) {
  static union {
    struct handle_list list;
    char bytes[LIST_BYTES_MAX];
  } buffer;
  static ULONG size = LIST_BYTES_MIN;
  const DWORD process_id = GetCurrentProcessId();
  NTSTATUS status;
  DWORD count = 0;

  for (;;) {
    status = NtQuerySystemInformation((SYSTEM_INFORMATION_CLASS)SYSTEM_HANDLES,
                                      &buffer, size, NULL);
    if (status != LIST_IS_TOO_SHORT || size == LIST_BYTES_MAX) {
      break;
    }
    size *= 2; /* All processes together have more handles than before. */
  }
  for (ULONG i = 0; status >= 0 && i < buffer.list.count; i++) {
    count += buffer.list.entries[i].process_id == process_id ? 1 : 0;
  }
  return count;
}

/* handle_count returns 0 if the handles cannot be counted. */
static DWORD handle_count(void) {
  DWORD count = 0;

  if (GetProcessHandleCount(GetCurrentProcess(), &count) && count != 0) {
    return count;
  }
  return handle_count_in_list();
}

void world_case_begin(const char *id, uint64_t seed) {
  (void)id;
  (void)seed;
  if (!handles_are_counted) {
    handles_at_begin = handle_count();
    handles_are_counted = true;
  }
  imports_begin();
}

bool world_case_end(char *report, size_t size) {
  DWORD count;

  /* A case may end as another user. */
  RevertToSelf();
  count = handle_count();
  if (count == 0) {
    snprintf(report, size, "the handles of the process cannot be counted");
    return false;
  }
  if (count > handles_at_begin) {
    snprintf(report, size, "%lu handles before the case, %lu after it",
             (unsigned long)handles_at_begin, (unsigned long)count);
    handles_at_begin = count;
    return false;
  }
  handles_at_begin = count;
  return true;
}

bool world_seed_matters(void) {
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
  return imports_count(name, count);
}

bool world_touch_new(void) {
  return false;
}

bool world_handles_left(uint32_t count) {
  (void)count; /* a process may open 16 million handles */
  return false;
}

bool world_lie_count(const char *function, uint32_t bytes) {
  (void)function;
  (void)bytes;
  return false;
}

bool world_lie(const char *function, uint32_t bytes, uint32_t value) {
  (void)function;
  (void)bytes;
  (void)value;
  return false;
}

bool world_refuse(const char *function, uint32_t error) {
  (void)function;
  (void)error;
  return false;
}

bool world_refuse_all(const char *function, unsigned count, uint32_t error) {
  (void)count;
  return world_refuse(function, error);
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

char *world_trace_text(void) {
  return NULL;
}

bool world_trace_write(const char *file) {
  (void)file;
  return false;
}
