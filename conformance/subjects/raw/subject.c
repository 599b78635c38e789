/* subject-raw server|client NAME byte|message echo|send:N|sink|drive [bug=WORD]
 *
 * A subject of npipe-subjects: named pipes by hand, one thread and a completion
 * port. The option bug=WORD plants a bug, so that the cases can be tested:
 * each bug must turn a case red (raw/bugs.txt).
 *
 * Contract: docs/subjects.md. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "raw.h"

enum {
  CHUNK = 65536,
  FIRST_BUFFER = 4096,
  KEY_STOP = 1,
  CODE_USAGE = 2,
  CODE_FAILED = 3,
  CODE_ABSENT = 4,
  CODE_READ_ERROR = 5,
  BUSY_WAIT_MS = 50,
  PATIENCE_MS = 16,
  ABSENT_TRIES = 40
};

enum kind { KIND_ECHO, KIND_SEND, KIND_SINK };
enum state { LISTENING, READING, WRITING };

/* A connection: one operation at a time. */
struct conn {
  OVERLAPPED overlapped;
  HANDLE pipe;
  HANDLE leaked; /* bug=leak-event */
  enum state state;
  unsigned char *buffer;
  size_t size;              /* of the buffer */
  size_t length;            /* bytes of the message that are there */
  size_t written;           /* bytes of them that were written */
  unsigned long long total; /* of a sink */
  ULONGLONG read_at;        /* bug=little-patience */
  struct conn *previous;
  struct conn *next;
};

static struct {
  bool server;
  bool message;
  enum kind kind;
  size_t send_length;
  char name[300];
  const char *bug;
} options;

static HANDLE port;
static bool more_data_posts; /* a read that ends at once with ERROR_MORE_DATA */
static struct conn *conns;
static unsigned conn_count;
static bool stopping;
static int exit_code;

static bool bug(const char *word) {
  return options.bug != NULL && strcmp(options.bug, word) == 0;
}

static void die(const char *what) {
  fprintf(stderr, "subject-raw: %s: error %lu\n", what,
          (unsigned long)GetLastError());
  exit(CODE_FAILED);
}

static void say(const char *line) {
  puts(line);
  fflush(stdout);
}

static struct conn *conn_new(HANDLE pipe) {
  struct conn *c = calloc(1, sizeof(*c));

  if (c == NULL || (c->buffer = malloc(FIRST_BUFFER)) == NULL) {
    die("memory");
  }
  c->pipe = pipe;
  c->size = FIRST_BUFFER;
  if (CreateIoCompletionPort(pipe, port, 0, 0) == NULL) {
    die("CreateIoCompletionPort");
  }
  if (bug("leak-event")) {
    c->leaked = CreateEventW(NULL, TRUE, FALSE, NULL);
  }
  c->next = conns;
  if (conns != NULL) {
    conns->previous = c;
  }
  conns = c;
  conn_count++;
  return c;
}

/* conn_free frees a connection that has no operation in flight. */
static void conn_free(struct conn *c) {
  if (c->previous != NULL) {
    c->previous->next = c->next;
  } else {
    conns = c->next;
  }
  if (c->next != NULL) {
    c->next->previous = c->previous;
  }
  conn_count--;
  if (bug("disconnect-at-end") && options.server) {
    DisconnectNamedPipe(c->pipe);
  }
  if (!bug("leak-pipe") || stopping) {
    CloseHandle(c->pipe);
  } else if (options.server) {
    DisconnectNamedPipe(c->pipe);
  }
  free(c->buffer);
  free(c);
}

static void on_end(struct conn *c, DWORD error);
static void on_read(struct conn *c, DWORD error, DWORD bytes);

/* started returns true if the call began an operation whose result comes as a
 * packet. */
static bool started(BOOL result) {
  return result || GetLastError() == ERROR_IO_PENDING;
}

static void overlapped_reset(struct conn *c) {
  memset(&c->overlapped, 0, sizeof(c->overlapped));
}

