/* Operations from the inside: how one begins, goes to the kernel, is aborted
 * and ends.
 *
 *   IDLE -> begin -> WAITING -----------------------> ended -> callback -> IDLE
 *                    PUT_OFF -> issued -> IN_KERNEL ->
 *
 * The callbacks of reads run in the order in which the reads began, and so do
 * those of writes. The packet of an earlier operation may still be in the port
 * when a later one completes at once; the later one is then held back. A
 * held-back operation that has failed keeps its time limit and can be
 * cancelled, see np__op_abort.
 *
 * Every operation that began ends once, and its callback runs once, from the
 * loop. While the kernel owes a packet for an operation, the operation stays in
 * place: only the packet ends it. */
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
  NP__OP_IDLE = 0, /* the caller may use it */
  NP__OP_WAITING,  /* has begun; the kernel does not have it */
  NP__OP_PUT_OFF,  /* goes to the kernel at the end of the turn */
  NP__OP_IN_KERNEL,
  NP__OP_HELD_BACK, /* has its result; an earlier operation has none yet */
  NP__OP_ENDED      /* has its result; its callback will run */
} np__op_state;

/* Why the end of an operation was asked for. A byte in `np__cause`. */
typedef enum np__cause {
  NP__NO_CAUSE = 0,
  NP__BY_CANCEL,    /* reported as ERROR_OPERATION_ABORTED */
  NP__BY_LIMIT,     /* WAIT_TIMEOUT */
  NP__BY_DISCONNECT /* ERROR_PIPE_NOT_CONNECTED */
} np__cause;

/* Operations of one direction keep their order. */
typedef enum np__direction {
  NP__INWARD,
  NP__OUTWARD,
  NP__DIRECTIONS /* their number; also: of neither direction */
} np__direction;

/* A kind of operations is a byte: its direction, its traits, and a number (1 to
 * 15) by which the layer that begins such operations knows them again. */
enum {
  NP__KIND_DIRECTION = 3, /* the bits of the direction */
  NP__KIND_OWN = 4,       /* the library's own: keeps no loop running */
  NP__KIND_LATE = 8       /* posted last; a cancel does not hurry it */
};
#define NP__KIND(number, direction, traits) \
  ((unsigned)(number) << 4 | (unsigned)(direction) | (unsigned)(traits))

/* Bits of `np__at_end`: extra work at the end of an operation. Mostly 0, so
 * that one test suffices. */
enum {
  NP__AT_END_LIMIT = 1,  /* remove its deadline from the heap, if present */
  NP__AT_END_FINISH = 2, /* call `finish` of its class */
  NP__AT_END_TELL = 4,   /* call `ended` of its target even on success */
  NP__AT_END_ABORT = 8,  /* put off, and must not be posted any more */
  NP__AT_END_STALE = 16, /* its session is over; its result is no news */
  /* its class may begin it again instead of its callback; a cancel is kept
   * until then */
  NP__AT_END_AGAIN = 32,
  /* answered ERROR_MORE_DATA, perhaps without a packet (calibration.c) */
  NP__AT_END_UNSURE = 64,
  NP__AT_END_ASKER = 128 /* the mark was posted for it */
};

/* Events of a target.
 *
 * number   below NP__TARGET_CLASSES, and different for each class: a target
 *          keeps this byte, and its loop keeps the classes
 * drained  called from the loop when the target is closing or withheld and its
 *          last operation is gone; possibly more than once
 * ended    called before the callback of an operation marked NP__AT_END_TELL,
 *          and of each read or write that failed; it may change the result */
typedef struct np__target_class {
  uint8_t number;
  void (*drained)(struct np__target *target);
  void (*ended)(struct np__target *target, np_op *op);
} np__target_class;

/* Reasons why a caller may begin nothing on a target. */
enum {
  NP__BAR_CLOSING = 1,  /* closing: nothing may begin */
  NP__BAR_WITHHELD = 2, /* withheld: the library has it back */
  NP__BAR_TAKEN = 4     /* taken: a second target works on it */
};

/* The target of operations: a handle on the loop's port. */
typedef struct np__target {
  np__list ops; /* operations without callback yet, in order of beginning */
  HANDLE handle;
  np_loop *loop;
  /* For each direction, the number of operations that later operations may have
   * to wait for: those in the kernel, and those held back behind them. */
  uint32_t ahead[NP__DIRECTIONS];
  uint32_t disconnects; /* sessions that have ended, modulo 2^32 */
  uint8_t class_number;
  uint8_t bars; /* NP__BAR_: reasons against a start; mostly 0 */
  /* The peer has just come, and peers mostly write first. The next read, if no
   * other read is before it, goes before put-off reads of other targets. */
  bool is_greeted;
  /* The object of `handle` may be on another machine, so its answers may be
   * late. No call may wait for them. */
  bool answers_late;
} np__target;

/* np__target_init makes a target without operations from zeroed memory. */
static inline void np__target_init(np__target *target, np_loop *loop,
                                   const np__target_class *class_) {
  target->loop = loop;
  target->handle = INVALID_HANDLE_VALUE;
  np__list_init(&target->ops);
  target->class_number = class_->number;
  loop->target_classes[class_->number] = class_;
}

