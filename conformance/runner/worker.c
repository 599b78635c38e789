/* A worker: feeds runs to its child, reads the child's output, and turns
 * results, crashes and time-outs into results of runs. */
#include "runner/worker.h"
#include "runner/child.h"
#include "runner/expectation.h"
#include "runner/options.h"
#include "runner/report.h"
#include "case.h"

#include <inttypes.h>
#include <string.h>

enum {
  /* Enough for hundreds of rounds of a race under Wine on a busy machine. A
   * correct case needs a small part of this. */
  CASE_LIMIT_MS = 30000,
  /* Time from the end of the last case to the end of the process. */
  END_LIMIT_MS = 30000,
  READS_A_TURN = 64
};

void worker_init(struct worker *worker, const struct options *options,
                 struct run_list *runs) {
  memset(worker, 0, sizeof(*worker));
  worker->options = options;
  worker->runs = runs;
}

void worker_deinit(struct worker *worker) {
  text_deinit(&worker->output);
  text_deinit(&worker->said);
}

bool worker_is_idle(const struct worker *worker) {
  return worker->area == NULL;
}

void worker_take_area(struct worker *worker, struct run *run) {
  worker->area = run->c->id;
  worker->from = run;
}

bool worker_has_area(const struct worker *worker, const char *id) {
  size_t length = area_length(id);

  return worker->area != NULL && area_length(worker->area) == length &&
         memcmp(worker->area, id, length) == 0;
}

uint64_t worker_left_ms(const struct worker *worker) {
  uint64_t now = host_now_ms();

  return worker->deadline_ms > now ? worker->deadline_ms - now : 0;
}

static void limit_start(struct worker *worker, int limit_ms) {
  worker->started_ms = host_now_ms();
  worker->deadline_ms =
      worker->started_ms +
      (uint64_t)((double)limit_ms * worker->options->time_scale);
}

static struct run *next_run(const struct worker *worker) {
  struct run *run;

  for (run = worker->from; run != NULL; run = run->next) {
    if (run->result == RUN_PENDING && !run->is_taken &&
        worker_has_area(worker, run->c->id)) {
      return run;
    }
  }
  return NULL;
}

/* run_time_scale returns the factor for the time limits inside of the run. A
 * run that is expected to fail may do so by waiting for a limit, and a longer
 * limit would only make this failure later. */
static double run_time_scale(const struct worker *worker) {
  const struct expectation *expected = worker->run->expected;
  double scale = worker->options->time_scale;

  return expected != NULL && expected->expect == EXPECT_FAIL && scale > 1
             ? 1
             : scale;
}

/* child_feed sends the next run to the child, or closes the child's input if no
 * run is left. */
static void child_feed(struct worker *worker) {
  char line[96 + VARIANT_LABEL_BYTES_MAX];
  int length;

  text_deinit(&worker->output);
  worker->location[0] = '\0';
  worker->run = next_run(worker);
  if (worker->run == NULL) {
    host_child_close_input(worker->child);
    limit_start(worker, END_LIMIT_MS);
    return;
  }
  worker->run->is_taken = true;
  worker->run->seed = worker->options->seed + worker->run->rounds;
  length = snprintf(line, sizeof(line), "%u %" PRIu64 " %g %s\n",
                    worker->run->variant, worker->run->seed,
                    run_time_scale(worker), worker->run->c->id);
  limit_start(worker, CASE_LIMIT_MS);
  /* If the child has gone, its output ends, which is noticed later. */
  (void)host_child_write(worker->child, line, (size_t)length);
}

