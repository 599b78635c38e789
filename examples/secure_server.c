/* secure_server NAME: serves one client of its own user and prints who the
 * client is.
 *
 * secure_server NAME TEXT [PROCESS]: the client. It writes TEXT only if the
 * server runs as the client's own user and, if PROCESS is given, only if the
 * server is that process. Then it prints the answer. Exit code 2: another user
 * or process serves the name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <npipe/npipe.h>

#define TIMEOUT_MS 10000

typedef struct end {
  np_pipe *pipe;
  np_op read;
  np_op write;
  char buffer[1024];
} end;

static np_error result;

static void finish(end *e, np_error error) {
  result = error;
  np_pipe_close(e->pipe, NULL); /* The loop ends when the pipe is closed. */
}

/* --- The server ---------------------------------------------------------- */

/* print_peer prints who the client is, which Windows proves, and the client's
 * process id, which is only a hint. */
static np_error print_peer(np_pipe *pipe) {
  np_peer peer = {.size = sizeof peer};
  uint32_t process_id = 0;
  np_error error = np_pipe_peer(pipe, &peer);

  if (error == NP_OK) {
    error = np_pipe_peer_process_id(pipe, &process_id);
  }
  if (error == NP_OK) {
    printf("client: user %s, integrity 0x%x%s, session %u, process %u\n",
           peer.user, (unsigned)peer.integrity,
           peer.is_elevated ? " (elevated)" : "", (unsigned)peer.session_id,
           (unsigned)process_id);
  }
  return error;
}

static void on_answered(np_op *op, np_error error, size_t transferred) {
  (void)transferred;
  finish(op->user, error);
}

static void on_connected(np_op *op, np_error error, size_t transferred);

/* on_request runs after the first read, because only a read tells the server
 * which user wrote. */
static void on_request(np_op *op, np_error error, size_t transferred) {
  end *e = op->user;

  if (np_is_eof(error)) {
    /* The client closed without a request: it only looked, or it expects
     * another process. */
    e->read.timeout_ms = 0;
    error = np_server_disconnect(e->pipe);
    if (error == NP_OK) {
      error = np_server_connect(e->pipe, &e->read, on_connected);
    }
    if (error != NP_OK) {
      finish(e, error);
    }
    return;
  }
  if (error == NP_OK) {
    error = print_peer(e->pipe);
  }
  if (error == NP_OK) {
    error =
        np_pipe_write(e->pipe, e->buffer, transferred, &e->write, on_answered);
  }
  if (error != NP_OK) {
    finish(e, error);
  }
}

static void on_connected(np_op *op, np_error error, size_t transferred) {
  end *e = op->user;

  (void)transferred;
  if (error == NP_OK) {
    e->read.timeout_ms = TIMEOUT_MS;
    error = np_pipe_read(e->pipe, e->buffer, sizeof e->buffer, &e->read,
                         on_request);
  }
  if (error != NP_OK) {
    finish(e, error);
  }
}

static np_error serve(np_loop *loop, const char *name, end *e) {
  np_server_options options;
  np_error error;

  np_server_options_init(&options);
  /* By default only this user may open the pipe. `first_instance` makes the
   * create fail if another process has already created the name. */
  options.first_instance = true;
  error = np_server_create(loop, name, &options, &e->pipe);
  if (error == NP_OK) {
    error = np_server_connect(e->pipe, &e->read, on_connected);
  }
  return error;
}

/* --- The client ---------------------------------------------------------- */

static void on_answer(np_op *op, np_error error, size_t transferred) {
  end *e = op->user;

  if (error == NP_OK) {
    printf("%.*s\n", (int)transferred, e->buffer);
  }
  finish(e, error);
}

static void on_sent(np_op *op, np_error error, size_t transferred) {
  (void)transferred;
  if (error != NP_OK) {
    finish(op->user, error);
  }
}

static np_error ask(np_loop *loop, const char *name, const char *text,
                    uint32_t process_id, end *e) {
  np_client_options options;
  np_error error;

  np_client_options_init(&options);
  options.verify_same_user = true;
  options.verify_process_id = process_id; /* 0: any process */
  error = np_client_open(loop, name, &options, &e->pipe);
  if (error != NP_OK) {
    return error; /* ERROR_WRONG_TARGET_NAME: nothing was written. */
  }
  e->read.timeout_ms = TIMEOUT_MS;
  error =
      np_pipe_read(e->pipe, e->buffer, sizeof e->buffer, &e->read, on_answer);
  if (error == NP_OK) {
    error = np_pipe_write(e->pipe, text, strlen(text), &e->write, on_sent);
  }
  return error;
}

int main(int argc, char **argv) {
  static end e;
  np_loop *loop = NULL;
  np_error error;

  if (argc < 2) {
    fprintf(stderr,
            "usage: secure_server \\\\.\\pipe\\NAME [TEXT [PROCESS]]\n");
    return 1;
  }
  e.read.user = &e;
  e.write.user = &e;
  error = np_loop_create(NULL, &loop);
  if (error == NP_OK) {
    error = argc == 2
                ? serve(loop, argv[1], &e)
                : ask(loop, argv[1], argv[2],
                      argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0, &e);
  }
  if (error == NP_OK) {
    error = np_loop_run(loop);
  }
  if (error == NP_OK) {
    error = result;
  }
  if (error != NP_OK) {
    fprintf(stderr, "secure_server: %s\n", np_error_text(error));
    return error == ERROR_WRONG_TARGET_NAME ? 2 : 1;
  }
  return np_loop_destroy(loop) == NP_OK ? 0 : 1;
}
