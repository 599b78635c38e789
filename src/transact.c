/* np_pipe_transact: one request and its reply. The kernel takes the next
 * message as the reply, whichever request it answers. So a transact that ended
 * without a reply, after its request may have gone out, is the last of its
 * session. */
#include "io.h"

/* is_unanswered returns true if the request may have reached a peer that is
 * still connected, and no reply came. */
static bool is_unanswered(np_error error) {
  switch (error) {
    case NP_OK:
    case ERROR_MORE_DATA: /* the rest waits to be read */
    case ERROR_PIPE_BUSY: /* nothing was written */
    case ERROR_BAD_PIPE:
    case ERROR_BROKEN_PIPE:
    case ERROR_PIPE_NOT_CONNECTED:
      return false;
    default:
      return true;
  }
}

/* transact_finish: `np__memory` is the pipe while the session lasts, else
 * NULL. */
static void transact_finish(np_op *op) {
  np_pipe *pipe = op->np__memory;

  if (pipe != NULL && is_unanswered(op->np__error)) {
    pipe->is_reply_owed = true;
  }
}

static const np__packet_class transact_class = {.on_packet = np__op_on_packet,
                                                .run = np__op_run,
                                                .cancel = np__op_cancel,
                                                .finish = transact_finish};

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
  /* An earlier read would get the reply; and the kernel does not know that data
   * read ahead are unread. */
  if (np__pipe_is_reading(pipe)) {
    return ERROR_BUSY;
  }
  if (pipe->is_reply_owed) {
    return ERROR_INVALID_STATE;
  }
  np__op_begin(&pipe->target, op, NP__OP_TRANSACT, done);
  op->np__length = (uint32_t)reply_length;
  np__op_set_class(op, &transact_class);
  op->np__memory = pipe;
  np__op_issued(
      op, TransactNamedPipe(pipe->target.handle, (void *)request,
                            (DWORD)request_length, reply, (DWORD)reply_length,
                            NULL, &op->np__packet.overlapped));
  return NP_OK;
}
