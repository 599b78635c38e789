/* Operations that end before their work is done: cancels, time limits, and the
 * end of a thread. Of several operations that are cancelled at once, the newest
 * goes first. This file also delivers ends that are late. */
#include "process.h"

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
        sim__op_is_uncancellable(op) ||
        (iosb != NULL && op->request.iosb != iosb) ||
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
        !(sim__op_wants_packet(op) && op->event == NULL)) {
      op->cancel_now = true;
    }
  }
  cancel_marked();
}

/* A process that closes its last handle of a file cancels its operations that
 * end in a packet alone. Source: Wine ntdll tests, pipe.c,
 * test_async_cancel_on_handle_close. */
void sim__ops_cancel_left(struct file *file, uint32_t process_id) {
  for (struct op *op = sim__kernel.ops; op != NULL; op = op->next) {
    if (op->queued && op->file == file && op->process_id == process_id &&
        sim__op_wants_packet(op) && op->event == NULL) {
      op->cancel_now = true;
    }
  }
  cancel_marked();
}

/* A process has ended when its operations have, so none of them ends late. */
void sim__ops_abandon(const struct process *process) {
  struct op *op;

  for (op = sim__kernel.ops; op != NULL; op = op->next) {
    if (op->process_id == process->id) {
      op->is_abandoned = true;
      op->cancel_now = op->queued;
    }
  }
  cancel_marked();
  op = sim__kernel.ops;
  while (op != NULL) {
    if (op->is_abandoned && op->deliver_at != NEVER) {
      sim__op_deliver(op);
      op = sim__kernel.ops; /* the list may have changed */
    } else {
      op = op->next;
    }
  }
}

/* --- Timers -------------------------------------------------------------- */

void sim__ops_run_timers(void) {
  struct op *op = sim__kernel.ops;
  uint64_t next = NEVER;

  while (op != NULL) {
    if (op->deliver_at <= sim__kernel.now_ns) {
      sim__op_deliver(op);
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
