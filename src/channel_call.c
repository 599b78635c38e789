/* Channels: requests and their replies. A call waits among the receives. Its
 * request is sent when the call is the first of them and no unasked message has
 * come. So at most one request is at the peer, and the next message is its
 * reply. If a request went out and its call ended without a reply, no call can
 * be paired any more in this session: the next message could be the reply to
 * either request. */
#include <assert.h>

#include "channel.h"

/* call_cancel ends a call. While the request waits or is in the kernel it uses
 * the caller's memory, so the request ends first. If the kernel has a copy, or
 * has answered, the call ends without it. */
static np_error call_cancel(np_op *op) {
  np_channel *channel = np__channel_of(op);
  np_op *request = &channel->request;

  if (request->np__state == NP__OP_IN_KERNEL) {
    return np__op_abort(request, (np__cause)op->np__cause);
  }
  np__op_end(op, ERROR_OPERATION_ABORTED, 0);
  return NP_OK;
}

/* went_out returns true if the peer may have got the request. If its write
 * failed, nothing of it went out, or sending has failed for good. */
static bool went_out(np_channel *channel) {
  np_op *request = &channel->request;

  if (request->np__state == NP__OP_IDLE) {
    return channel->was_asked;
  }
  return request->np__state == NP__OP_WAITING
             ? (request->np__flags & NP__SEND_COPIED) != 0
             : request->np__error == NP_OK;
}

static void call_finish(np_op *op) {
  np_channel *channel = np__channel_of(op);
  np_op *request = &channel->request;

  if (channel->asking == op) {
    if (channel->receive_error == NP_OK &&
        (op->np__flags & NP__RECEIVED) == 0 && went_out(channel) &&
        channel->asked_after == channel->pipe->target.disconnects &&
        !np__target_has(&channel->target, NP__BAR_CLOSING)) {
      channel->pipe->is_reply_owed = true;
    }
    channel->asking = NULL;
    channel->was_asked = false;
    if (request->np__state == NP__OP_WAITING) {
      np__op_abort(request, NP__BY_CANCEL);
    }
  }
  np__channel_receive_finish(op);
}

const np__packet_class np__channel_call_class = {.run = np__channel_receive_run,
                                                 .cancel = call_cancel,
                                                 .finish = call_finish};

static void on_requested(np_op *request, np_error error, size_t transferred) {
  np_channel *channel = request->user;
  np_op *op = channel->asking;

  (void)transferred;
  np__loop_count_own(channel->target.loop);
  if (op != NULL) {
    channel->was_asked = error == NP_OK;
    op->np__state = NP__OP_WAITING;
    if (error == NP_OK && (op->np__cause != NP__NO_CAUSE ||
                           np__target_has(&channel->target, NP__BAR_CLOSING))) {
      error = ERROR_OPERATION_ABORTED;
    }
    if (error != NP_OK) {
      np__op_end(op, error, 0);
    }
  }
  np__channel_receive_go_on(channel);
}

bool np__channel_call_is_given(np_channel *channel) {
  np_op *request = &channel->request;

  return request->np__state != NP__OP_WAITING ||
         (request->np__flags & NP__SEND_COPIED) != 0;
}

bool np__channel_call_begin(np_channel *channel, np_op *op) {
  np__heard heard = NP__HEARD_LATER;
  np_error error = NP_OK;

  assert(channel->asking == NULL);
  if (channel->receive_error != NP_OK) {
    error = channel->receive_error; /* no reply can come */
  } else if (channel->pipe->is_reply_owed) {
    error = ERROR_INVALID_STATE;
  } else if (channel->is_shut) {
    /* The direction was ended while the call waited in line. */
    error = ERROR_NO_DATA;
  } else if (channel->request.np__state == NP__OP_IDLE) {
    heard = np__channel_listen(channel);
    if (heard == NP__HEARD_SOMETHING) {
      error = np__channel_heard(channel);
    }
  }
  if (error != NP_OK) {
    np__op_end(op, error, 0);
    return true;
  }
  if (heard == NP__HEARD_NOTHING) {
    channel->asking = op;
    channel->asked_after = channel->pipe->target.disconnects;
    op->np__state = NP__OP_IN_KERNEL;
    np__channel_send(channel, op->np__buffer, op->np__length, &channel->request,
                     on_requested, NP__SEND_AT_ONCE);
  }
  return false;
}

np_error np_channel_call(np_channel *channel, const void *request,
                         size_t length, np_call *call, np_op_fn done) {
  np_op *op;
  np_error error;

  if (channel == NULL || call == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  op = &call->op;
  error = np__channel_receive_check(channel, op, done);
  if (error == NP_OK) {
    error = np__channel_send_check(channel, request, length, op, done);
  }
  if (error != NP_OK) {
    return error;
  }
  np__channel_receive_begin(channel, op, done, &np__channel_call_class);
  op->np__buffer = (void *)(uintptr_t)request;
  op->np__length = (uint32_t)length;
  np__channel_receive_go_on(channel);
  return NP_OK;
}