static void read_begin(struct conn *c) {
  size_t most = bug("short-buffer") ? 4096 : CHUNK;
  size_t room;

  if (c->length == c->size) {
    unsigned char *more = realloc(c->buffer, c->size * 2);

    if (more == NULL) {
      die("memory");
    }
    c->buffer = more;
    c->size *= 2;
  }
  room = c->size - c->length;
  c->state = READING;
  overlapped_reset(c);
  if (started(ReadFile(c->pipe, c->buffer + c->length,
                       (DWORD)(room < most ? room : most), NULL,
                       &c->overlapped))) {
    return;
  }
  if (GetLastError() != ERROR_MORE_DATA) {
    on_end(c, GetLastError());
  } else if (!more_data_posts) {
    on_read(c, ERROR_MORE_DATA, (DWORD)c->overlapped.InternalHigh);
  }
}

static void write_begin(struct conn *c) {
  size_t left = c->length - c->written;

  if (bug("split-messages") && left > CHUNK / 2) {
    left = CHUNK / 2;
  }
  c->state = WRITING;
  overlapped_reset(c);
  if (bug("blocking-write")) {
    DWORD done = 0;

    if (started(WriteFile(c->pipe, c->buffer + c->written, (DWORD)left, NULL,
                          &c->overlapped))) {
      /* Nobody else is served meanwhile. The packet comes, too. */
      GetOverlappedResult(c->pipe, &c->overlapped, &done, TRUE);
    } else {
      on_end(c, GetLastError());
    }
    return;
  }
  if (!started(WriteFile(c->pipe, c->buffer + c->written, (DWORD)left, NULL,
                         &c->overlapped))) {
    on_end(c, GetLastError());
  }
}

/* begin begins what the kind does first. */
static void begin(struct conn *c) {
  if (options.kind != KIND_SEND) {
    read_begin(c);
    return;
  }
  free(c->buffer);
  c->buffer = malloc(options.send_length + 1);
  if (c->buffer == NULL) {
    die("memory");
  }
  c->size = options.send_length;
  c->length = options.send_length;
  for (size_t i = 0; i < c->length; i++) {
    c->buffer[i] = (unsigned char)(i % 251);
  }
  write_begin(c);
  if (bug("close-cancels")) {
    CancelIoEx(c->pipe, NULL);
  }
}

static void listen_begin(bool first);

static bool is_end(DWORD error) {
  return error == ERROR_BROKEN_PIPE || error == ERROR_NO_DATA ||
         error == ERROR_PIPE_NOT_CONNECTED;
}

/* on_end ends a connection that the other side has left, or that failed. */
static void on_end(struct conn *c, DWORD error) {
  char line[64];
  bool reads = c->state == READING;

  if (bug("exit-on-error") && options.server && !stopping) {
    exit(CODE_READ_ERROR);
  }
  if (options.kind == KIND_SINK && reads) {
    snprintf(line, sizeof(line), "end %llu", c->total);
    say(line);
  }
  if (!options.server) {
    bool good = is_end(error) || stopping || error == NO_ERROR;

    if (bug("end-is-an-error") && reads && !stopping) {
      good = false;
    }
    exit_code = good ? 0 : CODE_READ_ERROR;
    stopping = true;
  }
  conn_free(c);
  if (bug("one-at-a-time") && !stopping) {
    listen_begin(false);
  }
}

static void on_connected(struct conn *c, DWORD error) {
  if (error != NO_ERROR) {
    if (bug("ghost-ends")) {
      exit(CODE_FAILED);
    }
    if (bug("ghost-wedges")) {
      conn_free(c);
      return; /* nobody listens any more */
    }
    if (bug("ghost-leaks")) {
      c->state = WRITING; /* forgotten, with its instance */
      listen_begin(false);
      return;
    }
    conn_free(c);
    if (!stopping) {
      listen_begin(false);
    }
    return;
  }
  if (!bug("one-at-a-time") && !(bug("four-instances") && conn_count >= 4)) {
    listen_begin(false);
  }
  begin(c);
}

