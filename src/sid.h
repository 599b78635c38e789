/* SIDs: identifiers of users and groups. */
#ifndef NPIPE_SRC_SID_H
#define NPIPE_SRC_SID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <windows.h>

#include <npipe/error.h>

/* Room for any SID as text, and its NUL: "S-1-", an authority of 48 bits, and
 * 15 parts of 32 bits, each with a dash. */
#define NP__SID_UNITS_MAX (4 + 15 + SID_MAX_SUB_AUTHORITIES * 11)

/* A SID with its own storage. */
typedef union np__sid {
  SID sid;
  BYTE bytes[SECURITY_MAX_SID_SIZE];
} np__sid;

/* np__sid_take copies the SID that begins at `from`, which has `room` bytes.
 * The bytes are untrusted input: ERROR_INVALID_SID if they are not a SID, or if
 * it does not end within `room`. */
np_error np__sid_take(np__sid *out, const BYTE *from, size_t room);

/* np__sid_parse writes the SID that `text` names: "S-1-..." or the two letters
 * of SDDL. Returns NP_OK, ERROR_INVALID_SID or the error of Windows. */
np_error np__sid_parse(np__sid *out, const char *text);

/* np__sid_level writes the integrity level that `sid` stands for.
 * ERROR_INVALID_SID: `sid` is not a label. */
np_error np__sid_level(uint32_t *out, const np__sid *sid);

/* np__sid_is returns true if `sid` is S-1-`authority` followed by `count`
 * parts. */
bool np__sid_is(const np__sid *sid, BYTE authority, const DWORD *parts,
                BYTE count);

/* np__sid_equal returns true if both SIDs are the same. */
bool np__sid_equal(const np__sid *sid, const np__sid *other);

/* np__sid_text writes `sid` as text with a NUL, on success only. Returns NP_OK,
 * ERROR_INSUFFICIENT_BUFFER or the error of Windows. */
np_error np__sid_text(np__sid *sid, char *text, size_t size);

#endif
