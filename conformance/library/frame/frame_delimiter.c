/* NP_FRAME_DELIMITER: frames that end with one of a set of bytes. The vectors
 * are those that the descriptions of Tokio's LinesCodec and AnyDelimiterCodec
 * give. */
#include "frame_common.h"

static np_frame_options delimiter_options(const char *delimiters) {
  np_frame_options options;

  np_frame_options_init(&options);
  options.kind = NP_FRAME_DELIMITER;
  options.delimiter_count = (uint8_t)strlen(delimiters);
  memcpy(options.delimiters, delimiters, options.delimiter_count);
  options.unended_last = true;
  return options;
}

/* lines_options returns the framing of Tokio's LinesCodec. */
static np_frame_options lines_options(void) {
  np_frame_options options = delimiter_options("\n");

  options.drop_cr = true;
  return options;
}

/* The frames of a stream as text: "[frame]" for each, "!" for one that was too
 * long. */
struct shown {
  char text[256];
  size_t length;
};

static void show(struct shown *shown, const char *mark, const np_frame *frame) {
  const size_t length = frame->data != NULL ? frame->length : 0;

  assert_true(shown->length + length + 3 < sizeof(shown->text));
  if (frame->data == NULL) {
    shown->text[shown->length++] = mark[0];
    return;
  }
  shown->text[shown->length++] = '[';
  memcpy(shown->text + shown->length, frame->data, length);
  shown->length += length;
  shown->text[shown->length++] = ']';
}

/* feed gives the decoder a piece of the stream, in memory of exactly this
 * size. */
static void feed(np_frame_decoder *decoder, struct shown *shown,
                 const char *piece, size_t length) {
  char *copy = test_malloc(length + 1);
  size_t at = 0;
  np_error error;

  memcpy(copy, piece, length);
  do {
    np_frame frame = {NULL, 1};
    size_t consumed = SIZE_MAX;

    error = np_frame_decode(decoder, copy + at, length - at, &consumed, &frame);
    assert_true(consumed <= length - at);
    if (error == ERROR_BUFFER_OVERFLOW) {
      assert_true(consumed > 0);
      assert_null(frame.data);
    }
    if (error == NP_OK || error == ERROR_BUFFER_OVERFLOW) {
      show(shown, "!", &frame);
    } else {
      assert_np_error(error, ERROR_MORE_DATA);
      assert_int_equal(consumed, length - at);
    }
    at += consumed;
  } while (error != ERROR_MORE_DATA);
  test_free(copy);
}

/* assert_shown decodes `stream`, cut at two places in all ways, up to its end.
 * The frames are `expected`. */
static void assert_shown(const np_frame_options *options, const char *stream,
                         size_t length, const char *expected) {
  for (size_t first = 0; first <= length; first++) {
    for (size_t second = first; second <= length; second++) {
      struct frame_memory memory;
      np_allocator allocator = frame_allocator(&memory);
      struct shown shown = {"", 0};
      np_frame_decoder decoder;
      np_frame frame;

      memory.came_bytes = length;
      assert_np_ok(np_frame_decoder_init(&decoder, options, &allocator));
      feed(&decoder, &shown, stream, first);
      feed(&decoder, &shown, stream + first, second - first);
      feed(&decoder, &shown, stream + second, length - second);
      if (np_frame_decode_end(&decoder, &frame) == NP_OK) {
        show(&shown, "", &frame);
      }
      assert_np_ok(np_frame_decoder_finish(&decoder));
      np_frame_decoder_deinit(&decoder);
      assert_int_equal(memory.counted.live, 0);
      shown.text[shown.length] = '\0';
      assert_string_equal(shown.text, expected);
    }
  }
}

NP_CASE("frame-delimiter/lines", np_frame_decode, NO_MODE, NP_OK,
        "A line ends with a line feed. One carriage return before it is taken "
        "off. An empty line is a frame. The stream may end in place of the "
        "last line feed.",
        "tokio_util::codec::LinesCodec") {
  np_frame_options options = lines_options();

  (void)f;
  assert_shown(&options, BYTES("one\ntwo\r\n\n\r\nlast"),
               "[one][two][][][last]");
  assert_shown(&options, BYTES("a\r\r\nb\rc\n"), "[a\r][b\rc]");
  assert_shown(&options, BYTES("x\nlast\r"), "[x][last]");
  assert_shown(&options, BYTES("x\n\r"), "[x]");
  assert_shown(&options, BYTES(""), "");
}

