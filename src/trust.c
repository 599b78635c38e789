/* Proofs about an existing pipe. They rest on two rules of Windows: without a
 * privilege a user cannot make another user the owner of an object, and cannot
 * give an object a label above his own integrity. The pipe's list is checked
 * too, because it may let others create instances.
 *
 * Source: Named Pipe Security and Access Rights; Mandatory Integrity Control
 *         learn.microsoft.com/windows/win32/secauthz/mandatory-integrity-control
 */
#include "trust.h"

#include "descriptor.h"
#include "token.h"

#define PARTS                                               \
  (OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION | \
   LABEL_SECURITY_INFORMATION)

/* Each of these rights lets a user put a server of his own behind the name.
 * GENERIC_WRITE includes FILE_CREATE_PIPE_INSTANCE. */
#define CONTROL                                                        \
  ((ACCESS_MASK)(FILE_CREATE_PIPE_INSTANCE | WRITE_DAC | WRITE_OWNER | \
                 GENERIC_WRITE | GENERIC_ALL))

/* Flag of an inherited entry, which has no meaning for a pipe. */
#define INHERITED 0x10u

static bool is_same_entry(const np__entry *entry, const np__entry *other) {
  return entry->type == other->type && entry->mask == other->mask &&
         ((entry->flags ^ other->flags) & ~INHERITED) == 0 &&
         entry->knows_sid && np__sid_equal(&entry->sid, &other->sid);
}

static bool is_same_list(const np__descriptor *found,
                         const np__descriptor *asked) {
  const BYTE *at = found->entries;
  const BYTE *asked_at = asked->entries;

  if (!found->has_dacl || found->entry_count != asked->entry_count) {
    return false;
  }
  for (uint16_t i = 0; i < found->entry_count; i++) {
    np__entry entry;
    np__entry asked_entry;

    np__descriptor_next(&at, &entry);
    np__descriptor_next(&asked_at, &asked_entry);
    if (!is_same_entry(&entry, &asked_entry)) {
      return false;
    }
  }
  return true;
}

/* is_as_asked: a process of the same user with lower integrity can have made a
 * pipe with a lower label, but never one with a higher label. */
static bool is_as_asked(const np__descriptor *found,
                        const np__descriptor *asked) {
  return found->has_owner && np__sid_equal(&found->owner, &asked->owner) &&
         np__descriptor_level(found) >= np__descriptor_level(asked) &&
         (!found->has_label || (asked->policy & ~found->policy) == 0) &&
         is_same_list(found, asked);
}

np_error np__trust_own(np_loop *loop, HANDLE handle,
                       const np__security *security) {
  np__descriptor asked;
  np__descriptor found;
  np_error error;

  error = np__descriptor_take(&asked, security->made, security->made_bytes);
  if (error == NP_OK) {
    error = np__descriptor_query(&found, loop, handle, PARTS);
  }
  if (error != NP_OK) {
    return error;
  }
  if (!is_as_asked(&found, &asked)) {
    error = ERROR_ACCESS_DENIED;
  }
  np__descriptor_deinit(&found, loop);
  return error;
}

/* is_trusted returns true for the owner itself (also by its pseudonyms), for
 * those who may do anything on the machine, and, for a client in an app
 * container, for its own package. An entry for a package alone lets nobody in:
 * its user needs an entry, too. */
static bool is_trusted(const np__sid *sid, const np__sid *owner,
                       const np__token *caller) {
  static const DWORD creator_owner = 0;
  static const DWORD owner_rights = 4;
  static const DWORD system = SECURITY_LOCAL_SYSTEM_RID;
  static const DWORD administrators[] = {SECURITY_BUILTIN_DOMAIN_RID,
                                         DOMAIN_ALIAS_RID_ADMINS};

  return np__sid_equal(sid, owner) || np__sid_is(sid, 5, &system, 1) ||
         np__sid_is(sid, 5, administrators, 2) ||
         np__sid_is(sid, 3, &creator_owner, 1) ||
         np__sid_is(sid, 3, &owner_rights, 1) ||
         (caller->is_app && np__sid_equal(sid, &caller->package));
}

static bool gives_control(const np__entry *entry, const np__sid *owner,
                          const np__token *caller) {
  return entry->type != ACCESS_DENIED_ACE_TYPE &&
         (entry->flags & INHERIT_ONLY_ACE) == 0 &&
         (entry->mask & CONTROL) != 0 &&
         (!entry->knows_sid || !is_trusted(&entry->sid, owner, caller));
}

/* is_closed returns true if nobody but trusted users can put a server behind
 * the name. */
static bool is_closed(const np__descriptor *found, const np__token *caller) {
  const BYTE *at = found->entries;
  uint32_t level = caller->integrity;

  if (level > SECURITY_MANDATORY_MEDIUM_RID) {
    level = SECURITY_MANDATORY_MEDIUM_RID;
  }
  if (np__descriptor_level(found) < level || !found->has_dacl) {
    return false;
  }
  for (uint16_t i = 0; i < found->entry_count; i++) {
    np__entry entry;

    np__descriptor_next(&at, &entry);
    if (gives_control(&entry, &found->owner, caller)) {
      return false;
    }
  }
  return true;
}

np_error np__trust_server(np_loop *loop, HANDLE handle, const np__sid *owner,
                          bool same_user, bool access) {
  np__descriptor found;
  np__token caller;
  np_error error;

  error = np__token_of_caller(&caller);
  if (error == NP_OK) {
    error = np__descriptor_query(&found, loop, handle, PARTS);
  }
  if (error != NP_OK) {
    return error;
  }
  if (!found.has_owner) {
    error = ERROR_INVALID_OWNER;
  } else if ((owner != NULL && !np__sid_equal(&found.owner, owner)) ||
             (same_user && !np__sid_equal(&found.owner, &caller.user)) ||
             ((access || same_user) && !is_closed(&found, &caller))) {
    error = ERROR_WRONG_TARGET_NAME;
  }
  np__descriptor_deinit(&found, loop);
  return error;
}
