/* Channels: receiving. One message at a time is found, and given to the first
 * receive or call that waits; the next message is given when the callback of
 * that has returned. */
#include <assert.h>
#include <string.h>

#include "channel.h"
#include "frame.h"
#include "io.h"
#include "pile.h"

static void on_read(np_op *read, np_error error, size_t transferred);

/* The kernel reads into the caller's memory: the read must end first. */
static np_error into_cancel(np_op *op) {
  return np__op_abort_part(&np__channel_of(op)->read);
}

static const np__packet_class receive_class = {
    .run = np__channel_receive_run, .finish = np__channel_receive_finish};
static const np__packet_class into_class = {
    .run = np__channel_receive_run,
    .cancel = into_cancel,
    .finish = np__channel_receive_finish};

static bool is_into(const np_op *op) {
  return op->np__packet.class_ == &into_class;
}

static bool is_call(const np_op *op) {
  return op->np__packet.class_ == &np__channel_call_class;
}

/* --- What was found ----------------------------------------------------- */

static void result_set(np_channel *channel, np_error error, void *data,
                       size_t length) {
  channel->result.is_there = true;
  channel->result.error = error;
  channel->result.data = data;
  channel->result.length = length;
}

/* Also one that was too long to be handed out is a message. */
static bool is_message(const np__channel_result *result) {
  return result->error == NP_OK || result->error == ERROR_BUFFER_OVERFLOW;
}

bool np__channel_is_inside(const np_channel *channel) {
  return channel->is_framed
             ? channel->skip_bytes > 0 ||
                   np_frame_decoder_finish(&channel->decoder) != NP_OK
             : channel->is_in_message;
}

static void stream_ended(np_channel *channel) {
  channel->receive_error =
      np__channel_is_inside(channel) ? ERROR_HANDLE_EOF : ERROR_BROKEN_PIPE;
}

static void read_failed(np_channel *channel, np_error error, bool is_ours) {
  if (error == ERROR_BROKEN_PIPE) {
    stream_ended(channel);
  } else if (error == ERROR_PIPE_NOT_CONNECTED) {
    channel->receive_error = error;
  } else if (error != ERROR_OPERATION_ABORTED || !is_ours) {
    result_set(channel, error, NULL, 0);
  }
}

/* --- Framed ------------------------------------------------------------- */

static void frame_refused(np_channel *channel, size_t header_used) {
  const uint64_t length = np_frame_decoder_length(&channel->decoder);

  channel->in_begin += channel->decoder.np__layout.header_bytes - header_used;
  channel->skip_bytes = np__frame_decoder_skip(&channel->decoder);
  result_set(channel, ERROR_BUFFER_OVERFLOW, NULL,
             length < SIZE_MAX ? (size_t)length : SIZE_MAX);
}

/* Looks for the next message in what was read. */
static void frame_find(np_channel *channel) {
  size_t left = channel->in_end - channel->in_begin;
  const size_t header_used = channel->decoder.np__header_used;
  size_t consumed;
  np_frame frame;
  np_error error;

  if (channel->skip_bytes > 0) {
    consumed = channel->skip_bytes < left ? (size_t)channel->skip_bytes : left;
    channel->skip_bytes -= consumed;
    channel->in_begin += consumed;
    left -= consumed;
  }
  if (left > 0) {
    error = np_frame_decode(&channel->decoder, channel->in + channel->in_begin,
                            left, &consumed, &frame);
    channel->in_begin += consumed;
  } else {
    error = np__frame_decoder_go_on(&channel->decoder, &frame);
  }
  if (error == NP_OK) {
    channel->is_in_small =
        channel->is_in_small || frame.length >= channel->in_bytes;
    result_set(channel, NP_OK, (void *)(uintptr_t)frame.data, frame.length);
  } else if (error == ERROR_BUFFER_OVERFLOW) {
    frame_refused(channel, header_used);
  } else if (error != ERROR_MORE_DATA) {
    channel->receive_error = error;
  }
}

