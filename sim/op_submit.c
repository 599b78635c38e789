/* The start of an operation, and the answer of the call that starts it: an end
 * at once, or "pending". The seed and the settings may delay an end, or report
 * it by a packet although it came at once. */
#include "pipe.h"

#include <stdlib.h>

/* An operation whose event has told its end needs its OVERLAPPED no more, even
 * if a packet of it is still in a port. */
static void check_reuse(const struct op *op) {
  char text[160];

  for (const struct op *other = sim__kernel.ops; other != op;
       other = other->next) {
    const bool is_seen = other->done && other->event != NULL;

    if (other->kind != OP_POSTED && !is_seen &&
        other->request.iosb == op->request.iosb) {
      sim__misuse("its OVERLAPPED is in flight since %s in %s", other->name,
                  sim__place_text(other->place, text, sizeof text));
      return;
    }
  }
}

static void draw_timing(struct op *op) {
  const sim_settings *settings = &sim__kernel.settings;
  bool reads = op->kind == OP_READ || op->kind == OP_TRANSACT ||
               op->kind == OP_CONTROL || op->kind == OP_NOTIFY;

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
    case OP_NOTIFY:
      return STATUS_PENDING;
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
         (status == STATUS_BUFFER_OVERFLOW && sim__op_wants_packet(op) &&
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
  sim__op_signal(op);
  if (sim__op_wants_packet(op) &&
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
