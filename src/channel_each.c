/* Channels: a standing receive, which begins again after each message. The
 * operation stays in flight while its function runs, so that a cancel or a
 * close inside the function is kept (NP__AT_END_AGAIN). Its rule: after a
 * cancel no message is told, and a message that was taken for it goes back. */
#include "channel.h"
#include "revert.h"

static void each_run(np_loop *loop, np__packet *packet);

static const np__packet_class each_class = {
    .run = each_run, .finish = np__channel_receive_finish};

static void each_begin(np_channel *channel, np_op *op) {
  np__channel_receive_begin(channel, op, op->np__done, &each_class);
  op->np__at_end |= NP__AT_END_AGAIN;
}

static void on_over(np_op *op, np_error error, size_t transferred) {
  np_channel *channel = np__channel_of(op);

  op->np__done(op, error, transferred);
  /* `op` may be gone. `channel` is not: only the loop frees it, later. */
  np__channel_receive_go_on(channel);
}

static void each_end(np_op *op, np_error error) {
  op->np__error = error;
  op->np__result.transferred = 0;
  np__op_run_by(op, on_over);
}

/* each_again is the end of an operation and its next beginning, without a
 * callback. */
static void each_again(np_channel *channel, np_op *op) {
  np__list_remove(&op->np__order);
  op->np__state = NP__OP_IDLE;
  channel->target.loop->active--;
  each_begin(channel, op);
  np__channel_receive_go_on(channel);
}

static void each_tell(np_channel *channel, np_op *op) {
  np_receiver *receiver = (np_receiver *)op;
  bool goes_on;

  channel->lent = channel->delivered_data;
  goes_on =
      receiver->np__each(receiver, channel->lent, op->np__result.transferred);
  np__revert_if_forgotten(channel->target.loop);
  channel->delivered = NULL;
  if (!goes_on) {
    each_end(op, NP_OK);
  } else if (op->np__cause != NP__NO_CAUSE) {
    each_end(op, np__cause_error(op->np__cause));
  } else {
    each_again(channel, op);
  }
}

static void each_run(np_loop *loop, np__packet *packet) {
  np_op *op = (np_op *)packet;
  np_channel *channel = np__channel_of(op);
  const bool was_delivered = channel->delivered == op;

  if (channel->is_read_cancelled) {
    np__loop_count_own(loop);
    np__queue_push(&channel->held, packet);
    return;
  }
  channel->untold--;
  if (op->np__error == NP_OK && op->np__cause == NP__NO_CAUSE) {
    each_tell(channel, op);
    return;
  }
  if (op->np__error == NP_OK) {
    np__channel_result_set(channel, NP_OK, channel->delivered_data,
                           op->np__result.transferred);
    op->np__error = np__cause_error(op->np__cause);
    op->np__result.transferred = 0;
  }
  channel->lent = NULL;
  if (was_delivered) {
    channel->delivered = NULL;
  }
  np__op_run_by(op, on_over);
}

np_error np_channel_receive_each(np_channel *channel, np_receiver *receiver,
                                 np_receiver_fn each, np_op_fn done) {
  np_error error;

  if (channel == NULL || receiver == NULL || each == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__channel_receive_check(channel, &receiver->op, done);
  if (error != NP_OK) {
    return error;
  }
  receiver->np__each = each;
  receiver->op.np__done = done;
  each_begin(channel, &receiver->op);
  np__channel_receive_go_on(channel);
  return NP_OK;
}
