/* A session: one connection, copied both ways. Bytes and messages take the same
 * path: on a message pipe a write is a message, and a read that ends with
 * ERROR_MORE_DATA is a part of one. So messages of any length come through. */
#ifndef NPCAT_SESSION_H
#define NPCAT_SESSION_H

#include "input.h"
#include "options.h"
#include "output.h"

typedef struct session {
  const options *options;
  input *input;
  output *output;
  void (*on_end)(struct session *s, np_error error); /* from the loop */
  void *user;

  np_pipe *pipe; /* NULL: nobody is there */
  np_op read;    /* each has its user, and a state: in flight or not */
  np_op write;   /* of a piece, or of the empty message that ends a direction */
  np_op flush;
  np_timer idle;
  bool receiving; /* `read` is in flight */
  bool sending;   /* `write` or `flush` is */
  bool input_ended;
  bool in_message;
  /* --quit: all was sent and read. What had come by then is still taken. */
  bool quitting;
  bool knows_left;     /* `left_bytes` is known */
  uint32_t left_bytes; /* that had come and are not read */
  char buffer[65536];
} session;

/* session_start takes over a connected pipe. */
void session_start(session *s, np_pipe *pipe);

/* session_send sends the piece of input that is here, or ends the direction.
 * Without anybody there the piece waits for the next session. */
void session_send(session *s);

#endif
