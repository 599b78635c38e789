/* Readiness from the inside: the state that a pipe has from the first time that
 * somebody asks for its readiness, for waits (ready.c) and tries (try_io.c). */
#ifndef NPIPE_SRC_READY_H
#define NPIPE_SRC_READY_H

#include <npipe/ready.h>

#include "ahead.h"
#include "outbox.h"

#define NP__READ_BITS  (NP_READABLE | NP_READ_CLOSED)
#define NP__WRITE_BITS (NP_WRITABLE | NP_WRITE_CLOSED)

typedef struct np__readiness {
  const np__ready_hooks *hooks; /* first: see np_pipe */
  np__ahead ahead;
  np__outbox outbox;
  np_readiness closed;  /* closed until the end of the session */
  np_readiness blocked; /* readiness that a caller's function has disproved */
  uint32_t refusals;    /* calls in a row that set `blocked` */
  np__alarm retry;      /* when it expires, `blocked` is cleared */
  bool is_asked;        /* its options are fixed */
  np_pipe *pipe;
} np__readiness;

/* np__ready_ensure creates the state of readiness on its first use. `reads`:
 * with a read-ahead. Returns NP_OK or ERROR_NOT_ENOUGH_MEMORY. */
np_error np__ready_ensure(np_pipe *pipe, bool reads);

/* np__ready_is_interest returns false for no interest, or an unknown bit. */
bool np__ready_is_interest(np_interest interest);

/* np__ready_ensure_for is np__ready_ensure for `interest`. Returns also
 * ERROR_INVALID_PARAMETER, or ERROR_ACCESS_DENIED (not a direction of `pipe`).
 */
np_error np__ready_ensure_for(np_pipe *pipe, np_interest interest);

/* np__ready_begin begins a wait for `interest`, of `kind` NP__OP_WAIT or
 * NP__OP_IO. Returns NP_OK or the error of np_pipe_ready. */
np_error np__ready_begin(np_pipe *pipe, np_interest interest, np_op *op,
                         unsigned kind, np_op_fn done);

/* np__ready_now returns the part of `interest` that holds now, closed
 * directions included. */
np_readiness np__ready_now(const np__readiness *r, np_interest interest);

/* np__ready_update is called after every change of `r`: it ends the reads and
 * waits that can end, and starts a read-ahead if a wait needs one. */
void np__ready_update(np__readiness *r);

/* np__ready_block makes `readiness` not hold for the next `delay_ms`. */
void np__ready_block(np__readiness *r, np_readiness readiness,
                     uint32_t delay_ms);

/* np__ready_learn_from_read notes that the pipe has closed, if the error of a
 * read says it. */
void np__ready_learn_from_read(np__readiness *r, np_error error);

#endif
