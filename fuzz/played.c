/* Makes programs of inputs, and lets the player of the random runs judge them.
 * An input names no object: a step has numbers, from which the player picks one
 * of the objects that exist. So each input is a program. */
#include "played.h"

#include <string.h>

#include "stage.h"

enum { NO_LIMIT = 1, LENGTH_MAX = 3000, SMALL_MAX = 40, LARGE_FROM = 160 };

/* The seed of a program also gives the attributes of its names: the next bits
 * are those of name 0. Above them stands the kernel's own seed. */
enum { SEED_MESSAGES = 2, SEED_DUPLEX = 32, SEED_SHIFT = 8 };

void played_begin(struct program *program, struct fuzz_input *input) {
  memset(program, 0, offsetof(struct program, steps));
  stage_settings(&program->settings, input);
  program->base = "the input";
}

struct step *played_add(struct program *program, enum step_kind kind) {
  struct step *step = &program->steps[program->step_count];

  if (program->step_count == STEPS_MAX) {
    return NULL;
  }
  memset(step, 0, sizeof *step);
  step->kind = kind;
  program->step_count++;
  return step;
}

void played_run(const struct program *program) {
  static struct play play;
  bool passed = play_run(&play, program, fuzz_prints);

  if (fuzz_prints && play.text != NULL) {
    fputs(play.text, stdout);
  }
  fuzz_law(passed, "step %zu: %s", play.step, play.failure);
  play_deinit(&play);
}

/* --- One pipe ------------------------------------------------------------- */

void pipe_begin(struct program *program, struct fuzz_input *input) {
  played_begin(program, input);
  program->seed = SEED_DUPLEX | (uint64_t)fuzz_choice(input) << SEED_SHIFT;
}

void pipe_set(struct program *program, bool is_message, uint32_t quota_bytes) {
  program->seed |= is_message ? (uint64_t)SEED_MESSAGES : 0;
  program->has_quota = true;
  program->quota_bytes = quota_bytes;
}

void pipe_open(struct program *program, enum step_kind server,
               enum step_kind client, bool reads_messages) {
  const enum step_kind kinds[] = {server, client};

  for (size_t i = 0; i < 2; i++) {
    struct step *step = played_add(program, kinds[i]);

    /* The player takes a multiple of 3 for bytes, at a raw end an odd
     * number. A multiple of 3 in `d` is another access. */
    step->c = reads_messages ? 2 : 3;
    step->d = 1;
  }
}

void pipe_adopt(struct program *program, uint32_t which) {
  struct step *step = played_add(program, STEP_ADOPT);

  step->a = which;
  step->c = 1; /* a multiple of 3 is tried with a second handle first */
}

bool pipe_next(struct fuzz_input *input, uint32_t kinds,
               struct pipe_step *out) {
  uint8_t bytes[PIPE_STEP_BYTES] = {0};
  size_t taken;
  const uint8_t *from = fuzz_payload(input, PIPE_STEP_BYTES, &taken);

  memcpy(bytes, from, taken);
  out->kind = bytes[0] % kinds;
  out->variant = bytes[0] / kinds;
  out->first = bytes[1];
  out->second = bytes[2];
  out->length = out->second < LARGE_FROM
                    ? out->first % SMALL_MAX
                    : (out->first + 256u * out->second) % LENGTH_MAX;
  return taken > 0;
}

struct step *pipe_add(struct program *program, enum step_kind kind,
                      uint32_t which, size_t length) {
  struct step *step = played_add(program, kind);

  if (step != NULL) {
    step->a = which;
    step->b = NO_LIMIT;
    step->c = drawn_for_length(length);
  }
  return step;
}
