/* Security descriptors of pipes, and the rights that they give to a token. */
#include "security.h"

#include "pipe.h"

#include <stdlib.h>
#include <string.h>

/* --- Descriptors --------------------------------------------------------- */

enum { DEFAULT_DACL_BYTES_MAX = 512 };

static ACL *acl_copy(const ACL *acl) {
  ACL *copy = malloc(acl->AclSize);

  memcpy(copy, acl, acl->AclSize);
  return copy;
}

/* default_dacl_make: full access for the system, administrators and the owner,
 * read access for everyone and anonymous. Source: the "Named Pipe Security and
 * Access Rights" page. */
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

/* default_dacl makes the list only once, because most pipes have it. */
static void default_dacl(struct descriptor *out) {
  static _Alignas(ACL) unsigned char bytes[DEFAULT_DACL_BYTES_MAX];

  if (bytes[0] == 0) {
    default_dacl_make(bytes);
  }
  out->has_dacl = true;
  out->dacl = acl_copy((const ACL *)(const void *)bytes);
}

/* label_take reads the label in a SACL. A caller without privileges may give no
 * other entry there. */
static NTSTATUS label_take(struct descriptor *out, const char *sacl) {
  ACL header; /* not necessarily aligned */
  const char *ace = sacl + sizeof header;

  memcpy(&header, sacl, sizeof header);
  for (WORD i = 0; i < header.AceCount; i++) {
    ACCESS_ALLOWED_ACE entry;

    memcpy(&entry, ace, sizeof entry);
    if (entry.Header.AceType != SYSTEM_MANDATORY_LABEL_ACE_TYPE) {
      return STATUS_PRIVILEGE_NOT_HELD;
    }
    out->has_label = true;
    out->policy = entry.Mask;
    memcpy(&out->label, ace + 16, sizeof out->label);
    ace += entry.Header.AceSize;
  }
  return STATUS_SUCCESS;
}

NTSTATUS sim__descriptor_take(struct descriptor *out, const void *given) {
  const SECURITY_DESCRIPTOR *absolute = given;
  const char *base = given;
  const void *owner = NULL;
  const void *group = NULL;
  const void *dacl = NULL;
  const void *sacl = NULL;

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
    sacl = header.Sacl != 0 ? base + header.Sacl : NULL;
  } else if (given != NULL) {
    owner = absolute->Owner;
    group = absolute->Group;
    dacl = absolute->Dacl;
    sacl = absolute->Sacl;
  }
  if (owner != NULL) {
    memcpy(out->owner, owner, sim__sid_size(owner));
  }
  if (group != NULL) {
    memcpy(out->group, group, sim__sid_size(group));
  }
  if (sacl != NULL && (absolute->Control & SE_SACL_PRESENT) != 0) {
    NTSTATUS status = label_take(out, sacl);

    if (status < 0) {
      return status;
    }
  }
  if (given == NULL || (absolute->Control & SE_DACL_PRESENT) == 0) {
    default_dacl(out);
  } else if (dacl != NULL) {
    ACL header; /* not necessarily aligned */

    memcpy(&header, dacl, sizeof header);
    out->has_dacl = true;
    out->dacl = malloc(header.AclSize);
    memcpy(out->dacl, dacl, header.AclSize);
  }
  return STATUS_SUCCESS;
}

/* sim__descriptor_may_own allows the user, a group marked as owner, and every
 * owner if the token has the restore privilege. Source: the
 * "SetSecurityDescriptorOwner" and "Taking Object Ownership" pages. */
bool sim__descriptor_may_own(const struct token *token,
                             const unsigned char *owner) {
  return token->may_restore || sim__sid_equal(owner, token->sid) ||
         sim__sid_equal(owner, token->owner);
}

/* sim__descriptor_may_label allows a level up to the token's own. No token has
 * the privilege to relabel. Source: the "Mandatory Integrity Control" page. */
bool sim__descriptor_may_label(const struct token *token,
                               const struct descriptor *descriptor) {
  return !descriptor->has_label || descriptor->label <= token->integrity;
}

