/* The security descriptor of a new pipe: made from a preset or from SDDL, or
 * taken from the caller. A preset names one user as the owner, admits the users
 * that np_access names, and shuts out processes below the integrity of the
 * label that it sets. */
#include "access.h"

#include <assert.h>
#include <sddl.h>
#include <string.h>

#include "loop.h"
#include "token.h"
#include "utf16.h"

/* The owner comes first, then the owner's entry with full access, which
 * includes the right to create more instances. Clients may only talk: generic
 * write would include the right to create instances, so their rights are spelt
 * out.
 *
 * The label bars processes of lower integrity from writing, reading and
 * everything else, because even a process that only looks at attributes uses up
 * an instance.
 *
 * Source: Named Pipe Security and Access Rights; SYSTEM_MANDATORY_LABEL_ACE
 *         learn.microsoft.com/windows/win32/ipc/named-pipe-security-and-access-rights
 */
#define OWNER         L"O:"
#define LIST          L"D:P"
#define FULL_ENTRY    L"(A;;FA;;;"
#define TALK_ENTRY    L"(A;;0x12019b;;;"
#define LOGGED_ON     L"AU"
#define END           L")"
#define LABEL_LOW     L"S:(ML;;NWNRNX;;;LW)"
#define LABEL_MEDIUM  L"S:(ML;;NWNRNX;;;ME)"
#define LABEL_AT_ZERO L"S:(ML;;NWNRNX;;;S-1-16-0)"

_Static_assert(((FILE_GENERIC_READ | FILE_GENERIC_WRITE) &
                ~(DWORD)FILE_CREATE_PIPE_INSTANCE) == 0x12019b,
               "TALK_ENTRY is to read and write without adding instances");

#define PRESET_UNITS_MAX                                                     \
  ((size_t)4 * NP__SID_UNITS_MAX +                                           \
   (sizeof OWNER LIST FULL_ENTRY END TALK_ENTRY LOGGED_ON END FULL_ENTRY END \
        TALK_ENTRY END LABEL_AT_ZERO) /                                      \
       sizeof(WCHAR))

/* The beginning of every package SID. */
#define PACKAGE "S-1-15-2-"

static bool is_access(np_access access) {
  return access == NP_ACCESS_CURRENT_USER ||
         access == NP_ACCESS_AUTHENTICATED_USERS ||
         access == NP_ACCESS_WINDOWS_DEFAULT;
}

/* is_app_container returns true if `text` is a SID and nothing more, because it
 * becomes a part of a text. */
static bool is_app_container(const char *text) {
  const size_t length = strlen(text);
  const size_t head = sizeof PACKAGE - 1;

  if (strcmp(text, "AC") == 0) {
    return true;
  }
  return length > head && length < NP__SID_UNITS_MAX &&
         memcmp(text, PACKAGE, head) == 0 &&
         strspn(text + head, "0123456789-") == length - head;
}

static bool has_own_descriptor(const np_server_options *options) {
  return options->security_attributes != NULL &&
         options->security_attributes->lpSecurityDescriptor != NULL;
}

static bool is_preset(const np_server_options *options) {
  return options->access != NP_ACCESS_WINDOWS_DEFAULT &&
         options->sddl == NULL && !has_own_descriptor(options);
}

bool np__security_options_are_valid(const np_server_options *options) {
  const bool lets_in_more =
      options->low_integrity || options->app_container != NULL;
  const unsigned answers =
      (has_own_descriptor(options) ? 1u : 0u) +
      (options->sddl != NULL ? 1u : 0u) +
      (options->access == NP_ACCESS_AUTHENTICATED_USERS ? 1u : 0u);

  return is_access(options->access) && answers <= 1 &&
         (!lets_in_more || is_preset(options)) &&
         (options->app_container == NULL ||
          is_app_container(options->app_container));
}

static np_error from_text(np__security *security, const WCHAR *text) {
  return ConvertStringSecurityDescriptorToSecurityDescriptorW(
             text, SDDL_REVISION_1, &security->made, &security->made_bytes)
             ? NP_OK
             : GetLastError();
}

