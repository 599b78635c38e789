/* The life of a decoder: mistakes of the caller, failures, and where the stream
 * may end. */
#include "frame_common.h"

NP_CASE("frame-decoder/decoder-null", np_frame_decoder_init, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A decoder is needed; deinit and length ignore NULL.",
        "npipe/frame.h") {
  assert_invalid(np_frame_decoder_init(NULL, NULL, NULL));
  np_frame_decoder_deinit(NULL);
  assert_true(np_frame_decoder_length(NULL) == 0);
}

NP_CASE("frame-decoder/allocator-half", np_frame_decoder_init, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "An allocator has both functions or none; a decoder that was refused "
        "answers the same error and may be ended.",
        "npipe/frame.h") {
  struct frame_memory memory;
  np_allocator whole = frame_allocator(&memory);
  np_allocator half = whole;
  np_allocator none = {NULL, NULL, NULL};
  np_frame_decoder decoder;

  half.allocate = NULL;
  assert_invalid(np_frame_decoder_init(&decoder, NULL, &half));
  assert_frame_failed(&decoder, ERROR_INVALID_PARAMETER);
  np_frame_decoder_deinit(&decoder);
  half = whole;
  half.release = NULL;
  assert_invalid(np_frame_decoder_init(&decoder, NULL, &half));
  np_frame_decoder_deinit(&decoder);
  assert_np_ok(np_frame_decoder_init(&decoder, NULL, &none));
  np_frame_decoder_deinit(&decoder);
}

NP_CASE("frame-decoder/deinit", np_frame_decoder_deinit, NO_MODE, NP_OK,
        "A deinitialized decoder has freed its memory, refuses input, and may "
        "be deinitialized again or initialized again.",
        "npipe/frame.h") {
  struct frame_memory memory;
  np_allocator allocator = frame_allocator(&memory);
  np_frame_decoder decoder;
  np_frame frame;
  size_t consumed;

  assert_np_ok(np_frame_decoder_init(&decoder, NULL, &allocator));
  assert_np_error(np_frame_decode(&decoder,
                                  BYTES("\0\0\0\x03"
                                        "ab"),
                                  &consumed, &frame),
                  ERROR_MORE_DATA);
  assert_int_equal(memory.counted.live, 1);
  np_frame_decoder_deinit(&decoder);
  assert_int_equal(memory.counted.live, 0);
  assert_frame_failed(&decoder, ERROR_INVALID_PARAMETER);
  assert_true(np_frame_decoder_length(&decoder) == 0);
  np_frame_decoder_deinit(&decoder);
  assert_np_ok(np_frame_decoder_init(&decoder, NULL, &allocator));
  assert_np_ok(
      np_frame_decode(&decoder, BYTES("\0\0\0\x01z"), &consumed, &frame));
  np_frame_decoder_deinit(&decoder);
}

NP_CASE("frame-decoder/decode-null", np_frame_decode, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A missing argument is refused and changes nothing, in the middle of a "
        "frame too.",
        "npipe/frame.h") {
  np_frame_decoder decoder;
  np_frame frame;
  size_t consumed;

  assert_np_ok(np_frame_decoder_init(&decoder, NULL, NULL));
  assert_np_error(np_frame_decode(&decoder,
                                  BYTES("\0\0\0\x02"
                                        "a"),
                                  &consumed, &frame),
                  ERROR_MORE_DATA);
  consumed = 77;
  frame.length = 77;
  assert_invalid(np_frame_decode(NULL, "b", 1, &consumed, &frame));
  assert_invalid(np_frame_decode(&decoder, NULL, 1, &consumed, &frame));
  assert_invalid(np_frame_decode(&decoder, "b", 1, NULL, &frame));
  assert_invalid(np_frame_decode(&decoder, "b", 1, &consumed, NULL));
  assert_int_equal(consumed, 77);
  assert_int_equal(frame.length, 77);
  assert_np_ok(np_frame_decode(&decoder, "b", 1, &consumed, &frame));
  assert_int_equal(frame.length, 2);
  assert_memory_equal(frame.data, "ab", 2);
  np_frame_decoder_deinit(&decoder);
}

NP_CASE("frame-decoder/decode-nothing", np_frame_decode, NO_MODE,
        ERROR_MORE_DATA,
        "No bytes give no frame and change nothing, from NULL too, between "
        "frames and inside of one.",
        "npipe/frame.h") {
  static const char wire[] =
      "\0\0\0\x02"
      "ab";
  struct frame_log *log = test_calloc(1, sizeof(*log));
  np_frame_decoder decoder;

  assert_np_ok(np_frame_decoder_init(&decoder, NULL, NULL));
  for (size_t i = 0; i < sizeof(wire) - 1; i++) {
    assert_np_error(frame_feed(&decoder, log, NULL, 0), ERROR_MORE_DATA);
    assert_np_error(frame_feed(&decoder, log, wire + i, 0), ERROR_MORE_DATA);
    assert_np_error(frame_feed(&decoder, log, wire + i, 1), ERROR_MORE_DATA);
  }
  assert_int_equal(log->count, 1);
  np_frame_decoder_deinit(&decoder);
  test_free(log);
}

