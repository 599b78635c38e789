/* The workloads of a server alone, for both raw engines (see raw.h). The
 * clients are other processes. */
#include "raw.h"

typedef struct guest {
  HANDLE handle;
  raw_op connect;
  raw_op in;
  raw_op out;
  char *buffer;
  size_t have; /* bytes of the request that is coming */
  size_t trips_left;
} guest;

static const bench *current;
static size_t guests_awaited;
static size_t trips_left; /* of all */
static guest *guests;

static void check(DWORD error, const char *what) {
  if (error != NO_ERROR) {
    bench_fail(what, error);
  }
}

static void written(raw_op *op, DWORD error, DWORD bytes) {
  (void)op;
  (void)bytes;
  check(error, "write");
}

static void receive(guest *g) {
  g->in.buffer = g->buffer + g->have;
  g->in.length = (DWORD)(current->buffer_bytes - g->have);
  raw_read(&g->in);
}

/* take_request adds bytes that were read. It returns false, and reads on, until
 * the request is whole. */
static bool take_request(guest *g, DWORD bytes) {
  g->have += bytes;
  if (!bench_is_whole(current, g->buffer, g->have)) {
    receive(g);
    return false;
  }
  g->have = 0;
  return true;
}

static void guest_open(guest *g, raw_fn connected, raw_fn received) {
  g->handle = raw_create(current);
  g->buffer = bench_memory(current->buffer_bytes);
  raw_op_init(&g->connect, g->handle, NULL, 0, connected, g);
  raw_op_init(&g->in, g->handle, g->buffer, 0, received, g);
  raw_op_init(&g->out, g->handle, g->buffer, current->message_bytes, written,
              g);
}

static void guest_wait(guest *g) {
  if (!raw_connect(&g->connect)) {
    g->connect.done(&g->connect, NO_ERROR, 0);
  }
}

static void run(size_t count) {
  raw_run();
  bench_clients_wait();
  for (size_t i = 0; i < count; i++) {
    CloseHandle(guests[i].handle);
  }
}

/* --- Clients that stay --------------------------------------------------- */

static void asked(raw_op *op, DWORD error, DWORD bytes) {
  guest *g = op->user;

  check(error, "read");
  if (!take_request(g, bytes)) {
    return;
  }
  raw_write(&g->out);
  if (--g->trips_left > 0) {
    receive(g);
  }
  if (--trips_left == 0) {
    bench_end(current);
    raw_stop();
  }
}

/* Nothing is read before the last client is there. */
static void connected(raw_op *op, DWORD error, DWORD bytes) {
  (void)op;
  (void)bytes;
  check(error, "connect");
  if (--guests_awaited > 0) {
    return;
  }
  bench_begin(current);
  for (size_t i = 0; i < current->connections; i++) {
    receive(&guests[i]);
  }
}

void raw_server(const bench *b) {
  const size_t count = b->connections;

  current = b;
  guests = bench_memory(count * sizeof *guests);
  guests_awaited = count;
  trips_left = b->count / count * count;
  for (size_t i = 0; i < count; i++) {
    guest_open(&guests[i], connected, asked);
    guests[i].trips_left = b->count / count;
  }
  for (size_t i = 0; i < count; i++) {
    guest_wait(&guests[i]);
  }
  run(count);
}

/* --- Clients that come, ask once and go ---------------------------------- */

static void visit_asked(raw_op *op, DWORD error, DWORD bytes) {
  guest *g = op->user;

  if (error == ERROR_BROKEN_PIPE) {
    if (--trips_left == 0) {
      bench_end(current);
      raw_stop();
    } else if (!DisconnectNamedPipe(g->handle)) {
      bench_fail("disconnect", GetLastError());
    } else {
      guest_wait(g);
    }
    return;
  }
  check(error, "read");
  if (take_request(g, bytes)) {
    raw_write(&g->out);
    receive(g);
  }
}

static void visit_connected(raw_op *op, DWORD error, DWORD bytes) {
  static bool begun;
  guest *g = op->user;

  (void)bytes;
  check(error, "connect");
  if (!begun) {
    begun = true;
    bench_begin(current);
  }
  receive(g);
}

void raw_visits(const bench *b) {
  current = b;
  guests = bench_memory(BENCH_INSTANCES * sizeof *guests);
  trips_left = b->count / b->connections * b->connections;
  for (size_t i = 0; i < BENCH_INSTANCES; i++) {
    guest_open(&guests[i], visit_connected, visit_asked);
  }
  for (size_t i = 0; i < BENCH_INSTANCES; i++) {
    guest_wait(&guests[i]);
  }
  run(BENCH_INSTANCES);
}
