/* Standard input, read by a thread of its own: reading it blocks, and of a
 * console or a file no completion comes to the loop. The thread reads one piece
 * (a line, a block, or what is there), posts it to the loop, and waits until
 * the loop has done with it: so input is read as fast as the pipe takes it. */
#ifndef NPCAT_INPUT_H
#define NPCAT_INPUT_H

#include "options.h"

typedef struct input {
  void (*on_piece)(struct input *in); /* from the loop */
  void *user;

  /* The loop's from on_piece to input_next. */
  bool is_here;     /* there is a piece, or the end */
  bool is_over;     /* the end: nothing comes after it */
  np_error error;   /* why, NP_OK: it was read to its end */
  const char *data; /* the piece */
  size_t length;

  /* The thread's. */
  np_loop *loop;
  np_task task;
  HANDLE thread;
  HANDLE taken;
  input_cut cut;
  size_t block_bytes;
  bool is_read; /* to its end */
  size_t begin; /* of what was read and is in no piece yet, in `buffer` */
  size_t end;
  char buffer[MESSAGE_BYTES_MAX + 2]; /* a line, and its end */
} input;

/* input_start starts the thread; `on_piece` and `user` are set. */
np_error input_start(input *in, np_loop *loop, const options *o);

/* input_next gives the piece back: the thread may read the next. */
void input_next(input *in);

/* input_end frees what the thread needed, if it has ended. Else it says false:
 * it may still read (nothing ends that for certain but the end of the process),
 * and post to the loop, which must then stay. */
bool input_end(input *in);

#endif
