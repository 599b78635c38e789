/* Reads the runner's command line. */
#include "runner/options.h"
#include "runner/runner.h"
#include "world/host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPEAT_MAX = 1000000 };

const char options_help[] =
    "npipe-conformance [options]: runs the conformance cases of npipe\n"
    "\n"
    "  --list               print the cases as JSON and run nothing\n"
    "  --filter GLOB        run only the cases that GLOB matches: an area, an\n"
    "                       id or id@variant; '*' is any text, '?' one\n"
    "                       character; repeatable\n"
    "  --tap                print the results as TAP\n"
    "  --junit FILE         write the results as JUnit XML\n"
    "  --json FILE          write the results and platform facts as JSON\n"
    "  --progress FILE      keep one line in FILE that says how far the run "
    "is\n"
    "  --expectations FILE  known deviations; repeatable. Default: sim.toml,\n"
    "                       wine.toml and windows.toml in the directory\n"
    "                       'expectations' beside this executable\n"
    "  --seed N             seed of the simulated kernel (default 1)\n"
    "  --settings NAME      kind of the simulated kernel (default win11), or\n"
    "                       a file of settings (ci/answers)\n"
    "  --list-settings      print the names of the kinds and run nothing\n"
    "  --print-settings     print the settings of the kind, as such a file\n"
    "  --trace              after a failure print the calls of the simulated\n"
    "                       kernel\n"
    "  --traces DIRECTORY   write the calls of each run to a file in "
    "DIRECTORY\n"
    "                       (with --repeat: of the last round)\n"
    "  --time-scale X       multiply each time limit by X; in a case that is\n"
    "                       expected to fail only if X is less than 1\n"
    "  --jobs N             number of child processes at a time (default 1)\n"
    "  --one-process        run all cases in this process, without time\n"
    "                       limits, and stop at the first failure: for a\n"
    "                       debugger\n"
    "  --repeat N           run each case N times, each time with the next\n"
    "                       seed\n"
    "  --seeds N            as --repeat, but a run that is the same with each\n"
    "                       seed of the simulated kernel is not repeated\n"
    "  --replay             on the simulated kernel, run each case twice with\n"
    "                       the first seed: all calls must come again\n"
    "  --script SEED        run no case: play a random program of raw pipe\n"
    "                       calls and print its transcript\n"
    "  --script-count N     play N programs, of SEED and the seeds after it\n"
    "  --script-print       print the programs and play nothing\n"
    "  --script-play FILE   play the programs in FILE, or in stdin ('-').\n"
    "                       A line 'end' ends a program. A transcript is a\n"
    "                       program, too\n"
    "  --questions          only ask the questions, and print the answers\n"
    "  --help               print this text\n"
    "\n"
    "The report of --json also has the answers to the questions. Their ids\n"
    "for --filter are questions/*. No answer is a failure.\n"
    "Each area of cases runs in child processes: a crash or a hang affects\n"
    "only its own case. A terminal shows a live line with the progress, and\n"
    "results in colours unless the variable NO_COLOR is set.\n"
    "\n"
    "The exit code is 0 if each case passed or had the result that the\n"
    "expectations name, 1 if a case is red, and 2 if the command line is\n"
    "wrong or a file cannot be used.\n";

static bool number_parse(const char *value, uint64_t max, uint64_t *out) {
  char *end = NULL;

  if (value[0] < '0' || value[0] > '9') {
    return false;
  }
  errno = 0;
  *out = strtoull(value, &end, 10);
  return errno == 0 && *end == '\0' && *out <= max;
}

static bool value_add(const char **values, size_t *count, const char *value) {
  if (*count == OPTION_VALUES_MAX) {
    return false;
  }
  values[(*count)++] = value;
  return true;
}

/* option_take sets the option `name` to `value`. It returns false if either is
 * invalid. */