static void framed_read(np_channel *channel, np_error error, size_t length,
                        bool is_ours) {
  /* With message reads the parts of a message are as good as several. */
  if (error != NP_OK && error != ERROR_MORE_DATA) {
    read_failed(channel, error, is_ours);
  } else if (length > 0 && channel->is_direct) {
    np__pile_add(&channel->decoder.np__pile, length);
  } else if (length > 0) {
    channel->in_begin = 0;
    channel->in_end = length;
    channel->is_in_small = length == channel->in_bytes;
  } else if (channel->half_close) {
    stream_ended(channel);
  }
}

/* --- Where messages are the kernel's ------------------------------------ */

/* There is more of a message than came. */
static void part_came(np_channel *channel) {
  np__pile *pile = &channel->decoder.np__pile;

  channel->is_in_message = true;
  if (channel->dropping == NP__DROP_NOTHING &&
      pile->used >= np__channel_bytes_max(channel)) {
    channel->dropping = NP__DROP_TOO_LONG;
  }
  if (channel->dropping != NP__DROP_NOTHING) {
    channel->dropped_bytes += pile->used;
    np__pile_clear(pile, SIZE_MAX);
  }
}

/* The message in the pile is whole. Without memory it stays in parts. */
static void whole_join(np_channel *channel) {
  np__pile *pile = &channel->decoder.np__pile;
  void *data = np__pile_join(pile);

  channel->is_whole = data == NULL;
  result_set(channel, data != NULL ? NP_OK : ERROR_NOT_ENOUGH_MEMORY, data,
             data != NULL ? pile->used : 0);
}

/* The end of a message has come: of one that lies at `data`, or, if that is
 * NULL, of the one in the pile. */
static void message_came(np_channel *channel, void *data, size_t length) {
  const np__dropping dropping = channel->dropping;

  length += channel->dropped_bytes;
  if (dropping == NP__DROP_TOO_LONG &&
      length <= np__channel_bytes_max(channel)) {
    /* The message was too long when it was dropped; its writer cut it later. */
    length = np__channel_bytes_max(channel) + 1;
  }
  channel->is_in_message = false;
  channel->dropping = NP__DROP_NOTHING;
  channel->dropped_bytes = 0;
  if (dropping == NP__DROP_SILENTLY) {
    return;
  }
  if (length > np__channel_bytes_max(channel)) {
    result_set(channel, ERROR_BUFFER_OVERFLOW, NULL, length);
  } else if (length == 0 && channel->half_close) {
    stream_ended(channel);
  } else if (data != NULL) {
    result_set(channel, NP_OK, data, length);
  } else {
    whole_join(channel);
  }
}

static void native_read(np_channel *channel, np_error error, size_t length,
                        bool is_ours) {
  np__pile *pile = &channel->decoder.np__pile;

  if (error == ERROR_MORE_DATA) {
    np__pile_add(pile, length);
    part_came(channel);
  } else if (error == NP_OK) {
    np__pile_add(pile, length);
    message_came(channel, NULL, pile->used);
  } else {
    read_failed(channel, error, is_ours);
  }
}

/* The first part of a message is in a buffer that was too small: it moves, and
 * the message stays. */
static void part_kept(np_channel *channel, const np_op *into, size_t length) {
  np__pile *pile = &channel->decoder.np__pile;

  np__pile_clear(pile, SIZE_MAX); /* An earlier message may lie there. */
  if (length >= np__channel_bytes_max(channel)) {
    channel->dropping = NP__DROP_TOO_LONG;
    channel->dropped_bytes = length;
  } else if (!np__pile_put(pile, into->np__buffer, length,
                           np__channel_bytes_max(channel))) {
    np__pile_clear(pile, SIZE_MAX);
    channel->dropping = NP__DROP_SILENTLY;
    channel->dropped_bytes = length;
    result_set(channel, ERROR_NOT_ENOUGH_MEMORY, NULL, 0);
  }
  channel->is_in_message = true;
}

/* --- Reading ------------------------------------------------------------ */

/* Whether a message can go where it shall: at its beginning, for this one. */
static bool can_read_into(np_channel *channel, np_op *op) {
  return is_into(op) && !channel->is_framed && !channel->is_in_message &&
         op->np__length > 0;
}

