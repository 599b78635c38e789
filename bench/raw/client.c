/* bench-client: the blocking client of workload `server`. For each COUNT the
 * program opens the pipe, as soon as it exists, and makes COUNT round trips. */
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#include "../harness/bench.h"
#include "kit/usage.h"

static const char name[] = "\\\\.\\pipe\\npipe-bench-server";

static HANDLE open_server(void) {
  HANDLE handle;

  for (int tries = 0; tries < 1000; tries++) {
    handle = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL,
                         OPEN_EXISTING, 0, NULL);
    if (handle != INVALID_HANDLE_VALUE) {
      return handle;
    }
    Sleep(10);
  }
  fprintf(stderr, "client: open: error %lu\n", GetLastError());
  exit(1);
}

static void trips(HANDLE handle, unsigned long count) {
  char buffer[BENCH_MESSAGE_BYTES] = {0};

  while (count-- > 0) {
    DWORD bytes = 0;

    if (!WriteFile(handle, buffer, sizeof buffer, &bytes, NULL) ||
        !ReadFile(handle, buffer, sizeof buffer, &bytes, NULL) ||
        bytes != sizeof buffer) {
      fprintf(stderr, "client: error %lu\n", GetLastError());
      exit(1);
    }
  }
}

int main(int argc, char **argv) {
  usage_help(argc, argv,
             "usage: bench-client COUNT...\n\n"
             "For each COUNT: opens the pipe of the workload `server`, and\n"
             "makes COUNT round trips.\n");
  for (int i = 1; i < argc; i++) {
    if (strtoul(argv[i], NULL, 10) == 0) {
      usage_refuse("bench-client", argv[i]);
    }
  }
  for (int i = 1; i < argc; i++) {
    HANDLE handle = open_server();

    trips(handle, strtoul(argv[i], NULL, 10));
    CloseHandle(handle);
  }
  return 0;
}
