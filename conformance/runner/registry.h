/* The registries of cases, questions and roles, as the runner uses them.
 * np_case_first (case.h) returns the cases themselves, question_first
 * (question.h) the questions. */
#ifndef NPIPE_CONFORMANCE_RUNNER_REGISTRY_H
#define NPIPE_CONFORMANCE_RUNNER_REGISTRY_H

#include <stdbool.h>

struct world_role;

enum { REGISTRY_ID_BYTES_MAX = 120 };

/* registry_check prints to stderr the cases and questions with a faulty
 * declaration (a malformed or repeated id, no requirement, no source, fewer
 * than two answers). It returns false if there is one. */
bool registry_check(void);

/* registry_role returns the role with the name `name`, or NULL. */
const struct world_role *registry_role(const char *name);

#endif
