/* Channels: a request and its reply. A call is a receive from its beginning, so
 * that replies keep the order of the requests, and in state IN_KERNEL as long
 * as its request is not done with. */
#include "channel.h"

/* The request ends first; then the call is told. */
static np_error call_cancel(np_op *op) {
  np_call *call = (np_call *)(void *)op;

  return np__op_abort(&call->np__request, ERROR_OPERATION_ABORTED);
}

const np__packet_class np__channel_call_class = {
    .run = np__channel_receive_run,
    .cancel = call_cancel,
    .finish = np__channel_receive_finish};

static void on_requested(np_op *request, np_error error, size_t transferred) {
  np_call *call =
      (np_call *)(void *)((char *)request - offsetof(np_call, np__request));
  np_op *op = &call->op;
  np_channel *channel = np__channel_of(op);

  (void)transferred;
  if (error == NP_OK || (*np__flags_of(request) & NP__SEND_COPIED) != 0) {
    *np__flags_of(op) |= NP__CALL_SENT;
  }
  if (error == NP_OK && (op->np__abort_error != NP_OK ||
                         np__target_has(&channel->target, NP__BAR_CLOSING))) {
    error = ERROR_OPERATION_ABORTED;
  }
  if (error != NP_OK) {
    np__op_end(op, error, 0);
  } else {
    op->np__state = NP__OP_WAITING;
  }
  np__channel_receive_go_on(channel);
}

np_error np_channel_call(np_channel *channel, const void *request,
                         size_t length, np_call *call, np_op_fn done) {
  np_error error;

  if (channel == NULL || call == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__channel_receive_check(channel, &call->op, done);
  if (error == NP_OK) {
    error = np__channel_send_check(channel, request, length, &call->np__request,
                                   on_requested);
  }
  if (error != NP_OK) {
    return error;
  }
  call->np__request.timeout_ms = 0; /* The call's is for both. */
  np__channel_receive_begin(channel, &call->op, done, &np__channel_call_class);
  call->op.np__state = NP__OP_IN_KERNEL;
  np__channel_send(channel, (void *)(uintptr_t)request, length,
                   &call->np__request, on_requested, 0);
  np__channel_receive_go_on(channel);
  return NP_OK;
}
