/* Channels: sending. Framed messages wait in the queue `sends`; the channel
 * writes them one write at a time, packed by channel_pack.c. Without framing a
 * send is a write of the pipe. */
#include <assert.h>

#include "channel.h"
#include "delimiter.h"
#include "frame.h"
#include "io.h"

static void sends_fail(np_channel *channel, np_error error);

static void send_finish(np_op *op) {
  np_channel *channel = np__channel_of(op);

  np__list_remove(&op->np__packet.link);
  if ((op->np__flags & NP__SEND_HEADED) != 0 &&
      op->np__state == NP__OP_WAITING) {
    /* The header went out and its message will not: the stream is broken. */
    sends_fail(channel, op->np__error);
  }
}

/* send_cancel: the kernel writes from the caller's memory, so the write must
 * end first. */
static np_error send_cancel(np_op *op) {
  return np__op_abort_part(&np__channel_of(op)->write);
}

static const np__packet_class send_class = {
    .run = np__op_run, .cancel = send_cancel, .finish = send_finish};

/* sends_fail ends all sends whose bytes the kernel was not given: sending has
 * failed for good, with `error`. */
static void sends_fail(np_channel *channel, np_error error) {
  np_op *next;

  channel->send_error = error;
  for (np_op *op = np__channel_first(&channel->sends); op != NULL; op = next) {
    next = np__channel_next(&channel->sends, op);
    if ((op->np__flags & NP__SEND_COPIED) == 0) {
      np__op_end(op, error, 0);
    }
  }
}

/* native_finish: a message of the kernel's was cut. The peer may have read a
 * part of it, so no message can follow. */
static void native_finish(np_op *op) {
  np_channel *channel = op->np__memory;

  if (op->np__error == ERROR_OPERATION_ABORTED ||
      op->np__error == WAIT_TIMEOUT) {
    channel->send_error = op->np__error;
  }
}

static const np__packet_class native_class =
    NP__IO_CLASS(native_finish, true, NULL);

static void end_sent(np_op *op, np_error error) {
  np__op_end(op, error, error == NP_OK ? op->np__length : 0);
}

/* shutdowns_note: a shutdown reports the first failure before it. */
static void shutdowns_note(np_channel *channel, np_error error) {
  for (np_op *op = np__channel_first(&channel->sends); op != NULL;
       op = np__channel_next(&channel->sends, op)) {
    if (np__channel_is_shutdown(op) && op->np__error == NP_OK) {
      op->np__error = error;
    }
  }
}

/* channel_write_ended handles the kernel's answer to `write`. `is_clean`: if
 * the write failed, none of its bytes were written, and the stream stands
 * between two messages. */
static void channel_write_ended(np_channel *channel, np_error error,
                                bool is_clean) {
  np_op *op = np__channel_first(&channel->sends);

  while (op != NULL && (op->np__flags & NP__SEND_COPIED) != 0) {
    end_sent(op, error);
    op = np__channel_first(&channel->sends);
  }
  if (op != NULL && op->np__state == NP__OP_IN_KERNEL) {
    /* `write` was for `op` alone; its header may have gone out before. */
    is_clean = is_clean && (op->np__flags & NP__SEND_HEADED) == 0;
    end_sent(op, error);
    error = op->np__error; /* WAIT_TIMEOUT if the limit of `op` ended it. */
  } else if (op != NULL && error != NP_OK &&
             (op->np__flags & NP__SEND_HEADED) != 0) {
    end_sent(op, error);
  }
  if (error != NP_OK) {
    if (is_clean) {
      shutdowns_note(channel, error);
    } else {
      sends_fail(channel, error);
    }
  }
}

static void on_written(np_op *write, np_error error, size_t transferred) {
  np_channel *channel = write->user;

  (void)transferred;
  np__loop_count_own(channel->target.loop);
  channel->is_writing = false;
  channel_write_ended(channel, error, false);
  if (!np__target_has(&channel->target, NP__BAR_CLOSING)) {
    np__channel_sends_go_on(channel);
  }
}

/* write_bytes gives bytes to the kernel. An answer at once costs no packet. */
static void write_bytes(np_channel *channel, const void *bytes, size_t length) {
  np_error error;

  channel->is_writing = true;
  if (np__io_write_now(channel->pipe, bytes, length, &channel->write,
                       on_written, &error)) {
    channel->is_writing = false;
    channel_write_ended(channel, error, true);
  }
}

static void write_in_place(np_channel *channel, np_op *op) {
  size_t length;
  const unsigned char *bytes = np__channel_in_place(channel, op, &length);

  op->np__state = NP__OP_IN_KERNEL;
  write_bytes(channel, bytes, length);
}

/* flush_later lets the waiting messages go out at the end of the turn. */
static void flush_later(np_channel *channel) {
  assert(!channel->is_flush_due);
  channel->is_flush_due = true;
  np__loop_gather(channel->target.loop, &channel->flush);
}

/* should_pause returns true if the messages that wait behind a write, `op`
 * first, should wait for their reader to run first: else the kernel would keep
 * the next write until then. */
