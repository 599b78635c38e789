/* What the two explorers share: the options, and the plan of one run. The
 * program npsim-explore (main.c) runs programs, sim_explore (body.c) runs a
 * function. */
#ifndef NPSIM_EXPLORE_PLAN_H
#define NPSIM_EXPLORE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sim/sim.h>

enum {
  SIM__JOBS_MAX = 64,
  SIM__SETTINGS_MAX = 16,
  SIM__SCHEDULES_MAX = 16,
  SIM__TEXT_MAX = 256
};

/* How threads are scheduled: uniformly, or by priority with preemptions (see
 * sim_settings.schedule_steps). */
struct sim__schedule {
  bool by_priority;
  uint32_t preemptions;
  uint32_t left_out; /* bits of the preemptions that shrinking removed */
};

/* The death of a process: of which one, and at which call (sim_kill). */
struct sim__death {
  uint32_t process; /* 0: none */
  uint64_t call;
};

struct sim__plan {
  uint64_t seed;
  const char *settings;
  struct sim__schedule schedule;
  uint64_t fault; /* the number of the call that fails; 0: none */
  struct sim__death death;
};

struct sim__options {
  uint64_t seeds;
  uint64_t first;
  const char *settings[SIM__SETTINGS_MAX];
  size_t settings_count;
  struct sim__schedule schedules[SIM__SCHEDULES_MAX];
  size_t schedules_count;
  uint32_t steps; /* length of a run for schedules by priority; 0: measured */
  bool faults;
  uint64_t fault; /* the only call that fails, or 0 */
  bool kills;
  struct sim__death death;               /* the only death, or none */
  uint64_t lifetimes[SIM_PROCESSES_MAX]; /* set by a first run, if `kills` */
  bool leaks;
  bool keeps_going;
  unsigned timeout_s;
  unsigned jobs;
  const char *trace; /* file for the trace of the bad run, or NULL */
  char **rest;       /* what follows the options */
};

extern struct sim__options sim__options;

/* sim__options_read returns false after an option that does not exist or takes
 * no such value; `code` is then the exit code. `usage` is for --help. */
bool sim__options_read(int count, char **words, const char *usage, int *code);

/* sim__plan_nth returns the plan of run `index`: the settings go round, and
 * after each round the schedules. With --faults the index is the call. */
struct sim__plan sim__plan_nth(uint64_t index);

/* sim__plan_settings writes the settings in the form of NPSIM_SETTINGS. */
const char *sim__plan_settings(const struct sim__plan *plan, char *out,
                               size_t size);

/* sim__plan_show prints what the run was: seed, settings, schedule, fault. */
void sim__plan_show(const struct sim__plan *plan);

/* sim__plan_shrink leaves out each preemption without which the run is still
 * bad. */
void sim__plan_shrink(struct sim__plan *plan,
                      bool (*is_bad)(const struct sim__plan *plan));

/* sim__runs_count returns how many runs the options want, if the program makes
 * `calls` calls that may fail. */
uint64_t sim__runs_count(uint64_t calls);

/* sim__plan_spares returns true if the result of the run does not matter, since
 * a call fails or a process dies in it. */
bool sim__plan_spares(const struct sim__plan *plan);

/* sim__wants_measure returns true if a first run must be measured. */
bool sim__wants_measure(void);

/* sim__wants_steps returns true if a schedule needs the length of a run. */
bool sim__wants_steps(void);

/* The lines of --help that both explorers print. */
#define SIM__USAGE_RUNS                                                        \
  "  --seeds N          number of seeds (1000)\n"                              \
  "  --first N          the first seed (1)\n"                                  \
  "  --settings LIST    settings to take in turn, separated by commas\n"       \
  "                     (win11,slow,unordered,coarse,win7)\n"                  \
  "  --schedules LIST   schedules to take in turn (uniform,3). uniform:\n"     \
  "                     each call draws the next thread. A number N: by\n"     \
  "                     priority, with N preemptions (PCT). N:BITS: without\n" \
  "                     some\n"                                                \
  "  --steps N          calls among which preemptions are drawn (as many\n"    \
  "                     as a first run makes)\n"                               \
  "  --fault N          with the first seed only: let the Nth call fail\n"     \
  "  --faults           with the first seed only: let the first call fail,\n"  \
  "                     then the second one, and so on, one in each run.\n"    \
  "                     The result does not matter then\n"                     \
  "  --kill             with the first seed only: kill each process that\n"    \
  "                     CreateProcess makes, at each call of its life, one "   \
  "in\n"                                                                       \
  "                     each run. The result does not matter then\n"           \
  "  --kill=P:N         kill the process P at the Nth call\n"
#define SIM__USAGE_END                                                    \
  "  --keep-going       do not stop at the first bad run\n"               \
  "  --trace FILE       write the calls of a bad run to FILE, with the\n" \
  "                     lines of the source\n"

/* sim__wait_a_while waits until a child ends (SIGCHLD is blocked), or for a
 * moment. sim__output_show prints a file from its begin. */
void sim__wait_a_while(void);
void sim__output_show(int output);

#endif
