/* waiting_client NAME TEXT [SECONDS]: waits for an echo server, either until
 * one of its instances is free or until the server starts. Then the client
 * writes TEXT and prints the answer. Exit code 2: no instance became free in
 * time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <npipe/npipe.h>

#define WAIT_SECONDS      10
#define WAIT_SECONDS_MAX  86400
#define ANSWER_TIMEOUT_MS 5000

typedef struct client {
  np_client_request request; /* stays in place until on_connected */
  np_pipe *pipe;
  const char *text;
  np_op write;
  np_op read;
  char answer[1024];
  size_t received;
  np_error error;
} client;

static void finish(client *c, np_error error) {
  c->error = error;
  np_pipe_close(c->pipe, NULL);
}

static void on_read(np_op *op, np_error error, size_t transferred) {
  client *c = op->user;

  c->received += transferred;
  if (error == NP_OK && c->received < strlen(c->text)) {
    error = np_pipe_read(c->pipe, c->answer + c->received,
                         sizeof c->answer - c->received, op, on_read);
    if (error == NP_OK) {
      return;
    }
  }
  finish(c, error);
}

static void on_written(np_op *op, np_error error, size_t transferred) {
  (void)transferred;
  if (error != NP_OK) {
    finish(op->user, error);
  }
}

static void on_connected(np_client_request *request, np_error error,
                         np_pipe *pipe) {
  client *c = request->user;

  c->error = error;
  if (error != NP_OK) {
    return; /* No pipe was opened and nothing is pending, so the loop ends. */
  }
  c->pipe = pipe;
  c->read.user = c;
  c->read.timeout_ms = ANSWER_TIMEOUT_MS;
  c->write.user = c;
  np_pipe_read(pipe, c->answer, sizeof c->answer, &c->read, on_read);
  np_pipe_write(pipe, c->text, strlen(c->text), &c->write, on_written);
}

int main(int argc, char **argv) {
  static client c; /* zero */
  np_client_options options;
  np_loop *loop = NULL;
  unsigned long seconds = argc > 3 ? strtoul(argv[3], NULL, 10) : WAIT_SECONDS;
  np_error error;

  if (argc < 3 || strlen(argv[2]) > sizeof c.answer || seconds < 1 ||
      seconds > WAIT_SECONDS_MAX) {
    fprintf(stderr, "usage: waiting_client \\\\.\\pipe\\NAME TEXT [SECONDS]\n");
    return 1;
  }
  np_client_options_init(&options);
  options.wait_for_server = true;
  c.request.user = &c;
  c.text = argv[2];
  error = np_loop_create(NULL, &loop);
  if (error == NP_OK) {
    error = np_client_connect(loop, &c.request, argv[1], &options,
                              (uint32_t)seconds * 1000, on_connected);
  }
  if (error == NP_OK) {
    error = np_loop_run(loop); /* Sleeps until the connect has ended. */
  }
  if (error == NP_OK) {
    error = c.error;
  }
  if (error != NP_OK) {
    fprintf(stderr, "waiting_client: %s\n", np_error_text(error));
    return error == WAIT_TIMEOUT ? 2 : 1;
  }
  printf("%.*s\n", (int)c.received, c.answer);
  return np_loop_destroy(loop) == NP_OK ? 0 : 1;
}
