/* How a decoder reads one frame and its header. The examples are those of the
 * page of Tokio's codec; a field of three bytes there is a field of two bytes
 * here. */
#include "frame_common.h"

#define HELLO "Hello world"

static const unsigned char counting[] = {1, 2, 3, 4, 5, 6, 7, 8};

/* width_shown decodes a frame of 5 bytes behind a length field of `bytes`
 * bytes. Then it decodes the largest value of the field, which must be read
 * whole and unsigned. */
static void width_shown(size_t bytes, np_byte_order order) {
  unsigned char wire[8 + 5] = {0};
  unsigned char large[8];
  np_frame_options options;
  uint64_t expected = 0;

  frame_options_set(&options, bytes, 0, 0, NP_FRAME_SKIP_HEADER);
  options.byte_order = order;
  wire[order == NP_BIG_ENDIAN ? bytes - 1 : 0] = 5;
  memcpy(wire + bytes, "12345", 5);
  frame_decode_one(&options, wire, bytes + 5, "12345", 5);

  options.frame_bytes_max = 0;
  memset(large, 0xFF, sizeof(large));
  assert_true(
      frame_decode_refused(&options, large, bytes, ERROR_BUFFER_OVERFLOW) ==
      UINT64_MAX >> (64 - 8 * bytes));
  for (size_t i = 0; i < bytes; i++) {
    expected |= (uint64_t)counting[i]
                << (8 * (order == NP_BIG_ENDIAN ? bytes - 1 - i : i));
  }
  assert_true(frame_decode_refused(&options, counting, bytes,
                                   ERROR_BUFFER_OVERFLOW) == expected);
}

#define WIDTH_CASE(id, bytes, order)                                        \
  NP_CASE(                                                                  \
      id, np_frame_decode, NO_MODE, NP_OK,                                  \
      "The length field is read in its width and its byte order.",          \
      "tokio_util::codec::length_delimited::Builder#length_field_length") { \
    (void)f;                                                                \
    width_shown(bytes, order);                                              \
  }

WIDTH_CASE("frame-decode/width-1-big", 1, NP_BIG_ENDIAN)
WIDTH_CASE("frame-decode/width-1-little", 1, NP_LITTLE_ENDIAN)
WIDTH_CASE("frame-decode/width-2-big", 2, NP_BIG_ENDIAN)
WIDTH_CASE("frame-decode/width-2-little", 2, NP_LITTLE_ENDIAN)
WIDTH_CASE("frame-decode/width-4-big", 4, NP_BIG_ENDIAN)
WIDTH_CASE("frame-decode/width-4-little", 4, NP_LITTLE_ENDIAN)
WIDTH_CASE("frame-decode/width-8-big", 8, NP_BIG_ENDIAN)
WIDTH_CASE("frame-decode/width-8-little", 8, NP_LITTLE_ENDIAN)

/* --- Tokio's examples --------------------------------------------------- */

NP_CASE("frame-decode/example-1", np_frame_decode, NO_MODE, NP_OK,
        "Two bytes of length at the beginning, the header not handed out.",
        "tokio_util::codec::length_delimited#example-1") {
  np_frame_options options = frame_options(2, 0, 0, NP_FRAME_SKIP_HEADER);

  frame_decode_one(&options, BYTES("\x00\x0B" HELLO), BYTES(HELLO));
}

NP_CASE("frame-decode/example-2", np_frame_decode, NO_MODE, NP_OK,
        "The header is handed out with the frame: its bytes are added to the "
        "length.",
        "tokio_util::codec::length_delimited#example-2") {
  np_frame_options options = frame_options(2, 0, 2, 0);

  frame_decode_one(&options, BYTES("\x00\x0B" HELLO), BYTES("\x00\x0B" HELLO));
}

NP_CASE("frame-decode/example-3", np_frame_decode, NO_MODE, NP_OK,
        "The field counts the header too: its bytes are taken off the length.",
        "tokio_util::codec::length_delimited#example-3") {
  np_frame_options options = frame_options(2, 0, -2, NP_FRAME_SKIP_HEADER);

  frame_decode_one(&options, BYTES("\x00\x0D" HELLO), BYTES(HELLO));
}

NP_CASE("frame-decode/example-4", np_frame_decode, NO_MODE, NP_OK,
        "More of the header stands behind the field, and all of it is handed "
        "out.",
        "tokio_util::codec::length_delimited#example-4") {
  np_frame_options options;

  frame_options_set(&options, 2, 0, 2 + 2, 0);
  frame_decode_one(&options, BYTES("\x00\x0B\xCA\xFE" HELLO),
                   BYTES("\x00\x0B\xCA\xFE" HELLO));
}

