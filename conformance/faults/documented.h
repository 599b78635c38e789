/* Which errors the public headers name, as far as a fault can bring them. */
#ifndef NPIPE_FAULTS_DOCUMENTED_H
#define NPIPE_FAULTS_DOCUMENTED_H

#include <stdbool.h>

#include "run.h"

/* is_documented tells whether the header of `function` lets it give `error`, as
 * a result or to its callback, in a run with the fault of `plan`. A function
 * that is not of the library may give anything. */
bool is_documented(const char *function, np_error error,
                   const struct plan *plan);

#endif