static np_error from_sddl(np__security *security, np_loop *loop,
                          const char *sddl) {
  /* A UTF-8 text has at most as many UTF-16 units as bytes. No text is so long
   * that this product overflows. */
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
    error = from_text(security, text);
  }
  np__loop_free(loop, text);
  return error;
}

/* --- Presets -------------------------------------------------------------- */

typedef struct preset_text {
  WCHAR text[PRESET_UNITS_MAX];
  size_t used;
} preset_text;

static void append(preset_text *preset, const WCHAR *more) {
  while (*more != 0) {
    assert(preset->used + 1 < PRESET_UNITS_MAX);
    preset->text[preset->used++] = *more++;
  }
  preset->text[preset->used] = 0;
}

static void append_entry(preset_text *preset, const WCHAR *entry,
                         const WCHAR *sid) {
  append(preset, entry);
  append(preset, sid);
  append(preset, END);
}

static void append_app_container(preset_text *preset, const char *sid) {
  WCHAR wide[NP__SID_UNITS_MAX];
  size_t length = 0;

  do {
    wide[length] = (WCHAR)sid[length]; /* a SID is ASCII */
  } while (sid[length++] != 0);
  append_entry(preset, TALK_ENTRY, wide);
}

/* label returns the label to set. A server may not set a label above its own
 * integrity, so a server of low integrity shuts out only processes below
 * itself. */
static const WCHAR *label(const np_server_options *options,
                          const np__token *caller) {
  if (caller->integrity < SECURITY_MANDATORY_LOW_RID) {
    return LABEL_AT_ZERO;
  }
  return options->low_integrity || options->app_container != NULL ||
                 caller->integrity < SECURITY_MANDATORY_MEDIUM_RID
             ? LABEL_LOW
             : LABEL_MEDIUM;
}

static np_error append_all(preset_text *preset,
                           const np_server_options *options,
                           np__token *caller) {
  WCHAR *user = NULL;
  WCHAR *package = NULL;

  if (!ConvertSidToStringSidW(&caller->user, &user)) {
    return GetLastError();
  }
  /* The owner is named: an administrator's objects would else belong to the
   * group, and a client that looks for this user would not find it. */
  append(preset, OWNER);
  append(preset, user);
  append(preset, LIST);
  append_entry(preset, FULL_ENTRY, user);
  LocalFree(user);
  if (options->access == NP_ACCESS_AUTHENTICATED_USERS) {
    append_entry(preset, TALK_ENTRY, LOGGED_ON);
  }
  if (caller->is_app) {
    /* An app could not create instances without this entry. */
    if (!ConvertSidToStringSidW(&caller->package, &package)) {
      return GetLastError();
    }
    append_entry(preset, FULL_ENTRY, package);
    LocalFree(package);
  }
  if (options->app_container != NULL) {
    append_app_container(preset, options->app_container);
  }
  append(preset, label(options, caller));
  return NP_OK;
}

static np_error from_preset(np__security *security,
                            const np_server_options *options) {
  preset_text preset = {{0}, 0};
  np__token caller;
  np_error error;

  error = np__token_of_caller(&caller);
  if (error == NP_OK) {
    error = append_all(&preset, options, &caller);
  }
  return error == NP_OK ? from_text(security, preset.text) : error;
}

/* --- Options -------------------------------------------------------------- */

np_error np__security_init(np__security *security, np_loop *loop,
                           const np_server_options *options) {
  np_error error = NP_OK;

  memset(security, 0, sizeof *security);
  security->attributes.nLength = sizeof security->attributes;
  if (options->security_attributes != NULL) {
    security->attributes = *options->security_attributes;
  }
  if (options->sddl != NULL) {
    error = from_sddl(security, loop, options->sddl);
  } else if (is_preset(options)) {
    security->is_preset = true;
    error = from_preset(security, options);
  }
  if (security->made != NULL) {
    security->attributes.lpSecurityDescriptor = security->made;
  }
  return error;
}

void np__security_deinit(np__security *security) {
  if (security->made != NULL) {
    LocalFree(security->made);
    security->made = NULL;
  }
}
