#include "io.h"

np_error np_pipe_transact(np_pipe *pipe, const void *request,
                          size_t request_length, void *reply,
                          size_t reply_length, np_op *op, np_op_fn done) {
  np_error error;

  if (pipe == NULL || (request == NULL && request_length > 0) ||
      request_length > UINT32_MAX) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__io_check(&pipe->target, reply, reply_length,
                       pipe->readable && pipe->writable, op, done);
  if (error != NP_OK) {
    return error;
  }
  /* An earlier read would get the reply, and what was read ahead the kernel
   * does not know to be unread. */
  if (np__pipe_is_reading(pipe)) {
    return ERROR_BUSY;
  }
  np__op_begin(&pipe->target, op, NP__OP_TRANSACT, done);
  op->np__length = (uint32_t)reply_length;
  np__op_issued(
      op, TransactNamedPipe(pipe->target.handle, (void *)request,
                            (DWORD)request_length, reply, (DWORD)reply_length,
                            NULL, &op->np__packet.overlapped));
  return NP_OK;
}