NTSTATUS sim__descriptor_assign(struct descriptor *out, const void *given,
                                const struct token *creator) {
  NTSTATUS status = sim__descriptor_take(out, given);

  if (status < 0) {
    return status;
  }
  if (out->owner[0] == 0) {
    memcpy(out->owner, creator->owner, SID_BYTES_MAX);
  }
  if (out->group[0] == 0) {
    memcpy(out->group, creator->sid, SID_BYTES_MAX);
  }
  if (!sim__descriptor_may_own(creator, out->owner)) {
    status = STATUS_INVALID_OWNER;
  } else if (!sim__descriptor_may_label(creator, out)) {
    status = STATUS_INVALID_LABEL;
  }
  if (status < 0) {
    sim__descriptor_deinit(out);
    return status;
  }
  /* A creator below medium integrity labels the objects it creates. An object
   * without a label counts as medium. Source: the "Windows Integrity Mechanism
   * Design" page. */
  if (!out->has_label && creator->integrity < INTEGRITY_MEDIUM) {
    out->has_label = true;
    out->label = creator->integrity;
    out->policy = SYSTEM_MANDATORY_LABEL_NO_WRITE_UP;
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

/* Which SIDs of a token an access check compares with the entries of a list. */
enum check { CHECK_USER, CHECK_PACKAGE, CHECK_RESTRICTING };

static bool has(const struct token *token, const unsigned char *sid,
                enum check check) {
  return check == CHECK_RESTRICTING ? sim__token_is_restricted_to(token, sid)
                                    : sim__token_has(token, sid);
}

static bool applies(const struct descriptor *descriptor,
                    const struct token *token, const unsigned char *sid,
                    enum check check) {
  static const unsigned char creator_owner[] = {1, 1, 0, 0, 0, 0,
                                                0, 3, 0, 0, 0, 0};
  static const unsigned char owner_rights[] = {1, 1, 0, 0, 0, 0,
                                               0, 3, 4, 0, 0, 0};

  /* CREATOR OWNER was replaced by the owner when the pipe was created. */
  if (sim__sid_equal(sid, creator_owner) || sim__sid_equal(sid, owner_rights)) {
    return has(token, descriptor->owner, check);
  }
  return has(token, sid, check);
}

/* applies_to_app returns true for an entry of the token's package, or of all
 * packages (AC). */
static bool applies_to_app(const struct token *token,
                           const unsigned char *sid) {
  static const unsigned char all_packages[] = {1, 2, 0, 0, 0, 0, 0, 15,
                                               2, 0, 0, 0, 1, 0, 0, 0};

  return sim__sid_equal(sid, token->package) ||
         sim__sid_equal(sid, all_packages);
}

/* by_integrity returns the rights that integrity leaves to the token. The
 * policy of a higher label bars rights; rights outside the generic ones count
 * as writing. Source: MS-DTYP, MandatoryIntegrityCheck Algorithm Pseudocode. */
static ACCESS_MASK by_integrity(const struct descriptor *descriptor,
                                const struct token *token) {
  const uint32_t label =
      descriptor->has_label ? descriptor->label : INTEGRITY_MEDIUM;
  const ACCESS_MASK policy = descriptor->has_label
                                 ? descriptor->policy
                                 : SYSTEM_MANDATORY_LABEL_NO_WRITE_UP;
  ACCESS_MASK mask = 0;

  if (token->integrity >= label) {
    return ~(ACCESS_MASK)0;
  }
  if ((policy & SYSTEM_MANDATORY_LABEL_NO_READ_UP) == 0) {
    mask |= FILE_GENERIC_READ;
  }
  if ((policy & SYSTEM_MANDATORY_LABEL_NO_EXECUTE_UP) == 0) {
    mask |= FILE_GENERIC_EXECUTE;
  }
  if ((policy & SYSTEM_MANDATORY_LABEL_NO_WRITE_UP) == 0) {
    mask |= FILE_GENERIC_WRITE |
            (FILE_ALL_ACCESS & ~(FILE_GENERIC_READ | FILE_GENERIC_EXECUTE));
  }
  return mask;
}

/* by_entries returns the rights that the entries allow. For each right the
 * first entry that names it decides. `check` says which of the token's SIDs
 * count. */
static ACCESS_MASK by_entries(const struct descriptor *descriptor,
                              const struct token *token, enum check check) {
  const unsigned char *ace = (const unsigned char *)(descriptor->dacl + 1);
  ACCESS_MASK allowed = 0;
  ACCESS_MASK denied = 0;

  if (check != CHECK_PACKAGE && has(token, descriptor->owner, check)) {
    allowed = READ_CONTROL | WRITE_DAC;
  }
  for (WORD i = 0; i < descriptor->dacl->AceCount; i++) {
    ACCESS_ALLOWED_ACE entry;

    memcpy(&entry, ace, sizeof entry);
    if (check == CHECK_PACKAGE ? applies_to_app(token, ace + 8)
                               : applies(descriptor, token, ace + 8, check)) {
      ACCESS_MASK mask = sim__access_map(entry.Mask);

      if (entry.Header.AceType == ACCESS_DENIED_ACE_TYPE) {
        denied |= mask & ~allowed;
      } else {
        allowed |= mask & ~denied;
      }
    }
    ace += entry.Header.AceSize;
  }
  return allowed;
}

/* sim__access_check works like AccessCheck: integrity first, then the list. In
 * an app container the list must allow the access both to the user and to the
 * package; with a restricted token, both to the user and to the restricting
 * SIDs. Source: the "Restricted Tokens" page. */
NTSTATUS sim__access_check(const struct descriptor *descriptor,
                           const struct token *token, ACCESS_MASK wanted,
                           ACCESS_MASK *granted) {
  ACCESS_MASK left = sim__access_map(wanted) & ~(ACCESS_MASK)MAXIMUM_ALLOWED;
  ACCESS_MASK allowed = by_integrity(descriptor, token);

  *granted = left;
  if ((left & ACCESS_SYSTEM_SECURITY) != 0) {
    if (!token->may_audit) {
      return STATUS_PRIVILEGE_NOT_HELD;
    }
    left &= ~(ACCESS_MASK)ACCESS_SYSTEM_SECURITY;
  }
  if (descriptor->has_dacl) {
    allowed &= by_entries(descriptor, token, CHECK_USER);
    if (token->is_app) {
      allowed &= by_entries(descriptor, token, CHECK_PACKAGE);
    }
    if (token->restricting_count > 0) {
      allowed &= by_entries(descriptor, token, CHECK_RESTRICTING);
    }
  }
  if ((wanted & MAXIMUM_ALLOWED) != 0) {
    *granted |= allowed & FILE_ALL_ACCESS;
  }
  return (left & ~allowed) == 0 ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

/* --- The calls ----------------------------------------------------------- */

BOOL WINAPI InitializeSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor,
                                         DWORD revision) {
  SECURITY_DESCRIPTOR *out = descriptor;

  memset(out, 0, sizeof *out);
  out->Revision = (BYTE)revision;
  return TRUE;
}

BOOL WINAPI IsValidSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor) {
  return descriptor != NULL &&
         *(const BYTE *)descriptor == SECURITY_DESCRIPTOR_REVISION;
}

BOOL WINAPI GetSecurityDescriptorOwner(PSECURITY_DESCRIPTOR descriptor,
                                       PSID *owner, LPBOOL defaulted) {
  const SECURITY_DESCRIPTOR *absolute = descriptor;
  SECURITY_DESCRIPTOR_RELATIVE header;

  *defaulted = FALSE;
  if ((absolute->Control & SE_SELF_RELATIVE) == 0) {
    *owner = absolute->Owner;
    return TRUE;
  }
  memcpy(&header, descriptor, sizeof header);
  *owner = header.Owner != 0 ? (char *)descriptor + header.Owner : NULL;
  return TRUE;
}

/* descriptor_make builds a self-relative descriptor with the parts of
 * `security` that `which` names. It returns the size; `out` is malloc'd. */
static size_t descriptor_make(const struct descriptor *security, bool has_owner,
                              SECURITY_INFORMATION which, unsigned char **out) {
  SECURITY_DESCRIPTOR_RELATIVE header = {1, 0, SE_SELF_RELATIVE, 0, 0, 0, 0};
  const size_t dacl_bytes = security->has_dacl ? security->dacl->AclSize : 0;
  size_t used = sizeof header;
  unsigned char *bytes = calloc(1, used + 4 * SID_BYTES_MAX + dacl_bytes);

  if ((which & OWNER_SECURITY_INFORMATION) != 0 && has_owner) {
    header.Owner = (DWORD)used;
    memcpy(bytes + used, security->owner, SID_BYTES_MAX);
    used += sim__sid_size(security->owner);
  }
  if ((which & GROUP_SECURITY_INFORMATION) != 0) {
    header.Group = (DWORD)used;
    memcpy(bytes + used, security->group, SID_BYTES_MAX);
    used += sim__sid_size(security->group);
  }
  if ((which & DACL_SECURITY_INFORMATION) != 0) {
    header.Control |= SE_DACL_PRESENT;
    if (dacl_bytes > 0) {
      header.Dacl = (DWORD)used;
      memcpy(bytes + used, security->dacl, dacl_bytes);
      used += dacl_bytes;
    }
  }
  if ((which & LABEL_SECURITY_INFORMATION) != 0 && security->has_label) {
    ACL acl = {ACL_REVISION, 0, sizeof acl + 20, 1, 0};
    ACE_HEADER ace = {SYSTEM_MANDATORY_LABEL_ACE_TYPE, 0, 20};
    unsigned char *at = bytes + used;

    header.Sacl = (DWORD)used;
    header.Control |= SE_SACL_PRESENT;
    memcpy(at, &acl, sizeof acl);
    memcpy(at + sizeof acl, &ace, sizeof ace);
    memcpy(at + sizeof acl + 4, &security->policy, sizeof security->policy);
    sim__sid_level(at + sizeof acl + 8, security->label);
    used += acl.AclSize;
  }
  memcpy(bytes, &header, sizeof header);
  *out = bytes;
  return used;
}

/* A pipe has one descriptor, which both ends see. Source: Wine ntdll tests,
 * pipe.c, test_security_info. */
BOOL WINAPI GetKernelObjectSecurity(HANDLE handle, SECURITY_INFORMATION which,
                                    PSECURITY_DESCRIPTOR descriptor, DWORD size,
                                    LPDWORD needed) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %u", handle, which)) {
    unsigned char *out;
    size_t used;
    NTSTATUS status;
    const struct file *file =
        sim__handle_get(handle, OBJECT_FILE, READ_CONTROL, &status);

    status = file != NULL ? sim__pipe_check(file) : status;
    if (status < 0) {
      sim__call_status(&call, status);
      return sim__call_end(&call);
    }
    used = descriptor_make(&file->pipe->security, !file->pipe->is_unowned,
                           which, &out);
    call.error =
        file->pipe->described != NULL
            ? sim__answer(descriptor, size, needed, file->pipe->described,
                          file->pipe->described_bytes)
            : sim__answer(descriptor, size, needed, out, used);
    free(out);
  }
  return sim__call_end(&call);
}

