/* Who a thread is, and what a descriptor lets it do. */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

/* --- Users --------------------------------------------------------------- */

static const struct user {
  const char *name;
  const WCHAR *sid;
  const WCHAR *groups[GROUPS_MAX];
  bool may_impersonate;
  bool may_audit;
  bool is_remote;
} users[] = {
    {"alice", L"S-1-5-21-10-20-30-1001", {L"BU", L"AU", L"IU", L"WD"}, 0, 0, 0},
    {"bob", L"S-1-5-21-10-20-30-1002", {L"BU", L"AU", L"IU", L"WD"}, 0, 0, 0},
    {"admin",
     L"S-1-5-21-10-20-30-500",
     {L"BA", L"BU", L"AU", L"IU", L"WD"},
     1,
     1,
     0},
    {"service", L"S-1-5-20", {L"BU", L"AU", L"SU", L"WD"}, 1, 0, 0},
    {"system", L"S-1-5-18", {L"BA", L"AU", L"WD"}, 1, 1, 0},
    {"network",
     L"S-1-5-21-10-20-30-1001",
     {L"BU", L"AU", L"NU", L"WD"},
     0,
     0,
     1},
    {"anonymous", L"S-1-5-7", {NULL}, 0, 0, 0},
};

enum { USERS = sizeof users / sizeof users[0] };

static void token_init(struct token *token, const struct user *user) {
  sim__object_init(&token->object, OBJECT_TOKEN);
  token->name = user->name;
  token->may_impersonate = user->may_impersonate;
  token->may_audit = user->may_audit;
  token->is_remote = user->is_remote;
  token->level = SecurityImpersonation;
  sim__sid_parse(user->sid, token->sid);
  while (token->group_count < GROUPS_MAX &&
         user->groups[token->group_count] != NULL) {
    sim__sid_parse(user->groups[token->group_count],
                   token->groups[token->group_count]);
    token->group_count++;
  }
}

/* A user's is made once, and copied from then on: each run needs some. */
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

/* The process' user. */
static struct token *token_primary(void) {
  struct thread *self = sim__thread_self();

  if (self->user == NULL) {
    self->user = token_new(&users[0], self->session_id);
  }
  return self->user;
}

struct token *sim__token_current(void) {
  struct thread *self = sim__thread_self();

  if (self->impersonated == NULL) {
    return token_primary();
  }
  return self->impersonated->level >= SecurityImpersonation ? self->impersonated
                                                            : NULL;
}

/* Another's identity without the privilege: only to look at. The call does not
 * fail: the ImpersonateNamedPipeClient page, Remarks. */
NTSTATUS sim__token_adopt(const struct token *client,
                          SECURITY_IMPERSONATION_LEVEL level) {
  struct thread *self = sim__thread_self();
  const struct token *own = token_primary();
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
      !sim__sid_equal(own->sid, client->sid)) {
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

/* --- Descriptors --------------------------------------------------------- */

enum { DEFAULT_DACL_BYTES_MAX = 512 };

static ACL *acl_copy(const ACL *acl) {
  ACL *copy = malloc(acl->AclSize);

  memcpy(copy, acl, acl->AclSize);
  return copy;
}

/* Full for the system, administrators and the owner, read for everyone and
 * anonymous: the "Named Pipe Security and Access Rights" page. */
static void default_dacl_make(unsigned char bytes[DEFAULT_DACL_BYTES_MAX]) {
  static const struct {
    const WCHAR *sid;
    ACCESS_MASK mask;
  } entries[] = {{L"SY", FILE_ALL_ACCESS},
                 {L"BA", FILE_ALL_ACCESS},
                 {L"CO", FILE_ALL_ACCESS},
                 {L"WD", FILE_GENERIC_READ},
                 {L"AN", FILE_GENERIC_READ}};
  ACL acl = {ACL_REVISION, 0, sizeof acl, 0, 0};

  for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
    unsigned char *ace = bytes + acl.AclSize;
    ACE_HEADER header = {ACCESS_ALLOWED_ACE_TYPE, 0, 0};

    sim__sid_parse(entries[i].sid, ace + 8);
    header.AceSize = (WORD)(8 + sim__sid_size(ace + 8));
    memcpy(ace, &header, sizeof header);
    memcpy(ace + 4, &entries[i].mask, sizeof entries[i].mask);
    acl.AclSize = (WORD)(acl.AclSize + header.AceSize);
    acl.AceCount++;
  }
  memcpy(bytes, &acl, sizeof acl);
}

