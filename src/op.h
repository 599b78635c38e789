/* Operations from the inside: how one begins, is given to the kernel, is
 * aborted and ends.
 *
 *   IDLE -> begin -> WAITING -----------------------> ended -> callback -> IDLE
 *                    PUT_OFF -> issued -> IN_KERNEL ->
 *
 * Reads are called back in the order in which they began, and so are writes:
 * the packet of an earlier one may still lie in the port when a later one is
 * answered at once, which is then held back.
 *
 * Whatever the way, an operation that began ends once, its callback runs once,
 * and only from the loop. What the kernel owes a packet for stays in place
 * until the packet came: nothing else ends it. */
#ifndef NPIPE_SRC_OP_H
#define NPIPE_SRC_OP_H

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
  NP__OP_IO,      /* likewise, and then tries; perhaps again */
  NP__OP_MESSAGE, /* of a channel, which keeps the order itself */
  /* The library's own, which do not keep a loop running: */
  NP__OP_AHEAD, /* a read, see ahead.h */
  NP__OP_ACCEPT /* a connect of a listener's instance */
} np__op_kind;

/* Operations of one direction keep their order. */
typedef enum np__direction {
  NP__INWARD,
  NP__OUTWARD,
  NP__DIRECTIONS /* their number, and: of neither */
} np__direction;

/* What operations are started on: a handle on the loop's port. */
typedef struct np__target {
  np_loop *loop;
  HANDLE handle;
  np_op *first; /* begun and called back not yet, in the order they began */
  np_op *last;
  uint32_t unfinished[NP__DIRECTIONS + 1]; /* those without a result */
  uint32_t held_back;
  bool closing;  /* nothing may begin any more */
  bool withheld; /* it is a listener's: nothing of a caller's may begin */
  bool taken;    /* it is a channel's: likewise, and only that may close it */
  /* A client has just come, mostly to say something: the next read, if no other
   * is before it, goes before those of other ends that were put off earlier. */
  bool is_greeted;
  /* Called from the loop when `closing` or `withheld` and the last operation is
   * gone; perhaps more than once. */
  void (*drained)(struct np__target *target);
  /* Called when an operation other than a read has ended, before its callback;
   * may be NULL. */
  void (*ended)(struct np__target *target, np_op *op);
} np__target;

/* np__target_is_gone tells whether a caller has no business with `target` any
 * more: it is being closed, or it is a listener's. */
static inline bool np__target_is_gone(const np__target *target) {
  return target->closing || target->withheld;
}

/* np__target_check tells whether something of a caller's may begin on `target`:
 * NP_OK, ERROR_INVALID_HANDLE (it is gone), ERROR_BUSY (taken). */
np_error np__target_check(const np__target *target);

/* np__op_check tells whether `op` may: NP_OK, ERROR_INVALID_PARAMETER (a NULL),
 * ERROR_INVALID_HANDLE (gone), ERROR_BUSY (taken, or `op` is in flight). */
np_error np__op_check(const np__target *target, const np_op *op, np_op_fn done);

/* np__op_begin starts the life of `op`, which was checked, in state WAITING,
 * and its time limit. */
void np__op_begin(np__target *target, np_op *op, np__op_kind kind,
                  np_op_fn done);

/* np__op_put_off leaves it to the end of the turn to give a connect, or a read
 * of `np__length` bytes into `np__buffer`, to the kernel. */
void np__op_put_off(np_op *op);

/* np__op_pending takes note that the kernel has `op` and owes a packet. */
void np__op_pending(np_op *op);

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

/* np__op_abort asks for the end of `op`, to be reported as `as`, unless it has
 * a result first. Returns NP_OK, also when that was asked before;
 * ERROR_NOT_FOUND: it is not in flight or has its result; else what CancelIoEx
 * said: it goes on. */
np_error np__op_abort(np_op *op, np_error as);

/* np__op_again_in makes `expired` run after `delay_ms`, in place of the op's
 * time limit, unless it ends first. */
void np__op_again_in(np_op *op, uint32_t delay_ms,
                     void (*expired)(np__timer_node *node));

/* np__op_of_deadline returns the operation that a timer node belongs to. */
static inline np_op *np__op_of_deadline(np__timer_node *node) {
  return (np_op *)(void *)((char *)node - offsetof(np_op, np__deadline));
}

/* np__op_run is `run` of a class of operations: it ends with the callback. */
void np__op_run(np_loop *loop, np__packet *packet);

/* np__target_abort_all does so with everything on `target`, with one system
 * call at most. */
void np__target_abort_all(np__target *target, np_error as);

#endif
