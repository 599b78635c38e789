/* What the fuzz targets share: how an input is read, and how a broken law is
 * told. Each target is one file, whose first comment states its law.
 *
 * An input is read from both ends. What an end of a pipe would write (frames,
 * messages, names, a program) lies at its start as it would on the wire, so
 * real traffic is a seed. The choices (options, sizes, settings) are taken from
 * its last byte backwards, so neither disturbs the other when a mutation makes
 * one of them longer. What is missing reads as 0. */
#ifndef NPIPE_FUZZ_FUZZ_H
#define NPIPE_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The formats that printf knows, which mingw-w64 has two kinds of. */
#ifdef __MINGW_PRINTF_FORMAT
#define FUZZ_PRINTF __MINGW_PRINTF_FORMAT
#else
#define FUZZ_PRINTF printf
#endif

/* What libFuzzer calls, and the driver: a target's own. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
/* Called once, before the first input; a target may have it. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

struct fuzz_input {
  const uint8_t *bytes;
  size_t front; /* the first byte that is left */
  size_t back;  /* behind the last one         */
};

/* fuzz_input_begin returns `bytes` with nothing taken. */
static inline struct fuzz_input fuzz_input_begin(const uint8_t *bytes,
                                                 size_t size) {
  struct fuzz_input input = {bytes, 0, size};

  return input;
}

/* fuzz_choice takes a byte from the end. */
static inline uint32_t fuzz_choice(struct fuzz_input *input) {
  return input->back > input->front ? input->bytes[--input->back] : 0;
}

/* fuzz_choice_below takes as many bytes from the end as `bound` needs. */
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

/* fuzz_payload takes up to `size` bytes from the start; `*taken` tells how
 * many. */
static inline const uint8_t *fuzz_payload(struct fuzz_input *input, size_t size,
                                          size_t *taken) {
  const uint8_t *payload = input->bytes + input->front;

  *taken = size < fuzz_left(input) ? size : fuzz_left(input);
  input->front += *taken;
  return payload;
}

/* Whether the run shall tell what it does: --print of the driver. */
extern bool fuzz_prints;

/* fuzz_say prints a line of what the input does, if asked to. */
#define fuzz_say(...)      \
  do {                     \
    if (fuzz_prints) {     \
      printf(__VA_ARGS__); \
      putchar('\n');       \
    }                      \
  } while (0)

/* fuzz_law ends the process, with what was broken, unless `holds`. */
#define fuzz_law(holds, ...)                        \
  do {                                              \
    if (!(holds)) {                                 \
      fuzz_broken(__FILE__, __LINE__, __VA_ARGS__); \
    }                                               \
  } while (0)

void fuzz_broken(const char *file, int line, const char *format, ...)
    __attribute__((format(FUZZ_PRINTF, 3, 4), noreturn));

#endif
