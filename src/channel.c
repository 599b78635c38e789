/* Channels: options, creation, and the end of a channel. A channel
 * takes its pipe: until np_channel_close or np_channel_detach nothing else may
 * use that pipe. Sends are in channel_send.c, receives in channel_receive.c,
 * calls in channel_call.c. */
#include "channel.h"

#include <assert.h>
#include <string.h>

#include "sender.h"

/* The largest write that Wine passes to its server in one request. */
#define WRITE_BUFFER_BYTES 65472u

/* One read takes a message of 64 KiB and its header. */
#define READ_BUFFER_BYTES (65536u + NP_FRAME_HEADER_BYTES_MAX)

#define COPY_BYTES_MAX 1048576u

void np_channel_options_init(np_channel_options *options) {
  if (options != NULL) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    options->framing = NP_FRAMING_AUTO;
    np_frame_options_init(&options->frame);
    options->gather = true;
    options->write_buffer_bytes = WRITE_BUFFER_BYTES;
    options->read_buffer_bytes = READ_BUFFER_BYTES;
    options->copy_bytes_max = COPY_BYTES_MAX;
  }
}

static bool channel_options_are_valid(const np_channel_options *options) {
  return options->size == sizeof *options &&
         (options->framing == NP_FRAMING_AUTO ||
          options->framing == NP_FRAMING_ALWAYS ||
          options->framing == NP_FRAMING_NEVER) &&
         options->read_buffer_bytes > 0 &&
         options->read_buffer_bytes <= UINT32_MAX &&
         options->write_buffer_bytes <= UINT32_MAX;
}

/* ask_type sets `type` to the type of the pipe. It may cost a system call, so
 * it is called only if the type matters. */
static np_error ask_type(np_pipe *pipe, np_mode *type) {
  np_info info;
  np_error error = NP_OK;

  if (pipe->knows_mode) {
    *type = pipe->mode;
  } else {
    info.size = sizeof info;
    error = np_pipe_info(pipe, &info);
    if (error == NP_OK) {
      *type = info.mode;
    }
  }
  return error;
}

/* choose_framing decides whether the channel frames its messages. An end that
 * cannot read has no read mode, so the type of the pipe decides. */
static np_error choose_framing(np_channel *channel,
                               const np_channel_options *options) {
  np_pipe *pipe = channel->pipe;
  np_mode type = NP_MESSAGE;
  np_error error = NP_OK;
  bool bytes;

  if (!pipe->readable || options->half_close) {
    error = ask_type(pipe, &type);
  }
  bytes = (pipe->readable ? pipe->read_mode : type) == NP_BYTE;
  channel->is_framed = options->framing == NP_FRAMING_ALWAYS ||
                       (options->framing == NP_FRAMING_AUTO && bytes);
  channel->half_close = options->half_close;
  if (error == NP_OK && ((bytes && !channel->is_framed) ||
                         (options->half_close && type == NP_BYTE))) {
    error = ERROR_NOT_SUPPORTED;
  }
  return error;
}

static void channel_drained(np__target *target) {
  np__channel_release((np_channel *)(void *)target);
}

static void released_run(np_loop *loop, np__packet *packet) {
  np_channel *channel = NP__CONTAINER(packet, np_channel, flush);

  if (channel->on_closed != NULL) {
    channel->on_closed(channel);
  } else {
    np__loop_count_own(loop);
  }
  loop->active--;
  np_sender_release(channel->sender);
  np_frame_decoder_deinit(&channel->decoder);
  np__loop_free(loop, channel->out);
  np__loop_free(loop, channel->in);
  np__loop_free(loop, channel);
}

static const np__packet_class released_class = {.run = released_run};

static const np__target_class channel_target_class = {
    .number = 1, .drained = channel_drained};

void np__channel_release(np_channel *channel) {
  assert(np__target_has(&channel->target, NP__BAR_CLOSING));
  if (channel->pipe == NULL && np__list_is_empty(&channel->target.ops) &&
      !channel->is_released) {
    channel->is_released = true;
    channel->flush.class_ = &released_class;
    np__loop_ready(channel->target.loop, &channel->flush);
  }
}

void *np__channel_allocate(const np_channel *channel, size_t bytes) {
  const np_allocator *allocator = &channel->target.loop->allocator;

  return allocator->allocate(allocator->context, bytes);
}

