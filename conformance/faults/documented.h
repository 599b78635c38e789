/* The errors that the public headers allow, as far as a fault can cause
 * them. */
#ifndef NPIPE_FAULTS_DOCUMENTED_H
#define NPIPE_FAULTS_DOCUMENTED_H

#include <stdbool.h>

#include "run.h"

/* is_documented returns true if the header of `function` allows `error`, as a
 * return value or as the result of its callback, in a run with the fault of
 * `plan`. A function outside the library may give any error. */
bool is_documented(const char *function, np_error error,
                   const struct plan *plan);

#endif
