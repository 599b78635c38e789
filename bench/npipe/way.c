/* The ways of using npipe: operations, readiness and channels. Each workload
 * runs on any of them through the table `ways`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "end.h"

void end_check(np_error error, const char *what) {
  if (error != NP_OK) {
    fprintf(stderr, "npipe: %s: %s\n", what, np_error_text(error));
    exit(1);
  }
}

/* --- Operations ---------------------------------------------------------- */

/* has_ended returns true if the callback runs because the end was closed, the
 * receive was cancelled or the peer has gone. It calls `ended` then. */
static bool has_ended(end *e, np_error error) {
  const bool peer_has_gone = e->side->ended != NULL && np_is_eof(error);

  if (error != ERROR_OPERATION_ABORTED && !peer_has_gone && !e->side->is_over) {
    return false;
  }
  if (e->side->ended != NULL) {
    e->side->ended(e);
  }
  return true;
}

static void completion_read(np_op *op, np_error error, size_t transferred) {
  end *e = op->user;

  if (has_ended(e, error)) {
    return;
  }
  end_check(error, "read");
  bench_messages++;
  e->side->received(e, transferred);
}

static void completion_receive(end *e) {
  end_check(np_pipe_read(e->pipe, e->side->buffer, e->side->buffer_bytes,
                         &e->in, completion_read),
            "read");
}

static void completion_written(np_op *op, np_error error, size_t transferred) {
  end *e = op->user;

  if (e->side->is_over) {
    /* The peer has read the bytes, and this end may have been closed before its
     * callback ran: the result does not matter. */
    return;
  }
  end_check(error, "write");
  bench_messages++;
  if (transferred != e->side->data_bytes) {
    end_check(ERROR_MORE_DATA, "short write");
  }
  e->side->sent(e, op);
}

static bool completion_send(end *e, np_op *op) {
  end_check(np_pipe_write(e->pipe, e->side->data, e->side->data_bytes, op,
                          completion_written),
            "write");
  return false;
}

static void pipe_close(end *e) {
  end_check(np_pipe_close(e->pipe, NULL), "close");
}

/* --- Readiness ----------------------------------------------------------- */

static void ready_open(end *e, size_t read_ahead_bytes) {
  np_ready_options options;

  np_ready_options_init(&options);
  options.read_ahead_bytes = read_ahead_bytes;
  end_check(np_pipe_set_ready_options(e->pipe, &options), "ready options");
}

static void ahead_open(end *e, const bench *b) {
  ready_open(e, b->buffer_bytes);
}

static void probe_open(end *e, const bench *b) {
  (void)b;
  ready_open(e, 0);
}

static void ready_receive(end *e);

static void ready_readable(np_op *op, np_error error, size_t readiness) {
  end *e = op->user;
  size_t length = 0;

  (void)readiness;
  if (has_ended(e, error)) {
    return;
  }
  end_check(error, "readable");
  error = np_pipe_try_read(e->pipe, e->side->buffer, e->side->buffer_bytes,
                           &length);
  if (error == NP_WOULD_BLOCK) {
    ready_receive(e);
    return;
  }
  if (has_ended(e, error)) {
    return;
  }
  end_check(error, "try_read");
  bench_messages++;
  e->side->received(e, length);
}

static void ready_receive(end *e) {
  end_check(np_pipe_readable(e->pipe, &e->in, ready_readable), "readable");
}

static void ready_writable(np_op *op, np_error error, size_t readiness) {
  end *e = op->user;

  (void)readiness;
  end_check(error, "writable");
  if (e->side->way->send(e, op)) {
    e->side->sent(e, op);
  }
}

static bool ready_send(end *e, np_op *op) {
  size_t taken = 0;
  np_error error =
      np_pipe_try_write(e->pipe, e->side->data, e->side->data_bytes, &taken);

  if (error == NP_WOULD_BLOCK) {
    end_check(np_pipe_writable(e->pipe, op, ready_writable), "writable");
    return false;
  }
  end_check(error, "try_write");
  bench_messages++;
  if (taken != e->side->data_bytes) {
    end_check(ERROR_MORE_DATA, "short write");
  }
  return true;
}

/* --- Channels ------------------------------------------------------------ */

