/* The parent process: starts children for the areas, watches the time limits,
 * and gives every run a result, whatever happens to its child. */
#ifndef NPIPE_CONFORMANCE_RUNNER_PARENT_H
#define NPIPE_CONFORMANCE_RUNNER_PARENT_H

struct options;

/* parent_main runs the selected cases and returns the exit code. */
int parent_main(const struct options *options);

#endif
