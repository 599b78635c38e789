/* subject-raw in the kind `drive`: one end, whose calls come as lines. A thread
 * reads the lines and posts them to the port, so all else is one thread.
 *
 * Bugs for bug=WORD: raw/bugs.txt. */
#include "raw.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1024, OPEN_TRY_MS = 10, KEY_LINE = 1, KEY_END = 2 };

/* A call that is in flight, at most one of each kind. */
struct call {
  OVERLAPPED overlapped; /* first */
  const char *name;      /* the word of its result */
  bool active;
  bool timed_out;
  ULONGLONG deadline; /* 0: none */
  unsigned char *buffer;
};

static HANDLE port;
static HANDLE pipe_handle; /* NULL: none */
static bool message;
static bool more_data_posts;
static bool closing;
static bool stale_end; /* bug=stale-end */
static const char *pipe_name;
static const char *planted;
static DWORD limit_ms;
static struct call listening = {.name = "connected"};
static struct call reading = {.name = "read"};
static struct call writing = {.name = "wrote"};
static struct call opening = {.name = "opened"};

static bool bug(const char *word) {
  return planted != NULL && strcmp(planted, word) == 0;
}

static void say(const char *format, ...) {
  va_list args;

  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  putchar('\n');
  fflush(stdout);
}

static const char *word_of(DWORD error, const struct call *call) {
  static char other[32];

  switch (error) {
    case NO_ERROR:
    case ERROR_PIPE_CONNECTED:
      return "ok";
    case ERROR_MORE_DATA:
      return bug("more-is-ok") ? "ok" : "more";
    case ERROR_OPERATION_ABORTED:
      return call->timed_out ? "timeout" : "cancelled";
    case ERROR_BROKEN_PIPE:
    case ERROR_NO_DATA:
    case ERROR_PIPE_NOT_CONNECTED:
      return "end";
    default:
      snprintf(other, sizeof(other), "error %lu", (unsigned long)error);
      return other;
  }
}

static void call_begin(struct call *call) {
  memset(&call->overlapped, 0, sizeof(call->overlapped));
  call->active = true;
  call->timed_out = false;
  call->deadline = limit_ms > 0 ? GetTickCount64() + limit_ms : 0;
  if (bug("limit-sticks") && limit_ms == 0) {
    call->deadline = GetTickCount64() + 300;
  }
}

/* finish_close tells the close after the last call has ended. */
static void finish_close(void) {
  if (closing && !listening.active && !reading.active && !writing.active) {
    closing = false;
    say("closed ok");
  }
}

/* call_end tells the result of a call. */
static void call_end(struct call *call, DWORD error, DWORD bytes) {
  const char *word = word_of(error, call);

  call->active = false;
  if (call == &reading && (error == NO_ERROR || error == ERROR_MORE_DATA)) {
    if (bytes == 0 && bug("empty-is-the-end-of-reads")) {
      say("read end");
    } else {
      printf("read %s ", word);
      for (DWORD i = 0; i < bytes; i++) {
        printf("%02x", reading.buffer[i]);
      }
      say("");
    }
  } else if (call == &writing && error == NO_ERROR) {
    say("wrote ok %lu", (unsigned long)bytes);
  } else {
    say("%s %s", call->name, word);
  }
  stale_end = stale_end || (call == &reading && strcmp(word, "end") == 0);
  free(call->buffer);
  call->buffer = NULL;
  finish_close();
}

/* call_began handles what the call that began an operation returned. */
static void call_began(struct call *call, BOOL result) {
  DWORD error = result ? NO_ERROR : GetLastError();

  if (result || error == ERROR_IO_PENDING) {
    return; /* a packet comes */
  }
  if (error == ERROR_MORE_DATA && more_data_posts) {
    return;
  }
  call_end(call, error, (DWORD)call->overlapped.InternalHigh);
}

static void create(void) {
  HANDLE handle = CreateNamedPipeA(
      pipe_name,
      PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
      (message ? PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE : PIPE_TYPE_BYTE) |
          PIPE_REJECT_REMOTE_CLIENTS,
      1, 4096, 4096, 0, NULL);

  if (handle == INVALID_HANDLE_VALUE) {
    say("created error %lu", (unsigned long)GetLastError());
    return;
  }
  pipe_handle = handle;
  CreateIoCompletionPort(pipe_handle, port, 0, 0);
}

static void do_listen(void) {
  if (pipe_handle == NULL) {
    create();
  }
  call_begin(&listening);
  call_began(&listening, ConnectNamedPipe(pipe_handle, &listening.overlapped));
}

/* try_open tries once; a busy pipe is tried again later. */
static void try_open(void) {
  DWORD mode = PIPE_READMODE_MESSAGE;
  HANDLE handle = CreateFileA(
      pipe_name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
      FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION,
      NULL);

  if (handle == INVALID_HANDLE_VALUE) {
    if (GetLastError() != ERROR_PIPE_BUSY) {
      call_end(&opening, GetLastError(), 0);
    }
    return;
  }
  pipe_handle = handle;
  CreateIoCompletionPort(pipe_handle, port, 0, 0);
  if (message) {
    SetNamedPipeHandleState(pipe_handle, &mode, NULL, NULL);
  }
  call_end(&opening, NO_ERROR, 0);
}

static void do_read(DWORD length) {
  call_begin(&reading);
  reading.buffer = malloc((size_t)length + 1);
  if (stale_end && bug("stale-end")) {
    call_end(&reading, ERROR_BROKEN_PIPE, 0);
    return;
  }
  call_began(&reading, ReadFile(pipe_handle, reading.buffer, length, NULL,
                                &reading.overlapped));
}

