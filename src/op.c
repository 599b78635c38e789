/* Operations, from their begin to their callback: see op.h for the states. The
 * rules are that a callback runs once, from the loop, and that operations of
 * one direction are called back in the order in which they began. */
#include "op.h"

#include <assert.h>
#include <string.h>

#include "calibration.h"
#include "revert.h"

/* Delay before a refused cancel of a timed-out operation is tried again. */
#define CANCEL_RETRY_MS 10u

/* The default quota of a pipe. */
#define PIPE_BYTES 65536u

_Static_assert(offsetof(np_op, np__packet) == 0 &&
                   offsetof(np__packet, overlapped) == 0,
               "an OVERLAPPED pointer is an op pointer");
_Static_assert(offsetof(np__op_result, key) == offsetof(np__timer_node, key) &&
                   sizeof(np__timer_node) >= sizeof(np__op_result),
               "a result leaves the deadline, and that it is in no heap");
_Static_assert(offsetof(np_op, np__debt) == sizeof(np__packet),
               "a debt lies directly after its packet");

void np_op_init(np_op *op) {
  if (op != NULL) {
    memset(op, 0, sizeof *op);
  }
}

bool np__target_is_busy(const np__target *target, np__direction direction,
                        const np_op *except) {
  for (const np_op *op = np__target_first(target); op != NULL;
       op = np__op_next(op)) {
    if (op != except && np__op_direction(op) == direction &&
        op->np__state < NP__OP_HELD_BACK) {
      return true;
    }
  }
  return false;
}

/* is_too_much returns true if a kernel, or a server behind it, says that more
 * bytes were moved than there was room for. Such an answer is not believed. */
static bool is_too_much(const np_op *op, size_t transferred) {
  return np__op_direction(op) < NP__DIRECTIONS && transferred > op->np__length;
}

static void end_checked(np_op *op, np_error error, size_t transferred) {
  if (is_too_much(op, transferred)) {
    np__op_end(op, ERROR_INVALID_DATA, 0);
  } else {
    np__op_end(op, error, transferred);
  }
}

void np__op_on_packet(np_loop *loop, np__packet *packet, NTSTATUS status,
                      uint32_t bytes) {
  np_op *op = (np_op *)packet;

  np__op_paid(op);
  if (np__op_direction(op) == NP__OUTWARD && bytes < PIPE_BYTES) {
    /* Not for 64 KiB and more: such a write does not fit a default pipe, so it
     * ended because the peer has read it. */
    np__loop_wrote(loop, bytes);
  }
  end_checked(op, np__error_of_status(status), bytes);
}

bool np__op_is_over(np_op *op) {
  assert(op->np__state == NP__OP_PUT_OFF);
  if ((op->np__at_end & NP__AT_END_ABORT) == 0) {
    return false;
  }
  np__op_end(op, ERROR_OPERATION_ABORTED, 0);
  return true;
}

/* np__op_post posts a read. A write is never put off; it goes to the kernel
 * inside the call. */
void np__op_post(np_loop *loop, np__packet *packet) {
  np_op *op = (np_op *)packet;
  np__target *target = op->np__target;
  size_t bytes;

  (void)loop;
  assert(np__op_direction(op) == NP__INWARD);
  if (op->np__at_end != 0) {
    if (!np__op_is_over(op)) {
      np__op_issued(op, np__op_read_file(target, op));
    }
  } else if (np__op_read_file(target, op)) {
    bytes = (size_t)op->np__packet.overlapped.InternalHigh;
    if (bytes <= op->np__length) {
      np__op_succeed(target, op, NP__INWARD, bytes);
    } else {
      np__op_end(op, ERROR_INVALID_DATA, 0);
    }
  } else {
    np__op_issued(op, FALSE);
  }
}

static inline void call_back(np_op *op, np_op_fn done) {
  np__target *target = op->np__target;

  assert(op->np__state == NP__OP_ENDED);
  np__list_remove(&op->np__order);
  op->np__state = NP__OP_IDLE;
  done(op, op->np__error, op->np__result.transferred);
  /* `op` may be gone. `target` is not: the loop frees it later. */
  if (np__target_is_gone(target) && np__list_is_empty(&target->ops)) {
    np__revert_if_forgotten(target->loop); /* `drained` may create objects */
    np__target_class_of(target)->drained(target);
  }
}

void np__op_run_by(np_op *op, np_op_fn done) {
  op->np__target->loop->active--;
  call_back(op, done);
}

