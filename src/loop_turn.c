/* The turns of a loop. A turn runs timers, then callbacks, then gives the
 * kernel what was gathered and what was put off; the loop waits for its port
 * only when nothing came of that. No kind of work waits for more
 * than NP_LOOP_CALLBACKS_MAX callbacks of another. */
#include "loop.h"

#include "loop_port.h"
#include "revert.h"

/* A look at the port before reads are posted may find packets, whose callbacks
 * then run first. After this many such looks in a row, reads are posted without
 * a look. */
#define LOOKS_MAX 2u

/* A packet in `late` waits until nothing else is to be done, but not for more
 * callbacks than this. */
#define CALLBACKS_PER_LATE 128u

_Static_assert(2 * NP__CALLBACKS_PER_POLL <= NP_LOOP_CALLBACKS_MAX &&
                   CALLBACKS_PER_LATE + NP__CALLBACKS_PER_POLL <=
                       NP_LOOP_CALLBACKS_MAX &&
                   (LOOKS_MAX + 1) * NP__PORT_ENTRIES_MAX <=
                       NP_LOOP_CALLBACKS_MAX,
               "the promise of bounded waiting");

/* np_loop_run_once looks at the clock at least after this many turns without a
 * callback of the caller, because a peer can make the library read without an
 * end. */
#define OWN_TURNS_MAX 256u

/* After this many bytes of writes that completed at once (half of what a
 * default pipe holds), their reader should have its turn before more is
 * written. */
#define WRITTEN_BYTES_MAX 32768u

static void post_first(np_loop *loop, np__queue *queue) {
  np__packet *packet = np__queue_pop(queue);

  packet->class_->post(loop, packet);
}

bool np__loop_is_sated(const np_loop *loop) {
  return loop->written_bytes >= WRITTEN_BYTES_MAX &&
         (loop->put_off.first != NULL || loop->ready.first != NULL);
}

/* post_before_more posts the first put-off packet after many written bytes. The
 * callback of a large write mostly starts the next write, which must wait for a
 * packet if the last one is still unread. If the reader is on this loop, its
 * read is put off, and probably first. */
static void post_before_more(np_loop *loop) {
  if (loop->written_bytes >= WRITTEN_BYTES_MAX && loop->put_off.first != NULL) {
    loop->written_bytes = 0;
    post_first(loop, &loop->put_off);
  }
}

/* run_ready runs ready packets, as many as a turn may run. */
static void run_ready(np_loop *loop) {
  np__packet *packet;

  while (loop->ready.first != NULL &&
         loop->callbacks_since_poll < loop->callbacks_max &&
         !np__loop_is_stopped(loop)) {
    post_before_more(loop); /* may queue more packets in `ready` */
    packet = np__queue_pop(&loop->ready);
    loop->callbacks_since_poll++;
    packet->class_->run(loop, packet);
    np__revert_if_forgotten(loop);
  }
}

/* is_failure returns true if a wait for the port brought neither packets nor
 * the end of the time. */
static bool is_failure(np_error error) {
  return error != NP_OK && error != WAIT_TIMEOUT;
}

/* poll_after_timers polls the port after a timer has cancelled an operation,
 * mostly because its time limit is over: the operation then ends in this turn.
 * On a foreign port the caller polls after this turn. */
static void poll_after_timers(np_loop *loop) {
  if (!loop->owns_port) {
    np__port_was_polled(loop);
  } else if (is_failure(np__port_take(loop, 0))) {
    np__loop_poll_soon(loop); /* The next turn polls, and gets the error. */
  }
}

/* post_gathered posts each packet that is gathered now, once. A packet that
 * has more to write gathers itself again and gets its turn after the callbacks.
 */
static void post_gathered(np_loop *loop) {
  np__queue queue = np__queue_take(&loop->gathered);

  while (queue.first != NULL) {
    post_before_more(loop);
    post_first(loop, &queue);
  }
}

static void post_all(np_loop *loop, np__queue *queue) {
  while (queue->first != NULL) {
    post_first(loop, queue);
  }
}

/* has_round_ended is called at a poll of the port. It returns true if
 * everything has run that was ready at an earlier poll. It also begins the next
 * round by counting the ready packets, once for all packets of the round. */
