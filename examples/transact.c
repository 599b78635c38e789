/* transact [NAME]: a question and its answer in one call. Both ends are in one
 * loop. The client changes its end to message reads and calls np_pipe_transact.
 * The server looks at the size of the waiting message, and then reads the
 * message into a buffer of exactly this size. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <npipe/npipe.h>

#define REPLY_TIMEOUT_MS 5000

typedef struct talk {
  np_pipe *server;
  np_pipe *client;
  np_op look; /* a read of 0 bytes: ends when data have come */
  np_op read;
  np_op write;
  np_op transact;
  char *question;
  char reply[64];
  size_t reply_length;
  np_error error;
} talk;

static const char question[] = "how long is this?";

static void finish(talk *t, np_error error) {
  if (t->error == NP_OK) {
    t->error = error;
  }
  np_pipe_close(t->server, NULL); /* Closing a pipe twice is fine. */
  np_pipe_close(t->client, NULL);
}

/* --- The server --------------------------------------------------------- */

static void on_written(np_op *op, np_error error, size_t transferred) {
  (void)transferred;
  if (error != NP_OK) {
    finish(op->user, error);
  }
}

static void on_read(np_op *op, np_error error, size_t transferred) {
  static char answer[32];
  talk *t = op->user;

  if (error == NP_OK) {
    printf("server: %.*s\n", (int)transferred, t->question);
    snprintf(answer, sizeof answer, "%u bytes", (unsigned)transferred);
    error =
        np_pipe_write(t->server, answer, strlen(answer), &t->write, on_written);
  }
  free(t->question);
  t->question = NULL;
  if (error != NP_OK) {
    finish(t, error);
  }
}

static void on_something(np_op *op, np_error error, size_t transferred) {
  np_peek peek = {sizeof peek, 0, 0, 0};
  talk *t = op->user;

  (void)transferred;
  if (error == NP_OK || error == ERROR_MORE_DATA) {
    error = np_pipe_peek(t->server, NULL, 0, &peek);
  }
  if (error == NP_OK) {
    t->question = malloc(peek.left > 0 ? peek.left : 1);
    error = t->question == NULL ? ERROR_NOT_ENOUGH_MEMORY
                                : np_pipe_read(t->server, t->question,
                                               peek.left, &t->read, on_read);
  }
  if (error != NP_OK) {
    free(t->question);
    t->question = NULL;
    finish(t, error);
  }
}

/* --- The client --------------------------------------------------------- */

static void on_reply(np_op *op, np_error error, size_t transferred) {
  talk *t = op->user;

  t->reply_length = transferred;
  finish(t, error);
}

static np_error begin(np_loop *loop, const char *name, talk *t) {
  np_server_options options;
  np_error error;

  np_server_options_init(&options);
  options.mode = NP_MESSAGE;
  options.read_mode = NP_MESSAGE;
  error = np_server_create(loop, name, &options, &t->server);
  if (error != NP_OK) {
    return error;
  }
  error = np_client_open(loop, name, NULL, &t->client);
  if (error == NP_OK) {
    error = np_pipe_set_read_mode(t->client, NP_MESSAGE);
  }
  if (error == NP_OK) {
    error = np_pipe_read(t->server, NULL, 0, &t->look, on_something);
  }
  if (error == NP_OK) {
    error = np_pipe_transact(t->client, question, strlen(question), t->reply,
                             sizeof t->reply, &t->transact, on_reply);
  }
  if (error != NP_OK) {
    finish(t, error);
  }
  return error;
}

int main(int argc, char **argv) {
  static talk t;
  np_loop *loop = NULL;
  np_error error;

  t.look.user = &t;
  t.read.user = &t;
  t.write.user = &t;
  t.transact.user = &t;
  t.transact.timeout_ms = REPLY_TIMEOUT_MS;
  error = np_loop_create(NULL, &loop);
  if (error == NP_OK) {
    error = begin(loop, argc > 1 ? argv[1] : "\\\\.\\pipe\\npipe-transact", &t);
    np_loop_run(loop);
  }
  if (error == NP_OK) {
    error = t.error;
  }
  if (error != NP_OK) {
    fprintf(stderr, "transact: %s\n", np_error_text(error));
    return 1;
  }
  printf("client: %.*s\n", (int)t.reply_length, t.reply);
  return np_loop_destroy(loop) == NP_OK ? 0 : 1;
}
