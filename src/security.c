#include "security.h"

#include <assert.h>
#include <sddl.h>
#include <string.h>

#include "loop.h"
#include "sid.h"
#include "utf16.h"

/* The owner, then its entry, which is full access and so includes the right to
 * create further instances. Clients may talk, and no more: the right to create
 * instances is a part of generic write, so theirs is spelt out.
 *
 * Source: Named Pipe Security and Access Rights
 *         learn.microsoft.com/windows/win32/ipc/named-pipe-security-and-access-rights
 */
#define OWNER       L"O:"
#define OWNER_ENTRY L"D:P(A;;FA;;;"
#define END         L")"
#define USERS_ENTRY L"(A;;0x12019b;;;AU)"

_Static_assert(((FILE_GENERIC_READ | FILE_GENERIC_WRITE) &
                ~(DWORD)FILE_CREATE_PIPE_INSTANCE) == 0x12019b,
               "USERS_ENTRY is to read and write without adding instances");

/* "S-1-", an authority of 48 bits and 15 parts of 32 bits, each with a dash. */
#define SID_UNITS_MAX (4 + 15 + SID_MAX_SUB_AUTHORITIES * 11)

#define PRESET_UNITS_MAX       \
  ((size_t)2 * SID_UNITS_MAX + \
   (sizeof OWNER OWNER_ENTRY END USERS_ENTRY) / sizeof(WCHAR))

static np_error from_text(const WCHAR *text, PSECURITY_DESCRIPTOR *descriptor) {
  return ConvertStringSecurityDescriptorToSecurityDescriptorW(
             text, SDDL_REVISION_1, descriptor, NULL)
             ? NP_OK
             : GetLastError();
}

static np_error from_sddl(np_loop *loop, const char *sddl,
                          PSECURITY_DESCRIPTOR *descriptor) {
  /* No UTF-8 text has more UTF-16 units than bytes, and none is so long that
   * twice as many do not exist. */
  const size_t capacity = strlen(sddl) + 1;
  size_t units = 0;
  np_error error;
  WCHAR *text;

  text = np__loop_new(loop, capacity * sizeof *text);
  if (text == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  error = np__utf16_from_utf8(sddl, text, capacity, &units);
  if (error == NP_OK) {
    error = from_text(text, descriptor);
  }
  np__loop_free(loop, text);
  return error;
}

static void append(WCHAR *text, size_t *used, const WCHAR *more) {
  while (*more != 0) {
    assert(*used + 1 < PRESET_UNITS_MAX);
    text[(*used)++] = *more++;
  }
  text[*used] = 0;
}

static np_error from_preset(np_access access,
                            PSECURITY_DESCRIPTOR *descriptor) {
  WCHAR text[PRESET_UNITS_MAX];
  WCHAR *user_text = NULL;
  size_t used = 0;
  np__sid user;
  np_error error;

  error = np__sid_of_caller(&user);
  if (error != NP_OK) {
    return error;
  }
  if (!ConvertSidToStringSidW(&user, &user_text)) {
    return GetLastError();
  }
  /* The owner is said: an administrator's would be the group else, and a client
   * that looks for this user would not find it. */
  append(text, &used, OWNER);
  append(text, &used, user_text);
  append(text, &used, OWNER_ENTRY);
  append(text, &used, user_text);
  append(text, &used, END);
  if (access == NP_ACCESS_AUTHENTICATED_USERS) {
    append(text, &used, USERS_ENTRY);
  }
  LocalFree(user_text);
  return from_text(text, descriptor);
}

np_error np__security_from_options(np_loop *loop,
                                   const np_server_options *options,
                                   PSECURITY_DESCRIPTOR *descriptor) {
  *descriptor = NULL;
  if (options->sddl != NULL) {
    return from_sddl(loop, options->sddl, descriptor);
  }
  if (options->access != NP_ACCESS_DEFAULT) {
    return from_preset(options->access, descriptor);
  }
  return NP_OK;
}
