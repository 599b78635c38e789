/* Runs and their results: the selection of runs by the filters, and the result
 * that follows from an outcome and an expectation. */
#include "runner/run.h"
#include "runner/expectation.h"
#include "runner/options.h"
#include "case.h"

#include <stdlib.h>

static struct run *run_add(struct run_list *list) {
  struct run *run = checked_alloc(1, sizeof(*run));

  if (list->last != NULL) {
    list->last->next = run;
  } else {
    list->first = run;
  }
  list->last = run;
  return run;
}

bool run_is_selected(const struct options *options, const char *id,
                     unsigned variant) {
  for (size_t i = 0; i < options->filter_count; i++) {
    if (variant_matches(options->filters[i], id, variant) ||
        area_matches(options->filters[i], id)) {
      return true;
    }
  }
  return options->filter_count == 0;
}

void run_list_fill(struct run_list *list, const struct options *options) {
  const struct np_case *c;

  for (c = np_case_first(); c != NULL; c = c->next) {
    unsigned variants[VARIANTS_MAX];
    size_t count = variant_list(c->modes, variants);
    size_t i;

    for (i = 0; i < count; i++) {
      if (run_is_selected(options, c->id, variants[i])) {
        struct run *run = run_add(list);

        run->c = c;
        run->variant = variants[i];
        run->seed = options->seed;
        variant_label(c->id, variants[i], run->label);
      }
    }
  }
}

struct run *run_list_add_failure(struct run_list *list, const char *label) {
  struct run *run = run_add(list);

  snprintf(run->label, sizeof(run->label), "%s", label);
  run->result = RUN_FAILED;
  return run;
}

void run_list_deinit(struct run_list *list) {
  while (list->first != NULL) {
    struct run *run = list->first;

    list->first = run->next;
    text_deinit(&run->message);
    free(run);
  }
  list->last = NULL;
}

void run_settle(struct run *run, enum run_result happened) {
  enum expect expect =
      run->expected != NULL ? run->expected->expect : EXPECT_NOTHING;

  run->result = happened;
  if (expect != EXPECT_FAIL && expect != EXPECT_MAY_FAIL) {
    return;
  }
  if (happened == RUN_PASSED && expect == EXPECT_MAY_FAIL) {
    return;
  }
  if (happened == RUN_PASSED) {
    run->result = RUN_UNEXPECTED_PASS;
    text_print(&run->message, "passed, but %s:%d expects a failure: %s",
               run->expected->file, run->expected->line, run->expected->reason);
  } else if (happened != RUN_UNRESOLVED) {
    run->result = RUN_EXPECTED_FAILURE;
  }
}

bool run_is_red(const struct run *run) {
  switch (run->result) {
    case RUN_PASSED:
    case RUN_EXPECTED_FAILURE:
    case RUN_SKIPPED:
      return false;
    case RUN_UNRESOLVED:
      return run->expected == NULL;
    default:
      return true;
  }
}

const char *run_result_name(enum run_result result) {
  static const char *const names[RUN_RESULTS] = {
      "pending",    "passed",           "failed",          "crashed", "hung",
      "unresolved", "expected-failure", "unexpected-pass", "skipped"};

  return names[result];
}
