/* Operations from the inside: how one begins, is given to the kernel, is
 * aborted and ends.
 *
 *   IDLE -> begin -> WAITING -----------------------> ended -> callback -> IDLE
 *                    PUT_OFF -> issued -> IN_KERNEL ->
 *
 * Reads are called back in the order in which they began, and so are writes:
 * the packet of an earlier one may still lie in the port when a later one is
 * answered at once, which is then held back. One that has failed keeps its time
 * limit and can be cancelled meanwhile, see np__op_abort.
 *
 * Whatever the way, an operation that began ends once, its callback runs once,
 * and only from the loop. What the kernel owes a packet for stays in place
 * until the packet came: nothing else ends it. */
#ifndef NPIPE_SRC_OP_H
#define NPIPE_SRC_OP_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <windows.h>

#include <npipe/op.h>

#include "loop.h"

typedef enum np__op_state {
  NP__OP_IDLE = 0, /* the caller's */
  NP__OP_WAITING,  /* for something else than the kernel */
  NP__OP_PUT_OFF,  /* the kernel gets it at the end of the turn */
  NP__OP_IN_KERNEL,
  NP__OP_HELD_BACK, /* its result is there before that of an earlier one */
  NP__OP_ENDED      /* its result is there, its callback will run */
} np__op_state;

typedef enum np__op_kind {
  NP__OP_READ = 1,
  NP__OP_WRITE,
  NP__OP_CONNECT,
  NP__OP_SHUTDOWN,
  NP__OP_TRANSACT,
  NP__OP_FLUSH,
  NP__OP_READY,   /* waits for readiness */
  NP__OP_IO,      /* waits for readiness and then tries, perhaps again */
  NP__OP_MESSAGE, /* its target keeps the order of such operations itself */
  /* The library's own, which do not keep a loop running: */
  NP__OP_OWN_READ,
  NP__OP_OWN_CONNECT /* posted last, and not hurried when it is cancelled */
} np__op_kind;

/* Operations of one direction keep their order. */
typedef enum np__direction {
  NP__INWARD,
  NP__OUTWARD,
  NP__DIRECTIONS /* their number, and: of neither */
} np__direction;

/* Bits of `np__at_end`. Mostly there are none, and all is done by one look. */
enum {
  NP__AT_END_LIMIT = 1,  /* its deadline may be in the heap: take it out */
  NP__AT_END_FINISH = 2, /* its class's `finish` */
  NP__AT_END_TELL = 4,   /* its target's `ended`, also when it succeeds */
  NP__AT_END_ABORT = 8,  /* put off, and not to be posted any more */
  NP__AT_END_STALE = 16, /* its session is over: its end tells of no other */
  NP__AT_END_AGAIN =
      32, /* its class may begin it again instead of its callback:
                            a cancel is kept until then */
  /* It was answered ERROR_MORE_DATA, and may have no packet: calibration.c. */
  NP__AT_END_UNSURE = 64,
  NP__AT_END_ASKER = 128 /* the mark was posted for it */
};

/* What happens to a target.
 *
 * drained  called from the loop when it is closing or withheld and the last
 *          operation is gone; perhaps more than once
 * ended    called for operations that NP__AT_END_TELL says it of, and for reads
 *          and writes that failed: the operation has its result, which `ended`
 *          may still change, and its callback has not run */
typedef struct np__target_class {
  void (*drained)(struct np__target *target);
  void (*ended)(struct np__target *target, np_op *op);
} np__target_class;

/* Why nothing of a caller's may begin on a target. */
enum {
  NP__BAR_CLOSING = 1,  /* nothing at all may */
  NP__BAR_WITHHELD = 2, /* it is a listener's */
  NP__BAR_TAKEN = 4     /* it is a channel's, and only that may close it */
};

/* What operations are started on: a handle on the loop's port. */
typedef struct np__target {
  np_loop *loop;
  HANDLE handle;
  np_op *first; /* begun and called back not yet, in the order they began */
  np_op **end;  /* what the next that begins is written to */
  const np__target_class *class_;
  /* Of each direction, those that others may have to wait for: in the kernel,
   * or held back because of one that is. */
  uint32_t ahead[NP__DIRECTIONS];
  uint8_t bars; /* NP__BAR_: why nothing of a caller's may begin; mostly 0 */
  /* A client has just come, mostly to say something: the next read, if no other
   * is before it, goes before those of other ends that were put off earlier. */
  bool is_greeted;
  /* Something between here and the pipe may answer late: the network, where the
   * pipe may be another machine's. No call may wait for such an answer. */
  bool answers_late;
  uint32_t disconnects; /* modulo 2^32: tells one session from the next */
} np__target;

