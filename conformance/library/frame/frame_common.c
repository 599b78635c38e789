/* Helpers for the cases of np_frame: an allocator that counts, and functions
 * that feed a decoder with a stream, whole or byte by byte. */
#include "frame_common.h"

#include <stdlib.h>

void assert_frame_bound(const struct frame_memory *memory) {
  assert_true(memory->counted.live_bytes <= frame_bytes_max(memory));
}

static void too_much(void *memory, size_t size, size_t bytes_max) {
  (void)memory;
  fail_msg("an allocation of %u bytes, where %u may be held", (unsigned)size,
           (unsigned)bytes_max);
}

np_allocator frame_allocator(struct frame_memory *memory) {
  return frame_memory_allocator(memory, too_much);
}

void frame_options_set(np_frame_options *options, size_t field_bytes,
                       size_t field_offset, int64_t adjustment,
                       size_t skip_bytes) {
  np_frame_options_init(options);
  options->field_bytes = field_bytes;
  options->field_offset = field_offset;
  options->adjustment = adjustment;
  options->skip_bytes = skip_bytes;
}

np_frame_options frame_options(size_t field_bytes, size_t field_offset,
                               int64_t adjustment, size_t skip_bytes) {
  np_frame_options options;

  frame_options_set(&options, field_bytes, field_offset, adjustment,
                    skip_bytes);
  return options;
}

void frame_log_add(struct frame_log *log, const void *data, size_t length) {
  assert_true(length <= sizeof(log->bytes) - log->used - 4);
  for (unsigned i = 0; i < 4; i++) {
    log->bytes[log->used++] = (unsigned char)(length >> (8 * i));
  }
  memcpy(log->bytes + log->used, data, length);
  log->used += length;
  log->count++;
}

np_error frame_feed(np_frame_decoder *decoder, struct frame_log *log,
                    const void *input, size_t length) {
  struct frame_memory uncounted = {0};
  struct frame_memory *memory = log->memory != NULL ? log->memory : &uncounted;
  const unsigned char *at = input;

  for (;;) {
    size_t consumed = SIZE_MAX;
    np_frame frame = {&consumed, SIZE_MAX};
    np_error error;

    memory->came_bytes += length;
    error = np_frame_decode(decoder, at, length, &consumed, &frame);
    if (error != NP_OK) {
      assert_frame_bound(memory);
      assert_int_equal(consumed, error == ERROR_MORE_DATA ? length : 0);
      assert_null(frame.data);
      assert_int_equal(frame.length, 0);
      return error;
    }
    assert_in_range(consumed, 1, length);
    assert_non_null(frame.data);
    frame_log_add(log, frame.data, frame.length);
    at += consumed;
    length -= consumed;
    memory->came_bytes = 0;
  }
}

np_error frame_feed_copy(np_frame_decoder *decoder, struct frame_log *log,
                         const void *input, size_t length) {
  unsigned char *copy = malloc(length > 0 ? length : 1);
  np_error error;

  assert_non_null(copy);
  memcpy(copy, input, length);
  error = frame_feed(decoder, log, copy, length);
  memset(copy, 0xEE, length);
  free(copy);
  return error;
}

void frame_decode_one(const np_frame_options *options, const void *wire,
                      size_t wire_length, const void *expected,
                      size_t expected_length) {
  const unsigned char *bytes = wire;
  struct frame_memory memory;
  np_allocator allocator = frame_allocator(&memory);
  np_frame_decoder decoder;
  np_frame frame;
  size_t consumed;

  assert_np_ok(np_frame_decoder_init(&decoder, options, &allocator));
  assert_np_ok(np_frame_decode(&decoder, wire, wire_length, &consumed, &frame));
  assert_int_equal(consumed, wire_length);
  assert_int_equal(frame.length, expected_length);
  assert_memory_equal(frame.data, expected, expected_length);
  assert_ptr_equal(frame.data, bytes + wire_length - expected_length);
  assert_int_equal(memory.counted.total, 0);
  assert_np_ok(np_frame_decoder_finish(&decoder));

  for (size_t i = 0; i + 1 < wire_length; i++) {
    assert_np_error(np_frame_decode(&decoder, bytes + i, 1, &consumed, &frame),
                    ERROR_MORE_DATA);
    assert_np_error(np_frame_decoder_finish(&decoder), ERROR_HANDLE_EOF);
  }
  assert_np_ok(
      np_frame_decode(&decoder, bytes + wire_length - 1, 1, &consumed, &frame));
  assert_int_equal(frame.length, expected_length);
  assert_memory_equal(frame.data, expected, expected_length);
  assert_np_ok(np_frame_decoder_finish(&decoder));
  np_frame_decoder_deinit(&decoder);
  assert_int_equal(memory.counted.live, 0);
}

uint64_t frame_decode_refused(const np_frame_options *options, const void *wire,
                              size_t wire_length, np_error error) {
  const unsigned char *bytes = wire;
  np_frame_decoder decoder;
  np_frame frame;
  size_t consumed;
  uint64_t length;

  assert_np_ok(np_frame_decoder_init(&decoder, options, NULL));
  assert_np_error(
      np_frame_decode(&decoder, wire, wire_length, &consumed, &frame), error);
  assert_int_equal(consumed, 0);
  length = np_frame_decoder_length(&decoder);
  assert_frame_failed(&decoder, error);
  assert_true(np_frame_decoder_length(&decoder) == length);
  np_frame_decoder_deinit(&decoder);

  assert_np_ok(np_frame_decoder_init(&decoder, options, NULL));
  for (size_t i = 0; i + 1 < wire_length; i++) {
    assert_np_error(np_frame_decode(&decoder, bytes + i, 1, &consumed, &frame),
                    ERROR_MORE_DATA);
    assert_true(np_frame_decoder_length(&decoder) == 0);
  }
  assert_np_error(
      np_frame_decode(&decoder, bytes + wire_length - 1, 1, &consumed, &frame),
      error);
  assert_true(np_frame_decoder_length(&decoder) == length);
  np_frame_decoder_deinit(&decoder);
  return length;
}

void assert_frame_failed(np_frame_decoder *decoder, np_error error) {
  static const unsigned char inputs[16] = {0, 0, 0, 1, 'a'};

  for (size_t length = 0; length <= sizeof(inputs); length++) {
    size_t consumed = SIZE_MAX;
    np_frame frame = {inputs, 1};

    assert_np_error(np_frame_decode(decoder, inputs, length, &consumed, &frame),
                    error);
    assert_int_equal(consumed, 0);
    assert_null(frame.data);
    assert_int_equal(frame.length, 0);
    assert_np_error(np_frame_decoder_finish(decoder), error);
  }
}
