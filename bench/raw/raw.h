/* Overlapped pipe I/O by hand, with two engines. `port` is the loop that most
 * programs have; `floor` is the cheapest way that Win32 allows under Wine. */
#ifndef NPIPE_BENCH_RAW_H
#define NPIPE_BENCH_RAW_H

#include <windows.h>

#include "../harness/bench.h"

typedef struct raw_op raw_op;
typedef void (*raw_fn)(raw_op *op, DWORD error, DWORD bytes);

struct raw_op {
  OVERLAPPED overlapped;
  HANDLE handle;
  void *buffer;
  DWORD length;
  raw_fn done;
  void *user;
  DWORD error;
  DWORD bytes;
  raw_op *next;
};

/* The functions of an engine. Callbacks run inside raw_run and raw_poll only.
 *
 *   raw_connect   false: a client is already connected; no callback will run
 *   raw_withdraw  false: the operation is in the kernel; its callback will run
 */
void raw_attach(HANDLE handle);
void raw_read(raw_op *op);
void raw_write(raw_op *op);
bool raw_connect(raw_op *op);
bool raw_withdraw(raw_op *op);
void raw_poll(void); /* works until it would have to wait */
void raw_run(void);  /* works until raw_stop */
void raw_stop(void);

/* --- What the engines share ---------------------------------------------- */

typedef struct raw_queue {
  raw_op *first;
  raw_op *last;
} raw_queue;

void raw_push(raw_queue *queue, raw_op *op);
raw_op *raw_pop(raw_queue *queue);
bool raw_remove(raw_queue *queue, raw_op *op); /* false: not queued */

/* raw_answer records the result of the call just made: NO_ERROR,
 * ERROR_IO_PENDING or the error. */
DWORD raw_answer(raw_op *op, BOOL succeeded);

/* raw_connect_waits starts a connect. It returns true if a client has to be
 * waited for. */
bool raw_connect_waits(raw_op *op);

void raw_op_init(raw_op *op, HANDLE handle, void *buffer, size_t length,
                 raw_fn done, void *user);

/* raw_create creates an instance of the pipe of `b` and attaches it. */
HANDLE raw_create(const bench *b);

/* --- The workloads of a server alone ------------------------------------- */

void raw_server(const bench *b);
void raw_visits(const bench *b);

#endif
