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

/* other_choose draws the options of a kind without a length field, from the
 * numbers that the fields of a length field are drawn from. */
static void other_choose(struct framing *framing, np_frame_kind kind,
                         struct fuzz_input *input) {
  static const char *const sets[] = {"\n", ",;\n\r", "\r", "\n;", "abcde"};
  np_frame_options *options = &framing->options;
  const uint32_t set = fuzz_choice(input);
  const uint32_t flags = fuzz_choice(input);
  const uint32_t wrong = fuzz_choice(input);
  const uint32_t most = fuzz_choice(input);

  options->kind = kind;
  options->delimiter_count = (uint8_t)strlen(sets[set % 5]);
  memcpy(options->delimiters, sets[set % 5], options->delimiter_count);
  options->delimiters[0] = set >= 250 ? 0 : options->delimiters[0];
  options->drop_cr = (flags & 1) != 0;
  options->unended_last = (flags & 2) != 0;
  options->frame_bytes_max = most < 200 ? most % 64 : most * 1000;
  framing->is_possible = true;
  framing->field_end = 0;
  framing->header_bytes = 0;
  framing->skip_bytes = 0;
  framing->kept_bytes = 0;
  framing->field_max = UINT64_MAX;
  switch (wrong) {
    case 250:
      options->field_bytes = 2;
      break;
    case 251:
      options->adjustment = -1;
      break;
    case 252:
      options->delimiter_count = 0;
      break;
    case 253:
      options->delimiter_count = NP_FRAME_DELIMITERS_MAX + 1;
      break;
    case 254:
      options->skip_bytes = 0;
      break;
    default:
      return;
  }
  framing->is_possible = kind == NP_FRAME_VARINT && wrong >= 252 &&
                         wrong <= 253; /* it looks at no delimiter */
}

/* framing_choose draws options. In half of the draws the values are close to
 * each other, so that each of them matters. */
void framing_choose(struct framing *framing, struct fuzz_input *input) {
  static const size_t widths[] = {4, 2, 1, 8, 4, 2, 1, 8, 2, 1, 2, 1, 0};
  enum { WIDTHS = sizeof widths / sizeof widths[0] };
  static const int64_t extremes[] = {INT64_MIN, INT64_MAX, INT64_MIN + 1, -256,
                                     256,       65536,     -65535,        -1};
  static const size_t maxima[] = {64,    8u * 1024 * 1024, 0,   1,
                                  65535, SIZE_MAX,         256, 20};
  np_frame_options *options = &framing->options;
  uint32_t drawn;

  np_frame_options_init(options);
  drawn = fuzz_choice(input);
  if (drawn % (WIDTHS + 2) >= WIDTHS) {
    other_choose(
        framing,
        drawn % (WIDTHS + 2) == WIDTHS ? NP_FRAME_VARINT : NP_FRAME_DELIMITER,
        input);
    return;
  }
  options->field_bytes = widths[drawn % (WIDTHS + 2)];
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

static bool is_delimiter(const np_frame_options *options, uint8_t byte) {
  for (size_t i = 0; i < options->delimiter_count; i++) {
    if (options->delimiters[i] == byte) {
      return true;
    }
  }
  return false;
}

/* delimited makes the frame of the bytes from `at` to `end`, the delimiter. */
static struct framed delimited(const np_frame_options *options,
                               const uint8_t *stream, size_t at, size_t end) {
  const bool drops = options->drop_cr && end > at && stream[end - 1] == '\r';
  struct framed framed = {.offset = at, .length = end - at, .end = end + 1};

  framed.is_refused = framed.length > options->frame_bytes_max;
  framed.length -= drops ? 1 : 0;
  return framed;
}

static void delimiter_decode(const np_frame_options *options,
                             const uint8_t *stream, size_t size,
                             struct framed_stream *out) {
  size_t at = 0;

  for (size_t end = 0; end < size && out->count + 1 < FRAMED_MAX; end++) {
    if (is_delimiter(options, stream[end])) {
      out->frames[out->count++] = delimited(options, stream, at, end);
      at = end + 1;
    }
  }
  out->end_of_last = at;
  out->has_begun = at < size;
  if (!out->has_begun) {
    return;
  }
  out->last = delimited(options, stream, at, size);
  if (out->last.is_refused) {
    out->frames[out->count++] = out->last;
  } else {
    out->has_last = options->unended_last && out->last.length > 0;
  }
}

/* varint_decode finds the frames behind varints. A varint has groups of seven
 * bits, which are added up one by one. */
static void varint_decode(const np_frame_options *options,
                          const uint8_t *stream, size_t size,
                          struct framed_stream *out) {
  size_t at = 0;

  while (at < size && out->count < FRAMED_MAX) {
    struct wide length = wide_of(0);
    size_t count = 0;
    bool is_whole = false;

    while (at + count < size && count < 10 && !is_whole) {
      struct wide group = wide_of(stream[at + count] % 128);

      for (size_t i = 0; i < 7 * count; i++) {
        group = wide_add(group, group);
      }
      length = wide_add(length, group);
      is_whole = stream[at + count] < 128;
      count++;
    }
    if (!is_whole) {
      out->error = count == 10 ? ERROR_INVALID_DATA : ERROR_MORE_DATA;
      break;
    }
    if (length.high != 0) {
      out->error = ERROR_ARITHMETIC_OVERFLOW;
      break;
    }
    if (length.low > options->frame_bytes_max) {
      out->pending = length.low;
      out->error = ERROR_BUFFER_OVERFLOW;
      break;
    }
    if (length.low > size - at - count) {
      out->pending = length.low;
      break;
    }
    out->frames[out->count].offset = at + count;
    out->frames[out->count].length = (size_t)length.low;
    at += count + (size_t)length.low;
    out->frames[out->count++].end = at;
  }
  out->end_of_last = at;
  out->has_begun = at < size;
}

size_t framing_header_bytes(const struct framing *framing, size_t payload) {
  size_t count = 1;

  if (framing->options.kind != NP_FRAME_VARINT) {
    return framing->header_bytes;
  }
  while (payload >= 128) {
    payload /= 128;
    count++;
  }
  return count;
}

bool framing_holds_delimiter(const struct framing *framing,
                             const uint8_t *payload, size_t length) {
  const np_frame_options *options = &framing->options;

  if (options->kind != NP_FRAME_DELIMITER) {
    return false;
  }
  for (size_t i = 0; i < length; i++) {
    if (is_delimiter(options, payload[i])) {
      return true;
    }
  }
  return options->drop_cr && length > 0 && payload[length - 1] == '\r';
}

void framing_decode(const struct framing *framing, const uint8_t *stream,
                    size_t size, struct framed_stream *out) {
  size_t at = 0;

  memset(out, 0, sizeof *out);
  out->error = ERROR_MORE_DATA;
  if (framing->options.kind == NP_FRAME_VARINT) {
    varint_decode(&framing->options, stream, size, out);
    return;
  }
  if (framing->options.kind == NP_FRAME_DELIMITER) {
    delimiter_decode(&framing->options, stream, size, out);
    return;
  }
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
    at += framing->skip_bytes + (size_t)length;
    out->frames[out->count++].end = at;
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
  if (options->kind != NP_FRAME_LENGTH) {
    return NP_OK;
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
