/* When a loop gives up the processor before it passes reads to the kernel. The
 * loop learns it: a yield is worth its system call where the peer then writes,
 * so that the read finds its data and the loop need not wait. Rule: a yield
 * comes only where the loop would otherwise soon wait, so it delays no work.
 * Where yields are in vain, at most one comes with YIELD_WAITS_MAX waits. */
#include "loop_yield.h"

#include "loop.h"

/* A loop that does not yield tries it after so many waits. After each try in
 * vain the number doubles, up to the maximum. */
#define YIELD_WAITS_MIN 8u
#define YIELD_WAITS_MAX 1024u

/* The credit of yields: a yield that helped adds one, a yield in vain takes one
 * half. Without credit the loop stops to yield. */
#define CREDIT_MAX 4u

/* A yield that takes longer gave the processor to others than the peer. Then
 * the loop tries none again before so many waits. */
#define YIELD_US_MAX     500
#define WAITS_AFTER_SLOW (1u << 20)

/* One of so many turns does not yield, to see whether yields still help. The
 * number doubles from the first value to the second while they do. */
#define CHECK_TURNS_MIN 8u
#define CHECK_TURNS_MAX 128u

static void switch_off(np__yielding *y) {
  y->is_on = false;
  y->credit = 0;
  y->waits = 0;
  y->turns = 0;
  y->check_turns = CHECK_TURNS_MIN;
  if (y->waits_max < YIELD_WAITS_MAX) {
    y->waits_max *= 2;
  }
}

static void learn_hit(np__yielding *y) {
  if (y->credit < CREDIT_MAX) {
    y->credit++;
  }
}

static void learn_miss(np__yielding *y) {
  y->credit /= 2;
  if (y->credit == 0) {
    switch_off(y);
  }
}

/* learn_need: the loop left a yield out, and must wait. */
static void learn_need(np__yielding *y) {
  y->waits_max = YIELD_WAITS_MIN;
  if (y->check_turns < CHECK_TURNS_MAX) {
    y->check_turns *= 2;
  }
}

void np__yield_init(np_loop *loop) {
  loop->yielding.waits_max = YIELD_WAITS_MIN;
  loop->yielding.check_turns = CHECK_TURNS_MIN;
}

/* learn_time learns from the time of a yield. `waits` has no meaning while
 * yields are on. */
static void learn_time(np__yielding *y, bool was_slow) {
  y->waits = 0;
  y->is_on = y->is_on && !was_slow;
  y->last = was_slow ? NP__YIELD_NONE : y->last;
  y->credit = was_slow ? 0 : y->credit;
  y->waits_max = was_slow ? WAITS_AFTER_SLOW : y->waits_max;
}

/* is_due learns from the turn before, and returns true if the loop should yield
 * now of its own accord. */
static bool is_due(np__yielding *y) {
  const np__yield_last last = y->last;

  y->last = NP__YIELD_NONE;
  if (last == NP__YIELD_DONE) {
    learn_hit(y); /* no wait has followed */
  } else if (last == NP__YIELD_LEFT_OUT) {
    switch_off(y); /* the reads find their data without a yield, too */
  }
  if (y->is_on && ++y->turns >= y->check_turns) {
    y->turns = 0;
    y->last = NP__YIELD_LEFT_OUT;
  } else if (y->is_on) {
    y->last = NP__YIELD_DONE;
  }
  return y->last == NP__YIELD_DONE;
}

/* yield_measured yields. If others keep the processor for long, the loop is
 * better off asleep: the system wakes a sleeper sooner than one that yields. */
static void yield_measured(np_loop *loop) {
  const LONGLONG most =
      loop->clock_frequency.QuadPart / 1000 * YIELD_US_MAX / 1000;
  LARGE_INTEGER before;
  LARGE_INTEGER after;

  QueryPerformanceCounter(&before);
  SwitchToThread();
  QueryPerformanceCounter(&after);
  learn_time(&loop->yielding, after.QuadPart - before.QuadPart > most);
}

void np__yield(np_loop *loop) {
  if (loop->yields) {
    SwitchToThread();
  } else if (is_due(&loop->yielding)) {
    yield_measured(loop);
  }
}

void np__yield_waits(np_loop *loop) {
  np__yielding *y = &loop->yielding;

  if (y->last == NP__YIELD_DONE) {
    learn_miss(y);
  } else if (y->last == NP__YIELD_LEFT_OUT) {
    learn_need(y);
  } else if (!y->is_on && ++y->waits >= y->waits_max) {
    y->is_on = true;
  }
  y->last = NP__YIELD_NONE;
}
