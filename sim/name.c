/* Names of pipes, and the wait for an instance of a name. */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

/* fold makes names compare without case. ASCII and Latin-1 are enough here. */
static WCHAR fold(WCHAR c) {
  if ((c >= 'a' && c <= 'z') || (c >= 0xE0 && c <= 0xFE && c != 0xF7)) {
    return (WCHAR)(c - 32);
  }
  return c;
}

bool sim__name_equal(const WCHAR *a, const WCHAR *b, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (fold(a[i]) != fold(b[i])) {
      return false;
    }
  }
  return true;
}

struct pipe *sim__name_find(const WCHAR *name, size_t length) {
  for (struct pipe *pipe = sim__kernel.pipes; pipe != NULL; pipe = pipe->next) {
    if (pipe->name_length == length &&
        sim__name_equal(pipe->name, name, length)) {
      return pipe;
    }
  }
  return NULL;
}

static bool is_slash(WCHAR c) {
  return c == '\\' || c == '/';
}

/* host_kind returns the kind of host in \\HOST\pipe\...: 0 not a host, 1 this
 * machine's device namespace, 2 this machine through the redirector, 3 another
 * machine. */
static int host_kind(const WCHAR *host, size_t length) {
  if (length == 1 && (host[0] == '.' || host[0] == '?')) {
    return 1;
  }
  if (length == 9 && sim__name_equal(host, L"LOCALHOST", 9)) {
    return 2;
  }
  return length == 0 ? 0 : 3;
}

DWORD sim__name_from_win32(const WCHAR *path, WCHAR **out, size_t *length,
                           bool *remote) {
  size_t units = 0;
  size_t host = 2;
  size_t end;
  int kind;

  *out = NULL;
  *remote = false;
  if (path == NULL) {
    return ERROR_PATH_NOT_FOUND;
  }
  while (path[units] != 0) {
    units++;
  }
  if (units >= 32760) {
    return ERROR_FILENAME_EXCED_RANGE;
  }
  if (units < 3 || !is_slash(path[0]) || !is_slash(path[1])) {
    return units == 0 ? ERROR_PATH_NOT_FOUND : ERROR_FILE_NOT_FOUND;
  }
  while (host < units && !is_slash(path[host])) {
    host++;
  }
  kind = host_kind(path + 2, host - 2);
  if (kind == 0 || kind == 3) {
    return ERROR_BAD_NETPATH;
  }
  if (units < host + 5 || !sim__name_equal(path + host + 1, L"PIPE", 4) ||
      (units > host + 5 && !is_slash(path[host + 5]))) {
    return kind == 2 ? ERROR_BAD_NET_NAME : ERROR_FILE_NOT_FOUND;
  }
  *remote = kind == 2;
  end = units;
  /* Win32 removes blanks and dots at the end, but not after \\?\. */
  while (path[2] != '?' && end > host + 6 &&
         (path[end - 1] == '.' || path[end - 1] == ' ')) {
    end--;
  }
  *length = end > host + 6 ? end - (host + 6) : 0;
  *out = malloc((*length + 1) * sizeof **out);
  for (size_t i = 0; i < *length; i++) {
    WCHAR c = path[host + 6 + i];

    (*out)[i] = c == '/' && path[2] != '?' ? L'\\' : c;
  }
  (*out)[*length] = 0;
  return ERROR_SUCCESS;
}

/* sim__pipe_wait reads FILE_PIPE_WAIT_FOR_BUFFER: i64 time-out, u32 bytes of
 * the name, u8 whether the time-out is given, and the name at offset 14. */
NTSTATUS sim__pipe_wait(struct op *op) {
  WCHAR name[512];
  const char *in = op->in;
  int64_t timeout;
  uint32_t bytes;
  struct pipe *pipe;
  uint64_t wait_ns;

  if (op->file->kind != FILE_ROOT) {
    return STATUS_ILLEGAL_FUNCTION;
  }
  if (op->in_size < 16) {
    return STATUS_INVALID_PARAMETER;
  }
  memcpy(&timeout, in, sizeof timeout);
  memcpy(&bytes, in + 8, sizeof bytes);
  if (bytes % 2 != 0 || bytes > op->in_size - 14 || bytes > sizeof name) {
    return STATUS_INVALID_PARAMETER;
  }
  memcpy(name, in + 14, bytes);
  pipe = sim__name_find(name, bytes / 2);
  if (pipe == NULL) {
    return STATUS_OBJECT_NAME_NOT_FOUND;
  }
  for (struct instance *i = pipe->instances; i != NULL; i = i->next) {
    if (i->state == LISTENING) {
      return STATUS_SUCCESS;
    }
  }
  if (in[12] == 0) {
    wait_ns = pipe->timeout_ns;
  } else if (timeout == 0) {
    return STATUS_IO_TIMEOUT;
  } else {
    /* A positive time-out is a date. The largest value means for ever. */
    wait_ns = timeout > 0 ? NEVER : (uint64_t)(-timeout) * 100;
  }
  op->pipe = pipe;
  op->timeout_at = wait_ns > NEVER / 2 ? NEVER : sim__kernel.now_ns + wait_ns;
  sim__clock_at(op->timeout_at);
  return STATUS_PENDING;
}
