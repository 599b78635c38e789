/* Channels: the end of the sending direction. A shutdown waits in the queue of
 * sends. With half-close the peer gets an empty message as the end of the
 * stream. The empty message is written only when no earlier message can be cut
 * any more: after a cut message the peer would take it for the end of that
 * message. */
#include "channel.h"
#include "io.h"
#include "shutdown.h"

static np_error shutdown_cancel(np_op *op) {
  return np__op_abort_part(&np__channel_of(op)->end);
}

static void channel_shutdown_finish(np_op *op) {
  np_channel *channel = np__channel_of(op);

  if (op->np__error != NP_OK) {
    channel->is_shut = false; /* the peer was told nothing */
  }
  np__list_remove(&op->np__packet.link);
}

static const np__packet_class shutdown_class = {
    .run = np__op_run,
    .cancel = shutdown_cancel,
    .finish = channel_shutdown_finish};

bool np__channel_is_shutdown(const np_op *op) {
  return op->np__packet.class_ == &shutdown_class;
}

/* ending_ended gives the shutdown that `end` was for its result, and lets the
 * sends behind it go on. */
static void ending_ended(np_channel *channel, np_error error) {
  np_op *op = channel->ending;

  channel->ending = NULL;
  np__op_end(op, error, 0);
  np__channel_sends_go_on(channel);
}

static void on_end_written(np_op *end, np_error error, size_t transferred) {
  np_channel *channel = end->user;

  (void)transferred;
  np__loop_count_own(channel->target.loop);
  ending_ended(channel, error);
}

/* ending_checked returns the result of a stage of the shutdown that ended with
 * `error`. A cancel may have come when the stage had its result, and found
 * nothing to end: then the next stage must not begin, and the result is
 * ERROR_OPERATION_ABORTED. */
static np_error ending_checked(const np_channel *channel, np_error error) {
  if (error == NP_OK && (channel->ending->np__cause != NP__NO_CAUSE ||
                         np__target_has(&channel->target, NP__BAR_CLOSING))) {
    return ERROR_OPERATION_ABORTED;
  }
  return error;
}

static void on_end_flushed(np_op *end, np_error error, size_t transferred) {
  np_channel *channel = end->user;

  (void)transferred;
  np__loop_count_own(channel->target.loop);
  error = ending_checked(channel, error);
  if (error != NP_OK) {
    ending_ended(channel, error);
    return;
  }
  np__io_write(channel->pipe, NULL, 0, end, on_end_written, &np__write_class);
}

/* on_end_left runs when the kernel has answered all writes before the shutdown.
 * The flush ends when the peer has read them, so none can be cut any more. */
static void on_end_left(np_op *end, np_error error, size_t transferred) {
  np_channel *channel = end->user;

  (void)transferred;
  np__loop_count_own(channel->target.loop);
  error = ending_checked(channel, error);
  if (error == NP_OK) {
    error = np__io_flush(channel->pipe, end, on_end_flushed);
  }
  if (error != NP_OK) {
    ending_ended(channel, error);
  }
}

void np__channel_shutdown_go_on(np_channel *channel, np_op *op) {
  if (op->np__error == NP_OK) {
    op->np__error = channel->send_error;
  }
  if (!channel->half_close || op->np__error != NP_OK) {
    np__op_end(op, op->np__error, 0);
    return;
  }
  op->np__state = NP__OP_IN_KERNEL;
  channel->ending = op;
  np__shutdown_begin(channel->pipe, &channel->end, on_end_left);
}

np_error np_channel_shutdown(np_channel *channel, np_op *op, np_op_fn done) {
  np_error error;

  if (channel == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__op_check(&channel->target, op, done);
  if (error != NP_OK) {
    return error;
  }
  if (!channel->pipe->writable) {
    return ERROR_ACCESS_DENIED;
  }
  if (channel->is_shut) {
    return ERROR_NO_DATA;
  }
  if (!channel->is_framed && !channel->half_close &&
      channel->send_error == NP_OK) {
    np__shutdown_begin(channel->pipe, op, done);
    return NP_OK;
  }
  channel->is_shut = channel->half_close;
  np__channel_send_push(channel, op, done, &shutdown_class);
  if (channel->send_error != NP_OK) {
    np__op_end(op, channel->send_error, 0);
  } else {
    np__channel_sends_start(channel, false);
  }
  return NP_OK;
}
