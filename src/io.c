/* np_pipe_read and np_pipe_write. A read goes to the kernel at the end of the
 * turn, a write inside the call. */
#include "io.h"

static void read_begun(np_pipe *pipe, np_op *op) {
  if (op->timeout_ms > 0) {
    np__op_limit(op);
  }
  if (pipe->ready_hooks == NULL || !(*pipe->ready_hooks)->take_read(pipe, op)) {
    np__op_put_off(op);
  }
}

void np__io_begin_rest(np_op *read, size_t taken,
                       const np__packet_class *class_) {
  np__op_set_class(read, class_);
  read->np__buffer = (char *)read->np__buffer + taken;
  read->np__length -= (uint32_t)taken;
  np__op_put_off(read);
}

/* A failure of the second part is for the next read to tell: the first part was
 * taken from the pipe and must not be lost. Only a disconnect throws it away.
 */
void np__io_finish_rest(np_op *read, size_t taken) {
  if (read->np__error == ERROR_PIPE_NOT_CONNECTED) {
    return;
  }
  if (read->np__error != NP_OK && read->np__error != ERROR_MORE_DATA) {
    read->np__error = ERROR_MORE_DATA;
    read->np__result.transferred = 0;
  }
  read->np__result.transferred += taken;
}

void np__io_read(np_pipe *pipe, void *buffer, size_t length, np_op *op,
                 np_op_fn done, const np__packet_class *class_) {
  np__op_start(&pipe->target, op, NP__OP_READ, done);
  np__op_set_class(op, class_);
  op->np__buffer = buffer;
  op->np__length = (uint32_t)length;
  read_begun(pipe, op);
}

static inline BOOL write_file(const np_pipe *pipe, const void *buffer,
                              size_t length, np_op *op) {
  return WriteFile(pipe->target.handle, buffer, (DWORD)length, NULL,
                   &op->np__packet.overlapped);
}

void np__io_write(np_pipe *pipe, const void *buffer, size_t length, np_op *op,
                  np_op_fn done, const np__packet_class *class_) {
  np__op_start(&pipe->target, op, NP__OP_WRITE, done);
  np__op_set_class(op, class_);
  op->np__length = (uint32_t)length;
  np__op_issued(op, write_file(pipe, buffer, length, op));
}

bool np__io_write_now(np_pipe *pipe, const void *buffer, size_t length,
                      np_op *op, np_op_fn done, np_error *error) {
  size_t transferred;

  np__op_begin(&pipe->target, op, NP__OP_WRITE, done);
  op->np__length = (uint32_t)length;
  if (!np__op_answer(op, write_file(pipe, buffer, length, op), error,
                     &transferred)) {
    return false;
  }
  np__op_withdraw(op);
  np__pipe_learn(pipe, *error);
  return true;
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
  size_t bytes;

  if (pipe == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__io_check(&pipe->target, buffer, length, pipe->writable, op, done);
  if (error != NP_OK) {
    return error;
  }
  np__op_start(&pipe->target, op, NP__OP_WRITE, done);
  if (write_file(pipe, buffer, length, op)) {
    bytes = (size_t)op->np__packet.overlapped.InternalHigh;
    if (bytes <= length) {
      np__loop_wrote(pipe->target.loop, bytes);
      np__op_succeed(&pipe->target, op, NP__OUTWARD, bytes);
    } else {
      np__op_end(op, ERROR_INVALID_DATA, 0);
    }
  } else {
    op->np__length = (uint32_t)length;
    np__op_issued(op, FALSE);
  }
  return NP_OK;
}
