/* A worker of the parent: takes an area and runs its cases in child processes,
 * one child after the other, until no run is pending. */
#ifndef NPIPE_CONFORMANCE_RUNNER_WORKER_H
#define NPIPE_CONFORMANCE_RUNNER_WORKER_H

#include "runner/run.h"
#include "world/host.h"

struct options;

struct worker {
  const struct options *options;
  struct run_list *runs;
  const char *area; /* id of a case in the area; NULL when idle */
  struct run *from; /* the first run of the area that may be left */
  host_child *child;
  struct run *run; /* the child's current run; NULL while it ends */
  uint64_t started_ms;
  uint64_t deadline_ms;
  char mark[48];   /* beginning of the child's result lines */
  char line[1024]; /* line that is being received */
  size_t line_length;
  char location[512]; /* "file:line" of a failed assert */
  struct text output; /* child's output in the current run */
  struct text said;   /* child's output in runs that passed */
};

void worker_init(struct worker *worker, const struct options *options,
                 struct run_list *runs);
void worker_deinit(struct worker *worker);

bool worker_is_idle(const struct worker *worker);

/* worker_take_area gives the worker the area of `run`, the first run of it that
 * is not taken. */
void worker_take_area(struct worker *worker, struct run *run);

/* worker_has_area returns true if the worker has the area of the case `id`. */
bool worker_has_area(const struct worker *worker, const char *id);

/* worker_advance does everything that is possible without waiting. */
void worker_advance(struct worker *worker);

/* worker_left_ms returns the time until the next time limit. */
uint64_t worker_left_ms(const struct worker *worker);

#endif
