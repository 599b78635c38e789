/* SIDs and security descriptors as text: SDDL with an owner, a group, a DACL of
 * plain allow and deny entries, and a SACL with a mandatory label. */
#include "security.h"

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

/* SDDL's names of rights. */
static const struct right {
  char name[3];
  ACCESS_MASK mask;
} rights[] = {
    {"GA", GENERIC_ALL},
    {"GR", GENERIC_READ},
    {"GW", GENERIC_WRITE},
    {"GX", GENERIC_EXECUTE},
    {"FA", FILE_ALL_ACCESS},
    {"FR", FILE_GENERIC_READ},
    {"FW", FILE_GENERIC_WRITE},
    {"FX", FILE_GENERIC_EXECUTE},
    {"RC", READ_CONTROL},
    {"SD", DELETE},
    {"WD", WRITE_DAC},
    {"WO", WRITE_OWNER},
    {"CC", 0x1},
    {"DC", 0x2},
    {"LC", 0x4},
    {"SW", 0x8},
    {"RP", 0x10},
    {"WP", 0x20},
    {"DT", 0x40},
    {"LO", 0x80},
    {"CR", 0x100},
    {"KA", 0xF003F},
};

/* SDDL's names of a label's policies. */
static const struct right policies[] = {
    {"NW", SYSTEM_MANDATORY_LABEL_NO_WRITE_UP},
    {"NR", SYSTEM_MANDATORY_LABEL_NO_READ_UP},
    {"NX", SYSTEM_MANDATORY_LABEL_NO_EXECUTE_UP},
};

/* --- SIDs ---------------------------------------------------------------- */

size_t sim__sid_size(const void *sid) {
  return 8 + 4 * (size_t)((const unsigned char *)sid)[1];
}

bool sim__sid_equal(const void *a, const void *b) {
  return ((const unsigned char *)a)[1] == ((const unsigned char *)b)[1] &&
         memcmp(a, b, sim__sid_size(a)) == 0;
}

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
  while (digits > 0 && text[used] == '-' && sid[1] < 15) {
    uint32_t part;

    digits = number_parse(text + used + 1, &value);
    part = (uint32_t)value;
    memcpy(sid + 8 + 4 * sid[1]++, &part, sizeof part);
    used += 1 + digits;
  }
  return digits > 0 && sid[1] > 0 ? used : 0;
}

/* --- Text that is built -------------------------------------------------- */

struct out {
  char text[2048];
  size_t used;
};

static void add(struct out *out, const char *format, uint32_t value) {
  int length = snprintf(out->text + out->used, sizeof out->text - out->used,
                        format, value);

  if (out->used + (size_t)length < sizeof out->text) {
    out->used += (size_t)length;
  }
}

static void add_sid(struct out *out, const unsigned char *sid) {
  add(out, "S-1-%u",
      (uint32_t)sid[4] << 24 | (uint32_t)sid[5] << 16 | (uint32_t)sid[6] << 8 |
          sid[7]);
  for (size_t i = 0; i < sid[1]; i++) {
    uint32_t part;

    memcpy(&part, sid + 8 + 4 * i, sizeof part);
    add(out, "-%u", part);
  }
}

static WCHAR *to_wide(const struct out *out) {
  WCHAR *wide = malloc((out->used + 1) * sizeof *wide);

  sim__kernel.locals++;
  for (size_t i = 0; i < out->used; i++) {
    wide[i] = (WCHAR)out->text[i];
  }
  wide[out->used] = 0;
  return wide;
}

/* --- Descriptors --------------------------------------------------------- */

static size_t hexadecimal_parse(const WCHAR *text, ACCESS_MASK *mask) {
  size_t used = 2;

  for (;;) {
    WCHAR c = text[used];

    if (c >= '0' && c <= '9') {
      *mask = *mask << 4 | (ACCESS_MASK)(c - '0');
    } else if ((c | 32) >= 'a' && (c | 32) <= 'f') {
      *mask = *mask << 4 | (ACCESS_MASK)((c | 32) - 'a' + 10);
    } else {
      return used;
    }
    used++;
  }
}

