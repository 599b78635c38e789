/* npsim-explore runs a program that is linked with npsim many times. Each run
 * is a process of its own; its seed, its settings and its planned fault go
 * through the environment (../environment.c). The first bad run is shown,
 * together with the command that repeats it. */
#define _GNU_SOURCE /* memfd_create */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
  JOBS_MAX = 64,
  SETTINGS_MAX = 16,
  TEXT_MAX = 256,
  MISUSE_CODE = 98,    /* environment.c ends a program with it */
  SANITIZER_CODE = 99, /* what the sanitizers are told to end with */
  NOT_STARTED_CODE = 127
};

static const char usage[] =
    "usage: npsim-explore [OPTION]... PROGRAM [ARGUMENT]...\n"
    "Runs PROGRAM, which is linked with npsim, under many schedules.\n"
    "\n"
    "  --seeds N        number of seeds (1000)\n"
    "  --first N        the first seed (1)\n"
    "  --settings LIST  settings to take in turn, separated by commas\n"
    "                   (win11,slow,unordered,coarse,win7)\n"
    "  --faults         with the first seed only: let the first call fail,\n"
    "                   then the second one, and so on, one in each run.\n"
    "                   PROGRAM may then end with any code below 98\n"
    "  --leaks          handles that are open at the end are a failure\n"
    "  --keep-going     do not stop at the first bad run\n"
    "  --timeout S      real seconds that a run may take (20)\n"
    "  --jobs N         runs at a time (number of processors)\n"
    "  --help, --version\n"
    "\n"
    "A run is bad if it ends by a signal or with a code other than 0, finds\n"
    "a misuse, hangs, or if a sanitizer complains. The exit code is 1 then.\n";

struct options {
  uint64_t seeds;
  uint64_t first;
  const char *settings[SETTINGS_MAX];
  size_t settings_count;
  bool faults;
  bool leaks;
  bool keeps_going;
  unsigned timeout_s;
  unsigned jobs;
  char **program;
};

struct run {
  pid_t id; /* 0: the slot is free */
  uint64_t seed;
  uint64_t fault; /* 0: none */
  const char *settings;
  int output; /* memfd with what the program printed */
  time_t until;
  bool timed_out;
};

static struct options options = {
    .seeds = 1000, .first = 1, .timeout_s = 20, .jobs = 0};
static struct run runs[JOBS_MAX];
static uint64_t run_count;
static uint64_t bad_count;

/* --- One run ------------------------------------------------------------- */

static const char *report_kind(void) {
  return options.leaks ? "all" : "misuse";
}

static void environment_set(const struct run *run, int calls) {
  char text[TEXT_MAX];

  snprintf(text, sizeof text, "%llu", (unsigned long long)run->seed);
  setenv("NPSIM_SEED", text, 1);
  snprintf(text, sizeof text, "%s,threads_in_step=true", run->settings);
  setenv("NPSIM_SETTINGS", text, 1);
  setenv("NPSIM_REPORT", report_kind(), 1);
  if (run->fault > 0) {
    snprintf(text, sizeof text, "%llu", (unsigned long long)run->fault);
    setenv("NPSIM_FAULT", text, 1);
  }
  if (calls >= 0) {
    snprintf(text, sizeof text, "/proc/self/fd/%d", calls);
    setenv("NPSIM_CALLS", text, 1);
  }
  setenv("ASAN_OPTIONS", "exitcode=99", 0);
  setenv("UBSAN_OPTIONS", "exitcode=99:print_stacktrace=1", 0);
  setenv("TSAN_OPTIONS", "exitcode=99", 0);
}

/* run_start starts the program. `calls` is a file for the count of calls that
 * may fail, or -1. */
