/* Text that grows, and its quoting for JSON, XML and a terminal. */
#ifndef NPIPE_CONFORMANCE_RUNNER_TEXT_H
#define NPIPE_CONFORMANCE_RUNNER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* `bytes` ends with a NUL, which `length` does not count; NULL means empty.
 * Beyond TEXT_BYTES_MAX the text is cut and ends with a note, so that a case
 * that prints for ever needs no more memory. */
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

/* text_trim removes white space at the end. */
void text_trim(struct text *text);

/* checked_alloc is calloc that ends the program if no memory is left, because
 * no test result could be trusted then. */
void *checked_alloc(size_t count, size_t size);

/* Each function writes `s` in quotes. Characters that the format does not allow
 * are escaped or replaced by '?'. */
void json_string(FILE *out, const char *s);
void xml_attribute(FILE *out, const char *s);

/* xml_text writes `s` as the content of an element. */
void xml_text(FILE *out, const char *s);

#endif
