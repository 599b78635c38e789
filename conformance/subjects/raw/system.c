/* What a loop by hand must ask the system. */
#include "raw.h"

#include <stdio.h>
#include <stdlib.h>

bool raw_more_data_posts(HANDLE port) {
  bool posts = false;
  char name[64];
  char byte;
  HANDLE server;
  HANDLE client;
  OVERLAPPED read = {0};
  OVERLAPPED *overlapped = NULL;
  ULONG_PTR key = 0;
  DWORD bytes = 0;

  snprintf(name, sizeof(name), "\\\\.\\pipe\\subject-raw-%lu",
           (unsigned long)GetCurrentProcessId());
  server = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                            PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, 1, 16,
                            16, 0, NULL);
  client = CreateFileA(name, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  if (server == INVALID_HANDLE_VALUE || client == INVALID_HANDLE_VALUE ||
      CreateIoCompletionPort(server, port, 0, 0) == NULL ||
      !WriteFile(client, "ab", 2, &bytes, NULL)) {
    fputs("subject-raw: the system was asked in vain\n", stderr);
    exit(3);
  }
  if (!ReadFile(server, &byte, 1, NULL, &read) &&
      GetLastError() == ERROR_MORE_DATA) {
    GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, 0);
    posts = overlapped != NULL;
  }
  CloseHandle(client);
  CloseHandle(server);
  return posts;
}
