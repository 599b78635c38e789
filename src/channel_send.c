/* Channels: sending. What is framed waits in a queue, and goes out in as few
 * writes as it fits in, one at a time. */
#include <assert.h>
#include <string.h>

#include "channel.h"
#include "frame.h"
#include "io.h"

/* A message with room for its header is not copied if it is at least so long:
 * below, a copy costs less than a write of its own. */
#define UNCOPIED_BYTES_MIN 4096u

#define OUT_BYTES_MIN 512u

static void sends_fail(np_channel *channel, np_error error);

static void send_finish(np_op *op) {
  np_channel *channel = np__channel_of(op);

  np__channel_unlink(&channel->sends, op);
  if ((*np__flags_of(op) & NP__SEND_HEADED) != 0 &&
      op->np__state == NP__OP_WAITING) {
    /* The header went out and its message will not: the stream is broken. */
    sends_fail(channel, op->np__error);
  }
}

/* The kernel writes from the caller's memory: the write must end first. */
static np_error send_cancel(np_op *op) {
  return np__op_abort_part(&np__channel_of(op)->write);
}

static const np__packet_class send_class = {
    .run = np__op_run, .cancel = send_cancel, .finish = send_finish};

static np_error shutdown_cancel(np_op *op);
static void shutdown_finish(np_op *op);

static const np__packet_class shutdown_class = {
    .run = np__op_run, .cancel = shutdown_cancel, .finish = shutdown_finish};

static bool is_shutdown(const np_op *op) {
  return op->np__packet.class_ == &shutdown_class;
}

/* Sending has failed for good: so has all that the kernel was not given. */
static void sends_fail(np_channel *channel, np_error error) {
  np_op *next;

  channel->send_error = error;
  for (np_op *op = channel->sends.first; op != NULL; op = next) {
    next = np__channel_next(op);
    if ((*np__flags_of(op) & NP__SEND_COPIED) == 0) {
      np__op_end(op, error, 0);
    }
  }
}

/* --- Where messages are the kernel's ------------------------------------ */

/* Of a message that was cut the peer may have read a part. */
static void native_finish(np_op *op) {
  np_channel *channel = op->np__memory;

  if (op->np__error == ERROR_OPERATION_ABORTED ||
      op->np__error == WAIT_TIMEOUT) {
    channel->send_error = op->np__error;
  }
}

static const np__packet_class native_class = NP__IO_CLASS(native_finish, true);

/* --- Framed ------------------------------------------------------------- */

static size_t header_bytes(const np_channel *channel) {
  return channel->decoder.np__layout.header_bytes;
}