static bool has_round_ended(np_loop *loop) {
  if (loop->round_left == 0) {
    for (const np__packet *at = loop->ready.first; at != NULL; at = at->next) {
      loop->round_left++;
    }
    return false;
  }
  if (loop->round_left > loop->callbacks_since_poll) {
    loop->round_left -= loop->callbacks_since_poll;
    return false;
  }
  loop->round_left = 0;
  return true;
}

/* post_put_off gives put-off packets to the kernel one by one, until a callback
 * becomes ready: this callback may write the data that the next read waits for,
 * and the read then costs no packet. */
static void post_put_off(np_loop *loop) {
  if (loop->put_off.first != NULL) {
    if ((loop->owed_count > 0 || loop->yields) && loop->looks < LOOKS_MAX) {
      np__port_look(loop);
      if (loop->ready.first != NULL) {
        loop->looks++;
        return;
      }
    }
    loop->looks = 0;
    do {
      post_first(loop, &loop->put_off);
    } while (loop->ready.first == NULL && loop->put_off.first != NULL);
  }
  if (loop->late.first != NULL) {
    while (loop->ready.first == NULL && loop->late.first != NULL) {
      post_first(loop, &loop->late);
    }
    if (loop->late.first == NULL) {
      loop->late_age = 0;
    }
  }
}

/* age_late posts the late packets when they have waited long enough.
 * `callbacks` have run since the last call. */
static void age_late(np_loop *loop, uint32_t callbacks) {
  loop->late_age += callbacks;
  if (loop->late_age >= CALLBACKS_PER_LATE) {
    post_all(loop, &loop->late);
    loop->late_age = 0;
  }
}

/* turn is one turn without a wait: timers, callbacks, then gathered packets,
 * and, if no callback is ready then, put-off packets. An operation whose time
 * limit is over ends in this turn: the timers come first, and then the packets
 * of the operations that they cancelled. On a busy loop put-off packets wait
 * until everything has run that was ready at a poll of the port, and are posted
 * at the next poll. Each part of a turn handles at least one packet, or counts
 * how long it was passed over; NP_LOOP_CALLBACKS_MAX rests on this. */
static inline void turn(np_loop *loop) {
  const uint32_t before = loop->callbacks_since_poll;

  if (loop->timers.root != NULL) {
    np__loop_run_timers(loop);
    if (loop->takes_all) {
      poll_after_timers(loop);
    }
  }
  if (loop->hurried.first != NULL) {
    post_all(loop, &loop->hurried);
  }
  loop->callbacks_max = loop->callbacks_since_poll + NP__CALLBACKS_PER_POLL;
  run_ready(loop);
  if (loop->ready.first == NULL && loop->gathered.first != NULL) {
    post_gathered(loop);
  }
  if (loop->ready.first == NULL) {
    loop->round_left = 0;
    post_put_off(loop);
  } else if (loop->callbacks_since_poll >= NP__CALLBACKS_PER_POLL &&
             has_round_ended(loop)) {
    post_gathered(loop);
    post_all(loop, &loop->put_off);
    post_all(loop, &loop->late);
    loop->late_age = 0;
  }
  if (loop->late.first != NULL) {
    age_late(loop, loop->callbacks_since_poll - before);
  }
}

/* wait waits on the port until a packet comes, a timer is due or the time is
 * up. */
static np_error wait(np_loop *loop, uint32_t timeout_ms) {
  uint32_t wait_ms = np_loop_wait_ms(loop);
  np_error error;

  error = np__port_take(loop, wait_ms < timeout_ms ? wait_ms : timeout_ms);
  loop->callbacks_since_poll = 0;
  return error;
}

/* poll polls the port if a packet can be there. */
static np_error poll(np_loop *loop) {
  if (loop->owed_count == 0 && np__loop_peek(&loop->posted) == 0) {
    loop->callbacks_since_poll = 0;
    loop->takes_all = false;
    return NP_OK;
  }
  return wait(loop, 0);
}

/* left_ms returns the time left until `deadline`; UINT64_MAX means no
 * deadline. */
static uint32_t left_ms(uint64_t deadline, uint64_t now) {
  if (deadline == UINT64_MAX) {
    return INFINITE;
  }
  return now < deadline ? (uint32_t)(deadline - now) : 0;
}

/* poll_if_due polls the port if enough callbacks have run since the last
 * poll. */
static inline np_error poll_if_due(np_loop *loop) {
  return loop->callbacks_since_poll >= NP__CALLBACKS_PER_POLL ? poll(loop)
                                                              : NP_OK;
}

