/* lines [NAME]: a server that receives lines of text, and a client that writes
 * them as plain bytes, in one loop. The client needs no npipe: any program that
 * writes text to the pipe will do. A line may end with a line feed or with
 * carriage return and line feed, and the last line with the end of the
 * stream. */
#include <stdio.h>

#include <npipe/npipe.h>

static const char text[] = "first line\nsecond line\r\n\nthe last, unended";

static np_channel *channel;
static np_op receive;

static void on_line(np_op *op, np_error error, size_t length) {
  if (error == NP_OK) {
    printf("line: %.*s\n", (int)length, (const char *)np_channel_data(channel));
  } else if (error == ERROR_BUFFER_OVERFLOW) {
    printf("a line is too long\n"); /* It is skipped. */
  } else {
    printf("end: %s\n", np_error_text(error));
    np_channel_close(channel, NULL);
    return;
  }
  np_channel_receive(channel, op, on_line);
}

static void on_written(np_op *op, np_error error, size_t transferred) {
  (void)error, (void)transferred;
  np_pipe_close(op->user, NULL); /* The server still reads the lines. */
}

static np_error start(np_loop *loop, const char *name, np_op *write) {
  np_channel_options options;
  np_pipe *server = NULL;
  np_pipe *client = NULL;
  np_error error = np_server_create(loop, name, NULL, &server);

  if (error == NP_OK) {
    error = np_client_open(loop, name, NULL, &client);
  }
  np_channel_options_init(&options);
  options.frame.kind = NP_FRAME_DELIMITER; /* The delimiter is a line feed. */
  options.frame.drop_cr = true;
  options.frame.unended_last = true;
  options.frame.frame_bytes_max = 1000;
  if (error == NP_OK) {
    error = np_channel_create(server, &options, &channel);
  }
  if (error == NP_OK) {
    error = np_channel_receive(channel, &receive, on_line);
  }
  if (error == NP_OK) {
    write->user = client;
    error = np_pipe_write(client, text, sizeof text - 1, write, on_written);
  }
  return error;
}

int main(int argc, char **argv) {
  static np_op write;
  np_loop *loop;
  np_error error = np_loop_create(NULL, &loop);

  if (error == NP_OK) {
    error =
        start(loop, argc > 1 ? argv[1] : "\\\\.\\pipe\\npipe-lines", &write);
  }
  if (error == NP_OK) {
    error = np_loop_run(loop);
  }
  if (error != NP_OK) {
    fprintf(stderr, "lines: %s\n", np_error_text(error));
    return 1;
  }
  return np_loop_destroy(loop) == NP_OK ? 0 : 1;
}
