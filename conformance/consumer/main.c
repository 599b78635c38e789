/* A program outside npipe's own tree. It sends one message through a pipe and
 * uses only the installed files. It is built in each way to link npipe (see
 * CMakeLists.txt and ci/consumer). Exit code 0: the message came through. */
#include <npipe/npipe.h>

#include <stdio.h>
#include <string.h>

static const char message[] = "from an installed npipe";

struct consumer {
  char buffer[64];
  size_t length;
  np_error error;
};

static void on_end(np_op *op, np_error error, size_t transferred) {
  struct consumer *consumer = (struct consumer *)op->user; /* C++ casts. */

  if (error != NP_OK) {
    consumer->error = error;
  }
  consumer->length = transferred;
}

static np_error talk(np_loop *loop, struct consumer *consumer) {
  char name[64];
  np_pipe *server = NULL;
  np_pipe *client = NULL;
  np_op connect;
  np_op write;
  np_op read;
  np_error error;

  np_op_init(&connect);
  np_op_init(&write);
  np_op_init(&read);
  connect.user = write.user = read.user = consumer;
  snprintf(name, sizeof(name), "\\\\.\\pipe\\npipe-consumer-%lu",
           (unsigned long)GetCurrentProcessId());

  error = np_server_create(loop, name, NULL, &server);
  if (error == NP_OK) {
    error = np_server_connect(server, &connect, on_end);
  }
  if (error == NP_OK) {
    error = np_client_open(loop, name, NULL, &client);
  }
  if (error == NP_OK) {
    error = np_loop_run(loop);
  }
  if (error == NP_OK) {
    error = np_pipe_write(client, message, sizeof(message), &write, on_end);
  }
  if (error == NP_OK) {
    error = np_pipe_read(server, consumer->buffer, sizeof(consumer->buffer),
                         &read, on_end);
  }
  if (error == NP_OK) {
    error = np_loop_run(loop);
  }
  if (client != NULL) {
    np_pipe_close(client, NULL);
  }
  if (server != NULL) {
    np_pipe_close(server, NULL);
  }
  return error == NP_OK ? np_loop_run(loop) : error;
}

int main(void) {
  struct consumer consumer = {{0}, 0, NP_OK};
  np_loop *loop = NULL;
  np_error error = np_loop_create(NULL, &loop);

  if (error == NP_OK) {
    error = talk(loop, &consumer);
  }
  if (error == NP_OK) {
    error = np_loop_destroy(loop);
  }
  if (error == NP_OK) {
    error = consumer.error;
  }
  if (error != NP_OK) {
    fprintf(stderr, "consumer: %s\n", np_error_name(error));
    return 1;
  }
  if (strcmp(consumer.buffer, message) != 0) {
    fprintf(stderr, "consumer: got \"%s\"\n", consumer.buffer);
    return 1;
  }
  printf("npipe %s: %s\n", np_version(), consumer.buffer);
  return 0;
}