/* np__target_init makes of zeroed memory a target without operations. */
static inline void np__target_init(np__target *target, np_loop *loop,
                                   const np__target_class *class_) {
  target->loop = loop;
  target->handle = INVALID_HANDLE_VALUE;
  target->end = &target->first;
  target->class_ = class_;
}

/* np__target_has tells whether `bar` is one of its bars. */
static inline bool np__target_has(const np__target *target, uint8_t bar) {
  return (target->bars & bar) != 0;
}

/* np__target_is_gone tells whether a caller has no business with `target` any
 * more: it is being closed, or it is a listener's. */
static inline bool np__target_is_gone(const np__target *target) {
  np__loop_check_thread(target->loop);
  return np__target_has(target, NP__BAR_CLOSING | NP__BAR_WITHHELD);
}

/* np__target_is_busy tells whether an operation of `direction` other than
 * `except`, which may be NULL, is in flight on it and has no result. */
bool np__target_is_busy(const np__target *target, np__direction direction,
                        const np_op *except);

/* np__target_check tells whether something of a caller's may begin on `target`:
 * NP_OK, ERROR_INVALID_HANDLE (it is gone), ERROR_BUSY (taken). */
static inline np_error np__target_check(const np__target *target) {
  np__loop_check_thread(target->loop);
  if (target->bars != 0) {
    return np__target_is_gone(target) ? ERROR_INVALID_HANDLE : ERROR_BUSY;
  }
  return NP_OK;
}

/* np__op_check tells whether `op` may: NP_OK, ERROR_INVALID_PARAMETER (a NULL),
 * ERROR_INVALID_HANDLE (gone), ERROR_BUSY (taken, or `op` is in flight). */