static size_t mask_parse(const WCHAR *text, const struct right *known,
                         size_t count, ACCESS_MASK *mask) {
  size_t used = 0;

  *mask = 0;
  if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    return hexadecimal_parse(text, mask);
  }
  while (text[used] != ';' && text[used] != 0) {
    size_t i = 0;

    while (i < count && (text[used] != (WCHAR)known[i].name[0] ||
                         text[used + 1] != (WCHAR)known[i].name[1])) {
      i++;
    }
    if (i == count) {
      return 0;
    }
    *mask |= known[i].mask;
    used += 2;
  }
  return used;
}

static size_t ace_type_parse(const WCHAR *text, BYTE *type) {
  if (text[0] == 'M' && text[1] == 'L') {
    *type = SYSTEM_MANDATORY_LABEL_ACE_TYPE;
    return 2;
  }
  *type = text[0] == 'D' ? ACCESS_DENIED_ACE_TYPE : ACCESS_ALLOWED_ACE_TYPE;
  return text[0] == 'A' || text[0] == 'D' ? 1 : 0;
}

/* ace_parse parses "(A;;MASK;;;SID)", "(D;...)" or, in a SACL, "(ML;...)". It
 * returns the number of units, or 0 if the text is no entry. */
static size_t ace_parse(const WCHAR *text, bool is_sacl, unsigned char *ace,
                        size_t *size) {
  ACE_HEADER header = {0, 0, 0};
  ACCESS_MASK mask;
  size_t used = 1;
  size_t taken;

  taken = text[0] == '(' ? ace_type_parse(text + used, &header.AceType) : 0;
  used += taken;
  if (taken == 0 || text[used] != ';' ||
      is_sacl != (header.AceType == SYSTEM_MANDATORY_LABEL_ACE_TYPE)) {
    return 0;
  }
  while (text[++used] != ';') { /* inheritance has no meaning for a pipe */
    if (text[used] == 0) {
      return 0;
    }
  }
  taken = is_sacl ? mask_parse(text + used + 1, policies,
                               sizeof policies / sizeof policies[0], &mask)
                  : mask_parse(text + used + 1, rights,
                               sizeof rights / sizeof rights[0], &mask);
  used += 1 + taken;
  if (text[used] != ';' || text[used + 1] != ';' || text[used + 2] != ';') {
    return 0;
  }
  used += 3;
  taken = sim__sid_parse(text + used, ace + 8);
  used += taken;
  if (taken == 0 || text[used] != ')' ||
      (is_sacl && (ace[8 + 7] != 16 || ace[8 + 1] != 1))) {
    return 0;
  }
  *size = 8 + sim__sid_size(ace + 8);
  header.AceSize = (WORD)*size;
  memcpy(ace, &header, sizeof header);
  memcpy(ace + 4, &mask, sizeof mask);
  return used + 1;
}

enum { DESCRIPTOR_BYTES_MAX = 4096 };

static size_t acl_parse(const WCHAR *text, bool is_sacl, unsigned char *out,
                        size_t room, size_t *size) {
  ACL acl = {ACL_REVISION, 0, sizeof acl, 0, 0};
  size_t used = 0;

  while (text[used] == 'P' ||
         (text[used] == 'A' &&
          (text[used + 1] == 'I' || text[used + 1] == 'R'))) { /* flags */
    used += text[used] == 'P' ? 1 : 2;
  }
  if (sizeof acl > room) {
    return 0;
  }
  while (text[used] == '(') {
    size_t ace_size;
    size_t taken;

    if (acl.AclSize + 8u + SID_BYTES_MAX > room) {
      return 0;
    }
    taken = ace_parse(text + used, is_sacl, out + acl.AclSize, &ace_size);
    if (taken == 0) {
      return 0;
    }
    acl.AclSize = (WORD)(acl.AclSize + ace_size);
    acl.AceCount++;
    used += taken;
  }
  memcpy(out, &acl, sizeof acl);
  *size = acl.AclSize;
  return used + 1; /* + 1, so that an empty list does not return 0 */
}

/* descriptor_parse returns the size of the descriptor in `out`, or 0 if `text`
 * is malformed. */
