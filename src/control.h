/* Controls of a pipe that are answered at once: their effect waits neither for
 * the peer nor for data. */
#ifndef NPIPE_SRC_CONTROL_H
#define NPIPE_SRC_CONTROL_H

#include "pipe.h"

/* np__control calls the control `code` without input. The kernel writes up to
 * `size` bytes to `answer`, and `*used` gets the number that the kernel tells.
 * An answer that was cut (STATUS_BUFFER_OVERFLOW) is a success.
 *
 * Returns NP_OK or the error of Windows. The error may also be that the loop's
 * event could not be created; then the control was not called. */
np_error np__control(np_pipe *pipe, ULONG code, void *answer, ULONG size,
                     ULONG *used);

#endif
