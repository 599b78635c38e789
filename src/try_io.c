/* Tries: calls that do now what needs no wait, and the operation that waits,
 * tries, and may wait again. Rule: a try never overtakes an operation of its
 * direction that was begun before it. */
#include "ready.h"
#include "revert.h"

/* A caller's function that found nothing to do, although the pipe seemed ready,
 * is called again after a delay that doubles up to this maximum. */
#define RETRY_IO_MS_MAX 16u
#define RETRIES_GROWING 4u

/* While a read keeps its result back, readiness is looked at again after this
 * time. */
#define RETRY_READ_MS 1u

/* has_earlier_read returns true if a read or a transact of the caller's is in
 * flight: its callback has not run, so its data come first. */
static bool has_earlier_read(const np_pipe *pipe) {
  for (const np_op *op = np__target_first(&pipe->target); op != NULL;
       op = np__op_next(op)) {
    if ((op->np__kind == NP__OP_READ || op->np__kind == NP__OP_TRANSACT) &&
        op->np__state >= NP__OP_WAITING) {
      return true;
    }
  }
  return false;
}

/* has_untold_read returns true if a read or a transact of the caller's has its
 * result, and its callback has not run: its packet is still in the port, or its
 * state is one of those from NP__OP_HELD_BACK to `to`. A call on the handle
 * would bring later data. */
static bool has_untold_read(const np_pipe *pipe, np__op_state to) {
  for (const np_op *op = np__target_first(&pipe->target); op != NULL;
       op = np__op_next(op)) {
    if ((op->np__kind == NP__OP_READ || op->np__kind == NP__OP_TRANSACT) &&
        ((op->np__state >= NP__OP_HELD_BACK && op->np__state <= to) ||
         (op->np__state == NP__OP_IN_KERNEL &&
          HasOverlappedIoCompleted(&op->np__packet.overlapped)))) {
      return true;
    }
  }
  return false;
}

/* try_check checks the arguments of a try with buffers, and creates the
 * state of readiness. `total` gets the size of the buffers. */
static np_error try_check(np_pipe *pipe, const np__parts *parts, bool reads,
                          size_t *total, size_t *transferred) {
  np_error error;

  if (transferred != NULL) {
    *transferred = 0;
  }
  if (pipe == NULL || transferred == NULL ||
      !np__parts_measure(parts->buffers, parts->count, total)) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__target_check(&pipe->target);
  if (error != NP_OK) {
    return error;
  }
  if (!(reads ? pipe->readable : pipe->writable)) {
    return ERROR_ACCESS_DENIED;
  }
  return np__ready_ensure(pipe, reads);
}

np_error np_pipe_try_readv(np_pipe *pipe, const np_buffer *buffers,
                           size_t count, size_t *transferred) {
  np__parts parts = {buffers, count, 0};
  size_t total;
  np_error error = try_check(pipe, &parts, true, &total, transferred);

  if (error != NP_OK) {
    return error;
  }
  if (has_earlier_read(pipe) || !np__ahead_try(&pipe->readiness->ahead)) {
    return NP_WOULD_BLOCK;
  }
  error = np__ahead_give(&pipe->readiness->ahead, &parts, total, transferred);
  /* Another wait may need the rest, or the next data. */
  np__ready_learn_from_read(pipe->readiness, error);
  np__ready_update(pipe->readiness);
  return error;
}

np_error np_pipe_try_read(np_pipe *pipe, void *buffer, size_t length,
                          size_t *transferred) {
  const np_buffer one = {buffer, length};

  return np_pipe_try_readv(pipe, &one, 1, transferred);
}

np_error np_pipe_try_writev(np_pipe *pipe, const np_buffer *buffers,
                            size_t count, size_t *transferred) {
  np__parts parts = {buffers, count, 0};
  size_t total;
  np_error error = try_check(pipe, &parts, false, &total, transferred);

  if (error == NP_OK) {
    error =
        np__outbox_try(&pipe->readiness->outbox, &parts, total, transferred);
  }
  return error;
}

np_error np_pipe_try_write(np_pipe *pipe, const void *buffer, size_t length,
                           size_t *transferred) {
  const np_buffer one = {(void *)buffer, length};

  return np_pipe_try_writev(pipe, &one, 1, transferred);
}

/* refuse handles a caller's function that answered NP_WOULD_BLOCK: it clears
 * this readiness. Windows does not announce room to write, and a second refusal
 * in a row means that a probe misleads; so refuse blocks the readiness and
 * retries after a growing delay. */
static void refuse(np__readiness *r, np_interest interest) {
  uint32_t delay_ms;

  r->refusals++;
  if (r->refusals > 1 || (interest & NP__WRITE_BITS) != 0) {
    delay_ms = r->refusals <= RETRIES_GROWING ? 1u << (r->refusals - 1)
                                              : RETRY_IO_MS_MAX;
    np__ready_block(r, interest & (NP_READABLE | NP_WRITABLE), delay_ms);
  }
}

static np_error run_io(np__readiness *r, np_interest interest, np_io_fn fn,
                       void *context, size_t *transferred) {
  np_error error = fn(r->pipe->target.handle, context, transferred);

  if (r->ahead.is_hit && (interest & NP__READ_BITS) != 0) {
    /* The data that the probe had found are taken, or were not there. */
    r->ahead.caught = false;
    r->ahead.is_hit = false;
  }
  if (error == NP_WOULD_BLOCK) {
    refuse(r, interest);
  } else {
    r->refusals = 0;
  }
  return error;
}

