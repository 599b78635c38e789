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
  uint64_t next_low; /* the next rank below all others */
  uint64_t at[PREEMPTIONS_MAX];
  const struct thread *running;
  unsigned row; /* calls of `running` in a row */
} schedule;

/* splitmix64, as in fault.c */
static uint64_t draw(void) {
  uint64_t z = (schedule.random += 0x9E3779B97F4A7C15u);

  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

void sim__preempt_reset(void) {
  const sim_settings *settings = &sim__kernel.settings;

  /* The seed, and not the seed's own stream. */
  schedule.random = ~sim__kernel.random;
  schedule.steps = 0;
  schedule.next_low = RANK_DRAWN - 1;
  schedule.running = NULL;
  for (size_t i = 0; i < PREEMPTIONS_MAX; i++) {
    bool is_left_out = i >= settings->preemptions ||
                       (settings->preemptions_left_out >> i & 1) != 0;
    uint64_t at = 1 + draw() % (settings->schedule_steps + (uint64_t)1);

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
    thread->rank = RANK_DRAWN + (draw() >> 32);
  }
  return thread->rank;
}
