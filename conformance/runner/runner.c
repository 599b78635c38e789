/* The runner as a function: one executable lists the cases, runs them in child
 * processes, and serves as these child processes. */
#include "runner/runner.h"
#include "runner/answer.h"
#include "runner/ask.h"
#include "runner/child.h"
#include "runner/list.h"
#include "runner/options.h"
#include "runner/parent.h"
#include "runner/registry.h"
#include "world.h"
#include "world/host.h"

#include <stdio.h>

/* Prints the names of the kinds of kernel, or what the present one is. */
static void settings_print(bool names) {
  char line[128];

  for (size_t i = 0; names && world_settings_name(i) != NULL; i++) {
    puts(world_settings_name(i));
  }
  for (size_t i = 0; !names && world_settings_text(i, line, sizeof(line));
       i++) {
    puts(line);
  }
}

int runner_main(const struct runner_program *program, int argc, char **argv) {
  struct options options;

  if (!options_parse(&options, program, argc, argv)) {
    return EXIT_USAGE;
  }
  host_init(options.child != NULL || options.role != NULL);
  if (options.help) {
    fputs(program->help, stdout);
    return EXIT_GOOD;
  }
  world_set_time_scale(options.time_scale);
  world_set_trace(options.trace || options.traces != NULL || options.replay);
  if (options.settings != NULL && !world_set_settings(options.settings)) {
    fprintf(stderr, "%s: no settings \"%s\" in the world %s\n", program->name,
            options.settings, world_name());
    return EXIT_USAGE;
  }
  if (options.list_settings || options.print_settings) {
    settings_print(options.list_settings);
    return 0;
  }
  if (options.role != NULL) {
    return role_main(&options);
  }
  if (options.ask != NULL) {
    return ask_main(&options);
  }
  if (options.child != NULL) {
    return child_main(&options);
  }
  if (options.script || options.script_file != NULL) {
    return program->script(&options);
  }
  if (!registry_check()) {
    return 1;
  }
  if (options.list) {
    return list_main(&options);
  }
  if (options.questions) {
    return questions_main(&options);
  }
  return parent_main(&options);
}
