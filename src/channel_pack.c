/* Channels: the bytes of framed messages, on their way out. Short messages are
 * copied with their headers into the channel's buffer `out`, as many as fit one
 * write. A long message is written from the caller's memory, behind its header.
 * A message with a delimiter behind it is always copied: so a message and its
 * delimiter are one write, and no cancel comes between the two. */
#include <assert.h>
#include <string.h>

#include "channel.h"
#include "delimiter.h"
#include "frame.h"

/* A message with room for its header is not copied if both together have at
 * least this size: below, a copy costs less than a write of its own. */
#define UNCOPIED_BYTES_MIN 4096u

#define OUT_BYTES_MIN 512u

/* Which part of a message is written from the caller's memory. */
typedef enum in_place { IN_BUFFER, BEHIND_HEADER, ALL_OF_IT } in_place;

static const np__frame_layout *layout_of(const np_channel *channel) {
  return &channel->decoder.np__layout;
}

static size_t header_bytes(const np_channel *channel, const np_op *op) {
  return np__frame_header_bytes(layout_of(channel), op->np__length);
}

/* reserved_begin returns the beginning of the header that the message's room
 * has at its end. */
static unsigned char *reserved_begin(const np_channel *channel,
                                     const np_op *op) {
  return (unsigned char *)op->np__buffer + layout_of(channel)->header_bytes -
         header_bytes(channel, op);
}

static in_place place_of(const np_channel *channel, const np_op *op) {
  const size_t total = header_bytes(channel, op) + op->np__length;

  if (layout_of(channel)->options.kind == NP_FRAME_DELIMITER) {
    return IN_BUFFER;
  }
  if ((op->np__flags & NP__SEND_RESERVED) != 0) {
    return total >= UNCOPIED_BYTES_MIN || total > channel->write_buffer_bytes
               ? ALL_OF_IT
               : IN_BUFFER;
  }
  /* A write of 0 bytes would send an empty message where the pipe keeps
   * messages. */
  return total > channel->write_buffer_bytes && op->np__length > 0
             ? BEHIND_HEADER
             : IN_BUFFER;
}

bool np__channel_is_in_place(const np_channel *channel, const np_op *op) {
  return (op->np__flags & NP__SEND_HEADED) != 0 ||
         place_of(channel, op) == ALL_OF_IT;
}

/* header_write writes the header of a message of `length` bytes to `to`. The
 * length was checked when the send began. */
static void header_write(const np_channel *channel, size_t length,
                         unsigned char *to) {
  const np_error error = np__frame_encode(layout_of(channel), length, to);

  assert(error == NP_OK);
  (void)error;
}

unsigned char *np__channel_in_place(const np_channel *channel, np_op *op,
                                    size_t *bytes) {
  unsigned char *begin = op->np__buffer;

  *bytes = op->np__length;
  if ((op->np__flags & NP__SEND_RESERVED) != 0) {
    begin = reserved_begin(channel, op);
    header_write(channel, op->np__length, begin);
    *bytes += header_bytes(channel, op);
  }
  return begin;
}

/* end_bytes returns how many bytes go behind a message. */
static size_t end_bytes(const np_channel *channel) {
  return layout_of(channel)->options.kind == NP_FRAME_DELIMITER ? 1 : 0;
}

/* next_bytes returns how many bytes of the waiting messages the next write from
 * `out` takes. */
static size_t next_bytes(const np_channel *channel) {
  size_t bytes = 0;

  for (np_op *op = np__channel_first(&channel->sends);
       op != NULL && !np__channel_is_shutdown(op);
       op = np__channel_next(&channel->sends, op)) {
    const in_place place = place_of(channel, op);
    const size_t more =
        header_bytes(channel, op) +
        (place == IN_BUFFER ? op->np__length + end_bytes(channel) : 0);

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

/* out_reserve makes `out` hold at least `bytes`. Its content is lost. */
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

static void copy(unsigned char *to, const void *from, size_t length) {
  if (length > 0) {
    memcpy(to, from, length);
  }
}

/* pack copies the next `bytes` of the waiting messages to `out`. */
static void pack(np_channel *channel, size_t bytes) {
  const np_frame_options *options = &layout_of(channel)->options;
  np_op *op = np__channel_first(&channel->sends);
  size_t used = 0;

  while (used < bytes) {
    uint32_t *flags = &op->np__flags;
    unsigned char *to = channel->out + used;
    const size_t header = header_bytes(channel, op);

    if ((*flags & NP__SEND_RESERVED) != 0) {
      copy(to, reserved_begin(channel, op), header + op->np__length);
      used += op->np__length;
      *flags |= NP__SEND_COPIED;
    } else {
      memset(to, 0, header);
      if (place_of(channel, op) == IN_BUFFER) {
        copy(to + header, op->np__buffer, op->np__length);
        used += op->np__length;
        *flags |= NP__SEND_COPIED;
      } else {
        *flags |= NP__SEND_HEADED;
      }
    }
    header_write(channel, op->np__length, to);
    used += header;
    used += np__delimiter_put(options, channel->out + used);
    op = np__channel_next(&channel->sends, op);
  }
}

np_error np__channel_pack(np_channel *channel, size_t *bytes) {
  np_error error;

  *bytes = next_bytes(channel);
  error = out_reserve(channel, *bytes);
  if (error == NP_OK) {
    pack(channel, *bytes);
  }
  return error;
}
