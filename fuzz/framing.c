/* The naive judge of framing: draws options, decodes a whole stream, and says
 * which payloads an encoder must refuse. It computes in 128 bits, so that
 * nothing can overflow. */
#include "framing.h"

#include <string.h>

/* A number of 128 bits in two's complement. */
struct wide {
  uint64_t high;
  uint64_t low;
};

static struct wide wide_of(uint64_t value) {
  struct wide wide = {0, value};

  return wide;
}

static struct wide wide_of_signed(int64_t value) {
  struct wide wide = {value < 0 ? UINT64_MAX : 0, (uint64_t)value};

  return wide;
}

static struct wide wide_add(struct wide a, struct wide b) {
  struct wide sum = {a.high + b.high, a.low + b.low};

  sum.high += sum.low < a.low ? 1 : 0;
  return sum;
}

static struct wide wide_negate(struct wide a) {
  struct wide inverse = {~a.high, ~a.low};

  return wide_add(inverse, wide_of(1));
}

static bool wide_is_negative(struct wide a) {
  return (a.high >> 63) != 0;
}

static bool wide_less(struct wide a, struct wide b) {
  return wide_is_negative(wide_add(a, wide_negate(b)));
}

/* framing_choose draws options. In half of the draws the values are close to
 * each other, so that each of them matters. */
void framing_choose(struct framing *framing, struct fuzz_input *input) {
  static const size_t widths[] = {4, 2, 1, 8, 4, 2, 1, 8, 2, 1, 2, 1, 0, 3, 9};
  static const int64_t extremes[] = {INT64_MIN, INT64_MAX, INT64_MIN + 1, -256,
                                     256,       65536,     -65535,        -1};
  static const size_t maxima[] = {64,    8u * 1024 * 1024, 0,   1,
                                  65535, SIZE_MAX,         256, 20};
  np_frame_options *options = &framing->options;
  uint32_t drawn;

  np_frame_options_init(options);
  drawn = fuzz_choice(input);
  options->field_bytes = widths[drawn % (sizeof widths / sizeof widths[0])];
  options->byte_order = drawn >= 128 ? NP_LITTLE_ENDIAN : NP_BIG_ENDIAN;
  drawn = fuzz_choice(input);
  options->field_offset = drawn < 240 ? drawn % 12 : 240 + drawn % 32;
  drawn = fuzz_choice(input);
  options->adjustment =
      drawn < 240 ? (int64_t)(drawn % 32) - 16 : extremes[drawn % 8];
  drawn = fuzz_choice(input);
  options->skip_bytes = drawn < 100   ? NP_FRAME_SKIP_HEADER
                        : drawn < 240 ? drawn % 24
                                      : 230 + drawn % 32;
  drawn = fuzz_choice(input);
  options->frame_bytes_max = drawn < 128 ? maxima[drawn % 8] : drawn;

  framing->is_possible = false;
  if ((options->field_bytes != 1 && options->field_bytes != 2 &&
       options->field_bytes != 4 && options->field_bytes != 8) ||
      options->field_offset + options->field_bytes >
          NP_FRAME_HEADER_BYTES_MAX) {
    return;
  }
  framing->field_end = options->field_offset + options->field_bytes;
  framing->skip_bytes = options->skip_bytes == NP_FRAME_SKIP_HEADER
                            ? framing->field_end
                            : options->skip_bytes;
  if (framing->skip_bytes > NP_FRAME_HEADER_BYTES_MAX) {
    return;
  }
  framing->header_bytes = framing->skip_bytes > framing->field_end
                              ? framing->skip_bytes
                              : framing->field_end;
  framing->kept_bytes = framing->header_bytes - framing->skip_bytes;
  framing->field_max = 0;
  for (size_t i = 0; i < options->field_bytes; i++) {
    framing->field_max = framing->field_max * 256 + 255;
  }
  /* The options are possible if some length fits the field and is allowed. */
  {
    struct wide least = wide_of_signed(options->adjustment);
    struct wide most = wide_add(least, wide_of(framing->field_max));
    struct wide kept = wide_of(framing->kept_bytes);
    struct wide allowed = wide_of(options->frame_bytes_max);

    framing->is_possible = !wide_less(allowed, kept) &&
                           !wide_less(allowed, least) && !wide_less(most, kept);
  }
}

static uint64_t field_read(const np_frame_options *options,
                           const uint8_t *field) {
  uint64_t value = 0;
  uint64_t unit = 1;

  for (size_t i = 0; i < options->field_bytes; i++) {
    const size_t at = options->byte_order == NP_LITTLE_ENDIAN
                          ? i
                          : options->field_bytes - 1 - i;

    value += field[at] * unit;
    unit *= 256;
  }
  return value;
}

/* measure returns NP_OK and sets the length of the frame behind this header. */
static np_error measure(const struct framing *framing, const uint8_t *header,
                        uint64_t *length) {
  const np_frame_options *options = &framing->options;
  struct wide value =
      wide_add(wide_of(field_read(options, header + options->field_offset)),
               wide_of_signed(options->adjustment));

  *length = 0;
  if (wide_less(value, wide_of(framing->kept_bytes))) {
    return ERROR_INVALID_DATA;
  }
  if (value.high != 0) {
    return ERROR_ARITHMETIC_OVERFLOW;
  }
  *length = value.low;
  return value.low > options->frame_bytes_max ? ERROR_BUFFER_OVERFLOW : NP_OK;
}

void framing_decode(const struct framing *framing, const uint8_t *stream,
                    size_t size, struct framed_stream *out) {
  size_t at = 0;

  out->count = 0;
  out->pending = 0;
  out->error = ERROR_MORE_DATA;
  while (size - at >= framing->header_bytes) {
    uint64_t length;
    uint64_t left;

    out->error = measure(framing, stream + at, &length);
    if (out->error != NP_OK) {
      out->pending = length;
      break;
    }
    out->error = ERROR_MORE_DATA;
    left = size - at - framing->skip_bytes;
    if (length > left || out->count == FRAMED_MAX) {
      out->pending = length;
      break;
    }
    out->frames[out->count].offset = at + framing->skip_bytes;
    out->frames[out->count].length = (size_t)length;
    out->count++;
    at += framing->skip_bytes + (size_t)length;
  }
  out->end_of_last = at;
  out->has_begun = at < size;
}

np_error framing_encode_error(const struct framing *framing, size_t payload) {
  const np_frame_options *options = &framing->options;
  struct wide length = wide_add(wide_of(payload), wide_of(framing->kept_bytes));
  struct wide field =
      wide_add(length, wide_negate(wide_of_signed(options->adjustment)));

  if (!framing->is_possible) {
    return ERROR_INVALID_PARAMETER;
  }
  if (wide_less(wide_of(options->frame_bytes_max), length)) {
    return ERROR_BUFFER_OVERFLOW;
  }
  if (wide_is_negative(field)) {
    return ERROR_INVALID_DATA;
  }
  return wide_less(wide_of(framing->field_max), field) ? ERROR_BUFFER_OVERFLOW
                                                       : NP_OK;
}

static void too_much(void *context, size_t size, size_t bytes_max) {
  const struct frame_memory *memory = context;

  fuzz_law(bytes_max == 0,
           "%zu bytes beside %zu, where %zu bytes of the frame have come", size,
           memory->counted.live_bytes, memory->came_bytes);
}

np_allocator framing_allocator(struct frame_memory *memory) {
  return frame_memory_allocator(memory, too_much);
}
