/* The law of frame_decode: for any stream, cut in any way, the decoder returns
 * the same frames, and the same final error, as a naive decoder that gets the
 * whole stream. At each allocation it holds at most twice the bytes that have
 * come of the frame and NP_FRAME_MEMORY_BYTES, whatever length a header
 * announces. After an error it stays failed and holds no memory.
 *
 * Payload: the stream. Choices: the options (framing_choose), the allocation
 * that fails, and the cuts. */
#include <stdlib.h>
#include <string.h>

#include "framing.h"

enum { STREAM_BYTES_MAX = 4096, CUTS_MAX = 12 };

/* Compares the decoded frames with those of the naive decoder. */
struct reader {
  np_frame_decoder decoder;
  struct frame_memory memory;
  const uint8_t *stream;
  const struct framed_stream *expected;
  size_t count;
  size_t given; /* bytes of the stream given so far */
  bool is_delimited;
};

/* frame_comes counts what has come of the next frame, where the piece has
 * `size` bytes more. */
static void frame_comes(struct reader *reader, size_t size) {
  const struct framed *frames = reader->expected->frames;
  const size_t count = reader->count;
  const size_t begin = count > 0 ? frames[count - 1].end : 0;
  size_t end = reader->given + size;

  if (count < reader->expected->count && end > frames[count].end) {
    end = frames[count].end;
  }
  reader->memory.came_bytes = end > begin ? end - begin : 0;
}

/* refused handles a frame that is too long, which the decoder skips: it took
 * `consumed` bytes, of which the last may be the frame's delimiter. */
static void refused(struct reader *reader, size_t consumed, size_t size) {
  const struct framed *expected = &reader->expected->frames[reader->count];

  fuzz_say("  frame %zu: too long", reader->count);
  fuzz_law(reader->count < reader->expected->count && expected->is_refused,
           "frame %zu is not too long", reader->count);
  fuzz_law(consumed >= 1 && consumed <= size, "%zu of %zu bytes were taken",
           consumed, size);
  fuzz_law(reader->memory.counted.live_bytes == 0,
           "%zu bytes are held of a frame that is too long",
           reader->memory.counted.live_bytes);
  reader->given += consumed;
  fuzz_law(reader->given <= expected->end, "a frame was skipped too far");
  reader->count++;
}

/* feed gives the decoder one piece, in a buffer of exactly this size. */
static np_error feed(struct reader *reader, const uint8_t *piece, size_t size) {
  np_error error;

  do {
    const size_t count = reader->count;
    size_t consumed = SIZE_MAX;
    np_frame frame = {NULL, SIZE_MAX};

    frame_comes(reader, size);
    error = np_frame_decode(&reader->decoder, piece, size, &consumed, &frame);
    if (error == ERROR_BUFFER_OVERFLOW && reader->is_delimited) {
      refused(reader, consumed, size);
      piece += consumed;
      size -= consumed;
      error = NP_OK;
      continue;
    }
    if (error != NP_OK) {
      fuzz_law(
          reader->memory.counted.live_bytes <=
              (error == ERROR_MORE_DATA ? frame_bytes_max(&reader->memory) : 0),
          "%zu bytes are held where %zu bytes of a frame have come: %u",
          reader->memory.counted.live_bytes, reader->memory.came_bytes,
          (unsigned)error);
      fuzz_law(consumed == (error == ERROR_MORE_DATA ? size : 0) &&
                   frame.data == NULL && frame.length == 0,
               "error %u took %zu of %zu bytes", (unsigned)error, consumed,
               size);
      break;
    }
    fuzz_law(consumed >= 1 && consumed <= size, "%zu of %zu bytes were taken",
             consumed, size);
    fuzz_law(count < reader->expected->count, "frame %zu is one too many",
             count);
    {
      const struct framed *expected = &reader->expected->frames[count];

      fuzz_say("  frame %zu: %zu bytes at %zu", count, frame.length,
               expected->offset);
      fuzz_law(frame.data != NULL && frame.length == expected->length,
               "frame %zu has %zu bytes, not %zu", count, frame.length,
               expected->length);
      fuzz_law(memcmp(frame.data, reader->stream + expected->offset,
                      frame.length) == 0,
               "frame %zu has other bytes", count);
      reader->given += consumed;
      fuzz_law(reader->given == expected->end && !expected->is_refused,
               "frame %zu ends at %zu", count, reader->given);
    }
    reader->count++;
    piece += consumed;
    size -= consumed;
  } while (size > 0);
  if (error == ERROR_MORE_DATA) {
    reader->given += size;
  }
  return error == NP_OK ? ERROR_MORE_DATA : error;
}

static np_error feed_copy(struct reader *reader, const uint8_t *piece,
                          size_t size) {
  uint8_t *copy = malloc(size > 0 ? size : 1);
  np_error error;

  if (copy == NULL) {
    abort();
  }
  memcpy(copy, piece, size);
  error = feed(reader, copy, size);
  free(copy);
  return error;
}

/* stays_failed checks that every call on a failed decoder fails with the same
 * error. */
static void stays_failed(struct reader *reader, np_error error) {
  size_t consumed = 1;
  np_frame frame;

  for (int i = 0; i < 2; i++) {
    fuzz_law(np_frame_decode(&reader->decoder, "\0\0\0\0\0", 5, &consumed,
                             &frame) == error &&
                 consumed == 0 && frame.data == NULL,
             "a decoder that failed goes on");
  }
  fuzz_law(np_frame_decoder_finish(&reader->decoder) == error,
           "the end of a stream that failed is another error");
}

