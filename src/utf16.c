/* Converts UTF-8 to UTF-16. Overlong forms, surrogates and truncated sequences
 * are errors, so that two names that differ in bytes never become the same. */
#include "utf16.h"

#include <stdint.h>

/* decode_utf8 reads one code point. It returns the number of bytes, or 0 for
 * malformed bytes: overlong forms, surrogates, and values beyond U+10FFFF. */
static size_t decode_utf8(const unsigned char *text, uint32_t *point) {
  static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t length;
  uint32_t value;

  if (text[0] < 0x80) {
    *point = text[0];
    return 1;
  }
  if ((text[0] & 0xE0) == 0xC0) {
    length = 2;
    value = text[0] & 0x1Fu;
  } else if ((text[0] & 0xF0) == 0xE0) {
    length = 3;
    value = text[0] & 0x0Fu;
  } else if ((text[0] & 0xF8) == 0xF0) {
    length = 4;
    value = text[0] & 0x07u;
  } else {
    return 0;
  }
  for (size_t i = 1; i < length; i++) {
    /* The NUL at the end is not a continuation byte, so nothing is read beyond
     * it. */
    if ((text[i] & 0xC0) != 0x80) {
      return 0;
    }
    value = (value << 6) | (text[i] & 0x3Fu);
  }
  if (value < smallest[length] || value > 0x10FFFF ||
      (value >= 0xD800 && value <= 0xDFFF)) {
    return 0;
  }
  *point = value;
  return length;
}

/* encode writes `point` if `room` units suffice. It returns the number of
 * units, or 0 if they do not fit. */
static size_t encode(uint32_t point, WCHAR *out, size_t room) {
  if (point < 0x10000) {
    if (room < 1) {
      return 0;
    }
    out[0] = (WCHAR)point;
    return 1;
  }
  if (room < 2) {
    return 0;
  }
  out[0] = (WCHAR)(0xD800 + ((point - 0x10000) >> 10));
  out[1] = (WCHAR)(0xDC00 + ((point - 0x10000) & 0x3FF));
  return 2;
}

np_error np__utf16_from_utf8(const char *text, WCHAR *out, size_t capacity,
                             size_t *units) {
  const unsigned char *at = (const unsigned char *)text;
  size_t used = 0;

  for (;;) {
    uint32_t point;
    size_t length = decode_utf8(at, &point);
    size_t count;

    if (length == 0) {
      return ERROR_NO_UNICODE_TRANSLATION;
    }
    count = encode(point, out + used, capacity - used);
    if (count == 0) {
      return ERROR_INSUFFICIENT_BUFFER;
    }
    used += count;
    if (point == 0) {
      *units = used - 1;
      return NP_OK;
    }
    at += length;
  }
}
