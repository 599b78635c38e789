/* Calibration: finds out whether a packet follows an ERROR_MORE_DATA that a
 * call answers at once, on a handle that skips the port on success. On Windows
 * and Wine no such packet was ever seen, but no page rules it out. */
#ifndef NPIPE_SRC_CALIBRATION_H
#define NPIPE_SRC_CALIBRATION_H

#include <npipe/op.h>

/* np__calibration_take decides what the answer ERROR_MORE_DATA means for `op`,
 * right after the call that gave it. Never fails.
 *
 * Returns ERROR_MORE_DATA: that is the result. ERROR_IO_PENDING: `on_packet` of
 * the operation will bring the result; the caller then calls np__op_pending. */
np_error np__calibration_take(np_op *op);

#endif
