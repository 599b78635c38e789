/* One end of an instance, from the inside. */
#ifndef NPIPE_SRC_PIPE_H
#define NPIPE_SRC_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/pipe.h>

#include "op.h"

struct np_pipe {
  np__target target; /* first: a target pointer is a pipe pointer */
  np__packet closed; /* in the ready queue when nothing is in flight any more */
  np_closed_fn on_closed;
  void *user;
  np_op *connect;           /* in flight, or NULL */
  size_t shutdowns_waiting; /* of np_pipe_shutdown, for writes before them */
  np_end end;
  bool readable;
  bool writable;
  bool announced;   /* this client was reported by a connect */
  bool is_released; /* `closed` is queued */
  np_state state;   /* the last that this end learnt of */
  /* What a server was created with: its handle may have no right to ask. */
  np_mode mode;
  np_mode read_mode;
  uint32_t instances_max;
  uint32_t in_buffer_bytes;
  uint32_t out_buffer_bytes;
};

/* np__pipe_new makes a pipe without a handle, or NULL. Nothing counts it before
 * np__pipe_open; np__pipe_discard frees it. */
np_pipe *np__pipe_new(np_loop *loop, np_end end);

/* np__pipe_open gives `pipe` its handle and binds that to the loop's port. On
 * failure the handle stays the caller's. */
np_error np__pipe_open(np_pipe *pipe, HANDLE handle);

/* np__pipe_discard frees a pipe that was never opened; NULL is fine. */
void np__pipe_discard(np_pipe *pipe);

#endif
