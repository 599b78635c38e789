/* npipe-random: plays random programs. When one fails, it finds a short form of
 * the program. The programs run in child processes, so a crash is a failure
 * like any other. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kit/child.h"
#include "kit/usage.h"
#include "play.h"

enum {
  RUN_SECONDS_MAX = 60, /* real time; a run takes milliseconds */
  SHRINK_TRIES_MAX = 400,
  RUNS_DEFAULT = 2000,
  STEPS_DEFAULT = 120,
  EXIT_FAILED = 1
};

struct options {
  uint64_t seed;
  uint64_t runs;
  size_t steps;
  bool verbose;
  bool shrink;
  bool keep_going;
  const char *trace; /* NULL: none */
};

/* The state that child and parent share. */
struct shared {
  uint64_t runs;
  uint64_t seed; /* seed of the current run */
  uint64_t callbacks;
  uint64_t sessions;
  /* failure of the last run, without numbers */
  char failure[FAILURE_BYTES_MAX];
};

static const char usage[] =
    "usage: npipe-random [--seed N] [--runs N] [--steps N] [--verbose]\n"
    "                    [--trace FILE] [--no-shrink] [--keep-going]\n"
    "\n"
    "Runs random programs of calls and checks them against a model.\n"
    "  --seed N      the first seed; each run takes the next one\n"
    "  --runs N      number of runs\n"
    "  --steps N     steps of each run\n"
    "  --verbose     print the steps and their results\n"
    "  --trace FILE  write each call of the kernel and each callback\n"
    "  --no-shrink   print a failing program without reducing it\n"
    "  --keep-going  count failures instead of stopping at the first\n"
    "  --help        print this text\n";

static struct shared *shared;
static struct play player;
static struct program program;

/* keep_failure keeps the failure's text without its numbers, so that shrinking
 * cannot lead to another failure. */
static void keep_failure(const char *failure) {
  size_t length = 0;

  for (; *failure != '\0' && length < sizeof shared->failure - 1; failure++) {
    if (*failure < '0' || *failure > '9') {
      shared->failure[length++] = *failure;
    }
  }
  shared->failure[length] = '\0';
}

/* play_once plays `program` in a child process. */
static bool play_once(bool verbose, FILE *trace) {
  bool passed;

  alarm(RUN_SECONDS_MAX);
  shared->seed = program.seed;
  keep_failure("a crash");
  passed = play_run(&player, &program, verbose);
  alarm(0);
  keep_failure(player.failure);
  shared->runs++;
  shared->callbacks += player.callbacks;
  shared->sessions += player.session_count;
  if (trace != NULL) {
    char *text = sim_trace_text();

    fprintf(trace, "%s%s", player.text != NULL ? player.text : "", text);
    free(text);
  } else if (verbose) {
    printf("%s", player.text != NULL ? player.text : "");
  }
  if (!passed && !verbose) {
    printf("seed %llu: %s\n", (unsigned long long)program.seed, player.failure);
  }
  play_deinit(&player);
  return passed;
}

/* on_death prints the text of the run, which a crash would lose. */
static void on_death(const char *what) {
  if (player.verbose && player.text != NULL) {
    printf("%s", player.text);
  }
  printf("seed %llu: step %zu: %s\n", (unsigned long long)program.seed,
         player.step, what);
}

/* in_child forks. The child returns true. The parent waits, and `*passed`
 * becomes true if the child ended well. */
static bool in_child(bool quiet, bool *passed) {
  int status = 0;

  if (child_begin(&status)) {
    if (quiet) {
      int null = open("/dev/null", O_WRONLY);

      dup2(null, STDOUT_FILENO);
      dup2(null, STDERR_FILENO);
    }
    child_catch(on_death);
    return true;
  }
  *passed = child_passed(status);
  return false;
}

/* play_apart plays the current `program` in a process of its own. */
static bool play_apart(bool quiet, bool verbose) {
  bool passed = false;

  if (in_child(quiet, &passed)) {
    exit(play_once(verbose, NULL) ? 0 : EXIT_FAILED);
  }
  return passed;
}

/* shrink drops steps, in smaller and smaller bunches, as long as the program
 * still fails. */
