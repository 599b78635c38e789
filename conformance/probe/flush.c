/* Measures a flush of an asynchronous handle with unread data: whether the call
 * waits or pends, and which event ends it. Each call runs on a thread of its
 * own, so that a call that never ends blocks nothing else.
 *
 * Source: NtFlushBuffersFileEx; FSCTL_PIPE_FLUSH is 0x118040 in ntifs.h */
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>

#define PIPE_FLUSH_CONTROL 0x118040UL

enum { UNREAD_BYTES = 4 };

NTSTATUS NTAPI NtFlushBuffersFile(HANDLE file, IO_STATUS_BLOCK *block);
NTSTATUS NTAPI NtFsControlFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc,
                               void *context, IO_STATUS_BLOCK *block,
                               ULONG code, void *in, ULONG in_size, void *out,
                               ULONG out_size);

struct call {
  HANDLE file;
  bool is_control;
  OVERLAPPED overlapped; /* its first two members are the status block */
  NTSTATUS returned;
  HANDLE thread;
};

enum end_by {
  END_BY_CANCEL_ALL,
  END_BY_CANCEL_ONE,
  END_BY_CANCEL_SYNCHRONOUS,
  END_BY_READ,
  END_BY_DISCONNECT,
  END_BY_CLIENT_CLOSE,
  ENDS
};

static const char *const end_names[ENDS] = {
    "CancelIoEx_all",          "CancelIoEx_one", "CancelSynchronousIo",
    "client_reads_everything", "disconnect",     "client_closes",
};

static IO_STATUS_BLOCK *block_of(struct call *call) {
  return (IO_STATUS_BLOCK *)(void *)&call->overlapped;
}

static DWORD WINAPI call_run(void *argument) {
  struct call *call = argument;

  call->returned = call->is_control
                       ? NtFsControlFile(call->file, call->overlapped.hEvent,
                                         NULL, NULL, block_of(call),
                                         PIPE_FLUSH_CONTROL, NULL, 0, NULL, 0)
                       : NtFlushBuffersFile(call->file, block_of(call));
  return 0;
}

/* is_over returns true if the operation has ended: its call returned a status
 * other than STATUS_PENDING, or its status block changed since. */
static bool is_over(struct call *call) {
  if (WaitForSingleObject(call->thread, PROBE_LOOK_MS) != WAIT_OBJECT_0) {
    return false;
  }
  return (ULONG)call->returned != (ULONG)STATUS_PENDING ||
         WaitForSingleObject(call->overlapped.hEvent, PROBE_LOOK_MS) ==
             WAIT_OBJECT_0;
}

static BOOL end_it(struct call *call, struct pair *pair, enum end_by how) {
  static char bytes[UNREAD_BYTES];
  static OVERLAPPED read;

  switch (how) {
    case END_BY_CANCEL_ALL:
      return CancelIoEx(call->file, NULL);
    case END_BY_CANCEL_ONE:
      return CancelIoEx(call->file, &call->overlapped);
    case END_BY_CANCEL_SYNCHRONOUS:
      return CancelSynchronousIo(call->thread);
    case END_BY_READ:
      return ReadFile(pair->client, bytes, sizeof(bytes), NULL, &read);
    case END_BY_DISCONNECT:
      return DisconnectNamedPipe(pair->server);
    default:
      CloseHandle(pair->client);
      pair->client = NULL;
      return TRUE;
  }
}

static void print_status(const char *name, NTSTATUS status) {
  printf("\"%s\": \"0x%08lX\"", name, (unsigned long)status);
}

static void end_print(bool is_control, enum end_by how) {
  /* Never freed: the kernel may write to the call at any time. */
  struct call *call = calloc(1, sizeof(*call));
  OVERLAPPED write = {0};
  struct pair pair;
  BOOL good;
  DWORD error;

  printf("\"%s\": {", end_names[how]);
  if (call == NULL || !pair_open(&pair, 64)) {
    printf("\"error\": %lu}", (unsigned long)GetLastError());
    return;
  }
  WriteFile(pair.server, "data", UNREAD_BYTES, NULL, &write);
  call->file = pair.server;
  call->is_control = is_control;
  call->overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
  call->thread = CreateThread(NULL, 0, call_run, call, 0, NULL);
  if (call->thread == NULL) {
    printf("\"error\": %lu}", (unsigned long)GetLastError());
    return;
  }
  if (is_over(call)) {
    print_status("at_once", call->returned);
  } else {
    bool has_returned = WaitForSingleObject(call->thread, 0) == WAIT_OBJECT_0;

    printf("\"before\": \"%s\", ", has_returned ? "pends" : "the call waits");
    good = end_it(call, &pair, how);
    error = good ? NO_ERROR : GetLastError();
    printf("\"call_error\": %lu, ", (unsigned long)error);
    if (is_over(call)) {
      print_status("ended",
                   has_returned ? block_of(call)->Status : call->returned);
    } else {
      printf("\"ended\": false");
    }
  }
  printf("}");
  /* Ends the operation if it is still pending. The memory stays, see above. */
  if (pair.client != NULL) {
    CloseHandle(pair.client);
  }
  if (is_over(call)) {
    CloseHandle(pair.server);
  }
}

static void flush_print(const char *name, bool is_control) {
  int how;

  printf("\"%s\": {", name);
  for (how = 0; how < ENDS; how++) {
    printf("%s\n    ", how > 0 ? "," : "");
    end_print(is_control, (enum end_by)how);
  }
  printf("}");
}

void probe_flush(void) {
  flush_print("flush", false);
}

void probe_flush_control(void) {
  flush_print("flush_control_0x118040", true);
}
