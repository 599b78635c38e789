/* server NAME: the server of docs/subjects.md. It is usual, and wrong: it has
 * two of the bugs that npipe-subjects sees. */
#include <stdio.h>
#include <windows.h>

static DWORD WINAPI serve(void *pipe) {
  static __thread char buffer[4096];
  DWORD length, written;
  while (ReadFile(pipe, buffer, sizeof buffer, &length, NULL) &&
         WriteFile(pipe, buffer, length, &written, NULL)) {
  }
  CloseHandle(pipe);
  return 0;
}

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "\\\\.\\pipe\\echo";
  for (;;) {
    HANDLE pipe =
        CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE,
                         PIPE_UNLIMITED_INSTANCES, 4096, 4096, 0, NULL);
    if (pipe == INVALID_HANDLE_VALUE) {
      return 1;
    }
    if (!ConnectNamedPipe(pipe, NULL) &&
        GetLastError() != ERROR_PIPE_CONNECTED) {
      return 1; /* the client has gone already: is that an error? */
    }
    CloseHandle(CreateThread(NULL, 0, serve, pipe, 0, NULL));
  }
}
