/* echo completion|read-ahead|probe COUNT: COUNT round trips of 64 bytes over
 * one connection, both ends in this process and on one loop. It prints nothing:
 * its system calls are what is counted, from outside. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <npipe/npipe.h>

#define MESSAGE_BYTES 64

typedef struct end {
  np_pipe *pipe;
  np_op read;
  np_op write;
  char buffer[MESSAGE_BYTES];
  struct end *peer;
} end;

static end server;
static end client;
static long trips_left;
static bool by_readiness;

static void check(np_error error, const char *what) {
  if (error != NP_OK) {
    fprintf(stderr, "echo: %s: %s\n", what, np_error_text(error));
    exit(1);
  }
}

static void on_read(np_op *op, np_error error, size_t transferred);
static void on_readable(np_op *op, np_error error, size_t readiness);

static void await(end *e) {
  if (by_readiness) {
    check(np_pipe_readable(e->pipe, &e->read, on_readable), "readable");
  } else {
    check(np_pipe_read(e->pipe, e->buffer, sizeof e->buffer, &e->read, on_read),
          "read");
  }
}

static void on_written(np_op *op, np_error error, size_t transferred) {
  (void)op;
  (void)transferred;
  check(error, "write");
}

static void answer(end *e) {
  size_t taken = 0;

  if (e == &client && --trips_left == 0) {
    np_pipe_close(server.pipe, NULL);
    np_pipe_close(client.pipe, NULL);
    return;
  }
  if (by_readiness) {
    check(np_pipe_try_write(e->pipe, e->buffer, sizeof e->buffer, &taken),
          "try_write");
  } else {
    check(np_pipe_write(e->pipe, e->buffer, sizeof e->buffer, &e->write,
                        on_written),
          "write");
  }
  await(e);
}

static void on_read(np_op *op, np_error error, size_t transferred) {
  if (error == ERROR_OPERATION_ABORTED) {
    return; /* Closed after the last trip. */
  }
  check(error, "read");
  if (transferred != MESSAGE_BYTES) {
    check(ERROR_MORE_DATA, "short read");
  }
  answer(op->user);
}

static void on_readable(np_op *op, np_error error, size_t readiness) {
  end *e = op->user;
  size_t taken = 0;

  (void)readiness;
  if (error == ERROR_OPERATION_ABORTED) {
    return; /* Closed after the last trip. */
  }
  check(error, "readable");
  error = np_pipe_try_read(e->pipe, e->buffer, sizeof e->buffer, &taken);
  if (error == NP_WOULD_BLOCK) {
    await(e);
    return;
  }
  check(error, "try_read");
  answer(e);
}

static void set_read_ahead(end *e, size_t bytes) {
  np_ready_options options;

  np_ready_options_init(&options);
  options.read_ahead_bytes = bytes;
  check(np_pipe_set_ready_options(e->pipe, &options), "options");
}

int main(int argc, char **argv) {
  char name[64];
  np_loop *loop = NULL;

  if (argc != 3) {
    fprintf(stderr, "usage: echo completion|read-ahead|probe COUNT\n");
    return 1;
  }
  trips_left = strtol(argv[2], NULL, 10) + 1; /* The start counts, too. */
  by_readiness = strcmp(argv[1], "completion") != 0;
  snprintf(name, sizeof name, "\\\\.\\pipe\\npipe-bench-echo-%lu",
           (unsigned long)GetCurrentProcessId());
  check(np_loop_create(NULL, &loop), "loop");
  check(np_server_create(loop, name, NULL, &server.pipe), "create");
  check(np_client_open(loop, name, NULL, &client.pipe), "open");
  server.read.user = &server;
  client.read.user = &client;
  if (by_readiness) {
    size_t read_ahead = strcmp(argv[1], "probe") == 0 ? 0 : MESSAGE_BYTES;

    set_read_ahead(&server, read_ahead);
    set_read_ahead(&client, read_ahead);
  }
  await(&server);
  answer(&client);
  check(np_loop_run(loop), "run");
  check(np_loop_destroy(loop), "destroy");
  return trips_left == 0 ? 0 : 1;
}
