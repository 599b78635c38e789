/* Channels: receiving. One message at a time is found, and given to the first
 * receive or call that waits; the next message is given when the callback of
 * that has returned. */
#include <assert.h>
#include <string.h>

#include "channel.h"
#include "frame.h"
#include "io.h"

/* The read buffer, until a read has filled it: most channels that wait, wait
 * for something short. */
#define FIRST_BYTES 4096u

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
  if (left == 0) {
    return;
  }
  error = np_frame_decode(&channel->decoder, channel->in + channel->in_begin,
                          left, &consumed, &frame);
  channel->in_begin += consumed;
  if (error == NP_OK) {
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
  } else if (length > 0) {
    channel->in_begin = 0;
    channel->in_end = length;
  } else if (channel->half_close) {
    stream_ended(channel);
  }
}

/* --- Where messages are the kernel's ------------------------------------ */

static np_error in_reserve(np_channel *channel, size_t bytes) {
  unsigned char *bigger;

  if (bytes <= channel->in_bytes) {
    return NP_OK;
  }
  bigger = np__channel_allocate(channel, bytes);
  if (bigger == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  if (channel->in_end > 0) {
    memcpy(bigger, channel->in, channel->in_end);
  }
  np__loop_free(channel->target.loop, channel->in);
  channel->in = bigger;
  channel->in_bytes = bytes;
  return NP_OK;
}

/* The buffer was filled, or is not there: the size of the next. */
static size_t next_size(const np_channel *channel) {
  const size_t bytes = channel->in_bytes;

  if (bytes == 0 && channel->read_buffer_bytes > FIRST_BYTES) {
    return FIRST_BYTES;
  }
  if (bytes < channel->read_buffer_bytes || channel->is_framed) {
    return channel->read_buffer_bytes;
  }
  return bytes < channel->bytes_max / 2 ? bytes * 2 : channel->bytes_max;
}

/* `length` bytes more of a message are in the buffer; there are others. */
static void part_came(np_channel *channel, size_t length) {
  channel->is_in_message = true;
  channel->in_end += length;
  if (channel->dropping == NP__DROP_NOTHING &&
      channel->in_end >= channel->bytes_max) {
    channel->dropping = NP__DROP_TOO_LONG;
  }
  if (channel->dropping != NP__DROP_NOTHING) {
    channel->dropped_bytes += channel->in_end;
    channel->in_end = 0;
  }
}

static void message_came(np_channel *channel, void *data, size_t length) {
  const np__dropping dropping = channel->dropping;

  length += channel->dropped_bytes;
  if (dropping == NP__DROP_TOO_LONG && length <= channel->bytes_max) {
    length = channel->bytes_max + 1; /* It was, until its writer cut it. */
  }
  channel->is_in_message = false;
  channel->dropping = NP__DROP_NOTHING;
  channel->dropped_bytes = 0;
  channel->in_end = 0;
  if (dropping == NP__DROP_SILENTLY) {
    return;
  }
  if (length > channel->bytes_max) {
    result_set(channel, ERROR_BUFFER_OVERFLOW, NULL, length);
  } else if (length == 0 && channel->half_close) {
    stream_ended(channel);
  } else {
    result_set(channel, NP_OK, data, length);
  }
}

static void native_read(np_channel *channel, np_error error, size_t length,
                        bool is_ours) {
  if (error == ERROR_MORE_DATA) {
    part_came(channel, length);
  } else if (error == NP_OK) {
    message_came(channel, channel->in, channel->in_end + length);
  } else {
    read_failed(channel, error, is_ours);
  }
}

/* The first part of a message is in a buffer that was too small: it moves, and
 * the message stays. */
static void part_kept(np_channel *channel, const np_op *into, size_t length) {
  size_t bytes = channel->read_buffer_bytes;

  if (bytes <= length) {
    bytes = length < channel->bytes_max / 2 ? length * 2 : channel->bytes_max;
  }
  if (length < channel->bytes_max) {
    if (in_reserve(channel, bytes) == NP_OK) {
      memcpy(channel->in, into->np__buffer, length);
    } else {
      channel->dropping = NP__DROP_SILENTLY;
      result_set(channel, ERROR_NOT_ENOUGH_MEMORY, NULL, 0);
    }
  }
  part_came(channel, length);
}

/* --- Reading ------------------------------------------------------------ */

/* Whether a message can go where it shall: at its beginning, for this one. */
static bool can_read_into(np_channel *channel, np_op *op) {
  return is_into(op) && !channel->is_framed && !channel->is_in_message &&
         op->np__length > 0;
}

/* Makes room for a read into the channel's buffer. Returns how many bytes, or
 * 0, and the result is then that there is no memory. */
static size_t room_make(np_channel *channel) {
  size_t room;

  if (channel->is_framed) {
    assert(channel->in_begin == channel->in_end); /* All was decoded. */
  }
  if (channel->in_end == channel->in_bytes) {
    const np_error error = in_reserve(channel, next_size(channel));

    if (error != NP_OK) {
      result_set(channel, error, NULL, 0);
      return 0;
    }
  }
  if (channel->is_framed) {
    channel->in_begin = 0;
    channel->in_end = 0;
  }
  room = channel->in_bytes - channel->in_end;
  return room < UINT32_MAX ? room : UINT32_MAX;
}

/* Begins to read for `op`. The kernel gets the read at the end of the turn. */
static void read_start(np_channel *channel, np_op *op) {
  size_t room;

  if (can_read_into(channel, op)) {
    channel->into = op;
    channel->is_reading = true;
    op->np__state = NP__OP_IN_KERNEL;
    np__io_read(channel->pipe, op->np__buffer, op->np__length, &channel->read,
                on_read, &np__op_class);
    return;
  }
  room = room_make(channel);
  if (room > 0) {
    channel->is_reading = true;
    np__io_read(channel->pipe, channel->in + channel->in_end, room,
                &channel->read, on_read, &np__op_class);
  }
}

/* True: there is something to tell to `op`. False: it will come. */
static bool result_find(np_channel *channel, np_op *op) {
  if (!channel->result.is_there && channel->receive_error == NP_OK &&
      channel->is_framed && !channel->is_reading) {
    frame_find(channel);
  }
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
static void read_give_up(np_channel *channel) {
  const np_error error = np__op_abort(&channel->read, ERROR_OPERATION_ABORTED);

  channel->is_read_cancelled = error == NP_OK || error == ERROR_NOT_FOUND;
}

static void came(np_channel *channel, np_error error, size_t length,
                 bool is_ours) {
  if (channel->is_framed) {
    framed_read(channel, error, length, is_ours);
  } else {
    native_read(channel, error, length, is_ours);
  }
}

/* Reads into the channel's buffer, and gives the read to the kernel now. */
static np__heard read_now(np_channel *channel) {
  const size_t room = room_make(channel);
  np_op *read = &channel->read;
  BOOL succeeded;
  bool is_there;
  np_error error;
  size_t transferred;

  if (room == 0) {
    return NP__HEARD_SOMETHING;
  }
  np__op_begin(&channel->pipe->target, read, NP__OP_READ, on_read);
  read->np__length = (uint32_t)room;
  channel->is_reading = true;
  succeeded =
      ReadFile(channel->pipe->target.handle, channel->in + channel->in_end,
               (DWORD)room, NULL, &read->np__packet.overlapped);
  /* Where a part of a message posts a packet, that will tell it. */
  is_there = !succeeded && GetLastError() == ERROR_MORE_DATA;
  if (!np__op_answer(read, succeeded, &error, &transferred)) {
    return is_there ? NP__HEARD_LATER : NP__HEARD_NOTHING;
  }
  np__op_withdraw(read);
  channel->is_reading = false;
  came(channel, error, transferred, false);
  return NP__HEARD_SOMETHING;
}

np__heard np__channel_listen(np_channel *channel) {
  bool is_skipping;

  if (!channel->result.is_there && channel->receive_error == NP_OK &&
      channel->is_framed && !channel->is_reading) {
    frame_find(channel);
  }
  if (channel->result.is_there || channel->receive_error != NP_OK) {
    return NP__HEARD_SOMETHING;
  }
  /* The rest of a message that was refused is not heard, but read. */
  is_skipping =
      channel->skip_bytes > 0 || channel->dropping == NP__DROP_SILENTLY;
  if (channel->is_reading) {
    if (!is_skipping && !channel->is_read_cancelled) {
      read_give_up(channel); /* What it brings may have come already. */
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
  if (error == ERROR_OPERATION_ABORTED) {
    np__op_end(into, error, 0);
    return;
  }
  if (error == ERROR_MORE_DATA) {
    part_kept(channel, into, length);
  } else if (error == NP_OK) {
    message_came(channel, into->np__buffer, length);
    if (channel->result.is_there && channel->result.error == NP_OK) {
      receive_deliver(channel, into); /* Whatever was asked of it meanwhile. */
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
    read_give_up(channel);
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
