/* The failure of a law: prints it and aborts, so that a fuzzer keeps the
 * input. */
#include "fuzz.h"

#include <stdarg.h>
#include <stdlib.h>

bool fuzz_prints;

void fuzz_broken(const char *file, int line, const char *format, ...) {
  va_list arguments;

  fflush(stdout);
  fprintf(stderr, "%s:%d: broken law: ", file, line);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  fflush(stderr);
  abort();
}
