/* subject-npipe server|client NAME byte|message echo|send:N|sink|drive
 *
 * npipe as a subject of npipe-subjects: a listener, or a client that waits for
 * its turn; one operation at a time for each connection.
 *
 * Contract: docs/subjects.md. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include <npipe/npipe.h>

#include "drive.h"

enum { CONNECT_MS = 4000, CODE_ABSENT = 4, CODE_READ_ERROR = 5 };

typedef struct session {
  np_op op; /* one operation at a time */
  np_pipe *pipe;
  char *buffer;
  size_t size;
  size_t length; /* bytes of the message that are there */
  unsigned long long total;
  struct session *next;
  struct session **at; /* what points to this session */
} session;

static struct {
  np_loop *loop;
  np_listener *listener;
  np_client_request request;
  np_task stop;
  session *sessions;
  np_mode mode;
  bool sinks;
  bool sends;
  size_t send_length;
  bool is_server;
  bool stopping;
  int code;
} subject;

static void on_read(np_op *op, np_error error, size_t transferred);

/* session_end closes the pipe. What was written stays readable for the peer. */
static void session_end(session *s, np_error error) {
  if (!subject.is_server && !subject.stopping && error != NP_OK &&
      !np_is_eof(error)) {
    subject.code = CODE_READ_ERROR;
  }
  np_pipe_close(s->pipe, NULL);
  *s->at = s->next;
  if (s->next != NULL) {
    s->next->at = s->at;
  }
  free(s->buffer);
  free(s);
}

static void read_more(session *s) {
  np_error error;

  if (subject.stopping) {
    session_end(s, NP_OK);
    return;
  }
  if (s->length == s->size) {
    char *more = realloc(s->buffer, s->size * 2);

    if (more == NULL) {
      session_end(s, ERROR_NOT_ENOUGH_MEMORY);
      return;
    }
    s->buffer = more;
    s->size *= 2;
  }
  error = np_pipe_read(s->pipe, s->buffer + s->length, s->size - s->length,
                       &s->op, on_read);
  if (error != NP_OK) {
    session_end(s, error);
  }
}

static void on_written(np_op *op, np_error error, size_t transferred) {
  session *s = op->user;

  (void)transferred;
  if (error != NP_OK || subject.sends) {
    session_end(s, error);
    return;
  }
  s->length = 0;
  read_more(s);
}

static void on_read(np_op *op, np_error error, size_t transferred) {
  session *s = op->user;

  s->length += transferred;
  s->total += transferred;
  if (error == ERROR_MORE_DATA) {
    read_more(s);
    return;
  }
  if (error != NP_OK) {
    if (subject.sinks && np_is_eof(error)) {
      printf("end %llu\n", s->total);
      fflush(stdout);
    }
    session_end(s, error);
    return;
  }
  if (subject.sinks) {
    s->length = 0;
    read_more(s);
    return;
  }
  error = subject.stopping
              ? ERROR_OPERATION_ABORTED
              : np_pipe_write(s->pipe, s->buffer, s->length, op, on_written);
  if (error != NP_OK) {
    session_end(s, error);
  }
}

static void session_begin(np_pipe *pipe) {
  session *s = calloc(1, sizeof *s);

  if (s == NULL) {
    np_pipe_close(pipe, NULL);
    return;
  }
  s->pipe = pipe;
  s->op.user = s;
  s->size = subject.sends ? subject.send_length : 4096;
  s->buffer = malloc(s->size + 1);
  s->next = subject.sessions;
  s->at = &subject.sessions;
  if (s->next != NULL) {
    s->next->at = &s->next;
  }
  subject.sessions = s;
  if (s->buffer == NULL) {
    session_end(s, ERROR_NOT_ENOUGH_MEMORY);
  } else if (!subject.sends) {
    read_more(s);
  } else {
    for (size_t i = 0; i < s->size; i++) {
      s->buffer[i] = (char)(i % 251);
    }
    if (np_pipe_write(pipe, s->buffer, s->size, &s->op, on_written) != NP_OK) {
      session_end(s, NP_OK);
    }
  }
}

static void on_accepted(np_listener *listener, np_pipe *pipe) {
  (void)listener;
  session_begin(pipe);
}

static void on_connected(np_client_request *request, np_error error,
                         np_pipe *pipe) {
  (void)request;
  if (error == NP_OK) {
    session_begin(pipe);
  } else if (!subject.stopping) {
    subject.code = CODE_ABSENT;
  }
}

/* on_stop runs on the loop's thread after the standard input has ended. */
static void on_stop(np_task *task) {
  (void)task;
  subject.stopping = true;
  np_listener_close(subject.listener, NULL);
  np_client_connect_cancel(&subject.request);
  /* Each operation ends with a callback, which frees its session. */
  for (session *s = subject.sessions; s != NULL; s = s->next) {
    np_op_cancel(&s->op);
  }
}

static DWORD WINAPI input_main(void *unused) {
  char bytes[64];

  (void)unused;
  while (fread(bytes, 1, sizeof bytes, stdin) > 0) {
  }
  np_loop_post(subject.loop, &subject.stop, on_stop);
  return 0;
}

static np_error start(const char *name) {
  np_listener_options listener;
  np_client_options client;

  if (subject.is_server) {
    np_error error;

    np_listener_options_init(&listener);
    listener.server.mode = subject.mode;
    listener.server.read_mode = subject.mode;
    error = np_listener_create(subject.loop, name, &listener, on_accepted,
                               &subject.listener);
    if (error == NP_OK) {
      puts("ready");
      fflush(stdout);
    }
    return error;
  }
  np_client_options_init(&client);
  client.read_mode = subject.mode;
  client.wait_for_server = true;
  return np_client_connect(subject.loop, &subject.request, name, &client,
                           CONNECT_MS, on_connected);
}

int main(int argc, char **argv) {
  np_error error;

  if (argc < 5) {
    fputs(
        "usage: subject-npipe server|client NAME byte|message "
        "echo|send:N|sink|drive\n",
        stderr);
    return 2;
  }
  subject.is_server = strcmp(argv[1], "server") == 0;
  subject.mode = strcmp(argv[3], "message") == 0 ? NP_MESSAGE : NP_BYTE;
  if (strcmp(argv[4], "drive") == 0) {
    return drive_main(argv[2], subject.mode);
  }
  subject.sinks = strcmp(argv[4], "sink") == 0;
  subject.sends = strncmp(argv[4], "send:", 5) == 0;
  if (subject.sends) {
    subject.send_length = strtoul(argv[4] + 5, NULL, 10);
  }
  error = np_loop_create(NULL, &subject.loop);
  if (error == NP_OK) {
    error = start(argv[2]);
  }
  if (error == NP_OK) {
    HANDLE thread = CreateThread(NULL, 0, input_main, NULL, 0, NULL);

    error = thread != NULL ? np_loop_run(subject.loop) : GetLastError();
  }
  if (error != NP_OK) {
    fprintf(stderr, "subject-npipe: %s\n", np_error_text(error));
    return 3;
  }
  fflush(NULL);
  /* The thread may still wait for input, so nothing is freed. */
  TerminateProcess(GetCurrentProcess(), (UINT)subject.code);
  return subject.code;
}
