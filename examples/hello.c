#include <stdio.h>
#include <npipe/npipe.h>

static char buffer[4096];

static void on_written(np_op *op, np_error error, size_t transferred) {
  printf("%u bytes: %s\n", (unsigned)transferred, np_error_text(error));
  np_pipe_close(op->user, NULL); /* The peer can still read the data. */
}

static void on_read(np_op *op, np_error error, size_t transferred) {
  (void)error; /* np_is_eof(error): the client has closed. */
  np_pipe_write(op->user, buffer, transferred, op, on_written);
}

static void on_connected(np_op *op, np_error error, size_t transferred) {
  (void)error, (void)transferred;
  np_pipe_read(op->user, buffer, sizeof buffer, op, on_read);
}

int main(void) {
  static np_op op; /* must not move before its callback; starts as zero */
  np_pipe *server;
  np_loop *loop;
  if (np_loop_create(NULL, &loop) != NP_OK ||
      np_server_create(loop, "\\\\.\\pipe\\hello", NULL, &server) != NP_OK) {
    return 1;
  }
  op.user = server;
  np_server_connect(server, &op, on_connected);
  np_loop_run(loop); /* Returns when nothing is pending. */
  return np_loop_destroy(loop) == NP_OK ? 0 : 1;
}
