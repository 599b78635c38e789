/* Names of pipes and the paths of Win32 that lead to them, and waiting for an
 * instance of one. */
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

/* --- Win32 paths --------------------------------------------------------- */

static size_t length_of(const WCHAR *text) {
  size_t units = 0;

  while (text[units] != 0) {
    units++;
  }
  return units;
}

static bool begins(const WCHAR *text, size_t units, const WCHAR *with) {
  const size_t length = length_of(with);

  return units >= length && sim__name_equal(text, with, length);
}

/* How much of a path with two slashes before it no part `..` takes away: \\.\,
 * or host and share with the slash behind them. */
static size_t root_of(const WCHAR *path) {
  size_t at = 2;

  if ((path[2] == '.' || path[2] == '?') && is_slash(path[3])) {
    return 4;
  }
  for (int part = 0; part < 2; part++) {
    while (path[at] != 0 && !is_slash(path[at])) {
      at++;
    }
    while (part == 0 && is_slash(path[at])) {
      at++;
    }
  }
  return at + (path[at] != 0);
}

/* Folds the parts behind the first `root` units in place: `.` and `..` go, of
 * several slashes one stays, a part loses a dot before its slash, the path the
 * dots and blanks at its end. Returns the new length.
 *
 * Source: Naming Files, Paths, and Namespaces; File path formats on Windows
 * systems (Path normalization); the same parts under Wine 8.0. */
static size_t fold_parts(WCHAR *path, size_t root) {
  size_t end = root;
  size_t at = root;

  while (path[at] != 0) {
    const size_t begin = at;
    size_t length;
    bool is_last;

    while (path[at] != 0 && !is_slash(path[at])) {
      at++;
    }
    length = at - begin;
    is_last = path[at] == 0;
    at += !is_last;
    if (length <= 2 && length > 0 && path[begin] == '.' &&
        path[begin + length - 1] == '.') {
      if (length == 2 && end > root) {
        end--;
        while (end > root && path[end - 1] != '\\') {
          end--;
        }
      }
      end -= is_last && end > root;
    } else if (length > 0) {
      memmove(path + end, path + begin, length * sizeof *path);
      end += length;
      if (!is_last) {
        end -= path[end - 1] == '.';
        path[end++] = '\\';
      }
    }
  }
  while (end > root && (path[end - 1] == '.' || path[end - 1] == ' ')) {
    end--;
  }
  path[end] = 0;
  return end;
}

/* Makes of `path`, which begins with two slashes, what GetFullPathNameW makes
 * of it, in place. */
static size_t fold_path(WCHAR *path) {
  const size_t root = root_of(path);

  for (size_t i = 0; i < root; i++) {
    path[i] = path[i] == '/' ? L'\\' : path[i];
  }
  return fold_parts(path, root);
}

/* Other paths than those of devices and hosts are not known here. */
DWORD WINAPI GetFullPathNameW(LPCWSTR name, DWORD size, LPWSTR out,
                              LPWSTR *part) {
  struct call call;
  DWORD result = 0;

  (void)part;
  if (sim__call_begin(&call, __func__, PLACE, "%u", (unsigned)size)) {
    const size_t units = length_of(name);
    WCHAR *path = malloc((units + 1) * sizeof *path);

    memcpy(path, name, (units + 1) * sizeof *path);
    if (units > 2 && is_slash(path[0]) && is_slash(path[1])) {
      result = (DWORD)fold_path(path);
      if (result < size) {
        memcpy(out, path, (result + 1) * sizeof *out);
      } else {
        result++;
      }
    } else {
      call.error = ERROR_INVALID_NAME;
    }
    free(path);
  }
  return sim__call_end(&call) ? result : 0;
}

int WINAPI CompareStringOrdinal(LPCWSTR a, int a_units, LPCWSTR b, int b_units,
                                BOOL ignores_case) {
  const size_t a_length = a_units < 0 ? length_of(a) : (size_t)a_units;
  const size_t b_length = b_units < 0 ? length_of(b) : (size_t)b_units;

  for (size_t i = 0; i < a_length && i < b_length; i++) {
    const WCHAR x = ignores_case ? fold(a[i]) : a[i];
    const WCHAR y = ignores_case ? fold(b[i]) : b[i];

    if (x != y) {
      return x < y ? CSTR_LESS_THAN : CSTR_GREATER_THAN;
    }
  }
  if (a_length == b_length) {
    return CSTR_EQUAL;
  }
  return a_length < b_length ? CSTR_LESS_THAN : CSTR_GREATER_THAN;
}