static size_t descriptor_parse(const WCHAR *text, unsigned char *out) {
  SECURITY_DESCRIPTOR_RELATIVE header = {1, 0, SE_SELF_RELATIVE, 0, 0, 0, 0};
  size_t size = sizeof header;

  while (text[0] != 0) {
    WCHAR part = text[0];
    size_t taken;
    size_t bytes = 0;

    if (text[1] != ':') {
      return 0;
    }
    text += 2;
    if (part == 'D' || part == 'S') {
      taken = acl_parse(text, part == 'S', out + size,
                        DESCRIPTOR_BYTES_MAX - size, &bytes);
      *(part == 'D' ? &header.Dacl : &header.Sacl) = (DWORD)size;
      header.Control |= part == 'D' ? SE_DACL_PRESENT : SE_SACL_PRESENT;
      text += taken - (taken > 0);
    } else if ((part == 'O' || part == 'G') &&
               size + SID_BYTES_MAX <= DESCRIPTOR_BYTES_MAX) {
      taken = sim__sid_parse(text, out + size);
      bytes = taken > 0 ? sim__sid_size(out + size) : 0;
      *(part == 'O' ? &header.Owner : &header.Group) = (DWORD)size;
      text += taken;
    } else {
      return 0;
    }
    if (taken == 0) {
      return 0;
    }
    size += bytes;
  }
  memcpy(out, &header, sizeof header);
  return size;
}

void sim__descriptor_from_text(struct call *call, const WCHAR *text,
                               DWORD revision, PSECURITY_DESCRIPTOR *descriptor,
                               PULONG size) {
  unsigned char *out = calloc(1, DESCRIPTOR_BYTES_MAX);
  size_t used = text == NULL ? 0 : descriptor_parse(text, out);

  if (revision != SDDL_REVISION_1) {
    call->error = ERROR_UNKNOWN_REVISION;
  } else if (used == 0) {
    call->error = text == NULL ? ERROR_INVALID_PARAMETER : ERROR_INVALID_ACL;
  }
  if (call->error != 0) {
    free(out);
    return;
  }
  sim__kernel.locals++;
  *descriptor = out;
  if (size != NULL) {
    *size = (ULONG)used;
  }
}

BOOL WINAPI ConvertStringSecurityDescriptorToSecurityDescriptorW(
    LPCWSTR text, DWORD revision, PSECURITY_DESCRIPTOR *descriptor,
    PULONG size) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    sim__descriptor_from_text(&call, text, revision, descriptor, size);
  }
  return sim__call_end(&call);
}

BOOL WINAPI ConvertSecurityDescriptorToStringSecurityDescriptorW(
    PSECURITY_DESCRIPTOR descriptor, DWORD revision, SECURITY_INFORMATION which,
    LPWSTR *text, PULONG length) {
  struct call call;

  (void)revision;
  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    struct out out = {.used = 0};
    struct descriptor parts;
    NTSTATUS status = sim__descriptor_take(&parts, descriptor);

    sim__call_status(&call, status);
    if (call.error == 0) {
      if ((which & OWNER_SECURITY_INFORMATION) != 0 && parts.owner[0] != 0) {
        add(&out, "O:", 0);
        add_sid(&out, parts.owner);
      }
      if ((which & DACL_SECURITY_INFORMATION) != 0 && parts.has_dacl) {
        const unsigned char *ace = (const unsigned char *)(parts.dacl + 1);

        add(&out, "D:", 0);
        for (WORD i = 0; i < parts.dacl->AceCount; i++) {
          ACCESS_ALLOWED_ACE entry;

          memcpy(&entry, ace, sizeof entry);
          add(&out, entry.Header.AceType == 0 ? "(A;;0x%x;;;" : "(D;;0x%x;;;",
              entry.Mask);
          add_sid(&out, ace + 8);
          add(&out, ")", 0);
          ace += entry.Header.AceSize;
        }
      }
      if ((which & LABEL_SECURITY_INFORMATION) != 0 && parts.has_label) {
        add(&out, "S:(ML;;0x%x;;;", parts.policy);
        add(&out, "S-1-16-%u)", parts.label);
      }
      *text = to_wide(&out);
      if (length != NULL) {
        *length = (ULONG)out.used + 1;
      }
      sim__descriptor_deinit(&parts);
    }
  }
  return sim__call_end(&call);
}

WCHAR *sim__sid_to_text(struct call *call, PSID sid) {
  struct out out = {.used = 0};

  if (sid == NULL || *(const BYTE *)sid != 1) {
    call->error = ERROR_INVALID_SID;
    return NULL;
  }
  add_sid(&out, sid);
  return to_wide(&out);
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
    sim__kernel.locals++;
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
    SetLastError(ERROR_INSUFFICIENT_BUFFER);
    return FALSE;
  }
  memcpy(to, from, sim__sid_size(from));
  return TRUE;
}