/* listen_begin creates an instance and waits for a client there. */
static void listen_begin(bool first) {
  SECURITY_ATTRIBUTES security = {sizeof(security), NULL, FALSE};
  SECURITY_DESCRIPTOR anybody;
  DWORD open = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED;
  DWORD type = options.message && !bug("byte-type")
                   ? PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE
                   : PIPE_TYPE_BYTE;
  struct conn *c;
  HANDLE pipe;

  if (first && !bug("joins-a-name")) {
    open |= FILE_FLAG_FIRST_PIPE_INSTANCE;
  }
  if (bug("inherit")) {
    security.bInheritHandle = TRUE;
  }
  if (bug("open-to-all")) {
    InitializeSecurityDescriptor(&anybody, SECURITY_DESCRIPTOR_REVISION);
    SetSecurityDescriptorDacl(&anybody, TRUE, NULL, FALSE);
    security.lpSecurityDescriptor = &anybody;
  }
  pipe = CreateNamedPipeA(options.name, open, type | PIPE_REJECT_REMOTE_CLIENTS,
                          PIPE_UNLIMITED_INSTANCES, CHUNK, CHUNK, 0, &security);
  if (pipe == INVALID_HANDLE_VALUE) {
    die("CreateNamedPipe");
  }
  c = conn_new(pipe);
  c->state = LISTENING;
  if (ConnectNamedPipe(pipe, &c->overlapped) ||
      GetLastError() == ERROR_IO_PENDING) {
    return; /* a packet comes */
  }
  if (GetLastError() == ERROR_PIPE_CONNECTED) {
    if (bug("early-client-lost")) {
      return; /* it waits for a packet that does not come */
    }
    on_connected(c, NO_ERROR);
  } else {
    on_connected(c, GetLastError());
  }
}

static void on_read(struct conn *c, DWORD error, DWORD bytes) {
  if (error == ERROR_MORE_DATA && bug("more-data-is-an-error")) {
    on_end(c, error);
    return;
  }
  if (error != NO_ERROR && error != ERROR_MORE_DATA) {
    on_end(c, error);
    return;
  }
  if (bytes == 0 && bug("empty-is-the-end")) {
    on_end(c, ERROR_BROKEN_PIPE);
    return;
  }
  if (bytes == 0 && bug("empty-is-dropped")) {
    read_begin(c);
    return;
  }
  c->length += bytes;
  c->total += bytes;
  if (error == ERROR_MORE_DATA && !bug("short-buffer")) {
    read_begin(c);
    return;
  }
  if (options.kind == KIND_SINK) {
    c->length = 0;
    if (bug("leaves-early")) {
      on_end(c, ERROR_BROKEN_PIPE);
    } else {
      read_begin(c);
    }
    return;
  }
  if (bug("loses-a-byte") && c->length > 1024) {
    c->length--;
  }
  c->written = 0;
  c->read_at = GetTickCount64();
  write_begin(c);
}

static void on_written(struct conn *c, DWORD error, DWORD bytes) {
  if (error != NO_ERROR) {
    on_end(c, error);
    return;
  }
  c->written += bytes;
  if (c->written < c->length) {
    write_begin(c);
    return;
  }
  if (options.kind == KIND_SEND) {
    on_end(c, NO_ERROR);
    return;
  }
  c->length = 0;
  if (bug("little-patience") && GetTickCount64() - c->read_at > PATIENCE_MS) {
    on_end(c, ERROR_TIMEOUT);
    return;
  }
  read_begin(c);
}

/* The thread that waits for the end of standard input. */
static DWORD WINAPI input_main(void *unused) {
  char bytes[64];

  (void)unused;
  while (fread(bytes, 1, sizeof(bytes), stdin) > 0) {
  }
  PostQueuedCompletionStatus(port, 0, KEY_STOP, NULL);
  return 0;
}

/* stop cancels every operation: each ends with a packet. */
static void stop(void) {
  if (bug("never-stops")) {
    return;
  }
  stopping = true;
  for (struct conn *c = conns; c != NULL; c = c->next) {
    if (c->state == WRITING && bug("stop-waits-for-writes")) {
      continue;
    }
    if (c->state == LISTENING && bug("stop-waits-for-clients")) {
      continue;
    }
    CancelIoEx(c->pipe, NULL);
  }
}

static void on_packet(struct conn *c, DWORD error, DWORD bytes) {
  if (stopping && options.server) {
    conn_free(c);
    return;
  }
  switch (c->state) {
    case LISTENING:
      on_connected(c, error);
      return;
    case READING:
      on_read(c, error, bytes);
      return;
    case WRITING:
      on_written(c, error, bytes);
      return;
  }
}

static void run(void) {
  while (!stopping || conns != NULL) {
    OVERLAPPED *overlapped = NULL;
    ULONG_PTR key = 0;
    DWORD bytes = 0;
    BOOL good = GetQueuedCompletionStatus(port, &bytes, &key, &overlapped,
                                          bug("busy-loop") ? 0
                                          : bug("polls")   ? 1
                                                           : INFINITE);

    if (overlapped != NULL) {
      on_packet((struct conn *)(void *)overlapped,
                good ? NO_ERROR : GetLastError(), bytes);
    } else if (key == KEY_STOP) {
      stop();
    } else if (!bug("busy-loop") && !bug("polls")) {
      die("GetQueuedCompletionStatus");
    }
  }
}

