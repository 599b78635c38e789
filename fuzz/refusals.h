/* Calls that are refused whatever the kernel does, for names_options. */
#ifndef NPIPE_FUZZ_REFUSALS_H
#define NPIPE_FUZZ_REFUSALS_H

#include "stage.h"

/* refusals_check calls the functions that take a pipe without one, and others
 * with `pipe`, open, and arguments that are none. */
void refusals_check(struct stage *stage, np_pipe *pipe);

#endif
