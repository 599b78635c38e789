/* The engine `floor`: the lowest possible cost under Wine. It uses no port but
 * one event for all operations, looks at the status words of the pending
 * operations, and gives a read to the kernel only when nothing else is left to
 * do. Each turn looks at every pending operation in turn, so `floor` serves a
 * few thousand pending operations, not more. */
#include <stdlib.h>
#include <string.h>

#include "raw.h"

const char bench_peer[] = "floor";

static HANDLE event;
static raw_queue ended;
static raw_queue put_off;
static raw_op **pending;
static size_t pending_count;
static size_t pending_room;
static bool stopped;

void raw_attach(HANDLE handle) {
  (void)handle;
  if (event == NULL) {
    event = CreateEventW(NULL, FALSE, FALSE, NULL);
  }
}

static void begin(raw_op *op) {
  memset(&op->overlapped, 0, sizeof op->overlapped);
  op->overlapped.hEvent = event;
}

static void pending_add(raw_op *op) {
  if (pending_count == pending_room) {
    pending_room = pending_room * 2 + 64;
    pending = realloc(pending, pending_room * sizeof(raw_op *));
    if (pending == NULL) {
      bench_fail("no memory", ERROR_NOT_ENOUGH_MEMORY);
    }
  }
  pending[pending_count++] = op;
}

static void began(raw_op *op, BOOL succeeded) {
  if (raw_answer(op, succeeded) == ERROR_IO_PENDING) {
    pending_add(op);
  } else {
    raw_push(&ended, op);
  }
}

void raw_read(raw_op *op) {
  raw_push(&put_off, op);
}

void raw_write(raw_op *op) {
  begin(op);
  began(op,
        WriteFile(op->handle, op->buffer, op->length, NULL, &op->overlapped));
}

bool raw_connect(raw_op *op) {
  begin(op);
  if (!raw_connect_waits(op)) {
    return false;
  }
  pending_add(op);
  return true;
}

bool raw_withdraw(raw_op *op) {
  return raw_remove(&put_off, op);
}

static void take_result(raw_op *op) {
  DWORD bytes = 0;

  op->error = GetOverlappedResult(op->handle, &op->overlapped, &bytes, FALSE)
                  ? NO_ERROR
                  : GetLastError();
  op->bytes = bytes;
}

static void look(void) {
  for (size_t i = 0; i < pending_count;) {
    raw_op *op = pending[i];

    if (HasOverlappedIoCompleted(&op->overlapped)) {
      take_result(op);
      pending[i] = pending[--pending_count];
      raw_push(&ended, op);
    } else {
      i++;
    }
  }
}

void raw_poll(void) {
  raw_op *op;

  for (;;) {
    while (!stopped && (op = raw_pop(&ended)) != NULL) {
      op->done(op, op->error, op->bytes);
    }
    if (stopped) {
      return;
    }
    look();
    if (ended.first != NULL) {
      continue;
    }
    op = raw_pop(&put_off);
    if (op == NULL) {
      return;
    }
    begin(op);
    began(op,
          ReadFile(op->handle, op->buffer, op->length, NULL, &op->overlapped));
  }
}

void raw_run(void) {
  stopped = false;
  for (;;) {
    raw_poll();
    if (stopped) {
      return;
    }
    WaitForSingleObject(event, INFINITE);
  }
}

void raw_stop(void) {
  stopped = true;
}
