/* The workloads on libuv, used as its users use it: uv_pipe_t, uv_listen,
 * uv_pipe_connect, uv_read_start with one buffer for each connection, uv_write
 * with one request for each connection. A libuv server keeps four instances
 * waiting by default, or the number set with uv_pipe_pending_instances. Closing
 * a connection is asynchronous. */
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "../harness/bench.h"

const char bench_peer[] = "libuv";

typedef struct half {
  uv_pipe_t pipe; /* first */
  uv_write_t out;
  char *buffer;
  size_t buffer_bytes;
  size_t have; /* bytes of a request to a server alone */
  size_t trips_left;
  void (*received)(struct half *h, size_t bytes);
  void (*ended)(struct half *h); /* NULL: the peer never goes */
  void (*sent)(struct half *h);
} half;

static const bench *current;
static uv_pipe_t listener;
static uv_connect_t connecting;
static half *halves; /* servers, then clients */
static size_t opened;
static size_t accepted;
static size_t running;
static void (*all_open)(void);
static bool is_over;

static void check(int error, const char *what) {
  if (error < 0) {
    bench_fail(what, (unsigned long)-error);
  }
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *out) {
  half *h = (half *)handle;

  (void)suggested;
  *out = uv_buf_init(h->buffer + h->have,
                     (unsigned int)(h->buffer_bytes - h->have));
}

static void on_read(uv_stream_t *stream, ssize_t bytes, const uv_buf_t *buf) {
  half *h = (half *)stream;

  (void)buf;
  if (is_over || bytes == 0) {
    return;
  }
  if (bytes == UV_EOF && h->ended != NULL) {
    h->ended(h);
    return;
  }
  check((int)bytes, "read");
  h->received(h, (size_t)bytes);
}

static void on_written(uv_write_t *request, int status) {
  half *h = request->data;

  check(status, "write");
  if (h->sent != NULL) {
    h->sent(h);
  }
}

static void half_send(half *h) {
  uv_buf_t data = uv_buf_init(h->buffer, (unsigned int)current->message_bytes);

  h->out.data = h;
  check(uv_write(&h->out, (uv_stream_t *)&h->pipe, &data, 1, on_written),
        "write");
}

static void half_receive(half *h) {
  check(uv_read_start((uv_stream_t *)&h->pipe, give_buffer, on_read), "read");
}

static void half_init(half *h, size_t buffer_bytes) {
  h->buffer = bench_memory(buffer_bytes);
  memset(h->buffer, 'x', buffer_bytes);
  h->buffer_bytes = buffer_bytes;
  check(uv_pipe_init(uv_default_loop(), &h->pipe, 0), "init");
}

static void stop(void) {
  bench_end(current);
  is_over = true;
  uv_stop(uv_default_loop());
}

/* --- Pairs --------------------------------------------------------------- */

static void open_next(void);

static void go_on(void) {
  if (opened == accepted) {
    open_next();
  }
}

static void on_connected(uv_connect_t *request, int status) {
  (void)request;
  check(status, "connect");
  opened++;
  go_on();
}

static void on_connection(uv_stream_t *server, int status) {
  check(status, "connection");
  half_init(&halves[accepted], current->buffer_bytes);
  check(uv_accept(server, (uv_stream_t *)&halves[accepted].pipe), "accept");
  accepted++;
  go_on();
}

static void open_next(void) {
  half *client;

  if (opened == current->connections) {
    all_open();
    return;
  }
  client = &halves[current->connections + opened];
  half_init(client, current->buffer_bytes);
  uv_pipe_connect(&connecting, &client->pipe, current->name, on_connected);
}

static void listen_for(uv_connection_cb connection) {
  check(uv_pipe_init(uv_default_loop(), &listener, 0), "init");
  check(uv_pipe_bind(&listener, current->name), "bind");
  check(uv_listen((uv_stream_t *)&listener, 128, connection), "listen");
}

