/* main() of the benchmark on the simulated kernel; npipe is the only peer. The
 * program counts instead of measuring time: kernel calls, allocations and
 * copies of the library, for COUNT operations and for twice as many. Under
 * callgrind, which dumps its counters at each bench_end, instructions are
 * counted too.
 *
 *   bench-costs WORKLOAD WAY COUNT */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sim/sim.h>
#include <valgrind/callgrind.h>
#include <windows.h>

#include "bench.h"

/* The kernel calls that are counted one by one. Other calls are counted in
 * `calls_total` alone. */
static const char *const names[] = {"ReadFile",
                                    "WriteFile",
                                    "GetQueuedCompletionStatusEx",
                                    "PostQueuedCompletionStatus",
                                    "CancelIoEx",
                                    "ConnectNamedPipe",
                                    "DisconnectNamedPipe",
                                    "CreateNamedPipeW",
                                    "CreateFileW",
                                    "CloseHandle",
                                    "CreateIoCompletionPort",
                                    "SetFileCompletionNotificationModes",
                                    "SetNamedPipeHandleState",
                                    "NtQueryInformationFile",
                                    "NtFsControlFile",
                                    "PeekNamedPipe",
                                    "GetOverlappedResult",
                                    "CreateEventW",
                                    "SwitchToThread"};

enum { NAMES = sizeof names / sizeof names[0] };

typedef struct counts {
  uint64_t calls[NAMES];
  uint64_t calls_total; /* all calls that can fail, listed or not */
  uint64_t allocations;
  uint64_t allocated_bytes;
  uint64_t copies;
  uint64_t copied_bytes;
  uint64_t messages;
} counts;

static counts now;
static counts began;

/* The library is compiled with these functions in place of malloc, memcpy and
 * memmove. */
void *bench_counted_malloc(size_t size);
void *bench_counted_memcpy(void *to, const void *from, size_t size);
void *bench_counted_memmove(void *to, const void *from, size_t size);

void *bench_counted_malloc(size_t size) {
  now.allocations++;
  now.allocated_bytes += size;
  return malloc(size);
}

static void count_copy(size_t size) {
  now.copies++;
  now.copied_bytes += size;
}

void *bench_counted_memcpy(void *to, const void *from, size_t size) {
  count_copy(size);
  return memcpy(to, from, size);
}

void *bench_counted_memmove(void *to, const void *from, size_t size) {
  count_copy(size);
  return memmove(to, from, size);
}

void bench_clients_wait(void) {
}

static void look(void) {
  for (size_t i = 0; i < NAMES; i++) {
    now.calls[i] = sim_calls(names[i]);
  }
  now.calls_total = sim_calls_total();
  now.messages = bench_messages;
}

void bench_begin(const bench *b) {
  (void)b;
  look();
  began = now;
  CALLGRIND_ZERO_STATS;
}

static void print(const char *name, uint64_t after, uint64_t before) {
  printf(", \"%s\": %" PRIu64, name, after - before);
}

void bench_end(const bench *b) {
  CALLGRIND_DUMP_STATS;
  look();
  printf(
      "{\"peer\": \"%s\", \"workload\": \"%s\", \"way\": \"%s\", "
      "\"count\": %zu",
      bench_peer, b->workload, b->way, b->count);
  for (size_t i = 0; i < NAMES; i++) {
    print(names[i], now.calls[i], began.calls[i]);
  }
  print("calls_total", now.calls_total, began.calls_total);
  print("allocations", now.allocations, began.allocations);
  print("allocated_bytes", now.allocated_bytes, began.allocated_bytes);
  print("copies", now.copies, began.copies);
  print("copied_bytes", now.copied_bytes, began.copied_bytes);
  print("messages", now.messages, began.messages);
  printf("}\n");
}

/* Exit code 77: npipe does not have this workload. */
int main(int argc, char **argv) {
  char report[2048];
  size_t count;
  bench b;

  bench_arguments(&b, "costs", "", argc, argv);
  count = b.count;
  if (b.processes > 0 || !bench_has(&b)) {
    /* The simulated kernel has one process, and a server alone needs more. */
    return 77;
  }
  for (size_t i = 1; i <= 2; i++) {
    sim_reset(1, NULL);
    snprintf(b.name, sizeof b.name, "\\\\.\\pipe\\npipe-bench");
    b.count = b.kind == BENCH_IDLE ? b.count : i * count;
    bench_run(&b);
    if (!sim_check(report, sizeof report)) {
      fprintf(stderr, "%s\n", report);
      return 1;
    }
  }
  return 0;
}
