/* The registries of cases and of roles, as the runner reads them. The cases
 * themselves come from np_case_first (case.h). */
#ifndef NPIPE_CONFORMANCE_RUNNER_REGISTRY_H
#define NPIPE_CONFORMANCE_RUNNER_REGISTRY_H

#include <stdbool.h>

struct world_role;

enum { REGISTRY_ID_BYTES_MAX = 120 };

/* registry_check tells on stderr which cases are badly declared (form of the
 * id, an id twice, no requirement or source); false if any is. */
bool registry_check(void);

/* registry_role returns the role called `name`, or NULL. */
const struct world_role *registry_role(const char *name);

#endif