static void do_write(unsigned char *bytes, DWORD length) {
  call_begin(&writing);
  writing.buffer = bytes;
  call_began(&writing,
             WriteFile(pipe_handle, bytes, length, NULL, &writing.overlapped));
}

static void write_hex(const char *hex) {
  size_t length = strlen(hex) / 2;
  unsigned char *bytes = malloc(length + 1);

  for (size_t i = 0; bytes != NULL && i < length; i++) {
    char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

    bytes[i] = (unsigned char)strtoul(digits, NULL, 16);
  }
  do_write(bytes, (DWORD)length);
}

static void write_many(size_t length) {
  unsigned char *bytes = malloc(length + 1);

  for (size_t i = 0; bytes != NULL && i < length; i++) {
    bytes[i] = (unsigned char)(i % 251);
  }
  do_write(bytes, (DWORD)length);
}

static void cancel(struct call *call) {
  if (!call->active || bug("cancel-does-nothing")) {
    return;
  }
  if (call == &opening) {
    call_end(call, ERROR_OPERATION_ABORTED, 0);
  } else {
    CancelIoEx(pipe_handle, &call->overlapped);
  }
}

static void do_close(void) {
  closing = true;
  if (!bug("close-forgets-reads")) {
    CancelIoEx(pipe_handle, NULL);
  } else {
    reading.active = false;
  }
  CloseHandle(pipe_handle);
  pipe_handle = NULL;
  stale_end = false;
  finish_close();
}

static void do_disconnect(void) {
  if (bug("disconnect-is-forgotten")) {
    say("disconnected ok");
    return;
  }
  say(DisconnectNamedPipe(pipe_handle) ? "disconnected ok"
                                       : "disconnected error");
}

static struct call *call_of(const char *word) {
  return strcmp(word, "read") == 0     ? &reading
         : strcmp(word, "write") == 0  ? &writing
         : strcmp(word, "listen") == 0 ? &listening
                                       : &opening;
}

static void on_line(char *line) {
  char *argument = strchr(line, ' ');

  if (argument != NULL) {
    *argument++ = '\0';
  } else {
    argument = line + strlen(line);
  }
  if (strcmp(line, "limit") == 0) {
    limit_ms = strtoul(argument, NULL, 10);
  } else if (strcmp(line, "create") == 0) {
    create();
    say("created ok");
  } else if (strcmp(line, "listen") == 0) {
    do_listen();
  } else if (strcmp(line, "open") == 0) {
    call_begin(&opening);
    try_open();
  } else if (strcmp(line, "read") == 0) {
    do_read(strtoul(argument, NULL, 10));
  } else if (strcmp(line, "write") == 0) {
    write_hex(argument);
  } else if (strcmp(line, "write-many") == 0) {
    write_many(strtoul(argument, NULL, 10));
  } else if (strcmp(line, "cancel") == 0) {
    cancel(call_of(argument));
  } else if (strcmp(line, "disconnect") == 0) {
    do_disconnect();
  } else if (strcmp(line, "close") == 0) {
    do_close();
  } else {
    say("what? %s", line);
  }
}

static DWORD WINAPI input_main(void *unused) {
  char line[LINE_MAX_BYTES];

  (void)unused;
  while (fgets(line, sizeof(line), stdin) != NULL) {
    char *copy = malloc(sizeof(line));

    line[strcspn(line, "\r\n")] = '\0';
    if (copy != NULL) {
      memcpy(copy, line, sizeof(line));
      PostQueuedCompletionStatus(port, 0, KEY_LINE, (OVERLAPPED *)(void *)copy);
    }
  }
  PostQueuedCompletionStatus(port, 0, KEY_END, NULL);
  return 0;
}

/* tick cancels what is late, and tries to open again. */
static void tick(void) {
  struct call *const calls[] = {&listening, &reading, &writing, &opening};
  ULONGLONG now = GetTickCount64();

  for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
    struct call *call = calls[i];

    if (call->active && call->deadline != 0 && now >= call->deadline) {
      call->deadline = 0;
      call->timed_out = true;
      cancel(call);
    }
  }
  if (opening.active) {
    try_open();
  }
}

static bool has_to_look(void) {
  return opening.active || (listening.active && listening.deadline != 0) ||
         (reading.active && reading.deadline != 0) ||
         (writing.active && writing.deadline != 0);
}

int drive_main(const char *name, bool is_message, const char *bug_word) {
  message = is_message;
  pipe_name = name;
  planted = bug_word;
  port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  if (port == NULL) {
    return 3;
  }
  more_data_posts = raw_more_data_posts(port);
  if (CreateThread(NULL, 0, input_main, NULL, 0, NULL) == NULL) {
    return 3;
  }
  say("ready");
  for (;;) {
    OVERLAPPED *overlapped = NULL;
    ULONG_PTR key = 0;
    DWORD bytes = 0;
    BOOL good =
        GetQueuedCompletionStatus(port, &bytes, &key, &overlapped,
                                  has_to_look() ? OPEN_TRY_MS : INFINITE);
    DWORD error = good ? NO_ERROR : GetLastError();

    if (key == KEY_END) {
      TerminateProcess(GetCurrentProcess(), 0);
    } else if (key == KEY_LINE) {
      on_line((char *)overlapped);
      free(overlapped);
    } else if (overlapped != NULL) {
      call_end((struct call *)(void *)overlapped, error, bytes);
    }
    tick();
  }
}
