/* subject-npipe in the kind `drive`: each line is a call of npipe, and each
 * result a line. A thread reads the lines and posts them to the loop. */
#include "drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

enum { LINE_MAX_BYTES = 1024, READ_MAX = 65536 };

typedef struct line {
  np_task task;
  char text[LINE_MAX_BYTES];
} line;

static np_loop *loop;
static np_pipe *pipe_end; /* NULL: none */
static const char *pipe_name;
static np_mode pipe_mode;
static uint32_t limit_ms;
static np_op listening;
static np_op reading;
static np_op writing;
static np_client_request opening;
static char read_buffer[READ_MAX];
static char *write_buffer;

static const char *word_of(np_error error) {
  static char other[32];

  switch (error) {
    case NP_OK:
      return "ok";
    case ERROR_MORE_DATA:
      return "more";
    case ERROR_OPERATION_ABORTED:
      return "cancelled";
    case WAIT_TIMEOUT:
      return "timeout";
    case ERROR_NO_DATA: /* of a write */
    case ERROR_BROKEN_PIPE:
    case ERROR_PIPE_NOT_CONNECTED:
      return "end";
    default:
      snprintf(other, sizeof other, "error %lu", (unsigned long)error);
      return other;
  }
}

static void say(const char *name, np_error error) {
  printf("%s %s\n", name, word_of(error));
  fflush(stdout);
}

static void on_connected(np_op *op, np_error error, size_t transferred) {
  (void)op, (void)transferred;
  say("connected", error);
}

static void on_opened(np_client_request *request, np_error error,
                      np_pipe *pipe) {
  (void)request;
  pipe_end = pipe;
  say("opened", error);
}

static void on_read(np_op *op, np_error error, size_t transferred) {
  (void)op;
  if (error != NP_OK && error != ERROR_MORE_DATA) {
    say("read", error);
    return;
  }
  printf("read %s ", word_of(error));
  for (size_t i = 0; i < transferred; i++) {
    printf("%02x", (unsigned char)read_buffer[i]);
  }
  putchar('\n');
  fflush(stdout);
}

static void on_written(np_op *op, np_error error, size_t transferred) {
  (void)op;
  free(write_buffer);
  write_buffer = NULL;
  if (error != NP_OK) {
    say("wrote", error);
    return;
  }
  printf("wrote ok %u\n", (unsigned)transferred);
  fflush(stdout);
}

static void on_closed(np_pipe *pipe) {
  (void)pipe;
  say("closed", NP_OK);
}

static np_error create(void) {
  np_server_options options;

  np_server_options_init(&options);
  options.mode = pipe_mode;
  options.read_mode = pipe_mode;
  return np_server_create(loop, pipe_name, &options, &pipe_end);
}

static void do_listen(void) {
  np_error error = pipe_end == NULL ? create() : NP_OK;

  listening.timeout_ms = limit_ms;
  if (error == NP_OK) {
    error = np_server_connect(pipe_end, &listening, on_connected);
  }
  if (error != NP_OK) {
    say("connected", error);
  }
}

static void do_open(void) {
  np_client_options options;
  np_error error;

  np_client_options_init(&options);
  options.read_mode = pipe_mode;
  error = np_client_connect(loop, &opening, pipe_name, &options, limit_ms,
                            on_opened);
  if (error != NP_OK) {
    say("opened", error);
  }
}

static void do_read(size_t length) {
  np_error error;

  reading.timeout_ms = limit_ms;
  error =
      np_pipe_read(pipe_end, read_buffer, length < READ_MAX ? length : READ_MAX,
                   &reading, on_read);
  if (error != NP_OK) {
    say("read", error);
  }
}

static void do_write(char *bytes, size_t length) {
  np_error error;

  write_buffer = bytes;
  writing.timeout_ms = limit_ms;
  error = np_pipe_write(pipe_end, bytes, length, &writing, on_written);
  if (error != NP_OK) {
    say("wrote", error);
  }
}

static void write_hex(const char *hex) {
  size_t length = strlen(hex) / 2;
  char *bytes = malloc(length + 1);

  for (size_t i = 0; bytes != NULL && i < length; i++) {
    char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

    bytes[i] = (char)strtoul(digits, NULL, 16);
  }
  do_write(bytes, length);
}

static void write_many(size_t length) {
  char *bytes = malloc(length + 1);

  for (size_t i = 0; bytes != NULL && i < length; i++) {
    bytes[i] = (char)(i % 251);
  }
  do_write(bytes, length);
}

static void do_cancel(const char *what) {
  if (strcmp(what, "open") == 0) {
    np_client_connect_cancel(&opening);
  } else {
    np_op_cancel(strcmp(what, "read") == 0    ? &reading
                 : strcmp(what, "write") == 0 ? &writing
                                              : &listening);
  }
}

static void do_close(void) {
  np_pipe_close(pipe_end, on_closed);
  pipe_end = NULL;
}

static void on_line(np_task *task) {
  line *l = (line *)(void *)task;
  char *argument = strchr(l->text, ' ');

  if (argument != NULL) {
    *argument++ = '\0';
  } else {
    argument = l->text + strlen(l->text);
  }
  if (strcmp(l->text, "limit") == 0) {
    limit_ms = strtoul(argument, NULL, 10);
  } else if (strcmp(l->text, "create") == 0) {
    say("created", create());
  } else if (strcmp(l->text, "listen") == 0) {
    do_listen();
  } else if (strcmp(l->text, "open") == 0) {
    do_open();
  } else if (strcmp(l->text, "read") == 0) {
    do_read(strtoul(argument, NULL, 10));
  } else if (strcmp(l->text, "write") == 0) {
    write_hex(argument);
  } else if (strcmp(l->text, "write-many") == 0) {
    write_many(strtoul(argument, NULL, 10));
  } else if (strcmp(l->text, "cancel") == 0) {
    do_cancel(argument);
  } else if (strcmp(l->text, "disconnect") == 0) {
    say("disconnected", np_server_disconnect(pipe_end));
  } else if (strcmp(l->text, "close") == 0) {
    do_close();
  } else {
    printf("what? %s\n", l->text);
  }
  free(l);
}

static DWORD WINAPI input_main(void *unused) {
  line *l;

  (void)unused;
  while ((l = calloc(1, sizeof *l)) != NULL &&
         fgets(l->text, sizeof l->text, stdin) != NULL) {
    l->text[strcspn(l->text, "\r\n")] = '\0';
    np_loop_post(loop, &l->task, on_line);
  }
  TerminateProcess(GetCurrentProcess(), 0);
  return 0;
}

int drive_main(const char *name, np_mode mode) {
  HANDLE thread;

  pipe_name = name;
  pipe_mode = mode;
  if (np_loop_create(NULL, &loop) != NP_OK) {
    return 3;
  }
  thread = CreateThread(NULL, 0, input_main, NULL, 0, NULL);
  if (thread == NULL) {
    return 3;
  }
  puts("ready");
  fflush(stdout);
  /* The loop has nothing to do until a line comes. */
  while (np_loop_run_once(loop, INFINITE) == NP_OK) {
  }
  return 3;
}
