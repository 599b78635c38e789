/* The live line. It is the last line of the terminal and has no line end, so
 * that blanks over it remove it. Everything else that prints to stdout removes
 * it first. */
#include "runner/progress.h"
#include "runner/options.h"
#include "runner/run.h"
#include "case.h"
#include "world/host.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOW_EVERY_MS = 250, LINE_BYTES_MAX = 256 };

static struct {
  struct host_terminal terminal;
  bool live;        /* the terminal gets a live line */
  const char *file; /* NULL: none */
  size_t done;
  size_t all;
  size_t red;
  uint64_t began_ms;
  uint64_t shown_ms;
  size_t shown_columns; /* 0: the live line is not there */
  const char *label;    /* of the last run that has a result */
} progress;

static bool file_write(void) {
  FILE *out;

  if (progress.file == NULL) {
    return true;
  }
  out = fopen(progress.file, "wb");
  if (out == NULL) {
    return false;
  }
  fprintf(out, "%zu of %zu cases, %zu red\n", progress.done, progress.all,
          progress.red);
  return fclose(out) == 0;
}

bool progress_begin(const struct options *options,
                    const struct run_list *runs) {
  const char *no_color = getenv("NO_COLOR");
  const struct run *run;

  host_terminal(&progress.terminal);
  progress.live = progress.terminal.columns > 0 && !options->tap;
  if (options->tap || (no_color != NULL && no_color[0] != '\0')) {
    progress.terminal.colours = false;
  }
  progress.file = options->progress;
  for (run = runs->first; run != NULL; run = run->next) {
    progress.all += run->c != NULL ? 1 : 0;
  }
  progress.began_ms = host_now_ms();
  progress.label = "";
  if (!file_write()) {
    fprintf(stderr, "%s: cannot be written\n", progress.file);
    return false;
  }
  return true;
}

void progress_hide(void) {
  if (progress.shown_columns > 0) {
    printf("\r%*s\r", (int)progress.shown_columns, "");
    progress.shown_columns = 0;
    progress.shown_ms = 0;
  }
}

void progress_run(const struct run *run) {
  if (run->c == NULL) {
    progress.all++; /* a failure that no case foresaw */
  }
  progress.done++;
  progress.red += run_is_red(run) ? 1 : 0;
  progress.label = run->label;
}

static void line_show(uint64_t now_ms) {
  char line[LINE_BYTES_MAX];
  size_t columns = progress.terminal.columns - 1;
  size_t length;

  snprintf(line, sizeof(line), "%4" PRIu64 " s  %zu of %zu cases, %zu red  %s",
           (now_ms - progress.began_ms) / 1000, progress.done, progress.all,
           progress.red, progress.label);
  length = strlen(line);
  if (length > columns) {
    length = columns;
  }
  progress_hide();
  printf("%s%.*s%s", progress.red > 0 ? progress_colour(COLOUR_RED) : "",
         (int)length, line,
         progress.red > 0 ? progress_colour(COLOUR_NONE) : "");
  fflush(stdout);
  progress.shown_columns = length;
}

void progress_show(void) {
  uint64_t now_ms = host_now_ms();

  if (now_ms - progress.shown_ms < SHOW_EVERY_MS) {
    return;
  }
  if (progress.live) {
    line_show(now_ms);
  }
  (void)file_write();
  progress.shown_ms = now_ms;
}

void progress_end(void) {
  progress_hide();
  (void)file_write();
}

uint64_t progress_wait_ms(void) {
  return progress.live || progress.file != NULL ? SHOW_EVERY_MS : UINT64_MAX;
}

const char *progress_colour(enum progress_colour colour) {
  static const char *const codes[] = {"\033[0m", "\033[31m", "\033[32m"};

  return progress.terminal.colours ? codes[colour] : "";
}
