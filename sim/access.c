/* The access check: the rights that a security descriptor gives to a token. The
 * check follows AccessCheck: integrity comes first, then the entries of the
 * list in their order. */
#include "security.h"

#include <string.h>

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
    if (check == CHECK_PACKAGE
            ? applies_to_app(token, ace + ACE_HEAD_BYTES)
            : applies(descriptor, token, ace + ACE_HEAD_BYTES, check)) {
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
