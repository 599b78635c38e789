/* bench-client: the clients of a measured server, written by hand with blocking
 * calls. Each connection has a thread of its own. The program prints the time
 * of each round trip, see clients.h. */
#include <fcntl.h>
#include <io.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "bench.h"
#include "kit/usage.h"

const char bench_peer[] = "client";

#define CONNECTIONS_MAX 64
#define OPEN_TRIES_MAX  2000

typedef struct connection {
  HANDLE thread;
  HANDLE pipe;
  char *buffer;
  uint32_t *times; /* nanoseconds */
  size_t time_count;
} connection;

static bench work;
static size_t trips; /* of each connection */
static bool answers; /* the server asks, the client answers */
static LARGE_INTEGER frequency;

static HANDLE open_server(void) {
  for (int tries = 0; tries < OPEN_TRIES_MAX; tries++) {
    HANDLE handle = CreateFileA(work.name, GENERIC_READ | GENERIC_WRITE, 0,
                                NULL, OPEN_EXISTING, 0, NULL);

    if (handle != INVALID_HANDLE_VALUE) {
      return handle;
    }
    if (GetLastError() == ERROR_PIPE_BUSY) {
      WaitNamedPipeA(work.name, 1000);
    } else {
      Sleep(5); /* The server has not created its pipe yet. */
    }
  }
  bench_fail("open", GetLastError());
  return INVALID_HANDLE_VALUE;
}

static void send_message(const connection *c) {
  DWORD bytes = 0;

  if (!WriteFile(c->pipe, c->buffer, (DWORD)work.message_bytes, &bytes, NULL)) {
    bench_fail("write", GetLastError());
  }
}

static void receive_message(const connection *c) {
  size_t have = 0;

  do {
    DWORD bytes = 0;

    if (!ReadFile(c->pipe, c->buffer + have, (DWORD)(work.message_bytes - have),
                  &bytes, NULL)) {
      bench_fail("read", GetLastError());
    }
    have += bytes;
  } while (have < work.message_bytes);
}

static void trip(const connection *c) {
  if (answers) {
    receive_message(c);
    send_message(c);
  } else {
    send_message(c);
    receive_message(c);
  }
}

static DWORD WINAPI run(void *user) {
  connection *c = user;
  const bool visits = work.kind == BENCH_VISITS;

  if (!visits) {
    c->pipe = open_server();
  }
  for (size_t i = 0; i < trips; i++) {
    LARGE_INTEGER begin;
    LARGE_INTEGER end;

    QueryPerformanceCounter(&begin);
    if (visits) {
      c->pipe = open_server();
    }
    trip(c);
    if (visits) {
      CloseHandle(c->pipe);
    }
    QueryPerformanceCounter(&end);
    if (i > 0) {
      const double seconds =
          (double)(end.QuadPart - begin.QuadPart) / (double)frequency.QuadPart;

      c->times[c->time_count++] =
          seconds < 4 ? (uint32_t)(seconds * 1e9) : UINT32_MAX;
    }
  }
  if (!visits) {
    CloseHandle(c->pipe);
  }
  return 0;
}

static void connection_start(connection *c) {
  c->buffer = bench_memory(work.message_bytes);
  c->times = bench_memory(trips * sizeof *c->times);
  if (work.framed) {
    const size_t length = work.message_bytes - BENCH_HEADER_BYTES;

    c->buffer[2] = (char)(length >> 8);
    c->buffer[3] = (char)length;
  }
  c->thread = CreateThread(NULL, 65536, run, c,
                           STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
  if (c->thread == NULL) {
    bench_fail("thread", GetLastError());
  }
}

int main(int argc, char **argv) {
  static connection connections[CONNECTIONS_MAX];
  const char *pipe = "";
  DWORD_PTR on = 0;
  size_t count;

  while (argc > 2 && strncmp(argv[1], "--", 2) == 0) {
    if (strcmp(argv[1], "--on") == 0) {
      on = strtoul(argv[2], NULL, 10);
    } else if (strcmp(argv[1], "--pipe") == 0) {
      pipe = argv[2];
    } else {
      break;
    }
    argc -= 2;
    argv += 2;
  }
  bench_arguments(&work, "client", "[--on MASK] --pipe NAME ", argc, argv);
  if (work.processes == 0 ||
      work.connections / work.processes > CONNECTIONS_MAX) {
    usage_refuse("bench-client", work.workload);
  }
  if (on != 0 && !SetProcessAffinityMask(GetCurrentProcess(), on)) {
    bench_fail("processors", GetLastError());
  }
  snprintf(work.name, sizeof work.name, "%s", pipe);
  count = work.connections / work.processes;
  trips = work.count / work.connections;
  answers = strcmp(work.way, "channel-call") == 0;
  QueryPerformanceFrequency(&frequency);
  for (size_t i = 0; i < count; i++) {
    connection_start(&connections[i]);
  }
  _setmode(_fileno(stdout), _O_BINARY);
  for (size_t i = 0; i < count; i++) {
    WaitForSingleObject(connections[i].thread, INFINITE);
    fwrite(connections[i].times, sizeof(uint32_t), connections[i].time_count,
           stdout);
  }
  return 0;
}
