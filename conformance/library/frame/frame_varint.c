/* NP_FRAME_VARINT: each frame behind its length in groups of seven bits, as in
 * streams of delimited Protocol Buffers. The vectors are computed from the
 * description of that format. */
#include "frame_common.h"

static np_frame_options varint_options(void) {
  np_frame_options options;

  np_frame_options_init(&options);
  options.kind = NP_FRAME_VARINT;
  return options;
}

/* A length and its header on the wire. */
static const struct {
  size_t length;
  const char *wire;
  size_t wire_length;
} vectors[] = {
    {0, BYTES("\x00")},
    {1, BYTES("\x01")},
    {127, BYTES("\x7F")},
    {128, BYTES("\x80\x01")},
    {150, BYTES("\x96\x01")},
    {300, BYTES("\xAC\x02")},
    {16383, BYTES("\xFF\x7F")},
    {16384, BYTES("\x80\x80\x01")},
    {2097151, BYTES("\xFF\xFF\x7F")},
    {0x7FFFFFFF, BYTES("\xFF\xFF\xFF\xFF\x07")},
};

NP_CASE("frame-varint/encode", np_frame_encode_header, NO_MODE, NP_OK,
        "The header is the shortest varint of the length, and nothing goes "
        "behind the payload.",
        "protobuf#varints") {
  np_frame_options options = varint_options();

  (void)f;
  options.frame_bytes_max = SIZE_MAX;
  for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
    unsigned char header[NP_FRAME_HEADER_BYTES_MAX] = {0};
    unsigned char end = 0xEE;
    size_t length = 0;

    assert_np_ok(np_frame_encode_header(&options, vectors[i].length, header,
                                        sizeof(header), &length));
    assert_int_equal(length, vectors[i].wire_length);
    assert_memory_equal(header, vectors[i].wire, length);
    assert_int_equal(header[length], 0);
    assert_np_error(np_frame_encode_header(&options, vectors[i].length, header,
                                           length - 1, &length),
                    ERROR_INSUFFICIENT_BUFFER);
    assert_np_ok(np_frame_encode_end(&options, "\n", 1, &end, &length));
    assert_int_equal(length, 0);
    assert_int_equal(end, 0xEE);
  }
}

NP_CASE("frame-varint/encode-maximum", np_frame_encode_header, NO_MODE,
        ERROR_BUFFER_OVERFLOW,
        "A payload over the maximum is refused before it is sent.",
        "npipe/frame.h") {
  np_frame_options options = varint_options();
  unsigned char header[NP_FRAME_HEADER_BYTES_MAX];
  unsigned char end;
  size_t length;

  (void)f;
  options.frame_bytes_max = 300;
  assert_np_ok(
      np_frame_encode_header(&options, 300, header, sizeof(header), &length));
  assert_np_error(
      np_frame_encode_header(&options, 301, header, sizeof(header), &length),
      ERROR_BUFFER_OVERFLOW);
  options.frame_bytes_max = 2;
  assert_np_error(np_frame_encode_end(&options, "abc", 3, &end, &length),
                  ERROR_BUFFER_OVERFLOW);
}

NP_CASE("frame-varint/decode", np_frame_decode, NO_MODE, NP_OK,
        "The decoder reads a varint of one byte or more, whole or byte by "
        "byte, and hands out the payload alone.",
        "protobuf#varints") {
  static unsigned char wire[2 + 300];
  np_frame_options options = varint_options();

  (void)f;
  frame_decode_one(&options, BYTES("\x00"), "", 0);
  frame_decode_one(&options,
                   BYTES("\x03"
                         "abc"),
                   BYTES("abc"));
  memcpy(wire, "\xAC\x02", 2);
  memset(wire + 2, 'z', 300);
  frame_decode_one(&options, wire, sizeof(wire), wire + 2, 300);
}

NP_CASE("frame-varint/longer-form", np_frame_decode, NO_MODE, NP_OK,
        "A varint need not be the shortest one of its value; one of 10 bytes "
        "is accepted.",
        "protobuf#varints") {
  np_frame_options options = varint_options();

  (void)f;
  frame_decode_one(&options,
                   BYTES("\x83\x80\x00"
                         "abc"),
                   BYTES("abc"));
  frame_decode_one(&options,
                   BYTES("\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00"
                         "a"),
                   BYTES("a"));
}

