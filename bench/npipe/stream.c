/* Workload `stream`: data in one direction. The writer keeps `window` writes in
 * flight (one, except for channels that gather), and the reader takes whatever
 * has arrived. */
#include <stdlib.h>
#include <string.h>

#include "end.h"

typedef struct stream {
  const bench *bench;
  end server;
  end client;
  side reader;
  side writer;
  size_t to_send;
  size_t bytes_left;
  bool by_message; /* the reader gets whole messages, not bytes */
} stream;

static void stream_send(stream *s, np_op *op) {
  while (s->to_send > 0) {
    s->to_send--;
    if (!s->writer.way->send(&s->client, op)) {
      return;
    }
  }
}

static void stream_sent(end *e, np_op *op) {
  stream_send(e->side->user, op);
}

static void stream_received(end *e, size_t length) {
  stream *s = e->side->user;

  if (length > s->bytes_left) {
    end_check(ERROR_MORE_DATA, "more than was sent");
  }
  s->bytes_left -= length;
  if (s->bytes_left > 0) {
    e->side->way->receive(e);
    return;
  }
  bench_end(s->bench);
  s->reader.is_over = true;
  s->writer.is_over = true;
  s->writer.way->close(&s->client);
  s->reader.way->close(&s->server);
}

static void nothing_received(end *e, size_t length) {
  (void)e;
  (void)length;
}

void run_stream(const bench *b, const way *w) {
  np_loop *loop = loop_new(w);
  stream s = {0};
  np_op *ops = bench_memory(w->window * sizeof *ops);
  char *data = bench_memory(b->message_bytes);
  char *buffer = bench_memory(b->buffer_bytes);

  memset(data, 'x', b->message_bytes);
  s.bench = b;
  s.to_send = b->count;
  s.bytes_left = b->count * b->message_bytes;
  s.reader.buffer = buffer;
  s.reader.buffer_bytes = b->buffer_bytes;
  s.reader.received = stream_received;
  s.reader.user = &s;
  s.writer.data = data;
  s.writer.data_bytes = b->message_bytes;
  s.writer.received = nothing_received;
  s.writer.sent = stream_sent;
  s.writer.user = &s;
  s.reader.way = w;
  s.server.side = &s.reader;
  s.writer.way = w;
  s.client.side = &s.writer;
  pair_open(loop, b, &s.server, &s.client);
  bench_begin(b);
  w->receive(&s.server);
  for (size_t i = 0; i < w->window; i++) {
    ops[i].user = &s.client;
    stream_send(&s, &ops[i]);
  }
  end_check(np_loop_run(loop), "run");
  loop_delete(loop);
  free(ops);
  free(data);
  free(buffer);
}