/* last_ends checks which frame the end of the stream ends. */
static void last_ends(struct reader *reader, uint32_t fails_at) {
  const struct framed *last = &reader->expected->last;
  np_frame frame = {NULL, SIZE_MAX};
  const np_error error = np_frame_decode_end(&reader->decoder, &frame);

  if (error == ERROR_NOT_ENOUGH_MEMORY) {
    fuzz_law(fails_at != 0 && reader->memory.counted.total >= fails_at,
             "memory is said to be short at the end, and is not");
    stays_failed(reader, error);
    return;
  }
  fuzz_law(error == (reader->expected->has_last ? NP_OK : ERROR_MORE_DATA),
           "the end of the stream gave %u", (unsigned)error);
  fuzz_law(error == NP_OK
               ? frame.length == last->length &&
                     memcmp(frame.data, reader->stream + last->offset,
                            last->length) == 0
               : frame.data == NULL && frame.length == 0,
           "the last frame is another one");
}

/* decode_cut decodes the stream in pieces that end at `cuts`. */
static void decode_cut(const struct framing *framing, const uint8_t *stream,
                       size_t size, const struct framed_stream *expected,
                       const size_t *cuts, size_t cut_count,
                       uint32_t fails_at) {
  struct reader reader = {
      .stream = stream,
      .expected = expected,
      .is_delimited = framing->options.kind == NP_FRAME_DELIMITER};
  const np_allocator allocator = framing_allocator(&reader.memory);
  np_error error = ERROR_MORE_DATA;
  size_t at = 0;

  memory_fail(&reader.memory.counted, fails_at);
  fuzz_law(np_frame_decoder_init(&reader.decoder, &framing->options,
                                 &allocator) == NP_OK,
           "options that are possible are refused");
  for (size_t i = 0; i <= cut_count && error == ERROR_MORE_DATA; i++) {
    const size_t end = i < cut_count ? cuts[i] : size;

    if (end >= at) {
      error = feed_copy(&reader, stream + at, end - at);
      at = end;
    }
  }
  if (error == ERROR_NOT_ENOUGH_MEMORY) {
    fuzz_law(fails_at != 0 && reader.memory.counted.total >= fails_at,
             "memory is said to be short, and is not");
    fuzz_law(
        reader.is_delimited || np_frame_decoder_length(&reader.decoder) != 0,
        "the frame that found no memory has no length");
    stays_failed(&reader, error);
  } else {
    fuzz_law(error == expected->error, "the stream ends with %u, not %u",
             (unsigned)error, (unsigned)expected->error);
    fuzz_law(reader.count == expected->count, "%zu frames of %zu", reader.count,
             expected->count);
    fuzz_law(reader.is_delimited ||
                 np_frame_decoder_length(&reader.decoder) == expected->pending,
             "the length of a frame that is missing is wrong");
    if (error == ERROR_MORE_DATA) {
      fuzz_law(np_frame_decoder_finish(&reader.decoder) ==
                   (expected->has_begun && !(reader.is_delimited &&
                                             framing->options.unended_last)
                        ? ERROR_HANDLE_EOF
                        : NP_OK),
               "the decoder is wrong about the end of the stream");
      last_ends(&reader, fails_at);
    } else {
      stays_failed(&reader, error);
    }
  }
  np_frame_decoder_deinit(&reader.decoder);
  fuzz_law(reader.memory.counted.live_bytes == 0, "%zu bytes are left",
           reader.memory.counted.live_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static struct framed_stream expected;
  struct fuzz_input input = fuzz_input_begin(bytes, size);
  struct framing framing;
  const uint8_t *stream;
  size_t cuts[CUTS_MAX];
  size_t cut_count;
  uint32_t fails_at;
  size_t length;

  framing_choose(&framing, &input);
  fails_at = fuzz_choice(&input) % 8;
  cut_count = fuzz_choice(&input) % (CUTS_MAX + 1);
  for (size_t i = 0, at = 0; i < cut_count; i++) {
    at += fuzz_choice(&input);
    cuts[i] = at;
  }
  stream = fuzz_payload(&input, STREAM_BYTES_MAX, &length);
  for (size_t i = 0; i < cut_count; i++) {
    cuts[i] = cuts[i] < length ? cuts[i] : length;
  }
  fuzz_say("field %zu at %zu, %s, adjustment %lld, skip %zu, most %zu: %s",
           framing.options.field_bytes, framing.options.field_offset,
           framing.options.byte_order == NP_BIG_ENDIAN ? "big" : "little",
           (long long)framing.options.adjustment, framing.options.skip_bytes,
           framing.options.frame_bytes_max,
           framing.is_possible ? "possible" : "to be refused");
  if (!framing.is_possible) {
    np_frame_decoder decoder;
    size_t consumed;
    np_frame frame;

    fuzz_law(np_frame_decoder_init(&decoder, &framing.options, NULL) ==
                     ERROR_INVALID_PARAMETER &&
                 np_frame_decode(&decoder, stream, length, &consumed, &frame) ==
                     ERROR_INVALID_PARAMETER,
             "options are accepted that no frame can obey");
    np_frame_decoder_deinit(&decoder);
    return 0;
  }
  framing_decode(&framing, stream, length, &expected);
  fuzz_say("%zu bytes, %zu frames, then %u; whole:", length, expected.count,
           (unsigned)expected.error);
  if (expected.count < FRAMED_MAX) {
    decode_cut(&framing, stream, length, &expected, NULL, 0, 0);
    fuzz_say("in %zu pieces, allocation %u fails:", cut_count + 1, fails_at);
    decode_cut(&framing, stream, length, &expected, cuts, cut_count, fails_at);
  }
  return 0;
}
