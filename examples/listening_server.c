/* listening_server NAME [CLIENTS]: sends back what each client writes. The
 * server has any number of clients at a time. A listener hands out a connected
 * instance for each client, and gets the instance back when the client has
 * gone. The program ends after CLIENTS clients, or never. */
#include <stdio.h>
#include <stdlib.h>

#include <npipe/npipe.h>

typedef struct session {
  np_op op; /* one operation at a time: read, write, read, ... */
  np_pipe *pipe;
  char buffer[4096];
} session;

static long clients_left = -1; /* negative: no limit */

static void on_read(np_op *op, np_error error, size_t transferred);

static void end_session(session *s) {
  /* Recycling gives the instance to the next client. It disconnects a client
   * that is still connected, and unread data are lost; so end_session runs only
   * after the client has gone. */
  if (np_listener_recycle(s->pipe) != NP_OK) {
    np_pipe_close(s->pipe, NULL); /* The listener is closed. */
  }
  free(s);
}

static void on_written(np_op *op, np_error error, size_t transferred) {
  session *s = op->user;

  (void)transferred;
  if (error != NP_OK) {
    end_session(s);
    return;
  }
  np_pipe_read(s->pipe, s->buffer, sizeof s->buffer, op, on_read);
}

static void on_read(np_op *op, np_error error, size_t transferred) {
  session *s = op->user;

  if (error != NP_OK) {
    if (!np_is_eof(error)) {
      fprintf(stderr, "read: %s\n", np_error_text(error));
    }
    end_session(s);
    return;
  }
  np_pipe_write(s->pipe, s->buffer, transferred, op, on_written);
}

static void on_pipe(np_listener *listener, np_pipe *pipe) {
  session *s = calloc(1, sizeof *s);

  if (s == NULL) {
    np_listener_recycle(pipe); /* Disconnects the client. */
    return;
  }
  s->op.user = s;
  s->pipe = pipe;
  np_pipe_read(pipe, s->buffer, sizeof s->buffer, &s->op, on_read);
  if (clients_left > 0 && --clients_left == 0) {
    /* The sessions continue. The loop ends when the last session has ended. */
    np_listener_close(listener, NULL);
  }
}

static void on_trouble(np_listener *listener, np_error error,
                       uint32_t retry_ms) {
  (void)listener;
  if (error == NP_OK) {
    fprintf(stderr, "listening again\n");
  } else {
    fprintf(stderr, "listen: %s; again in %u ms\n", np_error_text(error),
            (unsigned)retry_ms);
  }
}

int main(int argc, char **argv) {
  np_listener_options options;
  np_listener *listener = NULL;
  np_loop *loop = NULL;
  np_error error;

  if (argc < 2) {
    fprintf(stderr, "usage: listening_server \\\\.\\pipe\\NAME [CLIENTS]\n");
    return 1;
  }
  if (argc > 2) {
    clients_left = strtol(argv[2], NULL, 10);
  }
  /* By default only this user may connect. */
  np_listener_options_init(&options);
  options.on_error = on_trouble;
  error = np_loop_create(NULL, &loop);
  if (error == NP_OK) {
    error = np_listener_create(loop, argv[1], &options, on_pipe, &listener);
  }
  if (error == NP_OK) {
    error = np_loop_run(loop);
  }
  if (error != NP_OK) {
    fprintf(stderr, "listening_server: %s\n", np_error_text(error));
    return 1;
  }
  return np_loop_destroy(loop) == NP_OK ? 0 : 1;
}
