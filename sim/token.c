/* Users and their tokens: the identity of each thread, and the identity that it
 * impersonates. */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

/* --- Users --------------------------------------------------------------- */

#define ALICE   L"S-1-5-21-10-20-30-1001"
#define BOB     L"S-1-5-21-10-20-30-1002"
#define PACKAGE L"S-1-15-2-11-12-13-14-15-16-17"

/* An administrator's token marks the group as owner, so its objects belong to
 * the group. A backup operator has the restore privilege enabled. */
static const struct user {
  const char *name;
  const WCHAR *sid;
  const WCHAR *groups[GROUPS_MAX];
  uint32_t integrity;
  const WCHAR *package; /* NULL: not in an app container */
  bool may_impersonate;
  bool may_audit;
  bool may_restore;
  bool is_remote;
  const WCHAR *restricting[GROUPS_MAX]; /* none: not a restricted token */
} users[] = {
    {"alice",
     ALICE,
     {L"BU", L"AU", L"IU", L"WD"},
     INTEGRITY_MEDIUM,
     NULL,
     0,
     0,
     0,
     0,
     {NULL}},
    {"alice-low",
     ALICE,
     {L"BU", L"AU", L"IU", L"WD"},
     INTEGRITY_LOW,
     NULL,
     0,
     0,
     0,
     0,
     {NULL}},
    {"alice-app",
     ALICE,
     {L"BU", L"AU", L"IU", L"WD"},
     INTEGRITY_LOW,
     PACKAGE,
     0,
     0,
     0,
     0,
     {NULL}},
    {"alice-high",
     ALICE,
     {L"BA", L"BU", L"AU", L"IU", L"WD"},
     INTEGRITY_HIGH,
     NULL,
     1,
     0,
     0,
     0,
     {NULL}},
    {"alice-restricted",
     ALICE,
     {L"BU", L"AU", L"IU", L"WD"},
     INTEGRITY_MEDIUM,
     NULL,
     0,
     0,
     0,
     0,
     {L"RC"}},
    {"alice-limited",
     ALICE,
     {L"BU", L"AU", L"IU", L"WD"},
     INTEGRITY_MEDIUM,
     NULL,
     0,
     0,
     0,
     0,
     {ALICE, L"WD", L"RC"}},
    {"bob",
     BOB,
     {L"BU", L"AU", L"IU", L"WD"},
     INTEGRITY_MEDIUM,
     NULL,
     0,
     0,
     0,
     0,
     {NULL}},
    {"bob-app",
     BOB,
     {L"BU", L"AU", L"IU", L"WD"},
     INTEGRITY_LOW,
     PACKAGE,
     0,
     0,
     0,
     0,
     {NULL}},
    {"admin",
     L"S-1-5-21-10-20-30-500",
     {L"BA", L"BU", L"AU", L"IU", L"WD"},
     INTEGRITY_HIGH,
     NULL,
     1,
     1,
     0,
     0,
     {NULL}},
    {"service",
     L"S-1-5-20",
     {L"BU", L"AU", L"SU", L"WD"},
     INTEGRITY_SYSTEM,
     NULL,
     1,
     0,
     0,
     0,
     {NULL}},
    {"system",
     L"S-1-5-18",
     {L"BA", L"AU", L"WD"},
     INTEGRITY_SYSTEM,
     NULL,
     1,
     1,
     0,
     0,
     {NULL}},
    {"backup",
     L"S-1-5-21-10-20-30-1003",
     {L"BO", L"BU", L"AU", L"WD"},
     INTEGRITY_MEDIUM,
     NULL,
     0,
     0,
     1,
     0,
     {NULL}},
    {"network",
     ALICE,
     {L"BU", L"AU", L"NU", L"WD"},
     INTEGRITY_MEDIUM,
     NULL,
     0,
     0,
     0,
     1,
     {NULL}},
    {"anonymous", L"S-1-5-7", {NULL}, INTEGRITY_NONE, NULL, 0, 0, 0, 0, {NULL}},
};

enum { USERS = sizeof users / sizeof users[0] };

/* sim__token_has returns true if `sid` is the user or one of the groups. */
bool sim__token_has(const struct token *token, const unsigned char *sid) {
  if (sim__sid_equal(sid, token->sid)) {
    return true;
  }
  for (size_t i = 0; i < token->group_count; i++) {
    if (sim__sid_equal(sid, token->groups[i])) {
      return true;
    }
  }
  return false;
}

bool sim__token_is_restricted_to(const struct token *token,
                                 const unsigned char *sid) {
  for (size_t i = 0; i < token->restricting_count; i++) {
    if (sim__sid_equal(sid, token->restricting[i])) {
      return true;
    }
  }
  return false;
}

static bool token_has_administrators(const struct token *token) {
  unsigned char sid[SID_BYTES_MAX];

  sim__sid_parse(L"BA", sid);
  return sim__token_has(token, sid);
}

