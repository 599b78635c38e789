#include "name.h"

#include "utf16.h"

/* Compares without case. `lower` is ASCII, and so is all that can match it:
 * no other letter folds to one of these. */
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

/* Whether Windows takes the name behind the prefix as it is. It folds parts `.`
 * and `..`, and cuts blanks and dots off the end: what is left could be the
 * root of all pipes, or lie outside of it.
 * Source: Naming Files, Paths, and Namespaces; GetFullPathName, Remarks */
static bool stays_a_pipe(const WCHAR *name) {
  bool has_something = false;
  size_t part = 0;

  for (size_t at = 0;; at++) {
    if (name[at] != '\0' && !is_separator(name[at])) {
      has_something = has_something || (name[at] != '.' && name[at] != ' ');
      continue;
    }
    if ((at == part + 1 && name[part] == '.') ||
        (at == part + 2 && name[part] == '.' && name[part + 1] == '.')) {
      return false;
    }
    if (name[at] == '\0') {
      return has_something;
    }
    part = at + 1;
  }
}

np_error np__name_parse(np__name *out, const char *name, bool local_only) {
  static const char pipe_part[] = "\\pipe\\";
  np_error error;
  size_t units = 0;
  size_t at = 2;

  if (name == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__utf16_from_utf8(name, out->text, NP__NAME_UNITS_MAX + 1, &units);
  if (error == ERROR_INSUFFICIENT_BUFFER) {
    return ERROR_FILENAME_EXCED_RANGE;
  }
  if (error != NP_OK) {
    return error;
  }
  if (!starts_with(out->text, "\\\\")) {
    return ERROR_INVALID_NAME;
  }
  while (out->text[at] != '\0' && out->text[at] != '\\') {
    at++;
  }
  if (at == 2 || (local_only && !(at == 3 && out->text[2] == '.')) ||
      !starts_with(out->text + at, pipe_part) ||
      !stays_a_pipe(out->text + at + sizeof pipe_part - 1)) {
    return ERROR_INVALID_NAME;
  }
  return NP_OK;
}

const WCHAR *np__name_in_root(const np__name *name) {
  static const size_t prefix_units = sizeof "\\\\.\\pipe\\" - 1;
  const bool is_local =
      (name->text[2] == '.' || name->text[2] == '?') && name->text[3] == '\\';

  return is_local ? name->text + prefix_units : NULL;
}

bool np__name_is_equal(const np__name *a, const np__name *b) {
  size_t at = 0;

  while (a->text[at] == b->text[at] && a->text[at] != '\0') {
    at++;
  }
  return a->text[at] == b->text[at];
}
