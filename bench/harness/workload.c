/* The table of workloads, and the helpers that all benchmark programs use. A
 * workload has the same name and the same sizes for every peer. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name;
  bench_kind kind;
  size_t connections;
  size_t message_bytes;
  size_t buffer_bytes;
} workloads[] = {
    {"echo-1", BENCH_ECHO, 1, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES},
    {"echo-64", BENCH_ECHO, 64, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES},
    {"scale-1", BENCH_ECHO, 1, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES},
    {"scale-64", BENCH_ECHO, 64, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES},
    {"scale-1000", BENCH_ECHO, 1000, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES},
    {"scale-4000", BENCH_ECHO, 4000, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES},
    {"stream-64k", BENCH_STREAM, 1, 65536, 65536},
    {"stream-60k", BENCH_STREAM, 1, 60000, 60000},
    {"stream-128", BENCH_STREAM, 1, 128, 65536},
    {"connect", BENCH_CONNECT, 1, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES},
    {"connect-recycled", BENCH_RECYCLED, 1, BENCH_MESSAGE_BYTES,
     BENCH_MESSAGE_BYTES},
    {"idle-1000", BENCH_IDLE, 1000, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES},
    {"server", BENCH_SERVER, 1, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES},
};

size_t bench_messages;

bool bench_parse(bench *b, const char *workload, const char *way,
                 size_t count) {
  for (size_t i = 0; i < sizeof workloads / sizeof workloads[0]; i++) {
    if (strcmp(workloads[i].name, workload) == 0) {
      memset(b, 0, sizeof *b);
      b->workload = workloads[i].name;
      b->way = way;
      b->kind = workloads[i].kind;
      b->connections = workloads[i].connections;
      b->message_bytes = workloads[i].message_bytes;
      b->buffer_bytes = workloads[i].buffer_bytes;
      b->count = b->kind == BENCH_IDLE ? b->connections : count;
      return true;
    }
  }
  return false;
}

void bench_fail(const char *what, unsigned long error) {
  fprintf(stderr, "%s: %s: error %lu\n", bench_peer, what, error);
  exit(1);
}

void *bench_memory(size_t size) {
  void *memory = calloc(1, size);

  if (memory == NULL) {
    bench_fail("no memory", 8);
  }
  return memory;
}