NP_CASE("frame-delimiter/any-of-a-set", np_frame_decode, NO_MODE, NP_OK,
        "Each byte of a set ends a frame, and no carriage return is taken off.",
        "tokio_util::codec::AnyDelimiterCodec") {
  np_frame_options options = delimiter_options(",;\n\r");

  (void)f;
  assert_shown(&options, BYTES("a,b;c\nd\re"), "[a][b][c][d][e]");
  assert_shown(&options, BYTES("a\r\nb,,"), "[a][][b][]");
  options = delimiter_options("\r");
  assert_shown(&options, BYTES("one\ntwo\r"), "[one\ntwo]");
}

NP_CASE("frame-delimiter/largest-set", np_frame_decode, NO_MODE, NP_OK,
        "A set has up to NP_FRAME_DELIMITERS_MAX bytes, and each ends a frame.",
        "npipe/frame.h") {
  np_frame_options options = delimiter_options(",;:!?");

  (void)f;
  assert_int_equal(options.delimiter_count, NP_FRAME_DELIMITERS_MAX);
  assert_shown(&options, BYTES("a,b;c:d!e?"), "[a][b][c][d][e]");
}

NP_CASE("frame-delimiter/nul", np_frame_decode, NO_MODE, NP_OK,
        "The delimiter may be any byte, a NUL too.", "npipe/frame.h") {
  np_frame_options options = delimiter_options("\n");

  (void)f;
  options.delimiters[0] = 0;
  assert_shown(&options, BYTES("one\0two\n\0"), "[one][two\n]");
}

NP_CASE("frame-delimiter/too-long", np_frame_decode, NO_MODE,
        ERROR_BUFFER_OVERFLOW,
        "A frame over the maximum is reported once, skipped up to its "
        "delimiter, and the next frames arrive. A carriage return counts.",
        "tokio_util::codec::LinesCodec") {
  np_frame_options options = lines_options();

  (void)f;
  options.frame_bytes_max = 3;
  assert_shown(&options, BYTES("abc\nabcd\nef\n"), "[abc]![ef]");
  assert_shown(&options, BYTES("abcdefghij\nx\n"), "![x]");
  assert_shown(&options, BYTES("abc\r\nab\r\n"), "![ab]");
  assert_shown(&options, BYTES("abcdefgh"), "!");
  options.frame_bytes_max = 0;
  assert_shown(&options, BYTES("\na\n\n"), "[]![]");
}

NP_CASE("frame-delimiter/too-long-length", np_frame_decoder_length, NO_MODE,
        NP_OK,
        "The length of a frame that was too long counts as one more than the "
        "maximum until its delimiter was skipped. The length of a frame that "
        "has begun is not known.",
        "npipe/frame.h") {
  np_frame_options options = lines_options();
  np_frame_decoder decoder;
  np_frame frame;
  size_t consumed;

  (void)f;
  options.frame_bytes_max = 3;
  options.unended_last = false;
  assert_np_ok(np_frame_decoder_init(&decoder, &options, NULL));
  assert_np_error(np_frame_decode(&decoder, "ab", 2, &consumed, &frame),
                  ERROR_MORE_DATA);
  assert_true(np_frame_decoder_length(&decoder) == 0);
  assert_np_error(np_frame_decode(&decoder, "cd", 2, &consumed, &frame),
                  ERROR_BUFFER_OVERFLOW);
  assert_int_equal(consumed, 2);
  assert_true(np_frame_decoder_length(&decoder) == 4);
  assert_np_error(np_frame_decoder_finish(&decoder), ERROR_HANDLE_EOF);
  assert_np_error(np_frame_decode(&decoder, "ef", 2, &consumed, &frame),
                  ERROR_MORE_DATA);
  assert_true(np_frame_decoder_length(&decoder) == 4);
  assert_np_error(np_frame_decode(&decoder, "\n", 1, &consumed, &frame),
                  ERROR_MORE_DATA);
  assert_true(np_frame_decoder_length(&decoder) == 0);
  assert_np_ok(np_frame_decoder_finish(&decoder));
  assert_np_error(np_frame_decode(&decoder, "long\nx", 6, &consumed, &frame),
                  ERROR_BUFFER_OVERFLOW);
  assert_int_equal(consumed, 5);
  assert_true(np_frame_decoder_length(&decoder) == 4);
  np_frame_decoder_deinit(&decoder);
}

