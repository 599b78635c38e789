#include "calibration.h"

#include <stdint.h>
#include <windows.h>

static INIT_ONCE calibration_once = INIT_ONCE_STATIC_INIT;
static bool more_data_posts;

/* Appends `value` in hexadecimal, all digits. */
static WCHAR *append_hex(WCHAR *at, uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) {
    *at++ = L"0123456789abcdef"[(value >> shift) & 15];
  }
  return at;
}

/* A name that nobody else uses: this process, this address space, this tick. */
static void make_name(WCHAR *name) {
  static const WCHAR prefix[] = L"\\\\.\\pipe\\npipe-calibration-";
  WCHAR *at = name;

  for (const WCHAR *from = prefix; *from != 0; from++) {
    *at++ = *from;
  }
  at = append_hex(at, GetCurrentProcessId());
  at = append_hex(at, (uint64_t)(uintptr_t)name);
  at = append_hex(at, GetTickCount64());
  *at = 0;
}

/* Reads one byte of a message of two and looks for the packet. What is queued,
 * is queued before ReadFile returns. */
static np_error measure(HANDLE server, HANDLE client, HANDLE port) {
  /* Not on the stack: a read whose packet could not be taken may still end. A
   * second try finds what that left there, of which no field matters. */
  static OVERLAPPED overlapped;
  static char byte;
  OVERLAPPED_ENTRY entry;
  ULONG count;
  DWORD written;
  DWORD wait_ms = 0;
  np_error error;

  if (!WriteFile(client, "12", 2, &written, NULL)) {
    return GetLastError();
  }
  if (ReadFile(server, &byte, 1, NULL, &overlapped)) {
    return ERROR_BAD_PIPE; /* GCOVR_EXCL_LINE: a pipe that cuts no message */
  }
  error = GetLastError();
  if (error == ERROR_IO_PENDING) {
    wait_ms = INFINITE; /* Answered so, it always comes by the port. */
  } else if (error != ERROR_MORE_DATA) {
    return error;
  }
  if (GetQueuedCompletionStatusEx(port, &entry, 1, &count, wait_ms, FALSE)) {
    more_data_posts = wait_ms == 0;
    return NP_OK;
  }
  error = GetLastError();
  if (error != WAIT_TIMEOUT) {
    return error;
  }
  more_data_posts = false;
  return NP_OK;
}

static np_error calibrate(void) {
  WCHAR name[96];
  HANDLE server = INVALID_HANDLE_VALUE;
  HANDLE client = INVALID_HANDLE_VALUE;
  HANDLE port = NULL;
  np_error error;

  make_name(name);
  server = CreateNamedPipeW(
      name,
      PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED |
          FILE_FLAG_FIRST_PIPE_INSTANCE,
      PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_REJECT_REMOTE_CLIENTS, 1,
      0, 64, 0, NULL);
  if (server == INVALID_HANDLE_VALUE) {
    error = GetLastError();
    goto cleanup;
  }
  client = CreateFileW(name, GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                       SECURITY_SQOS_PRESENT | SECURITY_ANONYMOUS, NULL);
  if (client == INVALID_HANDLE_VALUE) {
    error = GetLastError();
    goto cleanup;
  }
  port = CreateIoCompletionPort(server, NULL, 1, 1);
  if (port == NULL || !SetFileCompletionNotificationModes(
                          server, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)) {
    error = GetLastError();
    goto cleanup;
  }
  error = measure(server, client, port);

cleanup:
  if (client != INVALID_HANDLE_VALUE) {
    CloseHandle(client);
  }
  if (server != INVALID_HANDLE_VALUE) {
    CloseHandle(server);
  }
  if (port != NULL) {
    CloseHandle(port);
  }
  return error;
}

static BOOL CALLBACK calibrate_once(PINIT_ONCE init, PVOID parameter,
                                    PVOID *context) {
  np_error *error = parameter;

  (void)init;
  (void)context;
  *error = calibrate();
  return *error == NP_OK; /* FALSE: the next call tries again. */
}

np_error np__calibrate(void) {
  np_error error = NP_OK;

  if (!InitOnceExecuteOnce(&calibration_once, calibrate_once, &error, NULL)) {
    return error; /* It fails only where our own try did. */
  }
  return NP_OK;
}

bool np__more_data_posts(void) {
  return more_data_posts;
}
