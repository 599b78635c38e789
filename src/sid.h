/* SIDs: who somebody is. */
#ifndef NPIPE_SRC_SID_H
#define NPIPE_SRC_SID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <windows.h>

#include <npipe/error.h>

/* A SID in storage of its own. */
typedef union np__sid {
  SID sid;
  BYTE bytes[SECURITY_MAX_SID_SIZE];
} np__sid;

/* np__sid_take copies the SID that begins at `from`, which has `room` bytes. It
 * is input: ERROR_INVALID_SID where it is none or does not end in time. */
np_error np__sid_take(np__sid *out, const BYTE *from, size_t room);

/* np__sid_level writes the level of integrity that `sid` stands for.
 * ERROR_INVALID_SID: it is no label. */
np_error np__sid_level(uint32_t *out, const np__sid *sid);

/* np__sid_is tells whether `sid` is S-1-`authority` and then `count` parts. */
bool np__sid_is(const np__sid *sid, BYTE authority, const DWORD *parts,
                BYTE count);

/* np__sid_equal tells whether both are the same. */
bool np__sid_equal(const np__sid *sid, const np__sid *other);

/* np__sid_text writes `sid` as text with a NUL, on success only. Returns NP_OK,
 * ERROR_INSUFFICIENT_BUFFER or what Windows said. */
np_error np__sid_text(np__sid *sid, char *text, size_t size);

#endif
