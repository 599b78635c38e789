/* One operation: its memory, and its end. An end is reported once: to the
 * status block first, then to the event, the APC or the port. */
#include "process.h"

#include <stdlib.h>
#include <string.h>

struct op *sim__op_new(const struct call *call, enum op_kind kind,
                       struct file *file, const struct request *request,
                       void *buffer, size_t size) {
  struct op *op = calloc(1, sizeof *op);

  op->kind = kind;
  op->file = file;
  if (file != NULL) {
    sim__object_ref(&file->object);
  }
  if (request != NULL) {
    op->request = *request;
  }
  op->name = call->name;
  op->place = call->place;
  op->thread_id = sim__thread_self()->id;
  op->process_id = sim__process_self()->id;
  op->lie = call->lie;
  op->buffer = buffer;
  op->size = size;
  op->timeout_at = NEVER;
  op->cancel_at = NEVER;
  op->deliver_at = NEVER;
  op->link = sim__kernel.ops_tail;
  *sim__kernel.ops_tail = op;
  sim__kernel.ops_tail = &op->next;
  return op;
}

void sim__op_free(struct op *op) {
  *op->link = op->next;
  if (op->next != NULL) {
    op->next->link = op->link;
  } else {
    sim__kernel.ops_tail = op->link;
  }
  if (op->event != NULL) {
    sim__object_unref(&op->event->object);
  }
  if (op->file != NULL) {
    sim__object_unref(&op->file->object);
  }
  free(op->staged);
  free(op);
}

char *sim__op_target(struct op *op) {
  return op->staged != NULL ? op->staged : op->buffer;
}

bool sim__op_take_event(struct op *op, NTSTATUS *status) {
  *status = STATUS_SUCCESS;
  if (op->request.event == NULL) {
    return true;
  }
  op->event = sim__handle_get(op->request.event, OBJECT_EVENT, 0, status);
  if (op->event == NULL) {
    sim__misuse("hEvent is no event");
    sim__op_free(op);
    return false;
  }
  sim__object_ref(&op->event->object);
  return true;
}

/* --- The end ------------------------------------------------------------- */

void sim__op_write_back(struct op *op) {
  if (sim__kernel.tearing_down || op->is_abandoned) {
    return;
  }
  if (op->staged != NULL && op->info > 0) {
    memcpy(op->buffer, op->staged, op->info);
  }
  sim__lie_fill(&op->lie, op->buffer, op->size);
  op->request.iosb->Information = sim__lie_told(&op->lie, op->info);
  /* Atomic, because other threads may poll it with HasOverlappedIoCompleted. */
  __atomic_store_n(&op->request.iosb->Status, op->status, __ATOMIC_RELEASE);
}

bool sim__op_wants_packet(const struct op *op) {
  return op->file->port != NULL && op->request.context != NULL && !op->sync &&
         op->request.apc == NULL;
}

/* signal_end signals the event of an ended operation, or the handle if it has
 * no event; on a synchronous handle both. Source: Wine ntdll tests, pipe.c,
 * test_blocking. */
static void signal_end(struct op *op) {
  if (op->event != NULL) {
    sim__event_set(op->event);
  }
  if ((op->event == NULL || op->file->synchronous) &&
      (op->file->notify & FILE_SKIP_SET_EVENT_ON_HANDLE) == 0) {
    op->file->signalled = true;
  }
}

/* apc_queue queues the APC of an ended operation for the thread that started
 * it. */
static void apc_queue(const struct op *op) {
  if (op->request.apc != NULL) {
    sim__apc_queue(sim__thread_find(op->thread_id),
                   &(struct apc){.kind = APC_IO,
                                 .io = op->request.apc,
                                 .iosb = op->request.iosb,
                                 .context = op->request.context});
  }
}

void sim__op_signal(struct op *op) {
  signal_end(op);
  apc_queue(op);
}

void sim__op_deliver(struct op *op) {
  bool packet = sim__op_wants_packet(op);

  op->deliver_at = NEVER;
  op->done = true;
  /* GetOverlappedResult reads the status block when the event is set. */
  op->late = op->late && packet && op->event == NULL;
  if (!op->late) {
    sim__op_write_back(op);
  }
  sim__op_signal(op);
  if (packet) {
    sim__port_post(op->file->port, op);
  } else if (!op->sync) {
    sim__op_free(op);
  }
  sim__wake();
}

void sim__op_finish(struct op *op, NTSTATUS status, size_t info) {
  struct file *file = op->file;
  uint64_t due = sim__kernel.now_ns + op->delay_ns;

  op->queued = false;
  op->queue = NULL;
  op->instance = NULL;
  op->pipe = NULL;
  op->status = sim__lie_status(&op->lie, status);
  op->info = info;
  op->timeout_at = NEVER;
  op->cancel_at = NEVER;
  if (op->is_abandoned) {
    due = sim__kernel.now_ns;
  } else if (due < file->last_due && !op->sync) {
    due = file->last_due;
  }
  if (due > sim__kernel.now_ns) {
    file->last_due = op->sync ? file->last_due : due;
    op->deliver_at = due;
    sim__clock_at(due);
    sim__wake();
  } else {
    sim__op_deliver(op);
  }
}

void sim__ops_finish_waits(const struct instance *instance,
                           const struct pipe *pipe, NTSTATUS status) {
  struct op *op = sim__kernel.ops;

  while (op != NULL) {
    if (op->queued && ((instance != NULL && op->instance == instance) ||
                       (pipe != NULL && op->pipe == pipe))) {
      sim__op_finish(op, status, 0);
      op = sim__kernel.ops; /* the list may have changed */
    } else {
      op = op->next;
    }
  }
}

/* --- What is left -------------------------------------------------------- */

bool sim__op_is_uncancellable(const struct op *op) {
  return op->kind == OP_WAIT && !sim__kernel.settings.wait_cancellable;
}

/* is_wait_for_nobody returns true for a wait for an instance, or for a change
 * of the names, that ends after its port was closed: no call can dequeue its
 * packet any more. A packet of a change that was in the port could have been
 * taken. */
static bool is_wait_for_nobody(const struct op *op) {
  const bool ends = !op->queued || (op->kind == OP_NOTIFY && op->cancel_asked);

  return (op->kind == OP_WAIT || (op->kind == OP_NOTIFY && !op->in_port)) &&
         ends && op->file->port != NULL && op->file->port->closed;
}

bool sim__op_waits_for_good(const struct object *object) {
  for (const struct op *op = sim__kernel.ops; op != NULL; op = op->next) {
    if (op->kind == OP_WAIT && &op->file->object == object &&
        op->file->port != NULL && op->file->port->closed) {
      return true;
    }
  }
  return false;
}

void sim__ops_report(void) {
  char text[160];

  for (const struct op *op = sim__kernel.ops; op != NULL; op = op->next) {
    if (sim__op_is_uncancellable(op) || is_wait_for_nobody(op)) {
      continue;
    }
    if (op->kind == OP_POSTED) {
      if (op->request.context == NULL) {
        continue; /* a wake-up packet without OVERLAPPED may be left */
      }
      sim__report("a posted packet was not taken: %s in %s", op->name,
                  sim__place_text(op->place, text, sizeof text));
    } else {
      sim__report("%s: %s in %s",
                  op->in_port ? "its packet was not taken" : "still in flight",
                  op->name, sim__place_text(op->place, text, sizeof text));
    }
  }
}

void sim__ops_reset(void) {
  while (sim__kernel.ops != NULL) {
    sim__op_free(sim__kernel.ops);
  }
  sim__kernel.ops_tail = &sim__kernel.ops;
}