static void child_start(struct worker *worker, char *why, size_t why_size) {
  static unsigned count;
  char seed[24];
  const char *arguments[11] = {"--child", worker->mark};
  size_t used = 2;

  if (worker->options->trace) {
    arguments[used++] = "--trace";
  }
  if (worker->options->replay) {
    snprintf(seed, sizeof(seed), "%" PRIu64, worker->options->seed);
    arguments[used++] = "--replay";
    arguments[used++] = "--seed";
    arguments[used++] = seed;
  }
  if (worker->options->traces != NULL) {
    arguments[used++] = "--traces";
    arguments[used++] = worker->options->traces;
  }
  if (worker->options->settings != NULL) {
    arguments[used++] = "--settings";
    arguments[used++] = worker->options->settings;
  }
  snprintf(worker->mark, sizeof(worker->mark), "npipe-%u-%u",
           (unsigned)host_process_id(), ++count);
  worker->line_length = 0;
  text_deinit(&worker->said);
  worker->child =
      host_child_start(arguments, HOST_STDERR_STDOUT, why, why_size);
  if (worker->child != NULL) {
    child_feed(worker);
  }
}

/* run_end ends the round of the current run with the outcome `happened` and its
 * reason `why`. */
static void run_end(struct worker *worker, enum run_result happened,
                    const char *why) {
  struct run *run = worker->run;
  struct text *message = &run->message;

  run->ms += host_now_ms() - worker->started_ms;
  run->rounds++;
  run->is_taken = false;
  worker->run = NULL;
  text_trim(&worker->output);
  if (happened == RUN_PASSED) {
    if (worker->output.length > 0) {
      text_print(&worker->said, "%s: ", run->label);
      text_add(&worker->said, worker->output.bytes, worker->output.length);
      text_add(&worker->said, "\n", 1);
    }
    if (run->rounds < worker->options->repeat &&
        !(worker->options->seeds_only && run->is_settled)) {
      return; /* Still pending. */
    }
  } else {
    if (worker->location[0] != '\0') {
      text_print(message, "%s: ", worker->location);
    }
    text_add(message, why, strlen(why));
    if (why[0] != '\0' && worker->output.length > 0) {
      text_add(message, "\n", 1);
    }
    text_add(message, worker->output.bytes, worker->output.length);
    if (message->length == 0) {
      text_print(message, "no message");
    }
  }
  run_settle(run, happened);
  report_run(worker->options, run);
}

/* is_decoration recognises the lines that cmocka prints around each test. The
 * runner prints the same facts in fewer words. */
static bool is_decoration(const char *line) {
  static const char *const starts[] = {
      "[==========]",      "[ RUN      ]",       "[       OK ]",
      "[  FAILED  ]",      "[  PASSED  ]",       "[  SKIPPED ]",
      " 1 FAILED TEST(S)", " 1 SKIPPED TEST(S)", "================="};

  for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
    if (strncmp(line, starts[i], strlen(starts[i])) == 0) {
      return true;
    }
  }
  return line[0] == '\0';
}

/* take_line handles a line of output, without its line end. */
static void take_line(struct worker *worker, char *line) {
  static const char error_start[] = "[  ERROR   ] --- ";
  static const char location_start[] = "[   LINE   ] --- ";
  static const char location_end[] = ": error: Failure!";
  size_t mark_length = strlen(worker->mark);

  if (line[0] == '@' && strncmp(line + 1, worker->mark, mark_length) == 0 &&
      line[mark_length + 1] == ' ' && worker->run != NULL) {
    const char *word = line + mark_length + 2;

    worker->run->is_settled = strcmp(word, CHILD_SETTLED) == 0;
    if (worker->run->is_settled || strcmp(word, CHILD_PASSED) == 0) {
      run_end(worker, RUN_PASSED, "");
      child_feed(worker);
    } else {
      run_end(worker,
              strcmp(word, CHILD_UNRESOLVED) == 0 ? RUN_UNRESOLVED : RUN_FAILED,
              "");
      text_deinit(&worker->output);
      limit_start(worker, END_LIMIT_MS);
    }
    return;
  }
  if (strncmp(line, error_start, strlen(error_start)) == 0) {
    line += strlen(error_start);
  }
  if (strncmp(line, location_start, strlen(location_start)) == 0) {
    line += strlen(location_start);
  }
  if (strstr(line, location_end) != NULL) {
    *strstr(line, location_end) = '\0';
    snprintf(worker->location, sizeof(worker->location), "%.500s", line);
    return;
  }
  if (!is_decoration(line)) {
    text_add(&worker->output, line, strlen(line));
    text_add(&worker->output, "\n", 1);
  }
}

