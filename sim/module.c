/* Modules, whose functions are looked up by name, and text. */
#include "kernel.h"

#include <dlfcn.h>

HMODULE WINAPI GetModuleHandleW(LPCWSTR name) {
  (void)name; /* All of it is this one. */
  return (HMODULE)&sim__kernel;
}

/* Finds what the executable exports (-rdynamic); else NULL, as for a function
 * that this Windows does not have. */
FARPROC WINAPI GetProcAddress(HMODULE module, LPCSTR name) {
  void *symbol = dlsym(NULL, name);
  FARPROC function;

  (void)module;
  __builtin_memcpy(&function, &symbol, sizeof function);
  if (symbol == NULL) {
    SetLastError(ERROR_PROC_NOT_FOUND);
  }
  return function;
}

int WINAPI lstrlenW(LPCWSTR text) {
  int length = 0;

  while (text != NULL && text[length] != 0) {
    length++;
  }
  return length;
}

static WCHAR lower(WCHAR c) {
  return c >= 'A' && c <= 'Z' ? (WCHAR)(c + 32) : c;
}

int WINAPI lstrcmpW(LPCWSTR a, LPCWSTR b) {
  while (*a != 0 && *a == *b) {
    a++;
    b++;
  }
  return (int)*a - (int)*b;
}

int WINAPI lstrcmpiW(LPCWSTR a, LPCWSTR b) {
  while (*a != 0 && lower(*a) == lower(*b)) {
    a++;
    b++;
  }
  return (int)lower(*a) - (int)lower(*b);
}