/* Made once: most pipes have it. */
static void default_dacl(struct descriptor *out) {
  static _Alignas(ACL) unsigned char bytes[DEFAULT_DACL_BYTES_MAX];

  if (bytes[0] == 0) {
    default_dacl_make(bytes);
  }
  out->has_dacl = true;
  out->dacl = acl_copy((const ACL *)(const void *)bytes);
}

NTSTATUS sim__descriptor_assign(struct descriptor *out, const void *given,
                                const struct token *creator) {
  const SECURITY_DESCRIPTOR *absolute = given;
  const char *base = given;
  const void *owner = NULL;
  const void *group = NULL;
  const void *dacl = NULL;

  memset(out, 0, sizeof *out);
  if (given != NULL && absolute->Revision != SECURITY_DESCRIPTOR_REVISION) {
    return STATUS_INVALID_PARAMETER;
  }
  if (given != NULL && (absolute->Control & SE_SELF_RELATIVE) != 0) {
    SECURITY_DESCRIPTOR_RELATIVE header;

    memcpy(&header, given, sizeof header);
    owner = header.Owner != 0 ? base + header.Owner : NULL;
    group = header.Group != 0 ? base + header.Group : NULL;
    dacl = header.Dacl != 0 ? base + header.Dacl : NULL;
  } else if (given != NULL) {
    owner = absolute->Owner;
    group = absolute->Group;
    dacl = absolute->Dacl;
  }
  if (creator != NULL) {
    memcpy(out->owner, creator->sid, SID_BYTES_MAX);
    memcpy(out->group, creator->sid, SID_BYTES_MAX);
  }
  if (owner != NULL) {
    memcpy(out->owner, owner, sim__sid_size(owner));
  }
  if (group != NULL) {
    memcpy(out->group, group, sim__sid_size(group));
  }
  if (given == NULL || (absolute->Control & SE_DACL_PRESENT) == 0) {
    default_dacl(out);
  } else if (dacl != NULL) {
    ACL header; /* It need not be aligned. */

    memcpy(&header, dacl, sizeof header);
    out->has_dacl = true;
    out->dacl = malloc(header.AclSize);
    memcpy(out->dacl, dacl, header.AclSize);
  }
  return STATUS_SUCCESS;
}

void sim__descriptor_deinit(struct descriptor *descriptor) {
  free(descriptor->dacl);
}

/* --- The check ----------------------------------------------------------- */

ACCESS_MASK sim__access_map(ACCESS_MASK access) {
  ACCESS_MASK mapped = access & 0x0FFFFFFFu;

  mapped |= (access & GENERIC_READ) != 0 ? FILE_GENERIC_READ : 0;
  mapped |= (access & GENERIC_WRITE) != 0 ? FILE_GENERIC_WRITE : 0;
  mapped |= (access & GENERIC_EXECUTE) != 0 ? FILE_GENERIC_EXECUTE : 0;
  mapped |= (access & GENERIC_ALL) != 0 ? FILE_ALL_ACCESS : 0;
  return mapped;
}

