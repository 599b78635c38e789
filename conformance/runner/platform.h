/* The platform of this run. */
#ifndef NPIPE_CONFORMANCE_RUNNER_PLATFORM_H
#define NPIPE_CONFORMANCE_RUNNER_PLATFORM_H

#include "world/host.h"

#include <stdbool.h>

/* The facts at the head of every report. */
struct platform {
  const char *world;
  const char *architecture;
  const char *compiler;
  char version[64]; /* on sim the name of the settings */
  char build[96];
  char commit[64]; /* from commit.txt beside the executable; "": none */
  struct host_facts facts;
};

void platform_init(struct platform *platform);

/* platform_is compares `platform` with `on`, which is WORLD [ARCHITECTURE]
 * [< <= > >= = VERSION], WORLD users, WORLD alone, or sim SETTINGS. `*applies`
 * becomes true if `platform` is such a platform. It returns false if `on` is
 * malformed. */
bool platform_is(const struct platform *platform, const char *on,
                 bool *applies);

#endif
