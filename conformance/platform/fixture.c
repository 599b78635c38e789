/* The fixture of the platform cases: setup and teardown of a run, raw pipes,
 * operations, packets and worker threads. It calls Win32 and NT functions
 * only. */
#include "fixture.h"

/* The only fixture: one case runs at a time. It is static, because an operation
 * left by a failed case may still write to it. */
static struct platform fixture;

static DWORD timeout_ms(DWORD ms) {
  return (DWORD)world_timeout_ms(ms);
}

/* --- Set-up and teardown ------------------------------------------------ */

static void platform_set_up(struct platform *f, unsigned variant) {
  static const struct platform empty;
  char name[WORLD_PIPE_NAME_BYTES_MAX];
  size_t i = 0;

  *f = empty;
  f->variant = variant;
  f->type = (variant & MESSAGE_TYPE) ? PIPE_TYPE_MESSAGE : PIPE_TYPE_BYTE;
  f->read_mode =
      (variant & MODE_MESSAGE) ? PIPE_READMODE_MESSAGE : PIPE_READMODE_BYTE;
  f->quota_out = QUOTA;
  f->quota_in = QUOTA;
  world_pipe_name(name, sizeof(name));
  do {
    f->name[i] = (wchar_t)name[i]; /* the world's names are ASCII */
  } while (name[i++] != 0);
}

static struct io *io_of(struct platform *f, const OVERLAPPED *overlapped) {
  for (size_t i = 0; i < f->io_count; i++) {
    if (&f->ios[i].overlapped == overlapped) {
      return &f->ios[i];
    }
  }
  return NULL;
}

/* platform_drain waits for the end of operations that the case left in flight.
 * Each of them ends, because its handle is closed. */
static void platform_drain(struct platform *f) {
  for (size_t i = 0; i < f->io_count; i++) {
    struct io *io = &f->ios[i];
    if (io->pending && io->event != NULL) {
      assert_int_equal(WaitForSingleObject(io->event, timeout_ms(WAIT_MS)),
                       WAIT_OBJECT_0);
      io->pending = false;
    }
  }
  for (size_t i = 0; i < f->io_count; i++) {
    while (f->ios[i].pending) {
      assert_true(packet_take(f, WAIT_MS).found);
    }
  }
  while (f->port != NULL && packet_take(f, 0).found) {
    /* Drop the packets that the case did not dequeue. */
  }
}

static void platform_tear_down(struct platform *f) {
  for (size_t i = 0; i < f->handle_count; i++) {
    if (GetFileType(f->handles[i]) == FILE_TYPE_PIPE) {
      CancelIoEx(f->handles[i], NULL);
    }
  }
  while (f->handle_count > 0) {
    CloseHandle(f->handles[--f->handle_count]);
  }
  platform_drain(f);
  for (size_t i = 0; i < f->io_count; i++) {
    if (f->ios[i].event != NULL) {
      CloseHandle(f->ios[i].event);
    }
  }
  if (f->port != NULL) {
    CloseHandle(f->port);
  }
}

void platform_run(unsigned variant, void (*body)(void *fixture)) {
  platform_set_up(&fixture, variant);
  body(&fixture);
  platform_tear_down(&fixture);
}

/* --- Handles ------------------------------------------------------------ */

HANDLE win_own(struct platform *f, HANDLE handle) {
  assert_true(handle != NULL && handle != INVALID_HANDLE_VALUE);
  assert_true(f->handle_count < HANDLES_MAX);
  f->handles[f->handle_count++] = handle;
  return handle;
}

void win_close(struct platform *f, HANDLE *handle) {
  for (size_t i = 0; i < f->handle_count; i++) {
    if (f->handles[i] == *handle) {
      f->handles[i] = f->handles[--f->handle_count];
      assert_call(CloseHandle(*handle));
      *handle = NULL;
      return;
    }
  }
  fail_msg("%s", "win_close: not a handle of the fixture");
}

HANDLE event_new(struct platform *f) {
  return win_own(f, CreateEventW(NULL, TRUE, FALSE, NULL));
}

bool event_is_set(HANDLE handle) {
  return WaitForSingleObject(handle, 0) == WAIT_OBJECT_0;
}

/* --- Pipes -------------------------------------------------------------- */

/* instance_open and client_open keep the last error, because cases read it. */
HANDLE instance_open(struct platform *f, DWORD open_mode, DWORD pipe_mode,
                     DWORD instances_max) {
  HANDLE pipe = CreateNamedPipeW(f->name, open_mode, pipe_mode, instances_max,
                                 f->quota_out, f->quota_in, 0, NULL);

  if (pipe != INVALID_HANDLE_VALUE) {
    DWORD error = GetLastError();
    win_own(f, pipe);
    SetLastError(error);
  }
  return pipe;
}

