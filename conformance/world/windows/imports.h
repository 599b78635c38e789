/* Counts the calls that this executable makes through its imports. */
#ifndef NPIPE_CONFORMANCE_WORLD_WINDOWS_IMPORTS_H
#define NPIPE_CONFORMANCE_WORLD_WINDOWS_IMPORTS_H

#include <stdbool.h>
#include <stdint.h>

/* imports_begin sets all counts to 0. The first call puts the counters between
 * the executable and the functions of Windows. */
void imports_begin(void);

/* imports_count sets `*count` to the number of calls of the function `name`. A
 * function that the executable does not import was not called. It returns false
 * if nothing is counted on this processor. */
bool imports_count(const char *name, uint64_t *count);

#endif
