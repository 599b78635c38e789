/* The part that all benchmark programs share: workloads with the same names and
 * sizes, the same command line, and one line of JSON as output.
 *
 * A program is called as `bench-PEER WORKLOAD WAY COUNT`. It runs COUNT
 * operations of the workload and prints the time they took. With `--marks` the
 * program asks Windows for an object with a known name before and after the
 * run, so that a trace of the system calls shows where the run begins and ends.
 */
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
  BENCH_SERVER,   /* a server alone; its clients are other processes         */
  BENCH_VISITS    /* the same; each client comes, asks once and goes         */
} bench_kind;

#define BENCH_MESSAGE_BYTES 64u /* of an echo   */
#define BENCH_QUOTA_BYTES   65536u
#define BENCH_HEADER_BYTES  4u /* length of a frame, most significant first */
#define BENCH_INSTANCES     4u /* that listen at once in BENCH_VISITS */

typedef struct bench {
  const char *workload;
  const char *way; /* name of one of the peer's ways to do the workload */
  bench_kind kind;
  size_t connections;
  size_t processes;     /* of clients; 0: both ends are in this process */
  bool framed;          /* messages have a header of BENCH_HEADER_BYTES */
  size_t message_bytes; /* with the header */
  size_t buffer_bytes;  /* size of the reader's buffer */
  size_t count;         /* number of operations, summed over all connections */
  char name[96];        /* name of the pipe, `\\.\pipe\...` */
} bench;

/* --- What a peer provides ------------------------------------------------ */

extern const char bench_peer[];

/* bench_has returns false if this peer lacks the workload or the way. */
bool bench_has(const bench *b);

/* bench_run runs the workload once and calls bench_begin and bench_end around
 * the measured part. */
void bench_run(const bench *b);

/* --- What the harness provides ------------------------------------------- */

void bench_begin(const bench *b);
void bench_end(const bench *b);

/* bench_is_whole returns true if the first `have` bytes at `request` are a
 * whole request to a server. */
bool bench_is_whole(const bench *b, const char *request, size_t have);

/* bench_clients_wait waits until the clients of BENCH_SERVER and BENCH_VISITS
 * have ended. The server calls it after bench_end, and before it closes a pipe:
 * a client may not have read its last answer yet. */
void bench_clients_wait(void);

/* Number of messages sent plus number of messages received, summed over both
 * ends. */
extern size_t bench_messages;

/* bench_fail prints a message and ends the program with an error. */
void bench_fail(const char *what, unsigned long error);

/* bench_memory allocates zeroed memory that is never freed. Out of memory ends
 * the program. */
void *bench_memory(size_t size);

/* bench_arguments fills `b` from the arguments WORKLOAD WAY COUNT. If they are
 * wrong, it prints a line and ends the program. It answers --help. `program`
 * and `options` are for the texts; the options stand in front of WORKLOAD. */
void bench_arguments(bench *b, const char *program, const char *options,
                     int argc, char **argv);

#ifdef __cplusplus
}
#endif

#endif