HANDLE instance_create(struct platform *f, DWORD instances_max) {
  HANDLE pipe = instance_open(f, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                              f->type | f->read_mode, instances_max);

  assert_call(pipe != INVALID_HANDLE_VALUE);
  return pipe;
}

HANDLE client_open(struct platform *f, DWORD access, DWORD flags) {
  HANDLE pipe =
      CreateFileW(f->name, access, 0, NULL, OPEN_EXISTING, flags, NULL);

  if (pipe != INVALID_HANDLE_VALUE) {
    win_own(f, pipe);
  }
  return pipe;
}

static HANDLE client_connect_with(struct platform *f, DWORD flags) {
  HANDLE pipe = client_open(f, GENERIC_READ | GENERIC_WRITE, flags);

  assert_call(pipe != INVALID_HANDLE_VALUE);
  if (f->read_mode == PIPE_READMODE_MESSAGE) {
    assert_error(read_mode_set(pipe, PIPE_READMODE_MESSAGE), 0);
  }
  return pipe;
}

HANDLE client_connect(struct platform *f) {
  return client_connect_with(f, FILE_FLAG_OVERLAPPED);
}

HANDLE client_connect_sync(struct platform *f) {
  return client_connect_with(f, 0);
}

static void end_set(struct platform *f) {
  bool is_client = (f->variant & END_CLIENT) != 0;

  f->end = is_client ? f->client : f->server;
  f->peer = is_client ? f->server : f->client;
}

void pair_listen(struct platform *f) {
  f->server = instance_create(f, 1);
  end_set(f);
}

void pair_connect(struct platform *f) {
  f->client = client_connect(f);
  end_set(f);
}

void pair_create(struct platform *f) {
  pair_listen(f);
  pair_connect(f);
}

void pair_create_on_port(struct platform *f, UCHAR notification_modes) {
  pair_create(f);
  port_new(f);
  assert_error(port_join(f, f->server, KEY_SERVER), 0);
  assert_error(port_join(f, f->client, KEY_CLIENT), 0);
  if (notification_modes != 0) {
    assert_call(
        SetFileCompletionNotificationModes(f->server, notification_modes));
    assert_call(
        SetFileCompletionNotificationModes(f->client, notification_modes));
  }
}

static void pair_close_handle(struct platform *f, HANDLE handle) {
  HANDLE *member = handle == f->server ? &f->server : &f->client;

  win_close(f, member);
  end_set(f);
}

void peer_close(struct platform *f) {
  pair_close_handle(f, f->peer);
}

void end_close(struct platform *f) {
  pair_close_handle(f, f->end);
}

void win_disconnect(struct platform *f) {
  assert_call(DisconnectNamedPipe(f->server));
}

DWORD read_mode_set(HANDLE pipe, DWORD mode) {
  return SetNamedPipeHandleState(pipe, &mode, NULL, NULL) ? 0 : GetLastError();
}

DWORD peek_bytes(HANDLE pipe) {
  DWORD bytes = 0;

  assert_call(PeekNamedPipe(pipe, NULL, 0, NULL, &bytes, NULL));
  return bytes;
}

DWORD win_state(HANDLE pipe) {
  struct nt_pipe_local local;

  assert_status(nt_query(pipe, NT_FILE_PIPE_LOCAL, &local, sizeof(local)),
                NT_OK);
  return local.state;
}

/* --- Ports -------------------------------------------------------------- */

void port_new(struct platform *f) {
  f->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  assert_non_null(f->port);
}

DWORD port_join(struct platform *f, HANDLE pipe, ULONG_PTR key) {
  return CreateIoCompletionPort(pipe, f->port, key, 0) != NULL ? 0
                                                               : GetLastError();
}

struct packet packet_take(struct platform *f, DWORD wait_ms) {
  struct packet packet = {0};
  OVERLAPPED_ENTRY entry;
  ULONG count = 0;
  DWORD wait = wait_ms == WAIT_MS ? timeout_ms(wait_ms) : wait_ms;

  if (GetQueuedCompletionStatusEx(f->port, &entry, 1, &count, wait, FALSE) &&
      count == 1) {
    struct io *io = io_of(f, entry.lpOverlapped);
    packet.found = true;
    packet.key = entry.lpCompletionKey;
    packet.overlapped = entry.lpOverlapped;
    packet.bytes = entry.dwNumberOfBytesTransferred;
    packet.status =
        entry.lpOverlapped != NULL ? (DWORD)entry.lpOverlapped->Internal : 0;
    if (io != NULL) {
      io->pending = false;
    }
  }
  return packet;
}

/* --- Operations --------------------------------------------------------- */

