/* A stream in pieces. The decoder returns the same frames wherever the stream
 * is cut, does not copy a frame that is complete in one piece, and takes no
 * more memory than the options allow. */
#include "frame_common.h"

/* cut_shown feeds `wire`, cut behind each byte whose bit is set in `cuts`, and
 * compares the frames with those of the uncut stream. */
static void cut_shown(const np_frame_options *options,
                      const unsigned char *wire, size_t length, unsigned cuts,
                      const struct frame_log *expected, struct frame_log *log) {
  struct frame_memory memory;
  np_allocator allocator = frame_allocator(&memory);
  np_frame_decoder decoder;
  size_t begin = 0;

  log->count = 0;
  log->used = 0;
  log->memory = &memory;
  assert_np_ok(np_frame_decoder_init(&decoder, options, &allocator));
  for (size_t i = 0; i < length; i++) {
    if (i + 1 == length || (cuts >> i & 1) != 0) {
      assert_np_error(
          frame_feed_copy(&decoder, log, wire + begin, i + 1 - begin),
          ERROR_MORE_DATA);
      begin = i + 1;
    }
  }
  assert_np_ok(np_frame_decoder_finish(&decoder));
  np_frame_decoder_deinit(&decoder);
  assert_int_equal(memory.counted.live, 0);
  assert_int_equal(log->count, expected->count);
  assert_int_equal(log->used, expected->used);
  assert_memory_equal(log->bytes, expected->bytes, expected->used);
}

/* cuts_shown tries all ways to cut the stream, which has `count` frames. */
static void cuts_shown(const np_frame_options *options, const void *wire,
                       size_t length, size_t count) {
  struct frame_log *expected = test_calloc(1, sizeof(*expected));
  struct frame_log *log = test_calloc(1, sizeof(*log));
  np_frame_decoder decoder;

  assert_in_range(length, 2, 16);
  assert_np_ok(np_frame_decoder_init(&decoder, options, NULL));
  assert_np_error(frame_feed(&decoder, expected, wire, length),
                  ERROR_MORE_DATA);
  assert_np_ok(np_frame_decoder_finish(&decoder));
  np_frame_decoder_deinit(&decoder);
  assert_int_equal(expected->count, count);
  for (unsigned cuts = 0; cuts < 1u << (length - 1); cuts++) {
    cut_shown(options, wire, length, cuts, expected, log);
  }
  test_free(log);
  test_free(expected);
}

NP_CASE("frame-chunk/cuts-defaults", np_frame_decode, NO_MODE, NP_OK,
        "Three frames in Tokio's default framing, one of them empty, cut in "
        "all ways, are the same three frames.",
        "tokio_util::codec::length_delimited") {
  np_frame_options options;

  np_frame_options_init(&options);
  options.frame_bytes_max = 3;
  cuts_shown(&options,
             BYTES("\0\0\0\x02"
                   "ab\0\0\0\0\0\0\0\x01"
                   "c"),
             3);
}

NP_CASE("frame-chunk/cuts-one-byte-field", np_frame_decode, NO_MODE, NP_OK,
        "Frames of many lengths behind one byte each, cut in all ways.",
        "npipe/frame.h") {
  np_frame_options options = frame_options(1, 0, 0, NP_FRAME_SKIP_HEADER);

  options.frame_bytes_max = 5;
  cuts_shown(&options,
             BYTES("\x01"
                   "a\0\x05"
                   "bcdef\x03"
                   "ghi\0"),
             5);
}

NP_CASE("frame-chunk/cuts-header-kept", np_frame_decode, NO_MODE, NP_OK,
        "Frames that keep their header are decoded from every way of cutting "
        "the stream.",
        "npipe/frame.h") {
  np_frame_options options = frame_options(2, 0, 0, 0);

  options.byte_order = NP_LITTLE_ENDIAN;
  options.frame_bytes_max = 6;
  cuts_shown(&options,
             BYTES("\x03\0"
                   "a\x02\0\x06\0"
                   "bcde\x02\0"),
             4);
}

NP_CASE("frame-chunk/cuts-header-half-kept", np_frame_decode, NO_MODE, NP_OK,
        "Frames that contain the end of their header, cut in all ways.",
        "npipe/frame.h") {
  np_frame_options options = frame_options(1, 2, 2, 1);

  options.frame_bytes_max = 5;
  cuts_shown(&options,
             BYTES("xy\0zy\x03"
                   "abcvw\x01"
                   "dtu\0"),
             4);
}

NP_CASE("frame-chunk/cuts-header-dropped", np_frame_decode, NO_MODE, NP_OK,
        "Frames behind a header whose end is dropped are the same, wherever "
        "the stream is cut.",
        "npipe/frame.h") {
  np_frame_options options = frame_options(1, 1, -1, 4);

  options.frame_bytes_max = 3;
  cuts_shown(&options, BYTES("w\x04xyabcw\x01xyw\x02xyd"), 3);
}

