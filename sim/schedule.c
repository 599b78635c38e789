/* Which thread runs: threads wait and are woken, the clock jumps when all wait,
 * and a hang is noticed. With settings.threads_in_step only one thread runs at
 * a time, and the seed chooses which. */
#define _GNU_SOURCE /* clock_gettime */
#include "process.h"

#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
  HANG_GRACE_S = 2,
  THREADS_IN_STEP_MAX = 64,
  STAY_CHANCE = 4 /* in step, three of four calls stay on the same thread */
};

/* Where a thread waits in step. Seats are never freed, because a thread may
 * end before the wake of its seat has returned. */
struct seat {
  sem_t wakes;
  struct seat *next_free;
};

static struct thread *in_turn; /* in step: the thread that may run */
static struct seat *to_wake;   /* the seat of `in_turn`, still asleep */
static struct seat *free_seats;

void sim__wake(void) {
  sim__kernel.epoch++;
  if (sim__kernel.blocked > 0) {
    sim__kernel.blocked = 0;
    pthread_cond_broadcast(&sim__kernel.changed);
  }
}

static void dump_blocked(void) {
  for (const struct thread *t = sim__kernel.thread_list; t != NULL;
       t = t->next) {
    char text[160];

    fprintf(stderr, "  thread %u", t->id);
    if (t->process->name != NULL) {
      fprintf(stderr, " of %s (process %u)", t->process->name, t->process->id);
    }
    fprintf(stderr, " in %s, called in %s\n",
            t->blocked_in != NULL ? t->blocked_in : "?",
            t->call != NULL ? sim__place_text(t->call->place, text, sizeof text)
                            : "?");
  }
}

/* clock_jump moves the clock to the next deadline, because all threads wait. It
 * returns false if there is no deadline. */
static bool clock_jump(void) {
  uint64_t next = sim__kernel.next_due;

  for (const struct thread *t = sim__kernel.thread_list; t != NULL;
       t = t->next) {
    if (t->blocked_in != NULL && t->deadline < next) {
      next = t->deadline;
    }
  }
  if (next == NEVER) {
    return false;
  }
  sim__clock_step(next > sim__kernel.now_ns ? next - sim__kernel.now_ns : 0);
  sim__wake();
  return true;
}

/* hang runs when all threads wait for ever. A thread that the kernel does not
 * know yet may still arrive and wake one, so hang waits for some real time
 * before it aborts. */
static void hang(void) {
  struct timespec until;
  uint64_t epoch = sim__kernel.epoch;

  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += sim__kernel.settings.threads_in_step ? 0 : HANG_GRACE_S;
  while (epoch == sim__kernel.epoch) {
    if (pthread_cond_timedwait(&sim__kernel.changed, &sim__kernel.lock,
                               &until) == ETIMEDOUT &&
        epoch == sim__kernel.epoch) {
      fputs("sim: every thread waits for ever:\n", stderr);
      sim__kill_show(stderr);
      dump_blocked();
      abort();
    }
  }
}

/* --- In step ------------------------------------------------------------- */

static bool may_run(const struct thread *thread) {
  return thread->ready == NULL || thread->is_ending ||
         thread->ready(thread->ready_arg) ||
         sim__kernel.now_ns >= thread->deadline;
}

static struct thread *thread_highest(void) {
  struct thread *highest = NULL;

  for (struct thread *t = sim__kernel.thread_list; t != NULL; t = t->next) {
    if (may_run(t) && (highest == NULL ||
                       sim__preempt_rank(t) > sim__preempt_rank(highest))) {
      highest = t;
    }
  }
  return highest;
}

static struct thread *thread_drawn(struct thread *thread) {
  struct thread *others[THREADS_IN_STEP_MAX];
  const bool may_stay = thread != NULL && may_run(thread);
  size_t count = 0;

  if (sim__kernel.settings.schedule_steps > 0) {
    return thread_highest();
  }
  for (struct thread *t = sim__kernel.thread_list;
       t != NULL && count < THREADS_IN_STEP_MAX; t = t->next) {
    if (t != thread && may_run(t)) {
      others[count++] = t;
    }
  }
  /* Draws a number only if there is a choice, like sim__chance. */
  if (count == 0 || (may_stay && sim__random_below(STAY_CHANCE) > 0)) {
    return may_stay ? thread : NULL;
  }
  return others[count == 1 ? 0 : sim__random_below(count)];
}

