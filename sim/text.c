/* Text: conversion between UTF-16 and bytes, and comparison. Bytes are UTF-8,
 * whatever the code page: Windows has that page as "ANSI" where a program's
 * manifest asks for it. */
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

enum {
  NO_CHARACTER = 0xFFFD,
  SURROGATE_FIRST = 0xD800,
  SURROGATE_LAST = 0xDFFF
};

/* Where converted text goes. Without room it is only counted. */
struct sink {
  void *out;
  size_t room;
  size_t used;
  bool too_small;
  bool is_bad; /* the input had a unit or byte that is no character */
};

/* --- From UTF-16 --------------------------------------------------------- */

static void put_bytes(struct sink *sink, const char *bytes, size_t count) {
  if (sink->room > 0 && sink->room - sink->used < count) {
    sink->too_small = true;
    return;
  }
  if (sink->room > 0) {
    memcpy((char *)sink->out + sink->used, bytes, count);
  }
  sink->used += count;
}

static void put_utf8(struct sink *sink, uint32_t c) {
  char bytes[4];
  size_t count = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  static const unsigned char first[] = {0, 0, 0xC0, 0xE0, 0xF0};

  for (size_t i = count; i-- > 1;) {
    bytes[i] = (char)(0x80 | (c & 0x3F));
    c >>= 6;
  }
  bytes[0] = (char)(first[count] | c);
  put_bytes(sink, bytes, count);
}

static bool is_surrogate(uint32_t c) {
  return c >= SURROGATE_FIRST && c <= SURROGATE_LAST;
}

static void encode(struct sink *sink, const WCHAR *text, size_t units) {
  for (size_t i = 0; i < units && !sink->too_small; i++) {
    uint32_t c = text[i];

    if (c >= 0xD800 && c < 0xDC00 && i + 1 < units && text[i + 1] >= 0xDC00 &&
        text[i + 1] <= SURROGATE_LAST) {
      c = 0x10000 + ((c - 0xD800) << 10) + (text[++i] - 0xDC00u);
    } else if (is_surrogate(c)) {
      sink->is_bad = true;
      c = NO_CHARACTER;
    }
    put_utf8(sink, c);
  }
}

int WINAPI WideCharToMultiByte(UINT code_page, DWORD flags, LPCWSTR text,
                               int units, LPSTR out, int size,
                               LPCSTR default_char, LPBOOL used_default) {
  struct call call;
  struct sink sink = {.out = out, .room = size > 0 ? (size_t)size : 0};

  if (sim__call_begin(&call, __func__, PLACE, "%d", size)) {
    bool utf8 = code_page == CP_UTF8;

    if (text == NULL || units == 0 || units < -1 || size < 0 ||
        (size > 0 && out == NULL) ||
        (utf8 && (default_char != NULL || used_default != NULL))) {
      call.error = ERROR_INVALID_PARAMETER;
    } else {
      encode(&sink, text,
             units == -1 ? (size_t)lstrlenW(text) + 1 : (size_t)units);
      if (sink.is_bad && (flags & WC_ERR_INVALID_CHARS) != 0) {
        call.error = ERROR_NO_UNICODE_TRANSLATION;
      } else if (sink.too_small) {
        call.error = ERROR_INSUFFICIENT_BUFFER;
      } else if (used_default != NULL) {
        *used_default = sink.is_bad;
      }
    }
  }
  return sim__call_end(&call) ? (int)sink.used : 0;
}

/* --- From UTF-8 ---------------------------------------------------------- */

static void put_unit(struct sink *sink, uint32_t unit) {
  if (sink->room > 0 && sink->used == sink->room) {
    sink->too_small = true;
    return;
  }
  if (sink->room > 0) {
    ((WCHAR *)sink->out)[sink->used] = (WCHAR)unit;
  }
  sink->used++;
}

static void put_utf16(struct sink *sink, uint32_t c) {
  if (c >= 0x10000) {
    put_unit(sink, 0xD7C0 + (c >> 10));
    put_unit(sink, 0xDC00 + (c & 0x3FF));
  } else {
    put_unit(sink, c);
  }
}

/* decode_one returns the length of the character at `text`, and the character.
 * A byte that begins none is a bad character of its own. */
