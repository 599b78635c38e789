/* npipe-conformance, and the runner's self-test: the runner, with scripts. */
#include "runner/options.h"
#include "runner/runner.h"
#include "script/main.h"

int main(int argc, char **argv) {
  static const struct runner_program program = {
      "npipe-conformance", options_help, "", script_main, NULL};

  return runner_main(&program, argc, argv);
}