NP_CASE("frame-delimiter/end", np_frame_decode_end, NO_MODE, NP_OK,
        "With unended_last the end of the stream ends the last frame. Without "
        "it the stream was cut off there.",
        "tokio_util::codec::LinesCodec") {
  np_frame_options options = lines_options();
  np_frame_decoder decoder;
  np_frame frame;
  size_t consumed;

  (void)f;
  for (int may = 0; may < 2; may++) {
    options.unended_last = may != 0;
    assert_np_ok(np_frame_decoder_init(&decoder, &options, NULL));
    assert_np_error(np_frame_decode_end(&decoder, &frame), ERROR_MORE_DATA);
    assert_np_ok(np_frame_decoder_finish(&decoder));
    assert_np_error(np_frame_decode(&decoder, "last", 4, &consumed, &frame),
                    ERROR_MORE_DATA);
    assert_np_error(np_frame_decoder_finish(&decoder),
                    may != 0 ? NP_OK : ERROR_HANDLE_EOF);
    assert_np_error(np_frame_decode_end(&decoder, &frame),
                    may != 0 ? NP_OK : ERROR_MORE_DATA);
    if (may != 0) {
      assert_int_equal(frame.length, 4);
      assert_memory_equal(frame.data, "last", 4);
      assert_np_error(np_frame_decode_end(&decoder, &frame), ERROR_MORE_DATA);
    }
    np_frame_decoder_deinit(&decoder);
  }
}

NP_CASE("frame-delimiter/end-null", np_frame_decode_end, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A NULL is refused, and a decoder that was deinitialized.",
        "npipe/frame.h") {
  np_frame_decoder decoder;
  np_frame frame;

  (void)f;
  assert_np_ok(np_frame_decoder_init(&decoder, NULL, NULL));
  assert_invalid(np_frame_decode_end(NULL, &frame));
  assert_invalid(np_frame_decode_end(&decoder, NULL));
  np_frame_decoder_deinit(&decoder);
  assert_invalid(np_frame_decode_end(&decoder, &frame));
}

NP_CASE("frame-delimiter/no-copy", np_frame_decode, NO_MODE, NP_OK,
        "Frames that lie whole in the input point into it, and take no memory.",
        "npipe/frame.h") {
  static const char stream[] = "one\ntwo\r\n";
  np_frame_options options = lines_options();
  struct frame_memory memory;
  np_allocator allocator = frame_allocator(&memory);
  np_frame_decoder decoder;
  np_frame frame;
  size_t consumed;

  (void)f;
  assert_np_ok(np_frame_decoder_init(&decoder, &options, &allocator));
  assert_np_ok(np_frame_decode(&decoder, stream, 9, &consumed, &frame));
  assert_int_equal(consumed, 4);
  assert_ptr_equal(frame.data, stream);
  assert_np_ok(np_frame_decode(&decoder, stream + 4, 5, &consumed, &frame));
  assert_int_equal(consumed, 5);
  assert_ptr_equal(frame.data, stream + 4);
  assert_int_equal(frame.length, 3);
  assert_int_equal(memory.counted.total, 0);
  np_frame_decoder_deinit(&decoder);
}

