/* The loop's inside: what operations, pipes and timers need of it. */
#ifndef NPIPE_SRC_LOOP_H
#define NPIPE_SRC_LOOP_H

#include <assert.h>
#ifndef __STDC_NO_ATOMICS__
#include <stdatomic.h>
#endif
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/loop.h>

#include "heap.h"
#include "nt.h"

typedef struct np__gates np__gates;
typedef struct np__flusher np__flusher;

/* What can happen to a thing that a loop handles. Each function is called from
 * the loop alone.
 *
 * on_packet  its packet came from the port
 * post       it was put off until the end of the turn, which is now
 * run        it was made ready, and it is its turn: callbacks run here
 * cancel     (operations) asks the kernel for its early end, which will be
 *            reported as `np__abort_error` says; or ends it itself
 * finish     (operations) it has its result, and its callback has not run; NULL
 *            where nothing is to be done then
 * is_write   (operations) it is a write */
typedef struct np__packet_class {
  void (*on_packet)(np_loop *loop, np__packet *packet, NTSTATUS status,
                    uint32_t bytes);
  void (*post)(np_loop *loop, np__packet *packet);
  void (*run)(np_loop *loop, np__packet *packet);
  np_error (*cancel)(np_op *op);
  void (*finish)(np_op *op);
  bool is_write;
} np__packet_class;

/* First in, first out; a packet is in one queue at most. */
typedef struct np__queue {
  np__packet *first;
  np__packet *last; /* not looked at when empty */
} np__queue;

/* What a loop knows of an ERROR_MORE_DATA that a call answers at once. */
typedef enum np__more_data {
  NP__MORE_DATA_UNKNOWN = 0,
  NP__MORE_DATA_ENDS, /* the answer is the result, no packet follows */
  NP__MORE_DATA_POSTS /* a packet follows, and brings the result */
} np__more_data;

/* What a loop keeps for finding that out (calibration.c). */
typedef struct np__calibration {
  np__more_data more_data;
  bool is_asked;        /* the mark is in the port, or will be posted again */
  np__packet mark;      /* is posted behind the packet that may follow */
  np__timer_node retry; /* when the mark is posted again */
} np__calibration;

struct np_loop {
  /* First what each operation and each turn looks at. */
  np__queue ready;    /* what has a result: its callback is to run */
  np__queue gathered; /* writes that the kernel gets at the end of the turn */
  np__queue put_off;  /* what it gets after them */
  np__queue hurried;  /* put off and cancelled: posted when a turn begins */
  np__queue accepts;  /* likewise, when there is nothing else to do */
  size_t active; /* operations begun, pipes closing: what keeps it running */
  size_t written_bytes; /* since a read was posted on account of them */
  uint32_t callbacks_since_poll;
  uint32_t accepts_age; /* callbacks since `accepts` was empty */
  uint32_t looks;       /* in a row, at the port, that passed over `put_off` */
  bool owns_port;
  bool yields; /* before it gives the kernel what was put off */
  bool running;
  bool takes_all; /* the next poll takes more than the newest packets */
  /* Packets may come that are not this loop's: each is checked (foreign.h). */
  bool has_strangers;
  bool impersonates;  /* its thread acts as a client; never between callbacks */
  bool forgot_revert; /* a callback left it so; the run is to tell */
  np__heap timers;
  HANDLE port;
  ULONG_PTR key;
  np__packet *owed; /* packets that the kernel owes, the latest first */
  size_t owed_count;
  size_t pipes;           /* and listeners, whose end has not been told */
  size_t unheeded_timers; /* those that do not keep it running */
  /* Of what was ready at a poll of the port that passed over what is put off,
   * how much has not run. 0: there was no such poll. */
  size_t round_left;
  HANDLE event; /* made when first needed */
  LARGE_INTEGER clock_frequency;
  DWORD owner;        /* its thread; kept where there are asserts */
  uint32_t task_mark; /* the byte count of each task's packet */
  /* Other threads write the next three. */
  volatile LONG stop;
  volatile LONG stoppers; /* threads inside np_loop_stop */
  volatile LONG posted;   /* tasks that have not begun, and posts under way */
  np__calibration calibration;
  np_allocator allocator;
  /* Of clients that wait: the layer above, so by pointer. Both NULL until one
   * does. */
  np__gates *gates;
  void (*gates_free)(np_loop *loop);
  /* Of flushes that need threads, likewise. */
  np__flusher *flusher;
  void (*flusher_free)(np_loop *loop);
};

/* np__loop_take_over makes `loop` the calling thread's. */
static inline void np__loop_take_over(np_loop *loop) {
#ifdef NDEBUG
  (void)loop;
#else
  loop->owner = GetCurrentThreadId();
#endif
}

/* np__loop_check_thread stops a build with asserts if the calling thread is not
 * the loop's. Every public function that is for the loop's thread alone calls
 * it, mostly by np__target_check or np__target_is_gone. NULL is ignored: an
 * error tells the caller of it. */
static inline void np__loop_check_thread(const np_loop *loop) {
  (void)loop;
  assert((loop == NULL || loop->owner == GetCurrentThreadId()) &&
         "called on another thread than the loop's");
}

