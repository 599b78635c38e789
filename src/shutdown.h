/* Shutdowns from the inside: operations that end when all writes before them
 * have ended. */
#ifndef NPIPE_SRC_SHUTDOWN_H
#define NPIPE_SRC_SHUTDOWN_H

#include "pipe.h"

/* np__shutdown_begin begins a shutdown that was checked. */
void np__shutdown_begin(np_pipe *pipe, np_op *op, np_op_fn done);

/* np__shutdown_write_ended is called when `write` has its result, if a shutdown
 * waits for it: `write` is marked NP__AT_END_TELL. */
void np__shutdown_write_ended(np_pipe *pipe, const np_op *write);

#endif
