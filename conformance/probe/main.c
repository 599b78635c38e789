/* npipe-probe: measures answers that no page of Windows gives, on the system on
 * which it runs: the size of the default thread pool, the end of a flush of an
 * asynchronous handle, and the kernel memory of an idle pipe. It prints JSON,
 * exits with 0 whatever the answers are, and takes a minute at most. */
#include "probe.h"

#include <stdio.h>

bool pair_open(struct pair *pair, DWORD quota_bytes) {
  static LONG count;
  char name[PROBE_NAME_BYTES_MAX];
  DWORD error;

  snprintf(name, sizeof(name), "\\\\.\\pipe\\npipe-probe-%lu-%ld",
           (unsigned long)GetCurrentProcessId(),
           (long)InterlockedIncrement(&count));
  pair->client = INVALID_HANDLE_VALUE;
  pair->server =
      CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                       PIPE_TYPE_BYTE, 1, quota_bytes, quota_bytes, 0, NULL);
  if (pair->server == INVALID_HANDLE_VALUE) {
    return false;
  }
  pair->client = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL,
                             OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
  if (pair->client == INVALID_HANDLE_VALUE) {
    error = GetLastError();
    CloseHandle(pair->server);
    SetLastError(error);
    return false;
  }
  return true;
}

void pair_close(struct pair *pair) {
  CloseHandle(pair->client);
  CloseHandle(pair->server);
}

int main(void) {
  static void (*const parts[])(void) = {probe_flush, probe_flush_control,
                                        probe_memory, probe_pool};
  size_t i;

  printf("{\n  \"probe\": 1");
  for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
    printf(",\n  ");
    parts[i]();
    fflush(stdout);
  }
  printf("\n}\n");
  fflush(stdout);
  /* Pool threads, or a thread in a call that never ends, may still run. */
  TerminateProcess(GetCurrentProcess(), 0);
  return 0;
}
