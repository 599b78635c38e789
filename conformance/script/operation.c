/* The operations of a script: starts them, and finds out which have ended. */
#include "script/play.h"
#include "platform/nt.h"

#include <stdlib.h>
#include <string.h>
#include <winternl.h>

enum { PACKETS_MAX = 16, NTSTATUS_PENDING = 0x103 };

ULONG NTAPI RtlNtStatusToDosError(NTSTATUS status);

/* --- Controls ------------------------------------------------------------- */

/* control starts FSCTL_PIPE_FLUSH or FSCTL_PIPE_WAIT, with the OVERLAPPED as
 * status block, and sets the last error as a Win32 call does. */
static BOOL control(const struct player *p, struct operation *op, HANDLE handle,
                    const struct step *step, OVERLAPPED *overlapped) {
  DWORD status;

  if (op->verb == VERB_FLUSH_ASYNC) {
    overlapped->Internal = NTSTATUS_PENDING;
    status = (DWORD)NtFsControlFile(handle, op->event, NULL,
                                    op->event == NULL ? overlapped : NULL,
                                    (IO_STATUS_BLOCK *)(void *)overlapped,
                                    NT_FSCTL_PIPE_FLUSH, NULL, 0, NULL, 0);
  } else {
    status = nt_wait(op->root, op->event, overlapped, p->names[step->pipe],
                     NT_WAIT_FOREVER);
  }
  SetLastError(status == NTSTATUS_PENDING
                   ? ERROR_IO_PENDING
                   : RtlNtStatusToDosError((NTSTATUS)status));
  return status == 0;
}

/* --- Starting ------------------------------------------------------------- */

/* pattern_fill fills the data of a write: the first byte names the operation,
 * the others their place. */
static void pattern_fill(char *to, unsigned number, unsigned size) {
  for (unsigned i = 0; i < size; i++) {
    to[i] = i == 0 ? (char)('a' + (int)(number % 26)) : (char)('0' + i % 10);
  }
}

static BOOL call(const struct player *p, struct operation *op, HANDLE handle,
                 const struct step *step, DWORD *bytes,
                 OVERLAPPED *overlapped) {
  switch (op->verb) {
    case VERB_CONNECT:
      return ConnectNamedPipe(handle, overlapped);
    case VERB_READ:
      return ReadFile(handle, op->buffer, step->numbers[0], bytes, overlapped);
    case VERB_WRITE:
      pattern_fill(op->buffer, op->number, step->numbers[0]);
      return WriteFile(handle, op->buffer, step->numbers[0], bytes, overlapped);
    case VERB_FLUSH_ASYNC:
    case VERB_WAIT_ASYNC:
      return control(p, op, handle, step, overlapped);
    default:
      pattern_fill(op->request, op->number, step->numbers[0]);
      return TransactNamedPipe(handle, op->request, step->numbers[0],
                               op->buffer, step->numbers[1], bytes, overlapped);
  }
}

static struct operation *op_new(struct player *p, const struct step *step) {
  struct operation *op = calloc(1, sizeof *op);

  if (op == NULL) {
    abort();
  }
  op->verb = step->verb;
  op->number = step->result;
  if (op->verb != VERB_WAIT_ASYNC) {
    op->file = p->slots[step->handle];
  }
  if (op->file == NULL || (!op->file->port && !op->file->sync)) {
    op->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    op->overlapped.hEvent = op->event;
  }
  p->ops[step->result] = op;
  return op;
}

void op_start(struct player *p, const struct step *step) {
  struct file *file =
      step->verb == VERB_WAIT_ASYNC ? NULL : p->slots[step->handle];
  const bool is_sync = file != NULL && file->sync;
  HANDLE root = NULL;
  struct operation *op;
  DWORD bytes = 0;
  bool done;

  if (p->ops[step->result] != NULL) {
    result_set(p, "not tried: o%u is in use", step->result);
    return;
  }
  if (is_sync && (!file->nowait || step->verb == VERB_TRANSACT ||
                  step->verb == VERB_FLUSH_ASYNC)) {
    result_set(p, "not tried: it may block");
    return;
  }
  if (file == NULL && nt_open_root(&root, L"\\Device\\NamedPipe\\") != NT_OK) {
    result_set(p, "not tried: no root");
    return;
  }
  op = op_new(p, step);
  op->root = root;
  if (op->verb == VERB_WRITE && step->numbers[0] == 0) {
    file->empty_written = true;
  }
  if (op->verb == VERB_TRANSACT && step->numbers[0] == 0) {
    file->empty_written = true;
  }
  done = call(p, op, p->handles[step->handle], step, &bytes,
              is_sync ? NULL : &op->overlapped) != 0;
  op->error = done ? ERROR_SUCCESS : GetLastError();
  op->at_once = true;
  op->state = OP_ENDED;
  if (op->error == ERROR_IO_PENDING) {
    op->state = OP_PENDING;
  } else if (op->error == ERROR_SUCCESS || op->error == ERROR_MORE_DATA) {
    op->bytes = is_sync ? bytes : (DWORD)op->overlapped.InternalHigh;
    if (op->event != NULL && WaitForSingleObject(op->event, 0) != 0) {
      snprintf(op->oddity, sizeof op->oddity, " event-not-set");
    }
  } else {
    op->failed = true;
  }
  p->started = op;
}

