/* The targets whose input is a program for the player of the random runs
 * (conformance/random): api, raw_peer and message_reassembly. They have one
 * model, the player's. Each target is a profile: which steps a program has, and
 * how the input's bytes name them. */
#ifndef NPIPE_FUZZ_PLAYED_H
#define NPIPE_FUZZ_PLAYED_H

#include "fuzz.h"
#include "play.h"

/* played_begin makes an empty program, and chooses the kernel's settings. */
void played_begin(struct program *program, struct fuzz_input *input);

/* played_add adds a step whose numbers are 0, or returns NULL if the program is
 * full. */
struct step *played_add(struct program *program, enum step_kind kind);

/* played_run plays the program. The law: the player's model holds. */
void played_run(const struct program *program);

/* --- One pipe: raw_peer and message_reassembly ---------------------------- */

/* The programs of these targets have one pipe with two ways. End 0 is
 * the server, end 1 is its client. The input has three bytes for each step: the
 * kind, and a size. */
enum { PIPE_STEP_BYTES = 3, PIPE_STEPS_MAX = 64 };

/* The steps of one input. */
struct pipe_step {
  uint32_t kind;    /* the kind, modulo the target's number of kinds */
  uint32_t variant; /* the upper part of the same byte */
  uint32_t first;   /* the two bytes of the size */
  uint32_t second;
  size_t length; /* the size: mostly small, some are larger than quotas */
};

/* pipe_begin chooses the kernel's settings and its seed. */
void pipe_begin(struct program *program, struct fuzz_input *input);

/* pipe_set gives the pipe its type and its quotas. */
void pipe_set(struct program *program, bool is_message, uint32_t quota_bytes);

/* pipe_open adds the first two steps, of kinds `server` and `client`.
 * With `reads_messages` the ends of a pipe of messages read messages. */
void pipe_open(struct program *program, enum step_kind server,
               enum step_kind client, bool reads_messages);

/* pipe_adopt makes raw end number `which` an end of the library. Such an end
 * may answer late: the library does not know where its pipe is. */
void pipe_adopt(struct program *program, uint32_t which);

/* pipe_next reads the next step from the input. It returns false at the end. */
bool pipe_next(struct fuzz_input *input, uint32_t kinds, struct pipe_step *out);

/* pipe_add adds a step that picks object number `which`. Its size is `length`
 * bytes, and it has no time limit. */
struct step *pipe_add(struct program *program, enum step_kind kind,
                      uint32_t which, size_t length);

#endif
