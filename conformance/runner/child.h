/* The child process: runs the cases that the parent names, one after another.
 *
 * The parent writes a line a run to its stdin, `VARIANT SEED ID`. The child
 * answers on stdout, after whatever the run printed, with a line
 * `@MARK RESULT`, where RESULT is one of the words below. After a run that did
 * not pass it ends: nothing of a broken run reaches the next one.
 */
#ifndef NPIPE_CONFORMANCE_RUNNER_CHILD_H
#define NPIPE_CONFORMANCE_RUNNER_CHILD_H

#include "runner/options.h"
#include "runner/run.h"

#define CHILD_PASSED     "passed"
#define CHILD_FAILED     "failed"
#define CHILD_UNRESOLVED "unresolved"

/* child_main returns the exit code. */
int child_main(const struct options *options);

/* child_runs runs what is pending of `runs` in this process, one after another,
 * without time limits, and stops at the first run that fails. A crash is the
 * process's own: it is for a debugger. Returns the exit code. */
int child_runs(const struct options *options, const struct run_list *runs);

/* role_main is the second process of a two-process case. */
int role_main(const struct options *options);

#endif
