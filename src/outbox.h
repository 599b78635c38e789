/* The outbox: one write of the library's own, of bytes that the library has
 * copied, so that a caller can write without waiting. */
#ifndef NPIPE_SRC_OUTBOX_H
#define NPIPE_SRC_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "parts.h"
#include "pipe.h"

typedef struct np__outbox {
  np_pipe *pipe;
  np_op op;         /* the library's write, started or not */
  size_t bytes_max; /* most bytes taken at once; a message is taken whole */
  char *buffer;     /* grows as needed */
  size_t capacity;
  bool is_stale;  /* the write in flight belongs to an old session */
  np_error error; /* error of a write of taken bytes, not yet reported */
  /* Called from the loop when the write has ended. */
  void (*changed)(np_pipe *pipe);
} np__outbox;

/* np__outbox_try takes bytes and writes them. Returns NP_OK and the number of
 * bytes taken, or NP_WOULD_BLOCK, ERROR_NOT_ENOUGH_MEMORY, the error of an
 * earlier write, or the error of Windows. */
np_error np__outbox_try(np__outbox *outbox, np__parts *parts, size_t length,
                        size_t *transferred);

/* np__outbox_forget drops the result of the old session's write. */
void np__outbox_forget(np__outbox *outbox);

static inline bool np__outbox_is_free(const np__outbox *outbox) {
  return outbox->op.np__state == NP__OP_IDLE;
}

#endif
