/* Readiness: who waits for it, what holds, and the tries. Two operations of the
 * library tell what holds: a read-ahead (ahead.c) and the write of an outbox
 * (outbox.c). A pipe gets both when somebody first asks for its readiness. */
#include <npipe/ready.h>

#include <string.h>

#include "ahead.h"
#include "outbox.h"
#include "revert.h"

#define READY_BUFFER_BYTES 65536u
#define BUFFER_BYTES_MAX   ((size_t)1 << 30)

/* A caller's call that found nothing to do, although the pipe seemed ready, is
 * repeated after a delay that doubles up to this maximum. */
#define READY_RETRY_MS_MAX 16u
#define RETRIES_GROWING    4u

#define READ_BITS  (NP_READABLE | NP_READ_CLOSED)
#define WRITE_BITS (NP_WRITABLE | NP_WRITE_CLOSED)
#define ALL_BITS   (READ_BITS | WRITE_BITS)

typedef struct np__readiness {
  np__ahead ahead;
  np__outbox outbox;
  np_readiness closed;  /* closed until the end of the session */
  np_readiness blocked; /* readiness that a caller's call has disproved */
  uint32_t refusals;    /* such calls in a row */
  np__timer_node retry; /* when it expires, `blocked` is cleared */
  bool is_asked;        /* its options are fixed */
  np_pipe *pipe;
} np__readiness;

void np_ready_options_init(np_ready_options *options) {
  if (options != NULL) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    options->read_ahead_bytes = READY_BUFFER_BYTES;
    options->write_buffer_bytes = READY_BUFFER_BYTES;
  }
}

static np_readiness with_closed(np_interest interest) {
  np_readiness wanted = interest;

  wanted |= (interest & NP_READABLE) != 0 ? NP_READ_CLOSED : 0u;
  wanted |= (interest & NP_WRITABLE) != 0 ? NP_WRITE_CLOSED : 0u;
  return wanted;
}

static np_readiness what_holds(const np__readiness *r) {
  np_readiness holds = 0;

  if (r->ahead.caught) {
    holds |= NP_READABLE;
  }
  if (r->pipe->writable &&
      (np__outbox_is_free(&r->outbox) || r->outbox.error != NP_OK)) {
    holds |= NP_WRITABLE;
  }
  holds &= ~r->blocked;
  holds |= r->closed;
  holds |= (r->closed & NP_READ_CLOSED) != 0 ? NP_READABLE : 0u;
  holds |= (r->closed & NP_WRITE_CLOSED) != 0 ? NP_WRITABLE : 0u;
  return holds;
}

/* learn_from_read: both directions end together, because a pipe has no
 * half-close. A server that gets "not connected" has no client yet, or no
 * longer; this is not the end of a session. */
static void learn_from_read(np__readiness *r, np_error error) {
  if (error == ERROR_BROKEN_PIPE ||
      (error == ERROR_PIPE_NOT_CONNECTED && r->pipe->end == NP_CLIENT)) {
    r->closed |= NP_READ_CLOSED;
    r->closed |= r->pipe->writable ? NP_WRITE_CLOSED : 0u;
  }
}

/* learn_from_write: data may still be readable. */
static void learn_from_write(np__readiness *r, np_error error) {
  if (error == ERROR_BROKEN_PIPE || error == ERROR_NO_DATA ||
      (error == ERROR_PIPE_NOT_CONNECTED && r->pipe->end == NP_CLIENT)) {
    r->closed |= NP_WRITE_CLOSED;
  }
}

static bool is_waiting(const np_op *op, np__op_kind kind) {
  return op->np__kind == kind && op->np__state == NP__OP_WAITING;
}

/* wake_waiters ends the waits that are ready. It returns true if a remaining
 * wait can end only by a read. */
