/* The peer `npipe`: runs each workload in each way of using npipe. */
#include <string.h>

#include "end.h"

const char bench_peer[] = "npipe";

bool bench_run(const bench *b) {
  const way *w = way_named(b->way);

  if (w == NULL || (w->yields && b->kind != BENCH_SERVER) ||
      (w->window > 1 && b->kind != BENCH_STREAM)) {
    return false;
  }
  switch (b->kind) {
    case BENCH_ECHO:
      run_echo(b, w);
      return true;
    case BENCH_STREAM:
      run_stream(b, w);
      return true;
    case BENCH_CONNECT:
      run_connect(b, w);
      return true;
    case BENCH_RECYCLED:
      run_recycled(b, w);
      return true;
    case BENCH_IDLE:
      run_idle(b, w);
      return true;
    case BENCH_SERVER:
      run_server(b, w);
      return true;
  }
  return false;
}