static void token_init(struct token *token, const struct user *user) {
  sim__object_init(&token->object, OBJECT_TOKEN);
  token->name = user->name;
  token->may_impersonate = user->may_impersonate;
  token->may_audit = user->may_audit;
  token->may_restore = user->may_restore;
  token->integrity = user->integrity;
  token->is_remote = user->is_remote;
  token->level = SecurityImpersonation;
  sim__sid_parse(user->sid, token->sid);
  while (token->group_count < GROUPS_MAX &&
         user->groups[token->group_count] != NULL) {
    sim__sid_parse(user->groups[token->group_count],
                   token->groups[token->group_count]);
    token->group_count++;
  }
  while (token->restricting_count < GROUPS_MAX &&
         user->restricting[token->restricting_count] != NULL) {
    sim__sid_parse(user->restricting[token->restricting_count],
                   token->restricting[token->restricting_count]);
    token->restricting_count++;
  }
  memcpy(token->owner, token->sid, SID_BYTES_MAX);
  if (token_has_administrators(token)) {
    sim__sid_parse(L"BA", token->owner);
  }
  token->is_app = user->package != NULL;
  if (token->is_app) {
    sim__sid_parse(user->package, token->package);
  }
}

/* token_new copies a token that is made once for each user, because each run
 * needs some. */
static struct token *token_new(const struct user *user, uint32_t session_id) {
  static struct token made[USERS];
  struct token *own = &made[user - users];
  struct token *token = malloc(sizeof *token);

  if (own->name == NULL) {
    token_init(own, user);
  }
  *token = *own;
  token->session_id = session_id;
  return token;
}

struct token *sim__token_named(const char *name, uint32_t session_id) {
  for (size_t i = 0; i < USERS; i++) {
    if (strcmp(users[i].name, name) == 0) {
      return token_new(&users[i], session_id);
    }
  }
  return NULL;
}

/* sim__token_primary returns the token of the process. */
struct token *sim__token_primary(void) {
  struct thread *self = sim__thread_self();

  if (self->user == NULL) {
    self->user = token_new(&users[0], self->session_id);
  }
  return self->user;
}

struct token *sim__token_current(void) {
  struct thread *self = sim__thread_self();

  if (self->impersonated == NULL) {
    return sim__token_primary();
  }
  return self->impersonated->level >= SecurityImpersonation ? self->impersonated
                                                            : NULL;
}

/* sim__token_adopt lowers the level to SecurityIdentification if the process
 * lacks the privilege to impersonate and the client is another user or has
 * higher integrity. The call still succeeds. Source: the
 * ImpersonateNamedPipeClient page, Remarks. */
NTSTATUS sim__token_adopt(const struct token *client,
                          SECURITY_IMPERSONATION_LEVEL level) {
  struct thread *self = sim__thread_self();
  const struct token *own = sim__token_primary();
  struct token *copy;

  if (level == SecurityAnonymous) {
    copy = sim__token_named("anonymous", client->session_id);
  } else {
    copy = malloc(sizeof *copy);
    *copy = *client;
    sim__object_init(&copy->object, OBJECT_TOKEN);
    copy->object.handles = 0;
  }
  if (level > SecurityIdentification && !own->may_impersonate &&
      (!sim__sid_equal(own->sid, client->sid) ||
       client->integrity > own->integrity)) {
    level = SecurityIdentification;
  }
  copy->is_impersonation = true;
  copy->level = level;
  if (self->impersonated != NULL) {
    sim__object_unref(&self->impersonated->object);
  }
  self->impersonated = copy;
  return STATUS_SUCCESS;
}

/* --- The calls ----------------------------------------------------------- */

BOOL WINAPI ImpersonateNamedPipeClient(HANDLE pipe) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", pipe)) {
    NTSTATUS status;
    struct file *file = sim__handle_get(pipe, OBJECT_FILE, 0, &status);

    sim__call_status(&call,
                     file != NULL ? sim__pipe_impersonate(file) : status);
  }
  return sim__call_end(&call);
}

BOOL WINAPI RevertToSelf(void) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    struct thread *self = sim__thread_self();

    if (self->impersonated != NULL) {
      sim__object_unref(&self->impersonated->object);
      self->impersonated = NULL;
    }
  }
  return sim__call_end(&call);
}

/* token_open opens a handle to a copy, because a token object may have handles
 * of its own. */
static HANDLE token_open(const struct token *token) {
  struct token *copy = malloc(sizeof *copy);

  *copy = *token;
  sim__object_init(&copy->object, OBJECT_TOKEN);
  copy->object.handles = 0;
  return sim__handle_open(&copy->object, 0xF01FF, false);
}

BOOL WINAPI OpenProcessToken(HANDLE process, DWORD access, PHANDLE token) {
  struct call call;

  (void)process; /* the only process */
  (void)access;
  if (sim__call_begin(&call, __func__, PLACE, " ") &&
      !sim__handle_is_full_for(&call)) {
    *token = token_open(sim__token_primary());
  }
  return sim__call_end(&call);
}

