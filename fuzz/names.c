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

/* sequence returns the number of bytes of the UTF-8 sequence at `text`, or 0 if
 * the sequence is invalid. */
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

static bool begins(const char *text, const char *with) {
  for (; *with != '\0'; text++, with++) {
    if (lower(*text) != *with) {
      return false;
    }
  }
  return true;
}

static bool is_slash(char c) {
  return c == '\\' || c == '/';
}

/* --- What a name means --------------------------------------------------- */

/* Win32 folds the parts of a path: it drops `.`, takes back the part before a
 * `..`, drops empty parts, one dot at the end of a part that a slash follows,
 * and all dots and blanks at the end of the path. */
static void fold(char out[NAMES_BYTES_MAX], const char *path) {
  static size_t before[NAMES_BYTES_MAX]; /* each part that is kept */
  size_t parts = 0;
  size_t size = 0;
  bool is_last = false;

  while (!is_last) {
    const size_t length = strcspn(path, "\\/");

    is_last = path[length] == '\0';
    if (length > 0 && length == strspn(path, ".") && length <= 2) {
      if (length == 2 && parts > 0) {
        size = before[--parts];
      }
      size -= is_last && size > 0 ? 1 : 0;
    } else if (length > 0) {
      before[parts++] = size;
      memcpy(out + size, path, length);
      size += length;
      if (!is_last) {
        size -= out[size - 1] == '.' ? 1 : 0;
        out[size++] = '\\';
      }
    }
    path += length + (is_last ? 0 : 1);
  }
  while (size > 0 && (out[size - 1] == '.' || out[size - 1] == ' ')) {
    size--;
  }
  out[size] = '\0';
}

/* The kernel compares names in capitals; the simulated one knows those of
 * Latin-1: in UTF-8 the bytes C3 A0 to C3 BE but for C3 B7. */
static void fold_case(char *text) {
  for (uint8_t *at = (uint8_t *)text; *at != 0; at++) {
    *at = (uint8_t)lower((char)*at);
    if (*at == 0xC3 && at[1] >= 0x80 && at[1] <= 0x9E && at[1] != 0x97) {
      at[1] += 0x20;
    }
    at += *at == 0xC3 ? 1 : 0;
  }
}

/* Takes the pipe out of what follows the host in `path`. */
static bool find_pipe_of_host(char *pipe, const char *path) {
  const char *share = path + strcspn(path, "\\");

  if (share == path) {
    return false;
  }
  share += strspn(share, "\\");
  if (!begins(share, "pipe\\") || share[5] == '\0') {
    return false;
  }
  memmove(pipe, share + 5, strlen(share + 5) + 1);
  return true;
}

/* Takes the pipe out of what follows the prefix of a device in `path`. */
static bool find_pipe(char *pipe, const char *path, bool *is_host) {
  static const char *const ways[] = {"pipe\\", "global\\pipe\\",
                                     "globalroot\\device\\namedpipe\\"};

  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    if (begins(path, ways[i])) {
      memmove(pipe, path + strlen(ways[i]), strlen(path + strlen(ways[i])) + 1);
      return *pipe != '\0';
    }
  }
  *is_host = begins(path, "unc\\");
  return *is_host && find_pipe_of_host(pipe, path + 4);
}

/* The host and the share of a path are no parts that are folded. */
static bool find_host(char *pipe, const char *name) {
  static char rest[NAMES_BYTES_MAX];
  const size_t host = strcspn(name, "\\/");
  const size_t gap = strspn(name + host, "\\/");
  const size_t share = strcspn(name + host + gap, "\\/");
  const char *path = name + host + gap + share;

  if (host == 0 || share != 4 || !begins(name + host + gap, "pipe")) {
    return false;
  }
  fold(rest, path);
  memcpy(pipe, rest, strlen(rest) + 1);
  return *pipe != '\0';
}

bool names_meaning(const char *name, char pipe[NAMES_BYTES_MAX],
                   bool *is_host) {
  bool is_pipe;

  *is_host = false;
  *pipe = '\0';
  if (begins(name, "\\\\?\\") || begins(name, "\\??\\")) {
    is_pipe = find_pipe(pipe, name + 4, is_host);
  } else if (!is_slash(name[0]) || !is_slash(name[1])) {
    is_pipe = false;
  } else if ((name[2] == '.' || name[2] == '?') && is_slash(name[3])) {
    fold(pipe, name + 4);
    is_pipe = find_pipe(pipe, pipe, is_host);
  } else {
    *is_host = true;
    is_pipe = find_host(pipe, name + 2);
  }
  fold_case(pipe);
  return is_pipe;
}

np_error names_judge(const char *name, bool is_local, np_error *also) {
  static char pipe[NAMES_BYTES_MAX];
  bool is_host;
  size_t units;

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
  if (!names_meaning(name, pipe, &is_host) || (is_local && is_host)) {
    return ERROR_INVALID_NAME;
  }
  *also = NP_OK;
  return NP_OK;
}
