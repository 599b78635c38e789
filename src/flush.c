#include "io.h"

#include "nt.h"

/* A flush blocks its thread, so it runs on the system's thread pool,
 * on a handle of its own: the pipe may be closed meanwhile. */

/* A worker that is not yet in the kernel cannot be cancelled: try again. */
#define CANCEL_AGAIN_MS 1u

typedef enum flush_state { QUEUED, RUNNING, FINISHED, CANCELLED } flush_state;

typedef struct flush_work {
  np_op *op;
  HANDLE port;
  ULONG_PTR key;
  HANDLE handle;
  union {
    IO_STATUS_BLOCK status; /* of the worker's call            */
    OVERLAPPED overlapped;  /* the same, as CancelIoEx names it */
  } block;
  SRWLOCK lock; /* what follows; the worker's call itself is outside of it */
  flush_state state;
  HANDLE thread; /* of the worker, while it runs */
} flush_work;

/* ERROR_SUCCESS when the flush is to be made. */
static DWORD worker_begin(flush_work *work) {
  DWORD error = ERROR_OPERATION_ABORTED;

  AcquireSRWLockExclusive(&work->lock);
  if (work->state == QUEUED) {
    if (DuplicateHandle(GetCurrentProcess(), GetCurrentThread(),
                        GetCurrentProcess(), &work->thread, 0, FALSE,
                        DUPLICATE_SAME_ACCESS)) {
      work->state = RUNNING;
      error = ERROR_SUCCESS;
    } else {
      error = GetLastError();
    }
  }
  ReleaseSRWLockExclusive(&work->lock);
  return error;
}

/* From here on nobody cancels what this thread does. */
static void worker_end(flush_work *work) {
  AcquireSRWLockExclusive(&work->lock);
  work->state = FINISHED;
  CloseHandle(work->thread);
  ReleaseSRWLockExclusive(&work->lock);
}

static void CALLBACK flush_worker(PTP_CALLBACK_INSTANCE instance,
                                  void *context) {
  flush_work *work = context;
  DWORD error;

  CallbackMayRunLong(instance);
  error = worker_begin(work);
  if (error == ERROR_SUCCESS) {
    /* FlushFileBuffers, but for the status block. */
    error = RtlNtStatusToDosError(
        NtFlushBuffersFile(work->handle, &work->block.status));
    worker_end(work);
  }
  CloseHandle(work->handle);
  /* The packet's count of bytes carries the result. It fails only while the
   * system is out of memory, and somebody waits for it. */
  while (!PostQueuedCompletionStatus(work->port, error, work->key,
                                     &work->op->np__packet.overlapped)) {
    SwitchToThread();
  }
}

static void flush_again(np__timer_node *node);

/* Never fails: what cannot be cancelled yet is tried again. */
static np_error flush_cancel(np_op *op) {
  flush_work *work = op->np__memory;

  AcquireSRWLockExclusive(&work->lock);
  if (work->state == QUEUED) {
    work->state = CANCELLED;
  } else if (work->state == RUNNING) {
    if (!CancelSynchronousIo(work->thread)) {
      /* Wine before 6 only pretends to have that function. There the call can
       * be cancelled by its status block; elsewhere this finds nothing. */
      CancelIoEx(work->handle, &work->block.overlapped);
    }
    /* It may not have been in the kernel. */
    np__op_again_in(op, CANCEL_AGAIN_MS, flush_again);
  }
  ReleaseSRWLockExclusive(&work->lock);
  return NP_OK;
}

static void flush_again(np__timer_node *node) {
  flush_cancel(np__op_of_deadline(node));
}

static void flush_on_packet(np_loop *loop, np__packet *packet, NTSTATUS status,
                            uint32_t bytes) {
  (void)status;
  (void)loop;
  np__op_paid((np_op *)packet);
  np__op_end((np_op *)packet, bytes, 0);
}

static void flush_finish(np_op *op) {
  np__loop_free(op->np__target->loop, op->np__memory);
}

static const np__packet_class flush_class = {.on_packet = flush_on_packet,
                                             .run = np__op_run,
                                             .cancel = flush_cancel,
                                             .finish = flush_finish};

static np_error start_work(np_pipe *pipe, np_op *op, flush_work *work) {
  np_error error;

  work->op = op;
  /* The kernel never sees it: it looks pending until the worker's packet. */
  op->np__packet.overlapped.Internal = STATUS_PENDING;
  work->port = pipe->target.loop->port;
  work->key = pipe->target.loop->key;
  InitializeSRWLock(&work->lock);
  if (!DuplicateHandle(GetCurrentProcess(), pipe->target.handle,
                       GetCurrentProcess(), &work->handle, 0, FALSE,
                       DUPLICATE_SAME_ACCESS)) {
    return GetLastError();
  }
  if (!TrySubmitThreadpoolCallback(flush_worker, work, NULL)) {
    error = GetLastError();
    CloseHandle(work->handle);
    return error;
  }
  return NP_OK;
}

np_error np__io_flush(np_pipe *pipe, np_op *op, np_op_fn done) {
  flush_work *work;
  np_error error;

  if (!pipe->writable) {
    np__op_begin(&pipe->target, op, NP__OP_FLUSH, done);
    np__op_end(op, NP_OK, 0);
    return NP_OK;
  }
  work = np__loop_new(pipe->target.loop, sizeof *work);
  if (work == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  np__op_begin(&pipe->target, op, NP__OP_FLUSH, done);
  np__op_set_class(op, &flush_class);
  op->np__memory = work;
  error = start_work(pipe, op, work);
  if (error != NP_OK) {
    np__op_withdraw(op);
    np__loop_free(pipe->target.loop, work);
    return error;
  }
  np__op_pending(op);
  return NP_OK;
}

np_error np_pipe_flush(np_pipe *pipe, np_op *op, np_op_fn done) {
  np_error error;

  if (pipe == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__op_check(&pipe->target, op, done);
  return error == NP_OK ? np__io_flush(pipe, op, done) : error;
}
