/* Prints results: lines for people or TAP while the cases run, sums at the end,
 * and the report files. */
#include "runner/report.h"
#include "runner/expectation.h"
#include "runner/options.h"
#include "runner/platform.h"
#include "runner/progress.h"
#include "runner/runner.h"
#include "world.h"
#include "world/host.h"

#include <inttypes.h>
#include <string.h>

/* Lines of one message on the terminal; a sanitizer's report fits. */
enum { TERMINAL_LINES_MAX = 60 };

/* The number of the last TAP line. */
static size_t tap_count;

struct report_counts report_count(const struct run_list *runs) {
  struct report_counts counts = {0, 0, 0, 0, 0, false};
  const struct run *run;

  for (run = runs->first; run != NULL; run = run->next) {
    counts.red = counts.red || run_is_red(run);
    switch (run->result) {
      case RUN_PASSED:
        counts.passed++;
        break;
      case RUN_EXPECTED_FAILURE:
        counts.expected_failures++;
        break;
      case RUN_SKIPPED:
        counts.skipped++;
        break;
      case RUN_UNRESOLVED:
        counts.unresolved++;
        break;
      default:
        counts.failed++;
        break;
    }
  }
  return counts;
}

/* print_indented prints the lines of `s`, with `indent` before each line but
 * the first. It cuts a long text; the report files have the whole text. */
static void print_indented(const char *s, const char *indent) {
  int lines = 1;

  for (; *s != '\0' && lines <= TERMINAL_LINES_MAX; s++) {
    putchar(*s);
    if (*s == '\n') {
      fputs(indent, stdout);
      lines++;
    }
  }
  puts(*s != '\0' ? "[and so on]" : "");
}

static void print_repeat(const struct options *options, const struct run *run,
                         const char *indent) {
  if (run->c == NULL) {
    return;
  }
  printf("%srepeat: %s%s", indent, options->program->name,
         options->program->repeat);
  if (options->settings != NULL) {
    printf(" --settings %s", options->settings);
  }
  printf(" --seed %" PRIu64 " --filter %s\n", run->seed, run->label);
}

static void report_tap(const struct options *options, const struct run *run) {
  const char *reason = run->expected != NULL ? run->expected->reason : "";

  tap_count++;
  if (run->result == RUN_SKIPPED) {
    printf("ok %zu - %s # SKIP %s\n", tap_count, run->label, reason);
  } else if (run->result == RUN_EXPECTED_FAILURE) {
    printf("not ok %zu - %s # TODO %s\n", tap_count, run->label, reason);
  } else if (run_is_red(run)) {
    printf("not ok %zu - %s\n# %s: ", tap_count, run->label,
           run_result_name(run->result));
    print_indented(text_of(&run->message), "# ");
    print_repeat(options, run, "# ");
  } else if (run->result == RUN_UNRESOLVED) {
    printf("not ok %zu - %s # TODO unresolved; %s\n", tap_count, run->label,
           reason);
  } else {
    printf("ok %zu - %s\n", tap_count, run->label);
  }
}

void report_run(const struct options *options, const struct run *run) {
  progress_run(run);
  if (options->tap) {
    if (tap_count == 0) {
      puts("TAP version 13");
    }
    report_tap(options, run);
  } else if (run_is_red(run)) {
    progress_hide();
    printf("%s%s%s %s: ", progress_colour(COLOUR_RED),
           run_result_name(run->result), progress_colour(COLOUR_NONE),
           run->label);
    print_indented(text_of(&run->message), "    ");
    print_repeat(options, run, "    ");
  }
  fflush(stdout);
}

void report_end(const struct options *options, const struct run_list *runs) {
  struct report_counts counts = report_count(runs);

  if (options->tap) {
    printf("1..%zu\n# ", tap_count);
  }
  printf(
      "%s%zu passed, %zu failed, %zu expected failures, %zu skipped, "
      "%zu unresolved%s\n",
      progress_colour(counts.red ? COLOUR_RED : COLOUR_GREEN), counts.passed,
      counts.failed, counts.expected_failures, counts.skipped,
      counts.unresolved, progress_colour(COLOUR_NONE));
  fflush(stdout);
}

/* traces_check writes a trace of nothing into the folder of --traces. */
static bool traces_check(const struct options *options) {
  char file[1100];

  if (options->traces == NULL) {
    return true;
  }
  snprintf(file, sizeof(file), "%.1000s/check", options->traces);
  if (!world_trace_write(file)) {
    fprintf(stderr, "%s: no trace can be written\n", options->traces);
    return false;
  }
  remove(file);
  return true;
}

bool report_check(const struct options *options) {
  const char *const names[] = {options->junit, options->json};
  size_t i;

  if (!traces_check(options)) {
    return false;
  }
  for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    FILE *out = names[i] != NULL ? fopen(names[i], "wb") : NULL;

    if (names[i] != NULL && out == NULL) {
      fprintf(stderr, "%s: cannot be written\n", names[i]);
      return false;
    }
    if (out != NULL) {
      fclose(out);
      remove(names[i]); /* a run that is killed leaves no report */
    }
  }
  return true;
}

bool report_files(const struct options *options,
                  const struct platform *platform, const struct run_list *runs,
                  const struct answer_list *answers) {
  const char *const names[] = {options->junit, options->json};
  bool good = true;

  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    FILE *out;
    bool written;

    if (names[i] == NULL) {
      continue;
    }
    out = fopen(names[i], "wb");
    if (out == NULL) {
      fprintf(stderr, "%s: cannot be written\n", names[i]);
      good = false;
      continue;
    }
    if (i == 0) {
      report_junit(out, platform, runs);
    } else {
      report_json(out, options, platform, runs, answers);
    }
    written = ferror(out) == 0;
    if (fclose(out) != 0 || !written) {
      fprintf(stderr, "%s: cannot be written to its end\n", names[i]);
      good = false;
    }
  }
  return good;
}