/* input_has_ended returns true if the client must stop before it connects. */
static bool input_has_ended(void) {
  OVERLAPPED *overlapped = NULL;
  ULONG_PTR key = 0;
  DWORD bytes = 0;

  GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, 0);
  return key == KEY_STOP && !bug("stop-waits-while-busy");
}

/* client_open opens the pipe, and waits while it is busy. */
static HANDLE client_open(void) {
  DWORD quality = bug("gives-its-rights")
                      ? 0
                      : SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION;
  SECURITY_ATTRIBUTES security = {sizeof(security), NULL, bug("inherit")};

  for (int absent = 0; absent < ABSENT_TRIES;) {
    HANDLE pipe =
        CreateFileA(options.name, GENERIC_READ | GENERIC_WRITE, 0, &security,
                    OPEN_EXISTING, FILE_FLAG_OVERLAPPED | quality, NULL);
    DWORD error;

    if (pipe != INVALID_HANDLE_VALUE) {
      if (bug("opens-twice")) {
        CreateFileA(options.name, GENERIC_READ | GENERIC_WRITE, 0, NULL,
                    OPEN_EXISTING, 0, NULL);
      }
      return pipe;
    }
    error = GetLastError();
    if (input_has_ended()) {
      exit(0);
    }
    if (error == ERROR_PIPE_BUSY && bug("busy-is-an-error")) {
      exit(CODE_ABSENT);
    }
    if (error == ERROR_PIPE_BUSY) {
      if (!bug("spins-while-busy")) {
        WaitNamedPipeA(options.name, BUSY_WAIT_MS);
      }
    } else if (error == ERROR_FILE_NOT_FOUND) {
      absent += bug("waits-for-ever") ? 0 : 1;
      WaitForSingleObject(GetCurrentProcess(), BUSY_WAIT_MS);
    } else {
      die("CreateFile");
    }
  }
  exit(CODE_ABSENT);
}

static void client_start(void) {
  DWORD mode = PIPE_READMODE_MESSAGE;
  HANDLE pipe = client_open();

  if (options.message && !bug("byte-reads") &&
      !SetNamedPipeHandleState(pipe, &mode, NULL, NULL)) {
    exit(is_end(GetLastError()) ? 0 : CODE_READ_ERROR);
  }
  begin(conn_new(pipe));
}

static bool options_read(int argc, char **argv) {
  if (argc < 5) {
    return false;
  }
  options.server = strcmp(argv[1], "server") == 0;
  snprintf(options.name, sizeof(options.name), "%s", argv[2]);
  options.message = strcmp(argv[3], "message") == 0;
  if (strncmp(argv[4], "send:", 5) == 0) {
    options.kind = KIND_SEND;
    options.send_length = strtoul(argv[4] + 5, NULL, 10);
  } else if (strcmp(argv[4], "sink") == 0) {
    options.kind = KIND_SINK;
  }
  if (argc > 5 && strncmp(argv[5], "bug=", 4) == 0) {
    options.bug = argv[5] + 4;
  }
  return true;
}

int main(int argc, char **argv) {
  HANDLE thread;

  if (!options_read(argc, argv)) {
    fputs(
        "usage: subject-raw server|client NAME byte|message "
        "echo|send:N|sink|drive [bug=WORD]\n",
        stderr);
    return CODE_USAGE;
  }
  if (strcmp(argv[4], "drive") == 0) {
    return drive_main(options.name, options.message, options.bug);
  }
  port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  if (port == NULL) {
    die("CreateIoCompletionPort");
  }
  if (options.message) {
    more_data_posts = raw_more_data_posts(port);
  }
  thread = CreateThread(NULL, 0, input_main, NULL, 0, NULL);
  if (thread == NULL) {
    die("CreateThread");
  }
  if (options.server) {
    listen_begin(true);
    say("ready");
  } else {
    client_start();
  }
  run();
  fflush(NULL);
  TerminateProcess(GetCurrentProcess(), (UINT)exit_code); /* the thread reads */
  return exit_code;
}
