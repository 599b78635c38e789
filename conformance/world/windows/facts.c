/* Which Windows, or which Wine, this is. */
#include "world.h"
#include "world/host.h"

#include <windows.h>

#include <stdio.h>
#include <string.h>

typedef const char *(*wine_get_version_fn)(void);
typedef LONG(WINAPI *rtl_get_version_fn)(OSVERSIONINFOW *);

/* A function of ntdll, or NULL. Through void (*)(void), the one function
 * pointer type that compilers let become any other. */
static void (*ntdll_function(const char *name))(void) {
  HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");

  return (void (*)(void))GetProcAddress(ntdll, name);
}

static const char *wine_version(void) {
  wine_get_version_fn get =
      (wine_get_version_fn)ntdll_function("wine_get_version");

  return get != NULL ? get() : NULL;
}

const char *world_name(void) {
  return wine_version() != NULL ? "wine" : "windows";
}

void world_version(char *out, size_t size) {
  const char *wine = wine_version();

  if (wine != NULL) {
    snprintf(out, size, "%s", wine);
  } else {
    host_build(out, size);
  }
}

/* GetVersionEx answers what the manifest allows; RtlGetVersion the truth. */
void host_build(char *out, size_t size) {
  rtl_get_version_fn get = (rtl_get_version_fn)ntdll_function("RtlGetVersion");
  OSVERSIONINFOW info;

  memset(&info, 0, sizeof(info));
  info.dwOSVersionInfoSize = sizeof(info);
  out[0] = '\0';
  if (get != NULL && get(&info) == 0) {
    snprintf(out, size, "%lu.%lu.%lu", (unsigned long)info.dwMajorVersion,
             (unsigned long)info.dwMinorVersion,
             (unsigned long)info.dwBuildNumber);
  }
}
