/* ask: a client that blocks asks a server on another thread two questions, the
 * second of which the server does not answer. */
#include <stdio.h>
#include <string.h>

#include <npipe/npipe.h>

#define NAME "\\\\.\\pipe\\npipe-ask"

/* --- The server: a loop and a channel ------------------------------------ */

typedef struct server {
  np_pipe *pipe;
  np_channel *channel;
  np_op receive, send;
  char answer[128];
} server;

static void on_sent(np_op *op, np_error error, size_t length) {
  (void)op, (void)error, (void)length;
}

static void on_question(np_op *op, np_error error, size_t length) {
  server *s = op->user;

  if (error != NP_OK) {
    np_channel_close(s->channel, NULL);
    return;
  }
  if (length < sizeof "the meaning of life?") {
    snprintf(s->answer, sizeof s->answer, "%.*s Yes.", (int)length,
             (const char *)np_channel_data(s->channel));
    np_channel_send(s->channel, s->answer, strlen(s->answer), &s->send,
                    on_sent);
  }
  np_channel_receive(s->channel, op, on_question);
}

static void on_connected(np_op *op, np_error error, size_t transferred) {
  server *s = op->user;
  (void)transferred;

  if (error != NP_OK ||
      np_channel_create(s->pipe, NULL, &s->channel) != NP_OK) {
    np_pipe_close(s->pipe, NULL);
    return;
  }
  np_channel_receive(s->channel, op, on_question);
}

static DWORD WINAPI serve(void *unused) {
  server s = {0};
  np_loop *loop;
  (void)unused;

  if (np_loop_create(NULL, &loop) != NP_OK) {
    return 1;
  }
  s.receive.user = &s;
  if (np_server_create(loop, NAME, NULL, &s.pipe) == NP_OK) {
    np_server_connect(s.pipe, &s.receive, on_connected);
    np_loop_run(loop);
  }
  np_loop_destroy(loop);
  return 0;
}

/* --- The client: three calls, no loop ------------------------------------ */

static np_error ask(np_sync *sync, const char *question, uint32_t limit_ms) {
  char answer[128];
  size_t length;
  const np_error error = np_sync_call(sync, question, strlen(question), answer,
                                      sizeof answer, limit_ms, &length);

  if (error == NP_OK) {
    printf("answer: %.*s\n", (int)length, answer);
  } else {
    printf("no answer: %s\n", np_error_text(error));
  }
  return error;
}

static int client(void) {
  np_sync_options options;
  np_sync *sync;

  np_sync_options_init(&options);
  options.client.wait_for_server = true;
  if (np_sync_open(NAME, &options, 5000, &sync) != NP_OK) {
    return 1;
  }
  ask(sync, "Is it late?", 5000);
  ask(sync, "What is the meaning of life?", 200);
  /* A late answer could be taken for the answer to another question. */
  ask(sync, "Is it late?", 5000);
  np_sync_close(sync);
  return 0;
}

int main(void) {
  HANDLE thread = CreateThread(NULL, 0, serve, NULL, 0, NULL);
  int result;

  if (thread == NULL) {
    return 1;
  }
  result = client();
  WaitForSingleObject(thread, 10000);
  CloseHandle(thread);
  return result;
}
