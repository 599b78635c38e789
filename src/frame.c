/* Frames: the decoder measures the header first. A frame that is whole in the
 * input is handed out from there; else its bytes are collected in a pile. The
 * length in a header is untrusted input: memory is allocated only for bytes
 * that have come (pile.h). */
#include "frame.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>
#include <windows.h>

#include "allocator.h"
#include "pile.h"

/* Callers make arrays of NP_FRAME_HEADER_BYTES_MAX for any header. */
_Static_assert(NP_FRAME_HEADER_BYTES_MAX >= sizeof(uint64_t), "see frame.h");

/* shrink_of returns the absolute value of a negative adjustment, also of
 * INT64_MIN. */
static uint64_t shrink_of(int64_t adjustment) {
  assert(adjustment < 0);
  return 0 - (uint64_t)adjustment;
}

/* is_possible returns true if some value of the length field gives a frame. */
static bool is_possible(const np__frame_layout *layout) {
  uint64_t most = layout->options.frame_bytes_max;
  uint64_t least = layout->kept_bytes;

  if (least > most) {
    return false;
  }
  if (layout->options.adjustment < 0) {
    uint64_t shrink = shrink_of(layout->options.adjustment);

    return layout->field_max >= shrink && layout->field_max - shrink >= least;
  } else {
    uint64_t grow = (uint64_t)layout->options.adjustment;

    return grow <= most && (grow >= least || layout->field_max >= least - grow);
  }
}

static bool is_width(size_t field_bytes) {
  return field_bytes == 1 || field_bytes == 2 || field_bytes == 4 ||
         field_bytes == 8;
}

/* layout_make fills in `layout`. False: the options are refused. */
static bool layout_make(np__frame_layout *layout,
                        const np_frame_options *options) {
  np_frame_options *own = &layout->options;
  size_t field_end;

  if (options == NULL) {
    np_frame_options_init(own);
  } else if (options->size == sizeof *options) {
    *own = *options;
  } else {
    return false;
  }
  if (!is_width(own->field_bytes) ||
      own->field_offset > NP_FRAME_HEADER_BYTES_MAX - own->field_bytes ||
      (own->byte_order != NP_BIG_ENDIAN &&
       own->byte_order != NP_LITTLE_ENDIAN)) {
    return false;
  }
  field_end = own->field_offset + own->field_bytes;
  if (own->skip_bytes == NP_FRAME_SKIP_HEADER) {
    own->skip_bytes = field_end;
  }
  if (own->skip_bytes > NP_FRAME_HEADER_BYTES_MAX) {
    return false;
  }
  layout->header_bytes =
      own->skip_bytes > field_end ? own->skip_bytes : field_end;
  layout->kept_bytes = layout->header_bytes - own->skip_bytes;
  layout->field_max = UINT64_MAX >> (64 - 8 * own->field_bytes);
  return is_possible(layout);
}

/* field_at returns the offset of the length field's byte `n`, counted from the
 * least significant. */
static size_t field_at(const np_frame_options *options, size_t n) {
  return options->field_offset + (options->byte_order == NP_LITTLE_ENDIAN
                                      ? n
                                      : options->field_bytes - 1 - n);
}

static uint64_t field_get(const np_frame_options *options,
                          const unsigned char *header) {
  uint64_t value = 0;

  for (size_t n = options->field_bytes; n > 0; n--) {
    value = (value << 8) | header[field_at(options, n - 1)];
  }
  return value;
}

static void field_put(const np_frame_options *options, unsigned char *header,
                      uint64_t value) {
  for (size_t n = 0; n < options->field_bytes; n++) {
    header[field_at(options, n)] = (unsigned char)(value >> (8 * n));
  }
}