static inline void np__queue_push(np__queue *queue, np__packet *packet) {
  packet->next = NULL;
  if (queue->first == NULL) {
    queue->first = packet;
  } else {
    queue->last->next = packet;
  }
  queue->last = packet;
}

/* np__loop_ready queues `packet` for its class's `run`. No system call. */
static inline void np__loop_ready(np_loop *loop, np__packet *packet) {
  np__queue_push(&loop->ready, packet);
}

/* np__loop_part_ready takes what is ready out of the queue, and
 * np__loop_join_ready puts it behind what became so meanwhile. */
static inline np__queue np__loop_part_ready(np_loop *loop) {
  const np__queue later = loop->ready;

  loop->ready.first = NULL;
  return later;
}

static inline void np__loop_join_ready(np_loop *loop, np__queue later) {
  if (loop->ready.first == NULL) {
    loop->ready = later;
  } else if (later.first != NULL) {
    loop->ready.last->next = later.first;
    loop->ready.last = later.last;
  }
}

/* np__loop_gather queues `packet` for its class's `post`, which runs at the end
 * of this turn, before that of what is put off: a read may wait for what is
 * written here. */
static inline void np__loop_gather(np_loop *loop, np__packet *packet) {
  np__queue_push(&loop->gathered, packet);
}

/* np__loop_ungather takes it back. */
void np__loop_ungather(np_loop *loop, const np__packet *packet);

/* np__loop_is_sated tells whether so much was written that others should have
 * their turn before there is more, and whether there are any: who reads it may
 * be one of them. */
bool np__loop_is_sated(const np_loop *loop);

/* np__loop_put_off queues `packet` for its class's `post`, which runs at the
 * end of this turn, always before the loop waits. */
static inline void np__loop_put_off(np_loop *loop, np__packet *packet) {
  np__queue_push(&loop->put_off, packet);
}

/* np__loop_put_off_first does so before what was put off earlier. */
void np__loop_put_off_first(np_loop *loop, np__packet *packet);

/* np__loop_put_off_last does so behind all that was put off. Where there is
 * always something to do, it is posted once in a while. */
static inline void np__loop_put_off_last(np_loop *loop, np__packet *packet) {
  np__queue_push(&loop->accepts, packet);
}

/* np__loop_wrote takes note that the kernel took `bytes`. */
static inline void np__loop_wrote(np_loop *loop, size_t bytes) {
  loop->written_bytes += bytes;
}

/* np__loop_owe takes note that the kernel owes `packet`. */
void np__loop_owe(np_loop *loop, np__packet *packet);

/* np__loop_paid takes note that `packet` came from the port. */
void np__loop_paid(np_loop *loop, np__packet *packet);

/* np__loop_hurry has `packet`, which is put off, posted when the next turn
 * begins. */
void np__loop_hurry(np_loop *loop, np__packet *packet);

/* np__loop_take_back takes `packet` out of the queue of what is put off, or
 * `hurried`. */
void np__loop_take_back(np_loop *loop, const np__packet *packet, bool hurried);

/* np__loop_poll_soon has the loop ask its port before it runs more callbacks:
 * a cancel was asked for, and the packet of that operation is there, or nearly.
 */
void np__loop_poll_soon(np_loop *loop);

/* np__loop_poll takes what lies in the loop's own port, without waiting and
 * without running callbacks. False: nothing came, or the port is foreign. */
bool np__loop_poll(np_loop *loop);

/* np__loop_peek reads what other threads write. Nothing is read on account of
 * what it says but what comes through the port, so no order is asked for: each
 * callback reads it, and an interlocked read would cost more than all else
 * between two callbacks.
 * Source: Interlocked Variable Access (aligned 32 bits are read at once)
 *         learn.microsoft.com/windows/win32/sync/interlocked-variable-access */
static inline LONG np__loop_peek(const volatile LONG *value) {
#ifdef __STDC_NO_ATOMICS__
  return *value;
#else
  return atomic_load_explicit((volatile _Atomic(LONG) *)value,
                              memory_order_relaxed);
#endif
}

/* np__loop_is_stopped tells whether np_loop_stop was called. */
static inline bool np__loop_is_stopped(const np_loop *loop) {
  return np__loop_peek(&loop->stop) != 0;
}

/* np__loop_run_timers runs the timers whose time has come. */
void np__loop_run_timers(np_loop *loop);

/* np__loop_event returns an event of the loop's, for calls that must have their
 * result before they return; NULL, and GetLastError says why. */
HANDLE np__loop_event(np_loop *loop);

/* np__loop_now_ms returns the loop's clock: whole milliseconds that have passed
 * since some moment in the past; it never goes back. */
uint64_t np__loop_now_ms(const np_loop *loop);

/* np__loop_deadline_ms returns when `delay_ms` from now is over: what is late
 * by less than a millisecond is late, and nothing is early. 0 is now. */
static inline uint64_t np__loop_deadline_ms(const np_loop *loop,
                                            uint32_t delay_ms) {
  return np__loop_now_ms(loop) + delay_ms + (delay_ms > 0 ? 1u : 0u);
}

/* np__loop_new returns zeroed memory from the loop's allocator, or NULL. */
void *np__loop_new(np_loop *loop, size_t size);

/* np__loop_free gives back what np__loop_new gave; NULL is fine. */
void np__loop_free(np_loop *loop, void *memory);

#endif
