/* Text that grows, and its quoting for JSON, XML and a terminal. Invalid UTF-8
 * and characters that XML forbids become '?'. */
#include "runner/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void *checked_alloc(size_t count, size_t size) {
  void *memory = calloc(count, size);

  if (memory == NULL) {
    fprintf(stderr, "npipe-conformance: out of memory\n");
    abort();
  }
  return memory;
}

static void text_reserve(struct text *text, size_t length) {
  size_t wanted = text->length + length + 1;
  size_t capacity = text->capacity == 0 ? 256 : text->capacity;
  char *bytes;

  if (wanted <= text->capacity) {
    return;
  }
  while (capacity < wanted) {
    capacity *= 2;
  }
  bytes = checked_alloc(capacity, 1);
  if (text->length > 0) {
    memcpy(bytes, text->bytes, text->length);
  }
  free(text->bytes);
  text->bytes = bytes;
  text->capacity = capacity;
}

void text_add(struct text *text, const char *bytes, size_t length) {
  static const char note[] = "\n[the rest is cut off]\n";
  size_t left = TEXT_BYTES_MAX - text->length;
  bool cut = length > left;

  if (length == 0 || text->cut) {
    return;
  }
  length = cut ? left : length;
  text_reserve(text, length + sizeof(note));
  memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
  text->bytes[text->length] = '\0';
  if (cut) {
    memcpy(text->bytes + text->length, note, sizeof(note));
    text->length += sizeof(note) - 1;
    text->cut = true;
  }
}

void text_print(struct text *text, const char *format, ...) {
  char line[1024];
  va_list args;
  int length;

  va_start(args, format);
  length = vsnprintf(line, sizeof(line), format, args);
  va_end(args);
  if (length > 0) {
    text_add(text, line,
             (size_t)length < sizeof(line) ? (size_t)length : sizeof(line) - 1);
  }
}

void text_deinit(struct text *text) {
  free(text->bytes);
  memset(text, 0, sizeof(*text));
}

const char *text_of(const struct text *text) {
  return text->length > 0 ? text->bytes : "";
}

void text_trim(struct text *text) {
  while (text->length > 0 &&
         strchr(" \r\n\t", text->bytes[text->length - 1]) != NULL) {
    text->bytes[--text->length] = '\0';
  }
}

/* utf8_length returns the size of the UTF-8 character at `s`, or 0 if the
 * character is malformed or XML 1.0 forbids it. */
static size_t utf8_length(const unsigned char *s) {
  size_t length = s[0] < 0x80   ? 1
                  : s[0] < 0xC2 ? 0
                  : s[0] < 0xE0 ? 2
                  : s[0] < 0xF0 ? 3
                  : s[0] < 0xF5 ? 4
                                : 0;

  for (size_t i = 1; i < length; i++) {
    if ((s[i] & 0xC0) != 0x80) {
      return 0;
    }
  }
  if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
      (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F) ||
      (s[0] == 0xEF && s[1] == 0xBF && s[2] > 0xBD)) {
    return 0;
  }
  return length;
}

/* put_character writes the character at `s`, or '?' for invalid UTF-8, and
 * returns the place of the next character. */
static const char *put_character(FILE *out, const char *s) {
  size_t length = utf8_length((const unsigned char *)s);

  if (length == 0) {
    fputc('?', out);
    return s + 1;
  }
  fwrite(s, 1, length, out);
  return s + length;
}

void json_string(FILE *out, const char *s) {
  fputc('"', out);
  while (*s != '\0') {
    if (*s == '"' || *s == '\\') {
      fprintf(out, "\\%c", *s++);
    } else if (*s == '\n') {
      fputs("\\n", out);
      s++;
    } else if ((unsigned char)*s < 0x20) {
      fprintf(out, "\\u%04x", (unsigned)(unsigned char)*s++);
    } else {
      s = put_character(out, s);
    }
  }
  fputc('"', out);
}

void xml_text(FILE *out, const char *s) {
  while (*s != '\0') {
    if (*s == '&') {
      fputs("&amp;", out);
      s++;
    } else if (*s == '<') {
      fputs("&lt;", out);
      s++;
    } else if (*s == '>') {
      fputs("&gt;", out);
      s++;
    } else if (*s == '"') {
      fputs("&quot;", out);
      s++;
    } else if (*s == '\n') {
      fputs("&#10;", out);
      s++;
    } else if ((unsigned char)*s < 0x20 && *s != '\t') {
      fputc('?', out);
      s++;
    } else {
      s = put_character(out, s);
    }
  }
}

void xml_attribute(FILE *out, const char *s) {
  fputc('"', out);
  xml_text(out, s);
  fputc('"', out);
}