void np_frame_options_init(np_frame_options *options) {
  if (options == NULL) {
    return;
  }
  memset(options, 0, sizeof *options);
  options->size = sizeof *options;
  options->field_bytes = 4;
  options->byte_order = NP_BIG_ENDIAN;
  options->skip_bytes = NP_FRAME_SKIP_HEADER;
  options->frame_bytes_max = (size_t)8 * 1024 * 1024;
}

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
      !layout_make(&decoder->np__layout, options)) {
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

/* header_measure reads the length out of the header, which is complete. */
static np_error header_measure(np_frame_decoder *decoder) {
  const np__frame_layout *layout = &decoder->np__layout;
  const np_frame_options *options = &layout->options;
  uint64_t length = field_get(options, decoder->np__header);

  if (options->adjustment < 0) {
    uint64_t shrink = shrink_of(options->adjustment);

    if (length < shrink) {
      return ERROR_INVALID_DATA;
    }
    length -= shrink;
  } else {
    uint64_t grow = (uint64_t)options->adjustment;

    if (length > UINT64_MAX - grow) {
      return ERROR_ARITHMETIC_OVERFLOW;
    }
    length += grow;
  }
  /* Such a frame would end before its header does, and the next one would
   * begin inside of it: at worst at the same byte, for ever. */
  if (length < layout->kept_bytes) {
    return ERROR_INVALID_DATA;
  }
  decoder->np__length = length;
  return length > options->frame_bytes_max ? ERROR_BUFFER_OVERFLOW : NP_OK;
}

/* header_take takes the bytes of the header from `input`. ERROR_MORE_DATA: the
 * header is not complete yet. */
static np_error header_take(np_frame_decoder *decoder,
                            const unsigned char *input, size_t length,
                            size_t *taken) {
  size_t missing = decoder->np__layout.header_bytes - decoder->np__header_used;
  size_t size = length < missing ? length : missing;

  *taken = size;
  if (missing == 0) {
    return NP_OK;
  }
  memcpy(decoder->np__header + decoder->np__header_used, input, size);
  decoder->np__header_used += size;
  return size < missing ? ERROR_MORE_DATA : header_measure(decoder);
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

void np__frame_decoder_take_back(np_frame_decoder *decoder) {
  if (decoder->np__is_lent) {
    decoder->np__is_lent = false;
    np__pile_clear(&decoder->np__pile, decoder->np__kept_bytes);
  }
}

size_t np__frame_decoder_missing(const np_frame_decoder *decoder) {
  const np__frame_layout *layout = &decoder->np__layout;
  const np__pile *pile = &decoder->np__pile;

  if (decoder->np__header_used < layout->header_bytes) {
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

  if (!decoder->np__is_lent && decoder->np__pile.used > 0) {
    error = collected_give(decoder, frame);
  }
  if (error == ERROR_NOT_ENOUGH_MEMORY) {
    decoder->np__error = error;
    np__pile_clear(&decoder->np__pile, 0);
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
  error = decode(decoder, input, length, consumed, frame);
  if (error != NP_OK && error != ERROR_MORE_DATA) {
    *consumed = 0;
    decoder->np__error = error;
    np__pile_clear(&decoder->np__pile, 0);
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

np_error np_frame_decoder_finish(const np_frame_decoder *decoder) {
  if (decoder == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  if (decoder->np__error != NP_OK) {
    return decoder->np__error;
  }
  return decoder->np__header_used > 0 ? ERROR_HANDLE_EOF : NP_OK;
}

/* field_value computes the length field of a frame of `length` bytes. */
static np_error field_value(const np__frame_layout *layout, uint64_t length,
                            uint64_t *value) {
  if (layout->options.adjustment < 0) {
    uint64_t shrink = shrink_of(layout->options.adjustment);

    if (length > layout->field_max - shrink) {
      return ERROR_BUFFER_OVERFLOW;
    }
    *value = length + shrink;
  } else {
    uint64_t grow = (uint64_t)layout->options.adjustment;

    if (length < grow) {
      return ERROR_INVALID_DATA;
    }
    if (length - grow > layout->field_max) {
      return ERROR_BUFFER_OVERFLOW;
    }
    *value = length - grow;
  }
  return NP_OK;
}

np_error np__frame_encode(const np__frame_layout *layout, size_t payload_length,
                          unsigned char *header) {
  uint64_t value;
  np_error error;

  if (payload_length > layout->options.frame_bytes_max - layout->kept_bytes) {
    return ERROR_BUFFER_OVERFLOW;
  }
  error = field_value(layout, payload_length + layout->kept_bytes, &value);
  if (error == NP_OK && header != NULL) {
    field_put(&layout->options, header, value);
  }
  return error;
}

np_error np_frame_encode_header(const np_frame_options *options,
                                size_t payload_length, void *header,
                                size_t header_size, size_t *header_length) {
  np__frame_layout layout;
  np_error error;

  if (header == NULL || header_length == NULL ||
      !layout_make(&layout, options)) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__frame_encode(
      &layout, payload_length,
      header_size < layout.header_bytes ? NULL : (unsigned char *)header);
  if (error != NP_OK) {
    return error;
  }
  if (header_size < layout.header_bytes) {
    return ERROR_INSUFFICIENT_BUFFER;
  }
  *header_length = layout.header_bytes;
  return NP_OK;
}
