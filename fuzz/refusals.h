/* Calls that are refused in any state of the kernel, for names_options. */
#ifndef NPIPE_FUZZ_REFUSALS_H
#define NPIPE_FUZZ_REFUSALS_H

#include "stage.h"

/* refusals_check calls the functions that take a pipe with NULL, and others
 * with the open `pipe` and invalid arguments. */
void refusals_check(struct stage *stage, np_pipe *pipe);

#endif
