/* The loop from the inside: the queues and functions that operations, pipes and
 * timers use. */
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
#include "list.h"
#include "nt.h"

/* The class of a packet: functions for the events in its life. They are called
 * from the loop only.
 *
 * on_packet  its packet came from the port
 * post       it was put off until the end of the turn, which is now
 * run        it was queued as ready, and its turn has come: callbacks run here
 * cancel     (operations) asks the kernel for an early end, which will be
 *            reported by `np__cause`; or ends the operation itself
 * finish     (operations) it has its result, and its callback has not run;
 *            NULL: nothing to do
 * is_write   (operations) it is a write */
typedef struct np__packet_class {
  void (*on_packet)(np_loop *loop, np__packet *packet, NTSTATUS status,
                    uint32_t bytes);
  void (*post)(np_loop *loop, np__packet *packet);
  void (*run)(np_loop *loop, np__packet *packet);
  np_error (*cancel)(np_op *op);
  void (*finish)(np_op *op);
  bool is_write;
  /* For reads: asks the kernel for the rest of a message whose first `taken`
   * bytes are in the buffer. NULL: np_pipe_read, whose reads ahead.c completes,
   * and classes that never wait for a read-ahead. */
  void (*take_rest)(np_op *read, size_t taken);
} np__packet_class;

/* A queue of packets, first in, first out. All zero: empty. A packet is in one
 * queue or list at most, and in none while the kernel uses its OVERLAPPED: the
 * links lie there. */
typedef struct np__queue {
  np__packet *first;
  np__packet *last; /* undefined when empty */
} np__queue;

/* The meaning of an ERROR_MORE_DATA that a call answers at once. */
typedef enum np__more_data {
  NP__MORE_DATA_UNKNOWN = 0,
  NP__MORE_DATA_ENDS, /* the answer is the result, no packet follows */
  NP__MORE_DATA_POSTS /* a packet follows, and brings the result */
} np__more_data;

/* The state of the calibration, which finds out that meaning (calibration.c).
 */
typedef struct np__calibration {
  np__more_data more_data;
  bool is_asked;   /* the mark was posted, or will be posted again */
  np__packet mark; /* is posted behind the packet that may follow */
  np__debt debt;   /* directly after `mark` */
  np__alarm retry; /* when the mark is posted again */
} np__calibration;

/* An extension of a loop: what a layer above keeps once for each loop, from its
 * first need until the loop is destroyed. It is the first member of a struct of
 * that layer. */
typedef struct np__extension {
  np__link link; /* in `extensions` of the loop */
  void (*free)(np_loop *loop, struct np__extension *extension);
} np__extension;

/* Number of classes of targets (op.h). */
#define NP__TARGET_CLASSES 2u

/* Number of debts with a time limit that the loop keeps at hand. */
#define NP__RECENT 16u

