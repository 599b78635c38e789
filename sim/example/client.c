/* A client that waits for its turn, asks once, and goes. */
#include "service.h"

#include <string.h>

enum { WAIT_MS = 20000, TRIES_MAX = 1000 };

static HANDLE connect_to(LPCWSTR name) {
  for (unsigned i = 0; i < TRIES_MAX; i++) {
    HANDLE pipe = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL,
                              OPEN_EXISTING, 0, NULL);

    if (pipe != INVALID_HANDLE_VALUE) {
      return pipe;
    }
    if (GetLastError() == ERROR_FILE_NOT_FOUND) {
      Sleep(1); /* the server has not begun */
    } else if (GetLastError() != ERROR_PIPE_BUSY ||
               (!WaitNamedPipeW(name, WAIT_MS) &&
                GetLastError() != ERROR_FILE_NOT_FOUND)) {
      break;
    }
  }
  return INVALID_HANDLE_VALUE;
}

DWORD service_ask(LPCWSTR name, const char *request, char *answer,
                  DWORD *size) {
  DWORD mode = PIPE_READMODE_MESSAGE;
  DWORD error = 0;
  DWORD bytes;
  HANDLE pipe = connect_to(name);

  if (pipe == INVALID_HANDLE_VALUE) {
    return GetLastError();
  }
  if (!SetNamedPipeHandleState(pipe, &mode, NULL, NULL) ||
      !WriteFile(pipe, request, (DWORD)strlen(request), &bytes, NULL) ||
      !ReadFile(pipe, answer, *size, size, NULL)) {
    error = GetLastError();
  }
  CloseHandle(pipe);
  return error;
}
