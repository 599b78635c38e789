/* Modules, functions that are looked up by name, and conversion of text. */
#include "kernel.h"

#include <string.h>

HMODULE WINAPI GetModuleHandleW(LPCWSTR name) {
  (void)name; /* the whole program is one module */
  return (HMODULE)&sim__kernel;
}

/* Functions that are newer than Windows 7 or missing on some systems, so that
 * programs look them up. */
static const struct {
  const char *name;
  FARPROC function;
} functions[] = {
    {"GetNamedPipeClientComputerNameW",
     (FARPROC)(void (*)(void))GetNamedPipeClientComputerNameW},
};

/* GetProcAddress returns NULL for all other functions, as if this Windows did
 * not have them. */
FARPROC WINAPI GetProcAddress(HMODULE module, LPCSTR name) {
  struct call call;
  FARPROC found = NULL;

  (void)module;
  if (sim__call_begin(&call, __func__, PLACE, "%s", name)) {
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
      if (strcmp(functions[i].name, name) == 0) {
        found = functions[i].function;
      }
    }
    call.error = found == NULL ? ERROR_PROC_NOT_FOUND : 0;
  }
  return sim__call_end(&call) ? found : NULL;
}

/* WideCharToMultiByte converts only to UTF-8, and only text with a NUL and
 * without surrogates. */
int WINAPI WideCharToMultiByte(UINT code_page, DWORD flags, LPCWSTR text,
                               int units, LPSTR out, int size,
                               LPCSTR default_char, LPBOOL used_default) {
  struct call call;
  int used = 0;

  (void)flags;
  if (sim__call_begin(&call, __func__, PLACE, "%d", size)) {
    if (code_page != CP_UTF8 || units != -1 || size <= 0 ||
        default_char != NULL || used_default != NULL) {
      call.error = ERROR_INVALID_PARAMETER;
    }
    for (size_t i = 0; call.error == 0 && (i == 0 || text[i - 1] != 0); i++) {
      unsigned unit = text[i];
      int bytes = unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;

      if (unit >= 0xD800 && unit <= 0xDFFF) {
        call.error = ERROR_NO_UNICODE_TRANSLATION;
      } else if (size - used < bytes) {
        call.error = ERROR_INSUFFICIENT_BUFFER;
      } else if (bytes == 1) {
        out[used++] = (char)unit;
      } else {
        out[used] = (char)(bytes == 2 ? 0xC0 | unit >> 6 : 0xE0 | unit >> 12);
        if (bytes == 3) {
          out[used + 1] = (char)(0x80 | (unit >> 6 & 0x3F));
        }
        out[used + bytes - 1] = (char)(0x80 | (unit & 0x3F));
        used += bytes;
      }
    }
  }
  return sim__call_end(&call) ? used : 0;
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
