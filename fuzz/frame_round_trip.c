/* The law of frame_round_trip: for any options and any cuts of the stream, the
 * decoder returns the frames that the encoder accepted, byte by byte and in
 * order. It holds at most twice the bytes that have come of a frame and
 * NP_FRAME_MEMORY_BYTES. The encoder refuses exactly the lengths that do not
 * fit the length field or exceed the maximum, and then writes nothing.
 *
 * Payload: the bytes of the short frames. Choices: the options
 * (framing_choose), the number of frames, their lengths, the size of the
 * pieces, and the room for a header. */
#include <stdlib.h>
#include <string.h>

#include "framing.h"

enum {
  FRAMES_MAX = 8,
  PAYLOAD_BYTES_MAX = 600,
  LONG_BYTES_MAX = 20000, /* of a frame that the input has no bytes for */
  FILL = 0x5A
};

struct sent {
  size_t offset; /* in the stream, of the expected frame */
  size_t length;
};

struct wire {
  uint8_t bytes[FRAMES_MAX * (NP_FRAME_HEADER_BYTES_MAX + LONG_BYTES_MAX + 1)];
  size_t length;
  struct sent frames[FRAMES_MAX];
  size_t count;
};

static uint8_t long_payload[LONG_BYTES_MAX];

static uint8_t fill[NP_FRAME_HEADER_BYTES_MAX];

static bool is_filled(const uint8_t *bytes, size_t size) {
  return memcmp(bytes, fill, size) == 0;
}

/* end_send checks what goes behind a payload that is short enough. It returns
 * false if the payload cannot be sent. */
static bool end_send(const struct framing *framing, const uint8_t *payload,
                     size_t length, uint8_t *end, size_t *end_length) {
  const bool is_bad = framing_holds_delimiter(framing, payload, length);
  const np_error error =
      np_frame_encode_end(&framing->options, payload, length, end, end_length);

  fuzz_law(error == (is_bad ? ERROR_INVALID_DATA : NP_OK),
           "the end of a payload of %zu bytes gave %u", length,
           (unsigned)error);
  if (is_bad) {
    return false;
  }
  fuzz_law(framing->options.kind == NP_FRAME_DELIMITER
               ? *end_length == 1 && *end == framing->options.delimiters[0]
               : *end_length == 0,
           "%zu bytes go behind a payload", *end_length);
  return true;
}

/* frame_send appends a frame if the encoder accepts it. */
static void frame_send(struct wire *wire, const struct framing *framing,
                       const uint8_t *payload, size_t length, size_t room) {
  const np_error expected = framing_encode_error(framing, length);
  const np_frame_options *options = &framing->options;
  uint8_t header[NP_FRAME_HEADER_BYTES_MAX];
  const size_t header_bytes = framing_header_bytes(framing, length);
  const size_t field_end =
      options->kind == NP_FRAME_LENGTH ? framing->field_end : header_bytes;
  size_t header_length = SIZE_MAX;
  size_t end_length = SIZE_MAX;
  uint8_t end = 0;
  np_error error;

  memset(header, FILL, sizeof header);
  error = np_frame_encode_header(options, length, header, room, &header_length);
  fuzz_say("  %zu bytes, room for a header of %zu: %u", length, room,
           (unsigned)error);
  if (expected == NP_OK && room < header_bytes) {
    fuzz_law(error == ERROR_INSUFFICIENT_BUFFER,
             "a header of %zu bytes in room for %zu gave %u", header_bytes,
             room, (unsigned)error);
  } else {
    fuzz_law(error == expected, "a payload of %zu bytes gave %u, not %u",
             length, (unsigned)error, (unsigned)expected);
  }
  if (error != NP_OK) {
    fuzz_law(is_filled(header, sizeof header) && header_length == SIZE_MAX,
             "an encoder that refused wrote nevertheless");
    return;
  }
  fuzz_law(header_length == header_bytes &&
               is_filled(header, options->field_offset) &&
               is_filled(header + field_end, sizeof header - field_end),
           "an encoder wrote more than its length");
  if (!end_send(framing, payload, length, &end, &end_length)) {
    return;
  }
  memcpy(wire->bytes + wire->length, header, header_length);
  if (length > 0) {
    memcpy(wire->bytes + wire->length + header_length, payload, length);
  }
  memcpy(wire->bytes + wire->length + header_length + length, &end, end_length);
  wire->frames[wire->count].offset =
      wire->length +
      (options->kind == NP_FRAME_LENGTH ? framing->skip_bytes : header_length);
  wire->frames[wire->count].length = framing->kept_bytes + length;
  wire->count++;
  wire->length += header_length + length + end_length;
}

