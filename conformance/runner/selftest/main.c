/* The runner's self-test: the runner, with scripts. `--subject NAME VERSION`
 * makes it a program whose cases judge another one. */
#include "runner/options.h"
#include "runner/runner.h"
#include "script/main.h"

#include <string.h>

int main(int argc, char **argv) {
  struct runner_subject subject;
  struct runner_program program = {"npipe-conformance", options_help, "",
                                   script_main, NULL};

  for (int i = 1; i + 2 < argc; i++) {
    if (strcmp(argv[i], "--subject") == 0) {
      subject = (struct runner_subject){argv[i + 1], argv[i + 2], "no command"};
      program.subject = &subject;
      memmove(&argv[i], &argv[i + 3], (size_t)(argc - i - 2) * sizeof(*argv));
      argc -= 3;
    }
  }
  return runner_main(&program, argc, argv);
}
