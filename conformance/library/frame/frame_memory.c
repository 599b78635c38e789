/* The memory of a decoder is bound by the bytes that have come, at each
 * allocation, whatever a header announces. */
#include "frame_common.h"

enum { FRAME_BYTES = 1 << 20, MANY = 100 };

/* The header of a frame of `length` bytes in the default framing. */
static void header_make(unsigned char header[4], size_t length) {
  for (unsigned i = 0; i < 4; i++) {
    header[i] = (unsigned char)(length >> (24 - 8 * i));
  }
}

/* A decoder with the default framing, whose memory is counted. */
struct bounded {
  np_frame_decoder decoder;
  struct frame_memory memory;
  struct frame_log log;
};

static struct bounded *bounded_new(void) {
  struct bounded *bounded = test_calloc(1, sizeof(*bounded));
  np_allocator allocator = frame_allocator(&bounded->memory);

  bounded->log.memory = &bounded->memory;
  assert_np_ok(np_frame_decoder_init(&bounded->decoder, NULL, &allocator));
  return bounded;
}

static void bounded_free(struct bounded *bounded) {
  np_frame_decoder_deinit(&bounded->decoder);
  assert_int_equal(bounded->memory.counted.live, 0);
  test_free(bounded);
}

/* Feeds a frame of `length` bytes in pieces of `piece` bytes, which all but the
 * last must take. Returns what the last piece gave. */
static np_error pieces_feed(struct bounded *bounded, size_t length,
                            size_t piece) {
  static unsigned char wire[4 + FRAME_BYTES];
  const size_t total = 4 + length;
  np_error error = ERROR_MORE_DATA;

  header_make(wire, length);
  memset(wire + 4, 'x', length);
  bounded->log.used = 0; /* The log has room for one frame. */
  for (size_t at = 0; at < total && error == ERROR_MORE_DATA; at += piece) {
    const size_t size = total - at < piece ? total - at : piece;

    error = frame_feed(&bounded->decoder, &bounded->log, wire + at, size);
  }
  return error;
}

NP_CASE("frame-memory/memory-announced", np_frame_decode, NO_MODE,
        ERROR_MORE_DATA,
        "A header announces 8 MiB, and one byte of the frame arrives. Each of "
        "many such decoders holds at most NP_FRAME_MEMORY_BYTES.",
        "npipe/frame.h") {
  static struct bounded *many[MANY];
  size_t live_bytes = 0;

  for (unsigned i = 0; i < MANY; i++) {
    many[i] = bounded_new();
    assert_np_error(frame_feed_copy(&many[i]->decoder, &many[i]->log,
                                    BYTES("\x00\x80\x00\x00x")),
                    ERROR_MORE_DATA);
    assert_true(np_frame_decoder_length(&many[i]->decoder) == 8u << 20);
    live_bytes += many[i]->memory.counted.live_bytes;
  }
  assert_in_range(live_bytes, 1, MANY * NP_FRAME_MEMORY_BYTES);
  for (unsigned i = 0; i < MANY; i++) {
    bounded_free(many[i]);
  }
}

NP_CASE("frame-memory/memory-bound", np_frame_decode, NO_MODE, NP_OK,
        "While a long frame arrives, the decoder holds at most twice the bytes "
        "that have arrived, plus NP_FRAME_MEMORY_BYTES. This holds at each "
        "allocation and after each call, for pieces of any size.",
        "npipe/frame.h") {
  static const size_t pieces[] = {1,    2,     7,     100,        1000,
                                  4096, 65536, 65792, FRAME_BYTES};

  for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
    const size_t length = pieces[i] < 100 ? 70000 : FRAME_BYTES - 5;
    struct bounded *bounded = bounded_new();

    assert_np_error(pieces_feed(bounded, length, pieces[i]), ERROR_MORE_DATA);
    assert_int_equal(bounded->log.count, 1);
    assert_int_equal(bounded->log.used, 4 + length);
    assert_int_equal(bounded->log.bytes[4], 'x');
    assert_int_equal(bounded->log.bytes[3 + length], 'x');
    bounded_free(bounded);
  }
}

NP_CASE("frame-memory/memory-seldom", np_frame_decode, NO_MODE, NP_OK,
        "A frame of 1 MiB that comes byte by byte asks for memory a few times.",
        "npipe/frame.h") {
  struct bounded *bounded = bounded_new();

  assert_np_error(pieces_feed(bounded, FRAME_BYTES - 5, 1), ERROR_MORE_DATA);
  assert_in_range(bounded->memory.counted.total, 2, 14);
  bounded_free(bounded);
}

NP_CASE("frame-memory/memory-back", np_frame_decode, NO_MODE, ERROR_MORE_DATA,
        "The call after a long frame frees memory, down to "
        "NP_FRAME_MEMORY_BYTES, also if the call has no bytes. Long and short "
        "frames may alternate.",
        "npipe/frame.h") {
  struct bounded *bounded = bounded_new();

  for (unsigned i = 0; i < 10; i++) {
    const size_t length = i % 2 == 0 ? FRAME_BYTES - 5 : 100;

    assert_np_error(pieces_feed(bounded, length, 1000), ERROR_MORE_DATA);
    assert_int_equal(bounded->log.count, i + 1);
    /* frame_feed ends with a call that gives no frame. */
    assert_in_range(bounded->memory.counted.live_bytes, 0,
                    NP_FRAME_MEMORY_BYTES);
  }
  bounded_free(bounded);
}

NP_CASE("frame-memory/memory-refused-back", np_frame_decode, NO_MODE,
        ERROR_BUFFER_OVERFLOW,
        "A decoder that has failed holds no memory. It may have failed because "
        "a frame was too long, or because there was no memory for a part.",
        "npipe/frame.h") {
  struct bounded *bounded = bounded_new();

  assert_np_error(pieces_feed(bounded, 1000, 100), ERROR_MORE_DATA);
  assert_int_equal(bounded->memory.counted.live, 1);
  assert_np_error(frame_feed_copy(&bounded->decoder, &bounded->log,
                                  BYTES("\xFF\xFF\xFF\xFFx")),
                  ERROR_BUFFER_OVERFLOW);
  assert_int_equal(bounded->memory.counted.live, 0);
  bounded_free(bounded);
  bounded = bounded_new();
  bounded->memory.counted.fail_at = 3;
  assert_np_error(pieces_feed(bounded, FRAME_BYTES - 5, 1000),
                  ERROR_NOT_ENOUGH_MEMORY);
  assert_int_equal(bounded->memory.counted.live, 0);
  bounded_free(bounded);
}

NP_CASE("frame-memory/memory-each-fails", np_frame_decode, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Each allocation for a long frame fails once: the decoder returns "
        "ERROR_NOT_ENOUGH_MEMORY, stays failed and leaks nothing.",
        "npipe/frame.h") {
  unsigned failures = 0;

  for (;;) {
    struct bounded *bounded = bounded_new();
    np_error error;

    bounded->memory.counted.fail_at = failures + 1;
    error = pieces_feed(bounded, FRAME_BYTES - 5, 1000);
    if (error == ERROR_MORE_DATA) {
      assert_int_equal(bounded->log.count, 1);
      bounded_free(bounded);
      break;
    }
    assert_np_error(error, ERROR_NOT_ENOUGH_MEMORY);
    assert_true(np_frame_decoder_length(&bounded->decoder) == FRAME_BYTES - 5);
    assert_frame_failed(&bounded->decoder, ERROR_NOT_ENOUGH_MEMORY);
    bounded_free(bounded);
    failures++;
    assert_true(failures < 100);
  }
  assert_in_range(failures, 3, 14);
}
