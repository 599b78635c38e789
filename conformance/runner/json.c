/* The results as JSON, for the page that compares platforms. */
#include "runner/report.h"
#include "runner/answer.h"
#include "runner/expectation.h"
#include "runner/list.h"
#include "runner/options.h"
#include "runner/platform.h"
#include "runner/runner.h"
#include "case.h"

#include <inttypes.h>

static void put_member(FILE *out, const char *name, const char *value) {
  fprintf(out, ", \"%s\": ", name);
  json_string(out, value);
}

/* put_fact writes a fact only if it is known. */
static void put_fact(FILE *out, const char *name, const char *value) {
  if (value[0] != '\0') {
    put_member(out, name, value);
  }
}

static void put_subject(FILE *out, const struct runner_subject *subject) {
  fputs(", \"subject\": {\"name\": ", out);
  json_string(out, subject->name);
  put_member(out, "version", subject->version);
  put_member(out, "adapter", subject->adapter);
  fputc('}', out);
}

static void put_run(FILE *out, const struct run *run) {
  char variant[VARIANT_NAME_BYTES_MAX];

  variant_name(run->variant, variant);
  fputs("    {\"id\": ", out);
  json_string(out, run->c != NULL ? run->c->id : run->label);
  put_member(out, "variant", variant);
  put_member(out, "result", run_result_name(run->result));
  fprintf(out, ", \"red\": %s, \"ms\": %" PRIu64,
          run_is_red(run) ? "true" : "false", run->ms);
  if (run->rounds > 1) {
    fprintf(out, ", \"rounds\": %" PRIu64, run->rounds);
  }
  put_member(out, "message", text_of(&run->message));
  if (run->expected != NULL) {
    put_member(out, "reason", run->expected->reason);
    put_member(out, "link", run->expected->link);
    if (run->expected->cause != NULL) {
      put_member(out, "cause", run->expected->cause);
    }
  }
  fputc('}', out);
}

void report_json(FILE *out, const struct options *options,
                 const struct platform *platform, const struct run_list *runs,
                 const struct answer_list *answers) {
  struct report_counts counts = report_count(runs);
  const struct run *run;

  fputs("{\n  \"platform\": {\"world\": ", out);
  json_string(out, platform->world);
  put_member(out, "version", platform->version);
  put_member(out, "build", platform->build);
  put_fact(out, "commit", platform->commit);
  put_fact(out, "product", platform->facts.product);
  put_fact(out, "edition", platform->facts.edition);
  put_fact(out, "ubr", platform->facts.ubr);
  put_member(out, "architecture", platform->architecture);
  put_member(out, "compiler", platform->compiler);
  if (options->program->subject != NULL) {
    put_subject(out, options->program->subject);
  }
  /* As text: 64 bits are more than a JSON reader need take as a number. */
  fprintf(out, ", \"seed\": \"%" PRIu64 "\"},\n", options->seed);
  fprintf(out,
          "  \"summary\": {\"passed\": %zu, \"failed\": %zu, "
          "\"expected_failures\": %zu, \"skipped\": %zu, \"unresolved\": %zu, "
          "\"red\": %s},\n  \"cases\": ",
          counts.passed, counts.failed, counts.expected_failures,
          counts.skipped, counts.unresolved, counts.red ? "true" : "false");
  list_cases(out, runs);
  fputs(",\n  \"results\": [", out);
  for (run = runs->first; run != NULL; run = run->next) {
    fputs(run == runs->first ? "\n" : ",\n", out);
    put_run(out, run);
  }
  fputs("\n  ],\n  \"answers\": ", out);
  answer_list_json(out, answers);
  fputs("\n}\n", out);
}
