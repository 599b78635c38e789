/* --list: the cases as JSON. */
#ifndef NPIPE_CONFORMANCE_RUNNER_LIST_H
#define NPIPE_CONFORMANCE_RUNNER_LIST_H

struct options;

/* list_main prints the cases that the filters select; returns the exit code. */
int list_main(const struct options *options);

#endif
