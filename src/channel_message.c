/* Channels: how a message is put together from what the channel's read brought.
 * With framing the decoder cuts the bytes into messages. Without, a message of
 * the kernel's comes whole or in parts, and the parts are collected in the
 * decoder's pile. The result is one message or one error at a time; it stays
 * until a receive or a call takes it. */
#include <assert.h>

#include "channel.h"
#include "frame.h"
#include "pile.h"

/* --- The result ----------------------------------------------------------- */

void np__channel_result_set(np_channel *channel, np_error error, void *data,
                            size_t length) {
  channel->result.is_there = true;
  channel->result.error = error;
  channel->result.data = data;
  channel->result.length = length;
}

bool np__channel_result_is_message(const np__channel_result *result) {
  /* ERROR_BUFFER_OVERFLOW: a message that was too long to be handed out. */
  return result->error == NP_OK || result->error == ERROR_BUFFER_OVERFLOW;
}

bool np__channel_is_inside(const np_channel *channel) {
  return channel->is_framed ? channel->skip_bytes > 0 ||
                                  np__frame_decoder_has_begun(&channel->decoder)
                            : channel->is_in_message;
}

static bool may_stream_end(const np_channel *channel) {
  return channel->is_framed
             ? channel->skip_bytes == 0 &&
                   np_frame_decoder_finish(&channel->decoder) == NP_OK
             : !channel->is_in_message;
}

/* stream_ended: the last frame may end with the stream, in place of its
 * delimiter. It is received before the end is reported. */
static void stream_ended(np_channel *channel) {
  np_error error = ERROR_MORE_DATA;
  np_frame frame;

  if (channel->is_framed) {
    error = np_frame_decode_end(&channel->decoder, &frame);
  }
  if (error == NP_OK) {
    assert(!channel->result.is_there);
    np__channel_result_set(channel, NP_OK, (void *)(uintptr_t)frame.data,
                           frame.length);
  }
  if (error == ERROR_NOT_ENOUGH_MEMORY) {
    channel->receive_error = error;
  } else {
    channel->receive_error =
        may_stream_end(channel) ? ERROR_BROKEN_PIPE : ERROR_HANDLE_EOF;
  }
}

void np__channel_read_failed(np_channel *channel, np_error error,
                             bool is_ours) {
  if (error == ERROR_BROKEN_PIPE) {
    stream_ended(channel);
  } else if (error == ERROR_PIPE_NOT_CONNECTED) {
    channel->receive_error = error;
  } else if (error != ERROR_OPERATION_ABORTED || !is_ours) {
    np__channel_result_set(channel, error, NULL, 0);
  }
}

/* --- Framed --------------------------------------------------------------- */

/* frame_refused: the next frame is too long. Its bytes will be skipped, by the
 * decoder itself if they end with a delimiter. */
static void frame_refused(np_channel *channel, size_t header_used) {
  np_frame_decoder *decoder = &channel->decoder;
  const uint64_t length = np_frame_decoder_length(decoder);

  if (decoder->np__layout.options.kind != NP_FRAME_DELIMITER) {
    channel->in_begin += decoder->np__header_used - header_used;
    channel->skip_bytes = np__frame_decoder_skip(decoder);
  }
  np__channel_result_set(channel, ERROR_BUFFER_OVERFLOW, NULL,
                         length < SIZE_MAX ? (size_t)length : SIZE_MAX);
}

/* frame_find looks for the next message in the bytes that were read. */
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
    np__channel_result_set(channel, NP_OK, (void *)(uintptr_t)frame.data,
                           frame.length);
  } else if (error == ERROR_BUFFER_OVERFLOW) {
    frame_refused(channel, header_used);
  } else if (error != ERROR_MORE_DATA) {
    channel->receive_error = error;
  }
}

static void framed_read(np_channel *channel, np_error error, size_t length,
                        bool is_ours) {
  /* ERROR_MORE_DATA: a part of a message. Frames do not depend on how the bytes
   * were cut into messages. */
  if (error != NP_OK && error != ERROR_MORE_DATA) {
    np__channel_read_failed(channel, error, is_ours);
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

/* --- Messages of the kernel ----------------------------------------------- */

/* part_came: the message goes on after the bytes in the pile. A message that
 * will be refused as too long is dropped part by part. */
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

/* whole_join sets the result to the message in the pile, which is whole.
 * Without memory the message stays in parts, and whole_join is tried again. */
static void whole_join(np_channel *channel) {
  np__pile *pile = &channel->decoder.np__pile;
  void *data = np__pile_join(pile);

  channel->is_whole = data == NULL;
  np__channel_result_set(channel,
                         data != NULL ? NP_OK : ERROR_NOT_ENOUGH_MEMORY, data,
                         data != NULL ? pile->used : 0);
}

void np__channel_message_came(np_channel *channel, void *data, size_t length) {
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
    np__channel_result_set(channel, ERROR_BUFFER_OVERFLOW, NULL, length);
  } else if (length == 0 && channel->half_close) {
    stream_ended(channel);
  } else if (data != NULL) {
    np__channel_result_set(channel, NP_OK, data, length);
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
    np__channel_message_came(channel, NULL, pile->used);
  } else {
    np__channel_read_failed(channel, error, is_ours);
  }
}

void np__channel_part_kept(np_channel *channel, const void *bytes,
                           size_t length) {
  np__pile *pile = &channel->decoder.np__pile;

  np__pile_clear(pile, SIZE_MAX); /* an earlier message may lie in the pile */
  if (length >= np__channel_bytes_max(channel)) {
    channel->dropping = NP__DROP_TOO_LONG;
    channel->dropped_bytes = length;
  } else if (!np__pile_put(pile, bytes, length,
                           np__channel_bytes_max(channel))) {
    np__pile_clear(pile, SIZE_MAX);
    channel->dropping = NP__DROP_SILENTLY;
    channel->dropped_bytes = length;
    np__channel_result_set(channel, ERROR_NOT_ENOUGH_MEMORY, NULL, 0);
  }
  channel->is_in_message = true;
}

/* --- Both ----------------------------------------------------------------- */

void np__channel_came(np_channel *channel, np_error error, size_t length,
                      bool is_ours) {
  channel->came += length;
  if (channel->is_framed) {
    framed_read(channel, error, length, is_ours);
  } else {
    native_read(channel, error, length, is_ours);
  }
}

void np__channel_look(np_channel *channel) {
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
