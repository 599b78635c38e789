/* Channels: receiving. One message at a time is found (channel_message.c) and
 * given to the first receive or call that waits. The next message is given when
 * the callback of that receive has returned. */
#include <string.h>

#include "channel.h"

/* into_cancel: the kernel reads into the caller's memory, so the read must end
 * first. */
static np_error into_cancel(np_op *op) {
  return np__op_abort_part(&np__channel_of(op)->read);
}

static const np__packet_class receive_class = {
    .run = np__channel_receive_run, .finish = np__channel_receive_finish};
static const np__packet_class into_class = {
    .run = np__channel_receive_run,
    .cancel = into_cancel,
    .finish = np__channel_receive_finish};

bool np__channel_is_into(const np_op *op) {
  return op->np__packet.class_ == &into_class;
}

static bool is_call(const np_op *op) {
  return op->np__packet.class_ == &np__channel_call_class;
}

void np__channel_receive_deliver(np_channel *channel, np_op *op) {
  np__channel_result *result = &channel->result;

  channel->delivered = op;
  channel->delivered_data = NULL;
  if (result->error == NP_OK && np__channel_is_into(op)) {
    if (result->length > op->np__length) {
      np__op_end(op, ERROR_INSUFFICIENT_BUFFER, result->length);
      return; /* The message stays. */
    }
    if (result->length > 0 && result->data != op->np__buffer) {
      memcpy(op->np__buffer, result->data, result->length);
    }
    channel->delivered_data = op->np__buffer;
  } else {
    channel->delivered_data = result->data;
  }
  result->is_there = false;
  if (np__channel_result_is_message(result)) {
    op->np__flags |= NP__RECEIVED;
  }
  np__op_end(op, result->error, result->length);
}

/* is_answered returns true if the call `op` can be given what was found. A call
 * whose request the kernel was not given ends instead: what was found is no
 * reply to it. */
static bool is_answered(np_channel *channel, np_op *op, bool is_found) {
  if (!np__channel_call_is_given(channel)) {
    if (is_found || np__channel_is_inside(channel)) {
      np__op_end(op, np__channel_heard(channel), 0); /* No reply to this. */
    }
    return false;
  }
  return is_found && channel->was_asked; /* the request must end first */
}

void np__channel_receive_go_on(np_channel *channel) {
  np_op *op;

  while (channel->delivered == NULL &&
         !np__target_has(&channel->target, NP__BAR_CLOSING) &&
         (op = np__channel_first(&channel->receives)) != NULL) {
    bool is_found;

    if (is_call(op) && channel->asking != op) {
      if (!np__channel_call_begin(channel, op)) {
        return;
      }
      continue;
    }
    is_found = np__channel_result_find(channel, op);
    if (is_call(op)) {
      is_found = is_answered(channel, op, is_found);
    }
    if (is_found) {
      np__channel_receive_deliver(channel, op);
    } else if (np__channel_first(&channel->receives) == op) {
      return;
    }
  }
}

static void on_received(np_op *op, np_error error, size_t transferred) {
  np_channel *channel = np__channel_of(op);
  const bool was_delivered = channel->delivered == op;

  channel->untold--;
  /* `lent` changes here and not when the result was set: another, cancelled
   * receive may be called back in between. */
  channel->lent = was_delivered ? channel->delivered_data : NULL;
  op->np__done(op, error, transferred);
  /* `op` may be gone. `channel` is not: only the loop frees it, later. */
  if (was_delivered) {
    channel->delivered = NULL;
  }
  np__channel_receive_go_on(channel); /* a call may be the first now */
}

/* np__channel_receive_run: the callback may take the pipe away from the
 * channel. So it waits in `held` until the kernel has given back the read that
 * nobody needs any more. */
void np__channel_receive_run(np_loop *loop, np__packet *packet) {
  np_op *op = (np_op *)packet;
  np_channel *channel = np__channel_of(op);

  if (channel->is_read_cancelled) {
    np__loop_count_own(loop);
    np__queue_push(&channel->held, packet);
  } else {
    np__op_run_by(op, on_received);
  }
}

void np__channel_receive_finish(np_op *op) {
  np_channel *channel = np__channel_of(op);

  channel->untold++;
  np__list_remove(&op->np__packet.link);
  if (np__list_is_empty(&channel->receives) && channel->is_reading &&
      channel->into == NULL &&
      !np__target_has(&channel->target, NP__BAR_CLOSING)) {
    np__channel_read_give_up(channel);
  }
}

np_error np__channel_receive_check(const np_channel *channel, const np_op *op,
                                   np_op_fn done) {
  np_error error = np__op_check(&channel->target, op, done);

  if (error != NP_OK) {
    return error;
  }
  return channel->pipe->readable ? NP_OK : ERROR_ACCESS_DENIED;
}

void np__channel_receive_begin(np_channel *channel, np_op *op, np_op_fn done,
                               const np__packet_class *class_) {
  np__op_begin(&channel->target, op, NP__OP_MESSAGE, done);
  np__op_set_class(op, class_);
  op->np__flags = 0;
  np__list_push(&channel->receives, &op->np__packet.link);
}

np_error np_channel_receive(np_channel *channel, np_op *op, np_op_fn done) {
  np_error error;

  if (channel == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__channel_receive_check(channel, op, done);
  if (error != NP_OK) {
    return error;
  }
  np__channel_receive_begin(channel, op, done, &receive_class);
  np__channel_receive_go_on(channel);
  return NP_OK;
}

np_error np_channel_receive_into(np_channel *channel, void *buffer, size_t size,
                                 np_op *op, np_op_fn done) {
  np_error error;

  if (channel == NULL || (buffer == NULL && size > 0)) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__channel_receive_check(channel, op, done);
  if (error != NP_OK) {
    return error;
  }
  np__channel_receive_begin(channel, op, done, &into_class);
  op->np__buffer = buffer;
  op->np__length = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
  np__channel_receive_go_on(channel);
  return NP_OK;
}

void *np_channel_data(const np_channel *channel) {
  np__channel_check_thread(channel);
  return channel != NULL ? channel->lent : NULL;
}