static void run_pairs(const bench *b, void (*open)(void)) {
  halves = bench_memory(2 * b->connections * sizeof *halves);
  all_open = open;
  listen_for(on_connection);
  open_next();
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

/* --- Echo ---------------------------------------------------------------- */

static void echo_server(half *h, size_t bytes) {
  (void)bytes;
  half_send(h);
}

static void echo_client(half *h, size_t bytes) {
  (void)bytes;
  if (--h->trips_left > 0) {
    half_send(h);
  } else if (--running == 0) {
    stop();
  }
}

static void echo_open(void) {
  const size_t count = current->connections;

  running = count;
  bench_begin(current);
  for (size_t i = 0; i < count; i++) {
    halves[i].received = echo_server;
    halves[count + i].received = echo_client;
    halves[count + i].trips_left = current->count / count;
    half_receive(&halves[i]);
    half_receive(&halves[count + i]);
    half_send(&halves[count + i]);
  }
}

/* --- Stream -------------------------------------------------------------- */

static size_t to_send;
static size_t bytes_left;

static void stream_sent(half *h) {
  if (--to_send > 0) {
    half_send(h);
  }
}

static void stream_received(half *h, size_t bytes) {
  (void)h;
  bytes_left -= bytes;
  if (bytes_left == 0) {
    stop();
  }
}

static void stream_open(void) {
  to_send = current->count;
  bytes_left = current->count * current->message_bytes;
  halves[0].received = stream_received;
  halves[1].sent = stream_sent;
  bench_begin(current);
  half_receive(&halves[0]);
  half_send(&halves[1]);
}

/* --- Connect ------------------------------------------------------------- */

static size_t visits_left;
static size_t closing;

static void visit_begin(void);

static void visit_closed(uv_handle_t *handle) {
  (void)handle;
  if (--closing > 0) {
    return;
  }
  if (--visits_left > 0) {
    visit_begin();
  } else {
    stop();
  }
}

static void visit_answered(half *h, size_t bytes) {
  (void)h;
  (void)bytes;
  closing = 2;
  uv_close((uv_handle_t *)&halves[1].pipe, visit_closed);
  uv_close((uv_handle_t *)&halves[0].pipe, visit_closed);
}

static void visit_connection(uv_stream_t *server, int status) {
  check(status, "connection");
  check(uv_pipe_init(uv_default_loop(), &halves[0].pipe, 0), "init");
  check(uv_accept(server, (uv_stream_t *)&halves[0].pipe), "accept");
  half_receive(&halves[0]);
}

static void visit_connected(uv_connect_t *request, int status) {
  (void)request;
  check(status, "connect");
  half_receive(&halves[1]);
  half_send(&halves[1]);
}

static void visit_begin(void) {
  check(uv_pipe_init(uv_default_loop(), &halves[1].pipe, 0), "init");
  uv_pipe_connect(&connecting, &halves[1].pipe, current->name, visit_connected);
}

static void run_connect(const bench *b) {
  halves = bench_memory(2 * sizeof *halves);
  half_init(&halves[0], b->buffer_bytes);
  half_init(&halves[1], b->buffer_bytes);
  halves[0].received = echo_server;
  halves[1].received = visit_answered;
  visits_left = b->count;
  listen_for(visit_connection);
  bench_begin(b);
  visit_begin();
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

/* --- Idle ---------------------------------------------------------------- */

static void idle_open(void) {
  for (size_t i = 0; i < 2 * current->connections; i++) {
    half_receive(&halves[i]);
  }
  uv_run(uv_default_loop(), UV_RUN_NOWAIT);
  stop();
}

/* run_idle passes no buffers: libuv asks for the buffer of a read only when
 * data have arrived. */
static void run_idle(const bench *b) {
  listen_for(on_connection);
  uv_run(uv_default_loop(), UV_RUN_NOWAIT);
  bench_begin(b);
  halves = bench_memory(2 * b->connections * sizeof *halves);
  all_open = idle_open;
  open_next();
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

/* --- The server alone: its clients are other processes ------------------- */

static size_t guests_awaited;
static size_t trips_left; /* of all guests */

static void trip_over(void) {
  if (--trips_left == 0) {
    stop();
    bench_clients_wait();
  }
}

/* take_request returns true when the request is whole. */
static bool take_request(half *h, size_t bytes) {
  h->have += bytes;
  if (!bench_is_whole(current, h->buffer, h->have)) {
    return false;
  }
  h->have = 0;
  return true;
}

static void alone_received(half *h, size_t bytes) {
  if (take_request(h, bytes)) {
    half_send(h);
    trip_over();
  }
}

/* Nothing is read before the last client is there. */
static void alone_connection(uv_stream_t *server, int status) {
  half *h = &halves[--guests_awaited];

  check(status, "connection");
  half_init(h, current->buffer_bytes);
  h->received = alone_received;
  check(uv_accept(server, (uv_stream_t *)&h->pipe), "accept");
  if (guests_awaited > 0) {
    return;
  }
  bench_begin(current);
  for (size_t i = 0; i < current->connections; i++) {
    half_receive(&halves[i]);
  }
}

static void alone_init(const bench *b) {
  guests_awaited = b->connections;
  trips_left = b->count / b->connections * b->connections;
}

static void run_server(const bench *b) {
  alone_init(b);
  halves = bench_memory(b->connections * sizeof *halves);
  listen_for(alone_connection);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

static void guest_closed(uv_handle_t *handle) {
  half *h = (half *)handle;

  free(h->buffer);
  free(h);
}

static void guest_received(half *h, size_t bytes) {
  if (take_request(h, bytes)) {
    half_send(h);
  }
}

static void guest_ended(half *h) {
  uv_close((uv_handle_t *)&h->pipe, guest_closed);
  trip_over();
}

static void guest_connection(uv_stream_t *server, int status) {
  static bool begun;
  half *h = bench_memory(sizeof *h);

  check(status, "connection");
  half_init(h, current->buffer_bytes);
  h->received = guest_received;
  h->ended = guest_ended;
  check(uv_accept(server, (uv_stream_t *)&h->pipe), "accept");
  if (!begun) {
    begun = true;
    bench_begin(current);
  }
  half_receive(h);
}

static void run_visits(const bench *b) {
  alone_init(b);
  listen_for(guest_connection);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

bool bench_has(const bench *b) {
  /* A libuv listener makes a new instance for each client. */
  return strcmp(b->way, "byte") == 0 && b->kind != BENCH_RECYCLED;
}

void bench_run(const bench *b) {
  current = b;
  switch (b->kind) {
    case BENCH_ECHO:
      run_pairs(b, echo_open);
      break;
    case BENCH_STREAM:
      run_pairs(b, stream_open);
      break;
    case BENCH_CONNECT:
      run_connect(b);
      break;
    case BENCH_RECYCLED:
      break;
    case BENCH_IDLE:
      run_idle(b);
      break;
    case BENCH_SERVER:
      run_server(b);
      break;
    case BENCH_VISITS:
      run_visits(b);
      break;
  }
}