static void run_start(struct run *run, int calls) {
  struct timespec now;

  run->output = memfd_create("output", MFD_CLOEXEC);
  run->id = fork();
  if (run->id == 0) {
    environment_set(run, calls);
    dup2(run->output, STDOUT_FILENO);
    dup2(run->output, STDERR_FILENO);
    execvp(options.program[0], options.program);
    fprintf(stderr, "%s: %s\n", options.program[0], strerror(errno));
    _exit(NOT_STARTED_CODE);
  }
  if (run->output < 0 || run->id < 0) {
    perror("npsim-explore");
    exit(2);
  }
  clock_gettime(CLOCK_MONOTONIC, &now);
  run->until = now.tv_sec + (time_t)options.timeout_s;
  run->timed_out = false;
  run_count++;
}

static bool is_bad(const struct run *run, int status) {
  if (run->timed_out || WIFSIGNALED(status)) {
    return true;
  }
  return run->fault > 0 ? WEXITSTATUS(status) >= MISUSE_CODE
                        : WEXITSTATUS(status) != 0;
}

static const char *end_text(const struct run *run, int status, char *out,
                            size_t size) {
  if (run->timed_out) {
    snprintf(out, size, "not ended after %u s", options.timeout_s);
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

static void output_show(int output) {
  char bytes[4096];
  ssize_t count;

  lseek(output, 0, SEEK_SET);
  while ((count = read(output, bytes, sizeof bytes)) > 0) {
    fwrite(bytes, 1, (size_t)count, stdout);
  }
}

static void bad_show(const struct run *run, int status) {
  char text[TEXT_MAX];

  printf("seed %llu, settings %s", (unsigned long long)run->seed,
         run->settings);
  if (run->fault > 0) {
    printf(", call %llu fails", (unsigned long long)run->fault);
  }
  printf(
      ": %s\nrepeat: NPSIM_SEED=%llu "
      "NPSIM_SETTINGS=%s,threads_in_step=true NPSIM_REPORT=%s",
      end_text(run, status, text, sizeof text), (unsigned long long)run->seed,
      run->settings, report_kind());
  if (run->fault > 0) {
    printf(" NPSIM_FAULT=%llu", (unsigned long long)run->fault);
  }
  for (char **word = options.program; *word != NULL; word++) {
    printf(" %s", *word);
  }
  printf("\n");
  output_show(run->output);
}

static void run_end(struct run *run, int status) {
  if (is_bad(run, status)) {
    bad_count++;
    bad_show(run, status);
  }
  close(run->output);
  run->id = 0;
}

/* --- All runs ------------------------------------------------------------ */

static void overdue_kill(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  for (unsigned i = 0; i < options.jobs; i++) {
    if (runs[i].id != 0 && now.tv_sec > runs[i].until && !runs[i].timed_out) {
      runs[i].timed_out = true;
      kill(runs[i].id, SIGKILL);
    }
  }
}

/* one_ends waits until a run has ended. */
static void one_ends(void) {
  const struct timespec tick = {0, 200000000};
  sigset_t children;
  int status;
  pid_t id;

  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  while ((id = waitpid(-1, &status, WNOHANG)) == 0) {
    sigtimedwait(&children, NULL, &tick);
    overdue_kill();
  }
  for (unsigned i = 0; i < options.jobs; i++) {
    if (runs[i].id == id) {
      run_end(&runs[i], status);
    }
  }
}

static unsigned running(void) {
  unsigned count = 0;

  for (unsigned i = 0; i < options.jobs; i++) {
    count += runs[i].id != 0;
  }
  return count;
}

static bool goes_on(void) {
  return bad_count == 0 || options.keeps_going;
}

static void start(uint64_t seed, const char *settings, uint64_t fault) {
  struct run *run = runs;

  while (running() == options.jobs) {
    one_ends();
  }
  while (run->id != 0) {
    run++;
  }
  run->seed = seed;
  run->settings = settings;
  run->fault = fault;
  run_start(run, -1);
}

static void finish(void) {
  while (running() > 0) {
    one_ends();
  }
}

static void explore_seeds(void) {
  for (uint64_t i = 0; i < options.seeds && goes_on(); i++) {
    start(options.first + i, options.settings[i % options.settings_count], 0);
  }
  finish();
}

/* calls_count runs the program without a fault. It returns the number of calls
 * that may fail. */
static uint64_t calls_count(void) {
  char text[TEXT_MAX] = "";
  int calls = memfd_create("calls", 0);

  runs[0].seed = options.first;
  runs[0].settings = options.settings[0];
  runs[0].fault = 0;
  run_start(&runs[0], calls);
  finish();
  if (pread(calls, text, sizeof text - 1, 0) <= 0 && bad_count == 0) {
    fprintf(stderr, "npsim-explore: %s made no call of npsim\n",
            options.program[0]);
    exit(2);
  }
  close(calls);
  return strtoull(text, NULL, 10);
}

static void explore_faults(void) {
  uint64_t calls = calls_count();

  for (uint64_t i = 1; i <= calls && goes_on(); i++) {
    start(options.first, options.settings[0], i);
  }
  finish();
}

/* --- Options ------------------------------------------------------------- */

static uint64_t number(const char *text, uint64_t most) {
  char *end;
  unsigned long long value = strtoull(text, &end, 10);

  if (end == text || *end != 0 || value == 0 || value > most) {
    fprintf(stderr, "npsim-explore: no number from 1 to %llu: %s\n",
            (unsigned long long)most, text);
    exit(2);
  }
  return value;
}

static void settings_set(char *list) {
  options.settings_count = 0;
  for (char *name = list; name != NULL;) {
    char *comma = strchr(name, ',');

    if (comma != NULL) {
      *comma = 0;
    }
    if (options.settings_count < SETTINGS_MAX) {
      options.settings[options.settings_count++] = name;
    }
    name = comma != NULL ? comma + 1 : NULL;
  }
}

static void options_read(int count, char **words) {
  static char all[] = "win11,slow,unordered,coarse,win7";
  static const struct option names[] = {
      {"seeds", required_argument, NULL, 'n'},
      {"first", required_argument, NULL, 'f'},
      {"settings", required_argument, NULL, 's'},
      {"faults", no_argument, NULL, 'F'},
      {"leaks", no_argument, NULL, 'l'},
      {"keep-going", no_argument, NULL, 'k'},
      {"timeout", required_argument, NULL, 't'},
      {"jobs", required_argument, NULL, 'j'},
      {"help", no_argument, NULL, 'h'},
      {"version", no_argument, NULL, 'v'},
      {NULL, 0, NULL, 0}};
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  int letter;

  options.jobs =
      processors < 1 || processors > JOBS_MAX ? 1 : (unsigned)processors;
  settings_set(all);
  while ((letter = getopt_long(count, words, "+", names, NULL)) != -1) {
    switch (letter) {
      case 'n':
        options.seeds = number(optarg, UINT64_MAX);
        break;
      case 'f':
        options.first = number(optarg, UINT64_MAX);
        break;
      case 's':
        settings_set(optarg);
        break;
      case 'F':
        options.faults = true;
        break;
      case 'l':
        options.leaks = true;
        break;
      case 'k':
        options.keeps_going = true;
        break;
      case 't':
        options.timeout_s = (unsigned)number(optarg, 86400);
        break;
      case 'j':
        options.jobs = (unsigned)number(optarg, JOBS_MAX);
        break;
      case 'h':
        fputs(usage, stdout);
        exit(0);
      case 'v':
        puts("npsim-explore " NPSIM_VERSION);
        exit(0);
      default:
        exit(2);
    }
  }
  options.program = words + optind;
  if (options.program[0] == NULL) {
    fputs("npsim-explore: no PROGRAM (see --help)\n", stderr);
    exit(2);
  }
}

int main(int count, char **words) {
  sigset_t children;

  options_read(count, words);
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, NULL);
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  if (options.faults) {
    explore_faults();
  } else {
    explore_seeds();
  }
  printf("%llu runs, %llu bad\n", (unsigned long long)run_count,
         (unsigned long long)bad_count);
  return bad_count > 0 ? 1 : 0;
}
