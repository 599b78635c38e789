/* A session: one connection, copied in both directions. Bytes and messages take
 * the same path. On a message pipe each write is a message, and a read that
 * ends with ERROR_MORE_DATA is a part of a message; so messages may have any
 * length. */
#ifndef NPCAT_SESSION_H
#define NPCAT_SESSION_H

#include "input.h"
#include "options.h"
#include "output.h"

typedef struct session {
  const options *options;
  input *input;
  output *output;
  void (*on_end)(struct session *s, np_error error); /* runs in the loop */
  void *user;

  np_pipe *pipe; /* NULL: no session */
  np_op read;    /* The operations carry the session as `user`. */
  np_op write; /* writes a piece, or the empty message that ends a direction */
  np_op flush;
  np_timer idle;
  bool receiving; /* `read` is in flight */
  bool sending;   /* `write` or `flush` is in flight */
  bool input_ended;
  bool in_message;
  /* --quit: all input was sent and read. Data that had come by then are still
   * read. */
  bool quitting;
  bool knows_left;     /* `left_bytes` is known */
  uint32_t left_bytes; /* bytes that had come and are unread */
  char buffer[65536];
} session;

/* session_start starts a session on a connected pipe, and takes the pipe
 * over. */
void session_start(session *s, np_pipe *pipe);

/* session_send sends the current piece of input, or ends the direction. Without
 * a session the piece waits for the next one. */
void session_send(session *s);

#endif
