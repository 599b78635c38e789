/* How cmocka prints on Windows: cmocka's source includes this file
 * (CMOCKA_PLATFORM_INCLUDE). The runner's child processes write to a pipe, and
 * each write wakes the runner. By itself cmocka would print 30 times for each
 * case: mingw's fprintf writes each character alone to a stream without a
 * buffer, which stderr is. Its lines around a case that passes are not printed
 * at all; the runner drops them anyway. */
#ifndef NPIPE_CMOCKA_PLATFORM_H
#define NPIPE_CMOCKA_PLATFORM_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <windows.h>

/* Raises an exception at each call, for a debugger. */
#undef OutputDebugString
#define OutputDebugString(text) ((void)(text))

static int np_is_frame(const char *text) {
  static const char *const starts[] = {"[==========]", "[ RUN      ]",
                                       "[       OK ]", "[  PASSED  ]"};

  for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
    if (strncmp(text, starts[i], strlen(starts[i])) == 0) {
      return 1;
    }
  }
  return 0;
}

/* np_print prints text of at most 1,023 bytes, as cmocka's messages are, in one
 * write. Longer text goes by parts, as the stream likes. */
static int np_print(FILE *stream, const char *format, ...) {
  char text[1024];
  va_list args;
  int length;

  va_start(args, format);
  length = vsnprintf(text, sizeof(text), format, args);
  va_end(args);
  if (length < 0 || (size_t)length >= sizeof(text)) {
    va_start(args, format);
    length = vfprintf(stream, format, args);
    va_end(args);
  } else if (!np_is_frame(text)) {
    fwrite(text, 1, (size_t)length, stream);
  }
  return length;
}

#define fprintf     np_print
#define printf(...) np_print(stdout, __VA_ARGS__)

#endif
