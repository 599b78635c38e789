/* The plan of one run of an explorer: from the options and the number of the
 * run to its seed, settings and schedule. */
#include "plan.h"

#include <stdio.h>
#include <string.h>

/* death_nth returns a death of its own for each index: those of the first
 * process come first. */
static struct sim__death death_nth(uint64_t index) {
  uint32_t process = 0;

  while (process < SIM_PROCESSES_MAX &&
         index >= sim__options.lifetimes[process]) {
    index -= sim__options.lifetimes[process];
    process++;
  }
  return (struct sim__death){process + 1, index + 1};
}

uint64_t sim__runs_count(uint64_t calls) {
  uint64_t count = 0;

  if (sim__options.fault > 0 || sim__options.death.process > 0) {
    return 1;
  }
  if (!sim__options.kills) {
    return sim__options.faults ? calls : sim__options.seeds;
  }
  for (size_t i = 0; i < SIM_PROCESSES_MAX; i++) {
    count += sim__options.lifetimes[i];
  }
  return count;
}

bool sim__plan_spares(const struct sim__plan *plan) {
  return plan->fault > 0 || plan->death.process > 0;
}

bool sim__wants_measure(void) {
  return sim__options.faults || sim__options.kills || sim__wants_steps();
}

struct sim__plan sim__plan_nth(uint64_t index) {
  const struct sim__options *options = &sim__options;
  struct sim__plan plan = {.seed = options->first,
                           .settings = options->settings[0],
                           .schedule = options->schedules[0]};
  const uint64_t round = index / options->settings_count;

  if (options->faults || options->fault > 0) {
    plan.fault = options->fault > 0 ? options->fault : index + 1;
    return plan;
  }
  if (options->kills || options->death.process > 0) {
    plan.death = options->kills ? death_nth(index) : options->death;
    return plan;
  }
  plan.seed += index;
  plan.settings = options->settings[index % options->settings_count];
  plan.schedule = options->schedules[round % options->schedules_count];
  return plan;
}

const char *sim__plan_settings(const struct sim__plan *plan, char *out,
                               size_t size) {
  int length = snprintf(out, size, "%s,threads_in_step=true%s", plan->settings,
                        sim__options.leaks ? ",strict_exits=true" : "");

  if (plan->schedule.by_priority && length > 0 && (size_t)length < size) {
    snprintf(out + length, size - (size_t)length,
             ",schedule_steps=%u,preemptions=%u,preemptions_left_out=%u",
             sim__options.steps, plan->schedule.preemptions,
             plan->schedule.left_out);
  }
  return out;
}

static unsigned preemptions_count(const struct sim__schedule *schedule) {
  unsigned count = 0;

  for (uint32_t i = 0; i < schedule->preemptions; i++) {
    count += (schedule->left_out >> i & 1) == 0;
  }
  return count;
}

void sim__plan_show(const struct sim__plan *plan) {
  printf("seed %llu, settings %s", (unsigned long long)plan->seed,
         plan->settings);
  if (plan->schedule.by_priority) {
    printf(", by priority, %u of %u preemptions needed",
           preemptions_count(&plan->schedule), plan->schedule.preemptions);
  }
  if (plan->fault > 0) {
    printf(", call %llu fails", (unsigned long long)plan->fault);
  }
  if (plan->death.process > 0) {
    printf(", process %u is killed at call %llu", plan->death.process,
           (unsigned long long)plan->death.call);
  }
}

void sim__plan_shrink(struct sim__plan *plan,
                      bool (*is_bad)(const struct sim__plan *plan)) {
  if (!plan->schedule.by_priority) {
    return;
  }
  for (uint32_t i = 0; i < plan->schedule.preemptions; i++) {
    struct sim__plan fewer = *plan;

    fewer.schedule.left_out |= (uint32_t)1 << i;
    if (fewer.schedule.left_out != plan->schedule.left_out && is_bad(&fewer)) {
      *plan = fewer;
    }
  }
}

bool sim__wants_steps(void) {
  for (size_t i = 0; i < sim__options.schedules_count; i++) {
    if (sim__options.schedules[i].by_priority) {
      return sim__options.steps == 0;
    }
  }
  return false;
}