static bool applies(const struct descriptor *descriptor,
                    const struct token *token, const unsigned char *sid) {
  static const unsigned char creator_owner[] = {1, 1, 0, 0, 0, 0,
                                                0, 3, 0, 0, 0, 0};
  static const unsigned char owner_rights[] = {1, 1, 0, 0, 0, 0,
                                               0, 3, 4, 0, 0, 0};

  /* The first became the owner's when the pipe was made. */
  if (sim__sid_equal(sid, creator_owner) || sim__sid_equal(sid, owner_rights)) {
    return sim__sid_equal(token->sid, descriptor->owner);
  }
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

/* As AccessCheck: entries in order, the first that speaks of a right decides.
 */
NTSTATUS sim__access_check(const struct descriptor *descriptor,
                           const struct token *token, ACCESS_MASK wanted,
                           ACCESS_MASK *granted) {
  ACCESS_MASK left = sim__access_map(wanted) & ~(ACCESS_MASK)MAXIMUM_ALLOWED;
  ACCESS_MASK allowed = 0;
  ACCESS_MASK denied = 0;
  const unsigned char *ace;

  *granted = left;
  if ((left & ACCESS_SYSTEM_SECURITY) != 0) {
    if (!token->may_audit) {
      return STATUS_PRIVILEGE_NOT_HELD;
    }
    left &= ~(ACCESS_MASK)ACCESS_SYSTEM_SECURITY;
  }
  if (!descriptor->has_dacl) {
    *granted |= (wanted & MAXIMUM_ALLOWED) != 0 ? FILE_ALL_ACCESS : 0;
    return STATUS_SUCCESS;
  }
  if (sim__sid_equal(token->sid, descriptor->owner)) {
    allowed = READ_CONTROL | WRITE_DAC;
  }
  ace = (const unsigned char *)(descriptor->dacl + 1);
  for (WORD i = 0; i < descriptor->dacl->AceCount; i++) {
    ACCESS_ALLOWED_ACE entry;

    memcpy(&entry, ace, sizeof entry);
    if (applies(descriptor, token, ace + 8)) {
      ACCESS_MASK mask = sim__access_map(entry.Mask);

      if (entry.Header.AceType == ACCESS_DENIED_ACE_TYPE) {
        denied |= mask & ~allowed;
      } else {
        allowed |= mask & ~denied;
      }
    }
    ace += entry.Header.AceSize;
  }
  if ((wanted & MAXIMUM_ALLOWED) != 0) {
    *granted |= allowed;
  }
  return (left & ~allowed) == 0 ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
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

/* A handle to a copy: a token object may have handles of its own. */
static HANDLE token_open(const struct token *token) {
  struct token *copy = malloc(sizeof *copy);

  *copy = *token;
  sim__object_init(&copy->object, OBJECT_TOKEN);
  copy->object.handles = 0;
  return sim__handle_open(&copy->object, 0xF01FF, false);
}

BOOL WINAPI OpenProcessToken(HANDLE process, DWORD access, PHANDLE token) {
  struct call call;

  (void)process; /* There is but the caller's. */
  (void)access;
  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    *token = token_open(token_primary());
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
      /* Who is only to be looked at opens nothing, not even that token. */
      status = STATUS_BAD_IMPERSONATION_LEVEL;
    } else if (thread != NULL) {
      *token = token_open(thread->impersonated);
    }
    sim__call_status(&call, status);
  }
  return sim__call_end(&call);
}

/* Copies what a query answers with. */
static uint32_t answer(void *out, DWORD size, PDWORD needed, const void *from,
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

static uint32_t answer_user(void *out, DWORD size, PDWORD needed,
                            const struct token *token) {
  struct {
    TOKEN_USER user;
    unsigned char sid[SID_BYTES_MAX];
  } full;

  memset(&full, 0, sizeof full);
  full.user.User.Sid = (char *)out + offsetof(__typeof__(full), sid);
  memcpy(full.sid, token->sid, sizeof full.sid);
  return answer(out, size, needed, &full,
                offsetof(__typeof__(full), sid) + sim__sid_size(token->sid));
}

BOOL WINAPI GetTokenInformation(HANDLE handle, TOKEN_INFORMATION_CLASS which,
                                LPVOID out, DWORD size, PDWORD needed) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %d", handle, which)) {
    NTSTATUS status;
    const struct token *token =
        sim__handle_get(handle, OBJECT_TOKEN, 0, &status);
    uint32_t value = 0;

    sim__call_status(&call, status);
    if (token == NULL) {
      return sim__call_end(&call);
    }
    switch (which) {
      case TokenUser:
      case TokenOwner: /* A TOKEN_OWNER is the first member of TOKEN_USER. */
        call.error = answer_user(out, size, needed, token);
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
      call.error = answer(out, size, needed, &value, sizeof value);
    }
  }
  return sim__call_end(&call);
}

BOOL WINAPI InitializeSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor,
                                         DWORD revision) {
  SECURITY_DESCRIPTOR *out = descriptor;

  memset(out, 0, sizeof *out);
  out->Revision = (BYTE)revision;
  return TRUE;
}

BOOL WINAPI SetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR descriptor,
                                      BOOL present, PACL dacl, BOOL defaulted) {
  SECURITY_DESCRIPTOR *out = descriptor;

  (void)defaulted;
  out->Control = present ? SE_DACL_PRESENT : 0;
  out->Dacl = present ? dacl : NULL;
  return TRUE;
}

