/* Security descriptors, read: the owner of a pipe, its access list and its
 * label. */
#ifndef NPIPE_SRC_DESCRIPTOR_H
#define NPIPE_SRC_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <windows.h>

#include <npipe/loop.h>

#include "sid.h"

/* One entry of a list. `knows_sid` is false for a type that this file does not
 * know. */
typedef struct np__entry {
  BYTE type;
  BYTE flags;
  ACCESS_MASK mask;
  bool knows_sid;
  np__sid sid;
} np__entry;

/* The parts of a descriptor. Without a list everybody has all rights; without a
 * label the pipe counts as medium. */
typedef struct np__descriptor {
  bool has_owner;
  np__sid owner;
  bool has_dacl;
  const BYTE *entries; /* checked; `entry_count` entries */
  uint16_t entry_count;
  bool has_label;
  uint32_t label;
  ACCESS_MASK policy;
  void *memory; /* from the loop's allocator, or NULL */
} np__descriptor;

/* np__descriptor_take reads a self-relative descriptor of `size` bytes. `bytes`
 * must stay in place as long as `out` is used. Returns NP_OK,
 * ERROR_INVALID_SECURITY_DESCR, ERROR_INVALID_ACL or ERROR_INVALID_SID. */
np_error np__descriptor_take(np__descriptor *out, const BYTE *bytes,
                             size_t size);

/* np__descriptor_query queries the parts `which` of the descriptor of the
 * object of `handle`, which must allow READ_CONTROL. After NP_OK the caller
 * frees it with np__descriptor_deinit. Returns the errors of
 * np__descriptor_take, ERROR_NOT_ENOUGH_MEMORY, or the error of Windows. */
np_error np__descriptor_query(np__descriptor *out, np_loop *loop, HANDLE handle,
                              SECURITY_INFORMATION which);
void np__descriptor_deinit(np__descriptor *descriptor, np_loop *loop);

/* np__descriptor_next reads the entry at `*at`, which begins as `entries`, and
 * moves on. */
void np__descriptor_next(const BYTE **at, np__entry *out);

/* np__descriptor_level returns the level of integrity of what has it. */
static inline uint32_t np__descriptor_level(const np__descriptor *descriptor) {
  return descriptor->has_label ? descriptor->label
                               : SECURITY_MANDATORY_MEDIUM_RID;
}

#endif
