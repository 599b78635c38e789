#include "io.h"

np_error np__io_check(const np__target *target, const void *buffer,
                      size_t length, bool allowed, const np_op *op,
                      np_op_fn done) {
  np_error error;

  if ((buffer == NULL && length > 0) || length > UINT32_MAX) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__op_check(target, op, done);
  if (error != NP_OK) {
    return error;
  }
  return allowed ? NP_OK : ERROR_ACCESS_DENIED;
}

void np__io_read(np_pipe *pipe, void *buffer, size_t length, np_op *op,
                 np_op_fn done, void *memory, void (*finish)(np_op *op)) {
  np__op_begin(&pipe->target, op, NP__OP_READ, done);
  op->np__buffer = buffer;
  op->np__length = (uint32_t)length;
  op->np__memory = memory;
  op->np__finish = finish;
  if (pipe->ready_hooks == NULL || !pipe->ready_hooks->take_read(pipe, op)) {
    np__op_put_off(op);
  }
}

void np__io_write(np_pipe *pipe, const void *buffer, size_t length, np_op *op,
                  np_op_fn done, void *memory, void (*finish)(np_op *op)) {
  np__op_begin(&pipe->target, op, NP__OP_WRITE, done);
  op->np__memory = memory;
  op->np__finish = finish;
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
  np__io_read(pipe, buffer, length, op, done, NULL, NULL);
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
  np__io_write(pipe, buffer, length, op, done, NULL, NULL);
  return NP_OK;
}

static bool has_unfinished_write(const np_pipe *pipe) {
  for (const np_op *op = pipe->target.first; op != NULL; op = op->np__next) {
    if (op->np__kind == NP__OP_WRITE && op->np__state < NP__OP_HELD_BACK) {
      return true;
    }
  }
  return false;
}

void np__io_shutdown(np_pipe *pipe, np_op *op, np_op_fn done) {
  const bool must_wait = has_unfinished_write(pipe);

  np__op_begin(&pipe->target, op, NP__OP_SHUTDOWN, done);
  pipe->shutdowns_waiting++;
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