/* run_turns runs turns until nothing is pending. */
static np_error run_turns(np_loop *loop) {
  for (;;) {
    np_error error = poll_if_due(loop);
    uint32_t before;

    if (is_failure(error)) {
      return error;
    }
    before = loop->callbacks_since_poll;
    turn(loop);
    if (np__loop_is_stopped(loop) || !np__loop_has_work(loop)) {
      return NP_OK;
    }
    if (loop->callbacks_since_poll == before && loop->ready.first == NULL) {
      error = wait(loop, INFINITE);
      if (is_failure(error)) {
        return error;
      }
    }
  }
}

/* run_until_told runs turns until a callback of the caller ran, or the last
 * pending work has ended without one: nothing else might end the wait. */
static np_error run_until_told(np_loop *loop, uint32_t timeout_ms) {
  const bool was_pending = np__loop_has_work(loop);
  uint64_t now = np__loop_now_ms(loop);
  const uint64_t deadline =
      timeout_ms == INFINITE ? UINT64_MAX : now + timeout_ms;

  for (uint32_t turns = 1;; turns++) {
    bool may_end = turns % OWN_TURNS_MAX == 0;
    np_error error = poll_if_due(loop);
    uint32_t before;
    uint32_t own_before;
    uint32_t ran;

    if (is_failure(error)) {
      return error;
    }
    before = loop->callbacks_since_poll;
    own_before = loop->own_callbacks;
    turn(loop);
    ran = loop->callbacks_since_poll - before;
    if (np__loop_is_stopped(loop) || ran != loop->own_callbacks - own_before ||
        (was_pending && !np__loop_has_work(loop))) {
      return NP_OK;
    }
    if (ran == 0 && loop->ready.first == NULL) {
      error = wait(loop, left_ms(deadline, now));
      if (is_failure(error)) {
        return error;
      }
      /* If packets came or timers are due, they run first. */
      may_end = may_end || (error == WAIT_TIMEOUT && np_loop_wait_ms(loop) > 0);
    } else if (!may_end) {
      continue;
    }
    now = np__loop_now_ms(loop);
    if (may_end && now >= deadline) {
      return WAIT_TIMEOUT;
    }
  }
}

/* begin_run begins a run: callbacks run from here on. The thread may
 * impersonate already, if the caller forgot to revert outside a callback. */
static void begin_run(np_loop *loop) {
  np__loop_take_over(loop);
  loop->running = true;
  np__revert_if_forgotten(loop);
}

/* end_run ends a run. The exchange also makes visible what another thread
 * wrote before it called np_loop_stop: the run may have seen `stop` by
 * np__loop_peek, which orders nothing, so on ARM64 the caller could otherwise
 * read old values. */
static np_error end_run(np_loop *loop, np_error error) {
  InterlockedExchange(&loop->stop, 0);
  loop->running = false;
  if (loop->forgot_revert) {
    loop->forgot_revert = false;
    return ERROR_BAD_IMPERSONATION_LEVEL;
  }
  return error;
}

/* run_check returns whether the loop may be run by its own port. */
static np_error run_check(const np_loop *loop) {
  if (loop == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  if (np__loop_is_running(loop)) {
    return ERROR_BUSY;
  }
  return loop->owns_port ? NP_OK : ERROR_NOT_SUPPORTED;
}

np_error np_loop_dispatch(np_loop *loop, const OVERLAPPED_ENTRY *entries,
                          ULONG count) {
  if (loop == NULL || (entries == NULL && count > 0)) {
    return ERROR_INVALID_PARAMETER;
  }
  if (np__loop_is_running(loop)) {
    return ERROR_BUSY;
  }
  begin_run(loop);
  np__port_deliver(loop, entries, count);
  loop->callbacks_since_poll = 0;
  loop->takes_all = false;
  turn(loop);
  return end_run(loop, NP_OK);
}

np_error np_loop_run(np_loop *loop) {
  np_error error = run_check(loop);

  if (error != NP_OK) {
    return error;
  }
  begin_run(loop);
  return end_run(loop, run_turns(loop));
}

np_error np_loop_run_once(np_loop *loop, uint32_t timeout_ms) {
  np_error error = run_check(loop);

  if (error != NP_OK) {
    return error;
  }
  begin_run(loop);
  return end_run(loop, run_until_told(loop, timeout_ms));
}
