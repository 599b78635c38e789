/* echo_server NAME [CLIENTS]: sends back what each client writes. It serves 64
 * clients at a time and ends after CLIENTS of them, or never. */
#include <stdio.h>
#include <stdlib.h>

#include <npipe/npipe.h>

#define INSTANCE_COUNT 64

typedef struct session {
  np_pipe *pipe;
  np_op op; /* one operation at a time: connect, read, write, ... */
  char buffer[4096];
} session;

static session sessions[INSTANCE_COUNT];
static long clients_left = -1; /* negative: no limit */

static void on_connected(np_op *op, np_error error, size_t transferred);
static void on_read(np_op *op, np_error error, size_t transferred);

static void serve_next(session *s) {
  np_server_disconnect(s->pipe);
  if (clients_left > 0 && --clients_left == 0) {
    for (int i = 0; i < INSTANCE_COUNT; i++) {
      /* The loop ends when every pipe is closed. */
      np_pipe_close(sessions[i].pipe, NULL);
    }
    return;
  }
  np_server_connect(s->pipe, &s->op, on_connected);
}

static void on_written(np_op *op, np_error error, size_t transferred) {
  session *s = op->user;

  (void)transferred;
  if (error != NP_OK) {
    serve_next(s);
    return;
  }
  np_pipe_read(s->pipe, s->buffer, sizeof s->buffer, op, on_read);
}

static void on_read(np_op *op, np_error error, size_t transferred) {
  session *s = op->user;

  if (error == ERROR_OPERATION_ABORTED) {
    return; /* The pipe is being closed. */
  }
  if (error != NP_OK) {
    if (!np_is_eof(error)) {
      fprintf(stderr, "read: %s\n", np_error_text(error));
    }
    serve_next(s);
    return;
  }
  np_pipe_write(s->pipe, s->buffer, transferred, op, on_written);
}

static void on_connected(np_op *op, np_error error, size_t transferred) {
  session *s = op->user;

  (void)transferred;
  if (error == NP_OK) {
    np_pipe_read(s->pipe, s->buffer, sizeof s->buffer, op, on_read);
  } else if (error != ERROR_OPERATION_ABORTED) {
    fprintf(stderr, "connect: %s\n", np_error_text(error));
  }
}

int main(int argc, char **argv) {
  np_loop *loop = NULL;
  np_error error;

  if (argc < 2) {
    fprintf(stderr, "usage: echo_server \\\\.\\pipe\\NAME [CLIENTS]\n");
    return 1;
  }
  if (argc > 2) {
    clients_left = strtol(argv[2], NULL, 10);
  }
  error = np_loop_create(NULL, &loop);
  for (int i = 0; error == NP_OK && i < INSTANCE_COUNT; i++) {
    sessions[i].op.user = &sessions[i];
    error = np_server_create(loop, argv[1], NULL, &sessions[i].pipe);
    if (error == NP_OK) {
      np_server_connect(sessions[i].pipe, &sessions[i].op, on_connected);
    }
  }
  if (error == NP_OK) {
    error = np_loop_run(loop);
  }
  if (error != NP_OK) {
    fprintf(stderr, "echo_server: %s\n", np_error_text(error));
    return 1;
  }
  return np_loop_destroy(loop) == NP_OK ? 0 : 1;
}