NP_CASE("frame-decode/example-5", np_frame_decode, NO_MODE, NP_OK,
        "The length field stands in the middle of the header, and the end of "
        "the header belongs to the frame.",
        "tokio_util::codec::length_delimited#example-5") {
  np_frame_options options = frame_options(2, 1, 1, 3);

  frame_decode_one(&options, BYTES("\xCA\x00\x0B\xFE" HELLO),
                   BYTES("\xFE" HELLO));
}

NP_CASE("frame-decode/example-6", np_frame_decode, NO_MODE, NP_OK,
        "A length field that counts the whole header is decoded.",
        "tokio_util::codec::length_delimited#example-6") {
  np_frame_options options = frame_options(2, 1, -3, 3);

  frame_decode_one(&options, BYTES("\xCA\x00\x0F\xFE" HELLO),
                   BYTES("\xFE" HELLO));
}

NP_CASE("frame-decode/example-7", np_frame_decode, NO_MODE, NP_OK,
        "Bytes between the field and the payload are dropped.",
        "tokio_util::codec::length_delimited#example-7") {
  np_frame_options options = frame_options(2, 0, 0, 3);

  frame_decode_one(&options, BYTES("\x00\x0B\xFF" HELLO), BYTES(HELLO));
}

NP_CASE("frame-decode/skip-less-than-header", np_frame_decode, NO_MODE, NP_OK,
        "A part of the header may be skipped and the rest handed out, with and "
        "without a payload.",
        "npipe/frame.h") {
  np_frame_options options = frame_options(2, 2, 0, 1);

  frame_decode_one(&options, BYTES("\xCA\xFE\x00\x05xy"),
                   BYTES("\xFE\x00\x05xy"));
  frame_decode_one(&options, BYTES("\xCA\xFE\x00\x03"), BYTES("\xFE\x00\x03"));
}

/* --- Limits ------------------------------------------------------------- */

NP_CASE("frame-decode/empty", np_frame_decode, NO_MODE, NP_OK,
        "An empty frame is a frame, one after the other.",
        "tokio_util::codec::length_delimited") {
  struct frame_memory memory;
  np_allocator allocator = frame_allocator(&memory);
  struct frame_log *log = test_calloc(1, sizeof(*log));
  np_frame_decoder decoder;

  frame_decode_one(NULL, BYTES("\0\0\0\0"), BYTES(""));
  assert_np_ok(np_frame_decoder_init(&decoder, NULL, &allocator));
  assert_np_error(frame_feed(&decoder, log, BYTES("\0\0\0\0\0\0\0\0\0\0")),
                  ERROR_MORE_DATA);
  assert_np_error(frame_feed(&decoder, log, BYTES("\0\0")), ERROR_MORE_DATA);
  assert_int_equal(log->count, 3);
  assert_int_equal(log->used, 3 * 4);
  assert_int_equal(memory.counted.total, 0);
  np_frame_decoder_deinit(&decoder);
  test_free(log);
}

NP_CASE(
    "frame-decode/maximum", np_frame_decode, NO_MODE, ERROR_BUFFER_OVERFLOW,
    "A frame may be as long as the maximum, and not one byte longer. The error "
    "comes with the header, and np_frame_decoder_length returns the length.",
    "tokio_util::codec::length_delimited::Builder#max_frame_length") {
  np_frame_options options;

  np_frame_options_init(&options);
  options.frame_bytes_max = 5;
  frame_decode_one(&options,
                   BYTES("\0\0\0\x04"
                         "1234"),
                   BYTES("1234"));
  frame_decode_one(&options,
                   BYTES("\0\0\0\x05"
                         "12345"),
                   BYTES("12345"));
  assert_true(frame_decode_refused(&options, BYTES("\0\0\0\x06"),
                                   ERROR_BUFFER_OVERFLOW) == 6);
}

NP_CASE("frame-decode/maximum-zero", np_frame_decode, NO_MODE,
        ERROR_BUFFER_OVERFLOW,
        "With a maximum of 0 only empty frames come through.",
        "npipe/frame.h") {
  np_frame_options options;

  np_frame_options_init(&options);
  options.frame_bytes_max = 0;
  frame_decode_one(&options, BYTES("\0\0\0\0"), BYTES(""));
  assert_true(frame_decode_refused(&options, BYTES("\0\0\0\x01"),
                                   ERROR_BUFFER_OVERFLOW) == 1);
}

