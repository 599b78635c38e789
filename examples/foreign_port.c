/* foreign_port: a program with its own completion port and its own loop, in
 * which npipe uses that port. Exit code 0: a message went through the pipe, and
 * the program's own packets were handled as well. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <npipe/npipe.h>

#define KEY_OWN   ((ULONG_PTR)1)
#define KEY_NPIPE ((ULONG_PTR)2)
#define ENTRIES   16
#define OWN_COUNT 10

static np_pipe *server;
static np_pipe *client;
static np_op server_op; /* first the connect, then the read */
static np_op client_op;
static char buffer[64];
static bool received;

static void on_read(np_op *op, np_error error, size_t transferred) {
  (void)op;
  received =
      error == NP_OK && transferred == 5 && memcmp(buffer, "hello", 5) == 0;
  np_pipe_close(server, NULL);
  np_pipe_close(client, NULL);
}

static void on_connected(np_op *op, np_error error, size_t transferred) {
  (void)transferred;
  if (error == NP_OK) {
    np_pipe_read(server, buffer, sizeof buffer, op, on_read);
  }
}

static void on_written(np_op *op, np_error error, size_t transferred) {
  (void)op;
  (void)transferred;
  if (error != NP_OK) {
    fprintf(stderr, "write: %s\n", np_error_text(error));
  }
}

/* begin opens both ends of one pipe, because this example has no second
 * program. */
static np_error begin(np_loop *loop) {
  char name[64];
  np_error error;

  snprintf(name, sizeof name, "\\\\.\\pipe\\npipe-foreign-port-%lu",
           (unsigned long)GetCurrentProcessId());
  error = np_server_create(loop, name, NULL, &server);
  if (error == NP_OK) {
    error = np_client_open(loop, name, NULL, &client);
  }
  if (error == NP_OK) {
    error = np_server_connect(server, &server_op, on_connected);
  }
  if (error == NP_OK) {
    error = np_pipe_write(client, "hello", 5, &client_op, on_written);
  }
  return error;
}

int main(void) {
  OVERLAPPED_ENTRY entries[ENTRIES];
  np_loop_options options;
  np_loop *loop = NULL;
  int own_count = 0;
  np_error error;

  np_loop_options_init(&options);
  options.port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  options.completion_key = KEY_NPIPE; /* tells npipe's packets from others */
  if (options.port == NULL) {
    return 1;
  }
  error = np_loop_create(&options, &loop);
  if (error == NP_OK) {
    error = begin(loop);
  }
  if (error != NP_OK) {
    fprintf(stderr, "foreign_port: %s\n", np_error_text(error));
    return 1;
  }
  PostQueuedCompletionStatus(options.port, 0, KEY_OWN, NULL);
  /* Runs the operations that begin() has started. */
  np_loop_dispatch(loop, NULL, 0);
  while (np_loop_is_pending(loop) || own_count < OWN_COUNT) {
    ULONG count = 0;

    if (!GetQueuedCompletionStatusEx(options.port, entries, ENTRIES, &count,
                                     np_loop_wait_ms(loop), FALSE)) {
      count = 0; /* A time-out: a timer of the loop is due. */
    }
    for (ULONG i = 0; i < count; i++) {
      if (entries[i].lpCompletionKey == KEY_OWN && ++own_count < OWN_COUNT) {
        PostQueuedCompletionStatus(options.port, 0, KEY_OWN, NULL);
      }
    }
    /* np_loop_dispatch skips packets with another key. */
    np_loop_dispatch(loop, entries, count);
  }
  error = np_loop_destroy(loop);
  CloseHandle(options.port);
  printf("foreign_port: %s, %d packets of its own\n",
         received ? "hello" : "nothing", own_count);
  return error == NP_OK && received ? 0 : 1;
}
