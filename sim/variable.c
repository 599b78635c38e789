/* Environment variables, and the names of modules. All processes share the
 * environment of the program. */
#define _GNU_SOURCE /* program_invocation_name */
#include "process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* answer_text gives `text` to a caller with room for `size` characters. It
 * returns what Windows returns: the length, or the size that is needed. */
static DWORD answer_text(const char *text, LPSTR out, DWORD size) {
  size_t length = strlen(text);

  if (length >= size) {
    return (DWORD)length + 1;
  }
  memcpy(out, text, length + 1);
  return (DWORD)length;
}

static DWORD answer_wide(const char *text, LPWSTR out, DWORD size) {
  WCHAR *wide = sim__wide(text);
  DWORD length = (DWORD)lstrlenW(wide);

  if (length < size) {
    memcpy(out, wide, (length + 1) * sizeof *wide);
  }
  free(wide);
  return length < size ? length : length + 1;
}

DWORD WINAPI GetEnvironmentVariableA(LPCSTR name, LPSTR out, DWORD size) {
  const char *value = getenv(name);

  if (value == NULL) {
    SetLastError(ERROR_ENVVAR_NOT_FOUND);
    return 0;
  }
  SetLastError(ERROR_SUCCESS);
  return answer_text(value, out, size);
}

DWORD WINAPI GetEnvironmentVariableW(LPCWSTR name, LPWSTR out, DWORD size) {
  char *narrow = sim__narrow(name);
  const char *value = getenv(narrow);

  free(narrow);
  if (value == NULL) {
    SetLastError(ERROR_ENVVAR_NOT_FOUND);
    return 0;
  }
  SetLastError(ERROR_SUCCESS);
  return answer_wide(value, out, size);
}

BOOL WINAPI SetEnvironmentVariableA(LPCSTR name, LPCSTR value) {
  return (value != NULL ? setenv(name, value, 1) : unsetenv(name)) == 0;
}

BOOL WINAPI SetEnvironmentVariableW(LPCWSTR name, LPCWSTR value) {
  char *narrow_name = sim__narrow(name);
  char *narrow_value = sim__narrow(value);
  BOOL done = SetEnvironmentVariableA(narrow_name, narrow_value);

  free(narrow_name);
  free(narrow_value);
  return done;
}

DWORD WINAPI GetModuleFileNameA(HMODULE module, LPSTR out, DWORD size) {
  (void)module;
  return answer_text(program_invocation_name, out, size);
}

DWORD WINAPI GetModuleFileNameW(HMODULE module, LPWSTR out, DWORD size) {
  (void)module;
  return answer_wide(program_invocation_name, out, size);
}