/* --- Copies ------------------------------------------------------------- */

NP_CASE("frame-chunk/no-copy", np_frame_decode, NO_MODE, NP_OK,
        "Frames that lie whole in the input point into it, and take no "
        "memory.",
        "npipe/frame.h") {
  static const char wire[] =
      "\x03"
      "abc\0\x02"
      "de\x05"
      "fghij";
  static const struct {
    size_t at;
    size_t length;
  } expected[] = {{1, 3}, {5, 0}, {6, 2}, {9, 5}};
  struct frame_memory memory;
  np_allocator allocator = frame_allocator(&memory);
  np_frame_options options = frame_options(1, 0, 0, NP_FRAME_SKIP_HEADER);
  np_frame_decoder decoder;
  size_t begin = 0;

  assert_np_ok(np_frame_decoder_init(&decoder, &options, &allocator));
  for (size_t i = 0; i < 4; i++) {
    np_frame frame;
    size_t consumed;

    assert_np_ok(np_frame_decode(&decoder, wire + begin,
                                 sizeof(wire) - 1 - begin, &consumed, &frame));
    assert_ptr_equal(frame.data, wire + expected[i].at);
    assert_int_equal(frame.length, expected[i].length);
    begin += consumed;
  }
  assert_int_equal(begin, sizeof(wire) - 1);
  assert_int_equal(memory.counted.total, 0);
  np_frame_decoder_deinit(&decoder);
}

NP_CASE("frame-chunk/no-copy-header-apart", np_frame_decode, NO_MODE, NP_OK,
        "The header of a frame arrived earlier, in pieces. The frame is not "
        "copied if its bytes are together in the input.",
        "npipe/frame.h") {
  static const char payload[] = "abcdef";
  struct frame_memory memory;
  np_allocator allocator = frame_allocator(&memory);
  np_frame_decoder decoder;
  np_frame frame;
  size_t consumed;

  assert_np_ok(np_frame_decoder_init(&decoder, NULL, &allocator));
  assert_np_error(np_frame_decode(&decoder, BYTES("\0\0\0"), &consumed, &frame),
                  ERROR_MORE_DATA);
  assert_np_error(np_frame_decode(&decoder, "\x05", 1, &consumed, &frame),
                  ERROR_MORE_DATA);
  assert_np_ok(np_frame_decode(&decoder, payload, 6, &consumed, &frame));
  assert_int_equal(consumed, 5);
  assert_ptr_equal(frame.data, payload);
  assert_int_equal(frame.length, 5);
  assert_int_equal(memory.counted.total, 0);
  np_frame_decoder_deinit(&decoder);
}

NP_CASE("frame-chunk/copy-across-inputs", np_frame_decode, NO_MODE, NP_OK,
        "A frame across inputs is collected in memory of the allocator, and "
        "outlives them.",
        "npipe/frame.h") {
  char first[] =
      "\0\0\0\x06"
      "abc";
  char second[] = "defgh";
  struct frame_memory memory;
  np_allocator allocator = frame_allocator(&memory);
  np_frame_decoder decoder;
  np_frame frame;
  size_t consumed;

  assert_np_ok(np_frame_decoder_init(&decoder, NULL, &allocator));
  assert_np_error(np_frame_decode(&decoder, first, 7, &consumed, &frame),
                  ERROR_MORE_DATA);
  memset(first, 0, sizeof(first));
  assert_np_ok(np_frame_decode(&decoder, second, 5, &consumed, &frame));
  assert_int_equal(consumed, 3);
  memset(second, 0, sizeof(second));
  assert_int_equal(frame.length, 6);
  assert_memory_equal(frame.data, "abcdef", 6);
  assert_int_equal(memory.counted.live, 1);
  np_frame_decoder_deinit(&decoder);
  assert_int_equal(memory.counted.live, 0);
}

NP_CASE("frame-chunk/moved", np_frame_decode, NO_MODE, NP_OK,
        "A decoder may be moved in memory, in the middle of a frame too.",
        "npipe/frame.h") {
  static const char wire[] =
      "\xCA\0\x03"
      "abc";
  np_frame_decoder decoders[2];
  np_frame_options options = frame_options(2, 1, 3, 0);
  np_frame frame = {NULL, 0};
  size_t consumed;

  assert_np_ok(np_frame_decoder_init(&decoders[0], &options, NULL));
  for (size_t i = 0; i < sizeof(wire) - 1; i++) {
    assert_np_error(
        np_frame_decode(&decoders[i % 2], wire + i, 1, &consumed, &frame),
        i + 2 == sizeof(wire) ? NP_OK : ERROR_MORE_DATA);
    decoders[1 - i % 2] = decoders[i % 2];
    memset(&decoders[i % 2], 0xEE, sizeof(decoders[0]));
  }
  assert_int_equal(frame.length, sizeof(wire) - 1);
  assert_memory_equal(frame.data, wire, sizeof(wire) - 1);
  np_frame_decoder_deinit(&decoders[0]);
}

