/* readiness: both ends of a pipe in one process; each end is told when it can
 * read or write. The client sends lines, and the server sends them back. Exit
 * code 0: all lines came back. */
#include <stdio.h>
#include <string.h>

#include <npipe/npipe.h>

#define LINE_COUNT 100

typedef struct end {
  np_pipe *pipe;
  np_op op; /* one wait at a time */
  char buffer[256];
  size_t length; /* bytes in `buffer` that are not yet written */
} end;

static end server;
static end client;
static int lines_sent, lines_back;
static np_error failure = NP_OK;

static void finish(np_error error) {
  failure = error;
  np_pipe_close(server.pipe, NULL);
  /* The loop ends when both pipes are closed. */
  np_pipe_close(client.pipe, NULL);
}

static void server_ready(np_op *op, np_error error, size_t ready) {
  (void)ready;
  if (error == NP_OK && server.length == 0) {
    error = np_pipe_try_read(server.pipe, server.buffer, sizeof server.buffer,
                             &server.length);
  }
  if (error == NP_OK && server.length > 0) {
    size_t taken;

    error =
        np_pipe_try_write(server.pipe, server.buffer, server.length, &taken);
    /* A byte pipe may take only the first part. */
    server.length -= taken;
    memmove(server.buffer, server.buffer + taken, server.length);
  }
  if (error == NP_OK || error == NP_WOULD_BLOCK) {
    /* NP_WOULD_BLOCK is a false alarm: wait again. */
    error = np_pipe_ready(server.pipe,
                          server.length > 0 ? NP_WRITABLE : NP_READABLE, op,
                          server_ready);
  }
  if (error != NP_OK && error != ERROR_OPERATION_ABORTED && !np_is_eof(error)) {
    finish(error);
  }
}

static void client_ready(np_op *op, np_error error, size_t ready) {
  np_interest interest = NP_READABLE;
  size_t count = 0;

  (void)ready;
  /* Reads all that came back, and sends as much as the pipe takes. */
  while (error == NP_OK) {
    error = np_pipe_try_read(client.pipe, client.buffer, sizeof client.buffer,
                             &count);
    for (size_t i = 0; i < count; i++) {
      lines_back += client.buffer[i] == '\n';
    }
  }
  if (error == NP_WOULD_BLOCK && lines_sent < LINE_COUNT) {
    error = np_pipe_try_write(client.pipe, "over and back\n", 14, &count);
    lines_sent += error == NP_OK;
    interest |= NP_WRITABLE;
  }
  if (lines_back == LINE_COUNT) {
    finish(NP_OK);
  } else if (error == NP_OK || error == NP_WOULD_BLOCK) {
    np_pipe_ready(client.pipe, interest, op, client_ready);
  } else if (error != ERROR_OPERATION_ABORTED) {
    finish(error);
  }
}

static void on_connected(np_op *op, np_error error, size_t transferred) {
  (void)transferred;
  if (error == NP_OK) {
    error = np_pipe_readable(server.pipe, op, server_ready);
  }
  if (error == NP_OK) {
    error = np_pipe_writable(client.pipe, &client.op, client_ready);
  }
  if (error != NP_OK) {
    finish(error);
  }
}

int main(void) {
  np_loop *loop = NULL;
  char name[64];
  np_error error;

  snprintf(name, sizeof name, "\\\\.\\pipe\\npipe-readiness-%lu",
           (unsigned long)GetCurrentProcessId());
  error = np_loop_create(NULL, &loop);
  if (error == NP_OK) {
    error = np_server_create(loop, name, NULL, &server.pipe);
  }
  if (error == NP_OK) {
    error = np_client_open(loop, name, NULL, &client.pipe);
  }
  if (error == NP_OK) {
    error = np_server_connect(server.pipe, &server.op, on_connected);
  }
  if (error == NP_OK) {
    error = np_loop_run(loop);
  }
  error = error == NP_OK ? failure : error;
  printf("readiness: %d lines, %s\n", lines_back, np_error_name(error));
  if (error != NP_OK || lines_back != LINE_COUNT) {
    return 1;
  }
  return np_loop_destroy(loop) == NP_OK ? 0 : 1;
}
