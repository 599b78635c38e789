/* A fuzz target: a client that sends what the fuzzer likes, in pieces that it
 * likes. Each run has a kernel of its own. */
#include "service.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <sim/sim.h>

static const WCHAR name[] = L"\\\\.\\pipe\\npsim-example";

static DWORD WINAPI server_main(LPVOID stop) {
  return service_run(name, stop);
}

static HANDLE connect_to_server(void) {
  HANDLE pipe;

  while ((pipe = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL,
                             OPEN_EXISTING, 0, NULL)) == INVALID_HANDLE_VALUE) {
    Sleep(1);
  }
  return pipe;
}

/* Each message is a byte with its size, and its bytes. */
static void messages_send(HANDLE pipe, const uint8_t *data, size_t size) {
  char answer[SERVICE_MESSAGE_MAX];
  DWORD bytes;

  while (size > 0) {
    DWORD length = data[0];

    data++;
    size--;
    length = length < size ? length : (DWORD)size;
    if (!WriteFile(pipe, data, length, &bytes, NULL) ||
        !ReadFile(pipe, answer, sizeof answer, &bytes, NULL)) {
      break;
    }
    data += length;
    size -= length;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char report[1024];
  sim_settings settings;
  HANDLE server;
  HANDLE stop;
  HANDLE pipe;

  sim_settings_init(&settings);
  settings.threads_in_step = true;
  sim_reset(size > 0 ? data[size - 1] : 0, &settings);
  stop = CreateEventW(NULL, TRUE, FALSE, NULL);
  server = CreateThread(NULL, 0, server_main, stop, 0, NULL);
  pipe = connect_to_server();
  messages_send(pipe, data, size);
  CloseHandle(pipe);
  SetEvent(stop);
  WaitForSingleObject(server, INFINITE);
  CloseHandle(server);
  CloseHandle(stop);
  if (!sim_check(report, sizeof report)) {
    fputs(report, stderr);
    abort();
  }
  return 0;
}
