/* Channels: the one read that a channel has in the kernel. It begins when a
 * receive or a call waits, and goes into the channel's own memory, or straight
 * into the buffer of a receive. Before a call is sent, a read finds out that no
 * message is there already (np__channel_listen). */
#include "channel.h"
#include "io.h"
#include "pile.h"

static void on_read(np_op *read, np_error error, size_t transferred);

/* can_read_into returns true if the next read may go into the buffer of `op`: a
 * message of the kernel's begins with it, and `op` is a receive with a buffer.
 */
static bool can_read_into(np_channel *channel, np_op *op) {
  return np__channel_is_into(op) && !channel->is_framed &&
         !channel->is_in_message && op->np__length > 0;
}

/* room_make returns memory of the channel for a read, and sets `room` to its
 * size. NULL: there is no memory, and the result says so. */
static unsigned char *room_make(np_channel *channel, size_t *room) {
  unsigned char *to = np__channel_room(channel, room);

  if (to == NULL) {
    np__channel_result_set(channel, ERROR_NOT_ENOUGH_MEMORY, NULL, 0);
  }
  return to;
}

/* read_start begins a read for `op`. The kernel gets it at the end of the
 * turn. */
static void read_start(np_channel *channel, np_op *op) {
  unsigned char *to;
  size_t room;

  if (can_read_into(channel, op)) {
    /* An earlier message may lie in the pile. Nobody has it any more. */
    np__pile_clear(&channel->decoder.np__pile, SIZE_MAX);
    np__channel_tick(channel); /* a timer frees the block later */
    channel->into = op;
    channel->is_reading = true;
    op->np__state = NP__OP_IN_KERNEL;
    np__io_read(channel->pipe, op->np__buffer, op->np__length, &channel->read,
                on_read, &np__op_class);
    return;
  }
  to = room_make(channel, &room);
  if (to != NULL) {
    channel->is_reading = true;
    np__io_read(channel->pipe, to, room, &channel->read, on_read,
                &np__op_class);
  }
}

bool np__channel_result_find(np_channel *channel, np_op *op) {
  np__channel_look(channel);
  if (!channel->result.is_there && channel->receive_error == NP_OK &&
      !channel->is_reading) {
    read_start(channel, op);
  }
  if (!channel->result.is_there && channel->receive_error != NP_OK) {
    np__channel_result_set(channel, channel->receive_error, NULL, 0);
  }
  return channel->result.is_there;
}

/* --- The end of the read -------------------------------------------------- */

void np__channel_read_give_up(np_channel *channel) {
  const np_error error = np__op_abort(&channel->read, NP__BY_CANCEL);

  channel->is_read_cancelled = error == NP_OK || error == ERROR_NOT_FOUND;
}

/* into_read: the kernel no longer uses the buffer of `into`. */
static void into_read(np_channel *channel, np_op *into, np_error error,
                      size_t length) {
  into->np__state = NP__OP_WAITING;
  channel->came += length;
  if (error == ERROR_OPERATION_ABORTED) {
    np__op_end(into, error, 0);
    return;
  }
  if (error == ERROR_MORE_DATA) {
    np__channel_part_kept(channel, into->np__buffer, length);
  } else if (error == NP_OK) {
    np__channel_message_came(channel, into->np__buffer, length);
    if (channel->result.is_there && channel->result.error == NP_OK) {
      /* The message is there: a cancel or a limit came too late. */
      np__channel_receive_deliver(channel, into);
      return;
    }
  } else {
    np__channel_read_failed(channel, error, false);
  }
  if (into->np__cause != NP__NO_CAUSE ||
      np__target_has(&channel->target, NP__BAR_CLOSING)) {
    np__op_end(into, ERROR_OPERATION_ABORTED, 0);
  }
}

static void channel_read_ended(np_channel *channel, np_error error,
                               size_t transferred) {
  np_op *into = channel->into;
  const bool is_ours = channel->is_read_cancelled;

  channel->is_reading = false;
  channel->is_read_cancelled = false;
  channel->into = NULL;
  np__queue_append(&channel->target.loop->ready,
                   np__queue_take(&channel->held));
  if (into != NULL) {
    into_read(channel, into, error, transferred);
  } else {
    np__channel_came(channel, error, transferred, is_ours);
  }
  np__channel_receive_go_on(channel);
}

/* on_read lets the receive's callback run at once, ahead of other ready
 * packets, so that the next read begins sooner. While earlier receives wait for
 * their callbacks (`untold`), it does not: those come first. */
static void on_read(np_op *read, np_error error, size_t transferred) {
  np_channel *channel = read->user;
  np_loop *loop = channel->target.loop;

  np__loop_count_own(loop);
  if (channel->untold > 0) {
    channel_read_ended(channel, error, transferred);
  } else {
    const np__queue later = np__queue_take(&loop->ready);

    channel_read_ended(channel, error, transferred);
    np__queue_append(&loop->ready, later);
  }
}

/* --- Listening ------------------------------------------------------------ */

/* read_now begins a read into the channel's memory and gives it to the kernel
 * now. */
static np__heard read_now(np_channel *channel) {
  size_t room;
  unsigned char *to = room_make(channel, &room);
  np_op *read = &channel->read;
  BOOL succeeded;
  bool is_there;
  np_error error;
  size_t transferred;

  if (to == NULL) {
    return NP__HEARD_SOMETHING;
  }
  np__op_begin(&channel->pipe->target, read, NP__OP_READ, on_read);
  read->np__buffer = to;
  read->np__length = (uint32_t)room;
  channel->is_reading = true;
  succeeded = np__op_read_file(&channel->pipe->target, read);
  is_there = !succeeded && GetLastError() == ERROR_MORE_DATA;
  if (!np__op_answer(read, succeeded, &error, &transferred)) {
    /* The packet brings the result. Since Windows 8 a read of a part of a
     * message that is there may also be answered ERROR_IO_PENDING; the status
     * block then shows that it has completed. */
    is_there =
        is_there || HasOverlappedIoCompleted(&read->np__packet.overlapped);
    return is_there ? NP__HEARD_LATER : NP__HEARD_NOTHING;
  }
  np__op_withdraw(read);
  channel->is_reading = false;
  np__channel_came(channel, error, transferred, false);
  return NP__HEARD_SOMETHING;
}

np__heard np__channel_listen(np_channel *channel) {
  bool is_skipping;

  np__channel_look(channel);
  if (channel->result.is_there || channel->receive_error != NP_OK) {
    return NP__HEARD_SOMETHING;
  }
  /* The rest of a refused message is no new message; it is read and dropped. */
  is_skipping = channel->skip_bytes > 0 || channel->decoder.np__is_skipping ||
                channel->dropping == NP__DROP_SILENTLY;
  if (channel->is_reading) {
    if (!is_skipping && !channel->is_read_cancelled) {
      /* The data of this read may have come before the call. */
      np__channel_read_give_up(channel);
    }
    return NP__HEARD_LATER;
  }
  if (is_skipping) {
    read_start(channel, np__channel_first(&channel->receives));
    return channel->is_reading ? NP__HEARD_LATER : NP__HEARD_SOMETHING;
  }
  return np__channel_is_inside(channel) ? NP__HEARD_SOMETHING
                                        : read_now(channel);
}

np_error np__channel_heard(np_channel *channel) {
  np__channel_result *result = &channel->result;

  if (!result->is_there) {
    return channel->receive_error != NP_OK ? channel->receive_error
                                           : ERROR_PIPE_BUSY;
  }
  if (np__channel_result_is_message(result)) {
    return ERROR_PIPE_BUSY;
  }
  result->is_there = false;
  return result->error;
}
