/* Names of pipes: np__name_parse checks a name and turns it into one spelling.
 * Windows takes many spellings of one name: slashes of both kinds, several
 * slashes in a row, the parts `.` and `..`, a dot or a blank at the end, and
 * several ways to the pipes of this machine. GetFullPathName turns the
 * spellings into one. So create, open, wait and the line of the waiting clients
 * always agree about which pipe a spelling means.
 *
 * Source: Naming Files, Paths, and Namespaces; GetFullPathName, Remarks
 *         learn.microsoft.com/windows/win32/fileio/naming-a-file */
#include "name.h"

#include <string.h>

#include "utf16.h"

/* starts_with compares without case. `lower` is ASCII, and only ASCII letters
 * can match it: no other letter folds to an ASCII letter. */
static bool starts_with(const WCHAR *text, const char *lower) {
  for (; *lower != '\0'; text++, lower++) {
    WCHAR unit = *text;

    if (unit >= 'A' && unit <= 'Z') {
      unit = (WCHAR)(unit - 'A' + 'a');
    }
    if (unit != (WCHAR)*lower) {
      return false;
    }
  }
  return true;
}

static bool is_separator(WCHAR unit) {
  return unit == '\\' || unit == '/';
}

/* is_verbatim returns whether `text` begins with a prefix that makes Windows
 * take the rest of the path as it stands. A slash, a dot or a blank in that
 * rest belongs to the name. */
static bool is_verbatim(const WCHAR *text) {
  return starts_with(text, "\\\\?\\") || starts_with(text, "\\??\\");
}

static bool is_device_path(const WCHAR *text) {
  return is_verbatim(text) || starts_with(text, "\\\\.\\");
}

/* is_plain returns whether `text` is a device path that Windows would take
 * unchanged. */
static bool is_plain(const WCHAR *text) {
  size_t at = sizeof "\\\\.\\" - 1;

  if (!starts_with(text, "\\\\.\\")) {
    return false;
  }
  for (; text[at] != '\0'; at++) {
    if (text[at] == '/' ||
        (text[at] == '\\' && (text[at - 1] == '\\' || text[at - 1] == '.'))) {
      return false;
    }
  }
  return text[at - 1] != '.' && text[at - 1] != ' ';
}

/* is_pipe_of_host returns true if `text`, the part behind the prefix of a host
 * path, names a pipe of a host. */
static bool is_pipe_of_host(const WCHAR *text) {
  static const char share[] = "pipe\\";
  size_t at = 0;

  while (text[at] != '\0' && text[at] != '\\') {
    at++;
  }
  if (at == 0) {
    return false;
  }
  while (text[at] == '\\') {
    at++;
  }
  return starts_with(text + at, share) && text[at + sizeof share - 1] != '\0';
}

/* is_pipe_of_device returns true if `text`, the part behind the prefix of a
 * device path, names a pipe: of this machine or, through the redirector, of a
 * host. */
static bool is_pipe_of_device(const WCHAR *text, bool local_only) {
  static const char host[] = "unc\\";
  static const char *const ways[] = {"pipe\\", "global\\pipe\\",
                                     "globalroot\\device\\namedpipe\\"};

  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    if (starts_with(text, ways[i])) {
      return text[strlen(ways[i])] != '\0';
    }
  }
  return !local_only && starts_with(text, host) &&
         is_pipe_of_host(text + sizeof host - 1);
}

/* fold turns a path that begins with two separators into one spelling, which is
 * not longer. */
static np_error fold(WCHAR *out, DWORD *units, const WCHAR *text) {
  if (!is_separator(text[0]) || !is_separator(text[1])) {
    return ERROR_INVALID_NAME;
  }
  *units = GetFullPathNameW(text, NP__NAME_UNITS_MAX + 1, out, NULL);
  if (*units == 0 || *units > NP__NAME_UNITS_MAX) {
    return *units == 0 ? GetLastError() : ERROR_INVALID_NAME;
  }
  return NP_OK;
}

/* parse fills in `name`. A host path stays as it was given: the system folds it
 * again when it is opened, and twice is not always the same as once. */
static np_error parse(np__name *name, bool local_only) {
  WCHAR folded[NP__NAME_UNITS_MAX + 1];
  WCHAR *text = name->text;
  DWORD units = 0;
  np_error error;

  if (!is_verbatim(text) && !is_plain(text)) {
    error = fold(folded, &units, text);
    if (error != NP_OK) {
      return error;
    }
    if (!is_device_path(folded)) {
      return !local_only && is_pipe_of_host(folded + 2) ? NP_OK
                                                        : ERROR_INVALID_NAME;
    }
    memcpy(text, folded, (units + 1) * sizeof *text);
  }
  text[1] = '\\';
  text[2] = '?';
  return is_pipe_of_device(text + 4, local_only) ? NP_OK : ERROR_INVALID_NAME;
}

np_error np__name_parse(np__name *out, const char *name, bool local_only) {
  np_error error;
  size_t units = 0;

  if (name == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__utf16_from_utf8(name, out->text, NP__NAME_UNITS_MAX + 1, &units);
  if (error == ERROR_INSUFFICIENT_BUFFER) {
    return ERROR_FILENAME_EXCED_RANGE;
  }
  return error == NP_OK ? parse(out, local_only) : error;
}

const WCHAR *np__name_in_root(const np__name *name) {
  static const char root[] = "\\\\?\\pipe\\";

  return starts_with(name->text, root) ? name->text + sizeof root - 1 : NULL;
}

bool np__name_is_remote(const np__name *name) {
  return !is_verbatim(name->text) || starts_with(name->text, "\\\\?\\unc\\");
}

bool np__name_is_equal(const np__name *a, const np__name *b) {
  return CompareStringOrdinal(a->text, -1, b->text, -1, TRUE) == CSTR_EQUAL;
}