static void channel_open(end *e, const bench *b) {
  (void)b;
  end_check(np_channel_create(e->pipe, NULL, &e->side->channel), "channel");
}

static void channel_received(np_op *op, np_error error, size_t length) {
  completion_read(op, error, length);
}

static void channel_receive(end *e) {
  end_check(
      np_channel_receive_into(e->side->channel, e->side->buffer,
                              e->side->buffer_bytes, &e->in, channel_received),
      "receive");
}

static void channel_sent(np_op *op, np_error error, size_t length) {
  completion_written(op, error, length);
}

static bool channel_send(end *e, np_op *op) {
  end_check(np_channel_send(e->side->channel, e->side->data,
                            e->side->data_bytes, op, channel_sent),
            "send");
  return false;
}

static void channel_close(end *e) {
  end_check(np_channel_close(e->side->channel, NULL), "close");
}

#define COMPLETION                                                             \
  .receive = completion_receive, .send = completion_send, .close = pipe_close, \
  .window = 1
#define READINESS \
  .receive = ready_receive, .send = ready_send, .close = pipe_close, .window = 1
#define CHANNEL                                                           \
  .open = channel_open, .receive = channel_receive, .send = channel_send, \
  .close = channel_close, .channel = true

static const way ways[] = {
    {.name = "completion", .mode = NP_BYTE, COMPLETION},
    {.name = "message", .mode = NP_MESSAGE, COMPLETION},
    {.name = "yield", .mode = NP_BYTE, COMPLETION, .yields = true},
    {.name = "read-ahead", .mode = NP_BYTE, .open = ahead_open, READINESS},
    {.name = "probe", .mode = NP_BYTE, .open = probe_open, READINESS},
    {.name = "channel-byte", .mode = NP_BYTE, CHANNEL, .window = 1},
    {.name = "channel-message", .mode = NP_MESSAGE, CHANNEL, .window = 1},
    {.name = "channel-call",
     .mode = NP_BYTE,
     CHANNEL,
     .window = 1,
     .calls = true},
    {.name = "channel-gather", .mode = NP_BYTE, CHANNEL, .window = 256},
};

const way *way_named(const char *name) {
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    if (strcmp(ways[i].name, name) == 0) {
      return &ways[i];
    }
  }
  return NULL;
}

/* --- Pairs --------------------------------------------------------------- */

np_pipe *server_create(np_loop *loop, const bench *b, const way *w) {
  np_server_options options;
  np_pipe *server = NULL;

  np_server_options_init(&options);
  /* No access list is built, because the other measured programs build none
   * either. */
  options.access = NP_ACCESS_WINDOWS_DEFAULT;
  options.mode = w->mode;
  options.read_mode = w->mode;
  options.in_buffer_bytes = BENCH_QUOTA_BYTES;
  options.out_buffer_bytes = BENCH_QUOTA_BYTES;
  end_check(np_server_create(loop, b->name, &options, &server), "create");
  return server;
}

np_pipe *client_open(np_loop *loop, const bench *b, const way *w) {
  np_client_options options;
  np_pipe *client = NULL;

  np_client_options_init(&options);
  options.read_mode = w->mode;
  end_check(np_client_open(loop, b->name, &options, &client), "open");
  return client;
}

static void end_open(end *e, const bench *b) {
  e->in.user = e;
  if (e->side->way->open != NULL) {
    e->side->way->open(e, b);
  }
}

static void connected(np_op *op, np_error error, size_t transferred) {
  (void)op;
  (void)transferred;
  end_check(error, "connect");
}

void pair_open(np_loop *loop, const bench *b, end *server, end *client) {
  static np_op connect;

  server->pipe = server_create(loop, b, server->side->way);
  client->pipe = client_open(loop, b, client->side->way);
  end_check(np_server_connect(server->pipe, &connect, connected), "connect");
  end_check(np_loop_run(loop), "connect");
  end_open(server, b);
  end_open(client, b);
}

np_loop *loop_new(const way *w) {
  np_loop_options options;
  np_loop *loop = NULL;

  np_loop_options_init(&options);
  options.yields = w->yields;
  end_check(np_loop_create(&options, &loop), "loop");
  return loop;
}

void loop_delete(np_loop *loop) {
  end_check(np_loop_destroy(loop), "destroy");
}
