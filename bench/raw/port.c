/* The engine `port`: the loop that most programs have, and the measure for
 * everything else. It has one completion port, dequeues many packets at a time,
 * gets no packet for an operation that completes at once, and starts the next
 * read as soon as the last one has completed. */
#include <string.h>

#include "raw.h"

#include <winternl.h>

#define ENTRIES_MAX 64

const char bench_peer[] = "port";

static HANDLE port;
static raw_queue ended;
static bool stopped;

void raw_attach(HANDLE handle) {
  if (port == NULL) {
    port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  }
  if (CreateIoCompletionPort(handle, port, 0, 0) == NULL ||
      !SetFileCompletionNotificationModes(
          handle, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)) {
    bench_fail("attach", GetLastError());
  }
}

static void began(raw_op *op, BOOL succeeded) {
  if (raw_answer(op, succeeded) != ERROR_IO_PENDING) {
    raw_push(&ended, op);
  }
}

void raw_read(raw_op *op) {
  memset(&op->overlapped, 0, sizeof op->overlapped);
  began(op,
        ReadFile(op->handle, op->buffer, op->length, NULL, &op->overlapped));
}

void raw_write(raw_op *op) {
  memset(&op->overlapped, 0, sizeof op->overlapped);
  began(op,
        WriteFile(op->handle, op->buffer, op->length, NULL, &op->overlapped));
}

bool raw_connect(raw_op *op) {
  memset(&op->overlapped, 0, sizeof op->overlapped);
  return raw_connect_waits(op);
}

bool raw_withdraw(raw_op *op) {
  (void)op;
  return false;
}

static void take(void) {
  OVERLAPPED_ENTRY entries[ENTRIES_MAX];
  ULONG count = 0;

  if (!GetQueuedCompletionStatusEx(port, entries, ENTRIES_MAX, &count, INFINITE,
                                   FALSE)) {
    bench_fail("port", GetLastError());
  }
  for (ULONG i = 0; i < count; i++) {
    raw_op *op = (raw_op *)entries[i].lpOverlapped;

    /* The status is taken from the packet: under Wine the OVERLAPPED may get it
     * later. */
    op->error = RtlNtStatusToDosError((NTSTATUS)entries[i].Internal);
    op->bytes = entries[i].dwNumberOfBytesTransferred;
    raw_push(&ended, op);
  }
}

void raw_poll(void) {
  raw_op *op;

  while (!stopped && (op = raw_pop(&ended)) != NULL) {
    op->done(op, op->error, op->bytes);
  }
}

void raw_run(void) {
  stopped = false;
  for (;;) {
    raw_poll();
    if (stopped) {
      return;
    }
    take();
  }
}

void raw_stop(void) {
  stopped = true;
}
