/* The law of raw_peer: the player's model holds if the peer makes any Win32
 * calls, with messages of odd sizes and beyond the quotas, in other modes, and
 * if it disconnects, closes or dies at any step. Each operation of our end has
 * exactly one callback, from the loop, with a result that its header names and
 * that the peer caused. Our end reads exactly the peer's data, in order, each
 * message whole. Nothing is left at the end.
 *
 * Payload: the steps, three bytes each: the kind, and a size (two bytes).
 * Choices: the kernel (stage_settings), its seed, which end is ours, whether it
 * was adopted, its modes, the quota, and whether the stream is read to its
 * end. */
#include "played.h"

enum { QUOTA_UNIT = 4, KINDS = 32 };

/* The actions of callbacks, by the variant of a step: mostly none, then the
 * same operation again, a read, or a write (see then.c of the player). */
static const uint32_t actions[] = {0, 0, 0, 0, 0, 57, 85, 95};

/* The kinds of the calls of kind 30, by the first byte of the size. */
static const enum step_kind others[] = {
    STEP_FLUSH,    STEP_PEEK,      STEP_PEEK, STEP_TRANSACT,
    STEP_TRANSACT, STEP_READ_MODE, STEP_PEER, STEP_PEER};

static enum step_kind kind_of(const struct pipe_step *from, bool is_server) {
  static const enum step_kind kinds[KINDS] = {
      STEP_RAW_WRITE,  STEP_RAW_WRITE,      STEP_RAW_READ,     STEP_RAW_CLOSE,
      STEP_RAW_CLIENT, STEP_RAW_DISCONNECT, STEP_RAW_CONNECT,  STEP_RAW_MODE,
      STEP_RAW_PEEK,   STEP_RAW_TRANSACT,   STEP_RAW_CANCEL,   STEP_RAW_DIE,
      STEP_SLOW,       STEP_CANCEL_LATE,    STEP_FAULT_MEMORY, STEP_RAW_WRITE,
      STEP_READ,       STEP_READ,           STEP_READ,         STEP_WRITE,
      STEP_WRITE,      STEP_TRY_READ,       STEP_TRY_WRITE,    STEP_READY,
      STEP_CONNECT,    STEP_DISCONNECT,     STEP_SHUTDOWN,     STEP_INFO,
      STEP_CANCEL,     STEP_WAIT,           STEP_KINDS,        STEP_TURN};

  if (from->kind == 4 && !is_server) {
    return STEP_CLIENT;
  }
  if (from->kind == 30) {
    return from->first == 0 ? STEP_CLOSE : others[from->first % 8];
  }
  return kinds[from->kind];
}

static void add(struct program *program, const struct pipe_step *from,
                bool is_server) {
  const enum step_kind kind = kind_of(from, is_server);
  struct step *step = pipe_add(program, kind, 1, from->length);

  if (step == NULL) {
    return;
  }
  step->d = actions[from->variant];
  switch (kind) {
    case STEP_RAW_CLIENT:
    case STEP_CLIENT:
      step->a = 0; /* the name */
      step->c = from->first;
      break;
    case STEP_RAW_WRITE:
      step->a = from->variant;
      if (from->kind == 15) {
        step->c = drawn_for_length((size_t)program->quota_bytes +
                                   from->first % 3 + from->second % 2 * 16);
      }
      break;
    case STEP_RAW_TRANSACT:
    case STEP_TRANSACT:
      step->b |= step->c << 4;
      break;
    case STEP_SLOW:
    case STEP_CANCEL_LATE:
      step->a = is_server ? 0 : 1;
      step->c = from->first;
      break;
    case STEP_READ:
      step->a = from->kind == 18 ? (uint32_t)(from->length / 2) << 8 : 1;
      break;
    case STEP_WRITE:
      step->b = from->kind == 20 ? (from->second % 30) << 8 : step->b;
      break;
    case STEP_CANCEL:
      step->a = from->first;
      break;
    case STEP_WAIT:
      step->c = from->first % 20;
      break;
    case STEP_RAW_MODE:
    case STEP_RAW_DIE:
    case STEP_FAULT_MEMORY:
    case STEP_READY:
    case STEP_READ_MODE:
      step->c = from->first;
      break;
    default:
      break;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static struct program program;
  struct fuzz_input input = fuzz_input_begin(bytes, size);
  struct pipe_step step;
  uint32_t how;
  bool is_server;
  bool adopts;

  pipe_begin(&program, &input);
  how = fuzz_choice(&input);
  is_server = (how & 1) == 0;
  pipe_set(&program, (how & 2) != 0, fuzz_choice(&input) * QUOTA_UNIT);
  adopts = (how & 16) != 0;
  pipe_open(&program, is_server && !adopts ? STEP_SERVER : STEP_RAW_SERVER,
            is_server || adopts ? STEP_RAW_CLIENT : STEP_CLIENT,
            (how & 4) == 0);
  if (adopts) {
    pipe_adopt(&program, is_server ? 0 : 1);
  }
  program.drains = (how & 8) == 0;
  for (int i = 0; i < PIPE_STEPS_MAX && pipe_next(&input, KINDS, &step); i++) {
    add(&program, &step, is_server);
  }
  played_run(&program);
  return 0;
}
