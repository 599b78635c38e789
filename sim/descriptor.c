/* Security descriptors inside the kernel: read from the caller's memory,
 * checked against the token of the creator or the changer, and written back. A
 * pipe made without one gets the default of Windows. */
#include "security.h"

#include <stdlib.h>
#include <string.h>

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
    unsigned char sid[SID_BYTES_MAX];

    sim__sid_parse(entries[i].sid, sid);
    acl.AclSize = (WORD)(acl.AclSize + sim__ace_write(bytes + acl.AclSize,
                                                      ACCESS_ALLOWED_ACE_TYPE,
                                                      0, entries[i].mask, sid));
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

NTSTATUS sim__descriptor_change(struct descriptor *own,
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

size_t sim__descriptor_make(const struct descriptor *security, bool has_owner,
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
    ACL acl = {ACL_REVISION, 0, sizeof acl, 1, 0};
    unsigned char level[SID_BYTES_MAX];

    sim__sid_level(level, security->label);
    acl.AclSize =
        (WORD)(sizeof acl + sim__ace_write(bytes + used + sizeof acl,
                                           SYSTEM_MANDATORY_LABEL_ACE_TYPE, 0,
                                           security->policy, level));
    header.Sacl = (DWORD)used;
    header.Control |= SE_SACL_PRESENT;
    memcpy(bytes + used, &acl, sizeof acl);
    used += acl.AclSize;
  }
  memcpy(bytes, &header, sizeof header);
  *out = bytes;
  return used;
}

void sim__descriptor_deinit(struct descriptor *descriptor) {
  free(descriptor->dacl);
}
