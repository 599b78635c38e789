/* np_pipe_flush. The kernel's flush control works like any other operation,
 * without a thread. If a pipe's kernel does not have the control, the loop's
 * flusher flushes with threads. Rule: NP_OK means that the peer has read the
 * bytes of this session, so a flush ends with its session. */
#include "io.h"

#include "flusher.h"
#include "nt.h"

/* --- By the flusher ----------------------------------------------------- */

/* thread_on_packet handles the flusher's result. Data that a disconnect
 * discarded look like data that were read, so such a flush fails. */
static void thread_on_packet(np_loop *loop, np__packet *packet, NTSTATUS status,
                             uint32_t bytes) {
  np_op *op = (np_op *)packet;
  np_error error = bytes;

  (void)status;
  (void)loop;
  if (error == NP_OK && op->np__cause == NP__BY_DISCONNECT) {
    error = ERROR_PIPE_NOT_CONNECTED;
  }
  np__op_paid(op);
  np__op_end(op, error, 0);
}

/* thread_cancel never fails. A flush that no thread executes in the kernel ends
 * at once. */
static np_error thread_cancel(np_op *op) {
  if (np__flusher_remove(op->np__target->loop, op->np__memory)) {
    np__op_paid(op);
    np__op_end(op, ERROR_OPERATION_ABORTED, 0);
  }
  return NP_OK;
}

static void thread_finish(np_op *op) {
  np__loop_free(op->np__target->loop, op->np__memory);
}

static const np__packet_class thread_class = {.on_packet = thread_on_packet,
                                              .run = np__op_run,
                                              .cancel = thread_cancel,
                                              .finish = thread_finish};

/* flush_by_thread gives `op`, which has begun, to the flusher. On failure `op`
 * is unchanged. */
static np_error flush_by_thread(np_op *op) {
  np_loop *loop = op->np__target->loop;
  np__flush *flush = np__loop_new(loop, sizeof *flush);
  np_error error;

  if (flush == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  /* The kernel never sees this OVERLAPPED; it must look pending until the
   * packet. */
  op->np__packet.overlapped.Internal = STATUS_PENDING;
  error =
      np__flusher_start(loop, flush, op->np__target->handle, &op->np__packet);
  if (error != NP_OK) {
    np__loop_free(loop, flush);
    return error;
  }
  op->np__memory = flush;
  np__op_set_class(op, &thread_class);
  np__op_pending(op);
  return NP_OK;
}

/* --- By the kernel's control -------------------------------------------- */

static bool is_unsupported(NTSTATUS status) {
  return status == NP__STATUS_NOT_SUPPORTED ||
         status == NP__STATUS_INVALID_DEVICE_REQUEST ||
         status == NP__STATUS_INVALID_PARAMETER;
}

/* control_on_packet: the server of a remote pipe may refuse the control as late
 * as in the packet. */
static void control_on_packet(np_loop *loop, np__packet *packet,
                              NTSTATUS status, uint32_t bytes) {
  np_op *op = (np_op *)packet;
  np_pipe *pipe = (np_pipe *)op->np__target;
  np_error error = np__error_of_status(status);

  (void)loop;
  (void)bytes;
  np__op_paid(op);
  if (is_unsupported(status)) {
    pipe->flushes_by_thread = true;
    error = ERROR_OPERATION_ABORTED;
    if (op->np__cause == NP__NO_CAUSE) {
      op->np__state = NP__OP_WAITING;
      error = flush_by_thread(op);
      if (error == NP_OK) {
        return;
      }
    }
  }
  np__op_end(op, error, 0);
}

static const np__packet_class control_class = {
    .on_packet = control_on_packet, .run = np__op_run, .cancel = np__op_cancel};

/* control_start returns false if the kernel does not have the control. */
static bool control_start(np_pipe *pipe, np_op *op) {
  OVERLAPPED *overlapped = &op->np__packet.overlapped;
  NTSTATUS status;

  np__op_set_class(op, &control_class);
  overlapped->Internal = STATUS_PENDING;
  status = NtFsControlFile(pipe->target.handle, NULL, NULL, overlapped,
                           (PIO_STATUS_BLOCK)(void *)overlapped,
                           NP__FSCTL_PIPE_FLUSH, NULL, 0, NULL, 0);
  if (is_unsupported(status)) {
    return false;
  }
  if (status == NP__STATUS_PENDING) {
    np__op_pending(op);
  } else {
    np__op_end(op, np__error_of_status(status), 0);
  }
  return true;
}

/* Each pipe remembers whether it has the control, because the server of one
 * remote pipe may refuse it while other pipes have it. */
np_error np__io_flush(np_pipe *pipe, np_op *op, np_op_fn done) {
  np_error error;

  np__op_begin(&pipe->target, op, NP__OP_FLUSH, done);
  if (!pipe->writable) {
    np__op_end(op, NP_OK, 0);
    return NP_OK;
  }
  if (!pipe->flushes_by_thread) {
    if (control_start(pipe, op)) {
      return NP_OK;
    }
    pipe->flushes_by_thread = true;
  }
  error = flush_by_thread(op);
  if (error != NP_OK) {
    np__op_withdraw(op);
  }
  return error;
}

np_error np_pipe_flush(np_pipe *pipe, np_op *op, np_op_fn done) {
  np_error error;

  if (pipe == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__op_check(&pipe->target, op, done);
  return error == NP_OK ? np__io_flush(pipe, op, done) : error;
}
