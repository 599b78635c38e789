/* Standard input, read by a thread of its own, because reading a console or a
 * file blocks and posts no completion to the loop. The thread reads one piece
 * (a line, a block, or what is available), posts it to the loop, and waits
 * until the loop has finished with it. So input is read only as fast as the
 * pipe takes it. */
#ifndef NPCAT_INPUT_H
#define NPCAT_INPUT_H

#include "options.h"

typedef struct input {
  void (*on_piece)(struct input *in); /* runs in the loop */
  void *user;

  /* These fields belong to the loop between on_piece and input_next. */
  bool is_here;     /* a piece, or the end, has come */
  bool is_over;     /* the end has come; no piece follows */
  np_error error;   /* why input ended; NP_OK: at its end */
  const char *data; /* the current piece */
  size_t length;

  /* The fields below belong to the thread. */
  np_loop *loop;
  np_task task;
  HANDLE thread;
  HANDLE taken;
  input_cut cut;
  size_t block_bytes;
  bool is_read; /* read to the end */
  /* `begin` to `end`: bytes in `buffer` that are in no piece yet */
  size_t begin;
  size_t end;
  char buffer[MESSAGE_BYTES_MAX + 2]; /* a line and its end */
} input;

/* input_start starts the thread. The caller has set `on_piece` and `user`. */
np_error input_start(input *in, np_loop *loop, const options *o);

/* input_next gives the piece back, so that the thread can read the next one. */
void input_next(input *in);

/* input_end frees the thread's objects if the thread has ended, and returns
 * true. It returns false if the thread may still be reading; only the end of
 * the process surely ends such a read. The thread may then still post to the
 * loop, so the loop must stay. */
bool input_end(input *in);

#endif