NP_CASE("frame-decoder/failed-after-frames", np_frame_decode, NO_MODE,
        ERROR_BUFFER_OVERFLOW,
        "The frames before a bad one are handed out; then the decoder fails "
        "and stays so, though good bytes follow.",
        "npipe/frame.h") {
  struct frame_log *log = test_calloc(1, sizeof(*log));
  np_frame_options options = frame_options(1, 0, 0, NP_FRAME_SKIP_HEADER);
  np_frame_decoder decoder;

  options.frame_bytes_max = 3;
  assert_np_ok(np_frame_decoder_init(&decoder, &options, NULL));
  assert_np_error(frame_feed(&decoder, log,
                             BYTES("\x01"
                                   "a\x02"
                                   "b")),
                  ERROR_MORE_DATA);
  assert_np_error(frame_feed(&decoder, log,
                             BYTES("c\0\x04"
                                   "defg\x01h")),
                  ERROR_BUFFER_OVERFLOW);
  assert_int_equal(log->count, 3);
  assert_frame_failed(&decoder, ERROR_BUFFER_OVERFLOW);
  assert_true(np_frame_decoder_length(&decoder) == 4);
  np_frame_decoder_deinit(&decoder);
  test_free(log);
}

/* --- The end of the stream ---------------------------------------------- */

NP_CASE("frame-decoder/finish", np_frame_decoder_finish, NO_MODE, NP_OK,
        "A stream may end before its first frame and after each one.",
        "npipe/frame.h") {
  np_frame_decoder decoder;
  np_frame frame;
  size_t consumed;

  assert_np_ok(np_frame_decoder_init(&decoder, NULL, NULL));
  assert_np_ok(np_frame_decoder_finish(&decoder));
  for (unsigned i = 0; i < 3; i++) {
    assert_np_ok(
        np_frame_decode(&decoder, BYTES("\0\0\0\x01z"), &consumed, &frame));
    assert_np_ok(np_frame_decoder_finish(&decoder));
  }
  np_frame_decoder_deinit(&decoder);
}

NP_CASE("frame-decoder/finish-inside", np_frame_decoder_finish, NO_MODE,
        ERROR_HANDLE_EOF,
        "A stream that ends inside of a frame or of a header was cut off; to "
        "ask changes nothing.",
        "npipe/frame.h") {
  static const char wire[] =
      "\xCA\0\x03\xFE"
      "abc";
  np_frame_options options = frame_options(2, 1, 0, 4);
  np_frame_decoder decoder;
  np_frame frame;
  size_t consumed;

  assert_np_ok(np_frame_decoder_init(&decoder, &options, NULL));
  for (size_t i = 0; i < 6; i++) {
    assert_np_error(np_frame_decode(&decoder, wire + i, 1, &consumed, &frame),
                    ERROR_MORE_DATA);
    assert_np_error(np_frame_decoder_finish(&decoder), ERROR_HANDLE_EOF);
    assert_true(np_frame_decoder_length(&decoder) == (i < 3 ? 0 : 3));
  }
  assert_np_ok(np_frame_decode(&decoder, wire + 6, 1, &consumed, &frame));
  assert_memory_equal(frame.data, "abc", 3);
  assert_np_ok(np_frame_decoder_finish(&decoder));
  assert_true(np_frame_decoder_length(&decoder) == 0);
  np_frame_decoder_deinit(&decoder);
}

NP_CASE("frame-decoder/finish-null", np_frame_decoder_finish, NO_MODE,
        ERROR_INVALID_PARAMETER, "np_frame_decoder_finish refuses NULL.",
        "npipe/frame.h") {
  assert_invalid(np_frame_decoder_finish(NULL));
}

NP_CASE("frame-decoder/length", np_frame_decoder_length, NO_MODE, NP_OK,
        "The length of a frame is known from its header to its end.",
        "npipe/frame.h") {
  np_frame_decoder decoder;
  np_frame frame;
  size_t consumed;

  assert_np_ok(np_frame_decoder_init(&decoder, NULL, NULL));
  assert_true(np_frame_decoder_length(&decoder) == 0);
  assert_np_error(
      np_frame_decode(&decoder, BYTES("\0\0\x01\0"), &consumed, &frame),
      ERROR_MORE_DATA);
  assert_true(np_frame_decoder_length(&decoder) == 256);
  assert_np_error(np_frame_decode(&decoder, BYTES("abc"), &consumed, &frame),
                  ERROR_MORE_DATA);
  assert_true(np_frame_decoder_length(&decoder) == 256);
  np_frame_decoder_deinit(&decoder);
}
