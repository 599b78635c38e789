/* SIDs: as bytes, as text, and the calls on them. Text is S-1-..., or one of
 * the names that SDDL has for a well-known SID. */
#include "process.h"

#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* SDDL's names of SIDs. */
static const struct {
  char name[3];
  const WCHAR *sid;
} aliases[] = {
    {"SY", L"S-1-5-18"},     {"BA", L"S-1-5-32-544"}, {"BU", L"S-1-5-32-545"},
    {"WD", L"S-1-1-0"},      {"AN", L"S-1-5-7"},      {"AU", L"S-1-5-11"},
    {"NU", L"S-1-5-2"},      {"IU", L"S-1-5-4"},      {"CO", L"S-1-3-0"},
    {"CG", L"S-1-3-1"},      {"OW", L"S-1-3-4"},      {"LS", L"S-1-5-19"},
    {"NS", L"S-1-5-20"},     {"BG", L"S-1-5-32-546"}, {"SU", L"S-1-5-6"},
    {"AC", L"S-1-15-2-1"},   {"RC", L"S-1-5-12"},     {"BO", L"S-1-5-32-551"},
    {"LW", L"S-1-16-4096"},  {"ME", L"S-1-16-8192"},  {"HI", L"S-1-16-12288"},
    {"SI", L"S-1-16-16384"},
};

size_t sim__sid_size(const void *sid) {
  return 8 + 4 * (size_t)((const unsigned char *)sid)[1];
}

bool sim__sid_equal(const void *a, const void *b) {
  return ((const unsigned char *)a)[1] == ((const unsigned char *)b)[1] &&
         memcmp(a, b, sim__sid_size(a)) == 0;
}

void sim__sid_level(unsigned char out[SID_BYTES_MAX], uint32_t level) {
  memset(out, 0, SID_BYTES_MAX);
  out[0] = 1;
  out[1] = 1;
  out[7] = 16;
  memcpy(out + 8, &level, sizeof level);
}

/* --- Text ---------------------------------------------------------------- */

static size_t number_parse(const WCHAR *text, uint64_t *out) {
  size_t used = 0;

  *out = 0;
  while (text[used] >= '0' && text[used] <= '9' && *out <= UINT32_MAX) {
    *out = *out * 10 + (uint64_t)(text[used++] - '0');
  }
  return used;
}

size_t sim__sid_parse(const WCHAR *text, unsigned char *sid) {
  size_t used = 4;
  size_t digits;
  uint64_t value;

  for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
    if (text[0] == (WCHAR)aliases[i].name[0] &&
        text[1] == (WCHAR)aliases[i].name[1]) {
      sim__sid_parse(aliases[i].sid, sid);
      return 2;
    }
  }
  if (text[0] != 'S' || text[1] != '-' || text[2] != '1' || text[3] != '-') {
    return 0;
  }
  memset(sid, 0, SID_BYTES_MAX);
  sid[0] = 1;
  digits = number_parse(text + used, &value);
  for (int i = 0; i < 4; i++) {
    sid[7 - i] = (unsigned char)(value >> (8 * i));
  }
  used += digits;
  while (digits > 0 && text[used] == '-' && sid[1] < SID_PARTS_MAX) {
    uint32_t part;

    digits = number_parse(text + used + 1, &value);
    part = (uint32_t)value;
    memcpy(sid + 8 + 4 * sid[1]++, &part, sizeof part);
    used += 1 + digits;
  }
  return digits > 0 && sid[1] > 0 ? used : 0;
}

/* number_print writes a dash and a number, and returns its end. */
static char *number_print(char *out, uint32_t number) {
  char digits[10];
  size_t count = 0;

  do {
    digits[count++] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  *out++ = '-';
  while (count > 0) {
    *out++ = digits[--count];
  }
  return out;
}

/* Not by printf: the text of a SID is made several times for each pipe. */
void sim__sid_print(char out[SID_TEXT_MAX], const unsigned char *sid) {
  memcpy(out, "S-1", 3);
  out = number_print(out + 3, (uint32_t)sid[4] << 24 | (uint32_t)sid[5] << 16 |
                                  (uint32_t)sid[6] << 8 | sid[7]);
  for (size_t i = 0; i < sid[1]; i++) {
    uint32_t part;

    memcpy(&part, sid + 8 + 4 * i, sizeof part);
    out = number_print(out, part);
  }
  *out = 0;
}

WCHAR *sim__sid_to_text(struct call *call, PSID sid) {
  char text[SID_TEXT_MAX];

  if (sid == NULL || *(const BYTE *)sid != 1 ||
      ((const BYTE *)sid)[1] > SID_PARTS_MAX) {
    call->error = ERROR_INVALID_SID;
    return NULL;
  }
  sim__sid_print(text, sid);
  sim__process_self()->locals++;
  return sim__wide(text);
}

BOOL WINAPI ConvertSidToStringSidW(PSID sid, LPWSTR *text) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    WCHAR *made = sim__sid_to_text(&call, sid);

    *text = made != NULL ? made : *text;
  }
  return sim__call_end(&call);
}

void sim__sid_from_text(struct call *call, const WCHAR *text, PSID *sid) {
  unsigned char *out = calloc(1, SID_BYTES_MAX);
  size_t used = text == NULL ? 0 : sim__sid_parse(text, out);

  if (used == 0 || text[used] != 0) {
    free(out);
    call->error = ERROR_INVALID_SID;
  } else {
    sim__process_self()->locals++;
    *sid = out;
  }
}

BOOL WINAPI ConvertStringSidToSidW(LPCWSTR text, PSID *sid) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    sim__sid_from_text(&call, text, sid);
  }
  return sim__call_end(&call);
}

/* --- SIDs that exist ----------------------------------------------------- */

BOOL WINAPI IsValidSid(PSID sid) {
  return sid != NULL && *(const BYTE *)sid == 1;
}

DWORD WINAPI GetLengthSid(PSID sid) {
  return (DWORD)sim__sid_size(sid);
}

BOOL WINAPI EqualSid(PSID a, PSID b) {
  return sim__sid_equal(a, b);
}

BOOL WINAPI CopySid(DWORD size, PSID to, PSID from) {
  if (size < sim__sid_size(from)) {
    return sim__refuse(ERROR_INSUFFICIENT_BUFFER);
  }
  memcpy(to, from, sim__sid_size(from));
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

/* --- New SIDs ------------------------------------------------------------ */

DWORD WINAPI GetSidLengthRequired(UCHAR count) {
  return 8 + 4u * count;
}

BOOL WINAPI InitializeSid(PSID sid, PSID_IDENTIFIER_AUTHORITY authority,
                          BYTE count) {
  SID *out = sid;

  if (count > SID_MAX_SUB_AUTHORITIES) {
    return sim__refuse(ERROR_INVALID_PARAMETER);
  }
  out->Revision = SID_REVISION;
  out->SubAuthorityCount = count;
  out->IdentifierAuthority = *authority;
  return TRUE;
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

  (void)domain; /* no SID of a domain is made here */
  if (needed == 0) {
    return sim__refuse(ERROR_INVALID_PARAMETER);
  }
  *size = (DWORD)needed;
  if (sid == NULL || room < needed) {
    return sim__refuse(ERROR_INSUFFICIENT_BUFFER);
  }
  memcpy(sid, bytes, needed);
  return TRUE;
}

BOOL WINAPI IsWellKnownSid(PSID sid, WELL_KNOWN_SID_TYPE type) {
  unsigned char bytes[SID_BYTES_MAX];

  return well_known_make(type, bytes) > 0 && sim__sid_equal(sid, bytes);
}
