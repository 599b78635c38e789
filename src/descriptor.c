/* Reads security descriptors. A descriptor comes from the kernel or, for a pipe
 * on another machine, from a server that may be hostile; so each offset and
 * size in it is checked before it is followed.
 *
 * Source: SECURITY_DESCRIPTOR_RELATIVE, ACL, ACE_HEADER
 *         learn.microsoft.com/windows/win32/api/winnt/ns-winnt-ace_header */
#include "descriptor.h"

#include <assert.h>
#include <string.h>

#include "loop.h"

/* Most descriptors fit the first size; the largest list has 65535 bytes. */
#define BYTES_FIRST 512u
#define BYTES_MAX   (3u * 65536u)

/* Bytes of an entry's header and mask. */
#define ENTRY_HEAD_BYTES (sizeof(ACE_HEADER) + sizeof(ACCESS_MASK))

static bool has_sid(BYTE type) {
  return type == ACCESS_ALLOWED_ACE_TYPE || type == ACCESS_DENIED_ACE_TYPE ||
         type == ACCESS_ALLOWED_CALLBACK_ACE_TYPE ||
         type == SYSTEM_MANDATORY_LABEL_ACE_TYPE;
}

/* entry_take reads the entry at `from`, which has `room` bytes. It returns the
 * entry's size, or 0 if the bytes are not an entry. */
static size_t entry_take(np__entry *out, const BYTE *from, size_t room) {
  ACE_HEADER header;

  memset(out, 0, sizeof *out);
  if (room < ENTRY_HEAD_BYTES) {
    return 0;
  }
  memcpy(&header, from, sizeof header);
  if (header.AceSize < ENTRY_HEAD_BYTES || header.AceSize > room) {
    return 0;
  }
  out->type = header.AceType;
  out->flags = header.AceFlags;
  memcpy(&out->mask, from + sizeof header, sizeof out->mask);
  out->knows_sid = has_sid(header.AceType);
  if (out->knows_sid &&
      np__sid_take(&out->sid, from + ENTRY_HEAD_BYTES,
                   header.AceSize - ENTRY_HEAD_BYTES) != NP_OK) {
    return 0;
  }
  return header.AceSize;
}

/* list_take checks the list at `offset`, and finds the label if it has one. */
static np_error list_take(np__descriptor *out, bool is_dacl, const BYTE *bytes,
                          size_t size, size_t offset) {
  ACL acl;
  size_t at = offset + sizeof acl;
  size_t end;

  if (offset > size || size - offset < sizeof acl) {
    return ERROR_INVALID_ACL;
  }
  memcpy(&acl, bytes + offset, sizeof acl);
  end = offset + acl.AclSize;
  if (acl.AclSize < sizeof acl || end > size) {
    return ERROR_INVALID_ACL;
  }
  for (WORD i = 0; i < acl.AceCount; i++) {
    np__entry entry;
    const size_t taken = entry_take(&entry, bytes + at, end - at);

    if (taken == 0) {
      return ERROR_INVALID_ACL;
    }
    at += taken;
    if (!is_dacl && entry.type == SYSTEM_MANDATORY_LABEL_ACE_TYPE &&
        (entry.flags & INHERIT_ONLY_ACE) == 0 && !out->has_label) {
      out->has_label = true;
      out->policy = entry.mask;
      if (np__sid_level(&out->label, &entry.sid) != NP_OK) {
        return ERROR_INVALID_ACL;
      }
    }
  }
  if (is_dacl) {
    out->has_dacl = true;
    out->entries = bytes + offset + sizeof acl;
    out->entry_count = acl.AceCount;
  }
  return NP_OK;
}

np_error np__descriptor_take(np__descriptor *out, const BYTE *bytes,
                             size_t size) {
  SECURITY_DESCRIPTOR_RELATIVE header;
  np_error error = NP_OK;

  assert(size >= sizeof header);
  memset(out, 0, sizeof *out);
  memcpy(&header, bytes, sizeof header);
  if (header.Revision != SECURITY_DESCRIPTOR_REVISION ||
      (header.Control & SE_SELF_RELATIVE) == 0 || header.Owner > size) {
    return ERROR_INVALID_SECURITY_DESCR;
  }
  if (header.Owner != 0) {
    error =
        np__sid_take(&out->owner, bytes + header.Owner, size - header.Owner);
    out->has_owner = error == NP_OK;
  }
  if (error == NP_OK && (header.Control & SE_DACL_PRESENT) != 0 &&
      header.Dacl != 0) {
    error = list_take(out, true, bytes, size, header.Dacl);
  }
  if (error == NP_OK && (header.Control & SE_SACL_PRESENT) != 0 &&
      header.Sacl != 0) {
    error = list_take(out, false, bytes, size, header.Sacl);
  }
  return error;
}

np_error np__descriptor_query(np__descriptor *out, np_loop *loop, HANDLE handle,
                              SECURITY_INFORMATION which) {
  DWORD size = BYTES_FIRST;

  for (;;) {
    BYTE *memory = np__loop_new_bytes(loop, size);
    DWORD needed = 0;
    np_error error;

    if (memory == NULL) {
      return ERROR_NOT_ENOUGH_MEMORY;
    }
    /* An offset behind the answer finds zeros, which are no SID and no list. */
    memset(memory, 0, size);
    if (GetKernelObjectSecurity(handle, which, memory, size, &needed)) {
      error = np__descriptor_take(out, memory, size);
      if (error == NP_OK) {
        out->memory = memory; /* Moves to `out` on success only. */
        return NP_OK;
      }
    } else {
      error = GetLastError();
    }
    np__loop_free(loop, memory);
    /* The descriptor may have grown meanwhile; BYTES_MAX limits the retries. */
    if (error != ERROR_INSUFFICIENT_BUFFER || needed <= size ||
        needed > BYTES_MAX) {
      return error;
    }
    size = needed;
  }
}

void np__descriptor_deinit(np__descriptor *descriptor, np_loop *loop) {
  np__loop_free(loop, descriptor->memory);
  descriptor->memory = NULL;
}

void np__descriptor_next(const BYTE **at, np__entry *out) {
  ACE_HEADER header;

  memcpy(&header, *at, sizeof header);
  *at += entry_take(out, *at, header.AceSize);
}