/* descriptor_change copies the parts that `which` names from `given`, if
 * `token` may set them. */
static NTSTATUS descriptor_change(struct descriptor *own,
                                  struct descriptor *given,
                                  SECURITY_INFORMATION which,
                                  const struct token *token) {
  if ((which & OWNER_SECURITY_INFORMATION) != 0 &&
      (given->owner[0] == 0 || !sim__descriptor_may_own(token, given->owner))) {
    return STATUS_INVALID_OWNER;
  }
  if ((which & LABEL_SECURITY_INFORMATION) != 0 &&
      !sim__descriptor_may_label(token, given)) {
    return STATUS_INVALID_LABEL;
  }
  if ((which & OWNER_SECURITY_INFORMATION) != 0) {
    memcpy(own->owner, given->owner, SID_BYTES_MAX);
  }
  if ((which & GROUP_SECURITY_INFORMATION) != 0) {
    memcpy(own->group, given->group, SID_BYTES_MAX);
  }
  if ((which & LABEL_SECURITY_INFORMATION) != 0) {
    own->has_label = given->has_label;
    own->label = given->label;
    own->policy = given->policy;
  }
  if ((which & DACL_SECURITY_INFORMATION) != 0) {
    ACL *old = own->dacl;

    own->dacl = given->dacl;
    own->has_dacl = given->has_dacl;
    given->dacl = old;
  }
  return STATUS_SUCCESS;
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
      status = sim__descriptor_take(&given, descriptor);
    }
    if (status >= 0) {
      status = descriptor_change(&file->pipe->security, &given, which,
                                 sim__token_primary());
      sim__descriptor_deinit(&given);
    }
    sim__call_status(&call, status);
  }
  return sim__call_end(&call);
}
