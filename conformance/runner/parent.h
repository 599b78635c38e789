/* The parent process: starts children for the areas, keeps the time limits,
 * and makes a result of whatever becomes of a child. */
#ifndef NPIPE_CONFORMANCE_RUNNER_PARENT_H
#define NPIPE_CONFORMANCE_RUNNER_PARENT_H

struct options;

/* parent_main runs what the options select; returns the exit code. */
int parent_main(const struct options *options);

#endif
