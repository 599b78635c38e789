/* The encoder: the bytes it writes, the input it refuses, and the round trip
 * through a decoder with the same options. */
#include "frame_common.h"

/* encode_shown encodes and compares with `expected`. Bytes outside the length
 * field must stay 0xEE. */
static void encode_shown(const np_frame_options *options, size_t payload_length,
                         const void *expected, size_t expected_length) {
  unsigned char header[NP_FRAME_HEADER_BYTES_MAX];
  size_t length = 77;

  memset(header, 0xEE, sizeof(header));
  assert_np_ok(np_frame_encode_header(options, payload_length, header,
                                      expected_length, &length));
  assert_int_equal(length, expected_length);
  assert_memory_equal(header, expected, expected_length);
  for (size_t i = length; i < sizeof(header); i++) {
    assert_int_equal(header[i], 0xEE);
  }
}

static void encode_refused(const np_frame_options *options,
                           size_t payload_length, np_error error) {
  unsigned char header[NP_FRAME_HEADER_BYTES_MAX];
  size_t length = 77;

  memset(header, 0xEE, sizeof(header));
  assert_np_error(np_frame_encode_header(options, payload_length, header,
                                         sizeof(header), &length),
                  error);
  assert_int_equal(length, 77);
  for (size_t i = 0; i < sizeof(header); i++) {
    assert_int_equal(header[i], 0xEE);
  }
}

NP_CASE("frame-encode/encode-defaults", np_frame_encode_header, NO_MODE, NP_OK,
        "With default options the encoder writes the headers that Tokio's "
        "codec writes.",
        "tokio_util::codec::length_delimited#encoding") {
  encode_shown(NULL, 0, BYTES("\0\0\0\0"));
  encode_shown(NULL, 3, BYTES("\0\0\0\x03"));
  encode_shown(NULL, 9, BYTES("\0\0\0\x09"));
  encode_shown(NULL, 11, BYTES("\0\0\0\x0B"));
  encode_shown(NULL, 0x010203, BYTES("\0\x01\x02\x03"));
  encode_shown(NULL, 8388608, BYTES("\0\x80\0\0"));
}

NP_CASE("frame-encode/encode-widths", np_frame_encode_header, NO_MODE, NP_OK,
        "The length is written in the width and the byte order of the field.",
        "tokio_util::codec::length_delimited::Builder#length_field_length") {
  static const struct {
    size_t bytes;
    const char *big;
    const char *little;
  } rows[] = {{1, "\x7B", "\x7B"},
              {2, "\0\x7B", "\x7B\0"},
              {4, "\0\0\0\x7B", "\x7B\0\0\0"},
              {8, "\0\0\0\0\0\0\0\x7B", "\x7B\0\0\0\0\0\0\0"}};

  for (size_t i = 0; i < 4; i++) {
    np_frame_options options;

    frame_options_set(&options, rows[i].bytes, 0, 0, NP_FRAME_SKIP_HEADER);
    encode_shown(&options, 0x7B, rows[i].big, rows[i].bytes);
    options.byte_order = NP_LITTLE_ENDIAN;
    encode_shown(&options, 0x7B, rows[i].little, rows[i].bytes);
  }
}

NP_CASE("frame-encode/encode-adjusted", np_frame_encode_header, NO_MODE, NP_OK,
        "The encoder subtracts the adjustment from the length, and a decoder "
        "adds it again.",
        "tokio_util::codec::length_delimited::Builder#length_adjustment") {
  np_frame_options options;

  frame_options_set(&options, 4, 0, -2, NP_FRAME_SKIP_HEADER);
  encode_shown(&options, 9, BYTES("\0\0\0\x0B"));
  options.adjustment = 2;
  encode_shown(&options, 9, BYTES("\0\0\0\x07"));
  frame_options_set(&options, 8, 0, INT64_MIN, NP_FRAME_SKIP_HEADER);
  encode_shown(&options, 1, BYTES("\x80\0\0\0\0\0\0\x01"));
}

NP_CASE("frame-encode/encode-header-of-caller", np_frame_encode_header, NO_MODE,
        NP_OK,
        "Only the field is written: what stands before and behind it is the "
        "caller's. What is not skipped counts as frame.",
        "npipe/frame.h") {
  np_frame_options options;

  frame_options_set(&options, 2, 1, 0, 5);
  encode_shown(&options, 11, BYTES("\xEE\0\x0B\xEE\xEE"));
  frame_options_set(&options, 2, 1, 0, 0);
  encode_shown(&options, 11, BYTES("\xEE\0\x0E"));
  frame_options_set(&options, 2, 0, 2, 0);
  encode_shown(&options, 11, BYTES("\0\x0B"));
}

NP_CASE("frame-encode/encode-null", np_frame_encode_header, NO_MODE,
        ERROR_INVALID_PARAMETER, "The header and its length are needed.",
        "npipe/frame.h") {
  unsigned char header[4];
  size_t length;

  assert_invalid(np_frame_encode_header(NULL, 0, NULL, 4, &length));
  assert_invalid(np_frame_encode_header(NULL, 0, header, 4, NULL));
}

