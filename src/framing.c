/* Framings: which options are allowed, what follows from them, and the bytes
 * that an encoder puts around a payload. The decoder is frame.c. */
#include <assert.h>
#include <stdbool.h>
#include <string.h>
#include <windows.h>

#include "delimiter.h"
#include "frame.h"
#include "varint.h"

/* The default width of a length field. */
#define FIELD_BYTES 4u

/* Callers make arrays of NP_FRAME_HEADER_BYTES_MAX for any header. */
_Static_assert(NP_FRAME_HEADER_BYTES_MAX >= NP__VARINT_BYTES_MAX,
               "see frame.h");

/* shrink_of returns the absolute value of a negative adjustment, also of
 * INT64_MIN. */
static uint64_t shrink_of(int64_t adjustment) {
  assert(adjustment < 0);
  return 0 - (uint64_t)adjustment;
}

/* field_max returns the largest value of the length field. */
static uint64_t field_max(const np_frame_options *options) {
  return UINT64_MAX >> (64 - 8 * options->field_bytes);
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

    return field_max(&layout->options) >= shrink &&
           field_max(&layout->options) - shrink >= least;
  } else {
    uint64_t grow = (uint64_t)layout->options.adjustment;

    return grow <= most &&
           (grow >= least || field_max(&layout->options) >= least - grow);
  }
}

static bool is_width(size_t field_bytes) {
  return field_bytes == 1 || field_bytes == 2 || field_bytes == 4 ||
         field_bytes == 8;
}

/* has_no_field returns true if the options of a length field have their
 * defaults. */
static bool has_no_field(const np_frame_options *options) {
  return options->field_bytes == FIELD_BYTES && options->field_offset == 0 &&
         options->byte_order == NP_BIG_ENDIAN && options->adjustment == 0 &&
         options->skip_bytes == NP_FRAME_SKIP_HEADER;
}

/* other_layout fills in the layout of a kind without a length field. */
static bool other_layout(np__frame_layout *layout) {
  np_frame_options *own = &layout->options;

  if (!has_no_field(own)) {
    return false;
  }
  own->skip_bytes = 0;
  layout->kept_bytes = 0;
  if (own->kind == NP_FRAME_VARINT) {
    layout->header_bytes = np__varint_bytes(own->frame_bytes_max);
    return true;
  }
  layout->header_bytes = 0;
  return own->kind == NP_FRAME_DELIMITER && own->delimiter_count >= 1 &&
         own->delimiter_count <= NP_FRAME_DELIMITERS_MAX;
}

bool np__frame_layout_make(np__frame_layout *layout,
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
  if (own->kind != NP_FRAME_LENGTH) {
    return other_layout(layout);
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
  options->field_bytes = FIELD_BYTES;
  options->byte_order = NP_BIG_ENDIAN;
  options->skip_bytes = NP_FRAME_SKIP_HEADER;
  options->frame_bytes_max = (size_t)8 * 1024 * 1024;
  options->delimiters[0] = '\n';
  options->delimiter_count = 1;
}

np_error np__frame_measure(const np__frame_layout *layout,
                           const unsigned char *header, uint64_t *length) {
  const np_frame_options *options = &layout->options;
  const uint64_t value = field_get(options, header);

  if (options->adjustment < 0) {
    const uint64_t shrink = shrink_of(options->adjustment);

    if (value < shrink) {
      return ERROR_INVALID_DATA;
    }
    *length = value - shrink;
  } else {
    const uint64_t grow = (uint64_t)options->adjustment;

    if (value > UINT64_MAX - grow) {
      return ERROR_ARITHMETIC_OVERFLOW;
    }
    *length = value + grow;
  }
  return NP_OK;
}

size_t np__frame_header_bytes(const np__frame_layout *layout,
                              size_t payload_length) {
  return layout->options.kind == NP_FRAME_VARINT
             ? np__varint_bytes(payload_length)
             : layout->header_bytes;
}

/* field_value computes the length field of a frame of `length` bytes. */
static np_error field_value(const np__frame_layout *layout, uint64_t length,
                            uint64_t *value) {
  if (layout->options.adjustment < 0) {
    uint64_t shrink = shrink_of(layout->options.adjustment);

    if (length > field_max(&layout->options) - shrink) {
      return ERROR_BUFFER_OVERFLOW;
    }
    *value = length + shrink;
  } else {
    uint64_t grow = (uint64_t)layout->options.adjustment;

    if (length < grow) {
      return ERROR_INVALID_DATA;
    }
    if (length - grow > field_max(&layout->options)) {
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
  if (layout->options.kind != NP_FRAME_LENGTH) {
    if (layout->options.kind == NP_FRAME_VARINT && header != NULL) {
      np__varint_put(header, payload_length);
    }
    return NP_OK;
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
  size_t bytes;
  np_error error;

  if (header == NULL || header_length == NULL ||
      !np__frame_layout_make(&layout, options)) {
    return ERROR_INVALID_PARAMETER;
  }
  bytes = np__frame_header_bytes(&layout, payload_length);
  error =
      np__frame_encode(&layout, payload_length,
                       header_size < bytes ? NULL : (unsigned char *)header);
  if (error != NP_OK) {
    return error;
  }
  if (header_size < bytes) {
    return ERROR_INSUFFICIENT_BUFFER;
  }
  *header_length = bytes;
  return NP_OK;
}

np_error np_frame_encode_end(const np_frame_options *options,
                             const void *payload, size_t payload_length,
                             void *end, size_t *end_length) {
  np__frame_layout layout;
  np_error error;

  if ((payload == NULL && payload_length > 0) || end == NULL ||
      end_length == NULL || !np__frame_layout_make(&layout, options)) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__frame_encode(&layout, payload_length, NULL);
  if (error == NP_OK) {
    error = np__delimiter_check(&layout.options, payload, payload_length);
  }
  if (error == NP_OK) {
    *end_length = np__delimiter_put(&layout.options, end);
  }
  return error;
}
