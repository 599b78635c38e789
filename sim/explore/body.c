/* sim_explore runs a function under many schedules (sim/explore.h). Workers are
 * forked; each makes its share of the runs, one after the other, and writes the
 * number of its run into shared memory. So the parent knows which run a worker
 * died in, and repeats that run alone to show it. */
#define _GNU_SOURCE /* memfd_create */
#include <sim/explore.h>
#include <sim/sim.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kernel.h"
#include "plan.h"

enum { BAD_CODE = 97, REPORT_MAX = 8192, OUTPUT_RUNS = 1000 };

static const char usage[] =
    "Options of a test that runs under many schedules of npsim:\n"
    "\n" SIM__USAGE_RUNS
    "  --leaks            handles that are open when a process exits are a\n"
    "                     failure, not only those of the test\n" SIM__USAGE_END
    "  --timeout S        real seconds that a run may take (20)\n"
    "  --jobs N           processes (number of processors)\n"
    "  --help, --version\n"
    "\n"
    "A run is bad if the test does not return 0, misuses or leaves something,\n"
    "dies, hangs, or if a sanitizer complains. Preemptions without which it "
    "is\n"
    "still bad are left out. The exit code is 1 after a bad run.\n";

struct worker {
  pid_t id; /* 0: none */
  int output;
  uint64_t seen; /* its run at an earlier look */
  time_t since;  /* time of that look */
};

/* The memory that the parent and its children share. */
static struct shared {
  uint64_t current[SIM__JOBS_MAX]; /* the run that a worker is in */
  uint64_t done[SIM__JOBS_MAX];
  uint64_t calls;
  uint64_t steps;
  uint64_t lifetimes[SIM_PROCESSES_MAX];
} * shared;

static int (*test)(void);
static const char *program;
static struct worker workers[SIM__JOBS_MAX];
static uint64_t total;
static uint64_t bad_count;

/* --- In a child ---------------------------------------------------------- */

static void settings_take(const struct sim__plan *plan,
                          sim_settings *settings) {
  sim_settings_init(settings);
  if (!sim_settings_named(settings, plan->settings)) {
    fprintf(stderr, "explore: no such settings: %s\n", plan->settings);
    exit(2);
  }
  settings->threads_in_step = true;
  settings->strict_exits = sim__options.leaks;
  if (plan->schedule.by_priority) {
    settings->schedule_steps = sim__options.steps;
    settings->preemptions = plan->schedule.preemptions;
    settings->preemptions_left_out = plan->schedule.left_out;
  }
}

/* run_one returns true if the run was good. Its calls go to `trace`, if there
 * is one. */
static bool run_one(const struct sim__plan *plan, FILE *trace) {
  char report[REPORT_MAX];
  sim_settings settings;
  int result;

  settings_take(plan, &settings);
  sim_reset(plan->seed, &settings);
  sim_fault_any(plan->fault);
  sim_kill(plan->death.process, plan->death.call);
  sim__trace_to(trace, true);
  result = test();
  if (!sim_check(report, sizeof report)) {
    sim__kill_show(stderr);
    fprintf(stderr, "npsim found:\n%s", report);
    return false;
  }
  if (result != 0 && !sim__plan_spares(plan)) {
    fprintf(stderr, "the test returned %d\n", result);
    return false;
  }
  return true;
}

/* share_run makes each run of `worker`, from `first` on. */
static void share_run(unsigned worker, uint64_t first) {
  for (uint64_t i = first; i < total; i += sim__options.jobs) {
    const struct sim__plan plan = sim__plan_nth(i);

    shared->current[worker] = i;
    if (!run_one(&plan, NULL)) {
      _exit(BAD_CODE);
    }
    if (++shared->done[worker] % OUTPUT_RUNS == 0) {
      fflush(NULL);
      ftruncate(STDOUT_FILENO, 0); /* what good runs printed is not needed */
    }
  }
  shared->current[worker] = total;
}

/* --- In the parent ------------------------------------------------------- */

