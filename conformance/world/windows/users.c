/* Other users on Windows. npipe-users creates two local accounts and passes
 * them in the environment. A case becomes one of these users by impersonation,
 * so the process itself still belongs to the account that runs the suite: an
 * administrator, which serves as "admin" and as "service".
 *
 * Source: ImpersonateLoggedOnUser, Remarks; LogonUserW */
#include "world/windows/users.h"

#include "world.h"
#include "world/host.h"

#include <windows.h>

#include <sddl.h>

#include <stdio.h>
#include <string.h>

enum { NAME_UNITS_MAX = 64, PASSWORD_UNITS_MAX = 128 };

struct account {
  const char *user;
  const wchar_t *name_variable;
  const wchar_t *password_variable;
  bool tried;
  HANDLE token; /* NULL: no such account, or no right to log on */
};

static struct account accounts[] = {
    {"alice", L"NPIPE_USER_ALICE", L"NPIPE_PASSWORD_ALICE", false, NULL},
    {"bob", L"NPIPE_USER_BOB", L"NPIPE_PASSWORD_BOB", false, NULL},
};

/* token_sid writes the SID of a token as text. It fails for the handle that
 * Wine's LogonUserW returns, which is not a token. */
static bool token_sid(HANDLE token, char *out, size_t size) {
  union {
    TOKEN_USER user;
    BYTE bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
  } answer;
  DWORD length = 0;
  wchar_t *text = NULL;

  if (!GetTokenInformation(token, TokenUser, &answer, sizeof(answer),
                           &length) ||
      !ConvertSidToStringSidW(answer.user.User.Sid, &text)) {
    return false;
  }
  snprintf(out, size, "%ls", text);
  LocalFree(text);
  return true;
}

static HANDLE account_log_on(const struct account *account) {
  wchar_t name[NAME_UNITS_MAX];
  wchar_t password[PASSWORD_UNITS_MAX];
  char sid[WORLD_SID_BYTES_MAX];
  HANDLE token = NULL;
  DWORD name_length =
      GetEnvironmentVariableW(account->name_variable, name, NAME_UNITS_MAX);
  DWORD password_length = GetEnvironmentVariableW(account->password_variable,
                                                  password, PASSWORD_UNITS_MAX);

  if (name_length == 0 || name_length >= NAME_UNITS_MAX ||
      password_length == 0 || password_length >= PASSWORD_UNITS_MAX) {
    return NULL;
  }
  if (!LogonUserW(name, L".", password, LOGON32_LOGON_INTERACTIVE,
                  LOGON32_PROVIDER_DEFAULT, &token)) {
    return NULL;
  }
  return token_sid(token, sid, sizeof(sid)) ? token : NULL;
}

static HANDLE account_token(struct account *account) {
  if (!account->tried) {
    account->tried = true;
    account->token = account_log_on(account);
  }
  return account->token;
}

static struct account *account_find(const char *user) {
  for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++) {
    if (strcmp(accounts[i].user, user) == 0) {
      return &accounts[i];
    }
  }
  return NULL;
}

bool world_has_users(void) {
  return account_token(&accounts[0]) != NULL &&
         account_token(&accounts[1]) != NULL;
}

bool world_set_user(const char *user) {
  struct account *account = account_find(user);

  if (!world_has_users() || !RevertToSelf()) {
    return false;
  }
  if (account != NULL) {
    return ImpersonateLoggedOnUser(account->token);
  }
  if (strcmp(user, "anonymous") == 0) {
    return ImpersonateAnonymousToken(GetCurrentThread());
  }
  return strcmp(user, "admin") == 0 || strcmp(user, "service") == 0;
}

void *world_user_token(const char *user) {
  struct account *account = account_find(user);

  return world_has_users() && account != NULL ? account->token : NULL;
}

bool world_user_sid(const char *user, char *out, size_t size) {
  struct account *account = account_find(user);

  return world_has_users() && account != NULL &&
         token_sid(account->token, out, size);
}
