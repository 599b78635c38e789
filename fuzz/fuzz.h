/* The part that all fuzz targets share: reading an input, and reporting a
 * broken law. Each target is one file, and its first comment states its law.
 *
 * An input is read from both ends. The bytes that an end of a pipe would write
 * (frames, messages, names, a program) stand at the start of the input, in the
 * form that they have on the wire, so real traffic can be a seed. The choices
 * (options, sizes, settings) are read from the last byte backwards. So a
 * mutation that makes one part longer does not disturb the other. Missing bytes
 * read as 0. */
#ifndef NPIPE_FUZZ_FUZZ_H
#define NPIPE_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The formats of printf; mingw-w64 has two kinds. */
#ifdef __MINGW_PRINTF_FORMAT
#define FUZZ_PRINTF __MINGW_PRINTF_FORMAT
#else
#define FUZZ_PRINTF printf
#endif

/* LLVMFuzzerTestOneInput is the entry of a target. libFuzzer or the driver
 * calls it. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct fuzz_input {
  const uint8_t *bytes;
  size_t front; /* the first unread byte */
  size_t back;  /* behind the last unread byte */
};

/* fuzz_input_begin returns an input in which nothing is read. */
static inline struct fuzz_input fuzz_input_begin(const uint8_t *bytes,
                                                 size_t size) {
  struct fuzz_input input = {bytes, 0, size};

  return input;
}

/* fuzz_choice reads one byte from the end. */
static inline uint32_t fuzz_choice(struct fuzz_input *input) {
  return input->back > input->front ? input->bytes[--input->back] : 0;
}

/* fuzz_choice_below reads as many bytes from the end as `bound` needs. */
static inline uint32_t fuzz_choice_below(struct fuzz_input *input,
                                         uint32_t bound) {
  uint32_t value = fuzz_choice(input);

  for (uint32_t rest = (bound - 1) >> 8; rest > 0; rest >>= 8) {
    value = (value << 8) | fuzz_choice(input);
  }
  return value % bound;
}

static inline size_t fuzz_left(const struct fuzz_input *input) {
  return input->back - input->front;
}

/* fuzz_payload reads up to `size` bytes from the start, and sets `*taken` to
 * their number. */
static inline const uint8_t *fuzz_payload(struct fuzz_input *input, size_t size,
                                          size_t *taken) {
  const uint8_t *payload = input->bytes + input->front;

  *taken = size < fuzz_left(input) ? size : fuzz_left(input);
  input->front += *taken;
  return payload;
}

/* True if the run prints its calls: --print of the driver. */
extern bool fuzz_prints;

/* fuzz_say prints a line if fuzz_prints is true. */
#define fuzz_say(...)      \
  do {                     \
    if (fuzz_prints) {     \
      printf(__VA_ARGS__); \
      putchar('\n');       \
    }                      \
  } while (0)

/* fuzz_law checks that `holds` is true. Else it prints the broken law and ends
 * the process. */
#define fuzz_law(holds, ...)                        \
  do {                                              \
    if (!(holds)) {                                 \
      fuzz_broken(__FILE__, __LINE__, __VA_ARGS__); \
    }                                               \
  } while (0)

void fuzz_broken(const char *file, int line, const char *format, ...)
    __attribute__((format(FUZZ_PRINTF, 3, 4), noreturn));

#endif
