/* The law of message_reassembly: the player's model holds for a pipe of
 * messages. The parts of a message, joined at ERROR_MORE_DATA, are the message.
 * Every message arrives whole and in order, none is lost and none is added, and
 * the end of the stream comes last. The law holds for messages of any size,
 * empty ones too, read into buffers of any size, by operations, by tries and
 * into several buffers, with reads that are cancelled, time out or fail. (The
 * target `channel` checks the same for a channel with a read buffer of any
 * size.)
 *
 * One end writes, the other end reads. At the end the writer shuts down and
 * closes, and the reader reads to the end of the stream.
 *
 * Payload: the steps, three bytes each: the kind, and a size (two bytes).
 * Choices: the kernel (stage_settings), its seed, the end that reads, whether
 * that end was adopted, and the quotas. */
#include "played.h"

enum { QUOTA_UNIT = 16, KINDS = 16, SPLIT = 800 };

/* size_index returns the option of STEP_READY_OPTIONS whose read-ahead is next
 * to `length`. */
static uint32_t size_index(size_t length) {
  return length == 0     ? 0
         : length < 4    ? 1
         : length < 40   ? 2
         : length < 400  ? 3
         : length < 2000 ? 4
                         : 5;
}

static void add(struct program *program, const struct pipe_step *from,
                uint32_t reader) {
  static const enum step_kind kinds[KINDS] = {
      STEP_WRITE,    STEP_WRITE,      STEP_READ,     STEP_READ,
      STEP_READ,     STEP_TRY_READ,   STEP_TRY_READ, STEP_CANCEL,
      STEP_TURN,     STEP_WAIT,       STEP_READY,    STEP_READY_OPTIONS,
      STEP_FAULT_IO, STEP_FAULT_LATE, STEP_SLOW,     STEP_CANCEL_LATE};
  struct step *step =
      pipe_add(program, kinds[from->kind], reader, from->length);

  if (step == NULL) {
    return;
  }
  switch (from->kind) {
    case 0:
    case 1:
      step->a = 1 - reader;
      step->d = from->variant % 2 == 0 ? 0 : SPLIT;
      break;
    case 3:
    case 6:
      step->d = SPLIT;
      break;
    case 4:
      step->b = (from->second % 30) << 8;
      break;
    case 7:
      step->a = (uint32_t)from->length;
      break;
    case 9:
      step->c = from->first % 20;
      break;
    case 10:
      step->c = 0; /* NP_READABLE */
      break;
    case 11:
      step->c = size_index(from->length);
      break;
    case 12:
      step->d = from->first;
      break;
    case 13:
      step->a = 0; /* ReadFile */
      step->c = from->first;
      break;
    case 14:
    case 15:
      step->c = from->first;
      break;
    default:
      break;
  }
  /* The remainder by 4 of `a` says whether there are several buffers. */
  if (from->kind != 7 && from->kind != 13) {
    step->a += step->a == 0 ? 2 : 0;
    step->a |= (uint32_t)(from->length / 4) << 8;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static struct program program;
  struct fuzz_input input = fuzz_input_begin(bytes, size);
  struct pipe_step step;
  uint32_t how;
  uint32_t reader;
  bool adopts;

  pipe_begin(&program, &input);
  how = fuzz_choice(&input);
  reader = how % 2;
  adopts = (how & 2) != 0;
  pipe_set(&program, true, fuzz_choice(&input) * QUOTA_UNIT);
  program.drains = true;
  program.clients_drain = reader == 1;
  pipe_open(&program, adopts && reader == 0 ? STEP_RAW_SERVER : STEP_SERVER,
            adopts && reader == 1 ? STEP_RAW_CLIENT : STEP_CLIENT, true);
  if (adopts) {
    pipe_adopt(&program, 0);
  }
  for (int i = 0; i < PIPE_STEPS_MAX && pipe_next(&input, KINDS, &step); i++) {
    add(&program, &step, reader);
  }
  played_run(&program);
  return 0;
}
