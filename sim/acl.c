/* Access control lists that a program builds by hand. They are memory of the
 * program; the kernel reads them when a pipe is made or its list is changed. */
#include "security.h"

#include <accctrl.h>
#include <aclapi.h>

#include <string.h>

BOOL WINAPI InitializeAcl(PACL acl, DWORD size, DWORD revision) {
  if (size < sizeof *acl) {
    return sim__refuse(ERROR_INSUFFICIENT_BUFFER);
  }
  if (revision < ACL_REVISION || revision > 4) {
    return sim__refuse(ERROR_INVALID_PARAMETER);
  }
  *acl = (ACL){(BYTE)revision, 0, (WORD)(size & 0xFFFC), 0, 0};
  return TRUE;
}

/* acl_end returns the place of the next entry, or NULL if the list is
 * broken. */
static char *acl_end(ACL *acl) {
  char *at = (char *)(acl + 1);

  for (WORD i = 0; i < acl->AceCount; i++) {
    ACE_HEADER header;

    memcpy(&header, at, sizeof header);
    at += header.AceSize;
    if (header.AceSize < ACE_HEAD_BYTES || at > (char *)acl + acl->AclSize) {
      return NULL;
    }
  }
  return at;
}

BOOL WINAPI IsValidAcl(PACL acl) {
  return acl != NULL && acl->AclRevision >= ACL_REVISION &&
         acl->AclRevision <= 4 && acl_end(acl) != NULL;
}

size_t sim__ace_write(void *at, BYTE type, BYTE flags, ACCESS_MASK mask,
                      const void *sid) {
  const size_t sid_bytes = sim__sid_size(sid);
  const ACE_HEADER header = {type, flags, (WORD)(ACE_HEAD_BYTES + sid_bytes)};

  memmove((char *)at + ACE_HEAD_BYTES, sid, sid_bytes);
  memcpy(at, &header, sizeof header);
  memcpy((char *)at + sizeof header, &mask, sizeof mask);
  return header.AceSize;
}

static BOOL ace_add(ACL *acl, BYTE type, BYTE flags, ACCESS_MASK mask,
                    PSID sid) {
  char *at = acl_end(acl);

  if (at == NULL) {
    return sim__refuse(ERROR_INVALID_ACL);
  }
  if (!IsValidSid(sid)) {
    return sim__refuse(ERROR_INVALID_SID);
  }
  if (at + ACE_HEAD_BYTES + sim__sid_size(sid) > (char *)acl + acl->AclSize) {
    return sim__refuse(ERROR_ALLOTTED_SPACE_EXCEEDED);
  }
  sim__ace_write(at, type, flags, mask, sid);
  acl->AceCount++;
  return TRUE;
}

BOOL WINAPI AddAccessAllowedAce(PACL acl, DWORD revision, DWORD mask,
                                PSID sid) {
  (void)revision;
  return ace_add(acl, ACCESS_ALLOWED_ACE_TYPE, 0, mask, sid);
}

BOOL WINAPI AddAccessAllowedAceEx(PACL acl, DWORD revision, DWORD flags,
                                  DWORD mask, PSID sid) {
  (void)revision;
  return ace_add(acl, ACCESS_ALLOWED_ACE_TYPE, (BYTE)flags, mask, sid);
}

BOOL WINAPI AddAccessDeniedAce(PACL acl, DWORD revision, DWORD mask, PSID sid) {
  (void)revision;
  return ace_add(acl, ACCESS_DENIED_ACE_TYPE, 0, mask, sid);
}

BOOL WINAPI AddMandatoryAce(PACL acl, DWORD revision, DWORD flags, DWORD policy,
                            PSID label) {
  (void)revision;
  return ace_add(acl, SYSTEM_MANDATORY_LABEL_ACE_TYPE, (BYTE)flags, policy,
                 label);
}

BOOL WINAPI GetAce(PACL acl, DWORD index, LPVOID *ace) {
  char *at = (char *)(acl + 1);

  if (index >= acl->AceCount) {
    return sim__refuse(ERROR_INVALID_PARAMETER);
  }
  for (DWORD i = 0; i < index; i++) {
    ACE_HEADER header;

    memcpy(&header, at, sizeof header);
    at += header.AceSize;
  }
  *ace = at;
  return TRUE;
}

/* SetEntriesInAclW takes trustees by their SIDs. What it denies goes first.
 * Source: its page. */
DWORD WINAPI SetEntriesInAclW(ULONG count, PEXPLICIT_ACCESS_W entries, PACL old,
                              PACL *out) {
  size_t size = sizeof(ACL) + (old != NULL ? old->AclSize : 0);
  ACL *acl;

  for (ULONG i = 0; i < count; i++) {
    if (entries[i].Trustee.TrusteeForm != TRUSTEE_IS_SID) {
      return ERROR_NOT_SUPPORTED;
    }
    size += ACE_HEAD_BYTES + sim__sid_size(entries[i].Trustee.ptstrName);
  }
  acl = LocalAlloc(LPTR, size);
  InitializeAcl(acl, (DWORD)size, ACL_REVISION);
  for (int denies = 1; denies >= 0; denies--) {
    for (ULONG i = 0; i < count; i++) {
      if ((entries[i].grfAccessMode == DENY_ACCESS) == (denies != 0)) {
        ace_add(acl, denies ? ACCESS_DENIED_ACE_TYPE : ACCESS_ALLOWED_ACE_TYPE,
                (BYTE)entries[i].grfInheritance,
                entries[i].grfAccessPermissions, entries[i].Trustee.ptstrName);
      }
    }
  }
  for (WORD i = 0; old != NULL && i < old->AceCount; i++) {
    ACE_HEADER header;
    void *ace = NULL;

    if (!GetAce(old, i, &ace)) {
      break;
    }
    memcpy(&header, ace, sizeof header);
    memcpy(acl_end(acl), ace, header.AceSize);
    acl->AceCount++;
  }
  *out = acl;
  return ERROR_SUCCESS;
}

DWORD WINAPI SetEntriesInAclA(ULONG count, PEXPLICIT_ACCESS_A entries, PACL old,
                              PACL *out) {
  /* The two structures differ in the type of a name alone. */
  return SetEntriesInAclW(count, (PEXPLICIT_ACCESS_W)(void *)entries, old, out);
}