static size_t decode_one(const unsigned char *text, size_t bytes, uint32_t *c) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t length = text[0] < 0x80   ? 1
                  : text[0] < 0xC0 ? 0
                  : text[0] < 0xE0 ? 2
                  : text[0] < 0xF0 ? 3
                  : text[0] < 0xF8 ? 4
                                   : 0;

  *c = NO_CHARACTER;
  if (length == 1) {
    *c = text[0];
    return 1;
  }
  if (length == 0 || length > bytes) {
    return 1;
  }
  uint32_t value = text[0] & (0xFFu >> (length + 1));

  for (size_t i = 1; i < length; i++) {
    if ((text[i] & 0xC0) != 0x80) {
      return 1;
    }
    value = value << 6 | (text[i] & 0x3F);
  }
  if (value < least[length] || value > 0x10FFFF || is_surrogate(value)) {
    return 1;
  }
  *c = value;
  return length;
}

static void decode(struct sink *sink, const char *text, size_t bytes) {
  const unsigned char *at = (const unsigned char *)text;
  static const char replacement[] = "\xEF\xBF\xBD";

  while (bytes > 0 && !sink->too_small) {
    uint32_t c;
    size_t length = decode_one(at, bytes, &c);

    sink->is_bad = sink->is_bad ||
                   (c == NO_CHARACTER &&
                    (length != sizeof replacement - 1 ||
                     memcmp(at, replacement, sizeof replacement - 1) != 0));
    put_utf16(sink, c);
    at += length;
    bytes -= length;
  }
}

int WINAPI MultiByteToWideChar(UINT code_page, DWORD flags, LPCSTR text,
                               int bytes, LPWSTR out, int size) {
  struct call call;
  struct sink sink = {.out = out, .room = size > 0 ? (size_t)size : 0};

  (void)code_page;
  if (sim__call_begin(&call, __func__, PLACE, "%d", size)) {
    if (text == NULL || bytes == 0 || bytes < -1 || size < 0 ||
        (size > 0 && out == NULL)) {
      call.error = ERROR_INVALID_PARAMETER;
    } else {
      decode(&sink, text, bytes == -1 ? strlen(text) + 1 : (size_t)bytes);
      if (sink.is_bad && (flags & MB_ERR_INVALID_CHARS) != 0) {
        call.error = ERROR_NO_UNICODE_TRANSLATION;
      } else if (sink.too_small) {
        call.error = ERROR_INSUFFICIENT_BUFFER;
      }
    }
  }
  return sim__call_end(&call) ? (int)sink.used : 0;
}

WCHAR *sim__wide(const char *text) {
  struct sink sink = {.out = NULL, .room = 0};

  if (text == NULL) {
    return NULL;
  }
  sink.room = strlen(text) + 1; /* a byte makes one unit at most */
  sink.out = malloc(sink.room * sizeof(WCHAR));
  decode(&sink, text, sink.room);
  return sink.out;
}

char *sim__narrow(const WCHAR *text) {
  struct sink sink = {.out = NULL, .room = 0};

  if (text == NULL) {
    return NULL;
  }
  sink.room = 3 * (size_t)lstrlenW(text) + 1;
  sink.out = malloc(sink.room);
  encode(&sink, text, (size_t)lstrlenW(text) + 1);
  return sink.out;
}

/* --- Comparison ---------------------------------------------------------- */

int WINAPI lstrlenW(LPCWSTR text) {
  int length = 0;

  while (text != NULL && text[length] != 0) {
    length++;
  }
  return length;
}

static WCHAR lower(WCHAR c) {
  return c >= 'A' && c <= 'Z' ? (WCHAR)(c + 32) : c;
}

int WINAPI lstrcmpW(LPCWSTR a, LPCWSTR b) {
  while (*a != 0 && *a == *b) {
    a++;
    b++;
  }
  return (int)*a - (int)*b;
}

int WINAPI lstrcmpiW(LPCWSTR a, LPCWSTR b) {
  while (*a != 0 && lower(*a) == lower(*b)) {
    a++;
    b++;
  }
  return (int)lower(*a) - (int)lower(*b);
}

int WINAPI lstrlenA(LPCSTR text) {
  return text == NULL ? 0 : (int)strlen(text);
}

int WINAPI lstrcmpA(LPCSTR a, LPCSTR b) {
  return strcmp(a, b);
}

int WINAPI lstrcmpiA(LPCSTR a, LPCSTR b) {
  while (*a != 0 && lower((unsigned char)*a) == lower((unsigned char)*b)) {
    a++;
    b++;
  }
  return (int)lower((unsigned char)*a) - (int)lower((unsigned char)*b);
}
