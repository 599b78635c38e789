/* The raw peer of the fixture. It uses Win32 calls only, never the library. */
#include "fixture.h"
#include "platform/nt.h"

HANDLE raw_own(np_fixture *f, HANDLE handle) {
  assert_true(handle != NULL && handle != INVALID_HANDLE_VALUE);
  assert_true(f->raw_count < RAW_HANDLES_MAX);
  f->raws[f->raw_count++] = handle;
  return handle;
}

void raw_release(np_fixture *f, HANDLE handle) {
  f->raw = f->raw == handle ? NULL : f->raw;
  for (size_t i = 0; i < f->raw_count; i++) {
    if (f->raws[i] == handle) {
      f->raws[i] = f->raws[--f->raw_count];
      return;
    }
  }
  fail_msg("%s", "not a raw handle of the fixture");
}

void raw_close(np_fixture *f, HANDLE handle) {
  raw_release(f, handle);
  assert_true(CloseHandle(handle));
}

void raw_name(const np_fixture *f, wchar_t out[WORLD_PIPE_NAME_BYTES_MAX]) {
  size_t i = 0;

  do {
    out[i] = (wchar_t)f->name[i]; /* the world's names are ASCII */
  } while (f->name[i++] != 0);
}

HANDLE raw_client(np_fixture *f, DWORD access) {
  wchar_t name[WORLD_PIPE_NAME_BYTES_MAX];
  HANDLE handle;
  DWORD mode = PIPE_READMODE_MESSAGE;

  raw_name(f, name);
  handle = raw_own(f, CreateFileW(name, access, 0, NULL, OPEN_EXISTING,
                                  FILE_FLAG_OVERLAPPED, NULL));
  if (f->client_options.read_mode == NP_MESSAGE) {
    assert_true(SetNamedPipeHandleState(handle, &mode, NULL, NULL));
  }
  return handle;
}

HANDLE raw_server(np_fixture *f) {
  const np_server_options *options = &f->server_options;
  wchar_t name[WORLD_PIPE_NAME_BYTES_MAX];
  DWORD mode = (options->mode == NP_MESSAGE ? PIPE_TYPE_MESSAGE : 0u) |
               (options->read_mode == NP_MESSAGE ? PIPE_READMODE_MESSAGE : 0u);

  raw_name(f, name);
  return raw_own(
      f, CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, mode,
                          PIPE_UNLIMITED_INSTANCES, options->out_buffer_bytes,
                          options->in_buffer_bytes, 0, NULL));
}

/* raw_wait waits for the end of a raw operation. `started` is the result of the
 * call that started it. */
static DWORD raw_wait(HANDLE handle, OVERLAPPED *overlapped, BOOL started,
                      DWORD error, size_t *length) {
  DWORD bytes = 0;

  *length = 0;
  if (!started && error != ERROR_IO_PENDING && error != ERROR_MORE_DATA) {
    return error;
  }
  assert_int_equal(WaitForSingleObject(overlapped->hEvent,
                                       (DWORD)world_timeout_ms(LOOP_WAIT_MS)),
                   WAIT_OBJECT_0);
  error = GetOverlappedResult(handle, overlapped, &bytes, FALSE)
              ? ERROR_SUCCESS
              : GetLastError();
  *length = bytes;
  return error;
}

DWORD raw_write(HANDLE handle, const void *data, size_t length) {
  static OVERLAPPED overlapped;
  size_t written;
  BOOL started;
  DWORD error;

  memset(&overlapped, 0, sizeof(overlapped));
  overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
  assert_non_null(overlapped.hEvent);
  started = WriteFile(handle, data, (DWORD)length, NULL, &overlapped);
  error = started ? ERROR_SUCCESS : GetLastError();
  error = raw_wait(handle, &overlapped, started, error, &written);
  CloseHandle(overlapped.hEvent);
  return error;
}

DWORD raw_read(HANDLE handle, void *buffer, size_t size, size_t *length) {
  static OVERLAPPED overlapped;
  BOOL started;
  DWORD error;

  memset(&overlapped, 0, sizeof(overlapped));
  overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
  assert_non_null(overlapped.hEvent);
  started = ReadFile(handle, buffer, (DWORD)size, NULL, &overlapped);
  error = started ? ERROR_SUCCESS : GetLastError();
  error = raw_wait(handle, &overlapped, started, error, length);
  CloseHandle(overlapped.hEvent);
  return error;
}

void raw_disconnect(HANDLE server) {
  assert_int_equal(nt_disconnect(server), NT_OK);
}

size_t unread_bytes(np_pipe *pipe) {
  DWORD bytes = 0;

  return PeekNamedPipe(np_pipe_handle(pipe), NULL, 0, NULL, &bytes, NULL)
             ? bytes
             : 0;
}
