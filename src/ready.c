/* Readiness: who waits for it, and what holds. Two operations of the library
 * tell what holds: a read-ahead (ahead.c) and the write of an outbox
 * (outbox.c). A pipe gets both when somebody first asks for its readiness. */
#include "ready.h"

#include <string.h>

#define READY_BUFFER_BYTES 65536u
#define BUFFER_BYTES_MAX   ((size_t)1 << 30)

#define ALL_BITS (NP__READ_BITS | NP__WRITE_BITS)

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

np_readiness np__ready_now(const np__readiness *r, np_interest interest) {
  return what_holds(r) & with_closed(interest);
}

/* np__ready_learn_from_read: both directions end together, because a pipe has
 * no half-close. A server that gets "not connected" has no client yet, or no
 * longer; this is not the end of a session. */
void np__ready_learn_from_read(np__readiness *r, np_error error) {
  if (error == ERROR_BROKEN_PIPE ||
      (error == ERROR_PIPE_NOT_CONNECTED && r->pipe->end == NP_CLIENT)) {
    r->closed |= NP_READ_CLOSED;
    r->closed |= r->pipe->writable ? NP_WRITE_CLOSED : 0u;
  }
}

/* learn_from_write notes that writing is over. The error of a write says
 * nothing about reading: data may still be readable. */
static void learn_from_write(np__readiness *r, np_error error) {
  if (error == ERROR_BROKEN_PIPE || error == ERROR_NO_DATA ||
      (error == ERROR_PIPE_NOT_CONNECTED && r->pipe->end == NP_CLIENT)) {
    r->closed |= NP_WRITE_CLOSED;
  }
}

static bool is_waiting(const np_op *op, unsigned kind) {
  return op->np__kind == kind && op->np__state == NP__OP_WAITING;
}

/* wake_waiters ends the waits that are ready. It returns true if a remaining
 * wait can end only by a read. */
static bool wake_waiters(np__readiness *r) {
  const np_readiness holds = what_holds(r);
  bool wants_read = false;
  np_op *next;

  for (np_op *op = np__target_first(&r->pipe->target); op != NULL; op = next) {
    next = np__op_next(op);
    if (is_waiting(op, NP__OP_WAIT) || is_waiting(op, NP__OP_IO)) {
      const np_interest interest = op->np__length;
      const np_readiness result = holds & with_closed(interest);

      if (result != 0) {
        np__op_end(op, NP_OK, result);
      } else if ((interest & (NP__READ_BITS | NP_WRITE_CLOSED)) != 0) {
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

  for (np_op *op = np__target_first(&r->pipe->target); op != NULL; op = next) {
    next = np__op_next(op);
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

void np__ready_update(np__readiness *r) {
  if (np__target_has(&r->pipe->target, NP__BAR_CLOSING)) {
    return;
  }
  serve_reads(r);
  if (wake_waiters(r) && r->pipe->readable && (r->blocked & NP_READABLE) == 0) {
    np__ahead_want(&r->ahead);
  }
}

static void ready_retry_expired(np__alarm *alarm) {
  np__readiness *r = NP__CONTAINER(alarm, np__readiness, retry);

  r->blocked = 0;
  np__ready_update(r);
}

static void ready_stop_retry(np__readiness *r) {
  np__alarm_stop(r->pipe->target.loop, &r->retry);
}

void np__ready_block(np__readiness *r, np_readiness readiness,
                     uint32_t delay_ms) {
  np_loop *loop = r->pipe->target.loop;

  r->blocked |= readiness;
  ready_stop_retry(r);
  np__alarm_start(loop, &r->retry, np__loop_deadline_ms(loop, delay_ms),
                  ready_retry_expired);
}

static void ahead_changed(np_pipe *pipe) {
  np__readiness *r = pipe->readiness;

  if (r->ahead.caught) {
    np__ready_learn_from_read(r, r->ahead.error);
  }
  np__ready_update(r);
}

static void outbox_changed(np_pipe *pipe) {
  np__ready_update(pipe->readiness);
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

/* ready_connected drops the result of a read-ahead that ended because no client
 * was there. */
static void ready_connected(np_pipe *pipe) {
  np__readiness *r = pipe->readiness;

  np__ahead_connected(&r->ahead);
  np__ready_update(r);
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
    np__ready_update(pipe->readiness);
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
  r->hooks = &ready_hooks;
  pipe->readiness = r;
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

np_error np__ready_ensure(np_pipe *pipe, bool reads) {
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

bool np__ready_is_interest(np_interest interest) {
  return interest != 0 && (interest & ~ALL_BITS) == 0;
}

np_error np__ready_ensure_for(np_pipe *pipe, np_interest interest) {
  if (!np__ready_is_interest(interest)) {
    return ERROR_INVALID_PARAMETER;
  }
  if ((!pipe->readable && (interest & NP__WRITE_BITS) == 0) ||
      (!pipe->writable && (interest & NP__READ_BITS) == 0)) {
    return ERROR_ACCESS_DENIED;
  }
  return np__ready_ensure(pipe, pipe->readable);
}

np_error np__ready_begin(np_pipe *pipe, np_interest interest, np_op *op,
                         unsigned kind, np_op_fn done) {
  np_error error;

  error = np__op_check(&pipe->target, op, done);
  if (error == NP_OK) {
    error = np__ready_ensure_for(pipe, interest);
  }
  if (error != NP_OK) {
    return error;
  }
  np__op_begin(&pipe->target, op, kind, done);
  op->np__length = interest;
  np__ready_update(pipe->readiness);
  return NP_OK;
}

np_error np_pipe_ready(np_pipe *pipe, np_interest interest, np_op *op,
                       np_op_fn done) {
  return pipe != NULL ? np__ready_begin(pipe, interest, op, NP__OP_WAIT, done)
                      : ERROR_INVALID_PARAMETER;
}

np_error np_pipe_readable(np_pipe *pipe, np_op *op, np_op_fn done) {
  return np_pipe_ready(pipe, NP_READABLE, op, done);
}

np_error np_pipe_writable(np_pipe *pipe, np_op *op, np_op_fn done) {
  return np_pipe_ready(pipe, NP_WRITABLE, op, done);
}
