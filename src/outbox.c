/* The outbox of readiness: copies bytes and writes them, so that the caller
 * need not wait. Rule: at most one write is in flight, and its error is
 * reported by the next try. */
#include "outbox.h"

#include "io.h"

/* The buffer grows in steps of this size. */
#define GRANULE 512u

static void free_buffer(np__outbox *outbox) {
  np__loop_free(outbox->pipe->target.loop, outbox->buffer);
  outbox->buffer = NULL;
  outbox->capacity = 0;
}

static np_error make_room(np__outbox *outbox, size_t length) {
  size_t capacity = (length + GRANULE - 1) / GRANULE * GRANULE;

  if (length <= outbox->capacity) {
    return NP_OK;
  }
  free_buffer(outbox);
  outbox->buffer = capacity >= length
                       ? np__loop_new_bytes(outbox->pipe->target.loop, capacity)
                       : NULL;
  if (outbox->buffer == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  outbox->capacity = capacity;
  return NP_OK;
}

/* shrink frees the memory of an unusually long message. */
static void shrink(np__outbox *outbox) {
  if (outbox->capacity > outbox->bytes_max + GRANULE) {
    free_buffer(outbox);
  }
}

static void outbox_done(np_op *op, np_error error, size_t transferred) {
  np__outbox *outbox = op->user;

  (void)transferred;
  np__loop_count_own(outbox->pipe->target.loop);
  if (outbox->is_stale) {
    outbox->is_stale = false;
  } else {
    outbox->error = error;
  }
  shrink(outbox);
  outbox->changed(outbox->pipe);
}

np_error np__outbox_try(np__outbox *outbox, np__parts *parts, size_t length,
                        size_t *transferred) {
  np_op *op = &outbox->op;
  np_error error = outbox->error;

  *transferred = 0;
  if (error != NP_OK) {
    outbox->error = NP_OK;
    return error;
  }
  if (!np__outbox_is_free(outbox)) {
    return NP_WOULD_BLOCK;
  }
  if (length > outbox->bytes_max && !np__pipe_keeps_messages(outbox->pipe)) {
    length = outbox->bytes_max;
  }
  error = make_room(outbox, length);
  if (error != NP_OK) {
    return error;
  }
  np__parts_get(parts, outbox->buffer, length);
  op->user = outbox;
  if (np__io_write_now(outbox->pipe, outbox->buffer, length, op, outbox_done,
                       &error)) {
    shrink(outbox);
    if (error != NP_OK) {
      return error;
    }
  }
  *transferred = length;
  return NP_OK;
}

void np__outbox_forget(np__outbox *outbox) {
  outbox->error = NP_OK;
  outbox->is_stale = !np__outbox_is_free(outbox);
}
