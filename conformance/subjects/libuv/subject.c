/* subject-libuv server|client NAME byte echo|send:N|sink
 * subject-libuv version
 *
 * libuv as a subject of npipe-subjects, used as its guide shows it: a handle
 * for each connection, uv_close to stop, and uv_run returns when nothing is
 * active. libuv has no pipes in message mode.
 *
 * Contract: docs/subjects.md. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

enum { BUFFER_BYTES = 65536, CODE_ABSENT = 4, CODE_READ_ERROR = 5 };

typedef struct session {
  uv_pipe_t pipe; /* first */
  uv_connect_t connect;
  uv_write_t write;
  uv_shutdown_t shutdown;
  unsigned long long total;
  char *buffer;
} session;

static struct {
  uv_pipe_t input; /* standard input */
  uv_pipe_t listener;
  const char *kind;
  bool is_server;
  int code;
} subject;

static void check(int error, const char *what) {
  if (error < 0) {
    fprintf(stderr, "subject-libuv: %s: %s\n", what, uv_strerror(error));
    exit(3);
  }
}

static void say(const char *text, unsigned long long number) {
  printf(text, number);
  fflush(stdout);
}

static void on_closed(uv_handle_t *handle) {
  session *s = (session *)handle;

  free(s->buffer);
  free(s);
}

static void session_close(session *s) {
  if (!uv_is_closing((uv_handle_t *)&s->pipe)) {
    uv_close((uv_handle_t *)&s->pipe, on_closed);
  }
}

static session *session_new(void) {
  session *s = calloc(1, sizeof *s);

  if (s == NULL || (s->buffer = malloc(BUFFER_BYTES)) == NULL) {
    abort();
  }
  check(uv_pipe_init(uv_default_loop(), &s->pipe, 0), "init");
  return s;
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *out) {
  (void)suggested;
  *out = uv_buf_init(((session *)handle)->buffer, BUFFER_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t bytes, const uv_buf_t *buf);

static void on_written(uv_write_t *request, int status) {
  session *s = request->data;

  if (status < 0) {
    session_close(s);
  } else if (uv_is_readable((uv_stream_t *)&s->pipe)) {
    uv_read_start((uv_stream_t *)&s->pipe, give_buffer, on_read);
  }
}

static void on_read(uv_stream_t *stream, ssize_t bytes, const uv_buf_t *buf) {
  session *s = (session *)stream;

  if (bytes < 0) {
    if (bytes != UV_EOF && !subject.is_server) {
      subject.code = CODE_READ_ERROR;
    }
    if (bytes == UV_EOF && strcmp(subject.kind, "sink") == 0) {
      say("end %llu\n", s->total);
    }
    session_close(s);
  } else if (bytes > 0) {
    uv_buf_t data = uv_buf_init(buf->base, (unsigned)bytes);

    s->total += (unsigned long long)bytes;
    if (strcmp(subject.kind, "echo") == 0) {
      uv_read_stop(stream);
      s->write.data = s;
      if (uv_write(&s->write, stream, &data, 1, on_written) < 0) {
        session_close(s);
      }
    }
  }
}

static void on_shut_down(uv_shutdown_t *request, int status) {
  (void)status;
  session_close((session *)request->handle);
}

/* session_send writes N bytes. uv_shutdown waits until they are written. */
static void session_send(session *s, size_t length) {
  uv_buf_t data;

  s->buffer = realloc(s->buffer, length + 1);
  if (s->buffer == NULL) {
    abort();
  }
  for (size_t i = 0; i < length; i++) {
    s->buffer[i] = (char)(i % 251);
  }
  data = uv_buf_init(s->buffer, (unsigned)length);
  if (uv_write(&s->write, (uv_stream_t *)&s->pipe, &data, 1, NULL) < 0 ||
      uv_shutdown(&s->shutdown, (uv_stream_t *)&s->pipe, on_shut_down) < 0) {
    session_close(s);
  }
}

static void session_begin(session *s) {
  if (strncmp(subject.kind, "send:", 5) == 0) {
    session_send(s, strtoul(subject.kind + 5, NULL, 10));
  } else if (uv_read_start((uv_stream_t *)&s->pipe, give_buffer, on_read) < 0) {
    session_close(s);
  }
}

static void on_connection(uv_stream_t *server, int status) {
  session *s;

  if (status < 0) {
    return; /* the guide ignores it: the next client may come */
  }
  s = session_new();
  if (uv_accept(server, (uv_stream_t *)&s->pipe) < 0) {
    session_close(s);
  } else {
    session_begin(s);
  }
}

static void on_connected(uv_connect_t *request, int status) {
  session *s = (session *)request->handle;

  if (status < 0) {
    subject.code = status == UV_ECANCELED ? 0 : CODE_ABSENT;
    session_close(s);
  } else {
    session_begin(s);
  }
}

static void close_one(uv_handle_t *handle, void *unused) {
  bool is_session = handle->type == UV_NAMED_PIPE &&
                    handle != (uv_handle_t *)&subject.input &&
                    handle != (uv_handle_t *)&subject.listener;

  (void)unused;
  if (!uv_is_closing(handle)) {
    uv_close(handle, is_session ? on_closed : NULL);
  }
}

static void on_input(uv_stream_t *stream, ssize_t bytes, const uv_buf_t *buf) {
  (void)stream;
  (void)buf;
  if (bytes < 0) {
    uv_walk(uv_default_loop(), close_one, NULL);
  }
}

static void input_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *out) {
  static char bytes[64];

  (void)handle;
  (void)suggested;
  *out = uv_buf_init(bytes, sizeof(bytes));
}

int main(int argc, char **argv) {
  uv_loop_t *loop = uv_default_loop();

  if (argc == 2 && strcmp(argv[1], "version") == 0) {
    puts(uv_version_string());
    return 0;
  }
  if (argc < 5 || strcmp(argv[3], "byte") != 0) {
    fputs("usage: subject-libuv server|client NAME byte echo|send:N|sink\n",
          stderr);
    return 2;
  }
  subject.is_server = strcmp(argv[1], "server") == 0;
  subject.kind = argv[4];
  check(uv_pipe_init(loop, &subject.input, 0), "init");
  check(uv_pipe_open(&subject.input, 0), "standard input");
  check(uv_read_start((uv_stream_t *)&subject.input, input_buffer, on_input),
        "standard input");
  /* It keeps no client alive that has done its work. */
  uv_unref((uv_handle_t *)&subject.input);
  if (subject.is_server) {
    check(uv_pipe_init(loop, &subject.listener, 0), "init");
    check(uv_pipe_bind(&subject.listener, argv[2]), "bind");
    check(uv_listen((uv_stream_t *)&subject.listener, 128, on_connection),
          "listen");
    say("ready\n", 0);
  } else {
    session *s = session_new();

    uv_pipe_connect(&s->connect, &s->pipe, argv[2], on_connected);
  }
  uv_run(loop, UV_RUN_DEFAULT);
  return subject.code;
}
