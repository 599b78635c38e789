/* A worker of the parent: takes an area and runs its cases in children, one
 * child after the other, until none is pending. */
#ifndef NPIPE_CONFORMANCE_RUNNER_WORKER_H
#define NPIPE_CONFORMANCE_RUNNER_WORKER_H

#include "runner/run.h"
#include "world/host.h"

struct options;

struct worker {
  const struct options *options;
  struct run_list *runs;
  const char *area; /* the id of a case in it; NULL when idle */
  host_child *child;
  struct run *run; /* what the child is at; NULL while it ends */
  uint64_t started_ms;
  uint64_t deadline_ms;
  char mark[48];   /* how the child's result lines begin */
  char line[1024]; /* the line that is coming in */
  size_t line_length;
  char location[512]; /* "file:line" of a failed assert */
  struct text output; /* what the child printed in the present run */
  struct text said;   /* what it printed in runs that passed */
};

void worker_init(struct worker *worker, const struct options *options,
                 struct run_list *runs);
void worker_deinit(struct worker *worker);

bool worker_is_idle(const struct worker *worker);
void worker_take_area(struct worker *worker, const char *id);

/* worker_has_area returns whether the worker has the area of the case `id`. */
bool worker_has_area(const struct worker *worker, const char *id);

/* worker_advance does all that can be done without waiting. */
void worker_advance(struct worker *worker);

/* worker_left_ms returns the time until worker_advance has a limit to keep. */
uint64_t worker_left_ms(const struct worker *worker);

#endif
