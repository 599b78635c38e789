/* The child process: reads the runs that the parent names, runs each with
 * cmocka, and answers with its result. A run that does not pass ends the
 * process. */
#include "runner/child.h"
#include "runner/registry.h"
#include "runner/variant.h"
#include "case.h"
#include "world.h"
#include "world/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* In a world that warms up, a leak counts only if this many rounds leak. */
enum { LEAKING_ROUNDS = 3 };

static struct {
  const struct np_case *c;
  unsigned variant;
  uint64_t number; /* of the seed, as the parent names it */
  uint64_t seed;
  char label[VARIANT_LABEL_BYTES_MAX];
  bool finished;
  bool unresolved;
} current;

void np_unresolved(const char *format, ...) {
  va_list args;

  fflush(stdout);
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  current.unresolved = true;
  _skip(current.c->file, current.c->line);
  /* _skip leaves by longjmp. This line is reached only on another thread. */
  fprintf(stderr, "np_unresolved outside of a case\n");
  host_exit(1);
}

/* run_once runs the case once, and returns true if nothing was left behind. */
static bool run_once(char *report, size_t size) {
  report[0] = '\0';
  world_case_begin(current.label, current.seed);
  current.c->run(current.variant, current.c->body);
  return world_case_end(report, size);
}

static void run_current(void **state) {
  char report[4096];
  int round = 0;

  (void)state;
  host_crash_restore();
  while (!run_once(report, sizeof(report))) {
    if (!world_warms_up() || ++round == LEAKING_ROUNDS) {
      fprintf(stderr, "%s\n", report);
      _fail(current.c->file, current.c->line);
    }
  }
  current.finished = true;
}

/* seed_mix gives each run its own seed, independent of earlier runs: FNV-1a
 * over the label, starting from the seed. */
static uint64_t seed_mix(uint64_t seed, const char *label) {
  uint64_t hash = UINT64_C(14695981039346656037) ^ seed;

  for (; *label != '\0'; label++) {
    hash = (hash ^ (unsigned char)*label) * UINT64_C(1099511628211);
  }
  return hash;
}

static void current_set(const struct np_case *c, unsigned variant,
                        uint64_t seed) {
  memset(&current, 0, sizeof(current));
  current.c = c;
  current.variant = variant;
  variant_label(c->id, variant, current.label);
  current.number = seed;
  current.seed = seed_mix(seed, current.label);
}

/* case_find returns the case with the id `id`, or NULL. Mostly it is the next
 * one of the case that was found last. */
static const struct np_case *case_find(const char *id) {
  static const struct np_case *last;
  const struct np_case *c = last;

  while (c != NULL && strcmp(c->id, id) != 0) {
    c = c->next;
  }
  if (c == NULL) {
    c = np_case_first();
    while (c != NULL && strcmp(c->id, id) != 0) {
      c = c->next;
    }
  }
  last = c;
  return c;
}

/* current_parse reads a line of the parent. It returns false if the line is
 * malformed. */
static bool current_parse(char *line) {
  char *at = line;
  const struct np_case *c;
  unsigned variant;
  uint64_t seed;
  double time_scale;

  line[strcspn(line, "\r\n")] = '\0';
  variant = (unsigned)strtoul(at, &at, 10);
  seed = strtoull(at, &at, 10);
  time_scale = strtod(at, &at);
  if (*at != ' ') {
    return false;
  }
  c = case_find(at + 1);
  if (c != NULL) {
    current_set(c, variant, seed);
    world_set_time_scale(time_scale);
  }
  return c != NULL;
}

/* trace_write writes the trace of the run to a file of its own. On failure it
 * prints a line to stderr and returns false. */
static bool trace_write(const char *directory) {
  char file[1024 + VARIANT_LABEL_BYTES_MAX];
  size_t length = (size_t)snprintf(file, sizeof(file), "%.1000s/", directory);
  const char *at;

  for (at = current.label; *at != '\0'; at++) {
    file[length++] = *at;
    if (*at == '/') {
      file[length - 1] = '.';
    }
  }
  file[length] = '\0';
  if (!world_trace_write(file)) {
    fprintf(stderr, "%s: no trace can be written\n", file);
    return false;
  }
  return true;
}

/* output_init makes stdout line-buffered. Windows turns this into block
 * buffering, and the result line is flushed: each write wakes the parent. For
 * cmocka's own lines see cmake/cmocka/cmocka_platform.h. */
static void output_init(void) {
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  setvbuf(stderr, NULL, _IONBF, 0);
  cmocka_set_message_output(CM_OUTPUT_STDOUT);
}