struct seat *sim__seat_take(void) {
  struct seat *seat = free_seats;

  if (seat != NULL) {
    free_seats = seat->next_free;
    return seat;
  }
  seat = calloc(1, sizeof *seat);
  sem_init(&seat->wakes, 0, 0);
  return seat;
}

void sim__seat_return(struct seat *seat) {
  if (seat != NULL) {
    seat->next_free = free_seats;
    free_seats = seat;
  }
}

/* A woken thread needs the lock first, so it is woken after the unlock. */
void sim__schedule_unlock(void) {
  struct seat *seat = to_wake;

  to_wake = NULL;
  pthread_mutex_unlock(&sim__kernel.lock);
  if (seat != NULL) {
    sem_post(&seat->wakes);
  }
}

void sim__seat_wait(struct seat *seat) {
  sim__schedule_unlock();
  while (sem_wait(&seat->wakes) != 0) { /* a signal came */
  }
  pthread_mutex_lock(&sim__kernel.lock);
}

void sim__schedule_enter(struct thread *thread) {
  while (in_turn != thread) {
    if (thread->seat == NULL) {
      thread->seat = sim__seat_take();
    }
    sim__seat_wait(thread->seat);
  }
}

/* step_on passes the turn to the thread that is drawn, and returns when it is
 * this thread's turn again. `thread` is NULL if the calling thread is ending.
 * It returns false if all threads wait for ever. */
static bool step_on(struct thread *thread) {
  struct thread *next = thread_drawn(thread);

  while (next == NULL) {
    if (!clock_jump()) {
      return false;
    }
    next = thread_drawn(thread);
  }
  if (next != thread) {
    in_turn = next;
    to_wake = next->seat; /* NULL: it has not waited yet, and sees `in_turn` */
    if (thread != NULL) {
      sim__schedule_enter(thread);
    }
  }
  return true;
}

void sim__threads_step(void) {
  if (sim__kernel.settings.threads_in_step && sim__kernel.threads > 1) {
    sim__preempt_step(sim__thread_self());
    step_on(sim__thread_self());
  }
}

void sim__schedule_leave(void) {
  if (sim__kernel.settings.threads_in_step && !step_on(NULL)) {
    hang();
  }
}

void sim__schedule_reset(struct thread *thread) {
  in_turn = thread;
  thread->rank = 0;
  sim__preempt_reset();
}

static bool block_in_step(struct thread *thread, bool (*ready)(void *arg),
                          void *arg, uint64_t deadline, const char *name) {
  bool is_ready;

  thread->ready = ready;
  thread->ready_arg = arg;
  thread->deadline = deadline;
  thread->blocked_in = name;
  while (!may_run(thread) && !step_on(thread)) {
    if (thread->call == NULL) {
      /* sim_check waits without a call; it gives up */
      break;
    }
    hang();
  }
  is_ready = ready(arg);
  thread->ready = NULL;
  thread->blocked_in = NULL;
  thread->deadline = NEVER;
  return is_ready;
}

/* --- Waiting ------------------------------------------------------------- */

bool sim__block(bool (*ready)(void *arg), void *arg, uint64_t deadline) {
  struct thread *thread = sim__thread_self();
  struct call *call = thread->call;
  const char *name = call != NULL ? call->name : "sim_check";

  if (sim__kernel.settings.threads_in_step) {
    return block_in_step(thread, ready, arg, deadline, name);
  }
  while (!ready(arg)) {
    if (sim__kernel.now_ns >= deadline || thread->is_ending) {
      return false;
    }
    thread->blocked_in = name;
    thread->deadline = deadline;
    sim__kernel.blocked++;
    if (sim__kernel.blocked < sim__kernel.threads) {
      uint64_t epoch = sim__kernel.epoch;

      while (epoch == sim__kernel.epoch) {
        pthread_cond_wait(&sim__kernel.changed, &sim__kernel.lock);
      }
    } else if (!clock_jump()) {
      if (call == NULL) { /* sim_check waits without a call; it gives up */
        sim__kernel.blocked--;
        thread->blocked_in = NULL;
        return false;
      }
      hang();
    }
    thread->blocked_in = NULL;
  }
  thread->deadline = NEVER;
  return true;
}