np_error np_pipe_try_io(np_pipe *pipe, np_interest interest, np_io_fn fn,
                        void *context, size_t *transferred) {
  size_t ignored = 0;
  np__readiness *r;
  np_error error;

  if (transferred == NULL) {
    transferred = &ignored;
  }
  *transferred = 0;
  if (pipe == NULL || fn == NULL || !np__ready_is_interest(interest)) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__target_check(&pipe->target);
  if (error == NP_OK) {
    error = np__ready_ensure_for(pipe, interest);
  }
  if (error != NP_OK) {
    return error;
  }
  r = pipe->readiness;
  if ((interest & NP__READ_BITS) != 0 && pipe->readable &&
      (r->blocked & NP_READABLE) == 0) {
    if (has_earlier_read(pipe)) {
      if ((interest & NP__WRITE_BITS) == 0 ||
          has_untold_read(pipe, NP__OP_ENDED)) {
        return NP_WOULD_BLOCK;
      }
    } else if (np__ahead_try(&r->ahead)) {
      np__ready_learn_from_read(r, r->ahead.error);
    }
  }
  error = np__ready_now(r, interest) != 0
              ? run_io(r, interest, fn, context, transferred)
              : NP_WOULD_BLOCK;
  /* A wait may need what np__ahead_try has caught, or a new read-ahead. */
  np__ready_update(r);
  return error;
}

static void async_io_run(np_loop *loop, np__packet *packet);

static const np__packet_class async_io_class = {.run = async_io_run};

static void async_io_set_class(np_op *op) {
  np__op_set_class(op, &async_io_class);
  op->np__at_end |= NP__AT_END_AGAIN;
}

/* async_io_again waits again, until the deadline of the first wait. The
 * operation's interest (`np__length`), function and context stay in `op`. */
static void async_io_again(np_pipe *pipe, np_op *op) {
  const uint64_t deadline_ms = np__heap_deadline_ms(&op->np__deadline);

  np__op_start(&pipe->target, op, NP__OP_IO, op->np__done);
  if (op->timeout_ms > 0) {
    np__op_limit_until(op, deadline_ms);
  }
  async_io_set_class(op);
  np__ready_update(pipe->readiness);
}

/* is_over returns why a pipe must not be tried again, or NP_OK. */
static np_error is_over(const np_pipe *pipe) {
  if (np__target_has(&pipe->target, NP__BAR_CLOSING)) {
    return ERROR_OPERATION_ABORTED;
  }
  return np__target_has(&pipe->target, NP__BAR_WITHHELD)
             ? ERROR_PIPE_NOT_CONNECTED
             : NP_OK;
}

/* async_io_end returns NP_OK if `op`, whose function found nothing to do, may
 * wait again. Else it returns the error with which `op` ends: the pipe is over,
 * a cancel came when `op` was about to try, or the time is over. */
static np_error async_io_end(const np_pipe *pipe, const np_op *op) {
  np_error error = is_over(pipe);

  if (error == NP_OK) {
    error = np__cause_error(op->np__cause);
  }
  if (error == NP_OK && op->timeout_ms > 0 &&
      np__loop_now_ms(pipe->target.loop) >=
          np__heap_deadline_ms(&op->np__deadline)) {
    error = WAIT_TIMEOUT;
  }
  return error;
}

/* rest is called when an earlier read has its result. If the result is held
 * back, it waits for a third read, perhaps for long, or its packet is in the
 * port; and the pipe may stay writable. Without a pause the loop would turn all
 * the time. */
static void rest(np_pipe *pipe, np_interest interest) {
  if (has_untold_read(pipe, NP__OP_HELD_BACK)) {
    np__ready_block(pipe->readiness, interest & (NP_READABLE | NP_WRITABLE),
                    RETRY_READ_MS);
  }
}

static void async_io_ready(np_op *op, np_error error, size_t readiness) {
  np_pipe *pipe = (np_pipe *)op->np__target;
  bool is_own = false;
  size_t transferred = 0;

  (void)readiness;
  if (error == NP_OK) {
    error = is_over(pipe);
  }
  if (error == NP_OK) {
    if ((op->np__length & NP__READ_BITS) != 0 &&
        has_untold_read(pipe, NP__OP_ENDED)) {
      error = NP_WOULD_BLOCK;
      is_own = true;
      rest(pipe, op->np__length);
    } else {
      error = run_io(pipe->readiness, op->np__length, op->np__io,
                     op->np__buffer, &transferred);
      np__revert_if_forgotten(pipe->target.loop);
    }
    if (error == NP_WOULD_BLOCK) {
      error = async_io_end(pipe, op);
      if (error == NP_OK) {
        if (is_own) {
          np__loop_count_own(pipe->target.loop);
        }
        async_io_again(pipe, op);
        return;
      }
    }
    np__ready_update(pipe->readiness);
  }
  op->np__done(op, error, transferred);
}

static void async_io_run(np_loop *loop, np__packet *packet) {
  (void)loop;
  np__op_run_by((np_op *)packet, async_io_ready);
}

np_error np_pipe_async_io(np_pipe *pipe, np_interest interest, np_op *op,
                          np_io_fn fn, void *context, np_op_fn done) {
  np_error error;

  if (pipe == NULL || fn == NULL || done == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__ready_begin(pipe, interest, op, NP__OP_IO, done);
  if (error == NP_OK) {
    async_io_set_class(op);
    op->np__io = fn;
    op->np__buffer = context;
  }
  return error;
}
