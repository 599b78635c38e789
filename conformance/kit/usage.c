/* The command line of a test program. Exit code 2 says that the command line
 * was wrong, as with the runner: a script can tell it from a failed test. */
#include "usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void usage_help(int argc, char **argv, const char *text) {
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0) {
      fputs(text, stdout);
      exit(0);
    }
  }
}

_Noreturn void usage_refuse(const char *program, const char *argument) {
  fprintf(stderr, "%s: bad option or value: %s (see --help)\n", program,
          argument);
  exit(2);
}
