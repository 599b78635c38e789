/* The read-ahead: one read of the library's own, so that somebody can be told
 * that there is something to read. */
#ifndef NPIPE_SRC_AHEAD_H
#define NPIPE_SRC_AHEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "parts.h"
#include "pipe.h"

typedef struct np__ahead {
  np_pipe *pipe;
  np_op op;        /* the read, begun or not, into one of the next two */
  size_t capacity; /* of the read; 0: probe for something to be there */
  char *buffer;    /* NULL until first needed, and where a probe will do */
  char byte;       /* what a probe for messages reads of one */
  bool caught;     /* the read ended, and what it brought was not yet taken */
  bool is_hit;     /* a probe for bytes ended: all is still in the kernel */
  bool is_stale;   /* what is in flight belongs to a session that is over */
  size_t begin;    /* what is held, in the buffer: nothing, for an empty */
  size_t end;      /*   message and for an error */
  np_error error;  /* with which the read ended */
  /* The read has ended, from the loop: see what changed. */
  void (*changed)(np_pipe *pipe);
} np__ahead;

/* np__ahead_prepare takes the memory that a read will need: NP_OK or
 * ERROR_NOT_ENOUGH_MEMORY. */
np_error np__ahead_prepare(np__ahead *ahead);

/* np__ahead_want sees to it that something is caught or will be: if nothing is
 * in flight, the read is put off to the end of the turn. */
void np__ahead_want(np__ahead *ahead);

/* np__ahead_try gives the read to the kernel now, unless it has it. True:
 * something is caught. */
bool np__ahead_try(np__ahead *ahead);

/* np__ahead_give hands out what was caught, at most `room` bytes, and the rest
 * of a message of which it was the start.
 *
 * What is still in the kernel it reads straight into `parts`, which takes no
 * time where the kernel answers at once. On an end that answers late it reads
 * that into its own buffer instead: what does not come at once is caught later.
 * So it returns NP_WOULD_BLOCK where only a probe had ended, and
 * ERROR_MORE_DATA for the start of a message though there is room for more. */
np_error np__ahead_give(np__ahead *ahead, np__parts *parts, size_t room,
                        size_t *transferred);

/* np__ahead_serve does so for a read that has begun; it ends, or is given to
 * the kernel. */
void np__ahead_serve(np__ahead *ahead, np_op *read);

/* np__ahead_ask_again drops what was caught if it was only that nobody was
 * there: by now somebody may be. */
void np__ahead_ask_again(np__ahead *ahead);

/* np__ahead_connected is np__ahead_ask_again when a client has come. A read
 * that has failed for want of a client, and has not told it yet, tells nothing
 * any more. */
void np__ahead_connected(np__ahead *ahead);

/* np__ahead_forget drops what was caught and what is in flight will bring. */
void np__ahead_forget(np__ahead *ahead);

static inline bool np__ahead_is_in_flight(const np__ahead *ahead) {
  return ahead->op.np__state != NP__OP_IDLE;
}

#endif
