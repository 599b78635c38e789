/* Raw peers for the scenarios: pipe ends that are plain Win32 handles. */
#include <string.h>

#include "run.h"

HANDLE raw_keep(struct run *r, HANDLE handle) {
  if (r->raw_count == RAWS_MAX) {
    run_fail(r, "the scenario has more raw handles than there is room for");
    CloseHandle(handle);
    return INVALID_HANDLE_VALUE;
  }
  r->raws[r->raw_count++] = handle;
  if (r->plan.kind == PLAN_VANISH && r->raw_count == 1) {
    sim_vanish(handle, r->plan.nth);
  }
  return handle;
}

static void raw_path(const struct run *r, WCHAR path[64]) {
  size_t i = 0;

  do {
    path[i] = (WCHAR)(unsigned char)r->name[i];
  } while (r->name[i++] != '\0');
}

HANDLE raw_client_open(struct run *r, DWORD access) {
  WCHAR path[64];
  HANDLE handle;

  raw_path(r, path);
  handle = CreateFileW(path, access, 0, NULL, OPEN_EXISTING, 0, NULL);
  if (handle == INVALID_HANDLE_VALUE) {
    took(r, "CreateFileW", GetLastError());
    return handle;
  }
  return raw_keep(r, handle);
}

HANDLE raw_server_open(struct run *r, DWORD flags) {
  WCHAR path[64];
  HANDLE handle;
  DWORD type = r->server_options.mode == NP_MESSAGE
                   ? PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE
                   : PIPE_TYPE_BYTE;

  raw_path(r, path);
  handle = CreateNamedPipeW(path, PIPE_ACCESS_DUPLEX | flags, type, 4,
                            QUOTA_BYTES, QUOTA_BYTES, 0, NULL);
  if (handle == INVALID_HANDLE_VALUE) {
    took(r, "CreateNamedPipeW", GetLastError());
    return handle;
  }
  return raw_keep(r, handle);
}

bool raw_write(struct run *r, HANDLE handle, const char *text) {
  DWORD count = 0;

  if (!WriteFile(handle, text, (DWORD)strlen(text), &count, NULL)) {
    return took(r, "WriteFile", GetLastError());
  }
  return holds(r, count == strlen(text), "a raw write writes all");
}

bool raw_read(struct run *r, HANDLE handle, const char *text) {
  char buffer[256];
  DWORD count = 0;

  if (!ReadFile(handle, buffer, sizeof buffer, &count, NULL)) {
    return took(r, "ReadFile", GetLastError());
  }
  return holds(r, count == strlen(text) && memcmp(buffer, text, count) == 0,
               "the raw peer reads what was written");
}

void raw_forget(struct run *r, HANDLE handle) {
  for (size_t i = 0; i < r->raw_count; i++) {
    if (r->raws[i] == handle) {
      r->raws[i] = r->raws[--r->raw_count];
      return;
    }
  }
}

bool raw_close(struct run *r, HANDLE handle) {
  raw_forget(r, handle);
  return CloseHandle(handle) || took(r, "CloseHandle", GetLastError());
}