static bool wake_waiters(np__readiness *r) {
  const np_readiness holds = what_holds(r);
  bool wants_read = false;
  np_op *next;

  for (np_op *op = r->pipe->target.first; op != NULL; op = next) {
    next = op->np__next;
    if (is_waiting(op, NP__OP_READY) || is_waiting(op, NP__OP_IO)) {
      const np_interest interest = op->np__length;
      const np_readiness result = holds & with_closed(interest);

      if (result != 0) {
        np__op_end(op, NP_OK, result);
      } else if ((interest & (READ_BITS | NP_WRITE_CLOSED)) != 0) {
        wants_read = true;
      }
    }
  }
  return wants_read;
}

/* serve_reads gives caught data to the waiting reads, in order. The other reads
 * go to the kernel when no read of the library is before them there. */
static void serve_reads(np__readiness *r) {
  np_op *next;

  for (np_op *op = r->pipe->target.first; op != NULL; op = next) {
    next = op->np__next;
    if (!is_waiting(op, NP__OP_READ)) {
      continue;
    }
    if (r->ahead.caught) {
      np__ahead_serve(&r->ahead, op);
    } else if (!np__ahead_is_in_flight(&r->ahead)) {
      np__op_put_off(op);
    } else {
      return;
    }
  }
}

/* update is called after every change: it ends the reads and waits that can
 * end, and starts a read-ahead if a wait needs one. */
static void update(np__readiness *r) {
  if (np__target_has(&r->pipe->target, NP__BAR_CLOSING)) {
    return;
  }
  serve_reads(r);
  if (wake_waiters(r) && r->pipe->readable && (r->blocked & NP_READABLE) == 0) {
    np__ahead_want(&r->ahead);
  }
}

static void ready_retry_expired(np__timer_node *node) {
  np__readiness *r =
      (np__readiness *)(void *)((char *)node - offsetof(np__readiness, retry));

  r->blocked = 0;
  update(r);
}

static void ready_stop_retry(np__readiness *r) {
  if (np__heap_has(&r->retry)) {
    np__heap_remove(&r->pipe->target.loop->timers, &r->retry);
  }
}

static void ahead_changed(np_pipe *pipe) {
  np__readiness *r = pipe->readiness;

  if (r->ahead.caught) {
    learn_from_read(r, r->ahead.error);
  }
  update(r);
}

static void outbox_changed(np_pipe *pipe) {
  np__readiness *r = pipe->readiness;

  learn_from_write(r, r->outbox.error);
  update(r);
}

static bool ready_take_read(np_pipe *pipe, np_op *read) {
  np__ahead *ahead = &pipe->readiness->ahead;

  np__ahead_ask_again(ahead);
  if (ahead->caught) {
    np__ahead_serve(ahead, read);
    return true;
  }
  /* waits for the result of the read-ahead */
  return np__ahead_is_in_flight(ahead);
}

/* A read-ahead that ended because no client was there is out of date: drop its
 * result. */
static void ready_connected(np_pipe *pipe) {
  np__readiness *r = pipe->readiness;

  np__ahead_connected(&r->ahead);
  update(r);
}

static void ready_disconnected(np_pipe *pipe) {
  np__readiness *r = pipe->readiness;

  np__ahead_forget(&r->ahead);
  np__outbox_forget(&r->outbox);
  r->closed = 0;
  r->blocked = 0;
  r->refusals = 0;
  ready_stop_retry(r);
}

/* ready_held: the data of an ended read-ahead are held even before the loop has
 * handled its end, because the kernel has them no longer. */
static bool ready_held(const np_pipe *pipe, np__held *held) {
  const np__ahead *ahead = &pipe->readiness->ahead;
  const np_op *op = &ahead->op;
  size_t begin = ahead->begin;
  size_t end = ahead->end;
  np_error error = ahead->error;

  if (!ahead->caught) {
    if (op->np__state != NP__OP_ENDED || op->np__length == 0 ||
        ahead->is_stale) {
      return false;
    }
    begin = 0;
    end = op->np__result.transferred;
    error = op->np__error;
  } else if (ahead->is_hit) {
    return false;
  }
  if (begin == end && error != NP_OK) {
    return false;
  }
  held->data = (const char *)op->np__buffer + begin;
  held->length = end - begin;
  held->goes_on = error == ERROR_MORE_DATA;
  return true;
}

