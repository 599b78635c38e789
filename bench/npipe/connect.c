/* Workload `connect`: one connection after the other, each with create,
 * connect, one round trip and close. Each connection has a new instance, or an
 * instance that a listener uses again. After its answer the server starts
 * another read, because a real server cannot know that no more data will come.
 */
#include "end.h"

typedef struct visit {
  const bench *bench;
  np_loop *loop;
  np_listener *listener; /* NULL: each connection has an instance of its own */
  end server;
  end client;
  side server_side;
  side client_side;
  np_op connect;
  np_op server_out;
  np_op client_out;
  char server_buffer[BENCH_MESSAGE_BYTES];
  char client_buffer[BENCH_MESSAGE_BYTES];
  size_t left;
} visit;

static void nothing_sent(end *e, np_op *op) {
  (void)e;
  (void)op;
}

static void server_received(end *e, size_t length) {
  visit *v = e->side->user;

  (void)length;
  e->side->way->send(e, &v->server_out);
  e->side->way->receive(e);
}

static void client_begin(visit *v) {
  const way *w = v->client_side.way;

  v->client.pipe = client_open(v->loop, v->bench, w);
  v->client.in.user = &v->client;
  if (w->open != NULL) {
    w->open(&v->client, v->bench);
  }
  w->send(&v->client, &v->client_out);
  w->receive(&v->client);
}

static void server_begin(visit *v) {
  const way *w = v->server_side.way;

  v->server.in.user = &v->server;
  if (w->open != NULL) {
    w->open(&v->server, v->bench);
  }
  w->receive(&v->server);
}

static void connected(np_op *op, np_error error, size_t transferred) {
  (void)transferred;
  end_check(error, "connect");
  server_begin(op->user);
}

static void accepted(np_listener *listener, np_pipe *pipe) {
  visit *v = np_listener_user(listener);

  v->server.pipe = pipe;
  server_begin(v);
}

static void visit_begin(visit *v) {
  if (v->listener == NULL) {
    v->server.pipe = server_create(v->loop, v->bench, v->server_side.way);
  }
  client_begin(v);
  if (v->listener == NULL) {
    end_check(np_server_connect(v->server.pipe, &v->connect, connected),
              "connect");
  }
}

static void client_received(end *e, size_t length) {
  visit *v = e->side->user;

  (void)length;
  e->side->way->close(e);
  if (v->listener == NULL) {
    v->server_side.way->close(&v->server);
  } else {
    end_check(np_op_cancel(&v->server.in), "cancel");
  }
}

static void server_ended(end *e) {
  visit *v = e->side->user;

  if (v->listener != NULL) {
    np_pipe *pipe = e->pipe;

    if (e->side->channel != NULL) {
      end_check(np_channel_detach(e->side->channel, &pipe), "detach");
    }
    end_check(np_listener_recycle(pipe), "recycle");
  }
  if (--v->left > 0) {
    visit_begin(v);
    return;
  }
  bench_end(v->bench);
  np_listener_close(v->listener, NULL);
}

static void side_init(side *s, visit *v, end *e, char *buffer) {
  s->buffer = buffer;
  s->buffer_bytes = BENCH_MESSAGE_BYTES;
  s->data = buffer;
  s->data_bytes = BENCH_MESSAGE_BYTES;
  s->sent = nothing_sent;
  s->user = v;
  e->side = s;
}

static void run(const bench *b, const way *w, bool recycles) {
  static visit v;

  v = (visit){0};
  v.bench = b;
  v.loop = loop_new(w);
  v.left = b->count;
  v.server_side.way = w;
  v.client_side.way = w;
  side_init(&v.server_side, &v, &v.server, v.server_buffer);
  side_init(&v.client_side, &v, &v.client, v.client_buffer);
  v.server_side.received = server_received;
  v.server_side.ended = server_ended;
  v.client_side.received = client_received;
  v.connect.user = &v;
  v.server_out.user = &v.server;
  v.client_out.user = &v.client;
  if (recycles) {
    np_listener_options options;
    np_error error;

    np_listener_options_init(&options);
    options.server.mode = w->mode;
    options.server.read_mode = w->mode;
    end_check(
        np_listener_create(v.loop, b->name, &options, accepted, &v.listener),
        "listener");
    np_listener_set_user(v.listener, &v);
    error = np_loop_run_once(v.loop, 0);
    end_check(error == WAIT_TIMEOUT ? NP_OK : error, "listen");
  }
  bench_begin(b);
  visit_begin(&v);
  end_check(np_loop_run(v.loop), "run");
  loop_delete(v.loop);
}

void run_connect(const bench *b, const way *w) {
  run(b, w, false);
}

void run_recycled(const bench *b, const way *w) {
  run(b, w, true);
}