static bool option_take(struct options *o, const char *name,
                        const char *value) {
  uint64_t number = 0;
  char *end = NULL;

  if (strcmp(name, "--filter") == 0) {
    return value_add(o->filters, &o->filter_count, value);
  }
  if (strcmp(name, "--expectations") == 0) {
    return value_add(o->expectations, &o->expectation_count, value);
  }
  if (strcmp(name, "--junit") == 0) {
    o->junit = value;
  } else if (strcmp(name, "--json") == 0) {
    o->json = value;
  } else if (strcmp(name, "--progress") == 0) {
    o->progress = value;
  } else if (strcmp(name, "--child") == 0) {
    o->child = value;
  } else if (strcmp(name, "--ask") == 0) {
    o->ask = value;
  } else if (strcmp(name, "--traces") == 0) {
    o->traces = value;
  } else if (strcmp(name, "--settings") == 0) {
    o->settings = value;
  } else if (strcmp(name, "--script-play") == 0) {
    o->script_file = value;
  } else if (strcmp(name, "--script-count") == 0) {
    return number_parse(value, REPEAT_MAX, &o->script_count);
  } else if (strcmp(name, "--script") == 0) {
    o->script = true;
    return number_parse(value, UINT64_MAX, &o->script_seed);
  } else if (strcmp(name, "--seed") == 0) {
    return number_parse(value, UINT64_MAX, &o->seed);
  } else if (strcmp(name, "--repeat") == 0) {
    return number_parse(value, REPEAT_MAX, &o->repeat) && o->repeat > 0;
  } else if (strcmp(name, "--seeds") == 0) {
    o->seeds_only = true;
    return number_parse(value, REPEAT_MAX, &o->repeat) && o->repeat > 0;
  } else if (strcmp(name, "--jobs") == 0) {
    if (!number_parse(value, HOST_CHILDREN_MAX, &number) || number == 0) {
      return false;
    }
    o->jobs = (size_t)number;
  } else if (strcmp(name, "--time-scale") == 0) {
    o->time_scale = strtod(value, &end);
    return *end == '\0' && o->time_scale > 0 && o->time_scale <= 10000;
  } else {
    return false;
  }
  return true;
}

bool options_parse(struct options *options,
                   const struct runner_program *program, int argc,
                   char **argv) {
  memset(options, 0, sizeof(*options));
  options->program = program;
  options->seed = 1;
  options->time_scale = 1;
  options->jobs = 1;
  options->repeat = 1;
  options->script_count = 1;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0) {
      options->help = true;
    } else if (strcmp(argv[i], "--list") == 0) {
      options->list = true;
    } else if (strcmp(argv[i], "--list-settings") == 0) {
      options->list_settings = true;
    } else if (strcmp(argv[i], "--one-process") == 0) {
      options->one_process = true;
    } else if (strcmp(argv[i], "--questions") == 0) {
      options->questions = true;
    } else if (strcmp(argv[i], "--print-settings") == 0) {
      options->print_settings = true;
    } else if (strcmp(argv[i], "--tap") == 0) {
      options->tap = true;
    } else if (strcmp(argv[i], "--script-print") == 0) {
      options->script_print = true;
    } else if (strcmp(argv[i], "--replay") == 0) {
      options->replay = true;
    } else if (strcmp(argv[i], "--trace") == 0) {
      options->trace = true;
    } else if (strcmp(argv[i], "--role") == 0 && i + 2 < argc) {
      options->role = argv[i + 1];
      options->role_argument = argv[i + 2];
      i += 2;
    } else if (i + 1 < argc && option_take(options, argv[i], argv[i + 1])) {
      i++;
    } else {
      fprintf(stderr, "%s: bad option or value: %s%s%s (see --help)\n",
              program->name, argv[i], i + 1 < argc ? " " : "",
              i + 1 < argc ? argv[i + 1] : "");
      return false;
    }
  }
  if ((options->script || options->script_file != NULL) &&
      program->script == NULL) {
    fprintf(stderr, "%s: it plays no scripts\n", program->name);
    return false;
  }
  return true;
}