static time_t now_s(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

/* child_fork forks a child whose output goes to the file `output`. */
static pid_t child_fork(int output) {
  pid_t id;

  fflush(NULL);
  id = fork();
  if (id < 0) {
    perror("explore");
    exit(2);
  }
  if (id == 0) {
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
  }
  return id;
}

static void end_text(int status, bool timed_out, char *out, size_t size) {
  if (timed_out) {
    snprintf(out, size, "not ended after %u s", sim__options.timeout_s);
  } else if (WIFSIGNALED(status)) {
    snprintf(out, size, "%s", strsignal(WTERMSIG(status)));
  } else if (WEXITSTATUS(status) == BAD_CODE) {
    snprintf(out, size, "bad");
  } else {
    snprintf(out, size, "the process ended with code %d", WEXITSTATUS(status));
  }
}

/* run_alone makes one run in a process of its own. `output` gets what it
 * prints, `end` how it ended. It returns true if the run was good. */
static bool run_alone(const struct sim__plan *plan, int output, FILE *trace,
                      char *end, size_t size) {
  const time_t until = now_s() + (time_t)sim__options.timeout_s;
  bool timed_out = false;
  int status;
  pid_t id = child_fork(output);

  if (id == 0) {
    bool good = run_one(plan, trace);

    shared->calls = sim_calls_total();
    shared->steps = sim_steps();
    for (uint32_t i = 0; i < SIM_PROCESSES_MAX; i++) {
      shared->lifetimes[i] = sim_lifetime(i + 1);
    }
    exit(good ? 0 : BAD_CODE);
  }
  while (waitpid(id, &status, WNOHANG) == 0) {
    sim__wait_a_while();
    if (now_s() > until && !timed_out) {
      timed_out = true;
      kill(id, SIGKILL);
    }
  }
  end_text(status, timed_out, end, size);
  return !timed_out && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool is_bad(const struct sim__plan *plan) {
  char end[SIM__TEXT_MAX];
  int output = memfd_create("output", MFD_CLOEXEC);
  bool good = run_alone(plan, output, NULL, end, sizeof end);

  close(output);
  return !good;
}

static void command_show(const struct sim__plan *plan) {
  printf("repeat: %s --first %llu --seeds 1 --settings %s", program,
         (unsigned long long)plan->seed, plan->settings);
  if (plan->schedule.by_priority) {
    printf(" --schedules %u:%u --steps %u", plan->schedule.preemptions,
           plan->schedule.left_out, sim__options.steps);
  } else {
    printf(" --schedules uniform");
  }
  if (plan->fault > 0) {
    printf(" --fault %llu", (unsigned long long)plan->fault);
  }
  if (plan->death.process > 0) {
    printf(" --kill=%u:%llu", plan->death.process,
           (unsigned long long)plan->death.call);
  }
  printf("\n");
}

static void bad_show(struct sim__plan plan) {
  FILE *trace =
      sim__options.trace != NULL ? fopen(sim__options.trace, "w") : NULL;
  char end[SIM__TEXT_MAX];
  int output;

  bad_count++;
  if (is_bad(&plan)) {
    sim__plan_shrink(&plan, is_bad);
  }
  output = memfd_create("output", MFD_CLOEXEC);
  if (run_alone(&plan, output, trace, end, sizeof end)) {
    snprintf(end, sizeof end,
             "bad after other runs, but good alone: the test depends on them");
  }
  sim__plan_show(&plan);
  printf(": %s\n", end);
  command_show(&plan);
  sim__output_show(output);
  close(output);
  if (trace != NULL) {
    fclose(trace);
    printf("trace: %s\n", sim__options.trace);
  }
}

/* --- All runs ------------------------------------------------------------ */

static void worker_start(unsigned index, uint64_t first) {
  struct worker *worker = &workers[index];

  worker->output = memfd_create("output", MFD_CLOEXEC);
  worker->seen = UINT64_MAX;
  shared->current[index] = first;
  worker->id = child_fork(worker->output);
  if (worker->id == 0) {
    share_run(index, first);
    exit(0);
  }
}

static void worker_end(unsigned index, int status) {
  struct worker *worker = &workers[index];
  const uint64_t at = shared->current[index];
  const bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;

  worker->id = 0;
  if (at < total) {
    bad_show(sim__plan_nth(at));
    shared->done[index]++;
  } else if (!good) {
    bad_count++;
    printf("a process with many runs ended badly:\n");
    sim__output_show(worker->output);
  }
  close(worker->output);
  if (at < total && sim__options.keeps_going &&
      total - at > sim__options.jobs) {
    worker_start(index, at + sim__options.jobs);
  }
}

static void overdue_kill(unsigned index) {
  struct worker *worker = &workers[index];

  if (worker->seen != shared->current[index]) {
    worker->seen = shared->current[index];
    worker->since = now_s();
  } else if (now_s() > worker->since + (time_t)sim__options.timeout_s) {
    kill(worker->id, SIGKILL);
  }
}

/* workers_wait looks at each worker once. It returns true while one runs. After
 * a bad run it ends the others, unless all runs are wanted. */
static bool workers_wait(void) {
  bool running = false;

  for (unsigned i = 0; i < sim__options.jobs; i++) {
    int status;

    if (workers[i].id == 0) {
      continue;
    }
    if (waitpid(workers[i].id, &status, WNOHANG) > 0) {
      worker_end(i, status);
    } else if (bad_count > 0 && !sim__options.keeps_going) {
      kill(workers[i].id, SIGKILL);
      waitpid(workers[i].id, &status, 0);
      close(workers[i].output);
      workers[i].id = 0;
    } else {
      overdue_kill(i);
    }
    running = running || workers[i].id != 0;
  }
  return running;
}

/* measure makes a run without a fault or a death, and under a uniform schedule.
 * It sets the length of a run and the lifetimes of processes, and returns the
 * number of calls that may fail. */
static uint64_t measure(void) {
  struct sim__plan plan = sim__plan_nth(0);

  plan.fault = 0;
  plan.death = (struct sim__death){0};
  plan.schedule = (struct sim__schedule){0};
  if (is_bad(&plan)) {
    bad_show(plan);
  }
  memcpy(sim__options.lifetimes, shared->lifetimes, sizeof shared->lifetimes);
  if (sim__options.steps == 0) {
    sim__options.steps = shared->steps == 0 ? 1 : (uint32_t)shared->steps;
  }
  return shared->calls;
}

int sim_explore(int count, char **words, int (*body)(void)) {
  sigset_t children;
  uint64_t calls = 0, runs = 0;
  int code;

  if (!sim__options_read(count, words, usage, &code)) {
    return code;
  }
  test = body;
  program = words[0];
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, NULL);
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) {
    perror("explore");
    return 2;
  }
  if (sim__wants_measure()) {
    calls = measure();
  }
  total = sim__runs_count(calls);
  total = bad_count > 0 && !sim__options.keeps_going ? 0 : total;
  for (unsigned i = 0; i < sim__options.jobs && i < total; i++) {
    worker_start(i, i);
  }
  while (workers_wait()) {
    sim__wait_a_while();
  }
  for (unsigned i = 0; i < sim__options.jobs; i++) {
    runs += shared->done[i];
  }
  munmap(shared, sizeof *shared);
  printf("%llu runs, %llu bad\n", (unsigned long long)runs,
         (unsigned long long)bad_count);
  return bad_count > 0 ? 1 : 0;
}
