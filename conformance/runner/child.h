/* The child process: runs the cases that the parent names, one after another.
 *
 * For each run the parent writes a line `VARIANT SEED SCALE ID` to the child's
 * stdin. SCALE is the factor for the time limits inside of the run. The child
 * answers on stdout, after the output of the run, with a line `@MARK RESULT`,
 * where RESULT is one of the words below. The child ends after a run that did
 * not pass, so that nothing of a broken run reaches the next one. */
#ifndef NPIPE_CONFORMANCE_RUNNER_CHILD_H
#define NPIPE_CONFORMANCE_RUNNER_CHILD_H

#include "runner/options.h"
#include "runner/run.h"

#define CHILD_PASSED     "passed"
#define CHILD_SETTLED    "settled" /* passed, and does so with each seed */
#define CHILD_FAILED     "failed"
#define CHILD_UNRESOLVED "unresolved"

/* child_main returns the exit code. */
int child_main(const struct options *options);

/* child_runs runs the pending runs of `runs` in this process, one after another
 * and without time limits, and stops at the first run that fails. A crash ends
 * this process, so that a debugger can catch it. It returns the exit code. */
int child_runs(const struct options *options, const struct run_list *runs);

/* role_main runs the second process of a two-process case. */
int role_main(const struct options *options);

#endif