/* Makes room for a read into the channel's memory. NULL: the result is then
 * that there is no memory. */
static unsigned char *room_make(np_channel *channel, size_t *room) {
  unsigned char *to = np__channel_room(channel, room);

  if (to == NULL) {
    result_set(channel, ERROR_NOT_ENOUGH_MEMORY, NULL, 0);
  }
  return to;
}

/* Begins to read for `op`. The kernel gets the read at the end of the turn. */
static void read_start(np_channel *channel, np_op *op) {
  unsigned char *to;
  size_t room;

  if (can_read_into(channel, op)) {
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

/* Looks for a message in what has come. */
static void look(np_channel *channel) {
  if (channel->result.is_there || channel->receive_error != NP_OK ||
      channel->is_reading) {
    return;
  }
  if (channel->is_framed) {
    frame_find(channel);
  } else if (channel->is_whole) {
    whole_join(channel);
  }
}

/* True: there is something to tell to `op`. False: it will come. */
static bool result_find(np_channel *channel, np_op *op) {
  look(channel);
  if (!channel->result.is_there && channel->receive_error == NP_OK &&
      !channel->is_reading) {
    read_start(channel, op);
  }
  if (!channel->result.is_there && channel->receive_error != NP_OK) {
    result_set(channel, channel->receive_error, NULL, 0);
  }
  return channel->result.is_there;
}

/* --- Listening ---------------------------------------------------------- */

/* Nobody asks for what the read in flight brings. If the cancel loses, what
 * comes stays. */
void np__channel_read_give_up(np_channel *channel) {
  const np_error error = np__op_abort(&channel->read, ERROR_OPERATION_ABORTED);

  channel->is_read_cancelled = error == NP_OK || error == ERROR_NOT_FOUND;
}

static void came(np_channel *channel, np_error error, size_t length,
                 bool is_ours) {
  channel->came += length;
  if (channel->is_framed) {
    framed_read(channel, error, length, is_ours);
  } else {
    native_read(channel, error, length, is_ours);
  }
}

/* Reads into the channel's buffer, and gives the read to the kernel now. */
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
  read->np__length = (uint32_t)room;
  channel->is_reading = true;
  succeeded = ReadFile(channel->pipe->target.handle, to, (DWORD)room, NULL,
                       &read->np__packet.overlapped);
  is_there = !succeeded && GetLastError() == ERROR_MORE_DATA;
  if (!np__op_answer(read, succeeded, &error, &transferred)) {
    /* A packet will tell. Since Windows 8 a part of a message may be answered
     * ERROR_IO_PENDING, too, though it was there: the status block says so. */
    is_there =
        is_there || HasOverlappedIoCompleted(&read->np__packet.overlapped);
    return is_there ? NP__HEARD_LATER : NP__HEARD_NOTHING;
  }
  np__op_withdraw(read);
  channel->is_reading = false;
  came(channel, error, transferred, false);
  return NP__HEARD_SOMETHING;
}

np__heard np__channel_listen(np_channel *channel) {
  bool is_skipping;

  look(channel);
  if (channel->result.is_there || channel->receive_error != NP_OK) {
    return NP__HEARD_SOMETHING;
  }
  /* The rest of a message that was refused is not heard, but read. */
  is_skipping =
      channel->skip_bytes > 0 || channel->dropping == NP__DROP_SILENTLY;
  if (channel->is_reading) {
    if (!is_skipping && !channel->is_read_cancelled) {
      /* What the read brings may have come already. */
      np__channel_read_give_up(channel);
    }
    return NP__HEARD_LATER;
  }
  if (is_skipping) {
    read_start(channel, channel->receives.first);
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
  if (is_message(result)) {
    return ERROR_PIPE_BUSY;
  }
  result->is_there = false;
  return result->error;
}

/* --- Telling ------------------------------------------------------------ */

static void receive_deliver(np_channel *channel, np_op *op) {
  np__channel_result *result = &channel->result;

  channel->delivered = op;
  channel->delivered_data = NULL;
  if (result->error == NP_OK && is_into(op)) {
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
  if (is_message(result)) {
    *np__flags_of(op) |= NP__RECEIVED;
  }
  np__op_end(op, result->error, result->length);
}

/* The kernel has done with the buffer of `into`. */
static void into_read(np_channel *channel, np_op *into, np_error error,
                      size_t length) {
  into->np__state = NP__OP_WAITING;
  channel->came += length;
  if (error == ERROR_OPERATION_ABORTED) {
    np__op_end(into, error, 0);
    return;
  }
  if (error == ERROR_MORE_DATA) {
    part_kept(channel, into, length);
  } else if (error == NP_OK) {
    message_came(channel, into->np__buffer, length);
    if (channel->result.is_there && channel->result.error == NP_OK) {
      /* The message is there: a cancel or a limit came too late. */
      receive_deliver(channel, into);
      return;
    }
  } else {
    read_failed(channel, error, false);
  }
  if (into->np__abort_error != NP_OK ||
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
  np__loop_join_ready(channel->target.loop, channel->held);
  channel->held.first = NULL;
  if (into != NULL) {
    into_read(channel, into, error, transferred);
  } else {
    came(channel, error, transferred, is_ours);
  }
  np__channel_receive_go_on(channel);
}

/* Who gets what was read is told in the turn of the read, unless others are to
 * be told before: the sooner the next read begins, the less waits for it. */
static void on_read(np_op *read, np_error error, size_t transferred) {
  np_channel *channel = read->user;
  np_loop *loop = channel->target.loop;

  if (channel->untold > 0) {
    channel_read_ended(channel, error, transferred);
  } else {
    const np__queue later = np__loop_part_ready(loop);

    channel_read_ended(channel, error, transferred);
    np__loop_join_ready(loop, later);
  }
}

/* Whether `op`, a call, can be told what was found. */
static bool is_answered(np_channel *channel, np_op *op, bool is_found) {
  if (!np__channel_call_is_given(channel)) {
    if (is_found || np__channel_is_inside(channel)) {
      np__op_end(op, np__channel_heard(channel), 0); /* No reply to this. */
    }
    return false;
  }
  return is_found && channel->was_asked; /* Else its request ends first. */
}

void np__channel_receive_go_on(np_channel *channel) {
  np_op *op;

  while (channel->delivered == NULL &&
         !np__target_has(&channel->target, NP__BAR_CLOSING) &&
         (op = channel->receives.first) != NULL) {
    bool is_found;

    if (is_call(op) && channel->asking != op) {
      if (!np__channel_call_begin(channel, op)) {
        return;
      }
      continue;
    }
    is_found = result_find(channel, op);
    if (is_call(op)) {
      is_found = is_answered(channel, op, is_found);
    }
    if (is_found) {
      receive_deliver(channel, op);
    } else if (channel->receives.first == op) {
      return;
    }
  }
}

static void on_received(np_op *op, np_error error, size_t transferred) {
  np_channel *channel = np__channel_of(op);
  const bool was_delivered = channel->delivered == op;

  channel->untold--;
  /* Not before: one that was cancelled may be called back in between. */
  channel->lent = was_delivered ? channel->delivered_data : NULL;
  op->np__done(op, error, transferred);
  /* `op` may be gone. `channel` is not: only the loop frees it, later. */
  if (was_delivered) {
    channel->delivered = NULL;
  }
  np__channel_receive_go_on(channel); /* A call may be the first now. */
}

/* Who is told that a receive has ended may take the pipe away from the channel:
 * the kernel must have given back the read that nobody needs any more. */
void np__channel_receive_run(np_loop *loop, np__packet *packet) {
  np_op *op = (np_op *)packet;
  np_channel *channel = np__channel_of(op);

  (void)loop;
  if (channel->is_read_cancelled) {
    np__queue_push(&channel->held, packet);
  } else {
    np__op_run_by(op, on_received);
  }
}

void np__channel_receive_finish(np_op *op) {
  np_channel *channel = np__channel_of(op);

  channel->untold++;
  np__channel_unlink(&channel->receives, op);
  if (channel->receives.first == NULL && channel->is_reading &&
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
  np__channel_push(&channel->receives, op);
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
