/* --list: the cases as JSON. */
#ifndef NPIPE_CONFORMANCE_RUNNER_LIST_H
#define NPIPE_CONFORMANCE_RUNNER_LIST_H

#include <stdio.h>

struct options;
struct run_list;

/* list_main prints the cases that the filters select, and returns the exit
 * code. */
int list_main(const struct options *options);

/* list_cases writes the cases of `runs` as a JSON array. */
void list_cases(FILE *out, const struct run_list *runs);

#endif
