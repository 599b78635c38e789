/* Workload `idle`: many connections that wait for their first message. The
 * measured value is the memory that each pair of ends takes. */
#include <stdlib.h>

#include "end.h"

static void nothing_received(end *e, size_t length) {
  (void)e;
  (void)length;
}

void run_idle(const bench *b, const way *w) {
  np_loop *loop = loop_new(w);
  const size_t ends = 2 * b->connections;
  char *buffers = bench_memory(ends * BENCH_MESSAGE_BYTES);
  side *sides = bench_memory(ends * sizeof *sides);
  end warm[2] = {{0}, {0}};
  side warm_sides[2] = {{0}, {0}};
  end *all;

  for (size_t i = 0; i < ends; i++) {
    sides[i].way = w;
    sides[i].buffer = buffers + i * BENCH_MESSAGE_BYTES;
    sides[i].buffer_bytes = BENCH_MESSAGE_BYTES;
    sides[i].received = nothing_received;
  }
  /* The first pair also takes memory that a process takes only once, so it is
   * opened before the measurement. */
  for (size_t i = 0; i < 2; i++) {
    warm_sides[i].way = w;
    warm[i].side = &warm_sides[i];
  }
  pair_open(loop, b, &warm[0], &warm[1]);
  bench_begin(b);
  all = bench_memory(ends * sizeof *all);
  for (size_t i = 0; i < ends; i++) {
    all[i].side = &sides[i];
  }
  for (size_t i = 0; i < ends; i += 2) {
    pair_open(loop, b, &all[i], &all[i + 1]);
  }
  for (size_t i = 0; i < ends; i++) {
    w->receive(&all[i]);
  }
  np_loop_run_once(loop, 0); /* Now the reads are pending in the kernel. */
  bench_end(b);
  for (size_t i = 0; i < ends; i++) {
    sides[i].is_over = true;
    w->close(&all[i]);
  }
  w->close(&warm[0]);
  w->close(&warm[1]);
  end_check(np_loop_run(loop), "run");
  loop_delete(loop);
  free(all);
  free(sides);
  free(buffers);
}