BOOL WINAPI OpenThreadToken(HANDLE handle, DWORD access, BOOL as_self,
                            PHANDLE token) {
  struct call call;

  (void)access;
  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    NTSTATUS status;
    const struct thread *thread =
        sim__handle_get(handle, OBJECT_THREAD, 0, &status);

    if (thread != NULL && thread->impersonated == NULL) {
      status = STATUS_NO_TOKEN;
    } else if (thread != NULL &&
               thread->impersonated->level == SecurityAnonymous) {
      status = STATUS_CANT_OPEN_ANONYMOUS;
    } else if (thread != NULL && !as_self &&
               thread->impersonated->level == SecurityIdentification) {
      /* A thread at SecurityIdentification may open nothing, not even its
       * token. */
      status = STATUS_BAD_IMPERSONATION_LEVEL;
    } else if (thread != NULL && sim__handle_is_full()) {
      status = STATUS_INSUFFICIENT_RESOURCES;
    } else if (thread != NULL) {
      *token = token_open(thread->impersonated);
    }
    sim__call_status(&call, status);
  }
  return sim__call_end(&call);
}

/* sim__answer copies the answer of a query. */
uint32_t sim__answer(void *out, DWORD size, PDWORD needed, const void *from,
                     size_t bytes) {
  if (needed != NULL) {
    *needed = (DWORD)bytes;
  }
  if (size < bytes) {
    return ERROR_INSUFFICIENT_BUFFER;
  }
  memcpy(out, from, bytes);
  return ERROR_SUCCESS;
}

/* answer_sid answers with a pointer to a SID, attributes behind it if
 * `has_attributes`, and then the SID itself. */
static uint32_t answer_sid(void *out, DWORD size, PDWORD needed,
                           bool has_attributes, const unsigned char *sid) {
  struct {
    SID_AND_ATTRIBUTES head;
    unsigned char sid[SID_BYTES_MAX];
  } full;
  const size_t at = offsetof(__typeof__(full), sid);

  memset(&full, 0, sizeof full);
  full.head.Sid = (PSID)((uintptr_t)out + at); /* `out` may be NULL */
  full.head.Attributes = has_attributes ? SE_GROUP_INTEGRITY : 0;
  memcpy(full.sid, sid, SID_BYTES_MAX);
  return sim__answer(out, size, needed, &full, at + sim__sid_size(sid));
}

/* S-1-16-LEVEL */
void sim__sid_level(unsigned char out[SID_BYTES_MAX], uint32_t level) {
  memset(out, 0, SID_BYTES_MAX);
  out[0] = 1;
  out[1] = 1;
  out[7] = 16;
  memcpy(out + 8, &level, sizeof level);
}

static uint32_t answer_package(void *out, DWORD size, PDWORD needed,
                               const struct token *token) {
  const TOKEN_APPCONTAINER_INFORMATION none = {NULL};

  if (sim__kernel.settings.no_app_containers) {
    return ERROR_INVALID_PARAMETER; /* Windows 7 does not have this class */
  }
  return token->is_app ? answer_sid(out, size, needed, false, token->package)
                       : sim__answer(out, size, needed, &none, sizeof none);
}

BOOL WINAPI GetTokenInformation(HANDLE handle, TOKEN_INFORMATION_CLASS which,
                                LPVOID out, DWORD size, PDWORD needed) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %d", handle, which)) {
    NTSTATUS status;
    const struct token *token =
        sim__handle_get(handle, OBJECT_TOKEN, 0, &status);
    unsigned char level[SID_BYTES_MAX];
    uint32_t value = 0;

    sim__call_status(&call, status);
    if (token == NULL) {
      return sim__call_end(&call);
    }
    switch (which) {
      case TokenUser:
        call.error = answer_sid(out, size, needed, false, token->sid);
        return sim__call_end(&call);
      case TokenOwner:
        call.error = answer_sid(out, size, needed, false, token->owner);
        return sim__call_end(&call);
      case TokenIntegrityLevel:
        sim__sid_level(level, token->integrity);
        call.error = answer_sid(out, size, needed, true, level);
        return sim__call_end(&call);
      case TokenAppContainerSid:
        call.error = answer_package(out, size, needed, token);
        return sim__call_end(&call);
      case TokenType:
        value = token->is_impersonation ? TokenImpersonation : TokenPrimary;
        break;
      case TokenImpersonationLevel:
        if (!token->is_impersonation) {
          call.error = ERROR_INVALID_PARAMETER;
        }
        value = token->level;
        break;
      case TokenSessionId:
        value = token->session_id;
        break;
      default:
        call.error = ERROR_INVALID_PARAMETER;
        break;
    }
    if (call.error == 0) {
      call.error = sim__answer(out, size, needed, &value, sizeof value);
    }
  }
  return sim__call_end(&call);
}
