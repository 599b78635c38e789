/* Modules, and functions that are looked up by name. */
#include "kernel.h"

#include <string.h>

HMODULE WINAPI GetModuleHandleW(LPCWSTR name) {
  (void)name; /* the whole program is one module */
  return (HMODULE)&sim__kernel;
}

HMODULE WINAPI GetModuleHandleA(LPCSTR name) {
  (void)name;
  return GetModuleHandleW(NULL);
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

/* GetProcAddress finds only the functions in the table. For other names it
 * returns NULL, like a Windows that does not have them. */
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
