/* npipe-subjects: the runner, with cases that judge any program's use of named
 * pipes from outside. It does not use npipe. */
#include "config.h"
#include "judge.h"
#include "runner/options.h"
#include "runner/runner.h"

#include <stdio.h>
#include <string.h>

/* has returns true if `word` is one of the arguments. `take` removes it. */
static bool has(int *argc, char **argv, const char *word, bool take) {
  for (int i = 1; i < *argc; i++) {
    if (strcmp(argv[i], word) == 0) {
      if (take) {
        memmove(&argv[i], &argv[i + 1], (size_t)(*argc - i) * sizeof(*argv));
        --*argc;
      }
      return true;
    }
  }
  return false;
}

/* adapter_name returns the command of the program, "" if there is none. */
static const char *adapter_name(void) {
  return config.command[ROLE_SERVER][0] != '\0' ? config.command[ROLE_SERVER]
                                                : config.command[ROLE_CLIENT];
}

int main(int argc, char **argv) {
  struct runner_subject subject;
  char repeat[2 * CONFIG_COMMAND_BYTES_MAX];
  struct runner_program program = {"npipe-subjects", config_help, repeat, NULL,
                                   &subject};
  bool all = has(&argc, argv, "--all", true);
  bool runs = !has(&argc, argv, "--help", false);

  if (!config_take_options(&argc, argv)) {
    return EXIT_USAGE;
  }
  config_read();
  config_repeat(repeat, sizeof(repeat));
  subject.name = config.name[0] != '\0' ? config.name : adapter_name();
  subject.version = config.version;
  subject.adapter = adapter_name();
  if (runs && !all && adapter_name()[0] == '\0') {
    fputs(
        "npipe-subjects: --server, --client or --subject is needed (see "
        "--help)\n",
        stderr);
    return EXIT_USAGE;
  }
  if (runs) {
    subject_cases_select(all);
  }
  return runner_main(&program, argc, argv);
}
