/* Versions in expectations. */
#ifndef NPIPE_CONFORMANCE_RUNNER_VERSION_H
#define NPIPE_CONFORMANCE_RUNNER_VERSION_H

#include <stdbool.h>

/* version_matches compares the version `have` with `wanted` by `sign`, which is
 * < <= > >= or =. Only the parts that `wanted` has are compared. A `have` that
 * does not begin with a number matches nothing. It returns false if `sign` or
 * `wanted` is malformed. */
bool version_matches(const char *have, const char *sign, const char *wanted,
                     bool *matches);

#endif