/* --- Ending --------------------------------------------------------------- */

static void op_end(struct player *p, struct operation *op) {
  op->state = OP_ENDED;
  op->at_once = op == p->started;
  op->error = RtlNtStatusToDosError((NTSTATUS)op->overlapped.Internal);
  op->bytes = (DWORD)op->overlapped.InternalHigh;
}

static struct operation *op_of(const struct player *p,
                               const OVERLAPPED *overlapped) {
  for (size_t i = 0; i < OPS_MAX; i++) {
    if (p->ops[i] != NULL && &p->ops[i]->overlapped == overlapped) {
      return p->ops[i];
    }
  }
  return NULL;
}

static void packet_take(struct player *p, const OVERLAPPED_ENTRY *entry) {
  struct operation *op = op_of(p, entry->lpOverlapped);

  if (op == NULL) {
    fprintf(p->out, "  a packet of nothing\n");
    return;
  }
  if (op->state == OP_PENDING) {
    op_end(p, op);
  } else if (op->packet || op->failed || op->state == OP_TOLD) {
    fprintf(p->out, "  o%u: a packet too many\n", op->number);
  }
  op->packet = true;
  if (entry->dwNumberOfBytesTransferred != op->bytes) {
    snprintf(op->oddity, sizeof op->oddity, " packet-of-%u",
             (unsigned)entry->dwNumberOfBytesTransferred);
  }
  if (entry->lpCompletionKey != (ULONG_PTR)(op->file - p->files) + 1) {
    snprintf(op->oddity, sizeof op->oddity, " wrong-key");
  }
}

void ops_settle(struct player *p) {
  OVERLAPPED_ENTRY entries[PACKETS_MAX];
  ULONG count;

  /* Wine fills a status block only when the owning thread waits, so wait
   * here. */
  (void)WaitForSingleObject(p->never, 0);
  while (GetQueuedCompletionStatusEx(p->port, entries, PACKETS_MAX, &count, 0,
                                     FALSE)) {
    for (size_t i = 0; i < count; i++) {
      packet_take(p, &entries[i]);
    }
  }
  for (size_t i = 0; i < OPS_MAX; i++) {
    struct operation *op = p->ops[i];

    if (op != NULL && op->state == OP_PENDING && op->event != NULL &&
        WaitForSingleObject(op->event, 0) == WAIT_OBJECT_0) {
      op_end(p, op);
    }
  }
}

/* --- Telling -------------------------------------------------------------- */

/* packet_matters: versions of Windows differ in whether an operation that fails
 * at once, or returns only a part at once, posts a packet. Such packets are not
 * compared. */
static bool packet_matters(const struct operation *op) {
  return !op->at_once || op->error == ERROR_SUCCESS;
}

static void op_print(const struct operation *op, FILE *out) {
  fputs(op->error == ERROR_SUCCESS ? "ok" : error_text(op->error), out);
  if ((op->error == ERROR_SUCCESS || op->error == ERROR_MORE_DATA) &&
      (op->verb == VERB_READ || op->verb == VERB_WRITE ||
       op->verb == VERB_TRANSACT)) {
    fprintf(out, " %u", (unsigned)op->bytes);
    if (op->verb != VERB_WRITE) {
      fprintf(out, " \"%.*s\"",
              (int)(op->bytes < BYTES_MAX ? op->bytes : BYTES_MAX), op->buffer);
    }
  }
  if (op->packet && packet_matters(op)) {
    fputs(" packet", out);
  }
  fprintf(out, "%s\n", op->oddity);
}

void op_tell_started(struct player *p) {
  struct operation *op = p->started;

  if (op->state == OP_PENDING) {
    fputs("pending\n", p->out);
    return;
  }
  op_print(op, p->out);
  op->state = OP_TOLD;
}

void ops_tell(struct player *p) {
  static const char *const names[VERB_COUNT] = {
      [VERB_CONNECT] = "connect",   [VERB_READ] = "read",
      [VERB_WRITE] = "write",       [VERB_TRANSACT] = "transact",
      [VERB_FLUSH_ASYNC] = "flush", [VERB_WAIT_ASYNC] = "wait"};

  for (size_t i = 0; i < OPS_MAX; i++) {
    struct operation *op = p->ops[i];

    if (op != NULL && op->state == OP_ENDED) {
      fprintf(p->out, "  %s o%u: ", names[op->verb], op->number);
      op_print(op, p->out);
      op->state = OP_TOLD;
    }
  }
}

void ops_end(struct player *p) {
  for (size_t i = 0; i < OPS_MAX; i++) {
    struct operation *op = p->ops[i];

    if (op == NULL) {
      continue;
    }
    if (op->state == OP_PENDING) {
      fprintf(p->out, "  o%u: never ended\n", op->number);
      continue; /* not freed: the kernel may still write to it */
    }
    if (op->event != NULL) {
      CloseHandle(op->event);
    }
    if (op->root != NULL) {
      CloseHandle(op->root);
    }
    free(op);
  }
}
