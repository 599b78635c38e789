/* The command line of the runner. */
#ifndef NPIPE_CONFORMANCE_RUNNER_OPTIONS_H
#define NPIPE_CONFORMANCE_RUNNER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runner_program;

enum { OPTION_VALUES_MAX = 64 };

struct options {
  const struct runner_program *program;
  bool help;
  bool list;
  bool list_settings;
  bool print_settings;
  bool tap;
  const char *junit; /* file name, or NULL */
  const char *json;
  const char *progress; /* file that tells how far the run is, or NULL */
  const char *filters[OPTION_VALUES_MAX];
  size_t filter_count;
  const char *expectations[OPTION_VALUES_MAX];
  size_t expectation_count;
  uint64_t seed;
  const char *settings; /* NULL: the default settings */
  bool trace;
  const char *traces; /* directory for the trace of each run, or NULL */
  double time_scale;
  size_t jobs;
  uint64_t repeat;
  bool replay;       /* compare the calls of each run with a second run */
  bool seeds_only;   /* repeat a run only if another seed may change it */
  bool one_process;  /* for a debugger: no child, no time limit */
  const char *child; /* in a child: the mark of its result lines */
  bool questions;    /* ask the questions alone */
  const char *ask;   /* in the child that asks a question: its id */
  bool script;       /* play programs drawn from script_seed */
  uint64_t script_seed;
  uint64_t script_count;
  bool script_print;       /* print the programs, do not play them */
  const char *script_file; /* play the programs of this file, or NULL */
  const char *role;        /* in the second process of a case: its role */
  const char *role_argument;
};

/* The exit codes of this program. */
enum {
  EXIT_GOOD = 0,
  EXIT_RED = 1,  /* a result is not as it should be */
  EXIT_USAGE = 2 /* the command line, or a file that it names, is wrong */
};

/* options_parse fills `options`. If the command line is wrong, it prints a line
 * to stderr and returns false. */
bool options_parse(struct options *options,
                   const struct runner_program *program, int argc, char **argv);

/* The help of npipe-conformance. */
extern const char options_help[];

#endif
