#include "raw.h"

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

DWORD raw_answer(raw_op *op, BOOL succeeded) {
  op->error = succeeded ? NO_ERROR : GetLastError();
  op->bytes = op->error == NO_ERROR ? (DWORD)op->overlapped.InternalHigh : 0;
  return op->error;
}
