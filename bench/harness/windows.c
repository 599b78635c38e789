/* main() of the benchmark on Windows and Wine. The program measures time,
 * processor time and memory, and can put marks into a trace of system calls. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include <psapi.h>

#include "clients.h"
#include "kit/usage.h"

static bool marks;
static LARGE_INTEGER began;
static LARGE_INTEGER ended;
static SIZE_T began_bytes;
static SIZE_T ended_bytes;
static double began_processor;
static double ended_processor;

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

/* processor_seconds returns the processor time of this process. The clock ticks
 * every 10 ms or so: only the sum of many runs is exact. */
static double processor_seconds(void) {
  FILETIME created;
  FILETIME exited;
  FILETIME kernel;
  FILETIME user;

  if (!GetProcessTimes(GetCurrentProcess(), &created, &exited, &kernel,
                       &user)) {
    bench_fail("GetProcessTimes", GetLastError());
  }
  return ((double)kernel.dwLowDateTime + (double)user.dwLowDateTime) / 1e7;
}

void bench_begin(const bench *b) {
  if (b->kind == BENCH_IDLE) {
    began_bytes = resident_bytes();
  }
  began_processor = processor_seconds();
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
  ended_processor = processor_seconds();
  if (b->kind == BENCH_IDLE) {
    ended_bytes = resident_bytes();
  }
}

static bool run_once(bench *b, uintptr_t clients_on) {
  LARGE_INTEGER frequency;
  double seconds;

  snprintf(b->name, sizeof b->name, "\\\\.\\pipe\\npipe-bench-%lu",
           (unsigned long)GetCurrentProcessId());
  if (!bench_has(b)) {
    return false;
  }
  bench_clients_start(b, clients_on);
  bench_run(b);
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
  if (b->processes > 0) {
    printf(", \"processor_seconds\": %.4f, \"p50_us\": %.1f, \"p99_us\": %.1f",
           ended_processor - began_processor, bench_clients_percentile(50),
           bench_clients_percentile(99));
  }
  printf("}\n");
  fflush(stdout);
  return true;
}

/* Exit code 77: the peer does not have this workload. */
int main(int argc, char **argv) {
  unsigned long on = 0;
  unsigned long clients_on = 0;
  bench b;

  for (;;) {
    if (argc > 1 && strcmp(argv[1], "--marks") == 0) {
      marks = true;
      argc--;
      argv++;
    } else if (argc > 2 && strcmp(argv[1], "--on") == 0) {
      on = strtoul(argv[2], NULL, 10);
      argc -= 2;
      argv += 2;
    } else if (argc > 2 && strcmp(argv[1], "--clients-on") == 0) {
      clients_on = strtoul(argv[2], NULL, 10);
      argc -= 2;
      argv += 2;
    } else {
      break;
    }
  }
  bench_arguments(&b, bench_peer, "[--marks] [--on MASK] [--clients-on MASK] ",
                  argc, argv);
  if (on != 0 && !SetProcessAffinityMask(GetCurrentProcess(), on)) {
    bench_fail("processors", GetLastError());
  }
  return run_once(&b, clients_on) ? 0 : 77;
}