static inline const np__target_class *np__target_class_of(
    const np__target *target) {
  return target->loop->target_classes[target->class_number];
}

/* np__op_direction returns the np__direction of `op`. */
static inline unsigned np__op_direction(const np_op *op) {
  return op->np__kind & NP__KIND_DIRECTION;
}

/* np__cause_error returns the error that a cancel for `cause` reports, NP_OK
 * for NP__NO_CAUSE. */
np_error np__cause_error(unsigned cause);

/* np__target_first returns the first of the target's operations in the order of
 * beginning, np__op_next the one after `op`. NULL: there is none. */
static inline np_op *np__target_first(const np__target *target) {
  return np__list_is_empty(&target->ops)
             ? NULL
             : NP__CONTAINER(target->ops.next, np_op, np__order);
}

static inline np_op *np__op_next(const np_op *op) {
  np__link *next = op->np__order.next;

  return next == &op->np__target->ops ? NULL
                                      : NP__CONTAINER(next, np_op, np__order);
}

/* np__target_has returns true if `bar` is one of the target's bars. */
static inline bool np__target_has(const np__target *target, uint8_t bar) {
  return (target->bars & bar) != 0;
}

/* np__target_is_gone returns true if callers may not use `target` any more: it
 * is being closed, or it is withheld. */
static inline bool np__target_is_gone(const np__target *target) {
  np__loop_check_thread(target->loop);
  return np__target_has(target, NP__BAR_CLOSING | NP__BAR_WITHHELD);
}

/* np__target_is_busy returns true if an operation of `direction` other than
 * `except`, which may be NULL, is in flight on the target and has no result. */
bool np__target_is_busy(const np__target *target, np__direction direction,
                        const np_op *except);

/* np__target_check returns whether a caller may begin something on `target`:
 * NP_OK, ERROR_INVALID_HANDLE (gone), or ERROR_BUSY (taken). */
static inline np_error np__target_check(const np__target *target) {
  np__loop_check_thread(target->loop);
  if (target->bars != 0) {
    return np__target_is_gone(target) ? ERROR_INVALID_HANDLE : ERROR_BUSY;
  }
  return NP_OK;
}

/* np__op_check returns whether `op` may begin: NP_OK, ERROR_INVALID_PARAMETER
 * (a NULL), ERROR_INVALID_HANDLE (gone), or ERROR_BUSY (taken, or `op` is in
 * flight). */
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

/* The general class of operations, and the class of writes. */
extern const np__packet_class np__op_class;
extern const np__packet_class np__write_class;

/* np__op_set_class gives `op`, which has just begun, another class. */
static inline void np__op_set_class(np_op *op, const np__packet_class *class_) {
  op->np__packet.class_ = class_;
  if (class_->finish != NULL) {
    op->np__at_end |= NP__AT_END_FINISH;
  }
}

/* np__op_limit starts the operation's time limit, if it has one. */
void np__op_limit(np_op *op);

/* np__op_limit_until sets the time limit of an operation that begins again: it
 * ends at `deadline_ms`, the deadline of its first beginning. */
void np__op_limit_until(np_op *op, uint64_t deadline_ms);

/* np__op_start is np__op_begin without the time limit, for operations that go
 * to the kernel at once: np__op_pending starts their limit. */
static inline void np__op_start(np__target *target, np_op *op, unsigned kind,
                                np_op_fn done) {
  assert(op->np__state == NP__OP_IDLE);
  ZeroMemory(&op->np__packet.overlapped, sizeof op->np__packet.overlapped);
  op->np__packet.class_ = (kind & NP__KIND_DIRECTION) == NP__OUTWARD
                              ? &np__write_class
                              : &np__op_class;
  op->np__done = done;
  op->np__target = target;
  op->np__error = NP_OK;
  op->np__state = NP__OP_WAITING;
  op->np__kind = (uint8_t)kind;
  op->np__at_end = 0;
  op->np__cause = NP__NO_CAUSE;
  np__list_push(&target->ops, &op->np__order);
  if ((kind & NP__KIND_OWN) == 0) {
    target->loop->active++;
  }
}

/* np__op_begin starts the life of `op`, which was checked: its state becomes
 * WAITING, and its time limit starts. The compiler knows `kind` and removes the
 * tests of it. */
static inline void np__op_begin(np__target *target, np_op *op, unsigned kind,
                                np_op_fn done) {
  np__op_start(target, op, kind, done);
  if (op->timeout_ms > 0) {
    np__op_limit(op);
  }
}

/* np__op_put_off_greeted is np__op_put_off on a target with `is_greeted`. */
void np__op_put_off_greeted(np_op *op);

/* np__op_put_off puts off a read of `np__length` bytes into `np__buffer`: it
 * goes to the kernel at the end of the turn. */
static inline void np__op_put_off(np_op *op) {
  assert(op->np__state == NP__OP_WAITING);
  op->np__state = NP__OP_PUT_OFF;
  if (op->np__target->is_greeted) {
    np__op_put_off_greeted(op);
  } else {
    np__loop_put_off(op->np__target->loop, &op->np__packet);
  }
}

