/* SIDs, lists and descriptors that a program builds by hand. They are memory of
 * the program; the kernel reads them when a pipe is made. */
#include "security.h"

#include <accctrl.h>
#include <aclapi.h>

#include <stdlib.h>
#include <string.h>

enum { ACE_HEADER_BYTES = 8 }; /* header and mask; the SID follows */

static BOOL refuse(DWORD error) {
  SetLastError(error);
  return FALSE;
}

/* --- SIDs ---------------------------------------------------------------- */

DWORD WINAPI GetSidLengthRequired(UCHAR count) {
  return 8 + 4u * count;
}

BOOL WINAPI InitializeSid(PSID sid, PSID_IDENTIFIER_AUTHORITY authority,
                          BYTE count) {
  SID *out = sid;

  if (count > SID_MAX_SUB_AUTHORITIES) {
    return refuse(ERROR_INVALID_PARAMETER);
  }
  out->Revision = SID_REVISION;
  out->SubAuthorityCount = count;
  out->IdentifierAuthority = *authority;
  return TRUE;
}

PDWORD WINAPI GetSidSubAuthority(PSID sid, DWORD index) {
  return &((SID *)sid)->SubAuthority[index];
}

PUCHAR WINAPI GetSidSubAuthorityCount(PSID sid) {
  return &((SID *)sid)->SubAuthorityCount;
}

PSID_IDENTIFIER_AUTHORITY WINAPI GetSidIdentifierAuthority(PSID sid) {
  return &((SID *)sid)->IdentifierAuthority;
}

BOOL WINAPI AllocateAndInitializeSid(PSID_IDENTIFIER_AUTHORITY authority,
                                     BYTE count, DWORD a, DWORD b, DWORD c,
                                     DWORD d, DWORD e, DWORD f, DWORD g,
                                     DWORD h, PSID *sid) {
  const DWORD parts[] = {a, b, c, d, e, f, g, h};
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%u", count)) {
    if (count == 0 || count > 8) {
      call.error = ERROR_INVALID_PARAMETER;
    } else {
      *sid = malloc(GetSidLengthRequired(count));
      InitializeSid(*sid, authority, count);
      memcpy((char *)*sid + 8, parts, 4u * count);
    }
  }
  return sim__call_end(&call);
}

PVOID WINAPI FreeSid(PSID sid) {
  free(sid);
  return NULL;
}

/* The SIDs that CreateWellKnownSid makes, as SDDL writes them. */
static const struct {
  WELL_KNOWN_SID_TYPE type;
  const WCHAR *text;
} well_known[] = {{WinWorldSid, L"WD"},
                  {WinCreatorOwnerSid, L"CO"},
                  {WinNetworkSid, L"NU"},
                  {WinInteractiveSid, L"IU"},
                  {WinAnonymousSid, L"AN"},
                  {WinAuthenticatedUserSid, L"AU"},
                  {WinLocalSystemSid, L"SY"},
                  {WinBuiltinAdministratorsSid, L"BA"},
                  {WinBuiltinUsersSid, L"BU"},
                  {WinLowLabelSid, L"LW"},
                  {WinMediumLabelSid, L"ME"},
                  {WinHighLabelSid, L"HI"},
                  {WinBuiltinAnyPackageSid, L"AC"}};

static size_t well_known_make(WELL_KNOWN_SID_TYPE type, unsigned char *sid) {
  for (size_t i = 0; i < sizeof well_known / sizeof well_known[0]; i++) {
    if (well_known[i].type == type) {
      return sim__sid_parse(well_known[i].text, sid) > 0 ? sim__sid_size(sid)
                                                         : 0;
    }
  }
  return 0;
}

BOOL WINAPI CreateWellKnownSid(WELL_KNOWN_SID_TYPE type, PSID domain, PSID sid,
                               LPDWORD size) {
  unsigned char bytes[SID_BYTES_MAX];
  size_t needed = well_known_make(type, bytes);
  DWORD room = *size;

  (void)domain; /* none of these is a domain's */
  if (needed == 0) {
    return refuse(ERROR_INVALID_PARAMETER);
  }
  *size = (DWORD)needed;
  if (sid == NULL || room < needed) {
    return refuse(ERROR_INSUFFICIENT_BUFFER);
  }
  memcpy(sid, bytes, needed);
  return TRUE;
}

BOOL WINAPI IsWellKnownSid(PSID sid, WELL_KNOWN_SID_TYPE type) {
  unsigned char bytes[SID_BYTES_MAX];

  return well_known_make(type, bytes) > 0 && sim__sid_equal(sid, bytes);
}

/* --- Lists --------------------------------------------------------------- */