static inline np_error np__op_check(const np__target *target, const np_op *op,
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

/* The classes of operations: in general, and of writes. */
extern const np__packet_class np__op_class;
extern const np__packet_class np__write_class;

/* np__op_set_class makes `op`, which has just begun, one of another class. */
static inline void np__op_set_class(np_op *op, const np__packet_class *class_) {
  op->np__packet.class_ = class_;
  if (class_->finish != NULL) {
    op->np__at_end |= NP__AT_END_FINISH;
  }
}

/* What no caller asked for is no reason to go on. */
static inline bool np__op_keeps_running(np__op_kind kind) {
  return kind != NP__OP_OWN_READ && kind != NP__OP_OWN_CONNECT;
}

static inline np__direction np__op_direction(np__op_kind kind) {
  switch (kind) {
    case NP__OP_READ:
    case NP__OP_OWN_READ:
    case NP__OP_TRANSACT: /* Its reply comes in its turn. */
      return NP__INWARD;
    case NP__OP_WRITE:
      return NP__OUTWARD;
    default:
      return NP__DIRECTIONS;
  }
}

/* np__op_limit starts the time limit of an operation that has one. */
void np__op_limit(np_op *op);

/* np__op_start is np__op_begin without the time limit, for what is given to the
 * kernel at once: np__op_pending starts it. */
static inline void np__op_start(np__target *target, np_op *op, np__op_kind kind,
                                np_op_fn done) {
  assert(op->np__state == NP__OP_IDLE);
  ZeroMemory(&op->np__packet.overlapped, sizeof op->np__packet.overlapped);
  op->np__packet.class_ =
      kind == NP__OP_WRITE ? &np__write_class : &np__op_class;
  op->np__done = done;
  op->np__target = target;
  op->np__error = NP_OK;
  op->np__abort_error = NP_OK;
  op->np__state = NP__OP_WAITING;
  op->np__kind = (uint8_t)kind;
  op->np__direction = (uint8_t)np__op_direction(kind);
  op->np__at_end = kind == NP__OP_CONNECT || kind == NP__OP_OWN_CONNECT
                       ? NP__AT_END_TELL
                       : 0;
  op->np__next = NULL;
  op->np__link = target->end;
  *target->end = op;
  target->end = &op->np__next;
  if (np__op_keeps_running(kind)) {
    target->loop->active++;
  }
}

/* np__op_begin starts the life of `op`, which was checked, in state WAITING,
 * and its time limit. What depends on `kind` the compiler knows. */
static inline void np__op_begin(np__target *target, np_op *op, np__op_kind kind,
                                np_op_fn done) {
  np__op_start(target, op, kind, done);
  if (op->timeout_ms > 0) {
    np__op_limit(op);
  }
}

/* np__op_put_off_greeted is np__op_put_off on a target that is greeted. */
void np__op_put_off_greeted(np_op *op);

/* np__op_put_off leaves it to the end of the turn to give a read of
 * `np__length` bytes into `np__buffer` to the kernel. */
static inline void np__op_put_off(np_op *op) {
  assert(op->np__state == NP__OP_WAITING);
  op->np__state = NP__OP_PUT_OFF;
  if (op->np__target->is_greeted) {
    np__op_put_off_greeted(op);
  } else {
    np__loop_put_off(op->np__target->loop, &op->np__packet);
  }
}

/* np__op_put_off_last does so with the connect of an accept, which comes after
 * all reads: the later, the more likely its client is there and costs no
 * packet. */
static inline void np__op_put_off_last(np_op *op) {
  assert(op->np__state == NP__OP_WAITING);
  op->np__state = NP__OP_PUT_OFF;
  np__loop_put_off_last(op->np__target->loop, &op->np__packet);
}

/* np__op_is_over is for the `post` of a class. True: `op`, which was put off,
 * was cancelled and has ended instead. */
bool np__op_is_over(np_op *op);

/* np__op_pending takes note that the kernel has `op` and owes a packet. Its
 * time limit runs from now on, if it does not yet. */
void np__op_pending(np_op *op);

/* np__op_paid takes note that the packet came: the result must follow. */
void np__op_paid(np_op *op);

/* np__op_answer takes note of what a Win32 call with the op's OVERLAPPED
 * returned; it reads GetLastError and must follow that call directly. True:
 * that was the result, nothing will follow. False: it will come by its packet.
 */
bool np__op_answer(np_op *op, BOOL succeeded, np_error *error,
                   size_t *transferred);

/* np__op_withdraw undoes np__op_begin: no callback. Not while in the kernel. */
void np__op_withdraw(np_op *op);

/* np__op_issued is np__op_answer, and ends `op` if that was the result. */
void np__op_issued(np_op *op, BOOL succeeded);

/* np__op_end gives `op` its result. */
void np__op_end(np_op *op, np_error error, size_t transferred);

/* np__op_succeed is np__op_end(op, NP_OK, transferred), the quicker for knowing
 * its target, its direction, and that nothing is to be done at its end. */
static inline void np__op_succeed(np__target *target, np_op *op,
                                  np__direction direction, size_t transferred) {
  assert(op->np__target == target && op->np__direction == direction);
  assert(op->np__at_end == 0);
  if (target->ahead[direction] > 0) {
    np__op_end(op, NP_OK, transferred);
    return;
  }
  op->np__result.transferred = transferred;
  op->np__state = NP__OP_ENDED;
  np__loop_ready(target->loop, &op->np__packet);
}

/* np__op_abort asks for the end of `op`, to be reported as `as`, unless it has
 * a result first. Returns NP_OK, also when that was asked before;
 * ERROR_NOT_FOUND: it is not in flight or has its result; else what CancelIoEx
 * said: it goes on.
 *
 * An operation that is held back has its result. One that has succeeded keeps
 * its turn: ERROR_NOT_FOUND. One that has failed waits for no other any more: a
 * read is reported as `as`, a write with its own error. */
np_error np__op_abort(np_op *op, np_error as);

/* np__op_abort_part is for the `cancel` of an operation `op` in state IN_KERNEL
 * that stands for `part`, one of the library's own: it asks for the end of
 * `part`, with ERROR_OPERATION_ABORTED, which np__op_end(op) then translates.
 * Where `part` has its result and its callback is about to run, that is NP_OK
 * too: the callback of `part` must end `op`, or see `np__abort_error` of `op`
 * before it begins anything else for `op`. So no cancel and no time limit of
 * `op` is lost. */
np_error np__op_abort_part(np_op *part);

/* np__op_again_in makes `expired` run after `delay_ms`, in place of the op's
 * time limit, unless it ends first. */
void np__op_again_in(np_op *op, uint32_t delay_ms,
                     void (*expired)(np__timer_node *node));

/* np__op_of_deadline returns the operation that a timer node belongs to. */
static inline np_op *np__op_of_deadline(np__timer_node *node) {
  return (np_op *)(void *)((char *)node - offsetof(np_op, np__deadline));
}

/* np__op_on_packet, np__op_post, np__op_run and np__op_cancel are those of
 * np__op_class, for other classes. np__op_run ends with the callback;
 * np__op_run_own is the same for kinds that do not keep a loop running. */
void np__op_on_packet(np_loop *loop, np__packet *packet, NTSTATUS status,
                      uint32_t bytes);
void np__op_post(np_loop *loop, np__packet *packet);
void np__op_run(np_loop *loop, np__packet *packet);
void np__op_run_own(np_loop *loop, np__packet *packet);
np_error np__op_cancel(np_op *op);

/* np__op_run_by is np__op_run, with `done` in place of the callback, which that
 * calls. */
void np__op_run_by(np_op *op, np_op_fn done);

/* np__target_abort_all asks for the end of everything on `target`, with one
 * system call mostly. What is held back ends in its turn, behind the operations
 * that it is held back for. */
void np__target_abort_all(np__target *target, np_error as);

#endif
