/* Schedules by priority. Each thread has a rank, and of the threads that may
 * run the highest runs. At a few places, which the seed draws, the running
 * thread becomes the lowest. A fault that needs N preemptions is found with a
 * known probability this way (PCT: Burckhardt and others, ASPLOS 2010).
 *
 * The numbers come from a stream of their own, so the rest of a run is the same
 * under all schedules. */
#include "kernel.h"

enum {
  PREEMPTIONS_MAX = 32,

  /* A thread that polls would run for ever. After this many calls in a row it
   * becomes the lowest. */
  ROW_MAX = 500
};

static const uint64_t RANK_DRAWN = (uint64_t)1 << 32;

static struct {
  uint64_t random;
  uint64_t steps;
  uint64_t next_low; /* the rank of the next thread that is lowered */
  uint64_t at[PREEMPTIONS_MAX];
  const struct thread *running;
  unsigned row; /* calls of `running` in a row */
} schedule;

void sim__preempt_reset(void) {
  const sim_settings *settings = &sim__kernel.settings;

  /* The seed begins this stream, too, but at another place. */
  schedule.random = ~sim__kernel.random;
  schedule.steps = 0;
  schedule.next_low = RANK_DRAWN - 1;
  schedule.running = NULL;
  for (size_t i = 0; i < PREEMPTIONS_MAX; i++) {
    bool is_left_out = i >= settings->preemptions ||
                       (settings->preemptions_left_out >> i & 1) != 0;
    uint64_t at = 1 + sim__random_of(&schedule.random) %
                          (settings->schedule_steps + (uint64_t)1);

    schedule.at[i] = is_left_out ? 0 : at;
  }
}

uint64_t sim_steps(void) {
  uint64_t steps;

  pthread_mutex_lock(&sim__kernel.lock);
  steps = schedule.steps;
  pthread_mutex_unlock(&sim__kernel.lock);
  return steps;
}

static void lower(struct thread *thread) {
  thread->rank = schedule.next_low--;
  schedule.row = 0;
}

void sim__preempt_step(struct thread *thread) {
  schedule.steps++;
  if (sim__kernel.settings.schedule_steps == 0) {
    return;
  }
  schedule.row = thread == schedule.running ? schedule.row + 1 : 0;
  schedule.running = thread;
  for (size_t i = 0; i < PREEMPTIONS_MAX; i++) {
    if (schedule.at[i] == schedule.steps) {
      lower(thread);
    }
  }
  if (schedule.row >= ROW_MAX) {
    lower(thread);
  }
}

uint64_t sim__preempt_rank(struct thread *thread) {
  if (thread->rank == 0) {
    thread->rank = RANK_DRAWN + (sim__random_of(&schedule.random) >> 32);
  }
  return thread->rank;
}