NP_CASE("frame-varint/too-many-bytes", np_frame_decode, NO_MODE,
        ERROR_INVALID_DATA,
        "A varint whose tenth byte tells that one more follows is no varint of "
        "64 bits. The decoder fails at that byte.",
        "protobuf#varints") {
  np_frame_options options = varint_options();

  (void)f;
  assert_true(frame_decode_refused(
                  &options, BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"),
                  ERROR_INVALID_DATA) == 0);
}

NP_CASE("frame-varint/too-many-bits", np_frame_decode, NO_MODE,
        ERROR_ARITHMETIC_OVERFLOW,
        "A varint of 10 bytes whose value has more than 64 bits is refused, "
        "and not cut off.",
        "protobuf#varints") {
  np_frame_options options = varint_options();

  (void)f;
  assert_true(frame_decode_refused(
                  &options, BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"),
                  ERROR_ARITHMETIC_OVERFLOW) == 0);
}

NP_CASE("frame-varint/maximum", np_frame_decode, NO_MODE, ERROR_BUFFER_OVERFLOW,
        "A frame over the maximum is refused at its header; the largest length "
        "of 64 bits is reported as it is.",
        "npipe/frame.h") {
  np_frame_options options = varint_options();

  (void)f;
  options.frame_bytes_max = 300;
  assert_true(frame_decode_refused(&options, BYTES("\xAD\x02"),
                                   ERROR_BUFFER_OVERFLOW) == 301);
  assert_true(frame_decode_refused(
                  &options, BYTES("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
                  ERROR_BUFFER_OVERFLOW) == UINT64_MAX);
}

NP_CASE("frame-varint/end", np_frame_decode_end, NO_MODE, ERROR_MORE_DATA,
        "The end of the stream ends no frame that stands behind its length, "
        "and a stream that ends inside of a varint was cut off.",
        "npipe/frame.h") {
  np_frame_options options = varint_options();
  np_frame_decoder decoder;
  np_frame frame;
  size_t consumed;

  (void)f;
  options.unended_last = true; /* has no meaning here */
  assert_np_ok(np_frame_decoder_init(&decoder, &options, NULL));
  assert_np_error(np_frame_decode(&decoder, "\x80", 1, &consumed, &frame),
                  ERROR_MORE_DATA);
  assert_np_error(np_frame_decode_end(&decoder, &frame), ERROR_MORE_DATA);
  assert_np_error(np_frame_decoder_finish(&decoder), ERROR_HANDLE_EOF);
  assert_np_error(np_frame_decode(&decoder,
                                  BYTES("\x01"
                                        "a"),
                                  &consumed, &frame),
                  ERROR_MORE_DATA);
  assert_np_error(np_frame_decode_end(&decoder, &frame), ERROR_MORE_DATA);
  assert_null(frame.data);
  np_frame_decoder_deinit(&decoder);
}

NP_CASE("frame-varint/options", np_frame_decoder_init, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A kind that does not exist is refused, and so is another kind "
        "together with options of a length field.",
        "npipe/frame.h") {
  static const np_frame_kind kinds[] = {NP_FRAME_VARINT, NP_FRAME_DELIMITER};

  (void)f;
  for (size_t i = 0; i < 2; i++) {
    np_frame_options good;
    np_frame_options bad[6];
    np_frame_decoder decoder;

    np_frame_options_init(&good);
    good.kind = kinds[i];
    assert_np_ok(np_frame_decoder_init(&decoder, &good, NULL));
    np_frame_decoder_deinit(&decoder);
    for (size_t k = 0; k < 6; k++) {
      bad[k] = good;
    }
    bad[0].field_bytes = 2;
    bad[1].field_offset = 1;
    bad[2].byte_order = NP_LITTLE_ENDIAN;
    bad[3].adjustment = 1;
    bad[4].skip_bytes = 4;
    bad[5].kind = (np_frame_kind)3;
    for (size_t k = 0; k < 6; k++) {
      unsigned char room[4];
      size_t length;

      assert_invalid(np_frame_decoder_init(&decoder, &bad[k], NULL));
      assert_invalid(np_frame_encode_header(&bad[k], 1, room, 4, &length));
      assert_invalid(np_frame_encode_end(&bad[k], "a", 1, room, &length));
    }
  }
}