BOOL WINAPI InitializeAcl(PACL acl, DWORD size, DWORD revision) {
  if (size < sizeof *acl) {
    return refuse(ERROR_INSUFFICIENT_BUFFER);
  }
  if (revision < ACL_REVISION || revision > 4) {
    return refuse(ERROR_INVALID_PARAMETER);
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
    if (header.AceSize < ACE_HEADER_BYTES || at > (char *)acl + acl->AclSize) {
      return NULL;
    }
  }
  return at;
}

BOOL WINAPI IsValidAcl(PACL acl) {
  return acl != NULL && acl->AclRevision >= ACL_REVISION &&
         acl->AclRevision <= 4 && acl_end(acl) != NULL;
}

static BOOL ace_add(ACL *acl, BYTE type, BYTE flags, ACCESS_MASK mask,
                    PSID sid) {
  char *at = acl_end(acl);
  size_t size = ACE_HEADER_BYTES + sim__sid_size(sid);
  ACE_HEADER header = {type, flags, (WORD)size};

  if (at == NULL) {
    return refuse(ERROR_INVALID_ACL);
  }
  if (!IsValidSid(sid)) {
    return refuse(ERROR_INVALID_SID);
  }
  if (at + size > (char *)acl + acl->AclSize) {
    return refuse(ERROR_ALLOTTED_SPACE_EXCEEDED);
  }
  memcpy(at, &header, sizeof header);
  memcpy(at + sizeof header, &mask, sizeof mask);
  memcpy(at + ACE_HEADER_BYTES, sid, size - ACE_HEADER_BYTES);
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
    return refuse(ERROR_INVALID_PARAMETER);
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
    size += ACE_HEADER_BYTES + sim__sid_size(entries[i].Trustee.ptstrName);
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

/* --- Descriptors --------------------------------------------------------- */

static BOOL part_set(PSECURITY_DESCRIPTOR descriptor, void **part, void *value,
                     DWORD flag, bool present) {
  SECURITY_DESCRIPTOR *out = descriptor;

  if ((out->Control & SE_SELF_RELATIVE) != 0) {
    return refuse(ERROR_INVALID_SECURITY_DESCR);
  }
  *part = present ? value : NULL;
  out->Control = (WORD)((out->Control & ~flag) | (present ? flag : 0));
  return TRUE;
}

BOOL WINAPI SetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR descriptor,
                                      BOOL present, PACL dacl, BOOL defaulted) {
  (void)defaulted;
  return part_set(descriptor,
                  (void **)&((SECURITY_DESCRIPTOR *)descriptor)->Dacl, dacl,
                  SE_DACL_PRESENT, present != 0);
}

BOOL WINAPI SetSecurityDescriptorSacl(PSECURITY_DESCRIPTOR descriptor,
                                      BOOL present, PACL sacl, BOOL defaulted) {
  (void)defaulted;
  return part_set(descriptor,
                  (void **)&((SECURITY_DESCRIPTOR *)descriptor)->Sacl, sacl,
                  SE_SACL_PRESENT, present != 0);
}

BOOL WINAPI SetSecurityDescriptorOwner(PSECURITY_DESCRIPTOR descriptor,
                                       PSID owner, BOOL defaulted) {
  (void)defaulted;
  return part_set(descriptor, &((SECURITY_DESCRIPTOR *)descriptor)->Owner,
                  owner, 0, true);
}

BOOL WINAPI SetSecurityDescriptorGroup(PSECURITY_DESCRIPTOR descriptor,
                                       PSID group, BOOL defaulted) {
  (void)defaulted;
  return part_set(descriptor, &((SECURITY_DESCRIPTOR *)descriptor)->Group,
                  group, 0, true);
}

/* dacl_of returns the list of a descriptor of either form. */
static PACL dacl_of(PSECURITY_DESCRIPTOR descriptor) {
  const SECURITY_DESCRIPTOR *absolute = descriptor;
  SECURITY_DESCRIPTOR_RELATIVE relative;

  if ((absolute->Control & SE_SELF_RELATIVE) == 0) {
    return absolute->Dacl;
  }
  memcpy(&relative, descriptor, sizeof relative);
  return relative.Dacl != 0 ? (PACL)(void *)((char *)descriptor + relative.Dacl)
                            : NULL;
}

BOOL WINAPI GetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR descriptor,
                                      LPBOOL present, PACL *dacl,
                                      LPBOOL defaulted) {
  const SECURITY_DESCRIPTOR *in = descriptor;

  *present = (in->Control & SE_DACL_PRESENT) != 0;
  if (*present) {
    *dacl = dacl_of(descriptor);
    *defaulted = FALSE;
  }
  return TRUE;
}

BOOL WINAPI GetSecurityDescriptorControl(PSECURITY_DESCRIPTOR descriptor,
                                         SECURITY_DESCRIPTOR_CONTROL *control,
                                         LPDWORD revision) {
  const SECURITY_DESCRIPTOR *in = descriptor;

  *control = in->Control;
  *revision = in->Revision;
  return TRUE;
}