static np_error channel_init(np_channel *channel, np_pipe *pipe,
                             const np_channel_options *options) {
  np_loop *loop = pipe->target.loop;

  channel->pipe = pipe;
  np__target_init(&channel->target, loop, &channel_target_class);
  np__list_init(&channel->sends);
  np__list_init(&channel->receives);
  channel->flush.class_ = &np__channel_flush_class;
  channel->write.user = channel;
  channel->read.user = channel;
  channel->end.user = channel;
  channel->request.user = channel;
  channel->gather = options->gather;
  channel->write_buffer_bytes = (uint32_t)options->write_buffer_bytes;
  channel->read_buffer_bytes = (uint32_t)options->read_buffer_bytes;
  channel->copy_bytes_max = options->copy_bytes_max;
  return choose_framing(channel, options);
}

np_error np_channel_create(np_pipe *pipe, const np_channel_options *options,
                           np_channel **channel) {
  np_channel_options defaults;
  np_frame_decoder decoder;
  np_channel *made;
  np_error error;

  if (options == NULL) {
    np_channel_options_init(&defaults);
    options = &defaults;
  }
  if (pipe == NULL || channel == NULL || !channel_options_are_valid(options) ||
      np_frame_decoder_init(&decoder, &options->frame,
                            &pipe->target.loop->allocator) != NP_OK) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__target_check(&pipe->target);
  if (error != NP_OK) {
    return error;
  }
  if (!np__list_is_empty(&pipe->target.ops) || pipe->ready_hooks != NULL) {
    return ERROR_BUSY;
  }
  made = np__loop_new(pipe->target.loop, sizeof *made);
  if (made == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  made->decoder = decoder;
  made->decoder.np__kept_bytes = SIZE_MAX;
  error = channel_init(made, pipe, options);
  if (error != NP_OK) {
    np__loop_free(pipe->target.loop, made);
    return error;
  }
  pipe->target.bars |= NP__BAR_TAKEN;
  *channel = made;
  return NP_OK;
}

/* channel_end makes the channel closing: nothing may begin on it any more, and
 * the loop runs until its memory is freed. */
static void channel_end(np_channel *channel) {
  np__channel_tick_stop(channel);
  np__sender_close(channel->sender);
  channel->target.bars |= NP__BAR_CLOSING;
  channel->target.loop->active++;
  channel->pipe->target.bars &= (uint8_t)~NP__BAR_TAKEN;
  if (channel->is_flush_due) {
    channel->is_flush_due = false;
    np__queue_remove(&channel->target.loop->gathered, &channel->flush);
  }
}

static void pipe_closed(np_pipe *pipe) {
  np_channel *channel = np_pipe_user(pipe);

  np__loop_count_own(channel->target.loop);
  channel->pipe = NULL;
  np__channel_release(channel);
}

np_error np_channel_close(np_channel *channel, np_channel_closed_fn on_closed) {
  np_error error;

  np__channel_check_thread(channel);
  if (channel == NULL) {
    return NP_OK;
  }
  if (np__target_has(&channel->target, NP__BAR_CLOSING)) {
    return ERROR_INVALID_HANDLE;
  }
  channel->on_closed = on_closed;
  channel_end(channel);
  np__target_abort_all(&channel->target, NP__BY_CANCEL);
  np_pipe_set_user(channel->pipe, channel);
  error = np_pipe_close(channel->pipe, pipe_closed);
  assert(error == NP_OK);
  (void)error;
  return NP_OK;
}

np_error np_channel_detach(np_channel *channel, np_pipe **pipe) {
  np__channel_check_thread(channel);
  if (channel == NULL || pipe == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  if (np__target_has(&channel->target, NP__BAR_CLOSING)) {
    return ERROR_INVALID_HANDLE;
  }
  if (!np__list_is_empty(&channel->target.ops) ||
      !np__list_is_empty(&channel->pipe->target.ops)) {
    return ERROR_BUSY;
  }
  channel_end(channel);
  *pipe = channel->pipe;
  channel->pipe = NULL;
  np__channel_release(channel);
  return NP_OK;
}

np_pipe *np_channel_pipe(const np_channel *channel) {
  np__channel_check_thread(channel);
  return channel != NULL ? channel->pipe : NULL;
}

void *np_channel_user(const np_channel *channel) {
  np__channel_check_thread(channel);
  return channel != NULL ? channel->user : NULL;
}

void np_channel_set_user(np_channel *channel, void *user) {
  np__channel_check_thread(channel);
  if (channel != NULL) {
    channel->user = user;
  }
}

size_t np_channel_header_bytes(const np_channel *channel) {
  np__channel_check_thread(channel);
  return channel != NULL && channel->is_framed
             ? channel->decoder.np__layout.header_bytes
             : 0;
}