static bool should_pause(const np_channel *channel, np_op *op) {
  return channel->gather && (op->np__flags & NP__SEND_HEADED) == 0 &&
         np__loop_is_sated(channel->target.loop);
}

void np__channel_sends_go_on(np_channel *channel) {
  bool is_behind = false;
  np_op *op;

  while (!channel->is_writing && channel->ending == NULL &&
         (op = np__channel_first(&channel->sends)) != NULL) {
    size_t bytes;
    np_error error;

    if (np__channel_is_shutdown(op)) {
      np__channel_shutdown_go_on(channel, op);
      continue;
    }
    if (is_behind && should_pause(channel, op)) {
      flush_later(channel);
      return;
    }
    is_behind = true;
    if (np__channel_is_in_place(channel, op)) {
      write_in_place(channel, op);
      continue;
    }
    error = np__channel_pack(channel, &bytes);
    if (error == NP_OK) {
      write_bytes(channel, channel->out, bytes);
    } else {
      np__op_end(op, error, 0);
    }
  }
}

static void flush_post(np_loop *loop, np__packet *packet) {
  np_channel *channel = NP__CONTAINER(packet, np_channel, flush);

  (void)loop;
  channel->is_flush_due = false;
  np__channel_sends_go_on(channel);
}

const np__packet_class np__channel_flush_class = {.post = flush_post};

void np__channel_sends_start(np_channel *channel, bool at_once) {
  if (channel->is_writing || channel->ending != NULL) {
    return; /* the end of that write or shutdown goes on with the sends */
  }
  if (channel->gather && !at_once) {
    if (!channel->is_flush_due) {
      flush_later(channel);
    }
    return;
  }
  if (channel->is_flush_due) {
    channel->is_flush_due = false;
    np__queue_remove(&channel->target.loop->gathered, &channel->flush);
  }
  np__channel_sends_go_on(channel);
}

void np__channel_send_push(np_channel *channel, np_op *op, np_op_fn done,
                           const np__packet_class *class_) {
  np__op_begin(&channel->target, op, NP__OP_MESSAGE, done);
  np__op_set_class(op, class_);
  op->np__length = 0;
  op->np__flags = 0;
  np__list_push(&channel->sends, &op->np__packet.link);
}

np_error np__channel_fits(const np_channel *channel, const void *data,
                          size_t length) {
  const np__frame_layout *layout = &channel->decoder.np__layout;
  np_error error = NP_OK;

  if (channel->is_framed) {
    error = np__frame_encode(layout, length, NULL);
    if (error == NP_OK && length > UINT32_MAX - NP_FRAME_HEADER_BYTES_MAX) {
      error = ERROR_BUFFER_OVERFLOW; /* GCOVR_EXCL_LINE: 4 GiB of memory */
    }
    if (error == NP_OK) {
      error = np__delimiter_check(&layout->options, data, length);
    }
  } else if (length > np__channel_bytes_max(channel)) {
    error = ERROR_BUFFER_OVERFLOW;
  } else if (length == 0 && channel->half_close) {
    error = ERROR_INVALID_PARAMETER;
  }
  return error;
}

np_error np__channel_send_check(np_channel *channel, const void *data,
                                size_t length, const np_op *op, np_op_fn done) {
  np_error error = np__io_check(&channel->target, data, length,
                                channel->pipe->writable, op, done);

  if (error == NP_OK) {
    error = np__channel_fits(channel, data, length);
  }
  return error == NP_OK && channel->is_shut ? ERROR_NO_DATA : error;
}

void np__channel_send(np_channel *channel, void *data, size_t length, np_op *op,
                      np_op_fn done, uint32_t flags) {
  if (!channel->is_framed && channel->send_error == NP_OK) {
    op->np__memory = channel;
    np__io_write(channel->pipe, data, length, op, done, &native_class);
    return;
  }
  np__channel_send_push(channel, op, done, &send_class);
  op->np__buffer = data;
  op->np__length = (uint32_t)length;
  op->np__flags = flags;
  if (channel->send_error != NP_OK) {
    np__op_end(op, channel->send_error, 0);
  } else {
    np__channel_sends_start(channel, (flags & NP__SEND_AT_ONCE) != 0);
  }
}

static np_error send_begin(np_channel *channel, const void *data, size_t length,
                           np_op *op, np_op_fn done, uint32_t flags) {
  np_error error;

  if (channel == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  if (np__target_has(&channel->target, NP__BAR_CLOSING)) {
    return ERROR_INVALID_HANDLE;
  }
  error = np__channel_send_check(channel, data, length, op, done);
  if (error == NP_OK) {
    np__channel_send(channel, (void *)(uintptr_t)data, length, op, done, flags);
  }
  return error;
}

np_error np_channel_send(np_channel *channel, const void *data, size_t length,
                         np_op *op, np_op_fn done) {
  return send_begin(channel, data, length, op, done, 0);
}

np_error np_channel_send_reserved(np_channel *channel, void *buffer,
                                  size_t length, np_op *op, np_op_fn done) {
  if (buffer == NULL && np_channel_header_bytes(channel) > 0) {
    return ERROR_INVALID_PARAMETER;
  }
  return send_begin(channel, buffer, length, op, done, NP__SEND_RESERVED);
}
