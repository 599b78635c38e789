/* The results as JUnit XML: a testsuite for each area, a testcase for each
 * run. */
#include "runner/report.h"
#include "runner/expectation.h"
#include "runner/platform.h"
#include "case.h"

#include <inttypes.h>
#include <string.h>

/* area_of writes the area of a run, or "runner" for a failure outside the
 * cases. */
static void area_of(const struct run *run, char out[VARIANT_LABEL_BYTES_MAX]) {
  if (run->c == NULL) {
    snprintf(out, VARIANT_LABEL_BYTES_MAX, "runner");
  } else {
    snprintf(out, VARIANT_LABEL_BYTES_MAX, "%.*s", (int)area_length(run->c->id),
             run->c->id);
  }
}

static bool is_in_area(const struct run *run, const char *area) {
  char own[VARIANT_LABEL_BYTES_MAX];

  area_of(run, own);
  return strcmp(own, area) == 0;
}

/* put_message writes the first line of the message, for an attribute. */
static void put_message(FILE *out, const struct run *run) {
  char line[512];

  snprintf(line, sizeof(line), "%s", text_of(&run->message));
  line[strcspn(line, "\n")] = '\0';
  fputs(" message=", out);
  xml_attribute(out, line);
}

static void put_outcome(FILE *out, const struct run *run) {
  if (run->result == RUN_SKIPPED || run->result == RUN_EXPECTED_FAILURE ||
      (run->result == RUN_UNRESOLVED && !run_is_red(run))) {
    fprintf(out, "      <skipped message=\"%s: ", run_result_name(run->result));
    xml_text(out, run->expected->reason);
    fputs("\"/>\n", out);
  } else if (run_is_red(run)) {
    const char *element = run->result == RUN_FAILED ? "failure" : "error";

    fprintf(out, "      <%s type=\"%s\"", element,
            run_result_name(run->result));
    put_message(out, run);
    fputc('>', out);
    xml_text(out, text_of(&run->message));
    fprintf(out, "</%s>\n", element);
  }
}

static void put_run(FILE *out, const struct run *run, const char *area) {
  const char *name =
      run->c != NULL ? run->label + area_length(run->c->id) + 1 : run->label;

  fputs("    <testcase classname=", out);
  xml_attribute(out, area);
  fputs(" name=", out);
  xml_attribute(out, name);
  fprintf(out, " time=\"%" PRIu64 ".%03u\">\n", run->ms / 1000,
          (unsigned)(run->ms % 1000));
  put_outcome(out, run);
  fputs("    </testcase>\n", out);
}

static void put_sums(FILE *out, const struct run *first, const char *area) {
  size_t tests = 0;
  size_t failures = 0;
  size_t errors = 0;
  size_t skipped = 0;
  uint64_t ms = 0;
  const struct run *run;

  for (run = first; run != NULL; run = run->next) {
    if (area != NULL && !is_in_area(run, area)) {
      continue;
    }
    tests++;
    ms += run->ms;
    if (run_is_red(run)) {
      failures += run->result == RUN_FAILED;
      errors += run->result != RUN_FAILED;
    } else {
      skipped += run->result != RUN_PASSED;
    }
  }
  fprintf(out,
          " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\""
          " time=\"%" PRIu64 ".%03u\">\n",
          tests, failures, errors, skipped, ms / 1000, (unsigned)(ms % 1000));
}

/* is_first_of_area returns true if no run before `run` belongs to its area. */
static bool is_first_of_area(const struct run_list *runs, const struct run *run,
                             const char *area) {
  const struct run *before;

  for (before = runs->first; before != run; before = before->next) {
    if (is_in_area(before, area)) {
      return false;
    }
  }
  return true;
}

void report_junit(FILE *out, const struct platform *platform,
                  const struct run_list *runs) {
  char area[VARIANT_LABEL_BYTES_MAX];
  const struct run *first;
  const struct run *run;

  fprintf(out,
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<testsuites name=\"npipe-conformance %s %s\"",
          platform->world, platform->architecture);
  put_sums(out, runs->first, NULL);
  for (first = runs->first; first != NULL; first = first->next) {
    area_of(first, area);
    if (!is_first_of_area(runs, first, area)) {
      continue;
    }
    fputs("  <testsuite name=", out);
    xml_attribute(out, area);
    put_sums(out, first, area);
    for (run = first; run != NULL; run = run->next) {
      if (is_in_area(run, area)) {
        put_run(out, run, area);
      }
    }
    fputs("  </testsuite>\n", out);
  }
  fputs("</testsuites>\n", out);
}
