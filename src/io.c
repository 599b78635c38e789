/* np_pipe_read, np_pipe_write, and the shutdown that waits for earlier writes.
 * A read goes to the kernel at the end of the turn, a write at once. */
#include "io.h"

static void read_begun(np_pipe *pipe, np_op *op) {
  if (op->timeout_ms > 0) {
    np__op_limit(op);
  }
  if (pipe->ready_hooks == NULL || !pipe->ready_hooks->take_read(pipe, op)) {
    np__op_put_off(op);
  }
}

void np__io_read(np_pipe *pipe, void *buffer, size_t length, np_op *op,
                 np_op_fn done, const np__packet_class *class_) {
  np__op_start(&pipe->target, op, NP__OP_READ, done);
  np__op_set_class(op, class_);
  op->np__buffer = buffer;
  op->np__length = (uint32_t)length;
  read_begun(pipe, op);
}

void np__io_write(np_pipe *pipe, const void *buffer, size_t length, np_op *op,
                  np_op_fn done, const np__packet_class *class_) {
  np__op_start(&pipe->target, op, NP__OP_WRITE, done);
  np__op_set_class(op, class_);
  op->np__length = (uint32_t)length;
  np__op_issued(op, WriteFile(pipe->target.handle, buffer, (DWORD)length, NULL,
                              &op->np__packet.overlapped));
}

np_error np_pipe_read(np_pipe *pipe, void *buffer, size_t length, np_op *op,
                      np_op_fn done) {
  np_error error;

  if (pipe == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__io_check(&pipe->target, buffer, length, pipe->readable, op, done);
  if (error != NP_OK) {
    return error;
  }
  np__op_start(&pipe->target, op, NP__OP_READ, done);
  op->np__buffer = buffer;
  op->np__length = (uint32_t)length;
  if (op->timeout_ms > 0 || pipe->ready_hooks != NULL) {
    read_begun(pipe, op);
  } else {
    np__op_put_off(op);
  }
  return NP_OK;
}

np_error np_pipe_write(np_pipe *pipe, const void *buffer, size_t length,
                       np_op *op, np_op_fn done) {
  np_error error;

  if (pipe == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__io_check(&pipe->target, buffer, length, pipe->writable, op, done);
  if (error != NP_OK) {
    return error;
  }
  np__op_start(&pipe->target, op, NP__OP_WRITE, done);
  if (WriteFile(pipe->target.handle, buffer, (DWORD)length, NULL,
                &op->np__packet.overlapped)) {
    length = (size_t)op->np__packet.overlapped.InternalHigh;
    np__loop_wrote(pipe->target.loop, length);
    np__op_succeed(&pipe->target, op, NP__OUTWARD, length);
  } else {
    op->np__length = (uint32_t)length;
    np__op_issued(op, FALSE);
  }
  return NP_OK;
}

/* mark_writes asks the writes that a shutdown must wait for to report their
 * end. It returns true if there is one. */
static bool mark_writes(np_pipe *pipe) {
  bool found = false;

  for (np_op *op = pipe->target.first; op != NULL; op = op->np__next) {
    if (op->np__kind == NP__OP_WRITE && op->np__state < NP__OP_HELD_BACK) {
      op->np__at_end |= NP__AT_END_TELL;
      found = true;
    }
  }
  return found;
}

void np__io_shutdown(np_pipe *pipe, np_op *op, np_op_fn done) {
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
    np__io_shutdown(pipe, op, done);
  }
  return error;
}