/* --- Memory ------------------------------------------------------------- */

enum { HEAD_BYTES_MAX = 32 }; /* of a block of memory */

/* split_feed feeds a frame of `length` bytes in two pieces. */
static np_error split_feed(np_frame_decoder *decoder, struct frame_log *log,
                           size_t length) {
  unsigned char wire[2 + 1000] = {(unsigned char)(length >> 8),
                                  (unsigned char)length};
  np_error error;

  assert_in_range(length, 2, 1000);
  memset(wire + 2, 'x', length);
  error = frame_feed_copy(decoder, log, wire, 3);
  return error == ERROR_MORE_DATA
             ? frame_feed_copy(decoder, log, wire + 3, length - 1)
             : error;
}

NP_CASE("frame-chunk/memory-reused", np_frame_decode, NO_MODE, NP_OK,
        "The memory of one short frame serves the next; what grows little by "
        "little asks seldom.",
        "npipe/frame.h") {
  struct frame_memory memory;
  np_allocator allocator = frame_allocator(&memory);
  struct frame_log *log = test_calloc(1, sizeof(*log));
  np_frame_options options = frame_options(2, 0, 0, NP_FRAME_SKIP_HEADER);
  np_frame_decoder decoder;

  options.frame_bytes_max = 1000;
  assert_np_ok(np_frame_decoder_init(&decoder, &options, &allocator));
  assert_int_equal(memory.counted.total, 0);
  log->memory = &memory;
  for (size_t length = 2; length <= 1000; length++) {
    assert_np_error(split_feed(&decoder, log, length), ERROR_MORE_DATA);
  }
  assert_int_equal(log->count, 999);
  assert_in_range(memory.counted.total, 2, 10);
  assert_int_equal(memory.counted.live, 1);
  for (size_t length = 1000; length >= 2; length--) {
    assert_np_error(split_feed(&decoder, log, length), ERROR_MORE_DATA);
  }
  assert_in_range(memory.counted.total, 2, 10);
  np_frame_decoder_deinit(&decoder);
  assert_int_equal(memory.counted.live, 0);
  test_free(log);
}

NP_CASE("frame-chunk/memory-exact", np_frame_decode, NO_MODE, NP_OK,
        "The first short frame that is split between inputs needs as much "
        "memory as its length and the head of a block. The same holds for a "
        "later frame that is more than twice as long.",
        "npipe/frame.h") {
  struct frame_memory memory;
  np_allocator allocator = frame_allocator(&memory);
  struct frame_log *log = test_calloc(1, sizeof(*log));
  np_frame_options options = frame_options(2, 0, 0, NP_FRAME_SKIP_HEADER);
  np_frame_decoder decoder;

  assert_np_ok(np_frame_decoder_init(&decoder, &options, &allocator));
  assert_np_error(split_feed(&decoder, log, 10), ERROR_MORE_DATA);
  assert_in_range(memory.counted.live_bytes, 10, 10 + HEAD_BYTES_MAX);
  assert_np_error(split_feed(&decoder, log, 999), ERROR_MORE_DATA);
  assert_in_range(memory.counted.live_bytes, 999, 999 + HEAD_BYTES_MAX);
  assert_int_equal(memory.counted.live, 1);
  np_frame_decoder_deinit(&decoder);
  test_free(log);
}

NP_CASE("frame-chunk/memory-refused-length", np_frame_decode, NO_MODE,
        ERROR_BUFFER_OVERFLOW, "For a frame that is too long none is taken.",
        "npipe/frame.h") {
  struct frame_memory memory;
  np_allocator allocator = frame_allocator(&memory);
  np_frame_decoder decoder;
  np_frame frame;
  size_t consumed;

  assert_np_ok(np_frame_decoder_init(&decoder, NULL, &allocator));
  assert_np_error(np_frame_decode(&decoder,
                                  BYTES("\xFF\xFF\xFF\xFF"
                                        "abc"),
                                  &consumed, &frame),
                  ERROR_BUFFER_OVERFLOW);
  assert_int_equal(memory.counted.total, 0);
  np_frame_decoder_deinit(&decoder);
}