/* --- The way to the pipes ------------------------------------------------ */

/* The pipes' own symbolic link and what else leads there from \??\. */
static const WCHAR *const ways[] = {L"PIPE", L"GLOBAL\\PIPE",
                                    L"GLOBALROOT\\DEVICE\\NAMEDPIPE"};

/* Where the name of the pipe begins in what follows \??\, or an error. */
static DWORD find_name(const WCHAR *path, size_t units, size_t *name,
                       bool *remote) {
  size_t at = 0;

  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    at = length_of(ways[i]);
    if (begins(path, units, ways[i]) && (units == at || path[at] == '\\')) {
      *name = units == at ? at : at + 1;
      return ERROR_SUCCESS;
    }
  }
  if (!begins(path, units, L"UNC\\")) {
    return ERROR_FILE_NOT_FOUND;
  }
  at = 4;
  while (at < units && path[at] != '\\') {
    at++;
  }
  if (at != 13 || !begins(path, units, L"UNC\\LOCALHOST")) {
    return ERROR_BAD_NETPATH;
  }
  if (!begins(path, units, L"UNC\\LOCALHOST\\PIPE\\")) {
    return ERROR_BAD_NET_NAME;
  }
  *remote = true;
  *name = 19;
  return ERROR_SUCCESS;
}

DWORD sim__name_from_win32(const WCHAR *path, WCHAR **out, size_t *length,
                           bool *remote) {
  size_t units;
  size_t name = 0;
  size_t skip = 4;
  WCHAR *nt;
  DWORD error;

  *out = NULL;
  *remote = false;
  if (path == NULL || path[0] == 0) {
    return ERROR_PATH_NOT_FOUND;
  }
  units = length_of(path);
  if (units >= 32760) {
    return ERROR_FILENAME_EXCED_RANGE;
  }
  nt = malloc((units + 4) * sizeof *nt);
  memcpy(nt, path, (units + 1) * sizeof *nt);
  if (!begins(path, units, L"\\\\?\\") && !begins(path, units, L"\\??\\")) {
    if (units < 3 || !is_slash(path[0]) || !is_slash(path[1])) {
      free(nt);
      return ERROR_FILE_NOT_FOUND;
    }
    units = fold_path(nt);
    if (!begins(nt, units, L"\\\\.\\") && !begins(nt, units, L"\\\\?\\")) {
      memmove(nt + 4, nt + 2, (units - 1) * sizeof *nt);
      memcpy(nt, L"UNC\\", 4 * sizeof *nt);
      units += 2;
      skip = 0;
    }
  }
  memmove(nt, nt + skip, (units - skip + 1) * sizeof *nt);
  units -= skip;
  error = find_name(nt, units, &name, remote);
  if (error != ERROR_SUCCESS) {
    free(nt);
    return error;
  }
  *length = units - name;
  memmove(nt, nt + name, (*length + 1) * sizeof *nt);
  *out = nt;
  return ERROR_SUCCESS;
}

/* --- Waiting for an instance --------------------------------------------- */

/* FILE_PIPE_WAIT_FOR_BUFFER: i64 timeout, u32 bytes of the name, u8 whether
 * the timeout counts, the name at 14. */
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
    /* A positive time-out is a date; the caller passes the largest value, which
     * means no limit. More than 2,900 years mean no limit, too. */
    wait_ns = timeout > 0 || timeout < -(INT64_MAX / 100)
                  ? NEVER
                  : (uint64_t)(-timeout) * 100;
  }
  op->pipe = pipe;
  op->timeout_at = wait_ns > NEVER / 2 ? NEVER : sim__kernel.now_ns + wait_ns;
  sim__clock_at(op->timeout_at);
  return STATUS_PENDING;
}
