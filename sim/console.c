/* The standard handles, which lead to the program's own input and output, and
 * texts of errors. */
#include "process.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* STD_INPUT_HANDLE is -10, STD_OUTPUT_HANDLE -11, STD_ERROR_HANDLE -12. */
enum { FIRST = -10 };

HANDLE WINAPI GetStdHandle(DWORD which) {
  struct call call;
  int index = FIRST - (int)which;
  HANDLE handle = INVALID_HANDLE_VALUE;

  if (sim__call_begin(&call, __func__, PLACE, "%d", (int)which)) {
    if (index < 0 || index >= STANDARD_HANDLES) {
      call.error = ERROR_INVALID_HANDLE;
    } else {
      HANDLE *handles = sim__process_self()->standard;

      if (handles[index] == NULL) {
        struct file *file = sim__file_new(FILE_CONSOLE, true);

        file->descriptor = index;
        handles[index] = sim__handle_open(
            &file->object, index == 0 ? FILE_GENERIC_READ : FILE_GENERIC_WRITE,
            true);
      }
      handle = handles[index];
    }
  }
  sim__call_end(&call);
  return handle;
}

BOOL WINAPI SetStdHandle(DWORD which, HANDLE handle) {
  int index = FIRST - (int)which;

  if (index < 0 || index >= STANDARD_HANDLES) {
    return sim__refuse(ERROR_INVALID_HANDLE);
  }
  pthread_mutex_lock(&sim__kernel.lock);
  sim__process_self()->standard[index] = handle;
  pthread_mutex_unlock(&sim__kernel.lock);
  return TRUE;
}

NTSTATUS sim__console_transfer(const struct file *file, bool reads,
                               void *buffer, size_t size, size_t *bytes) {
  ssize_t count;

  if (reads) {
    count = read(file->descriptor, buffer, size);
  } else {
    fflush(NULL); /* the program's earlier output comes first */
    count = write(file->descriptor, buffer, size);
  }
  *bytes = count > 0 ? (size_t)count : 0;
  return count < 0 ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}

/* No handle is a console: programs then treat it as a file. */
BOOL WINAPI GetConsoleMode(HANDLE handle, LPDWORD mode) {
  (void)handle;
  (void)mode;
  return sim__refuse(ERROR_INVALID_HANDLE);
}

void WINAPI OutputDebugStringA(LPCSTR text) {
  fputs(text, stderr);
}

void WINAPI OutputDebugStringW(LPCWSTR text) {
  char *narrow = sim__narrow(text);

  OutputDebugStringA(narrow);
  free(narrow);
}

/* FormatMessageA knows the number of each error, but not Windows' words for
 * it. Formats of the caller's own are not simulated. */
DWORD WINAPI FormatMessageA(DWORD flags, LPCVOID source, DWORD id,
                            DWORD language, LPSTR out, DWORD size,
                            va_list *arguments) {
  char text[64];
  DWORD length;

  (void)source;
  (void)language;
  (void)arguments;
  if ((flags & FORMAT_MESSAGE_FROM_SYSTEM) == 0) {
    SetLastError(ERROR_NOT_SUPPORTED);
    return 0;
  }
  length = (DWORD)snprintf(text, sizeof text, "Windows error %u (0x%X).\r\n",
                           (unsigned)id, (unsigned)id);
  if ((flags & FORMAT_MESSAGE_ALLOCATE_BUFFER) != 0) {
    out = *(LPSTR *)(void *)out = LocalAlloc(LPTR, length + 1);
  } else if (size <= length) {
    SetLastError(ERROR_INSUFFICIENT_BUFFER);
    return 0;
  }
  memcpy(out, text, length + 1);
  return length;
}

DWORD WINAPI FormatMessageW(DWORD flags, LPCVOID source, DWORD id,
                            DWORD language, LPWSTR out, DWORD size,
                            va_list *arguments) {
  char text[64];
  DWORD length =
      FormatMessageA(flags & ~(DWORD)FORMAT_MESSAGE_ALLOCATE_BUFFER, source, id,
                     language, text, sizeof text, arguments);

  if (length == 0) {
    return 0;
  }
  if ((flags & FORMAT_MESSAGE_ALLOCATE_BUFFER) != 0) {
    out = *(LPWSTR *)(void *)out =
        LocalAlloc(LPTR, (length + 1) * sizeof(WCHAR));
  } else if (size <= length) {
    SetLastError(ERROR_INSUFFICIENT_BUFFER);
    return 0;
  }
  for (DWORD i = 0; i <= length; i++) {
    out[i] = (WCHAR)text[i];
  }
  return length;
}
