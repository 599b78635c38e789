/* Tokens: the identity of each thread, the identity that it impersonates, and
 * the calls that ask about them. */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

struct token *sim__token_primary(void) {
  struct thread *self = sim__thread_self();

  if (self->user == NULL) {
    self->user = sim__token_named("alice", self->session_id);
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

/* token_copy copies a token, because a token object may have handles of its
 * own. */
static struct token *token_copy(const struct token *token) {
  struct token *copy = malloc(sizeof *copy);

  *copy = *token;
  sim__object_init(&copy->object, OBJECT_TOKEN);
  copy->object.handles = 0;
  return copy;
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
    copy = token_copy(client);
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
    struct file *file = sim__handle_get_for(&call, pipe, OBJECT_FILE, 0);

    if (file != NULL) {
      sim__call_status(&call, sim__pipe_impersonate(file));
    }
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

static HANDLE token_open(const struct token *token, ACCESS_MASK access) {
  if ((access & (MAXIMUM_ALLOWED | GENERIC_ALL)) != 0) {
    access = TOKEN_ALL_ACCESS;
  }
  return sim__handle_open(&token_copy(token)->object, access, false);
}

BOOL WINAPI OpenProcessToken(HANDLE process, DWORD access, PHANDLE token) {
  struct call call;

  (void)process; /* the only process */
  if (sim__call_begin(&call, __func__, PLACE, " ") &&
      !sim__handle_is_full_for(&call)) {
    *token = token_open(sim__token_primary(), access);
  }
  return sim__call_end(&call);
}

BOOL WINAPI OpenThreadToken(HANDLE handle, DWORD access, BOOL as_self,
                            PHANDLE token) {
  struct call call;

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
      *token = token_open(thread->impersonated, access);
    }
    sim__call_status(&call, status);
  }
  return sim__call_end(&call);
}

/* DuplicateToken never raises the level of an impersonation token. Source: its
 * page. */
BOOL WINAPI DuplicateToken(HANDLE handle, SECURITY_IMPERSONATION_LEVEL level,
                           PHANDLE out) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %d", handle, level)) {
    const struct token *token =
        sim__handle_get_for(&call, handle, OBJECT_TOKEN, TOKEN_DUPLICATE);
    struct token *copy;

    if (token != NULL && token->is_impersonation && level > token->level) {
      sim__call_status(&call, STATUS_BAD_IMPERSONATION_LEVEL);
    } else if (token != NULL && !sim__handle_is_full_for(&call)) {
      copy = token_copy(token);
      copy->is_impersonation = true;
      copy->level = level;
      *out = sim__handle_open(&copy->object, TOKEN_IMPERSONATE | TOKEN_QUERY,
                              false);
    }
  }
  return sim__call_end(&call);
}

/* --- Questions ----------------------------------------------------------- */

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

static uint32_t answer_package(void *out, DWORD size, PDWORD needed,
                               const struct token *token) {
  const TOKEN_APPCONTAINER_INFORMATION none = {NULL};

  if (sim__kernel.settings.no_app_containers) {
    return ERROR_INVALID_PARAMETER; /* Windows 7 does not have this class */
  }
  return token->is_app ? answer_sid(out, size, needed, false, token->package)
                       : sim__answer(out, size, needed, &none, sizeof none);
}

/* CheckTokenMembership takes impersonation tokens only. Source: its page. */
BOOL WINAPI CheckTokenMembership(HANDLE handle, PSID sid, PBOOL is_member) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    const struct token *token =
        handle == NULL
            ? sim__token_current()
            : sim__handle_get_for(&call, handle, OBJECT_TOKEN, TOKEN_QUERY);

    if (token == NULL && handle == NULL) {
      sim__call_status(&call, STATUS_BAD_IMPERSONATION_LEVEL);
    } else if (token != NULL && handle != NULL && !token->is_impersonation) {
      call.error = ERROR_NO_IMPERSONATION_TOKEN;
    } else if (token != NULL) {
      *is_member = sim__token_has(token, sid);
    }
  }
  return sim__call_end(&call);
}

static uint32_t answer_statistics(void *out, DWORD size, PDWORD needed,
                                  const struct token *token) {
  TOKEN_STATISTICS statistics = {0};

  statistics.AuthenticationId.LowPart = token->logon_id;
  statistics.TokenType =
      token->is_impersonation ? TokenImpersonation : TokenPrimary;
  statistics.ImpersonationLevel = token->level;
  statistics.GroupCount = (DWORD)token->group_count;
  return sim__answer(out, size, needed, &statistics, sizeof statistics);
}

BOOL WINAPI GetTokenInformation(HANDLE handle, TOKEN_INFORMATION_CLASS which,
                                LPVOID out, DWORD size, PDWORD needed) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %d", handle, which)) {
    const struct token *token =
        sim__handle_get_for(&call, handle, OBJECT_TOKEN, TOKEN_QUERY);
    unsigned char level[SID_BYTES_MAX];
    uint32_t value = 0;

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
      case TokenStatistics:
        call.error = answer_statistics(out, size, needed, token);
        return sim__call_end(&call);
      case TokenElevation:
        value = token->is_elevated;
        break;
      case TokenIsAppContainer:
        value = token->is_app;
        if (sim__kernel.settings.no_app_containers) {
          call.error = ERROR_INVALID_PARAMETER;
        }
        break;
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
