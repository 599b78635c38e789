/* channel [NAME]: a server that answers questions, and a client that asks them,
 * in one loop. Each question and each answer is a whole message. The client
 * starts all calls at once, and the channel runs them one after the other. On a
 * message pipe the client ends its direction with a half-close, and the server
 * then closes. */
#include <stdio.h>
#include <string.h>

#include <npipe/npipe.h>

#define QUESTION_COUNT    5
#define ANSWER_TIMEOUT_MS 5000

typedef struct answering {
  np_channel *channel;
  np_op receive;
  np_op send;
  char text[256];
} answering;

typedef struct asking {
  np_channel *channel;
  np_call calls[QUESTION_COUNT];
  char texts[QUESTION_COUNT][16];
  unsigned answered;
  np_op goodbye;
  np_error error;
} asking;

static answering server;
static asking client;

/* --- The server --------------------------------------------------------- */

static void on_question(np_op *op, np_error error, size_t length);

static void on_answered(np_op *op, np_error error, size_t transferred) {
  answering *s = op->user;

  (void)transferred;
  if (error == NP_OK) {
    error = np_channel_receive(s->channel, &s->receive, on_question);
  }
  if (error != NP_OK) {
    fprintf(stderr, "server: %s\n", np_error_text(error));
    np_channel_close(s->channel, NULL);
  }
}

static void on_question(np_op *op, np_error error, size_t length) {
  answering *s = op->user;
  int answer_length;

  if (error != NP_OK) {
    if (!np_is_eof(error)) {
      /* ERROR_HANDLE_EOF is different: the pipe ended in the middle of a
       * message. */
      fprintf(stderr, "server: %s\n", np_error_text(error));
    }
    np_channel_close(s->channel, NULL);
    return;
  }
  answer_length = snprintf(s->text, sizeof s->text, "%.*s? Yes.",
                           length < 100 ? (int)length : 100,
                           (const char *)np_channel_data(s->channel));
  error = np_channel_send(s->channel, s->text, (size_t)answer_length, &s->send,
                          on_answered);
  if (error != NP_OK) {
    np_channel_close(s->channel, NULL);
  }
}

/* --- The client --------------------------------------------------------- */

static void on_said_goodbye(np_op *op, np_error error, size_t transferred) {
  (void)op, (void)transferred;
  client.error = client.error != NP_OK ? client.error : error;
  np_channel_close(client.channel, NULL);
}

static void on_answer(np_op *op, np_error error, size_t length) {
  (void)op;
  if (error == NP_OK) {
    printf("%.*s\n", (int)length,
           (const char *)np_channel_data(client.channel));
  } else {
    client.error = error;
  }
  if (++client.answered == QUESTION_COUNT) {
    np_channel_shutdown(client.channel, &client.goodbye, on_said_goodbye);
  }
}

static np_error ask(void) {
  np_error error = NP_OK;

  for (unsigned i = 0; i < QUESTION_COUNT && error == NP_OK; i++) {
    int length =
        snprintf(client.texts[i], sizeof client.texts[i], "question %u", i + 1);

    client.calls[i].op.timeout_ms = ANSWER_TIMEOUT_MS;
    error = np_channel_call(client.channel, client.texts[i], (size_t)length,
                            &client.calls[i], on_answer);
  }
  return error;
}

/* --- Both --------------------------------------------------------------- */

static np_error open_channels(np_loop *loop, const char *name, np_mode mode) {
  np_server_options server_options;
  np_client_options client_options;
  np_channel_options channel_options;
  np_pipe *server_pipe = NULL;
  np_pipe *client_pipe = NULL;
  np_error error;

  np_server_options_init(&server_options);
  server_options.mode = mode;
  server_options.read_mode = mode;
  np_client_options_init(&client_options);
  client_options.read_mode = mode;
  np_channel_options_init(&channel_options);
  channel_options.half_close = mode == NP_MESSAGE;
  error = np_server_create(loop, name, &server_options, &server_pipe);
  if (error == NP_OK) {
    /* The client can open the pipe at once: a new server instance already
     * listens. This open also connects the server. */
    error = np_client_open(loop, name, &client_options, &client_pipe);
  }
  if (error == NP_OK) {
    error = np_channel_create(server_pipe, &channel_options, &server.channel);
  }
  if (error == NP_OK) {
    error = np_channel_create(client_pipe, &channel_options, &client.channel);
  }
  return error;
}

static np_error talk(np_loop *loop, const char *name, np_mode mode) {
  np_error error;

  memset(&server, 0, sizeof server);
  memset(&client, 0, sizeof client);
  server.receive.user = &server;
  server.send.user = &server;
  error = open_channels(loop, name, mode);
  if (error == NP_OK) {
    error = np_channel_receive(server.channel, &server.receive, on_question);
  }
  if (error == NP_OK) {
    error = ask();
  }
  if (error == NP_OK) {
    error = np_loop_run(loop); /* Returns when both channels are closed. */
  }
  return error != NP_OK ? error : client.error;
}

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "\\\\.\\pipe\\npipe-channel";
  np_loop *loop = NULL;
  np_error error = np_loop_create(NULL, &loop);

  if (error == NP_OK) {
    printf("over bytes:\n");
    error = talk(loop, name, NP_BYTE);
  }
  if (error == NP_OK) {
    printf("over messages:\n");
    error = talk(loop, name, NP_MESSAGE);
  }
  if (error != NP_OK) {
    fprintf(stderr, "channel: %s\n", np_error_text(error));
    return 1;
  }
  return np_loop_destroy(loop) == NP_OK ? 0 : 1;
}
