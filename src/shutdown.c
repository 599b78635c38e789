/* np_pipe_shutdown. A shutdown is an operation that the kernel never sees: it
 * ends when no unfinished write is before it in the order of beginning. It
 * reports the first failure among those writes. */
#include "shutdown.h"

#include <npipe/io.h>

/* shutdown_result returns the error of a shutdown. A session that ended
 * meanwhile took the bytes with it, also if the kernel said that the writes
 * succeeded. */
static np_error shutdown_result(const np_op *op) {
  return op->np__error == NP_OK && (op->np__at_end & NP__AT_END_STALE) != 0
             ? ERROR_PIPE_NOT_CONNECTED
             : op->np__error;
}

/* shutdown_progress ends the shutdowns that have no unfinished write before
 * them. It walks in the order of beginning, up to the first such write. */
static void shutdown_progress(np_pipe *pipe) {
  np_op *next;

  for (np_op *op = np__target_first(&pipe->target); op != NULL; op = next) {
    next = np__op_next(op);
    if (op->np__state >= NP__OP_HELD_BACK) {
      continue;
    }
    if (op->np__kind == NP__OP_WRITE) {
      return;
    }
    if (op->np__kind == NP__OP_SHUTDOWN) {
      np__op_end(op, shutdown_result(op), 0);
    }
  }
}

void np__shutdown_write_ended(np_pipe *pipe, const np_op *write) {
  if (write->np__error != NP_OK) {
    for (np_op *op = np__op_next(write); op != NULL; op = np__op_next(op)) {
      if (op->np__kind == NP__OP_SHUTDOWN && op->np__error == NP_OK) {
        op->np__error = write->np__error;
      }
    }
  }
  shutdown_progress(pipe);
}

/* mark_writes marks each write that a shutdown must wait for. The end of a
 * marked write calls np__shutdown_write_ended. Returns true if there is a
 * write. */
static bool mark_writes(np_pipe *pipe) {
  bool found = false;

  for (np_op *op = np__target_first(&pipe->target); op != NULL;
       op = np__op_next(op)) {
    if (op->np__kind == NP__OP_WRITE && op->np__state < NP__OP_HELD_BACK) {
      op->np__at_end |= NP__AT_END_TELL;
      found = true;
    }
  }
  return found;
}

void np__shutdown_begin(np_pipe *pipe, np_op *op, np_op_fn done) {
  const bool must_wait = mark_writes(pipe);

  np__op_begin(&pipe->target, op, NP__OP_SHUTDOWN, done);
  if (!must_wait) {
    np__op_end(op, NP_OK, 0);
  }
}

np_error np_pipe_shutdown(np_pipe *pipe, np_op *op, np_op_fn done) {
  np_error error;

  if (pipe == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__op_check(&pipe->target, op, done);
  if (error == NP_OK) {
    np__shutdown_begin(pipe, op, done);
  }
  return error;
}
