/* Security descriptors, read: who owns a pipe, what its list and its label
 * say. */
#ifndef NPIPE_SRC_DESCRIPTOR_H
#define NPIPE_SRC_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <windows.h>

#include <npipe/loop.h>

#include "sid.h"

/* One entry of a list. Of a type that this file does not know `knows_sid` is
 * false. */
typedef struct np__entry {
  BYTE type;
  BYTE flags;
  ACCESS_MASK mask;
  bool knows_sid;
  np__sid sid;
} np__entry;

/* A descriptor, taken apart. Where it has no list, everybody may do everything;
 * where it has no label, it counts as medium. */
typedef struct np__descriptor {
  bool has_owner;
  np__sid owner;
  bool has_dacl;
  const BYTE *entries; /* checked; `entry_count` of them */
  uint16_t entry_count;
  bool has_label;
  uint32_t label;
  ACCESS_MASK policy;
  void *memory; /* of the loop's allocator, or NULL */
} np__descriptor;

/* np__descriptor_take takes apart a self-relative descriptor of `size` bytes.
 * `bytes` must stay in place as long as `out` is used. Returns NP_OK,
 * ERROR_INVALID_SECURITY_DESCR, ERROR_INVALID_ACL or ERROR_INVALID_SID. */
np_error np__descriptor_take(np__descriptor *out, const BYTE *bytes,
                             size_t size);

/* np__descriptor_query asks for the parts `which` of the descriptor of what
 * `handle`, which allows READ_CONTROL, is a handle to. After NP_OK free it with
 * np__descriptor_deinit. Returns what np__descriptor_take returns,
 * ERROR_NOT_ENOUGH_MEMORY, or what Windows said. */
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
