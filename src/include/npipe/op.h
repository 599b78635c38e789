/* Operations: requests to a pipe whose results come later, by callback. */
#ifndef NPIPE_OP_H
#define NPIPE_OP_H

#include <stddef.h>
#include <stdint.h>

#include <npipe/api.h>
#include <npipe/error.h>
#include <npipe/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct np_op np_op;

/* np_op_fn is called at the end of an operation, exactly once, from the loop
 * and never from inside the call that started the operation.
 *
 * `transferred` counts bytes. It may be more than 0 beside an error: with
 * ERROR_MORE_DATA it is the part of the message that was read, with
 * ERROR_OPERATION_ABORTED and WAIT_TIMEOUT the bytes that were moved before the
 * cancel.
 *
 * When it runs, `op` is the caller's again: it may be started anew or freed,
 * and the pipe may be closed. */
typedef void (*np_op_fn)(np_op *op, np_error error, size_t transferred);

/* A link of a list. All members belong to the library. */
typedef struct np__link {
  struct np__link *next;
  struct np__link *prev;
} np__link;

/* A packet: the part of an operation, a request or a task whose OVERLAPPED the
 * completion port hands back. While the kernel does not use the OVERLAPPED, the
 * packet can be in a queue or in a list. All members belong to the library. */
typedef struct np__packet {
  union {
    OVERLAPPED overlapped;
    struct np__packet *next; /* in a queue */
    np__link link;           /* in a list */
  };
  const struct np__packet_class *class_;
} np__packet;

/* What the kernel owes: the packet that lies directly before this struct. The
 * key is that of np__timer_node. */
typedef struct np__debt {
  uint64_t key;
  np__link link; /* in the loop's list of debts, if in no heap */
} np__debt;

/* The byte count of an operation that has its result. The key is that of
 * np__timer_node; it keeps the deadline. */
typedef struct np__op_result {
  uint64_t key;
  size_t transferred;
} np__op_result;

struct np__target;

/* One asynchronous operation, in the caller's storage: mostly a member of a
 * struct of the caller's. Set it to zero before its first use (or call
 * np_op_init). From a successful start until its callback begins it must stay
 * in place, as must its buffer, and nothing in it may be changed.
 *
 * user        the caller's; the library never looks at it
 * timeout_ms  milliseconds, 0 waits for ever; read when an operation starts and
 *             kept. After that time the operation is cancelled and its callback
 *             gets WAIT_TIMEOUT, unless it had already succeeded. */
struct np_op {
  np__packet np__packet; /* first: an OVERLAPPED pointer is an op pointer */
  union {                /* directly after `np__packet` */
    np__timer_node np__deadline; /* until the operation has ended */
    np__debt np__debt;           /* the kernel has it, and it has no limit */
    np__op_result np__result;    /* the operation has ended */
  };
  void *user;
  uint32_t timeout_ms;

  uint32_t np__length;
  void *np__buffer;
  np_op_fn np__done;
  struct np__target *np__target;
  np__link np__order; /* its place among the operations of its target */
  np_error np__error;
  uint8_t np__state;
  uint8_t np__kind;
  uint8_t np__at_end; /* work at the end, beside the callback */
  uint8_t np__cause;  /* why its end was asked for, or 0 */
  union {             /* by the class of the operation */
    void *np__memory; /* memory that `finish` of the class frees */
    np_error (*np__io)(HANDLE handle, void *context, size_t *transferred);
    uint32_t np__flags; /* of a message of a channel */
    uint32_t np__taken; /* bytes before `np__buffer` that a read has already */
  };
};

/* np_op_init sets `op` to zero: no user, no time limit, not in flight. Never
 * call it on an operation in flight. NULL is ignored.
 *
 * Thread:  any.
 */
NP_API void np_op_init(np_op *op);

/* np_op_cancel asks the kernel to end an operation in flight early. The
 * callback still runs, from the loop, with ERROR_OPERATION_ABORTED, or with the
 * true result if the operation had ended first. A read that the kernel did not
 * have yet ends without a system call.
 *
 * Where the kernel cancels at once, the callback runs in the next turn of the
 * loop: in the np_loop_run_once or np_loop_dispatch that begins next. After a
 * time limit it runs in the turn that begins next after the limit is over. Two
 * things can take more turns: callbacks that were ready earlier, of which a
 * turn runs 64, and a turn that ends early because of np_loop_stop or a
 * forgotten revert. On a foreign port the end of a time limit also has to come
 * through the port to the caller, so the callback runs in the call of
 * np_loop_dispatch that gets the packet.
 *
 * A *write* can be cut by this call or by its time limit. Then it is not known
 * how much of a byte stream the peer has got. If the peer has read a part of a
 * message, this part joins the next message. After a cut write only
 * np_pipe_close is safe.
 *
 * Returns NP_OK when the cancel was requested, also if an earlier call had
 * requested it. ERROR_NOT_FOUND: `op` is not in flight, or it has its result
 * and its callback is about to run; harmless. ERROR_INVALID_PARAMETER: NULL.
 * Else what CancelIoEx said: the operation goes on.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  CancelIoEx, Remarks (a cancel can lose)
 *          learn.microsoft.com/windows/win32/fileio/cancelioex-func
 */
NP_API np_error np_op_cancel(np_op *op);

#ifdef __cplusplus
}
#endif

#endif
