/* Tokens of fewer rights on Windows and Wine. They are made from the process's
 * own token, and the thread impersonates them; so no second account is needed.
 *
 * Source: CreateRestrictedToken; phnt for NtCreateLowBoxToken, which makes the
 * token of an app container on Windows 8 and later. */
#include "world.h"

#include <windows.h>

#include <sddl.h>
#include <winternl.h>

#include <string.h>

enum { SIDS_MAX = 3 };

typedef NTSTATUS(NTAPI *create_low_box_fn)(PHANDLE token, HANDLE base,
                                           ACCESS_MASK access,
                                           POBJECT_ATTRIBUTES attributes,
                                           PSID package, ULONG capability_count,
                                           PSID_AND_ATTRIBUTES capabilities,
                                           ULONG handle_count, HANDLE *handles);

static const wchar_t restricted_code[] = L"S-1-5-12";
static const wchar_t everyone[] = L"S-1-1-0";
static const wchar_t package[] = L"S-1-15-2-11-12-13-14-15-16-17";

union user {
  TOKEN_USER user;
  BYTE bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
};

/* restricted_make restricts `base` to S-1-5-12, and with `user` also to this
 * user and to Everyone. It returns NULL on failure. */
static HANDLE restricted_make(HANDLE base, union user *user) {
  SID_AND_ATTRIBUTES sids[SIDS_MAX] = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
  PSID code = NULL;
  PSID all = NULL;
  HANDLE token = NULL;
  DWORD size = sizeof(*user);
  bool good = ConvertStringSidToSidW(restricted_code, &code) &&
              ConvertStringSidToSidW(everyone, &all);

  if (good && user != NULL) {
    good = GetTokenInformation(base, TokenUser, user, sizeof(*user), &size);
    sids[1].Sid = all;
    sids[2].Sid = good ? user->user.User.Sid : NULL;
  }
  sids[0].Sid = code;
  if (good &&
      !CreateRestrictedToken(base, DISABLE_MAX_PRIVILEGE, 0, NULL, 0, NULL,
                             user != NULL ? SIDS_MAX : 1, sids, &token)) {
    token = NULL;
  }
  LocalFree(all);
  LocalFree(code);
  return token;
}

static HANDLE low_box_make(HANDLE base) {
  /* The type void (*)(void) is the one function pointer that compilers let
   * become any other. */
  void (*const found)(void) = (void (*)(void))GetProcAddress(
      GetModuleHandleW(L"ntdll.dll"), "NtCreateLowBoxToken");
  const create_low_box_fn create = (create_low_box_fn)found;
  OBJECT_ATTRIBUTES attributes;
  HANDLE token = NULL;
  PSID sid = NULL;

  InitializeObjectAttributes(&attributes, NULL, 0, NULL, NULL);
  if (create != NULL && ConvertStringSidToSidW(package, &sid)) {
    /* Wine answers success and no token. */
    if (create(&token, base, TOKEN_ALL_ACCESS, &attributes, sid, 0, NULL, 0,
               NULL) < 0) {
      token = NULL;
    }
    LocalFree(sid);
  }
  return token;
}

static HANDLE token_make(HANDLE base, const char *how) {
  union user user;

  if (strcmp(how, "restricted") == 0) {
    return restricted_make(base, NULL);
  }
  if (strcmp(how, "limited") == 0) {
    return restricted_make(base, &user);
  }
  return strcmp(how, "app-container") == 0 ? low_box_make(base) : NULL;
}

bool world_confine(const char *how) {
  HANDLE base = NULL;
  HANDLE token = NULL;
  HANDLE copy = NULL;
  bool good = false;

  if (OpenProcessToken(GetCurrentProcess(), MAXIMUM_ALLOWED, &base)) {
    token = token_make(base, how);
    if (token != NULL && DuplicateToken(token, SecurityImpersonation, &copy)) {
      good = SetThreadToken(NULL, copy);
      CloseHandle(copy);
    }
    if (token != NULL) {
      CloseHandle(token);
    }
    CloseHandle(base);
  }
  return good;
}
