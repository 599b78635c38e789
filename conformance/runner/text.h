/* Text that grows, and how it is quoted for JSON, XML and a terminal. */
#ifndef NPIPE_CONFORMANCE_RUNNER_TEXT_H
#define NPIPE_CONFORMANCE_RUNNER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* `bytes` ends with a zero that `length` doesn't count; NULL when empty. Past
 * TEXT_BYTES_MAX it takes no more and says so at its end, so that a case that
 * prints for ever costs no more than that. */
struct text {
  char *bytes;
  size_t length;
  size_t capacity;
  bool cut;
};

enum { TEXT_BYTES_MAX = 64 * 1024 };

void text_add(struct text *text, const char *bytes, size_t length);
void text_print(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void text_deinit(struct text *text);

/* text_of returns the text as a string, "" when empty. */
const char *text_of(const struct text *text);

/* text_trim removes what is white at the end. */
void text_trim(struct text *text);

/* checked_alloc is calloc that ends the program when there is no memory: no
 * test result is worth anything then. */
void *checked_alloc(size_t count, size_t size);

/* Each writes `s` in quotes, with what the format does not take escaped or
 * replaced by '?'. */
void json_string(FILE *out, const char *s);
void xml_attribute(FILE *out, const char *s);

/* xml_text writes `s` as the content of an element. */
void xml_text(FILE *out, const char *s);

#endif
