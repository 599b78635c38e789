/* copy: copies its standard input to its standard output on a loop. Both are
 * synchronous handles, whatever they are: files, pipes or a console. */
#include <stdio.h>

#include <npipe/npipe.h>

static np_pipe *in, *out;
static np_op op;
static char buffer[4096];

static void on_read(np_op *read, np_error error, size_t length);

static void on_written(np_op *write, np_error error, size_t length) {
  (void)length;
  if (error != NP_OK ||
      np_pipe_read(in, buffer, sizeof buffer, write, on_read) != NP_OK) {
    np_pipe_close(in, NULL);
    np_pipe_close(out, NULL);
  }
}

static void on_read(np_op *read, np_error error, size_t length) {
  if (error == NP_OK) {
    error = np_pipe_write(out, buffer, length, read, on_written);
  }
  if (error != NP_OK) { /* ERROR_BROKEN_PIPE: the input has ended. */
    const np_error cause = np_pipe_relay_error(in);

    if (np_is_eof(error) && cause != NP_OK) {
      fprintf(stderr, "copy: %s\n", np_error_text(cause));
    }
    np_pipe_close(in, NULL);
    np_pipe_close(out, NULL); /* What was written still comes out. */
  }
}

int main(void) {
  np_relay_options options;
  np_loop *loop;

  np_relay_options_init(&options);
  options.write = true;
  if (np_loop_create(NULL, &loop) != NP_OK ||
      np_pipe_relay(loop, GetStdHandle(STD_INPUT_HANDLE), NULL, &in) != NP_OK ||
      np_pipe_relay(loop, GetStdHandle(STD_OUTPUT_HANDLE), &options, &out) !=
          NP_OK) {
    return 1;
  }
  np_pipe_read(in, buffer, sizeof buffer, &op, on_read);
  np_loop_run(loop); /* It returns when both threads have ended. */
  return np_loop_destroy(loop) == NP_OK ? 0 : 1;
}