struct io *io_new_port(struct platform *f) {
  assert_true(f->io_count < IOS_MAX);
  return &f->ios[f->io_count++];
}

struct io *pair_io(struct platform *f) {
  pair_create(f);
  return io_new(f);
}

struct io *pair_io_port(struct platform *f) {
  pair_create_on_port(f, 0);
  return io_new_port(f);
}

struct io *io_new(struct platform *f) {
  struct io *io = io_new_port(f);

  io->event = CreateEventW(NULL, TRUE, FALSE, NULL);
  assert_non_null(io->event);
  io->overlapped.hEvent =
      f->port != NULL ? (HANDLE)((ULONG_PTR)io->event | 1) : io->event;
  return io;
}

static DWORD io_started(struct io *io, BOOL succeeded) {
  DWORD error = succeeded ? ERROR_SUCCESS : GetLastError();

  io->pending = error == ERROR_IO_PENDING;
  return error;
}

DWORD read_start(struct io *io, HANDLE pipe, void *buffer, DWORD size) {
  return io_started(io, ReadFile(pipe, buffer, size, NULL, &io->overlapped));
}

DWORD write_start(struct io *io, HANDLE pipe, const void *data, DWORD size) {
  return io_started(io, WriteFile(pipe, data, size, NULL, &io->overlapped));
}

DWORD connect_start(struct io *io, HANDLE pipe) {
  return io_started(io, ConnectNamedPipe(pipe, &io->overlapped));
}

/* The request is only input, but TransactNamedPipe declares it as not
 * constant. */
DWORD transact_start(struct io *io, HANDLE pipe, const void *request,
                     DWORD request_size, void *reply, DWORD reply_size) {
  return io_started(
      io, TransactNamedPipe(pipe, (void *)(uintptr_t)request, request_size,
                            reply, reply_size, NULL, &io->overlapped));
}

static struct result io_result(struct io *io, HANDLE pipe) {
  struct result result = {0, 0};

  if (!GetOverlappedResult(pipe, &io->overlapped, &result.bytes, FALSE)) {
    result.error = GetLastError();
  }
  return result;
}

struct result io_wait(struct io *io, HANDLE pipe) {
  assert_int_equal(WaitForSingleObject(io->event, timeout_ms(WAIT_MS)),
                   WAIT_OBJECT_0);
  io->pending = false;
  return io_result(io, pipe);
}

bool io_is_quiet(struct io *io) {
  return WaitForSingleObject(io->event, QUIET_MS) == WAIT_TIMEOUT;
}

/* io_finish returns the result of an operation whose start returned `error`. An
 * error at once leaves nothing in the OVERLAPPED; but ERROR_MORE_DATA (234) is
 * a warning, which does. */
struct result io_finish(struct io *io, HANDLE pipe, DWORD error) {
  struct result result = {error, 0};

  if (error == ERROR_IO_PENDING) {
    result = io_wait(io, pipe);
  } else if (error == ERROR_SUCCESS || error == ERROR_MORE_DATA) {
    result = io_result(io, pipe);
  }
  return result;
}

struct result win_read(struct platform *f, HANDLE pipe, void *buffer,
                       DWORD size) {
  struct io *io = io_new(f);

  return io_finish(io, pipe, read_start(io, pipe, buffer, size));
}

struct result win_write(struct platform *f, HANDLE pipe, const void *data,
                        DWORD size) {
  struct io *io = io_new(f);

  return io_finish(io, pipe, write_start(io, pipe, data, size));
}

/* --- Threads ------------------------------------------------------------ */

struct worker {
  worker_fn run;
  void *argument;
  HANDLE running;
};

static DWORD WINAPI worker_main(void *argument) {
  struct worker worker = *(struct worker *)argument;

  SetEvent(worker.running); /* from here on `argument` may be gone */
  return worker.run(worker.argument);
}

HANDLE worker_start(struct platform *f, worker_fn run, void *argument) {
  struct worker worker = {run, argument, event_new(f)};
  HANDLE thread =
      win_own(f, CreateThread(NULL, 0, worker_main, &worker, 0, NULL));

  assert_int_equal(WaitForSingleObject(worker.running, timeout_ms(WAIT_MS)),
                   WAIT_OBJECT_0);
  return thread;
}

bool worker_is_blocked(HANDLE worker) {
  return WaitForSingleObject(worker, timeout_ms(QUIET_MS)) == WAIT_TIMEOUT;
}

DWORD worker_join(HANDLE worker) {
  DWORD code = 0;

  assert_int_equal(WaitForSingleObject(worker, timeout_ms(WAIT_MS)),
                   WAIT_OBJECT_0);
  assert_call(GetExitCodeThread(worker, &code));
  return code;
}
