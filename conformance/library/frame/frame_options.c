/* The options of a framing: the defaults, and the values that both decoder and
 * encoder refuse. */
#include "frame_common.h"

/* options_taken checks that the decoder and the encoder both accept the
 * options, or both refuse them. */
static void options_taken(const np_frame_options *options) {
  unsigned char header[NP_FRAME_HEADER_BYTES_MAX];
  size_t length = 0;
  np_frame_decoder decoder;

  assert_np_ok(np_frame_decoder_init(&decoder, options, NULL));
  np_frame_decoder_deinit(&decoder);
  assert_int_not_equal(
      np_frame_encode_header(options, 0, header, sizeof(header), &length),
      ERROR_INVALID_PARAMETER);
}

static void options_refused(const np_frame_options *options) {
  unsigned char header[NP_FRAME_HEADER_BYTES_MAX];
  size_t length = 77;
  np_frame_decoder decoder;

  assert_invalid(np_frame_decoder_init(&decoder, options, NULL));
  assert_frame_failed(&decoder, ERROR_INVALID_PARAMETER);
  np_frame_decoder_deinit(&decoder);
  assert_invalid(
      np_frame_encode_header(options, 0, header, sizeof(header), &length));
  assert_int_equal(length, 77);
}

NP_CASE("frame-options/options-defaults", np_frame_options_init, NO_MODE, NP_OK,
        "The defaults are those of Tokio's codec: a field of four bytes at the "
        "beginning, most significant first, no adjustment, the header skipped, "
        "and 8 MiB at most. NULL is ignored.",
        "tokio_util::codec::length_delimited::Builder") {
  np_frame_options options;

  memset(&options, 0xEE, sizeof(options));
  np_frame_options_init(&options);
  assert_int_equal(options.size, sizeof(options));
  assert_int_equal(options.field_bytes, 4);
  assert_int_equal(options.field_offset, 0);
  assert_int_equal(options.byte_order, NP_BIG_ENDIAN);
  assert_true(options.adjustment == 0);
  assert_true(options.skip_bytes == NP_FRAME_SKIP_HEADER);
  assert_int_equal(options.frame_bytes_max, 8388608);
  options_taken(&options);
  np_frame_options_init(NULL);
}

NP_CASE("frame-options/options-none", np_frame_decoder_init, NO_MODE, NP_OK,
        "Without options a decoder and an encoder have the defaults.",
        "npipe/frame.h") {
  unsigned char header[4];
  size_t length;

  assert_np_ok(np_frame_encode_header(NULL, 11, header, 4, &length));
  assert_int_equal(length, 4);
  assert_memory_equal(header, "\0\0\0\x0b", 4);
  frame_decode_one(NULL, BYTES("\0\0\0\x0bhello world"), BYTES("hello world"));
}

NP_CASE("frame-options/options-size", np_frame_decoder_init, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A struct of another size than the library knows is refused.",
        "npipe/frame.h") {
  np_frame_options options;

  np_frame_options_init(&options);
  options.size--;
  options_refused(&options);
  options.size += 2;
  options_refused(&options);
  options.size = 0;
  options_refused(&options);
}

NP_CASE("frame-options/options-width", np_frame_decoder_init, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A length field has 1, 2, 4 or 8 bytes and no other number.",
        "npipe/frame.h") {
  np_frame_options options;

  for (size_t bytes = 0; bytes < 20; bytes++) {
    frame_options_set(&options, bytes, 0, 0, NP_FRAME_SKIP_HEADER);
    if (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8) {
      options_taken(&options);
    } else {
      options_refused(&options);
    }
  }
  options.field_bytes = SIZE_MAX;
  options_refused(&options);
}

NP_CASE("frame-options/options-byte-order", np_frame_encode_header, NO_MODE,
        ERROR_INVALID_PARAMETER, "An invalid byte order is refused.",
        "npipe/frame.h") {
  np_frame_options options;

  np_frame_options_init(&options);
  options.byte_order = NP_LITTLE_ENDIAN;
  options_taken(&options);
  options.byte_order = (np_byte_order)2;
  options_refused(&options);
}