/* current_run runs `current` and returns one of the CHILD_ words. */
static const char *current_run(const struct options *options) {
  struct CMUnitTest test = {NULL, run_current, NULL, NULL, NULL};
  const char *result = CHILD_FAILED;
  int failures;

  test.name = current.label;
  host_crash_save();
  failures = _cmocka_run_group_tests(current.label, &test, 1, NULL, NULL);
  if (failures == 0 && current.finished) {
    result = CHILD_PASSED;
  } else if (failures == 0 && current.unresolved) {
    result = CHILD_UNRESOLVED;
  } else if (failures == 0) {
    fprintf(stderr, "%s:%d: skip() is no answer; np_unresolved is\n",
            current.c->file, current.c->line);
  }
  if (options->trace && strcmp(result, CHILD_PASSED) != 0) {
    world_trace_print();
  }
  return result;
}

/* difference_print prints the first line in which two traces differ, with the
 * line before it. */
static void difference_print(const char *first, const char *second) {
  const char *begin = first;
  const char *line = first;
  size_t same = 0;

  while (first[same] != '\0' && first[same] == second[same]) {
    same++;
    if (first[same - 1] == '\n') {
      begin = line;
      line = first + same;
    }
  }
  fprintf(stderr, "the same seed gave other calls:\n  %.*s- %.*s\n+ %.*s\n",
          (int)(line - begin), begin, (int)strcspn(line, "\n"), line,
          (int)strcspn(second + (line - first), "\n"), second + (line - first));
}

/* current_replay runs `current`, which has passed, once more, and compares the
 * calls. It returns one of the CHILD_ words. */
static const char *current_replay(const struct options *options) {
  char *first = world_trace_text();
  char *second = NULL;
  const char *result = CHILD_PASSED;

  if (first == NULL) {
    return result;
  }
  current.finished = false;
  result = current_run(options);
  if (strcmp(result, CHILD_PASSED) == 0) {
    second = world_trace_text();
    if (second == NULL || strcmp(first, second) != 0) {
      difference_print(first, second != NULL ? second : "");
      result = CHILD_FAILED;
    }
  }
  free(first);
  free(second);
  return result;
}

int child_main(const struct options *options) {
  char line[2 * VARIANT_LABEL_BYTES_MAX];

  output_init();
  while (fgets(line, sizeof(line), stdin) != NULL) {
    const char *result;
    bool passed;

    if (!current_parse(line)) {
      fprintf(stderr, "not understood: %s\n", line);
      return 1;
    }
    result = current_run(options);
    if (options->replay && current.number == options->seed &&
        strcmp(result, CHILD_PASSED) == 0) {
      result = current_replay(options);
    }
    if (options->traces != NULL && !trace_write(options->traces)) {
      return 1;
    }
    passed = strcmp(result, CHILD_PASSED) == 0;
    printf("\n@%s %s\n", options->child,
           passed && !world_seed_matters() ? CHILD_SETTLED : result);
    fflush(stdout);
    if (!passed) {
      host_exit(0);
    }
  }
  return 0;
}

int child_runs(const struct options *options, const struct run_list *runs) {
  output_init();
  for (const struct run *run = runs->first; run != NULL; run = run->next) {
    for (uint64_t i = 0; run->result == RUN_PENDING && i < options->repeat;
         i++) {
      const char *result;

      current_set(run->c, run->variant, options->seed + i);
      printf("%s\n", run->label);
      fflush(stdout);
      result = current_run(options);
      printf("\n%s: %s\n", run->label, result);
      fflush(stdout);
      if (strcmp(result, CHILD_FAILED) == 0) {
        return 1;
      }
      if (options->seeds_only && !world_seed_matters()) {
        break;
      }
    }
  }
  return 0;
}

struct role_start {
  const struct world_role *role;
  const char *argument;
};

static void run_role(void **state) {
  const struct role_start *start = *state;

  host_crash_restore();
  start->role->run(start->argument);
}

int world_role_run(const char *name, const char *arg) {
  struct role_start start = {registry_role(name), arg};
  struct CMUnitTest test = {name, run_role, NULL, NULL, &start};

  if (start.role == NULL) {
    fprintf(stderr, "npipe-conformance: no role \"%s\"\n", name);
    return EXIT_USAGE;
  }
  return _cmocka_run_group_tests(name, &test, 1, NULL, NULL) == 0 ? 0 : 1;
}

int role_main(const struct options *options) {
  host_stdio_detach();
  setvbuf(stderr, NULL, _IONBF, 0);
  host_crash_save();
  return world_role_run(options->role, options->role_argument);
}
