/* Calls of functions that are for the loop's thread alone, from another thread.
 */
#ifndef NPIPE_CONFORMANCE_DEATHS_THREADS_H
#define NPIPE_CONFORMANCE_DEATHS_THREADS_H

#include <stddef.h>

/* thread_call_function returns the function that the `index`th call is of; NULL
 * past the last. */
const char *thread_call_function(size_t index);

/* thread_call_play makes that call on a thread of its own, from a callback of
 * the loop. It returns if nothing stops the process. */
void thread_call_play(size_t index);

#endif
