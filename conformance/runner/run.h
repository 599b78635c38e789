/* A run: one variant of one case, and its result. */
#ifndef NPIPE_CONFORMANCE_RUNNER_RUN_H
#define NPIPE_CONFORMANCE_RUNNER_RUN_H

#include "runner/text.h"
#include "runner/variant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct np_case;
struct expectation;
struct options;

enum run_result {
  RUN_PENDING,
  RUN_PASSED,
  RUN_FAILED,
  RUN_CRASHED,
  RUN_HUNG,
  RUN_UNRESOLVED,
  RUN_EXPECTED_FAILURE,
  RUN_UNEXPECTED_PASS,
  RUN_SKIPPED,
  RUN_RESULTS
};

struct run {
  /* The case, or NULL for a failure outside the cases: the end of a child
   * process, or an expectation without a case. `label` then names the
   * failure. */
  const struct np_case *c;
  unsigned variant;
  char label[VARIANT_LABEL_BYTES_MAX];
  const struct expectation *expected; /* NULL: must pass */
  enum run_result result;
  bool is_taken;   /* a child has it */
  uint64_t rounds; /* number of rounds, with --repeat */
  bool is_settled; /* each seed gives the last round */
  uint64_t seed;   /* seed of the last round */
  uint64_t ms;     /* time of all rounds */
  struct text message;
  struct run *next;
};

struct run_list {
  struct run *first;
  struct run *last;
};

/* run_is_selected returns whether the filters of `options` name the run. */
bool run_is_selected(const struct options *options, const char *id,
                     unsigned variant);

/* run_list_fill adds the runs that the filters of `options` select. */
void run_list_fill(struct run_list *list, const struct options *options);

/* run_list_add_failure adds a failure outside the cases. */
struct run *run_list_add_failure(struct run_list *list, const char *label);

void run_list_deinit(struct run_list *list);

/* run_settle sets the result from the outcome `happened` (passed, failed,
 * crashed, hung, unresolved) and the expectation of the run. */
void run_settle(struct run *run, enum run_result happened);

/* run_is_red returns true if this result makes the whole run of the suite
 * fail. */
bool run_is_red(const struct run *run);

const char *run_result_name(enum run_result result);

#endif
