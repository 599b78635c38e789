/* Queue of raw operations, and the Win32 calls that both raw engines share. */
#include "raw.h"

#include <string.h>

void raw_push(raw_queue *queue, raw_op *op) {
  op->next = NULL;
  if (queue->first == NULL) {
    queue->first = op;
  } else {
    queue->last->next = op;
  }
  queue->last = op;
}

raw_op *raw_pop(raw_queue *queue) {
  raw_op *op = queue->first;

  if (op != NULL) {
    queue->first = op->next;
  }
  return op;
}

bool raw_remove(raw_queue *queue, raw_op *op) {
  raw_op *previous = NULL;
  raw_op *at = queue->first;

  while (at != NULL && at != op) {
    previous = at;
    at = at->next;
  }
  if (at == NULL) {
    return false;
  }
  if (previous == NULL) {
    queue->first = op->next;
  } else {
    previous->next = op->next;
  }
  if (queue->last == op) {
    queue->last = previous;
  }
  return true;
}

DWORD raw_answer(raw_op *op, BOOL succeeded) {
  op->error = succeeded ? NO_ERROR : GetLastError();
  op->bytes = op->error == NO_ERROR ? (DWORD)op->overlapped.InternalHigh : 0;
  return op->error;
}

bool raw_connect_waits(raw_op *op) {
  if (raw_answer(op, ConnectNamedPipe(op->handle, &op->overlapped)) ==
      ERROR_PIPE_CONNECTED) {
    return false;
  }
  if (op->error != ERROR_IO_PENDING) {
    bench_fail("connect", op->error);
  }
  return true;
}

void raw_op_init(raw_op *op, HANDLE handle, void *buffer, size_t length,
                 raw_fn done, void *user) {
  memset(op, 0, sizeof *op);
  op->handle = handle;
  op->buffer = buffer;
  op->length = (DWORD)length;
  op->done = done;
  op->user = user;
}
