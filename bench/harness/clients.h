/* The clients of the workloads that measure a server alone: processes of
 * bench-client. Each prints the time of every round trip on its standard
 * output, in nanoseconds, as binary uint32_t. */
#ifndef NPIPE_BENCH_CLIENTS_H
#define NPIPE_BENCH_CLIENTS_H

#include <stdint.h>

#include "bench.h"

/* bench_clients_start starts the clients of `b`, on the processors of the mask
 * `processors` (0: on any). They try to open the pipe until it is there. */
void bench_clients_start(const bench *b, uintptr_t processors);

/* bench_clients_percentile returns the time of a round trip that `percent` of
 * all round trips did not exceed, in microseconds; 0 if there were none. The
 * first round trip of a connection does not count: it waits for the other
 * clients. */
double bench_clients_percentile(unsigned percent);

#endif
