/* The table of workloads, and the helpers that all benchmark programs use. A
 * workload has the same name and the same sizes for every peer. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/usage.h"

static const struct {
  const char *name;
  bench_kind kind;
  size_t connections;
  size_t message_bytes;
  size_t buffer_bytes;
  size_t processes;
  bool framed;
} workloads[] = {
    {"echo-1", BENCH_ECHO, 1, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES, 0,
     false},
    {"echo-64", BENCH_ECHO, 64, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES, 0,
     false},
    {"scale-1", BENCH_ECHO, 1, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES, 0,
     false},
    {"scale-64", BENCH_ECHO, 64, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES, 0,
     false},
    {"scale-1000", BENCH_ECHO, 1000, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES,
     0, false},
    {"scale-4000", BENCH_ECHO, 4000, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES,
     0, false},
    {"scale-16", BENCH_ECHO, 16, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES, 0,
     false},
    {"scale-16000", BENCH_ECHO, 16000, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES,
     0, false},
    {"stream-64k", BENCH_STREAM, 1, 65536, 65536, 0, false},
    {"stream-60k", BENCH_STREAM, 1, 60000, 60000, 0, false},
    {"stream-128", BENCH_STREAM, 1, 128, 65536, 0, false},
    {"connect", BENCH_CONNECT, 1, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES, 0,
     false},
    {"connect-recycled", BENCH_RECYCLED, 1, BENCH_MESSAGE_BYTES,
     BENCH_MESSAGE_BYTES, 0, false},
    {"idle-1000", BENCH_IDLE, 1000, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES, 0,
     false},
    {"server-1", BENCH_SERVER, 1, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES, 1,
     false},
    {"server-64", BENCH_SERVER, 64, BENCH_MESSAGE_BYTES, BENCH_MESSAGE_BYTES, 4,
     false},
    {"server-rpc", BENCH_SERVER, 1, BENCH_HEADER_BYTES + BENCH_MESSAGE_BYTES,
     BENCH_HEADER_BYTES + BENCH_MESSAGE_BYTES, 1, true},
    {"server-stream", BENCH_SERVER, 1, 65536, 65536, 1, false},
    {"server-connect", BENCH_VISITS, 4, BENCH_MESSAGE_BYTES,
     BENCH_MESSAGE_BYTES, 1, false},
};

size_t bench_messages;

/* help answers --help with the usage and the names of the workloads. */
static void help(const char *program, const char *options, int argc,
                 char **argv) {
  char text[1024];
  size_t used = (size_t)snprintf(text, sizeof text,
                                 "usage: bench-%s %sWORKLOAD WAY COUNT\n\n"
                                 "Runs COUNT operations of a workload and "
                                 "prints a line of JSON.\nWorkloads:\n",
                                 program, options);

  for (size_t i = 0; i < sizeof workloads / sizeof workloads[0]; i++) {
    used += (size_t)snprintf(text + used, sizeof text - used, "  %s\n",
                             workloads[i].name);
  }
  usage_help(argc, argv, text);
}

void bench_arguments(bench *b, const char *program, const char *options,
                     int argc, char **argv) {
  const unsigned long count = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
  char name[64];

  help(program, options, argc, argv);
  for (size_t i = 0; i < sizeof workloads / sizeof workloads[0]; i++) {
    if (count > 0 && strcmp(workloads[i].name, argv[1]) == 0) {
      memset(b, 0, sizeof *b);
      b->workload = workloads[i].name;
      b->way = argv[2];
      b->kind = workloads[i].kind;
      b->connections = workloads[i].connections;
      b->message_bytes = workloads[i].message_bytes;
      b->buffer_bytes = workloads[i].buffer_bytes;
      b->processes = workloads[i].processes;
      b->framed = workloads[i].framed;
      b->count = b->kind == BENCH_IDLE ? b->connections : count;
      return;
    }
  }
  snprintf(name, sizeof name, "bench-%s", program);
  usage_refuse(name, argc > 1 ? argv[1] : "no WORKLOAD");
}

bool bench_is_whole(const bench *b, const char *request, size_t have) {
  const unsigned char *header = (const unsigned char *)request;
  size_t wanted = b->message_bytes;

  if (b->framed) {
    if (have < BENCH_HEADER_BYTES) {
      return false;
    }
    wanted = BENCH_HEADER_BYTES + ((size_t)header[0] << 24) +
             ((size_t)header[1] << 16) + ((size_t)header[2] << 8) + header[3];
  }
  if (have > wanted || wanted > b->buffer_bytes) {
    bench_fail("length of a request", (unsigned long)wanted);
  }
  return have == wanted;
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