static np_error out_reserve(np_channel *channel, size_t bytes) {
  size_t capacity = OUT_BYTES_MIN;

  if (bytes <= channel->out_bytes) {
    return NP_OK;
  }
  while (capacity < bytes) {
    capacity *= 2;
  }
  np__loop_free(channel->target.loop, channel->out);
  channel->out_bytes = 0;
  channel->out = np__channel_allocate(channel, capacity);
  if (channel->out == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  channel->out_bytes = capacity;
  np__channel_tick(channel);
  return NP_OK;
}

/* What of a message is to be written from where it is. */
typedef enum in_place { IN_BUFFER, BEHIND_HEADER, ALL_OF_IT } in_place;

static in_place place_of(const np_channel *channel, np_op *op) {
  const size_t total = header_bytes(channel) + op->np__length;

  if ((*np__flags_of(op) & NP__SEND_RESERVED) != 0) {
    return total >= UNCOPIED_BYTES_MIN || total > channel->write_buffer_bytes
               ? ALL_OF_IT
               : IN_BUFFER;
  }
  /* An empty write of its own would be an empty message of the kernel's. */
  return total > channel->write_buffer_bytes && op->np__length > 0
             ? BEHIND_HEADER
             : IN_BUFFER;
}

/* How many bytes of those that wait the next write from the buffer takes. */
static size_t next_bytes(const np_channel *channel) {
  size_t bytes = 0;

  for (np_op *op = channel->sends.first; op != NULL && !is_shutdown(op);
       op = np__channel_next(op)) {
    const in_place place = place_of(channel, op);
    const size_t more =
        header_bytes(channel) + (place == IN_BUFFER ? op->np__length : 0);

    if (place == ALL_OF_IT ||
        (bytes > 0 && bytes + more > channel->write_buffer_bytes)) {
      break;
    }
    bytes += more;
    if (place == BEHIND_HEADER || !channel->gather) {
      break;
    }
  }
  return bytes;
}

/* Copies as many bytes into the buffer. */
static void pack(np_channel *channel, size_t bytes) {
  const np__frame_layout *layout = &channel->decoder.np__layout;
  np_op *op = channel->sends.first;
  size_t used = 0;

  while (used < bytes) {
    DWORD *flags = np__flags_of(op);
    unsigned char *to = channel->out + used;
    np_error error;

    if ((*flags & NP__SEND_RESERVED) != 0) {
      memcpy(to, op->np__buffer, layout->header_bytes + op->np__length);
      used += op->np__length;
      *flags |= NP__SEND_COPIED;
    } else {
      memset(to, 0, layout->header_bytes);
      if (place_of(channel, op) == IN_BUFFER) {
        if (op->np__length > 0) {
          memcpy(to + layout->header_bytes, op->np__buffer, op->np__length);
        }
        used += op->np__length;
        *flags |= NP__SEND_COPIED;
      } else {
        *flags |= NP__SEND_HEADED;
      }
    }
    error = np__frame_encode(layout, op->np__length, to);
    assert(error == NP_OK); /* It was asked before. */
    (void)error;
    used += layout->header_bytes;
    op = np__channel_next(op);
  }
}

static void end_sent(np_op *op, np_error error) {
  if (error != NP_OK) {
    *np__flags_of(op) = 0;
  }
  np__op_end(op, error, error == NP_OK ? op->np__length : 0);
}

/* What a shutdown reports is the first failure before it. */
static void shutdowns_note(np_channel *channel, np_error error) {
  for (np_op *op = channel->sends.first; op != NULL;
       op = np__channel_next(op)) {
    if (is_shutdown(op) && op->np__error == NP_OK) {
      op->np__error = error;
    }
  }
}

/* The kernel has answered `write`. `is_clean`: if it failed, nothing of it was
 * written, and the stream stands between two messages. */
static void channel_write_ended(np_channel *channel, np_error error,
                                bool is_clean) {
  np_op *op = channel->sends.first;

  while (op != NULL && (*np__flags_of(op) & NP__SEND_COPIED) != 0) {
    end_sent(op, error);
    op = channel->sends.first;
  }
  if (op != NULL && op->np__state == NP__OP_IN_KERNEL) {
    /* `write` was for `op` alone; its header may have gone out before. */
    is_clean = is_clean && (*np__flags_of(op) & NP__SEND_HEADED) == 0;
    end_sent(op, error);
    error = op->np__error; /* WAIT_TIMEOUT if the limit of `op` ended it. */
  } else if (op != NULL && error != NP_OK &&
             (*np__flags_of(op) & NP__SEND_HEADED) != 0) {
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

static void sends_go_on(np_channel *channel);

static void on_written(np_op *write, np_error error, size_t transferred) {
  np_channel *channel = write->user;

  (void)transferred;
  channel->is_writing = false;
  channel_write_ended(channel, error, false);
  if (!np__target_has(&channel->target, NP__BAR_CLOSING)) {
    sends_go_on(channel);
  }
}

/* Gives bytes to the kernel. What it answers at once costs no packet. */
static void write_bytes(np_channel *channel, const void *bytes, size_t length) {
  np_pipe *pipe = channel->pipe;
  np_op *write = &channel->write;
  np_error error;
  size_t transferred;

  np__op_begin(&pipe->target, write, NP__OP_WRITE, on_written);
  write->np__length = (uint32_t)length;
  channel->is_writing = true;
  if (np__op_answer(write,
                    WriteFile(pipe->target.handle, bytes, (DWORD)length, NULL,
                              &write->np__packet.overlapped),
                    &error, &transferred)) {
    np__op_withdraw(write);
    channel->is_writing = false;
    np__pipe_learn(pipe, error);
    channel_write_ended(channel, error, true);
  }
}

static void write_in_place(np_channel *channel, np_op *op) {
  unsigned char *bytes = op->np__buffer;
  size_t length = op->np__length;
  np_error error;

  if ((*np__flags_of(op) & NP__SEND_RESERVED) != 0) {
    error = np__frame_encode(&channel->decoder.np__layout, length, bytes);
    assert(error == NP_OK); /* It was asked before. */
    (void)error;
    length += header_bytes(channel);
  }
  op->np__state = NP__OP_IN_KERNEL;
  write_bytes(channel, bytes, length);
}

static void shutdown_go_on(np_channel *channel, np_op *op);

/* What waits goes out at the end of the turn. */
static void flush_later(np_channel *channel) {
  assert(!channel->is_flush_due);
  channel->is_flush_due = true;
  np__loop_gather(channel->target.loop, &channel->flush);
}

/* Whether what waits behind a write, `op` first, should do so while somebody
 * reads: else the kernel would keep the next write until then. */
static bool should_pause(const np_channel *channel, np_op *op) {
  return channel->gather && (*np__flags_of(op) & NP__SEND_HEADED) == 0 &&
         np__loop_is_sated(channel->target.loop);
}

/* Gives the kernel what waits, as long as it takes it at once. */
static void sends_go_on(np_channel *channel) {
  bool is_behind = false;
  np_op *op;

  while (!channel->is_writing && channel->ending == NULL &&
         (op = channel->sends.first) != NULL) {
    size_t bytes;
    np_error error;

    if (is_shutdown(op)) {
      shutdown_go_on(channel, op);
      continue;
    }
    if (is_behind && should_pause(channel, op)) {
      flush_later(channel);
      return;
    }
    is_behind = true;
    if ((*np__flags_of(op) & NP__SEND_HEADED) != 0 ||
        place_of(channel, op) == ALL_OF_IT) {
      write_in_place(channel, op);
      continue;
    }
    bytes = next_bytes(channel);
    error = out_reserve(channel, bytes);
    if (error != NP_OK) {
      np__op_end(op, error, 0);
      continue;
    }
    pack(channel, bytes);
    write_bytes(channel, channel->out, bytes);
  }
}

static void flush_post(np_loop *loop, np__packet *packet) {
  np_channel *channel =
      (np_channel *)(void *)((char *)packet - offsetof(np_channel, flush));

  (void)loop;
  channel->is_flush_due = false;
  sends_go_on(channel);
}

const np__packet_class np__channel_flush_class = {.post = flush_post};

/* The kernel gets what waits now, or at the end of the turn. */
static void sends_start(np_channel *channel, bool at_once) {
  if (channel->is_writing || channel->ending != NULL) {
    return; /* It will go on by itself. */
  }
  if (channel->gather && !at_once) {
    if (!channel->is_flush_due) {
      flush_later(channel);
    }
    return;
  }
  if (channel->is_flush_due) {
    channel->is_flush_due = false;
    np__loop_ungather(channel->target.loop, &channel->flush);
  }
  sends_go_on(channel);
}

static void queue_begin(np_channel *channel, np_op *op, np_op_fn done,
                        const np__packet_class *class_) {
  np__op_begin(&channel->target, op, NP__OP_MESSAGE, done);
  np__op_set_class(op, class_);
  op->np__length = 0;
  np__channel_push(&channel->sends, op);
}

np_error np__channel_send_check(np_channel *channel, const void *data,
                                size_t length, const np_op *op, np_op_fn done) {
  np_error error = np__io_check(&channel->target, data, length,
                                channel->pipe->writable, op, done);

  if (error != NP_OK) {
    return error;
  }
  if (channel->is_framed) {
    error = np__frame_encode(&channel->decoder.np__layout, length, NULL);
    if (error == NP_OK && length > UINT32_MAX - NP_FRAME_HEADER_BYTES_MAX) {
      error = ERROR_BUFFER_OVERFLOW; /* GCOVR_EXCL_LINE: 4 GiB of memory */
    }
  } else if (length > np__channel_bytes_max(channel)) {
    error = ERROR_BUFFER_OVERFLOW;
  } else if (length == 0 && channel->half_close) {
    error = ERROR_INVALID_PARAMETER;
  }
  return error == NP_OK && channel->is_shut ? ERROR_NO_DATA : error;
}

void np__channel_send(np_channel *channel, void *data, size_t length, np_op *op,
                      np_op_fn done, DWORD flags) {
  if (!channel->is_framed && channel->send_error == NP_OK) {
    op->np__memory = channel;
    np__io_write(channel->pipe, data, length, op, done, &native_class);
    return;
  }
  queue_begin(channel, op, done, &send_class);
  op->np__buffer = data;
  op->np__length = (uint32_t)length;
  *np__flags_of(op) = flags;
  if (channel->send_error != NP_OK) {
    np__op_end(op, channel->send_error, 0);
  } else {
    sends_start(channel, (flags & NP__SEND_AT_ONCE) != 0);
  }
}

static np_error send_begin(np_channel *channel, const void *data, size_t length,
                           np_op *op, np_op_fn done, DWORD flags) {
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

/* --- The end of a direction --------------------------------------------- */

/* The shutdown that `end` was for has its result, if it still wants one. */
static void ending_ended(np_channel *channel, np_error error) {
  np_op *op = channel->ending;

  channel->ending = NULL;
  np__op_end(op, error, 0);
  sends_go_on(channel);
}

static void on_end_written(np_op *end, np_error error, size_t transferred) {
  np_channel *channel = end->user;

  (void)transferred;
  ending_ended(channel, error);
}

/* What a stage of the end of a direction, which ended with `error`, means for
 * the next: ERROR_OPERATION_ABORTED where nobody wants that any more. A cancel
 * may have come when the stage had its result, and found nothing to end. */
static np_error ending_checked(const np_channel *channel, np_error error) {
  if (error == NP_OK && (channel->ending->np__abort_error != NP_OK ||
                         np__target_has(&channel->target, NP__BAR_CLOSING))) {
    return ERROR_OPERATION_ABORTED;
  }
  return error;
}

static void on_end_flushed(np_op *end, np_error error, size_t transferred) {
  np_channel *channel = end->user;

  (void)transferred;
  error = ending_checked(channel, error);
  if (error != NP_OK) {
    ending_ended(channel, error);
    return;
  }
  np__io_write(channel->pipe, NULL, 0, end, on_end_written, &np__write_class);
}

/* None of the messages before it can be cut any more: behind one that was, the
 * empty message would be the end of that. */
static void on_end_left(np_op *end, np_error error, size_t transferred) {
  np_channel *channel = end->user;

  (void)transferred;
  error = ending_checked(channel, error);
  if (error == NP_OK) {
    error = np__io_flush(channel->pipe, end, on_end_flushed);
  }
  if (error != NP_OK) {
    ending_ended(channel, error);
  }
}

static np_error shutdown_cancel(np_op *op) {
  return np__op_abort_part(&np__channel_of(op)->end);
}

/* All before `op` has gone out, or was cut: behind a message that was cut the
 * empty message would be the end of that. */
static void shutdown_go_on(np_channel *channel, np_op *op) {
  if (op->np__error == NP_OK) {
    op->np__error = channel->send_error;
  }
  if (!channel->half_close || op->np__error != NP_OK) {
    np__op_end(op, op->np__error, 0);
    return;
  }
  op->np__state = NP__OP_IN_KERNEL;
  channel->ending = op;
  np__io_shutdown(channel->pipe, &channel->end, on_end_left);
}

static void shutdown_finish(np_op *op) {
  np_channel *channel = np__channel_of(op);

  if (op->np__error != NP_OK) {
    channel->is_shut = false; /* Nothing was told to the peer. */
  }
  np__channel_unlink(&channel->sends, op);
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
    np__io_shutdown(channel->pipe, op, done);
    return NP_OK;
  }
  channel->is_shut = channel->half_close;
  queue_begin(channel, op, done, &shutdown_class);
  if (channel->send_error != NP_OK) {
    np__op_end(op, channel->send_error, 0);
  } else {
    sends_start(channel, false);
  }
  return NP_OK;
}
