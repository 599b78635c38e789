/* Controls of a pipe that are answered at once: their effect waits neither for
 * the peer nor for data. */
#ifndef NPIPE_SRC_CONTROL_H
#define NPIPE_SRC_CONTROL_H

#include "pipe.h"

/* np__control calls the control `code` without input. `*used` is the number of
 * bytes that the kernel says it has answered into `answer`, which has room for
 * `size`. An answer that was cut (STATUS_BUFFER_OVERFLOW) is a success.
 *
 * Returns NP_OK or the error of Windows, also that of the loop's event, without
 * which nothing was called. */
np_error np__control(np_pipe *pipe, ULONG code, void *answer, ULONG size,
                     ULONG *used);

#endif
