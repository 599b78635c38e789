/* echo_client NAME TEXT: writes TEXT to an echo server and prints the answer.
 */
#include <stdio.h>
#include <string.h>

#include <npipe/npipe.h>

#define ANSWER_TIMEOUT_MS 5000

typedef struct exchange {
  np_pipe *pipe;
  np_op write;
  np_op read;
  char answer[65536];
  size_t received;
  size_t wanted;
  np_error error;
} exchange;

static void finish(exchange *x, np_error error) {
  x->error = error;
  np_pipe_close(x->pipe, NULL);
}

static void on_read(np_op *op, np_error error, size_t transferred) {
  exchange *x = op->user;

  x->received += transferred;
  if (error == NP_OK && x->received < x->wanted) {
    error = np_pipe_read(x->pipe, x->answer + x->received,
                         sizeof x->answer - x->received, op, on_read);
    if (error == NP_OK) {
      return;
    }
  }
  finish(x, error);
}

static void on_written(np_op *op, np_error error, size_t transferred) {
  (void)transferred;
  if (error != NP_OK) {
    finish(op->user, error);
  }
}

int main(int argc, char **argv) {
  static exchange x;
  np_loop *loop = NULL;
  np_error error;

  if (argc < 3 || strlen(argv[2]) > sizeof x.answer) {
    fprintf(stderr, "usage: echo_client \\\\.\\pipe\\NAME TEXT\n");
    return 1;
  }
  x.wanted = strlen(argv[2]);
  x.write.user = &x;
  x.read.user = &x;
  x.read.timeout_ms = ANSWER_TIMEOUT_MS;
  error = np_loop_create(NULL, &loop);
  if (error == NP_OK) {
    error = np_client_open(loop, argv[1], NULL, &x.pipe);
  }
  if (error == NP_OK) {
    np_pipe_read(x.pipe, x.answer, sizeof x.answer, &x.read, on_read);
    np_pipe_write(x.pipe, argv[2], x.wanted, &x.write, on_written);
    error = np_loop_run(loop); /* Returns when no operation is pending. */
  }
  if (error == NP_OK) {
    error = x.error;
  }
  if (error != NP_OK) {
    fprintf(stderr, "echo_client: %s\n", np_error_text(error));
    return 1;
  }
  printf("%.*s\n", (int)x.received, x.answer);
  return np_loop_destroy(loop) == NP_OK ? 0 : 1;
}
