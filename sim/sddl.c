/* Security descriptors as text: SDDL with an owner, a group, a DACL of plain
 * allow and deny entries, and a SACL with a mandatory label. */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include "process.h"

#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* --- From text ----------------------------------------------------------- */

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
  BYTE type = 0;
  ACCESS_MASK mask;
  size_t used = 1;
  size_t taken;

  taken = text[0] == '(' ? ace_type_parse(text + used, &type) : 0;
  used += taken;
  if (taken == 0 || text[used] != ';' ||
      is_sacl != (type == SYSTEM_MANDATORY_LABEL_ACE_TYPE)) {
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
  taken = sim__sid_parse(text + used, ace + ACE_HEAD_BYTES);
  used += taken;
  if (taken == 0 || text[used] != ')' ||
      (is_sacl &&
       (ace[ACE_HEAD_BYTES + 7] != 16 || ace[ACE_HEAD_BYTES + 1] != 1))) {
    return 0;
  }
  *size = sim__ace_write(ace, type, 0, mask, ace + ACE_HEAD_BYTES);
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
  sim__process_self()->locals++;
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

/* --- To text ------------------------------------------------------------- */

static void sid_print(FILE *out, const unsigned char *sid) {
  char text[SID_TEXT_MAX];

  sim__sid_print(text, sid);
  fputs(text, out);
}

/* print writes the parts of a descriptor that `which` names and that it has. */
static void print(FILE *out, const struct descriptor *parts,
                  SECURITY_INFORMATION which) {
  if ((which & OWNER_SECURITY_INFORMATION) != 0 && parts->owner[0] != 0) {
    fputs("O:", out);
    sid_print(out, parts->owner);
  }
  if ((which & DACL_SECURITY_INFORMATION) != 0 && parts->has_dacl) {
    const unsigned char *ace = (const unsigned char *)(parts->dacl + 1);

    fputs("D:", out);
    for (WORD i = 0; i < parts->dacl->AceCount; i++) {
      ACCESS_ALLOWED_ACE entry;

      memcpy(&entry, ace, sizeof entry);
      fprintf(out, "(%c;;0x%x;;;", entry.Header.AceType == 0 ? 'A' : 'D',
              (unsigned)entry.Mask);
      sid_print(out, ace + ACE_HEAD_BYTES);
      fputc(')', out);
      ace += entry.Header.AceSize;
    }
  }
  if ((which & LABEL_SECURITY_INFORMATION) != 0 && parts->has_label) {
    fprintf(out, "S:(ML;;0x%x;;;S-1-16-%u)", (unsigned)parts->policy,
            (unsigned)parts->label);
  }
}

BOOL WINAPI ConvertSecurityDescriptorToStringSecurityDescriptorW(
    PSECURITY_DESCRIPTOR descriptor, DWORD revision, SECURITY_INFORMATION which,
    LPWSTR *text, PULONG length) {
  struct call call;

  (void)revision;
  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    struct descriptor parts;
    NTSTATUS status = sim__descriptor_take(&parts, descriptor);

    sim__call_status(&call, status);
    if (call.error == 0) {
      char *printed;
      size_t bytes;
      FILE *out = open_memstream(&printed, &bytes);

      print(out, &parts, which);
      fclose(out);
      sim__process_self()->locals++;
      *text = sim__wide(printed);
      free(printed);
      if (length != NULL) {
        *length = (ULONG)bytes + 1;
      }
      sim__descriptor_deinit(&parts);
    }
  }
  return sim__call_end(&call);
}