NP_CASE("frame-delimiter/memory-bound", np_frame_decode, NO_MODE, NP_OK,
        "A frame of 200,000 bytes arrives in small pieces. The decoder holds "
        "at most twice the bytes that have come and NP_FRAME_MEMORY_BYTES.",
        "npipe/frame.h") {
  enum { LINE_BYTES = 200000, PIECE_BYTES = 777 };
  struct frame_log *log = test_malloc(sizeof(*log));
  unsigned char *line = test_malloc(LINE_BYTES + 1);
  np_frame_options options = lines_options();
  struct frame_memory memory;
  np_allocator allocator = frame_allocator(&memory);
  np_frame_decoder decoder;

  (void)f;
  memset(log, 0, offsetof(struct frame_log, bytes));
  log->memory = &memory;
  memset(line, 'l', LINE_BYTES);
  line[LINE_BYTES] = '\n';
  assert_np_ok(np_frame_decoder_init(&decoder, &options, &allocator));
  for (size_t at = 0; at <= LINE_BYTES; at += PIECE_BYTES) {
    const size_t left = LINE_BYTES + 1 - at;

    assert_np_error(frame_feed_copy(&decoder, log, line + at,
                                    left < PIECE_BYTES ? left : PIECE_BYTES),
                    ERROR_MORE_DATA);
  }
  assert_int_equal(log->count, 1);
  assert_memory_equal(log->bytes + 4, line, LINE_BYTES);
  assert_true(memory.counted.live_bytes <= NP_FRAME_MEMORY_BYTES);
  np_frame_decoder_deinit(&decoder);
  test_free(line);
  test_free(log);
}

/* fails_at decodes a long frame in pieces, and its end, where the allocation
 * number `nth` fails. It returns false if there were fewer allocations. */
static bool fails_at(uint32_t nth, bool ends_with_stream) {
  enum { LINE_BYTES = 9000, PIECE_BYTES = 1000 };
  static unsigned char line[LINE_BYTES];
  np_frame_options options = lines_options();
  struct frame_memory memory;
  np_allocator allocator = frame_allocator(&memory);
  np_frame_decoder decoder;
  np_error error = ERROR_MORE_DATA;
  np_frame frame;
  size_t consumed;

  memory_fail(&memory.counted, nth);
  memory.came_bytes = LINE_BYTES;
  memset(line, 'l', LINE_BYTES);
  assert_np_ok(np_frame_decoder_init(&decoder, &options, &allocator));
  for (size_t at = 0; at < LINE_BYTES && error == ERROR_MORE_DATA;
       at += PIECE_BYTES) {
    error =
        np_frame_decode(&decoder, line + at, PIECE_BYTES, &consumed, &frame);
  }
  if (error == ERROR_MORE_DATA) {
    error = ends_with_stream
                ? np_frame_decode_end(&decoder, &frame)
                : np_frame_decode(&decoder, "\n", 1, &consumed, &frame);
  }
  if (error == NP_OK) {
    assert_int_equal(frame.length, LINE_BYTES);
    assert_memory_equal(frame.data, line, LINE_BYTES);
  } else {
    assert_np_error(error, ERROR_NOT_ENOUGH_MEMORY);
    assert_int_equal(memory.counted.live, 0);
    assert_frame_failed(&decoder, ERROR_NOT_ENOUGH_MEMORY);
    assert_np_error(np_frame_decode_end(&decoder, &frame),
                    ERROR_NOT_ENOUGH_MEMORY);
  }
  np_frame_decoder_deinit(&decoder);
  assert_int_equal(memory.counted.live, 0);
  return error != NP_OK;
}

NP_CASE("frame-delimiter/memory-each-fails", np_frame_decode, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Each allocation for a long frame fails once. The decoder then has "
        "failed, stays failed and holds no memory.",
        "npipe/frame.h") {
  uint32_t nth = 1;

  (void)f;
  while (fails_at(nth, false)) {
    nth++;
  }
  assert_true(nth > 2);
}

NP_CASE("frame-delimiter/end-memory-each-fails", np_frame_decode_end, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Each allocation for a last frame that the stream ends fails once.",
        "npipe/frame.h") {
  uint32_t nth = 1;

  (void)f;
  while (fails_at(nth, true)) {
    nth++;
  }
  assert_true(nth > 2);
}

/* --- Encoding ----------------------------------------------------------- */