static void shrink(void) {
  char failure[FAILURE_BYTES_MAX];
  int tries = 0;

  memcpy(failure, shared->failure, sizeof failure);
  for (size_t bunch = program.step_count / 2; bunch > 0; bunch /= 2) {
    for (size_t at = 0; at < program.step_count; at += bunch) {
      bool was[STEPS_MAX];
      bool any = false;

      for (size_t i = at; i < at + bunch && i < program.step_count; i++) {
        was[i] = program.steps[i].dropped;
        any = any || !was[i];
        program.steps[i].dropped = true;
      }
      if (any && tries++ < SHRINK_TRIES_MAX && !play_apart(true, false) &&
          strcmp(failure, shared->failure) == 0) {
        continue;
      }
      for (size_t i = at; i < at + bunch && i < program.step_count; i++) {
        program.steps[i].dropped = was[i];
      }
    }
  }
}

static void explain(const struct options *options, uint64_t seed) {
  size_t left = 0;

  program_make(&program, seed, options->steps);
  printf("FAIL: seed %llu\n", (unsigned long long)seed);
  printf("repeat: npipe-random --seed %llu --runs 1 --steps %zu --verbose\n",
         (unsigned long long)seed, options->steps);
  if (options->shrink) {
    if (play_apart(true, false)) {
      printf("but alone it passes\n");
      return;
    }
    shrink();
  }
  for (size_t i = 0; i < program.step_count; i++) {
    left += program.steps[i].dropped ? 0 : 1;
  }
  printf("The sequence, %zu of %zu steps:\n", left, program.step_count);
  play_apart(false, true);
}

/* play_all plays the runs, in one process, and ends it. */
static void play_all(const struct options *options) {
  FILE *trace = NULL;
  bool failed = false;

  if (options->trace != NULL) {
    trace = fopen(options->trace, "w");
    if (trace == NULL) {
      perror(options->trace);
      exit(EXIT_FAILED);
    }
  }
  for (uint64_t i = 0; i < options->runs; i++) {
    program_make(&program, options->seed + i, options->steps);
    if (!play_once(options->verbose || trace != NULL, trace)) {
      failed = true;
      if (!options->keep_going) {
        break;
      }
    }
  }
  if (trace != NULL) {
    fclose(trace);
  }
  sim_reset(0, NULL);
  exit(failed ? EXIT_FAILED : 0);
}

static void parse_options(int argc, char **argv, struct options *options) {
  usage_help(argc, argv, usage);
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--verbose") == 0) {
      options->verbose = true;
    } else if (strcmp(argv[i], "--no-shrink") == 0) {
      options->shrink = false;
    } else if (strcmp(argv[i], "--keep-going") == 0) {
      options->keep_going = true;
    } else if (i + 1 == argc) {
      usage_refuse("npipe-random", argv[i]);
    } else if (strcmp(argv[i], "--seed") == 0) {
      options->seed = strtoull(argv[++i], NULL, 0);
    } else if (strcmp(argv[i], "--runs") == 0) {
      options->runs = strtoull(argv[++i], NULL, 0);
    } else if (strcmp(argv[i], "--steps") == 0) {
      options->steps = strtoul(argv[++i], NULL, 0);
      if (options->steps > STEPS_MAX) {
        usage_refuse("npipe-random", argv[i]);
      }
    } else if (strcmp(argv[i], "--trace") == 0) {
      options->trace = argv[++i];
    } else {
      usage_refuse("npipe-random", argv[i]);
    }
  }
}

int main(int argc, char **argv) {
  struct options options = {1,    RUNS_DEFAULT, STEPS_DEFAULT, false,
                            true, false,        NULL};
  bool passed = true;
  struct timespec begin;
  struct timespec end;
  double seconds;

  parse_options(argc, argv, &options);
  shared = child_share(sizeof *shared);
  clock_gettime(CLOCK_MONOTONIC, &begin);
  if (in_child(false, &passed)) {
    play_all(&options);
  }
  if (!passed && !options.keep_going) {
    explain(&options, shared->seed);
    return EXIT_FAILED;
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  seconds = (double)(end.tv_sec - begin.tv_sec) +
            (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
  printf(
      "%llu runs from seed %llu, %zu steps each: %llu sessions, %llu "
      "callbacks, %.0f runs a second\n",
      (unsigned long long)shared->runs, (unsigned long long)options.seed,
      options.steps, (unsigned long long)shared->sessions,
      (unsigned long long)shared->callbacks,
      (double)shared->runs / (seconds > 0.001 ? seconds : 0.001));
  return passed ? 0 : EXIT_FAILED;
}
