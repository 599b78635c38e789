/* npsim-explore runs a program that is linked with npsim many times. Each run
 * is a process of its own; its seed, its settings and its planned fault go
 * through the environment (../environment.c). The first bad run is shown,
 * together with the command that repeats it. */
#define _GNU_SOURCE /* memfd_create */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plan.h"

enum {
  MISUSE_CODE = 98,    /* environment.c ends a program with it */
  SANITIZER_CODE = 99, /* what the sanitizers are told to end with */
  NOT_STARTED_CODE = 127
};

static const char usage[] =
    "usage: npsim-explore [OPTION]... PROGRAM [ARGUMENT]...\n"
    "Runs PROGRAM, which is linked with npsim, under many schedules.\n"
    "\n" SIM__USAGE_RUNS
    "  --leaks            handles that are open at the end are a failure, "
    "also\n"
    "                     those of each process that exits\n" SIM__USAGE_END
    "  --timeout S        real seconds that a run may take (20)\n"
    "  --jobs N           runs at a time (number of processors)\n"
    "  --help, --version\n"
    "\n"
    "A run is bad if it ends by a signal or with a code other than 0, finds\n"
    "a misuse, hangs, or if a sanitizer complains. Preemptions without which\n"
    "it is still bad are left out. The exit code is 1 after a bad run.\n";

struct run {
  pid_t id; /* 0: the slot is free */
  struct sim__plan plan;
  int output; /* memfd with what the program printed */
  time_t until;
  bool timed_out;
};

/* Files that a run is told to write, or NULL. */
struct files {
  const char *calls;
  const char *trace;
};

static struct run runs[SIM__JOBS_MAX];
static uint64_t run_count;
static uint64_t bad_count;

/* --- One run ------------------------------------------------------------- */

static const char *report_kind(void) {
  return sim__options.leaks ? "all" : "misuse";
}

static void environment_set(const struct sim__plan *plan,
                            const struct files *files) {
  char text[SIM__TEXT_MAX];

  snprintf(text, sizeof text, "%llu", (unsigned long long)plan->seed);
  setenv("NPSIM_SEED", text, 1);
  setenv("NPSIM_SETTINGS", sim__plan_settings(plan, text, sizeof text), 1);
  setenv("NPSIM_REPORT", report_kind(), 1);
  if (plan->fault > 0) {
    snprintf(text, sizeof text, "%llu", (unsigned long long)plan->fault);
    setenv("NPSIM_FAULT", text, 1);
  }
  if (plan->death.process > 0) {
    snprintf(text, sizeof text, "%u:%llu", plan->death.process,
             (unsigned long long)plan->death.call);
    setenv("NPSIM_KILL", text, 1);
  }
  if (files != NULL && files->calls != NULL) {
    setenv("NPSIM_CALLS", files->calls, 1);
  }
  if (files != NULL && files->trace != NULL) {
    setenv("NPSIM_TRACE", files->trace, 1);
    setenv("NPSIM_PLACES", "1", 1);
  }
  setenv("ASAN_OPTIONS", "exitcode=99", 0);
  setenv("UBSAN_OPTIONS", "exitcode=99:print_stacktrace=1", 0);
  setenv("TSAN_OPTIONS", "exitcode=99", 0);
}

static void run_start(struct run *run, const struct files *files) {
  struct timespec now;

  run->output = memfd_create("output", MFD_CLOEXEC);
  run->id = fork();
  if (run->id == 0) {
    environment_set(&run->plan, files);
    dup2(run->output, STDOUT_FILENO);
    dup2(run->output, STDERR_FILENO);
    execvp(sim__options.rest[0], sim__options.rest);
    fprintf(stderr, "%s: %s\n", sim__options.rest[0], strerror(errno));
    _exit(NOT_STARTED_CODE);
  }
  if (run->output < 0 || run->id < 0) {
    perror("npsim-explore");
    exit(2);
  }
  clock_gettime(CLOCK_MONOTONIC, &now);
  run->until = now.tv_sec + (time_t)sim__options.timeout_s;
  run->timed_out = false;
}

static bool is_bad(const struct run *run, int status) {
  if (run->timed_out || WIFSIGNALED(status)) {
    return true;
  }
  return sim__plan_spares(&run->plan) ? WEXITSTATUS(status) >= MISUSE_CODE
                                      : WEXITSTATUS(status) != 0;
}

static void overdue_kill(struct run *run) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  if (run->id != 0 && now.tv_sec > run->until && !run->timed_out) {
    run->timed_out = true;
    kill(run->id, SIGKILL);
  }
}

/* run_alone runs `plan` and returns true if it was bad. */
static bool run_alone(const struct sim__plan *plan, const struct files *files) {
  struct run run = {.plan = *plan};
  int status;

  run_start(&run, files);
  while (waitpid(run.id, &status, WNOHANG) == 0) {
    sim__wait_a_while();
    overdue_kill(&run);
  }
  close(run.output);
  return is_bad(&run, status);
}

static bool is_bad_alone(const struct sim__plan *plan) {
  return run_alone(plan, NULL);
}

/* --- A bad run ----------------------------------------------------------- */