NP_CASE("frame-options/options-header-limit", np_frame_decoder_init, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A header may have 256 bytes and not one more, wherever the field is "
        "and however many are skipped.",
        "npipe/frame.h") {
  static const size_t widths[] = {1, 2, 4, 8};
  np_frame_options options;

  for (size_t i = 0; i < 4; i++) {
    frame_options_set(&options, widths[i], 256 - widths[i], 0,
                      NP_FRAME_SKIP_HEADER);
    options_taken(&options);
    options.field_offset++;
    options_refused(&options);
    options.field_offset = SIZE_MAX;
    options_refused(&options);
    frame_options_set(&options, widths[i], 0, 0, 256);
    options_taken(&options);
    options.skip_bytes = 257;
    options_refused(&options);
    options.skip_bytes = NP_FRAME_SKIP_HEADER - 1;
    options_refused(&options);
  }
}

NP_CASE("frame-options/options-kept-over-maximum", np_frame_decoder_init,
        NO_MODE, ERROR_INVALID_PARAMETER,
        "A header that belongs to the frame and is longer than the longest "
        "frame is refused.",
        "npipe/frame.h") {
  np_frame_options options = frame_options(2, 3, 5, 1);

  options.frame_bytes_max = 5;
  options_taken(&options);
  options.adjustment = 0;
  options.frame_bytes_max = 4;
  options_taken(&options);
  options.frame_bytes_max = 3;
  options_refused(&options);
}

NP_CASE("frame-options/options-adjustment-over-maximum", np_frame_decoder_init,
        NO_MODE, ERROR_INVALID_PARAMETER,
        "An adjustment that makes each frame longer than the maximum is "
        "refused.",
        "npipe/frame.h") {
  np_frame_options options = frame_options(8, 0, 100, NP_FRAME_SKIP_HEADER);

  options.frame_bytes_max = 100;
  options_taken(&options);
  options.frame_bytes_max = 99;
  options_refused(&options);
  options.adjustment = INT64_MAX;
  options_refused(&options);
  options.adjustment = 1;
  options.frame_bytes_max = 0;
  options_refused(&options);
}

NP_CASE("frame-options/options-adjustment-under-field", np_frame_decoder_init,
        NO_MODE, ERROR_INVALID_PARAMETER,
        "An adjustment is refused if it makes each frame shorter than 0 bytes "
        "or shorter than its header.",
        "npipe/frame.h") {
  np_frame_options options;

  frame_options_set(&options, 1, 0, -255, NP_FRAME_SKIP_HEADER);
  options_taken(&options);
  options.adjustment = -256;
  options_refused(&options);
  options.adjustment = INT64_MIN;
  options_refused(&options);
  options.field_bytes = 4;
  options_refused(&options);
  options.field_bytes = 8;
  options_taken(&options);
  frame_options_set(&options, 1, 9, -245, 0);
  options_taken(&options);
  options.adjustment = -246;
  options_refused(&options);
}

NP_CASE("frame-options/options-header-over-field", np_frame_decoder_init,
        NO_MODE, ERROR_INVALID_PARAMETER,
        "A header that counts as part of the frame must fit the range of the "
        "length field.",
        "npipe/frame.h") {
  np_frame_options options = frame_options(1, 255, 0, 0);

  options_refused(&options);
  options.skip_bytes = 1;
  options_taken(&options);
  options.skip_bytes = 0;
  options.adjustment = 1;
  options_taken(&options);
  options.adjustment = 256;
  options_taken(&options);
}

NP_CASE("frame-options/options-errors-named", np_error_name, NO_MODE, NP_OK,
        "Each error of a stream has a name and a sentence of its own.",
        "System Error Codes") {
  static const struct {
    np_error code;
    const char *name;
  } named[] = {
      {13, "ERROR_INVALID_DATA"},     {38, "ERROR_HANDLE_EOF"},
      {111, "ERROR_BUFFER_OVERFLOW"}, {122, "ERROR_INSUFFICIENT_BUFFER"},
      {234, "ERROR_MORE_DATA"},       {534, "ERROR_ARITHMETIC_OVERFLOW"}};

  for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
    assert_string_equal(np_error_name(named[i].code), named[i].name);
    assert_string_not_equal(np_error_text(named[i].code),
                            np_error_text(0xDEADBEEF));
    assert_false(np_is_eof(named[i].code));
    assert_false(np_is_retryable(named[i].code));
  }
}
