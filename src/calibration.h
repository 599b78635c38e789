/* Whether a packet follows an ERROR_MORE_DATA that a call answers at once, on a
 * handle that skips the port on success. On Windows and Wine none was ever
 * seen, and no page says so. */
#ifndef NPIPE_SRC_CALIBRATION_H
#define NPIPE_SRC_CALIBRATION_H

#include <npipe/op.h>

/* np__calibration_take decides what the answer ERROR_MORE_DATA means for `op`,
 * right after the call that gave it. ERROR_MORE_DATA: that is the result.
 * ERROR_IO_PENDING: the op's `on_packet` will bring the result; the caller
 * takes note of that by np__op_pending. Never fails. */
np_error np__calibration_take(np_op *op);

#endif