void np__op_run(np_loop *loop, np__packet *packet) {
  np_op *op = (np_op *)packet;

  loop->active--;
  call_back(op, op->np__done);
}

void np__op_run_own(np_loop *loop, np__packet *packet) {
  np_op *op = (np_op *)packet;

  (void)loop;
  call_back(op, op->np__done);
}

const np__packet_class np__op_class = {.on_packet = np__op_on_packet,
                                       .post = np__op_post,
                                       .run = np__op_run,
                                       .cancel = np__op_cancel};
const np__packet_class np__write_class = {.on_packet = np__op_on_packet,
                                          .run = np__op_run,
                                          .cancel = np__op_cancel,
                                          .is_write = true};

static void limit_in(np_op *op, uint32_t delay_ms) {
  np__op_limit_until(op, np__loop_deadline_ms(op->np__target->loop, delay_ms));
}

static void op_expired(np_op *op) {
  if (np__op_abort(op, NP__BY_LIMIT) != NP_OK) {
    assert(op->np__state == NP__OP_IN_KERNEL);
    limit_in(op, CANCEL_RETRY_MS);
  }
}

static void stop_deadline(np_op *op) {
  if ((op->np__at_end & NP__AT_END_LIMIT) != 0) {
    np__loop_unlimit(op->np__target->loop, &op->np__debt);
  }
}

void np__op_limit_until(np_op *op, uint64_t deadline_ms) {
  np_loop *loop = op->np__target->loop;

  op->np__at_end |= NP__AT_END_LIMIT;
  loop->op_expired = op_expired;
  np__loop_limit(loop, &op->np__debt, deadline_ms);
}

void np__op_limit(np_op *op) {
  limit_in(op, op->timeout_ms);
}

void np__op_withdraw(np_op *op) {
  assert(op->np__state == NP__OP_WAITING || op->np__state == NP__OP_PUT_OFF);
  if (op->np__state == NP__OP_PUT_OFF) {
    np__loop_take_back(op->np__target->loop, &op->np__packet,
                       (op->np__at_end & NP__AT_END_ABORT) != 0);
  }
  np__list_remove(&op->np__order);
  stop_deadline(op);
  op->np__state = NP__OP_IDLE;
  if ((op->np__kind & NP__KIND_OWN) == 0) {
    op->np__target->loop->active--;
  }
}

void np__op_put_off_greeted(np_op *op) {
  np__target *target = op->np__target;

  if (np__target_is_busy(target, NP__INWARD, op)) {
    np__loop_put_off(target->loop, &op->np__packet);
  } else {
    target->is_greeted = false;
    np__loop_put_off_first(target->loop, &op->np__packet);
  }
}

void np__op_pending(np_op *op) {
  np__target *target = op->np__target;
  const unsigned direction = np__op_direction(op);

  op->np__state = NP__OP_IN_KERNEL;
  if (direction < NP__DIRECTIONS) {
    target->ahead[direction]++;
  }
  if (op->timeout_ms > 0 && (op->np__at_end & NP__AT_END_LIMIT) == 0) {
    np__op_limit(op);
  }
  np__loop_owe(target->loop, &op->np__debt);
}

void np__op_paid(np_op *op) {
  np__target *target = op->np__target;
  const unsigned direction = np__op_direction(op);

  assert(op->np__state == NP__OP_IN_KERNEL);
  if (direction < NP__DIRECTIONS) {
    assert(target->ahead[direction] > 0);
    target->ahead[direction]--;
  }
  np__loop_paid(target->loop, &op->np__debt);
}

/* answer returns the result of the call just made. ERROR_IO_PENDING:
 * `on_packet` will bring the result, whatever the status block says now. */
static np_error answer(np_op *op, BOOL succeeded) {
  const np_error error = succeeded ? NP_OK : GetLastError();

  return error == ERROR_MORE_DATA ? np__calibration_take(op) : error;
}

/* moved returns the byte count of an operation that ended at once with
 * `error`. */
static size_t moved(np_op *op, np_error error) {
  size_t bytes = 0;

  if (error == NP_OK || error == ERROR_MORE_DATA) {
    bytes = (size_t)op->np__packet.overlapped.InternalHigh;
    if (np__op_direction(op) == NP__OUTWARD) {
      np__loop_wrote(op->np__target->loop, bytes);
    }
  }
  return bytes;
}

bool np__op_answer(np_op *op, BOOL succeeded, np_error *error,
                   size_t *transferred) {
  *error = answer(op, succeeded);
  if (*error == ERROR_IO_PENDING) {
    np__op_pending(op);
    return false;
  }
  *transferred = moved(op, *error);
  if (is_too_much(op, *transferred)) {
    *transferred = 0;
    *error = ERROR_INVALID_DATA;
  }
  return true;
}

