#include "op.h"

#include <assert.h>
#include <string.h>

#include "calibration.h"

/* A time limit whose cancel the kernel refused is tried again so much later. */
#define CANCEL_RETRY_MS 10u

/* So often a cancel before a close is tried. */
#define CANCELS_MAX 3u

_Static_assert(offsetof(np_op, np__packet) == 0 &&
                   offsetof(np__packet, overlapped) == 0,
               "an OVERLAPPED pointer is an op pointer");
_Static_assert(offsetof(np__op_result, deadline_ms) ==
                       offsetof(np__timer_node, deadline_ms) &&
                   offsetof(np__timer_node, expired) >= sizeof(np__op_result),
               "a result leaves the deadline, and that it is in no heap");

void np_op_init(np_op *op) {
  if (op != NULL) {
    memset(op, 0, sizeof *op);
  }
}

np_error np_op_cancel(np_op *op) {
  if (op == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  return np__op_abort(op, ERROR_OPERATION_ABORTED);
}

np_error np__target_check(const np__target *target) {
  if (np__target_is_gone(target)) {
    return ERROR_INVALID_HANDLE;
  }
  return target->taken ? ERROR_BUSY : NP_OK;
}

np_error np__op_check(const np__target *target, const np_op *op,
                      np_op_fn done) {
  np_error error;

  if (op == NULL || done == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__target_check(target);
  if (error != NP_OK) {
    return error;
  }
  return op->np__state == NP__OP_IDLE ? NP_OK : ERROR_BUSY;
}

static np__direction direction_of(const np_op *op) {
  switch (op->np__kind) {
    case NP__OP_READ:
    case NP__OP_AHEAD:
    case NP__OP_TRANSACT: /* Its reply comes in its turn. */
      return NP__INWARD;
    case NP__OP_WRITE:
      return NP__OUTWARD;
    default:
      return NP__DIRECTIONS;
  }
}

static np_error error_of_status(NTSTATUS status) {
  return status == 0 ? NP_OK : RtlNtStatusToDosError(status);
}

static void op_on_packet(np_loop *loop, np__packet *packet, NTSTATUS status,
                         uint32_t bytes) {
  np_op *op = (np_op *)packet;

  assert(op->np__state == NP__OP_IN_KERNEL);
  np__loop_paid(loop, packet);
  if (op->np__kind == NP__OP_WRITE) {
    np__loop_wrote(loop, bytes);
  }
  np__op_end(op, error_of_status(status), bytes);
}

/* What no caller asked for is no reason to go on. */
static bool keeps_running(const np_op *op) {
  return op->np__kind != NP__OP_AHEAD && op->np__kind != NP__OP_ACCEPT;
}

/* A write is never put off: it goes out inside the call. */
static void op_post(np_loop *loop, np__packet *packet) {
  np_op *op = (np_op *)packet;

  (void)loop;
  assert(op->np__state == NP__OP_PUT_OFF);
  assert(op->np__kind == NP__OP_READ || op->np__kind == NP__OP_AHEAD ||
         op->np__kind == NP__OP_ACCEPT);
  if (op->np__abort_error != NP_OK) {
    np__op_end(op, ERROR_OPERATION_ABORTED, 0);
    return;
  }
  if (op->np__kind == NP__OP_ACCEPT) {
    np__op_issued(op, ConnectNamedPipe(op->np__target->handle,
                                       &op->np__packet.overlapped));
    return;
  }
  np__op_issued(op, ReadFile(op->np__target->handle, op->np__buffer,
                             op->np__length, NULL, &op->np__packet.overlapped));
}

static void unlink_op(np__target *target, np_op *op) {
  if (op->np__prev != NULL) {
    op->np__prev->np__next = op->np__next;
  } else {
    target->first = op->np__next;
  }
  if (op->np__next != NULL) {
    op->np__next->np__prev = op->np__prev;
  } else {
    target->last = op->np__prev;
  }
}

void np__op_run(np_loop *loop, np__packet *packet) {
  np_op *op = (np_op *)packet;
  np__target *target = op->np__target;

  assert(op->np__state == NP__OP_ENDED);
  unlink_op(target, op);
  op->np__state = NP__OP_IDLE;
  if (keeps_running(op)) {
    loop->active--;
  }
  op->np__done(op, op->np__error, op->np__result.transferred);
  /* `op` may be gone. `target` is not: only the loop frees it, later. */
  if (np__target_is_gone(target) && target->first == NULL) {
    target->drained(target);
  }
}

static np_error op_cancel(np_op *op) {
  np_error error;

  if (!CancelIoEx(op->np__target->handle, &op->np__packet.overlapped)) {
    error = GetLastError();
    if (error != ERROR_NOT_FOUND) {
      return error;
    }
    /* It has a result already; its packet is on the way. */
  }
  return NP_OK;
}

static const np__packet_class op_class = {op_on_packet, op_post, np__op_run,
                                          op_cancel};

static void op_expired(np__timer_node *node) {
  np_op *op = np__op_of_deadline(node);

  if (np__op_abort(op, WAIT_TIMEOUT) != NP_OK) {
    assert(op->np__state == NP__OP_IN_KERNEL);
    np__op_again_in(op, CANCEL_RETRY_MS, op_expired);
  }
}

static void stop_deadline(np_op *op) {
  if (np__heap_has(&op->np__deadline)) {
    np__heap_remove(&op->np__target->loop->timers, &op->np__deadline);
  }
}

void np__op_again_in(np_op *op, uint32_t delay_ms,
                     void (*expired)(np__timer_node *node)) {
  np_loop *loop = op->np__target->loop;

  stop_deadline(op);
  np__heap_insert(&loop->timers, &op->np__deadline,
                  np__loop_deadline_ms(loop, delay_ms), expired);
}

void np__op_begin(np__target *target, np_op *op, np__op_kind kind,
                  np_op_fn done) {
  np_loop *loop = target->loop;

  assert(op->np__state == NP__OP_IDLE);
  ZeroMemory(&op->np__packet.overlapped, sizeof op->np__packet.overlapped);
  op->np__packet.class_ = &op_class;
  op->np__done = done;
  op->np__target = target;
  op->np__kind = (uint8_t)kind;
  op->np__error = NP_OK;
  op->np__abort_error = NP_OK;
  op->np__memory = NULL;
  op->np__finish = NULL;
  op->np__state = NP__OP_WAITING;
  op->np__next = NULL;
  op->np__prev = target->last;
  if (target->last != NULL) {
    target->last->np__next = op;
  } else {
    target->first = op;
  }
  target->last = op;
  target->unfinished[direction_of(op)]++;
  if (keeps_running(op)) {
    loop->active++;
  }
  op->np__deadline.expired = NULL;
  if (op->timeout_ms > 0) {
    np__op_again_in(op, op->timeout_ms, op_expired);
  }
}

void np__op_withdraw(np_op *op) {
  assert(op->np__state == NP__OP_WAITING || op->np__state == NP__OP_PUT_OFF);
  if (op->np__state == NP__OP_PUT_OFF) {
    np__loop_take_back(op->np__target->loop, &op->np__packet);
  }
  op->np__target->unfinished[direction_of(op)]--;
  unlink_op(op->np__target, op);
  stop_deadline(op);
  op->np__state = NP__OP_IDLE;
  if (keeps_running(op)) {
    op->np__target->loop->active--;
  }
}

void np__op_put_off(np_op *op) {
  np__target *target = op->np__target;

  assert(op->np__state == NP__OP_WAITING);
  op->np__state = NP__OP_PUT_OFF;
  if (op->np__kind == NP__OP_ACCEPT) {
    /* The later, the more likely its client is there and costs no packet. */
    np__loop_put_off_last(target->loop, &op->np__packet);
  } else if (target->is_greeted && target->unfinished[NP__INWARD] == 1) {
    target->is_greeted = false;
    np__loop_put_off_first(target->loop, &op->np__packet);
  } else {
    np__loop_put_off(target->loop, &op->np__packet);
  }
}

void np__op_pending(np_op *op) {
  op->np__state = NP__OP_IN_KERNEL;
  np__loop_owe(op->np__target->loop, &op->np__packet);
}

bool np__op_answer(np_op *op, BOOL succeeded, np_error *error,
                   size_t *transferred) {
  *error = succeeded ? NP_OK : GetLastError();
  *transferred = 0;
  if (*error == ERROR_IO_PENDING ||
      (*error == ERROR_MORE_DATA && np__more_data_posts())) {
    /* Whatever the status block says by now: this one ends by its packet. */
    np__op_pending(op);
    return false;
  }
  if (*error == NP_OK || *error == ERROR_MORE_DATA) {
    *transferred = (size_t)op->np__packet.overlapped.InternalHigh;
    if (op->np__kind == NP__OP_WRITE) {
      np__loop_wrote(op->np__target->loop, *transferred);
    }
  }
  return true;
}

void np__op_issued(np_op *op, BOOL succeeded) {
  np_error error;
  size_t transferred;

  if (np__op_answer(op, succeeded, &error, &transferred)) {
    np__op_end(op, error, transferred);
  }
}

static bool is_earlier_in_kernel(const np_op *op, np__direction direction) {
  for (const np_op *at = op->np__prev; at != NULL; at = at->np__prev) {
    if (at->np__state == NP__OP_IN_KERNEL && direction_of(at) == direction) {
      return true;
    }
  }
  return false;
}

static void make_ready(np_op *op) {
  op->np__state = NP__OP_ENDED;
  np__loop_ready(op->np__target->loop, &op->np__packet);
}

/* Lets those go that were held back because of `op`. */
static void release_later(np_op *op, np__direction direction) {
  for (np_op *at = op->np__next; at != NULL; at = at->np__next) {
    if (direction_of(at) != direction) {
      continue;
    }
    if (at->np__state == NP__OP_IN_KERNEL) {
      return;
    }
    if (at->np__state == NP__OP_HELD_BACK) {
      op->np__target->held_back--;
      make_ready(at);
    }
  }
}

/* Queues `op` for its callback, in its turn. */
static void make_ready_in_order(np_op *op, bool is_aborted) {
  np__target *target = op->np__target;
  const np__direction direction = direction_of(op);

  target->unfinished[direction]--;
  if (direction == NP__DIRECTIONS ||
      (target->unfinished[direction] == 0 && target->held_back == 0)) {
    make_ready(op);
  } else if (!is_earlier_in_kernel(op, direction)) {
    make_ready(op);
    release_later(op, direction);
  } else if (is_aborted) {
    make_ready(op); /* Who cancels one does not wait for the others. */
  } else {
    op->np__state = NP__OP_HELD_BACK;
    target->held_back++;
  }
}

void np__op_end(np_op *op, np_error error, size_t transferred) {
  np__target *target = op->np__target;
  const bool is_aborted = error == ERROR_OPERATION_ABORTED;

  assert(op->np__state != NP__OP_IDLE && op->np__state < NP__OP_HELD_BACK);
  if (is_aborted && op->np__abort_error != NP_OK) {
    error = op->np__abort_error;
  }
  op->np__error = error;
  stop_deadline(op);
  op->np__result.transferred = transferred;
  if (op->np__finish != NULL) {
    op->np__finish(op);
  }
  make_ready_in_order(op, is_aborted);
  if (op->np__kind != NP__OP_READ && target->ended != NULL) {
    target->ended(target, op);
  }
}

np_error np__op_abort(np_op *op, np_error as) {
  np_error error;

  switch (op->np__state) {
    case NP__OP_WAITING:
      op->np__abort_error = as;
      np__op_end(op, ERROR_OPERATION_ABORTED, 0);
      return NP_OK;
    case NP__OP_PUT_OFF:
      /* It ends where it would have been posted, later in this turn. */
      if (op->np__abort_error == NP_OK) {
        op->np__abort_error = as;
      }
      return NP_OK;
    case NP__OP_IN_KERNEL:
      if (op->np__abort_error != NP_OK) {
        return NP_OK;
      }
      error = op->np__packet.class_->cancel(op);
      if (error == NP_OK) {
        op->np__abort_error = as;
      }
      return error;
    case NP__OP_ENDED:
      if (op->np__kind == NP__OP_IO) {
        op->np__abort_error = as; /* It tries once more, and no more. */
        return NP_OK;
      }
      return ERROR_NOT_FOUND;
    default:
      return ERROR_NOT_FOUND;
  }
}

void np__target_abort_all(np__target *target, np_error as) {
  bool in_kernel = false;
  np_op *next;

  for (np_op *op = target->first; op != NULL; op = next) {
    next = op->np__next;
    if (op->np__state == NP__OP_IN_KERNEL &&
        op->np__packet.class_ == &op_class) {
      in_kernel = true;
      if (op->np__abort_error == NP_OK) {
        op->np__abort_error = as;
      }
    } else {
      np__op_abort(op, as);
    }
  }
  for (unsigned i = 0; in_kernel && i < CANCELS_MAX; i++) {
    /* Where everything has its result already, that is what it says. Else it is
     * worth another try: without it a write stays until the peer has read. */
    if (CancelIoEx(target->handle, NULL) || GetLastError() == ERROR_NOT_FOUND) {
      break;
    }
  }
}
