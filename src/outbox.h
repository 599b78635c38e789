/* The outbox: one write of the library's own, of bytes that it copied, so that
 * somebody can write without waiting. */
#ifndef NPIPE_SRC_OUTBOX_H
#define NPIPE_SRC_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "parts.h"
#include "pipe.h"

typedef struct np__outbox {
  np_pipe *pipe;
  np_op op;         /* the write, begun or not */
  size_t bytes_max; /* of what is taken at once; a message is taken whole */
  char *buffer;     /* grows with what is written */
  size_t capacity;
  bool is_stale;  /* what is in flight belongs to a session that is over */
  np_error error; /* of a write whose bytes had been taken: to be told */
  /* The write has ended, from the loop: see what changed. */
  void (*changed)(np_pipe *pipe);
} np__outbox;

/* np__outbox_try takes bytes and writes them: NP_OK and how many it took,
 * NP_WOULD_BLOCK, ERROR_NOT_ENOUGH_MEMORY, the error of an earlier write, or
 * what Windows said. */
np_error np__outbox_try(np__outbox *outbox, np__parts *parts, size_t length,
                        size_t *transferred);

/* np__outbox_forget leaves the old session's result untold. */
void np__outbox_forget(np__outbox *outbox);

static inline bool np__outbox_is_free(const np__outbox *outbox) {
  return outbox->op.np__state == NP__OP_IDLE;
}

#endif
