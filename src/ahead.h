/* The read-ahead: one read that the library itself keeps in the kernel, so that
 * it can report when data have come. Readiness rests on it. */
#ifndef NPIPE_SRC_AHEAD_H
#define NPIPE_SRC_AHEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "parts.h"
#include "pipe.h"

typedef struct np__ahead {
  np_pipe *pipe;
  np_op op; /* the library's read, started or not, into `buffer` or `byte` */
  size_t capacity; /* size of `buffer`; 0: only probe for data */
  char *buffer;    /* NULL until needed; a probe needs none */
  char byte;       /* buffer of a probe for messages, which reads one byte */
  bool caught;     /* the read ended, and its result was not taken yet */
  bool is_hit;     /* a byte probe ended; its data are in the kernel */
  bool is_stale;   /* the read in flight belongs to an old session */
  size_t begin;    /* `begin` to `end`: held bytes in the buffer; none */
  size_t end;      /* for an empty message and for an error */
  np_error error;  /* error of the ended read */
  /* Called from the loop when the read has ended. */
  void (*changed)(np_pipe *pipe);
} np__ahead;

/* np__ahead_prepare allocates the memory that a read will need. It returns
 * NP_OK or ERROR_NOT_ENOUGH_MEMORY. */
np_error np__ahead_prepare(np__ahead *ahead);

/* np__ahead_want makes sure that the read-ahead has data or waits for data. If
 * no read is in flight, it puts one off to the end of the turn. */
void np__ahead_want(np__ahead *ahead);

/* np__ahead_try gives the read to the kernel now, unless the kernel has it
 * already. It returns true if something is caught. */
bool np__ahead_try(np__ahead *ahead);

/* np__ahead_give returns caught data, at most `room` bytes. If they are the
 * start of a message, it also reads the rest of the message.
 *
 * Data that are still in the kernel are read straight into `parts`; a kernel
 * that answers at once takes no time for it. On an end that answers late, they
 * are read into the read-ahead's own buffer instead; data that do not come at
 * once are caught later. Then the result is NP_WOULD_BLOCK if only a probe had
 * ended, and ERROR_MORE_DATA for the start of a message although there is room
 * for more. */
np_error np__ahead_give(np__ahead *ahead, np__parts *parts, size_t room,
                        size_t *transferred);

/* np__ahead_serve gives caught data to `read`, a read that has begun. `read`
 * ends, or goes to the kernel. */
void np__ahead_serve(np__ahead *ahead, np_op *read);

/* np__ahead_ask_again drops a caught ERROR_PIPE_LISTENING, because a client may
 * have come since. */
void np__ahead_ask_again(np__ahead *ahead);

/* np__ahead_connected is np__ahead_ask_again when a client has come. The result
 * of a read that has failed because no client was there is dropped, too. */
void np__ahead_connected(np__ahead *ahead);

/* np__ahead_forget drops caught data, and the result of a read in flight. */
void np__ahead_forget(np__ahead *ahead);

static inline bool np__ahead_is_in_flight(const np__ahead *ahead) {
  return ahead->op.np__state != NP__OP_IDLE;
}

#endif