static const char *end_text(const struct run *run, int status, char *out,
                            size_t size) {
  if (run->timed_out) {
    snprintf(out, size, "not ended after %u s", sim__options.timeout_s);
  } else if (WIFSIGNALED(status)) {
    snprintf(out, size, "%s", strsignal(WTERMSIG(status)));
  } else if (WEXITSTATUS(status) == MISUSE_CODE) {
    snprintf(out, size, "findings of npsim");
  } else if (WEXITSTATUS(status) == SANITIZER_CODE) {
    snprintf(out, size, "findings of a sanitizer");
  } else {
    snprintf(out, size, "exit code %d", WEXITSTATUS(status));
  }
  return out;
}

static void command_show(const struct sim__plan *plan) {
  char text[SIM__TEXT_MAX];

  printf("repeat: NPSIM_SEED=%llu NPSIM_SETTINGS=%s NPSIM_REPORT=%s",
         (unsigned long long)plan->seed,
         sim__plan_settings(plan, text, sizeof text), report_kind());
  if (plan->fault > 0) {
    printf(" NPSIM_FAULT=%llu", (unsigned long long)plan->fault);
  }
  if (plan->death.process > 0) {
    printf(" NPSIM_KILL=%u:%llu", plan->death.process,
           (unsigned long long)plan->death.call);
  }
  for (char **word = sim__options.rest; *word != NULL; word++) {
    printf(" %s", *word);
  }
  printf("\n");
}

static void bad_show(struct run *run, int status) {
  const struct files files = {.trace = sim__options.trace};
  char text[SIM__TEXT_MAX];

  sim__plan_shrink(&run->plan, is_bad_alone);
  sim__plan_show(&run->plan);
  printf(": %s\n", end_text(run, status, text, sizeof text));
  command_show(&run->plan);
  sim__output_show(run->output);
  if (files.trace != NULL) {
    run_alone(&run->plan, &files);
    printf("trace: %s\n", files.trace);
  }
}

/* --- All runs ------------------------------------------------------------ */

static void run_end(struct run *run, int status) {
  run->id = 0;
  if (is_bad(run, status)) {
    bad_count++;
    bad_show(run, status);
  }
  close(run->output);
}

/* ended_take ends each run whose process has ended, and returns true if there
 * was one. */
static bool ended_take(void) {
  bool found = false;

  for (unsigned i = 0; i < sim__options.jobs; i++) {
    int status;

    if (runs[i].id != 0 && waitpid(runs[i].id, &status, WNOHANG) > 0) {
      run_end(&runs[i], status);
      found = true;
    }
  }
  return found;
}

static void one_ends(void) {
  while (!ended_take()) {
    sim__wait_a_while();
    for (unsigned i = 0; i < sim__options.jobs; i++) {
      overdue_kill(&runs[i]);
    }
  }
}

static unsigned running(void) {
  unsigned count = 0;

  for (unsigned i = 0; i < sim__options.jobs; i++) {
    count += runs[i].id != 0;
  }
  return count;
}

static void start(struct sim__plan plan) {
  struct run *run = runs;

  while (running() == sim__options.jobs) {
    one_ends();
  }
  while (run->id != 0) {
    run++;
  }
  run->plan = plan;
  run_start(run, NULL);
  run_count++;
}

static void explore(uint64_t count) {
  for (uint64_t i = 0;
       i < count && (bad_count == 0 || sim__options.keeps_going); i++) {
    start(sim__plan_nth(i));
  }
  while (running() > 0) {
    one_ends();
  }
}

/* measure runs the program without a fault or a death, and under a uniform
 * schedule. It returns the number of calls that may fail, and sets the length
 * of a run and the lifetimes of processes. */
static uint64_t measure(void) {
  char path[SIM__TEXT_MAX], text[SIM__TEXT_MAX] = "", *rest;
  struct files files = {.calls = path};
  struct sim__plan plan = sim__plan_nth(0);
  int calls = memfd_create("calls", 0);
  uint64_t count;
  unsigned long long steps;

  plan.fault = 0;
  plan.death = (struct sim__death){0};
  plan.schedule = (struct sim__schedule){0};
  snprintf(path, sizeof path, "/proc/self/fd/%d", calls);
  if (run_alone(&plan, &files)) {
    start(plan); /* it is bad without a fault: show that */
    explore(0);
  } else if (pread(calls, text, sizeof text - 1, 0) <= 0) {
    fprintf(stderr, "npsim-explore: %s made no call of npsim\n",
            sim__options.rest[0]);
    exit(2);
  }
  close(calls);
  count = strtoull(text, &rest, 10);
  steps = strtoull(rest, &rest, 10);
  for (size_t i = 0; i < SIM_PROCESSES_MAX; i++) {
    sim__options.lifetimes[i] = strtoull(rest, &rest, 10);
  }
  if (sim__options.steps == 0) {
    sim__options.steps = steps == 0 ? 1 : (uint32_t)steps;
  }
  return count;
}

int main(int count, char **words) {
  sigset_t children;
  uint64_t calls = 0;
  int code;

  if (!sim__options_read(count, words, usage, &code)) {
    return code;
  }
  if (sim__options.rest[0] == NULL) {
    fputs("npsim-explore: no PROGRAM (see --help)\n", stderr);
    return 2;
  }
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, NULL);
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  if (sim__wants_measure()) {
    calls = measure();
  }
  if (bad_count == 0 || sim__options.keeps_going) {
    explore(sim__runs_count(calls));
  }
  printf("%llu runs, %llu bad\n", (unsigned long long)run_count,
         (unsigned long long)bad_count);
  return bad_count > 0 ? 1 : 0;
}
