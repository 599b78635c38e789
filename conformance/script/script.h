/* Scripts: programs of raw calls on named pipes, stored as data. A script is
 * drawn from a seed or read as text, and can be played in any world. It leaves
 * a transcript without anything that depends on the machine: no handles,
 * addresses, processes or times. Two worlds that behave alike give the same
 * transcript, byte for byte (ci/differential).
 *
 * A script runs on one thread, and none of its steps needs or measures time. So
 * the kernel alone decides the result of each step, and which operations have
 * ended after it. */
#ifndef NPIPE_CONFORMANCE_SCRIPT_H
#define NPIPE_CONFORMANCE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
  STEPS_MAX = 64,
  SLOTS_MAX = 8, /* h0 to h7, handles */
  OPS_MAX = 100, /* o0 to o99, operations */
  PIPES_MAX = 2, /* A and B, names */
  USERS_MAX = 3, /* alice, bob, alice with low integrity */
  NUMBERS_MAX = 3,
  BYTES_MAX = 128, /* bytes of a transfer */
  STEP_TEXT_BYTES_MAX = 160
};

enum verb {
  VERB_CREATE,
  VERB_OPEN,
  VERB_DUPLICATE,
  VERB_CONNECT,
  VERB_READ,
  VERB_WRITE,
  VERB_TRANSACT,
  VERB_PEEK,
  VERB_CONTROL_PEEK,
  VERB_ROOM,
  VERB_MESSAGES,
  VERB_FLUSH,
  VERB_FLUSH_ASYNC,
  VERB_DISCONNECT,
  VERB_CLOSE,
  VERB_CANCEL,
  VERB_CANCEL_ALL,
  VERB_CANCEL_IO,
  VERB_MODE,
  VERB_STATE,
  VERB_INFO,
  VERB_WAIT,
  VERB_WAIT_ASYNC,
  VERB_HOLD,
  VERB_LET_GO,
  VERB_USER,
  VERB_COUNT
};

/* The flags at the end of a step. */
enum flag {
  FLAG_INBOUND = 1 << 0,
  FLAG_OUTBOUND = 1 << 1,
  FLAG_MESSAGE = 1 << 2,  /* the type */
  FLAG_MESSAGES = 1 << 3, /* reads messages */
  FLAG_NOWAIT = 1 << 4,
  FLAG_FIRST = 1 << 5,
  FLAG_READ = 1 << 6,
  FLAG_WRITE = 1 << 7,
  FLAG_ATTRIBUTES = 1 << 8, /* may set modes */
  FLAG_SYNC = 1 << 9,       /* no FILE_FLAG_OVERLAPPED */
  FLAG_PORT = 1 << 10, /* joined to the port; else operations have events */
  FLAG_SKIP = 1 << 11, /* no packet for an operation that completes at once */
  FLAG_OWN = 1 << 12   /* only for the user that creates it */
};

struct step {
  enum verb verb;
  unsigned result; /* the slot or the operation that the step creates */
  unsigned handle;
  unsigned op;
  unsigned pipe;
  unsigned numbers[NUMBERS_MAX];
  unsigned flags;
};

struct script {
  size_t count;
  struct step steps[STEPS_MAX];
};

/* script_draw creates the script of `seed`; it is the same on every machine. */
void script_draw(struct script *script, uint64_t seed);

/* step_print writes a step as one line without the line end. step_parse reads
 * such a line up to " ->", and returns true if the line is a step. */
void step_print(const struct step *step, char *out, size_t size);
bool step_parse(struct step *step, const char *line);

/* verb_makes_handle and verb_makes_op return which kind of object a verb
 * creates. */
bool verb_makes_handle(enum verb verb);
bool verb_makes_op(enum verb verb);

/* verb_needs_handle returns true if the steps of a verb name a handle. */
bool verb_needs_handle(enum verb verb);

/* script_play plays a script in a fresh world and prints the transcript. Each
 * step is a line with " -> " and its result. Below it, a line with two leading
 * spaces stands for each operation that has ended since. */
void script_play(const struct script *script, FILE *out);

#endif