void np__op_issued(np_op *op, BOOL succeeded) {
  const np_error error = answer(op, succeeded);

  if (error == ERROR_IO_PENDING) {
    np__op_pending(op);
  } else {
    end_checked(op, error, moved(op, error));
  }
}

static bool is_earlier_in_kernel(const np_op *op) {
  for (const np_op *at = np__target_first(op->np__target); at != op;
       at = np__op_next(at)) {
    if (at->np__state == NP__OP_IN_KERNEL &&
        np__op_direction(at) == np__op_direction(op)) {
      return true;
    }
  }
  return false;
}

/* make_ready queues `op`, whose error is set, for its callback. */
static void make_ready(np_op *op, size_t transferred) {
  stop_deadline(op);
  op->np__result.transferred = transferred;
  if ((op->np__at_end & NP__AT_END_FINISH) != 0) {
    op->np__packet.class_->finish(op);
  }
  op->np__state = NP__OP_ENDED;
  np__loop_ready(op->np__target->loop, &op->np__packet);
}

/* held_bytes returns the place where a held-back operation keeps its byte
 * count: its deadline is still in use, and the kernel no longer needs its
 * OVERLAPPED. */
static ULONG_PTR *held_bytes(np_op *op) {
  return &op->np__packet.overlapped.InternalHigh;
}

/* hold_back keeps the result of `op` until earlier operations have theirs. A
 * failure may be reported sooner, by a cancel or by the time limit. */
static void hold_back(np_op *op, size_t transferred) {
  *held_bytes(op) = transferred;
  op->np__state = NP__OP_HELD_BACK;
  op->np__target->ahead[np__op_direction(op)]++;
  if (np__op_has_succeeded(op)) {
    stop_deadline(op);
  } else if (op->timeout_ms > 0 && (op->np__at_end & NP__AT_END_LIMIT) == 0) {
    np__op_limit(op);
  }
}

void np__op_release(np_op *op) {
  assert(op->np__state == NP__OP_HELD_BACK);
  op->np__target->ahead[np__op_direction(op)]--;
  make_ready(op, (size_t)*held_bytes(op));
}

/* release_later releases the operations that were held back because of `op`. */
static void release_later(np_op *op) {
  const unsigned direction = np__op_direction(op);

  for (np_op *at = np__op_next(op); at != NULL; at = np__op_next(at)) {
    if (np__op_direction(at) != direction) {
      continue;
    }
    if (at->np__state == NP__OP_IN_KERNEL) {
      return;
    }
    if (at->np__state == NP__OP_HELD_BACK) {
      np__op_release(at);
    }
  }
}

/* make_ready_in_order queues `op` for its callback when all earlier operations
 * have their results. */
static void make_ready_in_order(np_op *op, size_t transferred,
                                bool is_aborted) {
  np__target *target = op->np__target;
  const unsigned direction = np__op_direction(op);

  if (direction == NP__DIRECTIONS || target->ahead[direction] == 0) {
    make_ready(op, transferred);
  } else if (!is_earlier_in_kernel(op)) {
    make_ready(op, transferred);
    release_later(op);
  } else if (is_aborted ||
             (op->np__cause != NP__NO_CAUSE && !np__op_has_succeeded(op))) {
    /* A cancelled operation does not wait for the others, also if it failed
     * for another reason. */
    make_ready(op, transferred);
  } else {
    hold_back(op, transferred);
  }
}

void np__op_end(np_op *op, np_error error, size_t transferred) {
  np__target *target = op->np__target;
  const bool is_aborted = error == ERROR_OPERATION_ABORTED;

  assert(op->np__state != NP__OP_IDLE && op->np__state < NP__OP_HELD_BACK);
  if (is_aborted && op->np__cause != NP__NO_CAUSE) {
    error = np__cause_error(op->np__cause);
  }
  op->np__error = error;
  if (error != NP_OK && !is_aborted && error != ERROR_MORE_DATA &&
      np__op_direction(op) < NP__DIRECTIONS) {
    transferred = 0; /* The byte count of a failure is not believed. */
  }
  make_ready_in_order(op, transferred, is_aborted);
  if ((op->np__at_end & NP__AT_END_TELL) != 0 ||
      (error != NP_OK && np__op_direction(op) < NP__DIRECTIONS)) {
    np__target_class_of(target)->ended(target, op);
  }
}
