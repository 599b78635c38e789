/* The parent process: reads the expectations, gives areas to workers, and
 * reports the results. Each run ends with a result, whatever its child process
 * does. */
#include "runner/parent.h"
#include "runner/answer.h"
#include "runner/child.h"
#include "runner/expectation.h"
#include "runner/options.h"
#include "runner/platform.h"
#include "runner/progress.h"
#include "runner/report.h"
#include "runner/run.h"
#include "runner/runner.h"
#include "runner/worker.h"
#include "case.h"
#include "world/host.h"

#include <stdio.h>
#include <string.h>

/* expectations_read reads the files of the command line, or those beside the
 * executable. */
static bool expectations_read(struct expectation_list *list,
                              const struct platform *platform,
                              const struct options *options) {
  static const char *const names[] = {"sim", "wine", "windows"};
  char directory[2048];
  char file[2200];
  bool any = false;

  for (size_t i = 0; i < options->expectation_count; i++) {
    if (!expectation_list_read(list, platform, options->program->subject,
                               options->expectations[i])) {
      return false;
    }
    any = true;
  }
  /* The files beside the executable are about npipe. */
  if (!any && options->program->subject == NULL &&
      host_directory(directory, sizeof(directory))) {
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
      FILE *exists;

      snprintf(file, sizeof(file), "%s/expectations/%s.toml", directory,
               names[i]);
      exists = fopen(file, "r");
      if (exists == NULL) {
        continue;
      }
      fclose(exists);
      any = true;
      if (!expectation_list_read(list, platform, NULL, file)) {
        return false;
      }
    }
  }
  if (!any) {
    puts(options->tap ? "# no expectations" : "no expectations");
  }
  return true;
}

/* settle_without_child gives a result to the runs that need no child. */
static void settle_without_child(const struct options *options,
                                 struct run_list *runs) {
  struct run *run;

  for (run = runs->first; run != NULL; run = run->next) {
    if (run->expected != NULL && run->expected->expect == EXPECT_SKIP) {
      run->result = RUN_SKIPPED;
    }
    if (run->result != RUN_PENDING) {
      report_run(options, run);
    }
  }
}

/* area_is_taken returns true if a worker other than `self` has the area of
 * `run`. */
static bool area_is_taken(const struct worker *workers, size_t count,
                          size_t self, const struct run *run) {
  for (size_t i = 0; i < count; i++) {
    if (i != self && worker_has_area(&workers[i], run->c->id)) {
      return true;
    }
  }
  return false;
}

/* worker_assign gives the worker `self` the first area that no other worker
 * has: cases of one area run in order and share children. If there is none, the
 * worker helps with an area of which some runs wait. */
static void worker_assign(struct worker *workers, size_t count, size_t self,
                          const struct run_list *runs) {
  struct run *shared = NULL;

  for (struct run *run = runs->first; run != NULL; run = run->next) {
    if (run->result != RUN_PENDING || run->is_taken) {
      continue;
    }
    if (!area_is_taken(workers, count, self, run)) {
      worker_take_area(&workers[self], run);
      return;
    }
    if (shared == NULL) {
      shared = run;
    }
  }
  if (shared != NULL) {
    worker_take_area(&workers[self], shared);
  }
}

/* workers_assign gives an area to each idle worker. It returns false if no
 * worker has an area. */
static bool workers_assign(struct worker *workers, size_t count,
                           const struct run_list *runs) {
  bool any = false;

  for (size_t i = 0; i < count; i++) {
    if (worker_is_idle(&workers[i])) {
      worker_assign(workers, count, i, runs);
    }
    any = any || !worker_is_idle(&workers[i]);
  }
  return any;
}

static void workers_run(const struct options *options, struct run_list *runs) {
  struct worker workers[HOST_CHILDREN_MAX];
  host_child *children[HOST_CHILDREN_MAX];

  memset(workers, 0, sizeof(workers));
  for (size_t i = 0; i < options->jobs; i++) {
    worker_init(&workers[i], options, runs);
  }
  while (workers_assign(workers, options->jobs, runs)) {
    uint64_t timeout_ms = UINT64_MAX;
    size_t count = 0;

    for (size_t i = 0; i < options->jobs; i++) {
      if (worker_is_idle(&workers[i])) {
        continue; /* no area is left for this worker */
      }
      worker_advance(&workers[i]);
      if (workers[i].child != NULL) {
        uint64_t left_ms = worker_left_ms(&workers[i]);

        children[count++] = workers[i].child;
        timeout_ms = left_ms < timeout_ms ? left_ms : timeout_ms;
      } else {
        timeout_ms = 0; /* a new child or area comes next turn */
      }
    }
    if (count > 0) {
      uint64_t wait_ms = progress_wait_ms();

      host_wait(children, count, timeout_ms < wait_ms ? timeout_ms : wait_ms);
    }
    progress_show();
  }
  for (size_t i = 0; i < options->jobs; i++) {
    worker_deinit(&workers[i]);
  }
}

int parent_main(const struct options *options) {
  struct expectation_list expectations = {NULL, NULL};
  struct run_list runs = {NULL, NULL};
  struct answer_list answers = {NULL, NULL};
  struct platform platform;
  int code = EXIT_USAGE;

  platform_init(&platform);
  if (!expectations_read(&expectations, &platform, options)) {
    goto cleanup;
  }
  run_list_fill(&runs, options);
  if (runs.first == NULL) {
    fprintf(stderr, "%s: no case is selected\n", options->program->name);
    goto cleanup;
  }
  expectation_list_apply(&expectations, &runs);
  if (!report_check(options) || !progress_begin(options, &runs)) {
    goto cleanup;
  }
  settle_without_child(options, &runs);
  if (options->one_process) {
    code = child_runs(options, &runs);
    goto cleanup;
  }
  workers_run(options, &runs);
  progress_end();
  if (options->json != NULL) {
    answer_list_fill(&answers, options);
  }
  report_end(options, &runs);
  if (report_files(options, &platform, &runs, &answers)) {
    code = EXIT_GOOD;
  }
  if (report_count(&runs).red) {
    code = EXIT_RED;
  }

cleanup:
  answer_list_deinit(&answers);
  run_list_deinit(&runs);
  expectation_list_deinit(&expectations);
  return code;
}