NP_CASE("frame-delimiter/encode", np_frame_encode_end, NO_MODE, NP_OK,
        "Nothing goes before the payload, and the first delimiter behind it.",
        "tokio_util::codec::AnyDelimiterCodec") {
  np_frame_options options = delimiter_options(";\n");
  unsigned char header[1] = {0xEE};
  unsigned char end = 0;
  size_t length = 9;

  (void)f;
  assert_np_ok(np_frame_encode_header(&options, 5, header, 0, &length));
  assert_int_equal(length, 0);
  assert_int_equal(header[0], 0xEE);
  assert_np_ok(np_frame_encode_end(&options, "hello", 5, &end, &length));
  assert_int_equal(length, 1);
  assert_int_equal(end, ';');
  assert_np_ok(np_frame_encode_end(&options, NULL, 0, &end, &length));
}

NP_CASE("frame-delimiter/encode-delimiter", np_frame_encode_end, NO_MODE,
        ERROR_INVALID_DATA,
        "A payload that a decoder would not hand out as it is, is refused: one "
        "with a delimiter, or with a carriage return at its end that would be "
        "taken off.",
        "npipe/frame.h") {
  np_frame_options options = delimiter_options(";\n");
  unsigned char end = 0;
  size_t length = 9;

  (void)f;
  assert_np_error(np_frame_encode_end(&options, "a;b", 3, &end, &length),
                  ERROR_INVALID_DATA);
  assert_np_error(np_frame_encode_end(&options, "a\n", 2, &end, &length),
                  ERROR_INVALID_DATA);
  assert_np_ok(np_frame_encode_end(&options, "a\r", 2, &end, &length));
  options.drop_cr = true;
  length = 9;
  assert_np_error(np_frame_encode_end(&options, "a\r", 2, &end, &length),
                  ERROR_INVALID_DATA);
  assert_int_equal(length, 9);
  assert_np_ok(np_frame_encode_end(&options, "a\rb", 3, &end, &length));
}

NP_CASE("frame-delimiter/encode-maximum", np_frame_encode_end, NO_MODE,
        ERROR_BUFFER_OVERFLOW,
        "A payload over the maximum is refused, by both functions.",
        "npipe/frame.h") {
  np_frame_options options = delimiter_options("\n");
  unsigned char header[1];
  unsigned char end = 0;
  size_t length = 9;

  (void)f;
  options.frame_bytes_max = 3;
  assert_np_error(np_frame_encode_header(&options, 4, header, 1, &length),
                  ERROR_BUFFER_OVERFLOW);
  assert_np_error(np_frame_encode_end(&options, "abcd", 4, &end, &length),
                  ERROR_BUFFER_OVERFLOW);
  assert_np_ok(np_frame_encode_end(&options, "abc", 3, &end, &length));
}

NP_CASE("frame-delimiter/encode-null", np_frame_encode_end, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A NULL is refused, and so is a number of delimiters that is not "
        "allowed.",
        "npipe/frame.h") {
  np_frame_options options = delimiter_options("\n");
  unsigned char end = 0;
  size_t length = 9;

  (void)f;
  assert_invalid(np_frame_encode_end(&options, NULL, 1, &end, &length));
  assert_invalid(np_frame_encode_end(&options, "a", 1, NULL, &length));
  assert_invalid(np_frame_encode_end(&options, "a", 1, &end, NULL));
  options.delimiter_count = 0;
  assert_invalid(np_frame_encode_end(&options, "a", 1, &end, &length));
  options.delimiter_count = NP_FRAME_DELIMITERS_MAX + 1;
  assert_invalid(np_frame_encode_end(&options, "a", 1, &end, &length));
  assert_int_equal(length, 9);
}

NP_CASE("frame-delimiter/encode-underflow", np_frame_encode_end, NO_MODE,
        ERROR_INVALID_DATA,
        "With a length field the errors are those of np_frame_encode_header.",
        "npipe/frame.h") {
  np_frame_options options;
  unsigned char end = 0;
  size_t length = 9;

  (void)f;
  np_frame_options_init(&options);
  options.adjustment = 5;
  assert_np_error(np_frame_encode_end(&options, "abcd", 4, &end, &length),
                  ERROR_INVALID_DATA);
  assert_np_ok(np_frame_encode_end(&options, "a\nbcd", 5, &end, &length));
  assert_int_equal(length, 0);
}
