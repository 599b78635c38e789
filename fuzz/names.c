#include "names.h"

#include <string.h>

enum { NAME_UNITS_MAX = 256 };

/* A row of the table: a first byte's range, the second's, and how many more
 * of 80..BF follow. */
static const struct row {
  uint8_t first_from, first_to;
  uint8_t second_from, second_to;
  uint8_t more;
} rows[] = {
    {0xC2, 0xDF, 0x80, 0xBF, 0}, {0xE0, 0xE0, 0xA0, 0xBF, 1},
    {0xE1, 0xEC, 0x80, 0xBF, 1}, {0xED, 0xED, 0x80, 0x9F, 1},
    {0xEE, 0xEF, 0x80, 0xBF, 1}, {0xF0, 0xF0, 0x90, 0xBF, 2},
    {0xF1, 0xF3, 0x80, 0xBF, 2}, {0xF4, 0xF4, 0x80, 0x8F, 2},
};

/* How many bytes the sequence at `text` has; 0: it is none. */
static size_t sequence(const char *text) {
  const uint8_t *at = (const uint8_t *)text;

  if (at[0] < 0x80) {
    return 1;
  }
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const struct row *row = &rows[i];

    if (at[0] < row->first_from || at[0] > row->first_to) {
      continue;
    }
    if (at[1] < row->second_from || at[1] > row->second_to) {
      return 0;
    }
    for (size_t k = 0; k < row->more; k++) {
      if (at[2 + k] < 0x80 || at[2 + k] > 0xBF) {
        return 0;
      }
    }
    return 2u + row->more;
  }
  return 0;
}

bool names_utf16_of_utf8(const char *text, size_t *units) {
  *units = 0;
  while (*text != '\0') {
    const size_t length = sequence(text);

    if (length == 0) {
      return false;
    }
    *units += length == 4 ? 2 : 1;
    text += length;
  }
  return true;
}

static char lower(char c) {
  return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool names_equal(const char *a, const char *b) {
  for (; *a != '\0' && lower(*a) == lower(*b); a++, b++) {
  }
  return *a == *b;
}

static bool begins(const char *text, const char *with) {
  for (; *with != '\0'; text++, with++) {
    if (lower(*text) != *with) {
      return false;
    }
  }
  return true;
}

/* Whether one of the parts of `path` is `part`. */
static bool has_part(const char *path, const char *part) {
  while (*path != '\0') {
    const size_t length = strcspn(path, "\\/");

    if (length == strlen(part) && memcmp(path, part, length) == 0) {
      return true;
    }
    path += length + (path[length] != '\0' ? 1 : 0);
  }
  return false;
}

np_error names_judge(const char *name, bool is_local, np_error *also) {
  size_t units;
  const char *rest;

  if (!names_utf16_of_utf8(name, &units)) {
    *also = units > NAME_UNITS_MAX ? ERROR_FILENAME_EXCED_RANGE
                                   : ERROR_NO_UNICODE_TRANSLATION;
    return ERROR_NO_UNICODE_TRANSLATION;
  }
  *also = ERROR_INVALID_NAME;
  if (units > NAME_UNITS_MAX) {
    *also = ERROR_FILENAME_EXCED_RANGE;
    return ERROR_FILENAME_EXCED_RANGE;
  }
  if (!begins(name, "\\\\")) {
    return ERROR_INVALID_NAME;
  }
  rest = strchr(name + 2, '\\');
  if (rest == NULL || rest == name + 2 || !begins(rest, "\\pipe\\") ||
      rest[6 + strspn(rest + 6, ".\\/ ")] == '\0' || has_part(rest + 6, ".") ||
      has_part(rest + 6, "..") || (is_local && !begins(name, "\\\\.\\"))) {
    return ERROR_INVALID_NAME;
  }
  *also = NP_OK;
  return NP_OK;
}
