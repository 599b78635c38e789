/* One end of a pipe, and the ways of sending and receiving on it. */
#ifndef NPIPE_BENCH_END_H
#define NPIPE_BENCH_END_H

#include <npipe/npipe.h>

#include "../harness/bench.h"

typedef struct end end;

/* A way of using npipe.
 *
 *   open     prepares the pipe before its first use; may be NULL
 *   receive  starts to wait for one message; `received` gets it
 *   send     sends one message. True: it is sent, and no callback will run.
 *            False: `sent` will be called
 *   close    closes the end */
typedef struct way {
  const char *name;
  np_mode mode;
  void (*open)(end *e, const bench *b);
  void (*receive)(end *e);
  bool (*send)(end *e, np_op *op);
  void (*close)(end *e);
  size_t window; /* number of messages in flight in a stream */
  bool channel;  /* the end is a channel's */
  bool yields;   /* the loop's option `yields` */
  bool calls;    /* the server asks by np_channel_call; its clients answer */
} way;

struct end {
  np_pipe *pipe;
  np_op in;
  struct side *side;
};

/* The part of an end that is not needed while the end waits for its first
 * message. Workload `idle` measures how little memory such an end takes. */
typedef struct side {
  const way *way;
  np_channel *channel;
  char *buffer; /* received into */
  size_t buffer_bytes;
  const char *data; /* sent from */
  size_t data_bytes;
  bool is_over;          /* later callbacks are ignored */
  void (*ended)(end *e); /* no message will come any more: the end was closed,
                            the receive cancelled, or the peer has gone. NULL:
                            the peer never goes */
  void (*received)(end *e, size_t length);
  void (*sent)(end *e, np_op *op);
  void *user;
} side;

/* way_named returns the way with this name, or NULL. */
const way *way_named(const char *name);

void end_check(np_error error, const char *what);

/* pair_open creates and connects a pair of ends and calls their `open`. The
 * server's connect completes later, in the loop. */
void pair_open(np_loop *loop, const bench *b, end *server, end *client);

np_pipe *server_create(np_loop *loop, const bench *b, const way *w);
np_pipe *client_open(np_loop *loop, const bench *b, const way *w);

np_loop *loop_new(const way *w);
void loop_delete(np_loop *loop);

/* The workloads. */
void run_echo(const bench *b, const way *w);
void run_stream(const bench *b, const way *w);
void run_connect(const bench *b, const way *w);
void run_recycled(const bench *b, const way *w);
void run_idle(const bench *b, const way *w);
void run_server(const bench *b, const way *w);
void run_visits(const bench *b, const way *w);

#endif
