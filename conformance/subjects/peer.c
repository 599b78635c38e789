/* A raw end of a pipe, overlapped, with a limit for each call. Each call has an
 * event of its own, which reports its result. */
#include "peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "case.h"
#include "world.h"

enum { OPEN_WAIT_MS = 20 };

static void call_begin(OVERLAPPED *o) {
  memset(o, 0, sizeof(*o));
  o->hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
  assert_non_null(o->hEvent);
}

/* call_end waits for the result of a call that returned `started`, and frees
 * the event. After the limit it cancels. */
static struct told call_end(HANDLE pipe, OVERLAPPED *o, BOOL started,
                            uint32_t ms) {
  struct told told = {started ? NO_ERROR : GetLastError(), 0};
  DWORD bytes = 0;
  bool late = false;

  if (started || told.error == ERROR_IO_PENDING) {
    late = WaitForSingleObject(o->hEvent, (DWORD)world_timeout_ms(ms)) !=
           WAIT_OBJECT_0;
    if (late) {
      CancelIoEx(pipe, o);
    }
    told.error =
        GetOverlappedResult(pipe, o, &bytes, TRUE) ? NO_ERROR : GetLastError();
    if (late && told.error == ERROR_OPERATION_ABORTED) {
      told.error = WAIT_TIMEOUT;
    }
  } else if (told.error == ERROR_MORE_DATA) {
    bytes = (DWORD)o->InternalHigh; /* ended at once: a part of a message */
  }
  told.bytes = bytes;
  CloseHandle(o->hEvent);
  o->hEvent = NULL;
  return told;
}

DWORD peer_try_open(struct peer *p, const char *name, unsigned mode,
                    DWORD access) {
  DWORD read_mode = PIPE_READMODE_MESSAGE;
  HANDLE pipe = CreateFileA(
      name, access, 0, NULL, OPEN_EXISTING,
      FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION,
      NULL);

  memset(p, 0, sizeof(*p));
  p->mode = mode;
  if (pipe == INVALID_HANDLE_VALUE) {
    return GetLastError();
  }
  p->pipe = pipe;
  /* A client with read access alone may not set the mode; it asks for
   * FILE_WRITE_ATTRIBUTES. */
  if (mode == MODE_MESSAGE && (access & GENERIC_READ) != 0 &&
      !SetNamedPipeHandleState(pipe, &read_mode, NULL, NULL)) {
    fail_msg(
        "the pipe does not read messages (error %lu): is it of the "
        "message type?",
        (unsigned long)GetLastError());
  }
  return NO_ERROR;
}

void peer_open(struct peer *p, const char *name, unsigned mode) {
  uint64_t deadline = world_now_ms() + world_timeout_ms(PEER_MS);
  DWORD error;

  while ((error = peer_try_open(p, name, mode, GENERIC_READ | GENERIC_WRITE)) ==
         ERROR_PIPE_BUSY) {
    if (world_now_ms() >= deadline) {
      fail_msg("all instances of the pipe stay busy for %d s", PEER_MS / 1000);
    }
    WaitNamedPipeA(name, OPEN_WAIT_MS);
  }
  if (error == ERROR_FILE_NOT_FOUND) {
    fail_msg("the pipe is gone: no instance exists");
  }
  if (error != NO_ERROR) {
    fail_msg("the pipe cannot be opened: error %lu", (unsigned long)error);
  }
}

/* listen begins the wait for a client. */
static void listen(struct peer *p) {
  call_begin(&p->listening);
  if (ConnectNamedPipe(p->pipe, &p->listening) ||
      GetLastError() == ERROR_PIPE_CONNECTED) {
    SetEvent(p->listening.hEvent);
  } else {
    assert_int_equal(GetLastError(), ERROR_IO_PENDING);
  }
}

void peer_create(struct peer *p, const char *name, unsigned mode, DWORD access,
                 DWORD quota) {
  DWORD type = mode == MODE_MESSAGE ? PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE
                                    : PIPE_TYPE_BYTE | PIPE_READMODE_BYTE;
  HANDLE pipe =
      CreateNamedPipeA(name, access | FILE_FLAG_OVERLAPPED, type,
                       PIPE_UNLIMITED_INSTANCES, quota, quota, 0, NULL);

  memset(p, 0, sizeof(*p));
  assert_ptr_not_equal(pipe, INVALID_HANDLE_VALUE);
  p->pipe = pipe;
  p->mode = mode;
  p->is_server = true;
  listen(p);
}

bool peer_accept(struct peer *p, uint32_t ms) {
  return WaitForSingleObject(p->listening.hEvent,
                             (DWORD)world_timeout_ms(ms)) == WAIT_OBJECT_0;
}

void peer_disconnect(struct peer *p) {
  DisconnectNamedPipe(p->pipe);
  CloseHandle(p->listening.hEvent);
  listen(p);
}

struct told peer_try_write(struct peer *p, const void *data, size_t length,
                           uint32_t ms) {
  OVERLAPPED o;

  call_begin(&o);
  return call_end(p->pipe, &o,
                  WriteFile(p->pipe, data, (DWORD)length, NULL, &o), ms);
}

