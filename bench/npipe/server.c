/* The workloads of a server alone: its clients are other processes. */
#include <stdlib.h>

#include "end.h"

typedef struct server server;

typedef struct guest {
  end end;
  side side;
  np_op connect;
  np_op out;
  np_call call;
  char *buffer;
  size_t have; /* bytes of the request that is coming */
  size_t trips_left;
  server *server;
  struct guest *next_free;
} guest;

struct server {
  const bench *bench;
  const way *way;
  np_loop *loop;
  np_listener *listener;
  guest *guests;
  guest *free_guests; /* of the visits; made when they are needed */
  size_t guests_awaited;
  size_t trips_left; /* of all guests */
  bool begun;
};

static void guest_sent(end *e, np_op *op) {
  (void)e;
  (void)op;
}

/* has_frames returns true if the channel adds and removes the header. */
static bool has_frames(const server *s) {
  return s->way->channel && s->way->mode == NP_BYTE;
}

static void guest_init(guest *g, server *s,
                       void (*received)(end *e, size_t length),
                       void (*ended)(end *e)) {
  const size_t header = has_frames(s) ? BENCH_HEADER_BYTES : 0;

  g->server = s;
  g->buffer = bench_memory(s->bench->buffer_bytes);
  g->connect.user = g;
  g->out.user = &g->end;
  g->end.side = &g->side;
  g->end.in.user = &g->end;
  g->side.way = s->way;
  g->side.buffer = g->buffer;
  g->side.buffer_bytes = s->bench->buffer_bytes;
  g->side.data = g->buffer;
  g->side.data_bytes = s->bench->message_bytes - header;
  g->side.received = received;
  g->side.ended = ended;
  g->side.sent = guest_sent;
  g->side.user = g;
}

static void guest_open(guest *g) {
  if (g->side.way->open != NULL) {
    g->side.way->open(&g->end, g->server->bench);
  }
}

static void guest_receive(guest *g) {
  g->side.buffer = g->buffer + g->have;
  g->side.buffer_bytes = g->server->bench->buffer_bytes - g->have;
  g->side.way->receive(&g->end);
}

/* guest_answer answers the request when it is whole. Until then it reads on,
 * and returns false. */
static bool guest_answer(guest *g, size_t length) {
  const server *s = g->server;

  if (has_frames(s)) {
    if (length != g->side.data_bytes) {
      end_check(ERROR_MORE_DATA, "length of a request");
    }
  } else {
    g->have += length;
    if (!bench_is_whole(s->bench, g->buffer, g->have)) {
      guest_receive(g);
      return false;
    }
    g->have = 0;
  }
  g->side.way->send(&g->end, &g->out);
  return true;
}

/* trip_over returns true if it was the last round trip of all. */
static bool trip_over(server *s) {
  if (--s->trips_left > 0) {
    return false;
  }
  bench_end(s->bench);
  return true;
}

/* --- Clients that stay --------------------------------------------------- */

static void asked(end *e, size_t length) {
  guest *g = e->side->user;

  if (!guest_answer(g, length)) {
    return;
  }
  if (--g->trips_left > 0) {
    guest_receive(g);
  }
  trip_over(g->server);
}

static void call_start(guest *g);

static void call_done(np_op *op, np_error error, size_t length) {
  guest *g = op->user;

  (void)length;
  end_check(error, "call");
  bench_messages += 2;
  if (!trip_over(g->server)) {
    call_start(g);
  }
}

/* call_start: the server asks, and its client answers. */
static void call_start(guest *g) {
  g->call.op.user = g;
  end_check(np_channel_call(g->side.channel, g->side.data, g->side.data_bytes,
                            &g->call, call_done),
            "call");
}

/* Nothing is read before the last client is there. */
static void connected(np_op *op, np_error error, size_t transferred) {
  guest *g = op->user;
  server *s = g->server;

  (void)transferred;
  end_check(error, "connect");
  guest_open(g);
  if (--s->guests_awaited > 0) {
    return;
  }
  bench_begin(s->bench);
  for (size_t i = 0; i < s->bench->connections; i++) {
    if (s->way->calls) {
      call_start(&s->guests[i]);
    } else {
      guest_receive(&s->guests[i]);
    }
  }
}

static void server_init(server *s, const bench *b, const way *w,
                        size_t guests) {
  s->bench = b;
  s->way = w;
  s->loop = loop_new(w);
  s->guests = bench_memory(guests * sizeof *s->guests);
  s->trips_left = b->count / b->connections * b->connections;
}

void run_server(const bench *b, const way *w) {
  const size_t count = b->connections;
  server s = {0};

  server_init(&s, b, w, count);
  s.guests_awaited = count;
  for (size_t i = 0; i < count; i++) {
    guest *g = &s.guests[i];

    guest_init(g, &s, asked, NULL);
    g->trips_left = b->count / count;
    g->end.pipe = server_create(s.loop, b, w);
    end_check(np_server_connect(g->end.pipe, &g->connect, connected),
              "connect");
  }
  end_check(np_loop_run(s.loop), "run");
  bench_clients_wait();
  for (size_t i = 0; i < count; i++) {
    w->close(&s.guests[i].end);
    free(s.guests[i].buffer);
  }
  end_check(np_loop_run(s.loop), "run");
  loop_delete(s.loop);
  free(s.guests);
}

/* --- Clients that come, ask once and go ---------------------------------- */

static void visit_asked(end *e, size_t length) {
  guest *g = e->side->user;

  if (guest_answer(g, length)) {
    guest_receive(g);
  }
}

static void visit_ended(end *e) {
  guest *g = e->side->user;
  server *s = g->server;

  end_check(np_listener_recycle(e->pipe), "recycle");
  g->next_free = s->free_guests;
  s->free_guests = g;
  if (trip_over(s)) {
    bench_clients_wait();
    np_listener_close(s->listener, NULL);
  }
}

static void visit_begin(np_listener *listener, np_pipe *pipe) {
  server *s = np_listener_user(listener);
  guest *g = s->free_guests;

  if (!s->begun) {
    s->begun = true;
    bench_begin(s->bench);
  }
  if (g == NULL) {
    g = bench_memory(sizeof *g);
    guest_init(g, s, visit_asked, visit_ended);
  } else {
    s->free_guests = g->next_free;
  }
  g->end.pipe = pipe;
  guest_open(g);
  guest_receive(g);
}

void run_visits(const bench *b, const way *w) {
  server s = {0};
  np_listener_options options;

  server_init(&s, b, w, 0);
  np_listener_options_init(&options);
  options.backlog = BENCH_INSTANCES;
  options.server.mode = w->mode;
  options.server.read_mode = w->mode;
  end_check(
      np_listener_create(s.loop, b->name, &options, visit_begin, &s.listener),
      "listener");
  np_listener_set_user(s.listener, &s);
  end_check(np_loop_run(s.loop), "run");
  loop_delete(s.loop);
  while (s.free_guests != NULL) {
    guest *g = s.free_guests;

    s.free_guests = g->next_free;
    free(g->buffer);
    free(g);
  }
  free(s.guests);
}
