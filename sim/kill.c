/* The planned death of a process: it is terminated at a chosen call, of its own
 * threads or of others. The calls that are made while a process lives are
 * counted, so that an explorer can try each of them. */
#include "process.h"

#include <stdlib.h>

static struct {
  uint32_t process; /* 0: no death is planned */
  uint64_t nth;
  uint64_t at; /* number of the call; 0: the process was not made yet */

  /* What the process did when it died. */
  uint32_t died_id; /* 0: it lives */
  const char *died_name;
  uint32_t thread_id; /* 0: no thread was in a call */
  const char *call_name;
  const void *call_place;
} planned;

static uint64_t calls; /* since sim_reset */
static uint32_t process_count;
static uint64_t lifetimes[SIM_PROCESSES_MAX];

void sim__kill_reset(void) {
  __builtin_memset(&planned, 0, sizeof planned);
  __builtin_memset(lifetimes, 0, sizeof lifetimes);
  calls = 0;
  process_count = 0;
}

void sim__kill_plan(uint32_t process, uint64_t nth) {
  __builtin_memset(&planned, 0, sizeof planned);
  planned.process = process;
  planned.nth = nth;
}

void sim__kill_born(struct process *process) {
  process->number = ++process_count;
  process->born_at = calls;
  if (process->number == planned.process) {
    planned.at = calls + planned.nth;
  }
}

void sim__kill_ended(const struct process *process) {
  if (process->number <= SIM_PROCESSES_MAX) {
    lifetimes[process->number - 1] = calls - process->born_at;
  }
}

static void die(struct process *process) {
  planned.died_id = process->id;
  planned.died_name = process->name;
  for (const struct thread *t = sim__kernel.thread_list; t != NULL;
       t = t->next) {
    if (t->process == process && t->call != NULL) {
      planned.thread_id = t->id;
      planned.call_name = t->call->name;
      planned.call_place = t->call->place;
    }
  }
  sim__process_end(process, 1);
}

void sim__kill_draw(void) {
  struct process *process = sim__process_first.next;

  if (++calls != planned.at) {
    return;
  }
  while (process != NULL && process->number != planned.process) {
    process = process->next;
  }
  if (process != NULL && !process->is_ending) {
    die(process);
  }
}

void sim__kill_show(FILE *out) {
  char text[160];

  if (planned.died_id == 0) {
    return;
  }
  fprintf(out, "process %u (%s) was killed", planned.died_id,
          planned.died_name);
  if (planned.thread_id != 0) {
    fprintf(out, ": its thread %u was in %s, called in %s", planned.thread_id,
            planned.call_name,
            sim__place_text(planned.call_place, text, sizeof text));
  }
  fputc('\n', out);
}

void sim_kill(uint32_t process, uint64_t nth) {
  pthread_mutex_lock(&sim__kernel.lock);
  sim__kill_plan(process, nth);
  pthread_mutex_unlock(&sim__kernel.lock);
}

uint64_t sim_lifetime(uint32_t process) {
  uint64_t lifetime = 0;

  pthread_mutex_lock(&sim__kernel.lock);
  if (process >= 1 && process <= SIM_PROCESSES_MAX) {
    lifetime = lifetimes[process - 1];
  }
  for (const struct process *p = sim__process_first.next; p != NULL;
       p = p->next) {
    if (p->number == process && !p->is_ending) {
      lifetime = calls - p->born_at;
    }
  }
  pthread_mutex_unlock(&sim__kernel.lock);
  return lifetime;
}
