/* SIDs. A token or a descriptor is input, from a kernel or from a server on
 * another machine; so a SID is copied only after a check. */
#include "sid.h"

#include <sddl.h>
#include <string.h>

#define HEAD_BYTES      8u
#define LABEL_AUTHORITY 16

np_error np__sid_take(np__sid *out, const BYTE *from, size_t room) {
  size_t size;

  if (room < HEAD_BYTES || from[0] != SID_REVISION ||
      from[1] > SID_MAX_SUB_AUTHORITIES) {
    return ERROR_INVALID_SID;
  }
  size = HEAD_BYTES + sizeof(DWORD) * from[1];
  if (room < size) {
    return ERROR_INVALID_SID;
  }
  memset(out, 0, sizeof *out);
  memcpy(out, from, size);
  return NP_OK;
}

np_error np__sid_parse(np__sid *out, const char *text) {
  WCHAR wide[NP__SID_UNITS_MAX];
  size_t length = 0;
  PSID sid = NULL;
  np_error error;

  do {
    if (length == NP__SID_UNITS_MAX) {
      return ERROR_INVALID_SID;
    }
    /* a character beyond ASCII becomes one that no SID has */
    wide[length] = (WCHAR)(unsigned char)text[length];
  } while (text[length++] != 0);
  if (wide[0] == 0) {
    return ERROR_INVALID_SID; /* Wine reads behind the NUL of an empty text */
  }
  if (!ConvertStringSidToSidW(wide, &sid)) {
    return GetLastError();
  }
  error = np__sid_take(out, sid, GetLengthSid(sid));
  LocalFree(sid);
  return error;
}

bool np__sid_is(const np__sid *sid, BYTE authority, const DWORD *parts,
                BYTE count) {
  const SID_IDENTIFIER_AUTHORITY expected = {{0, 0, 0, 0, 0, authority}};

  return sid->sid.SubAuthorityCount == count &&
         memcmp(&sid->sid.IdentifierAuthority, &expected, sizeof expected) ==
             0 &&
         memcmp(sid->bytes + HEAD_BYTES, parts, sizeof *parts * count) == 0;
}

bool np__sid_equal(const np__sid *sid, const np__sid *other) {
  return memcmp(sid->bytes, other->bytes, sizeof sid->bytes) == 0;
}

np_error np__sid_level(uint32_t *out, const np__sid *sid) {
  DWORD level;

  memcpy(&level, sid->bytes + HEAD_BYTES, sizeof level);
  if (!np__sid_is(sid, LABEL_AUTHORITY, &level, 1)) {
    return ERROR_INVALID_SID;
  }
  *out = level;
  return NP_OK;
}

np_error np__sid_text(np__sid *sid, char *text, size_t size) {
  WCHAR *wide = NULL;
  size_t length = 0;
  np_error error = NP_OK;

  if (!ConvertSidToStringSidW(sid, &wide)) {
    return GetLastError();
  }
  while (wide[length] != 0) {
    length++;
  }
  if (length < size) {
    for (size_t i = 0; i <= length; i++) {
      text[i] = (char)wide[i]; /* a SID's text is ASCII */
    }
  } else {
    error = ERROR_INSUFFICIENT_BUFFER;
  }
  LocalFree(wide);
  return error;
}