void peer_write(struct peer *p, const void *data, size_t length) {
  struct told told = peer_try_write(p, data, length, PEER_MS);

  if (told.error == WAIT_TIMEOUT) {
    fail_msg("the program took %zu of %zu bytes, and no more for %d s",
             told.bytes, length, PEER_MS / 1000);
  }
  if (told.error != NO_ERROR) {
    fail_msg("a write of %zu bytes to the program failed: error %lu", length,
             (unsigned long)told.error);
  }
  assert_int_equal(told.bytes, length);
}

void peer_write_begin(struct peer *p, const void *data, size_t length) {
  assert_false(p->is_writing);
  call_begin(&p->writing);
  if (!WriteFile(p->pipe, data, (DWORD)length, NULL, &p->writing) &&
      GetLastError() != ERROR_IO_PENDING) {
    fail_msg("a write of %zu bytes to the program failed: error %lu", length,
             (unsigned long)GetLastError());
  }
  p->is_writing = true;
}

struct told peer_write_end(struct peer *p, uint32_t ms) {
  p->is_writing = false;
  return call_end(p->pipe, &p->writing, TRUE, ms);
}

void peer_write_cancel(struct peer *p) {
  CancelIoEx(p->pipe, &p->writing);
  peer_write_end(p, PEER_MS);
}

struct told peer_try_read(struct peer *p, void *out, size_t size, uint32_t ms) {
  OVERLAPPED o;

  call_begin(&o);
  return call_end(p->pipe, &o, ReadFile(p->pipe, out, (DWORD)size, NULL, &o),
                  ms);
}

bool peer_is_end(DWORD error) {
  return error == ERROR_BROKEN_PIPE || error == ERROR_PIPE_NOT_CONNECTED ||
         error == ERROR_NO_DATA;
}

static void check_bytes(const unsigned char *got, const unsigned char *expected,
                        size_t from, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (got[i] != expected[from + i]) {
      fail_msg("byte %zu is 0x%02x, and not 0x%02x", from + i, got[i],
               expected[from + i]);
    }
  }
}

/* read_part reads up to `size` bytes that must continue `expected`. It returns
 * true when a message has ended. */
static bool read_part(struct peer *p, const unsigned char *expected,
                      size_t length, size_t *at) {
  static unsigned char buffer[PEER_READ_MAX];
  size_t left = length - *at;
  struct told told;

  /* In message mode one byte more is asked for, to see a longer message. */
  if (p->mode == MODE_MESSAGE) {
    left++;
  }
  told = peer_try_read(p, buffer, left < sizeof(buffer) ? left : sizeof(buffer),
                       PEER_MS);
  if (told.error == WAIT_TIMEOUT) {
    fail_msg("%zu of %zu bytes came, and no more for %d s", *at + told.bytes,
             length, PEER_MS / 1000);
  }
  if (told.error != NO_ERROR && told.error != ERROR_MORE_DATA) {
    fail_msg("%zu of %zu bytes came, and then error %lu", *at, length,
             (unsigned long)told.error);
  }
  if (*at + told.bytes > length) {
    fail_msg("a message has more than the %zu bytes that it should have",
             length);
  }
  check_bytes(buffer, expected, *at, told.bytes);
  *at += told.bytes;
  return told.error == NO_ERROR;
}

void peer_read(struct peer *p, const void *expected, size_t length) {
  size_t at = 0;

  if (p->mode == MODE_MESSAGE) {
    while (!read_part(p, expected, length, &at)) {
    }
    if (at != length) {
      fail_msg("a message has %zu bytes instead of %zu", at, length);
    }
    return;
  }
  while (at < length) {
    read_part(p, expected, length, &at);
  }
}

void peer_read_end(struct peer *p) {
  unsigned char byte;
  struct told told = peer_try_read(p, &byte, 1, PEER_MS);

  if (told.error == WAIT_TIMEOUT) {
    fail_msg("the program did not close its end within %d s", PEER_MS / 1000);
  }
  if (told.error == NO_ERROR || told.error == ERROR_MORE_DATA) {
    fail_msg("%zu bytes came where the end should come", told.bytes);
  }
  if (!peer_is_end(told.error)) {
    fail_msg("error %lu came where the end should come",
             (unsigned long)told.error);
  }
}

void peer_pattern(unsigned char *out, size_t length, unsigned seed) {
  uint32_t state = seed * 2654435761u + 12345u;

  for (size_t i = 0; i < length; i++) {
    state = state * 1664525u + 1013904223u;
    out[i] = (unsigned char)(state >> 24);
  }
}

void peer_echo(struct peer *p, size_t length, unsigned seed) {
  unsigned char *data = malloc(length + 1);
  struct told told;

  assert_non_null(data);
  peer_pattern(data, length, seed);
  peer_write_begin(p, data, length);
  peer_read(p, data, length);
  told = peer_write_end(p, PEER_MS);
  assert_int_equal(told.error, NO_ERROR);
  assert_int_equal(told.bytes, length);
  free(data);
}

void peer_close(struct peer *p) {
  if (p->pipe == NULL) {
    return;
  }
  if (p->is_writing) {
    peer_write_cancel(p);
  }
  if (p->is_server) {
    CancelIoEx(p->pipe, &p->listening);
    WaitForSingleObject(p->listening.hEvent, INFINITE);
    CloseHandle(p->listening.hEvent);
  }
  CloseHandle(p->pipe);
  memset(p, 0, sizeof(*p));
}
