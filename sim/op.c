/* Operations: from the call that starts one, through waits and cancels, to the
 * packet that ends it. */
#include "pipe.h"

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

void sim__op_write_back(struct op *op) {
  if (sim__kernel.tearing_down) {
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

static bool wants_packet(const struct op *op) {
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

/* deliver reports the end to the caller: status block, event, handle, APC and
 * packet. */
static void deliver(struct op *op) {
  bool packet = wants_packet(op);

  op->deliver_at = NEVER;
  op->done = true;
  if (!packet || !op->late) {
    sim__op_write_back(op);
  }
  signal_end(op);
  apc_queue(op);
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
  if (due < file->last_due && !op->sync) {
    due = file->last_due;
  }
  if (due > sim__kernel.now_ns) {
    file->last_due = op->sync ? file->last_due : due;
    op->deliver_at = due;
    sim__clock_at(due);
    sim__wake();
  } else {
    deliver(op);
  }
}

/* --- Starting ------------------------------------------------------------ */

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

static void check_reuse(const struct op *op) {
  char text[160];

  for (const struct op *other = sim__kernel.ops; other != op;
       other = other->next) {
    if (other->kind != OP_POSTED && other->request.iosb == op->request.iosb) {
      sim__misuse("its OVERLAPPED is in flight since %s in %s", other->name,
                  sim__place_text(other->place, text, sizeof text));
      return;
    }
  }
}

static void draw_timing(struct op *op) {
  const sim_settings *settings = &sim__kernel.settings;
  bool reads =
      op->kind == OP_READ || op->kind == OP_TRANSACT || op->kind == OP_CONTROL;

  op->delay_ns = (uint64_t)op->file->slow_ms * NS_PER_MS;
  if (sim__chance(settings->delay_permille)) {
    op->delay_ns +=
        sim__random_below((uint64_t)settings->delay_ms_max * NS_PER_MS + 1);
  }
  op->pends = sim__chance(settings->pend_permille) || op->delay_ns > 0;
  op->late = sim__chance(settings->late_status_permille);
  if (reads && op->size > 0 && (op->late || op->delay_ns > 0)) {
    op->staged = malloc(op->size);
  }
}

static NTSTATUS begin(struct op *op) {
  switch (op->kind) {
    case OP_READ:
      return sim__pipe_read(op);
    case OP_WRITE:
      return sim__pipe_write(op);
    case OP_CONNECT:
      return sim__pipe_connect(op);
    case OP_FLUSH:
      return sim__pipe_flush(op);
    case OP_TRANSACT:
      return sim__pipe_transact(op);
    case OP_WAIT:
      return sim__pipe_wait(op);
    default:
      return sim__op_control(op);
  }
}

static bool is_done(void *op) {
  return ((struct op *)op)->done;
}

/* wait_for blocks the caller's thread until `op` has ended. */
static NTSTATUS wait_for(struct op *op, size_t *info) {
  struct thread *self = sim__thread_self();
  NTSTATUS status;

  self->sync_op = op;
  sim__block(is_done, op, NEVER);
  self->sync_op = NULL;
  status = op->status;
  *info = op->info;
  sim__op_free(op);
  return status;
}

/* pends_anyhow returns true if an operation that completed at once must still
 * be answered with "pending" and a packet. */
static bool pends_anyhow(const struct op *op, NTSTATUS status) {
  const sim_settings *settings = &sim__kernel.settings;

  if (op->sync) {
    return false;
  }
  if (status < 0 && status != STATUS_BUFFER_OVERFLOW) {
    return op->kind == OP_TRANSACT &&
           sim__chance(settings->transact_failure_pends_permille);
  }
  return op->pends ||
         (op->kind == OP_CONTROL && op->code == FSCTL_PIPE_PEEK &&
          sim__chance(settings->peek_pends_permille)) ||
         (status == STATUS_BUFFER_OVERFLOW && wants_packet(op) &&
          (op->file->notify & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS) != 0 &&
          sim__chance(settings->warning_pends_permille));
}

NTSTATUS sim__op_submit(struct call *call, struct op *op, bool wait,
                        size_t *info) {
  struct file *file = op->file;
  const bool sync = wait || file->synchronous;
  NTSTATUS status;

  *info = 0;
  /* A file has a port or APCs, never both. Source: Wine ntdll tests, pipe.c,
   * test_async_cancel_on_handle_close. */
  if (op->request.apc != NULL && file->port != NULL) {
    sim__op_free(op);
    return STATUS_INVALID_PARAMETER;
  }
  op->sync = sync;
  check_reuse(op);
  /* An operation with an event also resets the handle. Source: Wine ntdll
   * tests, pipe.c, read_pipe_test. */
  file->signalled = false;
  if (op->event != NULL) {
    op->event->set = false;
  }
  draw_timing(op);
  if (call->fault_completion != 0) {
    op->pends = true;
    status = STATUS_PENDING;
    sim__op_finish(op, call->fault_completion, 0);
  } else {
    status = sim__lie_status(&op->lie, begin(op));
    op->queued = status == (NTSTATUS)STATUS_PENDING;
    if (!op->queued && pends_anyhow(op, status)) {
      /* A warning that came at once is in the status block before the call
       * returns: the I/O manager completes it in the caller's thread and only
       * reports it by a packet. Reasoned; no test on Windows has asked. */
      op->late = op->late && (op->pends || status != STATUS_BUFFER_OVERFLOW);
      sim__op_finish(op, status, op->info);
      status = STATUS_PENDING;
    }
  }
  if (status == (NTSTATUS)STATUS_PENDING) {
    return sync ? wait_for(op, info) : status;
  }
  /* An error at once has no other effect: no packet, no event, and an unchanged
   * status block. Source: Wine kernel32 tests, pipe.c, test_ReadFile. */
  if (status < 0 && status != STATUS_BUFFER_OVERFLOW) {
    sim__op_free(op);
    return status;
  }
  op->status = status;
  op->done = true;
  *info = op->info;
  sim__op_write_back(op);
  op->late = false;
  signal_end(op);
  apc_queue(op);
  if (wants_packet(op) &&
      ((file->notify & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS) == 0 ||
       (status != STATUS_SUCCESS && sim__kernel.settings.warning_posts))) {
    op->in_step = true;
    sim__port_post(file->port, op);
  } else {
    sim__op_free(op);
  }
  sim__wake();
  return status;
}

/* --- Cancelling ---------------------------------------------------------- */

static void unqueue_and_finish(struct op *op, NTSTATUS status) {
  size_t info = 0;

  if (op->queue != NULL) {
    info = sim__queue_remove(op->queue, op);
  }
  if (op->kind != OP_WRITE || !sim__kernel.settings.cancelled_write_counts) {
    info = 0;
  }
  sim__op_finish(op, status, info);
}

static bool is_wait_for_good(const struct op *op) {
  return op->kind == OP_WAIT && !sim__kernel.settings.wait_cancellable;
}

/* is_wait_for_nobody returns true for a wait for an instance whose port is
 * closed: no call can cancel it or dequeue its packet any more. */
static bool is_wait_for_nobody(const struct op *op) {
  return op->kind == OP_WAIT && !op->queued && op->file->port != NULL &&
         op->file->port->closed;
}

/* newest_marked returns the newest operation that is marked to be cancelled, or
 * NULL. */
static struct op *newest_marked(void) {
  struct op *newest = NULL;

  for (struct op *op = sim__kernel.ops; op != NULL; op = op->next) {
    if (op->cancel_now) {
      newest = op;
    }
  }
  return newest;
}

/* cancel_marked cancels the marked operations. Each cancel may end and free
 * others. The newest goes first, so that no marked operation completes because
 * an older one has made room. ReactOS does the same: IopQueueIrpToThread puts
 * an IRP at the head of the list that NtCancelIoFile walks. */
static void cancel_marked(void) {
  struct op *op;

  while ((op = newest_marked()) != NULL) {
    op->cancel_now = false;
    if (op->queued) {
      unqueue_and_finish(op, STATUS_CANCELLED);
    }
  }
}

static uint64_t cancel_delay_ns(struct file *file) {
  const sim_settings *settings = &sim__kernel.settings;
  uint64_t delay = (uint64_t)file->cancel_late_ms * NS_PER_MS;

  if (sim__chance(settings->cancel_late_permille)) {
    delay +=
        sim__random_below((uint64_t)settings->cancel_ms_max * NS_PER_MS + 1);
  }
  return delay;
}

bool sim__ops_cancel(struct file *file, const void *iosb, uint32_t thread_id) {
  bool found = false;
  uint64_t delay = cancel_delay_ns(file);

  for (struct op *op = sim__kernel.ops; op != NULL; op = op->next) {
    if (op->file != file || !op->queued || op->cancel_asked ||
        is_wait_for_good(op) || (iosb != NULL && op->request.iosb != iosb) ||
        (thread_id != 0 && op->thread_id != thread_id)) {
      continue;
    }
    found = true;
    op->cancel_asked = true;
    if (delay > 0) {
      op->cancel_at = sim__kernel.now_ns + delay;
      sim__clock_at(op->cancel_at);
    } else {
      op->cancel_now = true;
    }
  }
  if (found) {
    file->cancel_late_ms = 0;
  }
  cancel_marked();
  return found;
}

/* sim__ops_end_cancels ends the operations of `file` that were asked to
 * cancel. An operation's cancel routine always ends it as cancelled, before
 * anything that the same caller does next. Source: ReactOS npfs,
 * NpRemoveDataQueueEntry. */
void sim__ops_end_cancels(const struct file *file) {
  for (struct op *op = sim__kernel.ops; op != NULL; op = op->next) {
    op->cancel_now =
        op->cancel_now || (op->file == file && op->queued && op->cancel_asked);
  }
  cancel_marked();
}

/* sim__ops_cancel_thread ends the operations of a thread that exits
 * (ExitThread's page). Operations that end in a packet continue. */
void sim__ops_cancel_thread(const struct thread *thread) {
  for (struct op *op = sim__kernel.ops; op != NULL; op = op->next) {
    if (op->queued && op->thread_id == thread->id &&
        !(wants_packet(op) && op->event == NULL)) {
      op->cancel_now = true;
    }
  }
  cancel_marked();
}

/* --- Timers -------------------------------------------------------------- */

void sim__ops_run_timers(void) {
  struct op *op = sim__kernel.ops;
  uint64_t next = NEVER;

  while (op != NULL) {
    if (op->deliver_at <= sim__kernel.now_ns) {
      deliver(op);
    } else if (op->queued && op->cancel_at <= sim__kernel.now_ns) {
      unqueue_and_finish(op, STATUS_CANCELLED);
    } else if (op->queued && op->timeout_at <= sim__kernel.now_ns) {
      unqueue_and_finish(op, STATUS_IO_TIMEOUT);
    } else {
      uint64_t due =
          op->deliver_at < op->cancel_at ? op->deliver_at : op->cancel_at;

      next = due < next ? due : next;
      next = op->timeout_at < next ? op->timeout_at : next;
      op = op->next;
      continue;
    }
    op = sim__kernel.ops;
    next = NEVER;
  }
  sim__kernel.next_due = next;
}

/* --- The end ------------------------------------------------------------- */

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
    if (is_wait_for_good(op) || is_wait_for_nobody(op)) {
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
