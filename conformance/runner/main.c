/* npipe-conformance: one executable that lists the cases, runs them in child
 * processes, and serves as these child processes. It also plays scripts. */
#include "runner/child.h"
#include "runner/list.h"
#include "runner/options.h"
#include "runner/parent.h"
#include "runner/registry.h"
#include "script/main.h"
#include "world.h"
#include "world/host.h"

#include <stdio.h>

int main(int argc, char **argv) {
  struct options options;

  if (!options_parse(&options, argc, argv)) {
    return 1;
  }
  host_init(options.child != NULL || options.role != NULL);
  if (options.help) {
    fputs(options_help, stdout);
    return 0;
  }
  world_set_time_scale(options.time_scale);
  world_set_trace(options.trace || options.traces != NULL);
  if (options.settings != NULL && !world_set_settings(options.settings)) {
    fprintf(stderr, "npipe-conformance: no settings \"%s\" in the world %s\n",
            options.settings, world_name());
    return 1;
  }
  if (options.list_settings) {
    size_t i;

    for (i = 0; world_settings_name(i) != NULL; i++) {
      puts(world_settings_name(i));
    }
    return 0;
  }
  if (options.role != NULL) {
    return role_main(&options);
  }
  if (options.child != NULL) {
    return child_main(&options);
  }
  if (options.script || options.script_file != NULL) {
    return script_main(&options);
  }
  if (!registry_check()) {
    return 1;
  }
  if (options.list) {
    return list_main(&options);
  }
  return parent_main(&options);
}
