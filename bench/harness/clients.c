/* Starts the clients of a measured server and collects their times. The times
 * of all clients are one set: a percentile is that of all round trips. */
#include "clients.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#define PROCESSES_MAX 8

typedef struct client {
  HANDLE process;
  HANDLE out; /* what it prints */
} client;

static client clients[PROCESSES_MAX];
static size_t client_count;
static uint32_t *times;
static size_t time_count;

static void client_command(char *command, size_t size, const bench *b,
                           uintptr_t processors) {
  char folder[MAX_PATH];
  char *slash;

  GetModuleFileNameA(NULL, folder, sizeof folder);
  folder[sizeof folder - 1] = '\0';
  slash = strrchr(folder, '\\');
  if (slash != NULL) {
    slash[1] = '\0';
  }
  snprintf(command, size, "\"%sbench-client.exe\" --on %lu --pipe %s %s %s %lu",
           folder, (unsigned long)processors, b->name, b->workload, b->way,
           (unsigned long)b->count);
}

static void client_start(client *c, char *command) {
  STARTUPINFOA startup;
  PROCESS_INFORMATION made;
  HANDLE write_end;

  memset(&startup, 0, sizeof startup);
  startup.cb = sizeof startup;
  startup.dwFlags = STARTF_USESTDHANDLES;
  startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
  startup.hStdInput = INVALID_HANDLE_VALUE;
  if (!CreatePipe(&c->out, &write_end, NULL, 0) ||
      !SetHandleInformation(write_end, HANDLE_FLAG_INHERIT,
                            HANDLE_FLAG_INHERIT)) {
    bench_fail("pipe of a client", GetLastError());
  }
  startup.hStdOutput = write_end;
  if (!CreateProcessA(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup,
                      &made)) {
    bench_fail("start of bench-client.exe", GetLastError());
  }
  CloseHandle(write_end);
  CloseHandle(made.hThread);
  c->process = made.hProcess;
}

void bench_clients_start(const bench *b, uintptr_t processors) {
  char command[2 * MAX_PATH];

  if (b->processes > PROCESSES_MAX) {
    bench_fail("number of clients", (unsigned long)b->processes);
  }
  client_command(command, sizeof command, b, processors);
  for (size_t i = 0; i < b->processes; i++) {
    client_start(&clients[i], command);
  }
  client_count = b->processes;
}

/* collect reads all that a client prints. */
static void collect(const client *c) {
  size_t have = time_count * sizeof *times;
  size_t room = have;
  DWORD bytes = 0;

  do {
    have += bytes;
    if (have == room) {
      room += 65536;
      times = realloc(times, room);
      if (times == NULL) {
        bench_fail("no memory", ERROR_NOT_ENOUGH_MEMORY);
      }
    }
  } while (ReadFile(c->out, (char *)times + have, (DWORD)(room - have), &bytes,
                    NULL));
  time_count = have / sizeof *times;
}

static int compare(const void *left, const void *right) {
  const uint32_t a = *(const uint32_t *)left;
  const uint32_t b = *(const uint32_t *)right;

  return (a > b) - (a < b);
}

void bench_clients_wait(void) {
  for (size_t i = 0; i < client_count; i++) {
    DWORD code = 1;

    collect(&clients[i]);
    WaitForSingleObject(clients[i].process, INFINITE);
    GetExitCodeProcess(clients[i].process, &code);
    if (code != 0) {
      bench_fail("a client", code);
    }
    CloseHandle(clients[i].out);
    CloseHandle(clients[i].process);
  }
  client_count = 0;
  qsort(times, time_count, sizeof *times, compare);
}

double bench_clients_percentile(unsigned percent) {
  if (time_count == 0) {
    return 0;
  }
  return (double)times[(time_count - 1) * percent / 100] / 1000;
}
