/* The workloads written by hand on Win32, for both raw engines (see raw.h). */
#include "raw.h"

#include <string.h>

typedef struct half {
  HANDLE handle;
  raw_op in;
  raw_op out;
  char buffer[BENCH_MESSAGE_BYTES];
  size_t trips_left;
} half;

static const bench *current;
static size_t running;

HANDLE raw_create(const bench *b) {
  HANDLE handle = CreateNamedPipeA(
      b->name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
      PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_REJECT_REMOTE_CLIENTS,
      PIPE_UNLIMITED_INSTANCES, BENCH_QUOTA_BYTES, BENCH_QUOTA_BYTES, 0, NULL);

  if (handle == INVALID_HANDLE_VALUE) {
    bench_fail("create", GetLastError());
  }
  raw_attach(handle);
  return handle;
}

static HANDLE open_client(const bench *b) {
  HANDLE handle = CreateFileA(
      b->name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
      FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION,
      NULL);

  if (handle == INVALID_HANDLE_VALUE) {
    bench_fail("open", GetLastError());
  }
  raw_attach(handle);
  return handle;
}

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

static void check_read(DWORD error, DWORD bytes) {
  check(error, "read");
  if (bytes != BENCH_MESSAGE_BYTES) {
    bench_fail("short read", bytes);
  }
}

static void half_init(half *h, HANDLE handle, raw_fn received) {
  h->handle = handle;
  raw_op_init(&h->in, handle, h->buffer, sizeof h->buffer, received, h);
  raw_op_init(&h->out, handle, h->buffer, sizeof h->buffer, written, h);
}

/* --- Echo ---------------------------------------------------------------- */

static void echo_server_read(raw_op *op, DWORD error, DWORD bytes) {
  half *h = op->user;

  check_read(error, bytes);
  raw_write(&h->out);
  raw_read(&h->in);
}

static void echo_client_read(raw_op *op, DWORD error, DWORD bytes) {
  half *h = op->user;

  check_read(error, bytes);
  if (--h->trips_left > 0) {
    raw_write(&h->out);
    raw_read(&h->in);
  } else if (--running == 0) {
    bench_end(current);
    raw_stop();
  }
}

/* The memory and the pipes stay until the program ends, because reads are still
 * pending on them. */
static void run_echo(const bench *b) {
  const size_t count = b->connections;
  half *servers = bench_memory(count * sizeof *servers);
  half *clients = bench_memory(count * sizeof *clients);

  running = count;
  for (size_t i = 0; i < count; i++) {
    half_init(&servers[i], raw_create(b), echo_server_read);
    half_init(&clients[i], open_client(b), echo_client_read);
    clients[i].trips_left = b->count / count;
  }
  bench_begin(b);
  for (size_t i = 0; i < count; i++) {
    raw_read(&servers[i].in);
    raw_write(&clients[i].out);
    raw_read(&clients[i].in);
  }
  raw_run();
}

/* --- Stream -------------------------------------------------------------- */

static size_t to_send;
static size_t bytes_left;

static void stream_written(raw_op *op, DWORD error, DWORD bytes) {
  (void)bytes;
  check(error, "write");
  if (--to_send > 0) {
    raw_write(op);
  }
}

static void stream_read(raw_op *op, DWORD error, DWORD bytes) {
  check(error, "read");
  bytes_left -= bytes;
  if (bytes_left > 0) {
    raw_read(op);
    return;
  }
  bench_end(current);
  raw_stop();
}

static void run_stream(const bench *b) {
  static raw_op in;
  static raw_op out;
  HANDLE server = raw_create(b);
  HANDLE client = open_client(b);

  raw_op_init(&in, server, bench_memory(b->buffer_bytes), b->buffer_bytes,
              stream_read, NULL);
  raw_op_init(&out, client, bench_memory(b->message_bytes), b->message_bytes,
              stream_written, NULL);
  to_send = b->count;
  bytes_left = b->count * b->message_bytes;
  bench_begin(b);
  raw_read(&in);
  raw_write(&out);
  raw_run();
  CloseHandle(client);
  CloseHandle(server);
}

/* --- Connect ------------------------------------------------------------- */

/* State of the visits. After its answer the server starts another read, because
 * a real server cannot know that no more data will come. */