static void take_bytes(struct worker *worker, const char *bytes,
                       size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] != '\n' && bytes[i] != '\r') {
      worker->line[worker->line_length] = bytes[i];
      if (bytes[i] == '\0') {
        worker->line[worker->line_length] = '?';
      }
      worker->line_length++;
    }
    if (bytes[i] == '\n' || worker->line_length == sizeof(worker->line) - 1) {
      worker->line[worker->line_length] = '\0';
      worker->line_length = 0;
      take_line(worker, worker->line);
    }
  }
}

/* child_end runs when the output has ended: the child has gone, normally or
 * not. */
static void child_end(struct worker *worker) {
  uint32_t code = host_child_end(worker->child);
  char how[128];
  char why[192];

  worker->child = NULL;
  take_bytes(worker, "\n", 1);
  host_crash_text(code, how, sizeof(how));
  if (worker->run != NULL) {
    snprintf(why, sizeof(why), "the process ended in the case: %s", how);
    run_end(worker, RUN_CRASHED, why);
  } else if (code != 0) {
    /* Sanitizers and valgrind report an error by the exit code. */
    char label[VARIANT_LABEL_BYTES_MAX];
    struct run *failure;

    snprintf(label, sizeof(label), "%.*s (end of the process)",
             (int)area_length(worker->area), worker->area);
    failure = run_list_add_failure(worker->runs, label);
    text_print(&failure->message, "%s\n", how);
    text_add(&failure->message, worker->said.bytes, worker->said.length);
    text_add(&failure->message, worker->output.bytes, worker->output.length);
    text_trim(&failure->message);
    report_run(worker->options, failure);
  }
}

/* child_hung ends a child whose time limit is over. */
static void child_hung(struct worker *worker) {
  char why[96];

  (void)host_child_end(worker->child);
  worker->child = NULL;
  take_bytes(worker, "\n", 1);
  snprintf(why, sizeof(why), "no result within %.1f s",
           (double)(host_now_ms() - worker->started_ms) / 1000);
  if (worker->run != NULL) {
    run_end(worker, RUN_HUNG, why);
  } else {
    char label[VARIANT_LABEL_BYTES_MAX];
    struct run *failure;

    snprintf(label, sizeof(label), "%.*s (end of the process)",
             (int)area_length(worker->area), worker->area);
    failure = run_list_add_failure(worker->runs, label);
    failure->result = RUN_HUNG;
    text_print(&failure->message, "%s of its last case", why);
    report_run(worker->options, failure);
  }
}

void worker_advance(struct worker *worker) {
  char bytes[4096];
  bool ended = false;

  if (worker->area == NULL) {
    return;
  }
  if (worker->child == NULL) {
    char why[96];

    worker->run = next_run(worker);
    if (worker->run == NULL) {
      worker->area = NULL;
      return;
    }
    child_start(worker, why, sizeof(why));
    if (worker->child == NULL) {
      char message[160];

      snprintf(message, sizeof(message),
               "the child process could not be started: %s", why);
      worker->started_ms = host_now_ms();
      run_end(worker, RUN_CRASHED, message);
    }
    return;
  }
  /* Limited, because a child that prints for ever must still meet its time
   * limit. */
  for (int turn = 0; turn < READS_A_TURN; turn++) {
    size_t length =
        host_child_read(worker->child, bytes, sizeof(bytes), &ended);

    if (length == 0) {
      break;
    }
    take_bytes(worker, bytes, length);
  }
  if (ended) {
    child_end(worker);
  } else if (worker_left_ms(worker) == 0) {
    child_hung(worker);
  }
}