NP_CASE("frame-encode/encode-maximum", np_frame_encode_header, NO_MODE,
        ERROR_BUFFER_OVERFLOW,
        "A frame over the maximum is refused before it is sent. The part of "
        "the header that belongs to the frame counts.",
        "tokio_util::codec::length_delimited::Builder#max_frame_length") {
  np_frame_options options;

  encode_refused(NULL, 8388609, ERROR_BUFFER_OVERFLOW);
  encode_refused(NULL, SIZE_MAX, ERROR_BUFFER_OVERFLOW);
  np_frame_options_init(&options);
  options.frame_bytes_max = 5;
  encode_shown(&options, 5, BYTES("\0\0\0\x05"));
  encode_refused(&options, 6, ERROR_BUFFER_OVERFLOW);
  options.frame_bytes_max = 0;
  encode_shown(&options, 0, BYTES("\0\0\0\0"));
  encode_refused(&options, 1, ERROR_BUFFER_OVERFLOW);
  options.skip_bytes = 0;
  options.frame_bytes_max = 5;
  encode_shown(&options, 1, BYTES("\0\0\0\x05"));
  encode_refused(&options, 2, ERROR_BUFFER_OVERFLOW);
  options.frame_bytes_max = SIZE_MAX;
  encode_refused(&options, SIZE_MAX, ERROR_BUFFER_OVERFLOW);
}

NP_CASE("frame-encode/encode-field-too-narrow", np_frame_encode_header, NO_MODE,
        ERROR_BUFFER_OVERFLOW,
        "A length that the field cannot hold is refused, never cut off.",
        "npipe/frame.h") {
  np_frame_options options;

  frame_options_set(&options, 1, 0, 0, NP_FRAME_SKIP_HEADER);
  encode_shown(&options, 255, BYTES("\xFF"));
  encode_refused(&options, 256, ERROR_BUFFER_OVERFLOW);
  options.field_bytes = 2;
  encode_shown(&options, 65535, BYTES("\xFF\xFF"));
  encode_refused(&options, 65536, ERROR_BUFFER_OVERFLOW);
  frame_options_set(&options, 1, 0, -10, NP_FRAME_SKIP_HEADER);
  encode_shown(&options, 245, BYTES("\xFF"));
  encode_refused(&options, 246, ERROR_BUFFER_OVERFLOW);
  options.adjustment = 10;
  encode_shown(&options, 265, BYTES("\xFF"));
  encode_refused(&options, 266, ERROR_BUFFER_OVERFLOW);
}

NP_CASE("frame-encode/encode-underflow", np_frame_encode_header, NO_MODE,
        ERROR_INVALID_DATA,
        "A frame that is shorter than the adjustment has no length to write.",
        "npipe/frame.h") {
  np_frame_options options = frame_options(4, 0, 5, NP_FRAME_SKIP_HEADER);

  encode_shown(&options, 5, BYTES("\0\0\0\0"));
  encode_refused(&options, 4, ERROR_INVALID_DATA);
  encode_refused(&options, 0, ERROR_INVALID_DATA);
}

NP_CASE("frame-encode/encode-header-size", np_frame_encode_header, NO_MODE,
        ERROR_INSUFFICIENT_BUFFER,
        "A header that is too small for the caller's memory is not begun.",
        "npipe/frame.h") {
  unsigned char header[8];
  size_t length = 77;
  np_frame_options options = frame_options(2, 1, 0, 5);

  memset(header, 0xEE, sizeof(header));
  for (size_t size = 0; size < 5; size++) {
    assert_np_error(np_frame_encode_header(&options, 1, header, size, &length),
                    ERROR_INSUFFICIENT_BUFFER);
  }
  assert_int_equal(length, 77);
  for (size_t i = 0; i < sizeof(header); i++) {
    assert_int_equal(header[i], 0xEE);
  }
  assert_np_ok(np_frame_encode_header(&options, 1, header, 5, &length));
}

/* round_trip encodes a payload of `length` bytes with `options` and decodes it.
 * The frame must be the kept part of the header and the payload. */
static void round_trip(const np_frame_options *options, size_t length) {
  unsigned char wire[NP_FRAME_HEADER_BYTES_MAX + 600];
  size_t header;
  size_t skip = options->skip_bytes == NP_FRAME_SKIP_HEADER
                    ? options->field_offset + options->field_bytes
                    : options->skip_bytes;

  for (size_t i = 0; i < sizeof(wire); i++) {
    wire[i] = (unsigned char)(i * 7 + 1);
  }
  assert_np_ok(np_frame_encode_header(options, length, wire,
                                      NP_FRAME_HEADER_BYTES_MAX, &header));
  frame_decode_one(options, wire, header + length, wire + skip,
                   header + length - skip);
}

NP_CASE("frame-encode/round-trip", np_frame_encode_header, NO_MODE, NP_OK,
        "A decoder hands out what an encoder with the same options announced, "
        "for each width, order, offset, adjustment and skip.",
        "npipe/frame.h") {
  static const size_t widths[] = {1, 2, 4, 8};
  static const size_t offsets[] = {0, 1, 7};
  static const size_t skips[] = {0, 1, 3, 9, 20, NP_FRAME_SKIP_HEADER};
  static const size_t lengths[] = {20, 21, 100, 200};
  unsigned count = 0;

  for (unsigned i = 0; i < 4 * 2 * 3 * 6 * 4; i++) {
    np_frame_options options;

    frame_options_set(&options, widths[i % 4], offsets[i / 8 % 3], 0,
                      skips[i / 24 % 6]);
    options.byte_order = i / 4 % 2 == 0 ? NP_BIG_ENDIAN : NP_LITTLE_ENDIAN;
    for (int64_t adjustment = -20; adjustment <= 20; adjustment += 5) {
      options.adjustment = adjustment;
      round_trip(&options, lengths[i / 144]);
      count++;
    }
  }
  assert_int_equal(count, 576 * 9);
}