NP_CASE("frame-decode/maximum-default", np_frame_decode, NO_MODE,
        ERROR_BUFFER_OVERFLOW,
        "The default maximum is 8 MiB: 8388608 is taken, 8388609 is not.",
        "tokio_util::codec::length_delimited::Builder#max_frame_length") {
  np_frame_decoder decoder;
  np_frame frame;
  size_t consumed;

  assert_np_ok(np_frame_decoder_init(&decoder, NULL, NULL));
  assert_np_error(
      np_frame_decode(&decoder, BYTES("\0\x80\0\0"), &consumed, &frame),
      ERROR_MORE_DATA);
  assert_true(np_frame_decoder_length(&decoder) == 8388608);
  np_frame_decoder_deinit(&decoder);
  assert_true(frame_decode_refused(NULL, BYTES("\0\x80\0\x01"),
                                   ERROR_BUFFER_OVERFLOW) == 8388609);
}

NP_CASE("frame-decode/maximum-adjusted", np_frame_decode, NO_MODE,
        ERROR_BUFFER_OVERFLOW,
        "The maximum is for the length after the adjustment, whatever its "
        "sign.",
        "npipe/frame.h") {
  np_frame_options options = frame_options(1, 0, 3, NP_FRAME_SKIP_HEADER);

  options.frame_bytes_max = 5;
  frame_decode_one(&options,
                   BYTES("\x02"
                         "12345"),
                   BYTES("12345"));
  assert_true(frame_decode_refused(&options, BYTES("\x03"),
                                   ERROR_BUFFER_OVERFLOW) == 6);
  options.adjustment = -3;
  frame_decode_one(&options,
                   BYTES("\x08"
                         "12345"),
                   BYTES("12345"));
  assert_true(frame_decode_refused(&options, BYTES("\x09"),
                                   ERROR_BUFFER_OVERFLOW) == 6);
}

NP_CASE("frame-decode/underflow", np_frame_decode, NO_MODE, ERROR_INVALID_DATA,
        "A length from which more is taken off than it is, is an error.",
        "tokio_util::codec::length_delimited::Builder#length_adjustment") {
  np_frame_options options;

  frame_options_set(&options, 2, 0, -2, NP_FRAME_SKIP_HEADER);
  frame_decode_one(&options, BYTES("\0\x02"), BYTES(""));
  assert_true(
      frame_decode_refused(&options, BYTES("\0\x01"), ERROR_INVALID_DATA) == 0);
  frame_decode_refused(&options, BYTES("\0\0"), ERROR_INVALID_DATA);
  frame_options_set(&options, 8, 0, INT64_MIN, NP_FRAME_SKIP_HEADER);
  frame_decode_one(&options, BYTES("\x80\0\0\0\0\0\0\x02ok"), BYTES("ok"));
  frame_decode_refused(&options, BYTES("\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
                       ERROR_INVALID_DATA);
}

NP_CASE("frame-decode/ends-in-header", np_frame_decode, NO_MODE,
        ERROR_INVALID_DATA,
        "A frame that would end inside of its own header is an error, not a "
        "frame without end.",
        "npipe/frame.h") {
  np_frame_options options = frame_options(2, 0, 0, 0);

  frame_decode_one(&options, BYTES("\0\x02"), BYTES("\0\x02"));
  frame_decode_refused(&options, BYTES("\0\x01"), ERROR_INVALID_DATA);
  assert_true(
      frame_decode_refused(&options, BYTES("\0\0"), ERROR_INVALID_DATA) == 0);
}

NP_CASE("frame-decode/overflow", np_frame_decode, NO_MODE,
        ERROR_ARITHMETIC_OVERFLOW,
        "A length that exceeds 64 bits after the adjustment is an error; the "
        "largest length that fits is merely too long.",
        "tokio_util::codec::length_delimited::Builder#length_adjustment") {
  np_frame_options options = frame_options(8, 0, 5, NP_FRAME_SKIP_HEADER);

  assert_true(frame_decode_refused(&options,
                                   BYTES("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFA"),
                                   ERROR_BUFFER_OVERFLOW) == UINT64_MAX);
  assert_true(frame_decode_refused(&options,
                                   BYTES("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFB"),
                                   ERROR_ARITHMETIC_OVERFLOW) == 0);
  frame_decode_refused(&options, BYTES("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
                       ERROR_ARITHMETIC_OVERFLOW);
}
