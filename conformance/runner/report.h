/* The runner's output: lines on the terminal or TAP while it runs, JUnit and
 * JSON at the end. */
#ifndef NPIPE_CONFORMANCE_RUNNER_REPORT_H
#define NPIPE_CONFORMANCE_RUNNER_REPORT_H

#include "runner/run.h"

#include <stdbool.h>
#include <stdio.h>

struct answer_list;
struct options;
struct platform;

struct report_counts {
  size_t passed;
  size_t failed; /* crashed, hung and unexpectedly passed too */
  size_t expected_failures;
  size_t skipped;
  size_t unresolved;
  bool red;
};

struct report_counts report_count(const struct run_list *runs);

/* report_run prints the result of one run. */
void report_run(const struct options *options, const struct run *run);

/* report_end prints the sums as the last line. */
void report_end(const struct options *options, const struct run_list *runs);

/* report_check returns false, after a line to stderr, if a file that `options`
 * asks for cannot be written: better before the run than after it. An old
 * report there is removed. */
bool report_check(const struct options *options);

/* report_files writes the files that `options` asks for. If a file cannot be
 * written, it prints a line to stderr and returns false. */
bool report_files(const struct options *options,
                  const struct platform *platform, const struct run_list *runs,
                  const struct answer_list *answers);

void report_junit(FILE *out, const struct platform *platform,
                  const struct run_list *runs);
void report_json(FILE *out, const struct options *options,
                 const struct platform *platform, const struct run_list *runs,
                 const struct answer_list *answers);

#endif
