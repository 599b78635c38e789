/* main() of the benchmark on Windows and Wine. The program measures time and
 * memory, and can put marks into a trace of system calls. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include <psapi.h>

static bool marks;
static LARGE_INTEGER began;
static LARGE_INTEGER ended;
static SIZE_T began_bytes;
static SIZE_T ended_bytes;

/* mark puts a mark into a trace: opening an event that does not exist changes
 * nothing, but every trace shows the call and the name. */
static void mark(const bench *b, const char *place) {
  char name[160];
  HANDLE event;

  snprintf(name, sizeof name, "npipe-bench %s %s %s %s %lu", place, bench_peer,
           b->workload, b->way, (unsigned long)b->count);
  event = OpenEventA(SYNCHRONIZE, FALSE, name);
  if (event != NULL) {
    bench_fail(name, ERROR_ALREADY_EXISTS);
  }
}

static SIZE_T resident_bytes(void) {
  PROCESS_MEMORY_COUNTERS counters;

  memset(&counters, 0, sizeof counters);
  if (!GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters)) {
    bench_fail("GetProcessMemoryInfo", GetLastError());
  }
  return counters.WorkingSetSize;
}

void bench_begin(const bench *b) {
  if (b->kind == BENCH_IDLE) {
    began_bytes = resident_bytes();
  }
  if (marks) {
    mark(b, "begin");
  }
  QueryPerformanceCounter(&began);
}

void bench_end(const bench *b) {
  QueryPerformanceCounter(&ended);
  if (marks) {
    mark(b, "end");
  }
  if (b->kind == BENCH_IDLE) {
    ended_bytes = resident_bytes();
  }
}

static bool run_once(bench *b) {
  LARGE_INTEGER frequency;
  double seconds;

  snprintf(b->name, sizeof b->name, "\\\\.\\pipe\\npipe-bench-%lu",
           (unsigned long)GetCurrentProcessId());
  if (b->kind == BENCH_SERVER) {
    /* The client is another process and knows this fixed name. */
    snprintf(b->name, sizeof b->name, "\\\\.\\pipe\\npipe-bench-server");
  }
  if (!bench_run(b)) {
    return false;
  }
  QueryPerformanceFrequency(&frequency);
  seconds =
      (double)(ended.QuadPart - began.QuadPart) / (double)frequency.QuadPart;
  printf(
      "{\"peer\": \"%s\", \"workload\": \"%s\", \"way\": \"%s\", "
      "\"count\": %lu, \"seconds\": %.6f",
      bench_peer, b->workload, b->way, (unsigned long)b->count, seconds);
  if (b->kind == BENCH_IDLE) {
    printf(", \"bytes_per_pair\": %.0f",
           ((double)ended_bytes - (double)began_bytes) / (double)b->count);
  }
  printf("}\n");
  fflush(stdout);
  return true;
}

/* Exit code 77: the peer does not have this workload. */
int main(int argc, char **argv) {
  bench b;

  if (argc > 1 && strcmp(argv[1], "--marks") == 0) {
    marks = true;
    argc--;
    argv++;
  }
  bench_arguments(&b, bench_peer, "[--marks] ", argc, argv);
  return run_once(&b) ? 0 : 77;
}