static void receive(const struct wire *wire, const struct framing *framing,
                    size_t piece) {
  struct frame_memory memory;
  const np_allocator allocator = framing_allocator(&memory);
  np_frame_decoder decoder;
  size_t begin = 0; /* of the frame */
  size_t count = 0;

  fuzz_law(
      np_frame_decoder_init(&decoder, &framing->options, &allocator) == NP_OK,
      "the decoder refuses what the encoder took");
  for (size_t at = 0; at < wire->length;) {
    const size_t left = wire->length - at;
    size_t consumed;
    const size_t size = left < piece ? left : piece;
    np_frame frame;
    np_error error;

    memory.came_bytes = at + size - begin;
    error =
        np_frame_decode(&decoder, wire->bytes + at, size, &consumed, &frame);
    at += consumed;
    if (error == ERROR_MORE_DATA) {
      continue;
    }
    fuzz_law(error == NP_OK && count < wire->count, "frame %zu: %u", count,
             (unsigned)error);
    fuzz_law(frame.length == wire->frames[count].length &&
                 memcmp(frame.data, wire->bytes + wire->frames[count].offset,
                        frame.length) == 0,
             "frame %zu is not what was sent", count);
    begin = at;
    count++;
  }
  fuzz_law(count == wire->count, "%zu frames came of %zu", count, wire->count);
  fuzz_law(np_frame_decoder_finish(&decoder) == NP_OK,
           "the stream does not end with a frame");
  np_frame_decoder_deinit(&decoder);
}

/* tables_fill fills the constant tables, before the first input. */
static void tables_fill(void) {
  if (fill[0] == FILL) {
    return;
  }
  memset(fill, FILL, sizeof fill);
  for (size_t i = 0; i < sizeof long_payload; i++) {
    long_payload[i] = (uint8_t)(i * 7 + i / 256);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static struct wire wire;
  struct fuzz_input input = fuzz_input_begin(bytes, size);
  struct framing framing;
  size_t lengths[FRAMES_MAX];
  size_t count;
  size_t piece;
  size_t room;

  tables_fill();
  framing_choose(&framing, &input);
  count = fuzz_choice(&input) % (FRAMES_MAX + 1);
  piece = 1 + fuzz_choice(&input);
  room = fuzz_choice(&input);
  room = room < 200 ? NP_FRAME_HEADER_BYTES_MAX : room - 200;
  for (size_t i = 0; i < count; i++) {
    lengths[i] = fuzz_choice(&input);
    if (lengths[i] >= 254) {
      lengths[i] =
          LONG_BYTES_MAX - fuzz_choice_below(&input, LONG_BYTES_MAX / 2);
    } else if (lengths[i] >= 250) {
      lengths[i] = fuzz_choice_below(&input, PAYLOAD_BYTES_MAX);
    }
  }
  fuzz_say("field %zu at %zu, adjustment %lld, skip %zu, most %zu: %s",
           framing.options.field_bytes, framing.options.field_offset,
           (long long)framing.options.adjustment, framing.options.skip_bytes,
           framing.options.frame_bytes_max,
           framing.is_possible ? "possible" : "to be refused");
  wire.length = 0;
  wire.count = 0;
  for (size_t i = 0; i < count; i++) {
    size_t taken;
    const uint8_t *payload = long_payload;

    if (lengths[i] > PAYLOAD_BYTES_MAX) {
      taken = lengths[i];
    } else {
      payload = fuzz_payload(&input, lengths[i], &taken);
    }
    frame_send(&wire, &framing, payload, taken, room);
  }
  /* No memory holds these lengths; only their headers are encoded. */
  if (fuzz_choice(&input) >= 128) {
    const size_t beyond = SIZE_MAX - fuzz_choice(&input);
    uint8_t header[NP_FRAME_HEADER_BYTES_MAX];
    size_t header_length;

    fuzz_law(np_frame_encode_header(&framing.options, beyond, header,
                                    sizeof header, &header_length) ==
                 framing_encode_error(&framing, beyond),
             "a payload of %zu bytes is judged wrongly", beyond);
  }
  if (framing.is_possible) {
    receive(&wire, &framing, piece);
  }
  return 0;
}
