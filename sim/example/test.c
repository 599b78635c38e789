/* The service's test: a server and some clients, as threads. It runs on
 * Windows as it is; linked with npsim it runs on Linux, too. */
#include "test.h"
#include "service.h"

#include <stdio.h>
#include <string.h>

enum { CLIENTS = 5 };

static const WCHAR name[] = L"\\\\.\\pipe\\npsim-example";

static const struct {
  const char *request;
  const char *answer;
} questions[CLIENTS] = {{"U hello", "HELLO"},
                        {"R hello", "olleh"},
                        {"A 40 2", "42"},
                        {"U ", ""},
                        {"hello", "?"}};

static DWORD WINAPI server_main(LPVOID stop) {
  return service_run(name, stop);
}

static DWORD WINAPI client_main(LPVOID parameter) {
  const char *request = questions[(size_t)parameter].request;
  const char *expected = questions[(size_t)parameter].answer;
  char answer[SERVICE_MESSAGE_MAX];
  DWORD size = sizeof answer;
  DWORD error = service_ask(name, request, answer, &size);

  if (error != 0) {
    printf("%s: error %u\n", request, (unsigned)error);
    return 1;
  }
  if (size != strlen(expected) || memcmp(answer, expected, size) != 0) {
    printf("%s: answered %.*s\n", request, (int)size, answer);
    return 1;
  }
  return 0;
}

/* join waits for a thread and returns TRUE if it ended well. */
static BOOL join(HANDLE thread) {
  DWORD code = 1;

  if (thread != NULL) {
    WaitForSingleObject(thread, INFINITE);
    GetExitCodeThread(thread, &code);
    CloseHandle(thread);
  }
  return code == 0;
}

int service_test(void) {
  HANDLE stop = CreateEventW(NULL, TRUE, FALSE, NULL);
  HANDLE clients[CLIENTS];
  HANDLE server;
  DWORD failed = 0;

  if (stop == NULL) {
    return 1;
  }
  server = CreateThread(NULL, 0, server_main, stop, 0, NULL);
  for (size_t i = 0; i < CLIENTS; i++) {
    clients[i] = CreateThread(NULL, 0, client_main, (LPVOID)i, 0, NULL);
  }
  for (size_t i = 0; i < CLIENTS; i++) {
    failed += !join(clients[i]);
  }
  SetEvent(stop);
  failed += !join(server);
  CloseHandle(stop);
  return (int)failed;
}