static size_t ready_held_bytes(const np_pipe *pipe) {
  np__held held = {NULL, 0, false};

  return ready_held(pipe, &held) ? held.length : 0;
}

static void ready_write_failed(np_pipe *pipe, np_error error) {
  if (pipe->writable) {
    learn_from_write(pipe->readiness, error);
    update(pipe->readiness);
  }
}

static void ready_released(np_pipe *pipe) {
  np__readiness *r = pipe->readiness;
  np_loop *loop = pipe->target.loop;

  ready_stop_retry(r);
  np__loop_free(loop, r->ahead.buffer);
  np__loop_free(loop, r->outbox.buffer);
  np__loop_free(loop, r);
}

static const np__ready_hooks ready_hooks = {
    ready_take_read, ready_connected,    ready_disconnected, ready_held_bytes,
    ready_held,      ready_write_failed, ready_released};

static np_error prepare(np_pipe *pipe, const np_ready_options *options) {
  np__readiness *r = np__loop_new(pipe->target.loop, sizeof *r);

  if (r == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  r->pipe = pipe;
  r->ahead.pipe = pipe;
  r->ahead.capacity = options->read_ahead_bytes;
  r->ahead.changed = ahead_changed;
  r->outbox.pipe = pipe;
  r->outbox.bytes_max = options->write_buffer_bytes;
  r->outbox.changed = outbox_changed;
  pipe->readiness = r;
  pipe->ready_hooks = &ready_hooks;
  return NP_OK;
}

np_error np_pipe_set_ready_options(np_pipe *pipe,
                                   const np_ready_options *options) {
  np_error error;

  if (pipe == NULL || options == NULL || options->size != sizeof *options ||
      options->read_ahead_bytes > BUFFER_BYTES_MAX ||
      options->write_buffer_bytes < 1 ||
      options->write_buffer_bytes > BUFFER_BYTES_MAX) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__target_check(&pipe->target);
  if (error != NP_OK) {
    return error;
  }
  if (pipe->readiness == NULL) {
    return prepare(pipe, options);
  }
  if (pipe->readiness->is_asked) {
    return ERROR_BUSY;
  }
  pipe->readiness->ahead.capacity = options->read_ahead_bytes;
  pipe->readiness->outbox.bytes_max = options->write_buffer_bytes;
  return NP_OK;
}

/* ensure creates the state of readiness on its first use. `reads`: with a
 * read-ahead. */
static np_error ensure(np_pipe *pipe, bool reads) {
  np_ready_options defaults;
  np_error error;

  if (pipe->readiness == NULL) {
    np_ready_options_init(&defaults);
    error = prepare(pipe, &defaults);
    if (error != NP_OK) {
      return error;
    }
  }
  pipe->readiness->is_asked = true;
  return reads ? np__ahead_prepare(&pipe->readiness->ahead) : NP_OK;
}

static np_error check_interest(const np_pipe *pipe, np_interest interest) {
  if (interest == 0 || (interest & ~ALL_BITS) != 0) {
    return ERROR_INVALID_PARAMETER;
  }
  if ((!pipe->readable && (interest & WRITE_BITS) == 0) ||
      (!pipe->writable && (interest & READ_BITS) == 0)) {
    return ERROR_ACCESS_DENIED;
  }
  return NP_OK;
}

static np_error wait_begin(np_pipe *pipe, np_interest interest, np_op *op,
                           np__op_kind kind, np_op_fn done) {
  np_error error;

  error = np__op_check(&pipe->target, op, done);
  if (error == NP_OK) {
    error = check_interest(pipe, interest);
  }
  if (error == NP_OK) {
    error = ensure(pipe, pipe->readable);
  }
  if (error != NP_OK) {
    return error;
  }
  np__op_begin(&pipe->target, op, kind, done);
  op->np__length = interest;
  update(pipe->readiness);
  return NP_OK;
}

np_error np_pipe_ready(np_pipe *pipe, np_interest interest, np_op *op,
                       np_op_fn done) {
  return pipe != NULL ? wait_begin(pipe, interest, op, NP__OP_READY, done)
                      : ERROR_INVALID_PARAMETER;
}

np_error np_pipe_readable(np_pipe *pipe, np_op *op, np_op_fn done) {
  return np_pipe_ready(pipe, NP_READABLE, op, done);
}

np_error np_pipe_writable(np_pipe *pipe, np_op *op, np_op_fn done) {
  return np_pipe_ready(pipe, NP_WRITABLE, op, done);
}

/* has_earlier_read returns true if a read or a transact of the caller's is in
 * state `from` or a later one: its callback has not run, so its data come
 * first. */
static bool has_earlier_read(const np_pipe *pipe, np__op_state from) {
  for (const np_op *op = pipe->target.first; op != NULL; op = op->np__next) {
    if ((op->np__kind == NP__OP_READ || op->np__kind == NP__OP_TRANSACT) &&
        op->np__state >= from) {
      return true;
    }
  }
  return false;
}

np_error np_pipe_try_readv(np_pipe *pipe, const np_buffer *buffers,
                           size_t count, size_t *transferred) {
  np__parts parts = {buffers, count, 0};
  size_t total;
  np_error error;

  if (transferred != NULL) {
    *transferred = 0;
  }
  if (pipe == NULL || transferred == NULL ||
      !np__parts_measure(buffers, count, &total)) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__target_check(&pipe->target);
  if (error != NP_OK) {
    return error;
  }
  if (!pipe->readable) {
    return ERROR_ACCESS_DENIED;
  }
  error = ensure(pipe, true);
  if (error != NP_OK) {
    return error;
  }
  if (has_earlier_read(pipe, NP__OP_WAITING) ||
      !np__ahead_try(&pipe->readiness->ahead)) {
    return NP_WOULD_BLOCK;
  }
  error = np__ahead_give(&pipe->readiness->ahead, &parts, total, transferred);
  /* Another wait may need the rest, or the next data. */
  learn_from_read(pipe->readiness, error);
  update(pipe->readiness);
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
  np_error error;

  if (transferred != NULL) {
    *transferred = 0;
  }
  if (pipe == NULL || transferred == NULL ||
      !np__parts_measure(buffers, count, &total)) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__target_check(&pipe->target);
  if (error != NP_OK) {
    return error;
  }
  if (!pipe->writable) {
    return ERROR_ACCESS_DENIED;
  }
  error = ensure(pipe, false);
  if (error != NP_OK) {
    return error;
  }
  error = np__outbox_try(&pipe->readiness->outbox, &parts, total, transferred);
  learn_from_write(pipe->readiness, error);
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
  np_loop *loop = r->pipe->target.loop;
  uint32_t delay_ms;

  if (r->ahead.is_hit && (interest & READ_BITS) != 0) {
    r->ahead.caught = false;
    r->ahead.is_hit = false;
  }
  r->refusals++;
  if (r->refusals > 1 || (interest & WRITE_BITS) != 0) {
    delay_ms = r->refusals <= RETRIES_GROWING ? 1u << (r->refusals - 1)
                                              : READY_RETRY_MS_MAX;
    r->blocked |= interest & (NP_READABLE | NP_WRITABLE);
    ready_stop_retry(r);
    np__heap_insert(&loop->timers, &r->retry,
                    np__loop_deadline_ms(loop, delay_ms), ready_retry_expired);
  }
}

static np_error run_io(np__readiness *r, np_interest interest, np_io_fn fn,
                       void *context, size_t *transferred) {
  np_error error = fn(r->pipe->target.handle, context, transferred);

  if (error == NP_WOULD_BLOCK) {
    refuse(r, interest);
  } else {
    /* The call may have taken the data that a probe had found. */
    if (r->ahead.is_hit && (interest & READ_BITS) != 0) {
      r->ahead.caught = false;
      r->ahead.is_hit = false;
    }
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
  if (pipe == NULL || fn == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  if (check_interest(pipe, interest) == ERROR_INVALID_PARAMETER) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__target_check(&pipe->target);
  if (error == NP_OK) {
    error = check_interest(pipe, interest);
  }
  if (error == NP_OK) {
    error = ensure(pipe, pipe->readable);
  }
  if (error != NP_OK) {
    return error;
  }
  r = pipe->readiness;
  if ((interest & READ_BITS) != 0 && pipe->readable &&
      (r->blocked & NP_READABLE) == 0) {
    if (has_earlier_read(pipe, NP__OP_WAITING)) {
      if ((interest & WRITE_BITS) == 0) {
        return NP_WOULD_BLOCK;
      }
    } else if (np__ahead_try(&r->ahead)) {
      learn_from_read(r, r->ahead.error);
    }
  }
  if ((what_holds(r) & with_closed(interest)) == 0) {
    return NP_WOULD_BLOCK;
  }
  return run_io(r, interest, fn, context, transferred);
}

static void async_io_run(np_loop *loop, np__packet *packet);

static const np__packet_class async_io_class = {.run = async_io_run};

static void async_io_set_class(np_op *op) {
  np__op_set_class(op, &async_io_class);
  op->np__at_end |= NP__AT_END_AGAIN;
}

/* async_io_again waits again, for the rest of the operation's time. */
static void async_io_again(np_pipe *pipe, np_op *op) {
  const np_interest interest = op->np__length;
  const uint64_t deadline_ms = op->np__deadline.deadline_ms;
  const uint32_t timeout_ms = op->timeout_ms;
  const np_io_fn fn = op->np__io;
  uint64_t now_ms;

  if (timeout_ms > 0) {
    now_ms = np__loop_now_ms(pipe->target.loop);
    op->timeout_ms =
        deadline_ms > now_ms + 1 ? (uint32_t)(deadline_ms - now_ms - 1) : 1;
  }
  np__op_begin(&pipe->target, op, NP__OP_IO, op->np__done);
  async_io_set_class(op);
  op->timeout_ms = timeout_ms;
  op->np__length = interest;
  op->np__io = fn;
  update(pipe->readiness);
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

/* Why `op`, whose call found nothing to do, does not wait again, or NP_OK: its
 * pipe is over, it was cancelled when it was about to try, or its time is over.
 */
static np_error async_io_end(const np_pipe *pipe, const np_op *op) {
  np_error error = is_over(pipe);

  if (error == NP_OK) {
    error = op->np__abort_error;
  }
  if (error == NP_OK && op->timeout_ms > 0 &&
      np__loop_now_ms(pipe->target.loop) >= op->np__deadline.deadline_ms) {
    error = WAIT_TIMEOUT;
  }
  return error;
}

static void async_io_ready(np_op *op, np_error error, size_t readiness) {
  np_pipe *pipe = (np_pipe *)op->np__target;
  size_t transferred = 0;

  (void)readiness;
  if (error == NP_OK) {
    error = is_over(pipe);
  }
  if (error == NP_OK) {
    if ((op->np__length & READ_BITS) != 0 &&
        has_earlier_read(pipe, NP__OP_HELD_BACK)) {
      /* A read has data that its callback has not reported yet; these come
       * first. */
      error = NP_WOULD_BLOCK;
    } else {
      error = run_io(pipe->readiness, op->np__length, op->np__io,
                     op->np__buffer, &transferred);
      np__revert_if_forgotten(pipe->target.loop);
    }
    if (error == NP_WOULD_BLOCK) {
      error = async_io_end(pipe, op);
      if (error == NP_OK) {
        async_io_again(pipe, op);
        return;
      }
    }
    update(pipe->readiness);
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
  error = wait_begin(pipe, interest, op, NP__OP_IO, done);
  if (error == NP_OK) {
    async_io_set_class(op);
    op->np__io = fn;
    op->np__buffer = context;
  }
  return error;
}