BOOL WINAPI IsValidSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor) {
  return descriptor != NULL &&
         *(const BYTE *)descriptor == SECURITY_DESCRIPTOR_REVISION;
}

BOOL WINAPI GetSecurityDescriptorOwner(PSECURITY_DESCRIPTOR descriptor,
                                       PSID *owner, LPBOOL defaulted) {
  SECURITY_DESCRIPTOR_RELATIVE header;

  memcpy(&header, descriptor, sizeof header);
  *defaulted = FALSE;
  *owner = header.Owner != 0 ? (char *)descriptor + header.Owner : NULL;
  return TRUE;
}

/* One descriptor a pipe, seen through each end: Wine ntdll tests, pipe.c,
 * test_security_info. */
BOOL WINAPI GetKernelObjectSecurity(HANDLE handle, SECURITY_INFORMATION which,
                                    PSECURITY_DESCRIPTOR descriptor, DWORD size,
                                    LPDWORD needed) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %u", handle, which)) {
    SECURITY_DESCRIPTOR_RELATIVE header = {1, 0, SE_SELF_RELATIVE, 0, 0, 0, 0};
    unsigned char out[1024];
    size_t used = sizeof header;
    NTSTATUS status;
    const struct file *file =
        sim__handle_get(handle, OBJECT_FILE, READ_CONTROL, &status);

    status = file != NULL ? sim__pipe_check(file) : status;
    if (status < 0) {
      sim__call_status(&call, status);
      return sim__call_end(&call);
    }
    if ((which & OWNER_SECURITY_INFORMATION) != 0 && !file->pipe->is_unowned) {
      header.Owner = (DWORD)used;
      memcpy(out + used, file->pipe->security.owner, SID_BYTES_MAX);
      used += sim__sid_size(file->pipe->security.owner);
    }
    if ((which & GROUP_SECURITY_INFORMATION) != 0) {
      header.Group = (DWORD)used;
      memcpy(out + used, file->pipe->security.group, SID_BYTES_MAX);
      used += sim__sid_size(file->pipe->security.group);
    }
    if ((which & DACL_SECURITY_INFORMATION) != 0) {
      const ACL *dacl = file->pipe->security.dacl;

      header.Control |= SE_DACL_PRESENT;
      if (dacl != NULL && used + dacl->AclSize <= sizeof out) {
        header.Dacl = (DWORD)used;
        memcpy(out + used, dacl, dacl->AclSize);
        used += dacl->AclSize;
      }
    }
    memcpy(out, &header, sizeof header);
    call.error = answer(descriptor, size, needed, out, used);
  }
  return sim__call_end(&call);
}

BOOL WINAPI SetKernelObjectSecurity(HANDLE handle, SECURITY_INFORMATION which,
                                    PSECURITY_DESCRIPTOR descriptor) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %u", handle, which)) {
    ACCESS_MASK need =
        ((which & DACL_SECURITY_INFORMATION) != 0 ? WRITE_DAC : 0) |
        ((which & ~DACL_SECURITY_INFORMATION) != 0 ? WRITE_OWNER : 0);
    struct descriptor given;
    NTSTATUS status;
    struct file *file = sim__handle_get(handle, OBJECT_FILE, need, &status);

    status = file != NULL ? sim__pipe_check(file) : status;
    if (status >= 0) {
      status = sim__descriptor_assign(&given, descriptor, token_primary());
    }
    if (status >= 0) {
      struct descriptor *own = &file->pipe->security;

      if ((which & OWNER_SECURITY_INFORMATION) != 0) {
        memcpy(own->owner, given.owner, SID_BYTES_MAX);
      }
      if ((which & GROUP_SECURITY_INFORMATION) != 0) {
        memcpy(own->group, given.group, SID_BYTES_MAX);
      }
      if ((which & DACL_SECURITY_INFORMATION) != 0) {
        ACL *old = own->dacl;

        own->dacl = given.dacl;
        own->has_dacl = given.has_dacl;
        given.dacl = old;
      }
      sim__descriptor_deinit(&given);
    }
    sim__call_status(&call, status);
  }
  return sim__call_end(&call);
}