/* np__op_put_off_last puts off an operation of a late kind, behind all reads:
 * the later it is posted, the more likely it ends at once, which saves a
 * packet. */
static inline void np__op_put_off_last(np_op *op) {
  assert(op->np__state == NP__OP_WAITING);
  op->np__state = NP__OP_PUT_OFF;
  np__loop_put_off_last(op->np__target->loop, &op->np__packet);
}

/* np__op_is_over is for the `post` of a class. It returns true if `op`, which
 * was put off, was cancelled and has ended instead. */
bool np__op_is_over(np_op *op);

/* np__op_pending records that the kernel has `op` and owes its packet. The time
 * limit starts now if it has not started. */
void np__op_pending(np_op *op);

/* np__op_paid records that the packet came. The result must follow. */
void np__op_paid(np_op *op);

/* np__op_answer takes the result of a Win32 call with the op's OVERLAPPED. It
 * reads GetLastError, so it must directly follow the call. It returns true if
 * the result is final, and false if a packet will bring it. */
bool np__op_answer(np_op *op, BOOL succeeded, np_error *error,
                   size_t *transferred);

/* np__op_read_file reads into `np__buffer`. The answer goes to np__op_issued or
 * np__op_answer. */
static inline BOOL np__op_read_file(const np__target *target, np_op *op) {
  return ReadFile(target->handle, op->np__buffer, op->np__length, NULL,
                  &op->np__packet.overlapped);
}

/* np__op_withdraw undoes np__op_begin, without a callback. Not while the kernel
 * has `op`. */
void np__op_withdraw(np_op *op);

/* np__op_issued is np__op_answer, and also ends `op` if the result is final. */
void np__op_issued(np_op *op, BOOL succeeded);

/* np__op_end gives `op` its result. */
void np__op_end(np_op *op, np_error error, size_t transferred);

/* np__op_succeed is a fast form of np__op_end(op, NP_OK, transferred), for a
 * known target and direction, if nothing is to be done at the end. */
static inline void np__op_succeed(np__target *target, np_op *op,
                                  np__direction direction, size_t transferred) {
  assert(op->np__target == target && np__op_direction(op) == direction);
  assert(op->np__at_end == 0);
  if (target->ahead[direction] > 0) {
    np__op_end(op, NP_OK, transferred);
    return;
  }
  op->np__result.transferred = transferred;
  op->np__state = NP__OP_ENDED;
  np__loop_ready(target->loop, &op->np__packet);
}

/* np__op_has_succeeded returns true if the error of `op`, which has its result,
 * is no failure. */
static inline bool np__op_has_succeeded(const np_op *op) {
  return op->np__error == NP_OK || op->np__error == ERROR_MORE_DATA;
}

/* np__op_release queues `op`, which is held back, for its callback. */
void np__op_release(np_op *op);

/* np__op_abort asks for the end of `op` because of `cause`, unless `op` gets
 * its result first. Returns NP_OK, also if this was asked before;
 * ERROR_NOT_FOUND if `op` is not in flight or has its result; else the error of
 * CancelIoEx, and `op` goes on.
 *
 * A held-back operation has its result. If it succeeded, it keeps its place in
 * the order: ERROR_NOT_FOUND. If it failed, it no longer waits for others: a
 * read is reported by `cause`, a write with its own error. */
np_error np__op_abort(np_op *op, np__cause cause);

/* np__op_abort_part is for the `cancel` of an operation `op` in state IN_KERNEL
 * that the library's own operation `part` works for. It asks for the end of
 * `part`, with NP__BY_CANCEL, which np__op_end(op) then translates.
 * If `part` has its result and its callback is about to run, the answer is
 * NP_OK too: the callback of `part` must then end `op`, or check
 * `np__cause` of `op` before it begins anything else for `op`. So no
 * cancel and no time limit of `op` is lost. */
np_error np__op_abort_part(np_op *part);

/* np__op_on_packet, np__op_post, np__op_run and np__op_cancel are the functions
 * of np__op_class, for use in other classes. np__op_run ends with the callback.
 * np__op_run_own is np__op_run for kinds that do not keep a loop running. */
void np__op_on_packet(np_loop *loop, np__packet *packet, NTSTATUS status,
                      uint32_t bytes);
void np__op_post(np_loop *loop, np__packet *packet);
void np__op_run(np_loop *loop, np__packet *packet);
void np__op_run_own(np_loop *loop, np__packet *packet);
np_error np__op_cancel(np_op *op);

/* np__op_run_by is np__op_run with `done` in place of the callback; `done`
 * calls the callback. */
void np__op_run_by(np_op *op, np_op_fn done);

/* np__target_abort_all is np__op_abort for every operation on `target`, except
 * held-back ones, which end in their turn. One CancelIoEx serves all reads and
 * writes; it is tried again when it fails. Classes with a `cancel` of their own
 * are cancelled one by one. */
void np__target_abort_all(np__target *target, np__cause cause);

#endif
