/* Workload `echo`: strict request and answer over any number of connections,
 * both ends on one loop. */
#include <stdlib.h>

#include "end.h"

typedef struct half {
  end end;
  side side;
  np_op out;
  char buffer[BENCH_MESSAGE_BYTES];
  size_t trips_left;
  struct echo *echo;
} half;

typedef struct echo {
  const bench *bench;
  half *servers;
  half *clients;
  size_t count;
  size_t running;
} echo;

static void echo_sent(end *e, np_op *op) {
  (void)e;
  (void)op;
}

static void half_send(half *h) {
  h->side.way->send(&h->end, &h->out);
}

static void check_length(size_t length) {
  if (length != BENCH_MESSAGE_BYTES) {
    end_check(ERROR_MORE_DATA, "short read");
  }
}

static void server_received(end *e, size_t length) {
  half *h = e->side->user;

  check_length(length);
  half_send(h);
  h->side.way->receive(e);
}

static void finish(echo *all) {
  bench_end(all->bench);
  for (size_t i = 0; i < all->count; i++) {
    all->clients[i].side.is_over = true;
    all->servers[i].side.is_over = true;
    all->clients[i].side.way->close(&all->clients[i].end);
    all->servers[i].side.way->close(&all->servers[i].end);
  }
}

static void client_received(end *e, size_t length) {
  half *h = e->side->user;

  check_length(length);
  if (--h->trips_left > 0) {
    half_send(h);
    h->side.way->receive(e);
  } else if (--h->echo->running == 0) {
    finish(h->echo);
  }
}

static void half_init(half *h, echo *all, const way *w,
                      void (*received)(end *e, size_t length)) {
  h->echo = all;
  h->side.way = w;
  h->end.side = &h->side;
  h->out.user = &h->end;
  h->side.buffer = h->buffer;
  h->side.buffer_bytes = sizeof h->buffer;
  h->side.data = h->buffer;
  h->side.data_bytes = sizeof h->buffer;
  h->side.received = received;
  h->side.sent = echo_sent;
  h->side.user = h;
}

void run_echo(const bench *b, const way *w) {
  np_loop *loop = loop_new(w);
  echo all = {b, NULL, NULL, b->connections, b->connections};

  all.servers = bench_memory(all.count * sizeof *all.servers);
  all.clients = bench_memory(all.count * sizeof *all.clients);
  for (size_t i = 0; i < all.count; i++) {
    half_init(&all.servers[i], &all, w, server_received);
    half_init(&all.clients[i], &all, w, client_received);
    all.clients[i].trips_left = b->count / all.count;
    pair_open(loop, b, &all.servers[i].end, &all.clients[i].end);
  }
  bench_begin(b);
  for (size_t i = 0; i < all.count; i++) {
    w->receive(&all.servers[i].end);
    half_send(&all.clients[i]);
    w->receive(&all.clients[i].end);
  }
  end_check(np_loop_run(loop), "run");
  loop_delete(loop);
  free(all.servers);
  free(all.clients);
}