NP_CASE("frame-chunk/memory-none", np_frame_decode, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Without memory for the first or a longer frame the decoder fails and "
        "stays failed, and nothing leaks.",
        "npipe/frame.h") {
  struct frame_log *log = test_calloc(1, sizeof(*log));

  for (size_t nth = 1; nth <= 3; nth++) {
    struct frame_memory memory;
    np_allocator allocator = frame_allocator(&memory);
    np_frame_options options = frame_options(2, 0, 0, NP_FRAME_SKIP_HEADER);
    np_frame_decoder decoder;
    np_error error = ERROR_MORE_DATA;

    memory.counted.fail_at = nth;
    log->count = 0;
    assert_np_ok(np_frame_decoder_init(&decoder, &options, &allocator));
    for (size_t length = 10; error == ERROR_MORE_DATA; length *= 3) {
      error = split_feed(&decoder, log, length);
    }
    assert_np_error(error, ERROR_NOT_ENOUGH_MEMORY);
    assert_int_equal(log->count, nth - 1);
    assert_frame_failed(&decoder, ERROR_NOT_ENOUGH_MEMORY);
    assert_int_equal(memory.counted.total, nth);
    np_frame_decoder_deinit(&decoder);
    assert_int_equal(memory.counted.live, 0);
  }
  test_free(log);
}

NP_CASE("frame-chunk/memory-all", np_frame_decode, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "If the maximum allows it, a frame as long as the whole memory may be "
        "announced. It fails because the memory is not there.",
        "npipe/frame.h") {
  struct frame_memory memory;
  np_allocator allocator = frame_allocator(&memory);
  unsigned char wire[9];
  np_frame_options options =
      frame_options(sizeof(size_t), 0, 0, NP_FRAME_SKIP_HEADER);
  np_frame_decoder decoder;
  np_frame frame;
  size_t consumed;

  memory.counted.fail_at = 1;
  memset(wire, 0xFF, sizeof(wire));
  options.frame_bytes_max = SIZE_MAX;
  assert_np_ok(np_frame_decoder_init(&decoder, &options, &allocator));
  assert_np_error(
      np_frame_decode(&decoder, wire, sizeof(size_t) + 1, &consumed, &frame),
      ERROR_NOT_ENOUGH_MEMORY);
  assert_true(np_frame_decoder_length(&decoder) == SIZE_MAX);
  np_frame_decoder_deinit(&decoder);
}

/* --- Long streams ------------------------------------------------------- */

static uint32_t random_next(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

NP_CASE("frame-chunk/random-streams", np_frame_decode, NO_MODE, NP_OK,
        "Frames of random lengths, encoded one behind the other and cut at "
        "random, come out as they went in.",
        "npipe/frame.h") {
  static unsigned char wire[100 * (600 + NP_FRAME_HEADER_BYTES_MAX)];
  static const size_t widths[] = {2, 4, 8};
  struct frame_log *expected = test_calloc(1, sizeof(*expected));
  struct frame_log *log = test_calloc(1, sizeof(*log));
  uint32_t seed = 1;

  for (unsigned round = 0; round < 200; round++) {
    struct frame_memory memory;
    np_allocator allocator = frame_allocator(&memory);
    np_frame_options options;
    np_frame_decoder decoder;
    size_t used = 0;

    expected->used = 0;
    expected->count = 0;
    log->used = 0;
    log->count = 0;
    log->memory = &memory;
    frame_options_set(
        &options, widths[random_next(&seed) % 3], random_next(&seed) % 6,
        (int64_t)(random_next(&seed) % 20) - 10, random_next(&seed) % 15);
    options.byte_order = (np_byte_order)(random_next(&seed) % 2);
    options.frame_bytes_max = 700;
    for (unsigned i = 0; i < 100; i++) {
      size_t length = 10 + random_next(&seed) % 590;
      size_t header;

      for (size_t at = 0; at < length + NP_FRAME_HEADER_BYTES_MAX; at++) {
        wire[used + at] = (unsigned char)random_next(&seed);
      }
      assert_np_ok(np_frame_encode_header(&options, length, wire + used,
                                          NP_FRAME_HEADER_BYTES_MAX, &header));
      frame_log_add(expected, wire + used + options.skip_bytes,
                    header + length - options.skip_bytes);
      used += header + length;
    }
    assert_np_ok(np_frame_decoder_init(&decoder, &options, &allocator));
    for (size_t at = 0; at < used;) {
      size_t size = 1 + random_next(&seed) % (round % 2 == 0 ? 40 : 3000);

      if (size > used - at) {
        size = used - at;
      }
      assert_np_error(frame_feed_copy(&decoder, log, wire + at, size),
                      ERROR_MORE_DATA);
      at += size;
    }
    assert_np_ok(np_frame_decoder_finish(&decoder));
    np_frame_decoder_deinit(&decoder);
    assert_int_equal(memory.counted.live, 0);
    assert_int_equal(log->count, 100);
    assert_int_equal(log->used, expected->used);
    assert_memory_equal(log->bytes, expected->bytes, expected->used);
  }
  test_free(log);
  test_free(expected);
}
