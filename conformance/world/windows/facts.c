/* Facts about the system: the version of Windows or Wine, and the edition. */
#include "world.h"
#include "world/host.h"

#include <windows.h>

#include <stdio.h>
#include <string.h>

typedef const char *(*wine_get_version_fn)(void);
typedef LONG(WINAPI *rtl_get_version_fn)(OSVERSIONINFOW *);

static const wchar_t version_key[] =
    L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";

/* ntdll_function returns a function of ntdll, or NULL. The type void (*)(void)
 * is the one function pointer that compilers let become any other. */
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

/* version_get uses RtlGetVersion, because GetVersionEx returns the version that
 * the manifest allows. The longer structure also has the product type. */
static bool version_get(OSVERSIONINFOEXW *info) {
  rtl_get_version_fn get = (rtl_get_version_fn)ntdll_function("RtlGetVersion");

  memset(info, 0, sizeof(*info));
  info->dwOSVersionInfoSize = sizeof(*info);
  return get != NULL && get((OSVERSIONINFOW *)info) == 0;
}

void host_build(char *out, size_t size) {
  OSVERSIONINFOEXW info;

  out[0] = '\0';
  if (version_get(&info)) {
    snprintf(out, size, "%lu.%lu.%lu", (unsigned long)info.dwMajorVersion,
             (unsigned long)info.dwMinorVersion,
             (unsigned long)info.dwBuildNumber);
  }
}

/* version_key_open opens the 64-bit key. By default a 32-bit program would read
 * another copy of the key. */
static HKEY version_key_open(void) {
  HKEY key = NULL;

  if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, version_key, 0,
                    KEY_QUERY_VALUE | KEY_WOW64_64KEY, &key) != ERROR_SUCCESS) {
    return NULL;
  }
  return key;
}

static void edition_read(HKEY key, char *out) {
  wchar_t value[HOST_FACT_BYTES_MAX] = {0};
  /* the value may lack its NUL */
  DWORD size = sizeof(value) - sizeof(value[0]);
  DWORD type = REG_NONE;

  if (RegQueryValueExW(key, L"EditionID", NULL, &type, (BYTE *)value, &size) !=
          ERROR_SUCCESS ||
      type != REG_SZ) {
    return;
  }
  for (size_t i = 0; i < HOST_FACT_BYTES_MAX - 1 && value[i] != 0; i++) {
    out[i] = (char)(value[i] >= ' ' && value[i] <= '~' ? value[i] : '?');
  }
}

static void ubr_read(HKEY key, char *out) {
  DWORD value = 0;
  DWORD size = sizeof(value);
  DWORD type = REG_NONE;

  if (RegQueryValueExW(key, L"UBR", NULL, &type, (BYTE *)&value, &size) ==
          ERROR_SUCCESS &&
      type == REG_DWORD && size == sizeof(value)) {
    snprintf(out, HOST_FACT_BYTES_MAX, "%lu", (unsigned long)value);
  }
}

static const char *product_name(BYTE type) {
  switch (type) {
    case VER_NT_WORKSTATION:
      return "workstation";
    case VER_NT_DOMAIN_CONTROLLER:
      return "domain controller";
    case VER_NT_SERVER:
      return "server";
    default:
      return "";
  }
}

void host_facts(struct host_facts *facts) {
  OSVERSIONINFOEXW info;
  HKEY key = version_key_open();

  memset(facts, 0, sizeof(*facts));
  if (version_get(&info)) {
    snprintf(facts->product, sizeof(facts->product), "%s",
             product_name(info.wProductType));
  }
  if (key != NULL) {
    edition_read(key, facts->edition);
    ubr_read(key, facts->ubr);
    RegCloseKey(key);
  }
}
