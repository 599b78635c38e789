/* Frames: the decoder measures the header first, or looks for a delimiter
 * (delimiter.c). A frame that is whole in the input is handed out from there;
 * else its bytes are collected in a pile. The length in a header is untrusted
 * input: memory is allocated only for bytes that have come (pile.h). */
#include "frame.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>
#include <windows.h>

#include "allocator.h"
#include "delimiter.h"
#include "pile.h"
#include "varint.h"

np_error np_frame_decoder_init(np_frame_decoder *decoder,
                               const np_frame_options *options,
                               const np_allocator *allocator) {
  if (decoder == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  memset(decoder, 0, sizeof *decoder);
  decoder->np__kept_bytes = NP_FRAME_MEMORY_BYTES;
  if (allocator != NULL) {
    decoder->np__pile.allocator = *allocator;
  }
  if (!np__allocator_complete(&decoder->np__pile.allocator) ||
      !np__frame_layout_make(&decoder->np__layout, options)) {
    decoder->np__error = ERROR_INVALID_PARAMETER;
    return ERROR_INVALID_PARAMETER;
  }
  return NP_OK;
}

void np_frame_decoder_deinit(np_frame_decoder *decoder) {
  if (decoder == NULL) {
    return;
  }
  np__pile_clear(&decoder->np__pile, 0);
  memset(decoder, 0, sizeof *decoder);
  decoder->np__error = ERROR_INVALID_PARAMETER;
}

/* has_header returns true if the header of the current frame is complete. */
static bool has_header(const np_frame_decoder *decoder) {
  const np__frame_layout *layout = &decoder->np__layout;
  const size_t used = decoder->np__header_used;

  switch (layout->options.kind) {
    case NP_FRAME_LENGTH:
      return used == layout->header_bytes;
    case NP_FRAME_VARINT:
      return used > 0 && np__varint_is_whole(decoder->np__header, used);
    default:
      return false;
  }
}

/* header_measure reads the length out of the header, which is complete. */
static np_error header_measure(np_frame_decoder *decoder) {
  const np__frame_layout *layout = &decoder->np__layout;
  uint64_t length = 0;
  np_error error =
      layout->options.kind == NP_FRAME_VARINT
          ? np__varint_get(decoder->np__header, decoder->np__header_used,
                           &length)
          : np__frame_measure(layout, decoder->np__header, &length);

  if (error != NP_OK) {
    return error;
  }
  /* Such a frame would end before its header does, and the next one would
   * begin inside of it: at worst at the same byte, for ever. */
  if (length < layout->kept_bytes) {
    return ERROR_INVALID_DATA;
  }
  decoder->np__length = length;
  return length > layout->options.frame_bytes_max ? ERROR_BUFFER_OVERFLOW
                                                  : NP_OK;
}

/* header_next returns how many of the next `length` bytes can belong to the
 * header: with NP_FRAME_VARINT each byte tells whether one more follows. */
static size_t header_next(const np_frame_decoder *decoder, size_t length) {
  const np__frame_layout *layout = &decoder->np__layout;
  const size_t missing = layout->options.kind == NP_FRAME_VARINT
                             ? 1
                             : layout->header_bytes - decoder->np__header_used;

  return length < missing ? length : missing;
}

/* header_take takes the bytes of the header from `input`. ERROR_MORE_DATA: the
 * header is not complete yet. */
static np_error header_take(np_frame_decoder *decoder,
                            const unsigned char *input, size_t length,
                            size_t *taken) {
  *taken = 0;
  while (!has_header(decoder)) {
    const size_t size = header_next(decoder, length - *taken);

    if (size == 0) {
      return ERROR_MORE_DATA;
    }
    memcpy(decoder->np__header + decoder->np__header_used, input + *taken,
           size);
    decoder->np__header_used += size;
    *taken += size;
    if (decoder->np__layout.options.kind == NP_FRAME_VARINT &&
        decoder->np__header_used == NP__VARINT_BYTES_MAX &&
        !has_header(decoder)) {
      return ERROR_INVALID_DATA;
    }
  }
  return *taken > 0 ? header_measure(decoder) : NP_OK;
}

/* frame_give hands out a frame; the next bytes are a header. */
static np_error frame_give(np_frame_decoder *decoder, const void *data,
                           np_frame *frame) {
  frame->data = data;
  frame->length = (size_t)decoder->np__length;
  decoder->np__header_used = 0;
  decoder->np__length = 0;
  return NP_OK;
}

/* collected_give hands out the collected frame if it is complete. */
static np_error collected_give(np_frame_decoder *decoder, np_frame *frame) {
  const void *data;

  if (decoder->np__pile.used < decoder->np__length) {
    return ERROR_MORE_DATA;
  }
  data = np__pile_join(&decoder->np__pile);
  if (data == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  decoder->np__is_lent = true;
  return frame_give(decoder, data, frame);
}

/* collect appends `length` bytes of the frame to the pile. */
static bool collect(np_frame_decoder *decoder, const unsigned char *bytes,
                    size_t length) {
  return np__pile_put(&decoder->np__pile, bytes, length,
                      (size_t)decoder->np__length - decoder->np__pile.used);
}

/* collect_header appends the part of the header that belongs to the frame. */
static bool collect_header(np_frame_decoder *decoder) {
  const np__frame_layout *layout = &decoder->np__layout;

  return decoder->np__pile.used > 0 ||
         (np__pile_outgrow(&decoder->np__pile, (size_t)decoder->np__length) &&
          collect(decoder, decoder->np__header + layout->options.skip_bytes,
                  layout->kept_bytes));
}

/* frame_collect takes the bytes of the frame from `input` into the pile. */
static np_error frame_collect(np_frame_decoder *decoder,
                              const unsigned char *input, size_t length,
                              size_t *taken, np_frame *frame) {
  size_t missing;
  size_t size;

  if (!collect_header(decoder)) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  missing = (size_t)decoder->np__length - decoder->np__pile.used;
  size = length < missing ? length : missing;
  if (!collect(decoder, input, size)) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  *taken = size;
  return collected_give(decoder, frame);
}

static np_error decode(np_frame_decoder *decoder, const unsigned char *input,
                       size_t length, size_t *consumed, np_frame *frame) {
  const np__frame_layout *layout = &decoder->np__layout;
  size_t header_taken;
  size_t frame_taken = 0;
  size_t payload;
  np_error error = header_take(decoder, input, length, &header_taken);

  if (error != NP_OK) {
    *consumed = header_taken;
    return error;
  }
  input += header_taken;
  length -= header_taken;
  payload = (size_t)decoder->np__length - layout->kept_bytes;
  if (decoder->np__pile.used == 0 && length >= payload &&
      (layout->kept_bytes == 0 || header_taken == layout->header_bytes)) {
    *consumed = header_taken + payload;
    return frame_give(decoder, input - layout->kept_bytes, frame);
  }
  if (length == 0 && payload > 0) {
    /* nothing to collect: the payload may come whole in the next input */
    *consumed = header_taken;
    return ERROR_MORE_DATA;
  }
  error = frame_collect(decoder, input, length, &frame_taken, frame);
  *consumed = header_taken + frame_taken;
  return error;
}

/* fail makes every further call return `error`, and frees the memory. */
static void fail(np_frame_decoder *decoder, np_error error) {
  decoder->np__error = error;
  np__pile_clear(&decoder->np__pile, 0);
}

void np__frame_decoder_take_back(np_frame_decoder *decoder) {
  if (decoder->np__is_lent) {
    decoder->np__is_lent = false;
    np__pile_clear(&decoder->np__pile, decoder->np__kept_bytes);
  }
}

size_t np__frame_decoder_missing(const np_frame_decoder *decoder) {
  const np__frame_layout *layout = &decoder->np__layout;
  const np__pile *pile = &decoder->np__pile;

  if (!has_header(decoder)) {
    return 0;
  }
  return (size_t)decoder->np__length -
         (pile->used > 0 ? pile->used : layout->kept_bytes);
}

unsigned char *np__frame_decoder_room(np_frame_decoder *decoder, size_t *room) {
  np__pile *pile = &decoder->np__pile;

  assert(np__frame_decoder_missing(decoder) > 0);
  if (!collect_header(decoder)) {
    return NULL;
  }
  return np__pile_room(pile, pile->used,
                       (size_t)decoder->np__length - pile->used, room);
}

np_error np__frame_decoder_go_on(np_frame_decoder *decoder, np_frame *frame) {
  np_error error = ERROR_MORE_DATA;

  if (!decoder->np__is_lent && has_header(decoder) &&
      decoder->np__pile.used > 0) {
    error = collected_give(decoder, frame);
  }
  if (error == ERROR_NOT_ENOUGH_MEMORY) {
    fail(decoder, error);
  }
  return error;
}

np_error np_frame_decode(np_frame_decoder *decoder, const void *input,
                         size_t length, size_t *consumed, np_frame *frame) {
  np_error error;

  if (decoder == NULL || consumed == NULL || frame == NULL ||
      (input == NULL && length > 0)) {
    return ERROR_INVALID_PARAMETER;
  }
  *consumed = 0;
  frame->data = NULL;
  frame->length = 0;
  if (decoder->np__error != NP_OK) {
    return decoder->np__error;
  }
  np__frame_decoder_take_back(decoder);
  if (length == 0) {
    return ERROR_MORE_DATA;
  }
  if (decoder->np__layout.options.kind == NP_FRAME_DELIMITER) {
    error = np__delimiter_decode(decoder, input, length, consumed, frame);
    if (error == ERROR_BUFFER_OVERFLOW) {
      return error; /* the decoder goes on behind the next delimiter */
    }
  } else {
    error = decode(decoder, input, length, consumed, frame);
  }
  if (error != NP_OK && error != ERROR_MORE_DATA) {
    *consumed = 0;
    fail(decoder, error);
  }
  return error;
}

np_error np_frame_decode_end(np_frame_decoder *decoder, np_frame *frame) {
  np_error error;

  if (decoder == NULL || frame == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  frame->data = NULL;
  frame->length = 0;
  if (decoder->np__error != NP_OK) {
    return decoder->np__error;
  }
  np__frame_decoder_take_back(decoder);
  if (decoder->np__layout.options.kind != NP_FRAME_DELIMITER) {
    return ERROR_MORE_DATA;
  }
  error = np__delimiter_end(decoder, frame);
  if (error == ERROR_NOT_ENOUGH_MEMORY) {
    fail(decoder, error);
  }
  return error;
}

uint64_t np_frame_decoder_length(const np_frame_decoder *decoder) {
  return decoder != NULL ? decoder->np__length : 0;
}

uint64_t np__frame_decoder_skip(np_frame_decoder *decoder) {
  const uint64_t rest = decoder->np__length - decoder->np__layout.kept_bytes;

  assert(decoder->np__error == ERROR_BUFFER_OVERFLOW);
  assert(decoder->np__pile.used == 0);
  decoder->np__error = NP_OK;
  decoder->np__header_used = 0;
  decoder->np__length = 0;
  return rest;
}

bool np__frame_decoder_has_begun(const np_frame_decoder *decoder) {
  return decoder->np__layout.options.kind == NP_FRAME_DELIMITER
             ? np__delimiter_has_begun(decoder)
             : decoder->np__header_used > 0;
}

static bool may_be_unended(const np_frame_decoder *decoder) {
  const np_frame_options *options = &decoder->np__layout.options;

  return options->kind == NP_FRAME_DELIMITER && options->unended_last;
}

np_error np_frame_decoder_finish(const np_frame_decoder *decoder) {
  if (decoder == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  if (decoder->np__error != NP_OK) {
    return decoder->np__error;
  }
  return np__frame_decoder_has_begun(decoder) && !may_be_unended(decoder)
             ? ERROR_HANDLE_EOF
             : NP_OK;
}
