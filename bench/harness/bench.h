/* What every program of the measurements shares: the same workloads, named and
 * sized alike, one command line, one line of JSON out.
 *
 * A program is `bench-PEER WORKLOAD WAY COUNT`: it does COUNT operations of the
 * workload and tells how long they took. With `--marks` it asks the system for
 * an object of a telling name before and after, by which a trace of the calls
 * can be taken apart. */
#ifndef NPIPE_BENCH_H
#define NPIPE_BENCH_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum bench_kind {
  BENCH_ECHO,     /* strict request and answer; an operation is a round trip */
  BENCH_STREAM,   /* one way, one write in flight; an operation is a message */
  BENCH_CONNECT,  /* create, connect, one round trip, close                  */
  BENCH_RECYCLED, /* the same, and the server's instance is used again       */
  BENCH_IDLE,     /* an operation is a pair with a read pending at each end  */
  BENCH_SERVER    /* echo; the client is another process                     */
} bench_kind;

#define BENCH_MESSAGE_BYTES 64u /* of an echo   */
#define BENCH_QUOTA_BYTES   65536u

typedef struct bench {
  const char *workload;
  const char *way; /* one of the peer's own ways of doing it */
  bench_kind kind;
  size_t connections;
  size_t message_bytes;
  size_t buffer_bytes; /* of the reader */
  size_t count;        /* of operations in all, over all connections */
  char name[96];       /* of the pipe, `\\.\pipe\...` */
} bench;

/* --- What a peer provides ------------------------------------------------ */

extern const char bench_peer[];

/* Runs the workload once, with bench_begin and bench_end around what counts.
 * False: this peer has no such workload, or no such way of it. */
bool bench_run(const bench *b);

/* --- What the harness provides ------------------------------------------- */

void bench_begin(const bench *b);
void bench_end(const bench *b);

/* How many messages the peer has sent and received, each end's for itself. */
extern size_t bench_messages;

/* Ends the program with a message. */
void bench_fail(const char *what, unsigned long error);

/* Memory that is never given back; what is missing ends the program. */
void *bench_memory(size_t size);

/* bench_parse fills `b` by the name of a workload; false: there is none. */
bool bench_parse(bench *b, const char *workload, const char *way, size_t count);

#ifdef __cplusplus
}
#endif

#endif
