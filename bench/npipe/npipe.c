/* The peer `npipe`: runs each workload in each way of using npipe. */
#include <string.h>

#include "end.h"

const char bench_peer[] = "npipe";

bool bench_has(const bench *b) {
  const way *w = way_named(b->way);

  if (w == NULL) {
    return false;
  }
  if (b->kind == BENCH_VISITS) {
    /* A listener's pipe is given back after each visit; a channel is not. */
    return !w->channel;
  }
  if (b->processes == 0) {
    return !w->yields && !w->calls &&
           (w->window == 1 || b->kind == BENCH_STREAM);
  }
  if (b->framed) {
    return w->window == 1;
  }
  /* The clients know no frames here. */
  return w->window == 1 && !w->calls && !(w->channel && w->mode == NP_BYTE);
}

void bench_run(const bench *b) {
  const way *w = way_named(b->way);

  switch (b->kind) {
    case BENCH_ECHO:
      run_echo(b, w);
      break;
    case BENCH_STREAM:
      run_stream(b, w);
      break;
    case BENCH_CONNECT:
      run_connect(b, w);
      break;
    case BENCH_RECYCLED:
      run_recycled(b, w);
      break;
    case BENCH_IDLE:
      run_idle(b, w);
      break;
    case BENCH_SERVER:
      run_server(b, w);
      break;
    case BENCH_VISITS:
      run_visits(b, w);
      break;
  }
}
