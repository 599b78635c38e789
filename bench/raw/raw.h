/* Overlapped pipe I/O by hand, with two engines: `port`, the loop that most
 * programs have, and `floor`, the cheapest that Win32 can be under Wine. */
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

/* What an engine does. A callback runs from raw_run and raw_poll alone.
 *
 * raw_connect   false: there is a client already, and no callback will come
 * raw_withdraw  false: the kernel has the operation, its callback will come */
void raw_attach(HANDLE handle);
void raw_read(raw_op *op);
void raw_write(raw_op *op);
bool raw_connect(raw_op *op);
bool raw_withdraw(raw_op *op);
void raw_poll(void); /* as far as it goes without waiting */
void raw_run(void);  /* until raw_stop */
void raw_stop(void);

/* --- What the engines share ---------------------------------------------- */

typedef struct raw_queue {
  raw_op *first;
  raw_op *last;
} raw_queue;

void raw_push(raw_queue *queue, raw_op *op);
raw_op *raw_pop(raw_queue *queue);
bool raw_remove(raw_queue *queue, raw_op *op); /* false: it isn't there */

/* What a call returned: NO_ERROR, ERROR_IO_PENDING or why it failed. */
DWORD raw_answer(raw_op *op, BOOL succeeded);

/* Asks for a client: whether it has to be waited for. */
bool raw_connect_waits(raw_op *op);

#endif