struct np_loop {
  /* The first members are used by every operation and turn. */
  np__queue ready;    /* packets whose `run` is due */
  np__queue gathered; /* writes for the kernel at the end of the turn */
  np__queue put_off;  /* for the kernel after `gathered` */
  /* put off and cancelled: posted at the next turn's begin */
  np__queue hurried;
  np__queue late;       /* put off until nothing else is to be done */
  size_t active;        /* operations and closing pipes: keep a run going */
  size_t written_bytes; /* since a read was posted because of them */
  uint32_t callbacks_since_poll;
  uint32_t callbacks_max; /* the count at which the turn ends */
  /* The part of `callbacks_since_poll` that called no function of the caller;
   * it is not reset, so only a difference modulo 2^32 has a meaning. */
  uint32_t own_callbacks;
  uint32_t late_age; /* callbacks since `late` was empty */
  uint32_t looks;    /* looks at the port in a row that passed over `put_off` */
  bool owns_port;
  bool yields; /* before it gives put-off reads to the kernel */
  bool running;
  bool takes_all; /* the next poll takes more than the newest packets */
  /* Foreign packets may come, so each packet is checked (foreign.h). */
  bool has_strangers;
  bool impersonates;  /* the thread impersonates; never between callbacks */
  bool forgot_revert; /* a callback forgot to revert; the run reports it */
  np__heap timers;
  HANDLE port;
  ULONG_PTR key;
  /* The packets due from the kernel. A debt that is in `timers`, because its
   * operation has a time limit, is not in `owed`. */
  np__list owed; /* debts, the latest first */
  size_t owed_count;
  np__debt *recent[NP__RECENT];  /* the latest debts in `timers`, or NULL */
  uint32_t recent_at;            /* the place of the next */
  void (*op_expired)(np_op *op); /* called at the time limit of an operation */
  const struct np__target_class *target_classes[NP__TARGET_CLASSES];
  size_t open;            /* objects whose end was not reported */
  size_t unheeded_timers; /* timers that do not keep a run going */
  /* Number of packets that were ready at a poll which passed over `put_off`,
   * and have not run yet. 0: there was no such poll. */
  size_t round_left;
  HANDLE event; /* created when first needed */
  LARGE_INTEGER clock_frequency;
  LARGE_INTEGER clock_start;
  DWORD owner;        /* the loop's thread; kept only with asserts */
  uint32_t task_mark; /* byte count in the packet of each task */
  /* Other threads write the next three members. */
  volatile LONG stop;
  volatile LONG stoppers; /* threads inside np_loop_stop */
  volatile LONG posted;   /* tasks that have not begun, and posts under way */
  np__calibration calibration;
  np_allocator allocator;
  np__list extensions; /* freed with the loop */
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

/* np__packet_of returns the packet whose link in a list is `link`. */
static inline np__packet *np__packet_of(np__link *link) {
  return NP__CONTAINER(link, np__packet, link);
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

/* np__queue_push_linked is np__queue_push, and also links `packet` to the
 * packet before it, for np__queue_remove. All packets of a queue are pushed by
 * the same of the two functions. */
static inline void np__queue_push_linked(np__queue *queue, np__packet *packet) {
  packet->link.prev = (np__link *)queue->last; /* no meaning in the first */
  np__queue_push(queue, packet);
}

/* np__queue_remove takes `packet`, which np__queue_push_linked pushed, out of
 * `queue`. Its cost does not depend on the length of the queue. */
void np__queue_remove(np__queue *queue, np__packet *packet);

/* np__queue_pop takes the first packet out of `queue`, which is not empty. */
static inline np__packet *np__queue_pop(np__queue *queue) {
  np__packet *packet = queue->first;

  queue->first = packet->next;
  return packet;
}

/* np__queue_take takes all packets out of `queue` and returns them. */
static inline np__queue np__queue_take(np__queue *queue) {
  const np__queue taken = *queue;

  queue->first = NULL;
  return taken;
}

/* np__queue_append adds the packets of `more` behind those of `queue`. */
static inline void np__queue_append(np__queue *queue, np__queue more) {
  if (queue->first == NULL) {
    *queue = more;
  } else if (more.first != NULL) {
    queue->last->next = more.first;
    queue->last = more.last;
  }
}

/* np__loop_ready queues `packet` for its class's `run`. It makes no system
 * call. */
static inline void np__loop_ready(np_loop *loop, np__packet *packet) {
  np__queue_push(&loop->ready, packet);
}

/* np__loop_gather queues `packet` for its class's `post`, which runs at the end
 * of this turn, before the posts of put-off packets: a read may wait for the
 * data that are written here. */
static inline void np__loop_gather(np_loop *loop, np__packet *packet) {
  np__queue_push_linked(&loop->gathered, packet);
}

/* np__loop_is_sated returns true if so much was written that other packets
 * should have their turn first, and if there are such packets: one of them may
 * be the reader. */
bool np__loop_is_sated(const np_loop *loop);

/* np__loop_put_off queues `packet` for its class's `post`, which runs at the
 * end of this turn, always before the loop waits. */
static inline void np__loop_put_off(np_loop *loop, np__packet *packet) {
  np__queue_push_linked(&loop->put_off, packet);
}

/* np__loop_put_off_first queues `packet` at the head of `put_off`. */
static inline void np__loop_put_off_first(np_loop *loop, np__packet *packet) {
  packet->next = loop->put_off.first;
  if (loop->put_off.first == NULL) {
    loop->put_off.last = packet;
  } else {
    loop->put_off.first->link.prev = &packet->link;
  }
  loop->put_off.first = packet;
}

/* np__loop_put_off_last queues `packet` in `late`, which is posted after the
 * whole of `put_off`; on a busy loop after CALLBACKS_PER_LATE callbacks. */
static inline void np__loop_put_off_last(np_loop *loop, np__packet *packet) {
  np__queue_push_linked(&loop->late, packet);
}

/* np__loop_wrote records that the kernel took `bytes`. */
static inline void np__loop_wrote(np_loop *loop, size_t bytes) {
  loop->written_bytes += bytes;
}

/* np__packet_of_debt returns the packet that `debt` lies directly after. */
static inline np__packet *np__packet_of_debt(np__debt *debt) {
  return (np__packet *)(void *)debt - 1;
}

static inline np__debt *np__debt_of(np__link *link) {
  return NP__CONTAINER(link, np__debt, link);
}

/* np__loop_owe records that the kernel will send the packet of `debt`. */
void np__loop_owe(np_loop *loop, np__debt *debt);

/* np__loop_paid records that the packet of `debt` came from the port. */
void np__loop_paid(np_loop *loop, np__debt *debt);

/* np__loop_debt_after returns the debt after `debt`, in no order; NULL is the
 * end, and before the first. */
np__debt *np__loop_debt_after(const np_loop *loop, np__debt *debt);

/* np__loop_limit puts `debt`, which is or becomes that of an operation, into
 * `timers`. np__loop_unlimit takes it out again, if it is there. */
void np__loop_limit(np_loop *loop, np__debt *debt, uint64_t deadline_ms);
void np__loop_unlimit(np_loop *loop, np__debt *debt);

/* np__alarm_start makes `expired` run at `deadline_ms`; `alarm` is not active.
 * np__alarm_stop stops it, if it is active. */
void np__alarm_start(np_loop *loop, np__alarm *alarm, uint64_t deadline_ms,
                     void (*expired)(np__alarm *alarm));
void np__alarm_stop(np_loop *loop, np__alarm *alarm);

static inline bool np__alarm_is_active(const np__alarm *alarm) {
  return np__heap_has(&alarm->node);
}

/* np__loop_hurry moves `packet`, which is put off, to the queue that is posted
 * when the next turn begins. */
void np__loop_hurry(np_loop *loop, np__packet *packet);

/* np__loop_take_back takes `packet` out of `put_off`, or out of `hurried`. */
void np__loop_take_back(np_loop *loop, np__packet *packet, bool hurried);

/* np__loop_poll_soon makes the loop poll its port when the next turn begins, or
 * in this turn if its timers run: an operation was cancelled, so its packet is
 * there, or nearly. The callbacks of this turn are not cut. */
void np__loop_poll_soon(np_loop *loop);

/* np__loop_poll dequeues the packets in the loop's own port, without a wait
 * and without callbacks. It returns false if none came, or if the port is
 * foreign. */
bool np__loop_poll(np_loop *loop);

/* np__loop_count_own records that the callback that runs now is the library's
 * own: it calls no function of the caller. np_loop_run_once waits on after such
 * callbacks. */
static inline void np__loop_count_own(np_loop *loop) {
  loop->own_callbacks++;
}

/* np__loop_peek reads a value that other threads write. Its order relative to
 * other reads does not matter, because everything that depends on it comes
 * through the port. Each callback reads it; an interlocked read would cost more
 * than everything else between two callbacks.
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

/* np__loop_is_stopped returns true if np_loop_stop was called. */
static inline bool np__loop_is_stopped(const np_loop *loop) {
  return np__loop_peek(&loop->stop) != 0;
}

/* np__loop_is_running returns `running`. While a loop runs, only its own thread
 * may call. */
static inline bool np__loop_is_running(const np_loop *loop) {
  if (loop->running) {
    np__loop_check_thread(loop);
  }
  return loop->running;
}

/* np__loop_has_work tells whether anything keeps the loop running. */
static inline bool np__loop_has_work(const np_loop *loop) {
  return loop->active > 0 || loop->timers.count > loop->unheeded_timers ||
         np__loop_peek(&loop->posted) > 0;
}

/* np__loop_run_timers runs the due timers. */
void np__loop_run_timers(np_loop *loop);

/* np__loop_event returns an event of the loop, for calls that must have their
 * result before they return. NULL: GetLastError() has the reason. */
HANDLE np__loop_event(np_loop *loop);

/* np__loop_now_ms returns the loop's clock in whole milliseconds. The clock
 * starts when the loop is created, and never goes back. */
uint64_t np__loop_now_ms(const np_loop *loop);

/* np__loop_deadline_ms returns the moment `delay_ms` from now: never early, and
 * at most a millisecond late. 0 means now. */
static inline uint64_t np__loop_deadline_ms(const np_loop *loop,
                                            uint32_t delay_ms) {
  return np__loop_now_ms(loop) + delay_ms + (delay_ms > 0 ? 1u : 0u);
}

/* np__loop_extend adds `extension`, whose `free` is set. */
static inline void np__loop_extend(np_loop *loop, np__extension *extension) {
  np__list_push(&loop->extensions, &extension->link);
}

/* np__loop_extension returns the loop's extension with this `free`, or NULL. */
np__extension *np__loop_extension(const np_loop *loop,
                                  void (*free)(np_loop *loop,
                                               np__extension *extension));

/* np__loop_new returns zeroed memory from the loop's allocator, or NULL. */
void *np__loop_new(np_loop *loop, size_t size);

/* np__loop_new_bytes returns memory for data, or NULL. Its bytes are not set:
 * zeros would make each page of a large buffer resident. */
void *np__loop_new_bytes(np_loop *loop, size_t size);

/* np__loop_free frees memory of both functions; NULL is allowed. */
void np__loop_free(np_loop *loop, void *memory);

#endif