static half visit_server;
static half visit_client;
static raw_op visit_connect;
static size_t visits_left;
static bool recycles;

static void visit_begin(void);

/* visit_wait starts the connect for the next client, before that client exists.
 */
static void visit_wait(void) {
  if (!raw_connect(&visit_connect)) {
    bench_fail("connected before there is a client", ERROR_PIPE_CONNECTED);
  }
}

static void visit_over(void) {
  if (visits_left == 0) {
    bench_end(current);
    raw_stop();
    return;
  }
  if (recycles) {
    visit_wait();
  }
  visit_begin();
}

static void visit_server_read(raw_op *op, DWORD error, DWORD bytes) {
  half *h = op->user;

  if (error == ERROR_BROKEN_PIPE || error == ERROR_PIPE_NOT_CONNECTED ||
      error == ERROR_OPERATION_ABORTED) {
    /* The server's last read ends with one of these errors, depending on which
     * close came first. */
    visit_over();
    return;
  }
  check_read(error, bytes);
  raw_write(&h->out);
  raw_read(&h->in);
}

static void visit_connected(raw_op *op, DWORD error, DWORD bytes) {
  (void)op;
  (void)bytes;
  check(error, "connect");
  raw_read(&visit_server.in);
}

static void visit_listen(void) {
  half_init(&visit_server, raw_create(current), visit_server_read);
  raw_op_init(&visit_connect, visit_server.handle, NULL, 0, visit_connected,
              NULL);
}

static void visit_client_read(raw_op *op, DWORD error, DWORD bytes) {
  (void)op;
  check_read(error, bytes);
  CloseHandle(visit_client.handle);
  visits_left--;
  if (!recycles || visits_left == 0) {
    CloseHandle(visit_server.handle);
  } else if (!DisconnectNamedPipe(visit_server.handle)) {
    bench_fail("disconnect", GetLastError());
  }
  if (raw_withdraw(&visit_server.in)) {
    visit_over();
  }
}

static void visit_begin(void) {
  if (!recycles) {
    visit_listen();
  }
  half_init(&visit_client, open_client(current), visit_client_read);
  if (!recycles && !raw_connect(&visit_connect)) {
    visit_connected(&visit_connect, NO_ERROR, 0);
  }
  raw_write(&visit_client.out);
  raw_read(&visit_client.in);
}

static void run_connect(const bench *b) {
  visits_left = b->count;
  recycles = b->kind == BENCH_RECYCLED;
  if (recycles) {
    visit_listen();
    visit_wait();
  }
  bench_begin(b);
  visit_begin();
  raw_run();
}

/* --- Idle ---------------------------------------------------------------- */

typedef struct idle_end {
  HANDLE handle;
  raw_op in;
} idle_end;

static void run_idle(const bench *b) {
  const size_t count = 2 * b->connections;
  char *buffers = bench_memory(count * BENCH_MESSAGE_BYTES);
  idle_end *ends;

  memset(buffers, 'x', count * BENCH_MESSAGE_BYTES);
  /* The first pair also takes memory that a process takes only once. */
  raw_create(b);
  open_client(b);
  bench_begin(b);
  ends = bench_memory(count * sizeof *ends);
  for (size_t i = 0; i < count; i++) {
    ends[i].handle = i % 2 == 0 ? raw_create(b) : open_client(b);
    raw_op_init(&ends[i].in, ends[i].handle, buffers + i * BENCH_MESSAGE_BYTES,
                BENCH_MESSAGE_BYTES, written, NULL);
  }
  for (size_t i = 0; i < count; i++) {
    raw_read(&ends[i].in);
  }
  raw_poll();
  bench_end(b);
}

bool bench_has(const bench *b) {
  return strcmp(b->way, "byte") == 0;
}

void bench_run(const bench *b) {
  current = b;
  switch (b->kind) {
    case BENCH_ECHO:
      run_echo(b);
      break;
    case BENCH_STREAM:
      run_stream(b);
      break;
    case BENCH_CONNECT:
    case BENCH_RECYCLED:
      run_connect(b);
      break;
    case BENCH_IDLE:
      run_idle(b);
      break;
    case BENCH_SERVER:
      raw_server(b);
      break;
    case BENCH_VISITS:
      raw_visits(b);
      break;
  }
}
