/* Cancels: how an operation is asked to end early, in each of its states. The
 * rules are that a cancel is never lost, and that the result decides: an
 * operation that had succeeded first reports its success. */
#include <assert.h>

#include "op.h"

/* Number of attempts to cancel everything before a close. */
#define OP_CANCELS_MAX 3u

np_error np_op_cancel(np_op *op) {
  if (op == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  if (op->np__state != NP__OP_IDLE) {
    np__loop_check_thread(op->np__target->loop);
  }
  return np__op_abort(op, NP__BY_CANCEL);
}

np_error np__cause_error(unsigned cause) {
  static const np_error errors[] = {NP_OK, ERROR_OPERATION_ABORTED,
                                    WAIT_TIMEOUT, ERROR_PIPE_NOT_CONNECTED};

  return errors[cause];
}

np_error np__op_cancel(np_op *op) {
  np_error error;

  if (!CancelIoEx(op->np__target->handle, &op->np__packet.overlapped)) {
    error = GetLastError();
    if (error != ERROR_NOT_FOUND) {
      return error;
    }
    /* The operation has its result; the packet is on the way. */
  }
  np__loop_poll_soon(op->np__target->loop);
  return NP_OK;
}

/* abort_held_back is np__op_abort for a held-back operation: see op.h. */
static np_error abort_held_back(np_op *op, np__cause cause) {
  if (np__op_has_succeeded(op)) {
    return ERROR_NOT_FOUND;
  }
  if (np__op_direction(op) == NP__INWARD) {
    op->np__error = np__cause_error(cause);
  }
  np__op_release(op);
  return NP_OK;
}

np_error np__op_abort(np_op *op, np__cause cause) {
  np_error error;

  switch (op->np__state) {
    case NP__OP_WAITING:
      op->np__cause = (uint8_t)cause;
      np__op_end(op, ERROR_OPERATION_ABORTED, 0);
      return NP_OK;
    case NP__OP_PUT_OFF:
      /* The operation ends at the begin of the next turn. An operation of a
       * late kind ends when its turn to be posted comes. */
      if (op->np__cause == NP__NO_CAUSE) {
        op->np__cause = (uint8_t)cause;
        op->np__at_end |= NP__AT_END_ABORT;
        if ((op->np__kind & NP__KIND_LATE) == 0) {
          np__loop_hurry(op->np__target->loop, &op->np__packet);
        }
      }
      return NP_OK;
    case NP__OP_IN_KERNEL:
      if (op->np__cause != NP__NO_CAUSE) {
        return NP_OK;
      }
      op->np__cause = (uint8_t)cause; /* `cancel` may read it, and end `op` */
      error = op->np__packet.class_->cancel(op);
      if (error != NP_OK) {
        op->np__cause = NP__NO_CAUSE;
      }
      return error;
    case NP__OP_HELD_BACK:
      return abort_held_back(op, cause);
    case NP__OP_ENDED:
      if ((op->np__at_end & NP__AT_END_AGAIN) != 0) {
        if (op->np__cause == NP__NO_CAUSE) {
          op->np__cause = (uint8_t)cause;
        }
        return NP_OK;
      }
      return ERROR_NOT_FOUND;
    default:
      return ERROR_NOT_FOUND;
  }
}

np_error np__op_abort_part(np_op *part) {
  const np_error error = np__op_abort(part, NP__BY_CANCEL);

  return error == ERROR_NOT_FOUND ? NP_OK : error;
}

void np__target_abort_all(np__target *target, np__cause cause) {
  bool in_kernel = false;
  np_op *next;

  for (np_op *op = np__target_first(target); op != NULL; op = next) {
    next = np__op_next(op);
    if (op->np__state == NP__OP_IN_KERNEL &&
        op->np__packet.class_->cancel == np__op_cancel) {
      in_kernel = true;
      if (op->np__cause == NP__NO_CAUSE) {
        op->np__cause = (uint8_t)cause;
      }
    } else if (op->np__state != NP__OP_HELD_BACK) {
      np__op_abort(op, cause);
    }
  }
  for (unsigned i = 0; in_kernel && i < OP_CANCELS_MAX; i++) {
    /* ERROR_NOT_FOUND: every operation has its result. Other errors are worth
     * another attempt: an uncancelled write stays until the peer has read. */
    if (CancelIoEx(target->handle, NULL) || GetLastError() == ERROR_NOT_FOUND) {
      break;
    }
  }
}
