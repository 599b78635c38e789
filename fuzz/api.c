/* The law of api: the model of the random runs (conformance/random,
 * docs/verification.md) holds for any calls in any order, on several pipes and
 * on both of their ends, with any kernel, fault and peer. Each operation that
 * began has exactly one callback, with a result that can be true. Reads return
 * exactly the data that were written. Nothing is left at the end.
 *
 * Payload: a program, six bytes a step: the opcode, and the numbers from which
 * the player picks the step's objects. Choices: the kernel's settings, its
 * seed, the loops, and whether the run ends with all streams read.
 *
 * An opcode never changes its meaning; new ones go to the end of the table. */
#include <string.h>

#include "played.h"

enum { STEP_BYTES = 6, PLAYED_STEPS_MAX = 48 };

/* A byte is an opcode modulo 64; the table has free places. */
enum { OPCODES_MAX = 64 };

static const enum step_kind opcodes[] = {
    STEP_SERVER,
    STEP_CLIENT,
    STEP_CONNECT,
    STEP_DISCONNECT,
    STEP_READ,
    STEP_WRITE,
    STEP_SHUTDOWN,
    STEP_READY,
    STEP_TRY_READ,
    STEP_TRY_WRITE,
    STEP_TRY_IO,
    STEP_ASYNC_IO,
    STEP_READY_OPTIONS,
    STEP_CANCEL,
    STEP_CLOSE,
    STEP_INFO,
    STEP_RAW_SERVER,
    STEP_RAW_CLIENT,
    STEP_RAW_CONNECT,
    STEP_RAW_DISCONNECT,
    STEP_RAW_READ,
    STEP_RAW_WRITE,
    STEP_RAW_CLOSE,
    STEP_ADOPT,
    STEP_TIMER,
    STEP_TIMER_STOP,
    STEP_TASK,
    STEP_STOP,
    STEP_TURN,
    STEP_WAIT,
    STEP_DESTROY,
    STEP_FAULT,
    STEP_FAULT_LATE,
    STEP_FAULT_MEMORY,
    STEP_SLOW,
    STEP_CANCEL_LATE,
    STEP_LISTEN,
    STEP_LISTEN_CLOSE,
    STEP_REQUEST,
    STEP_REQUEST_CANCEL,
    STEP_GUEST_SEND,
    STEP_GUEST_RECYCLE,
    STEP_GUEST_CLOSE,
    STEP_FLUSH,
    STEP_TRANSACT,
    STEP_PEEK,
    STEP_READ_MODE,
    STEP_PEER,
    STEP_CLIENT_VERIFIED,
    STEP_FAULT_IO,
    STEP_BUSY,
    STEP_REST,
    STEP_ANNOUNCE,
    STEP_GUEST_CALL,
    STEP_GUEST_SHUTDOWN,
    STEP_GUEST_CANCEL,
    STEP_STRANGER,
    STEP_LIE,
    STEP_RAW_TRANSACT,
    STEP_RAW_PEEK,
    STEP_RAW_MODE,
    STEP_RAW_CANCEL,
    STEP_RAW_DIE,
    STEP_FAULT_CANCEL,
};
_Static_assert(sizeof opcodes / sizeof opcodes[0] <= OPCODES_MAX, "too many");

static void choices_read(struct program *program, struct fuzz_input *input) {
  uint32_t drawn = fuzz_choice(input);

  program->two_loops = (drawn & 1) != 0;
  program->foreign_port = (drawn & 2) != 0;
  program->drains = (drawn & 4) == 0;
  program->forgets = (drawn & 24) == 24;
  program->seed = fuzz_choice(input);
  program->seed |= fuzz_choice(input) << 8;
}

static void steps_read(struct program *program, struct fuzz_input *input) {
  while (program->step_count < PLAYED_STEPS_MAX) {
    uint8_t bytes[STEP_BYTES] = {0};
    size_t taken;
    const uint8_t *from = fuzz_payload(input, STEP_BYTES, &taken);
    size_t opcode;
    struct step *step;

    if (taken == 0) {
      break;
    }
    memcpy(bytes, from, taken);
    opcode = bytes[0] % OPCODES_MAX;
    if (opcode < sizeof opcodes / sizeof opcodes[0]) {
      step = played_add(program, opcodes[opcode]);
    } else {
      step = played_add(program, STEP_SERVER);
      step->dropped = true; /* a free place: not a step */
    }
    step->a = bytes[1] * 0x101u;
    step->b = bytes[2] * 0x101u;
    /* The upper part of `c` gives the lengths: small steps, or large ones. */
    step->c = bytes[3] | (bytes[4] * (bytes[3] < 128 ? 1u : 20u)) << 8;
    step->d = bytes[5];
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static struct program program;
  struct fuzz_input input = fuzz_input_begin(bytes, size);

  played_begin(&program, &input);
  choices_read(&program, &input);
  steps_read(&program, &input);
  played_run(&program);
  return 0;
}
