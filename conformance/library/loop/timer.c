/* Timers of a loop. */
#include "library/fixture.h"

/* now_us is a clock finer than world_now_ms, because a timer that is early by
 * less than a tick of the system is still too early. */
static uint64_t now_us(void) {
  LARGE_INTEGER frequency;
  LARGE_INTEGER count;

  QueryPerformanceFrequency(&frequency);
  QueryPerformanceCounter(&count);
  return (uint64_t)((double)count.QuadPart * 1e6 / (double)frequency.QuadPart);
}

static void timer_begin(np_fixture *f, unsigned i, uint32_t delay_ms) {
  assert_np_ok(
      np_timer_start(f->loop, &f->timers[i].timer, delay_ms, on_timer));
}

NP_CASE("timer/runs-once", np_timer_start, NO_MODE, NP_OK,
        "A timer runs once, from the loop, and is not active any more when its "
        "function begins.",
        "npipe/timer.h") {
  timer_begin(f, 0, 5);
  assert_int_equal(f->timers[0].run_count, 0);
  assert_np_ok(loop_run(f));
  assert_int_equal(f->timers[0].run_count, 1);
  loop_quiet(f);
  assert_int_equal(f->timers[0].run_count, 1);
}

static void then_note_us(np_fixture *f, struct timer_recorder *recorder) {
  (void)recorder;
  *(uint64_t *)f->user = now_us();
}

NP_CASE("timer/never-early", np_timer_start, NO_MODE, NP_OK,
        "A timer never runs before its time has passed.",
        "GetTickCount64#remarks") {
  static const uint32_t delays[] = {1, 2, 3, 5, 10, 17, 30};
  uint64_t end_us = 0;

  f->user = &end_us;
  f->timers[0].then = then_note_us;
  for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
    uint64_t begin_us = now_us();

    timer_begin(f, 0, delays[i]);
    assert_np_ok(loop_run(f));
    assert_true(end_us - begin_us >= delays[i] * UINT64_C(1000));
  }
}

NP_CASE("timer/never-early-polled", np_timer_start, NO_MODE, NP_OK,
        "A timer never runs early, even in a loop that never waits and looks "
        "at the clock all the time.",
        "GetTickCount64#remarks") {
  uint64_t end_us = 0;

  f->user = &end_us;
  f->timers[0].then = then_note_us;
  for (unsigned i = 1; i <= 20; i++) {
    uint64_t begin_us = now_us();

    timer_begin(f, 0, 2);
    for (unsigned turns = 0; turns < 5000 && f->timers[0].run_count < i;
         turns++) {
      loop_turn(f, 0);
    }
    assert_np_ok(loop_run(f)); /* for a clock that stands still between waits */
    assert_int_equal(f->timers[0].run_count, i);
    assert_true(end_us - begin_us >= 2000);
  }
}

NP_CASE("timer/order-of-deadlines", np_timer_start, NO_MODE, NP_OK,
        "Timers run in the order of their deadlines, not of their starts.",
        "npipe/timer.h") {
  timer_begin(f, 0, 60);
  timer_begin(f, 1, 20);
  timer_begin(f, 2, 40);
  timer_begin(f, 3, 0);
  assert_np_ok(loop_run(f));
  assert_int_equal(f->timers[3].order, 1);
  assert_int_equal(f->timers[1].order, 2);
  assert_int_equal(f->timers[2].order, 3);
  assert_int_equal(f->timers[0].order, 4);
}

NP_CASE("timer/order-of-starts", np_timer_start, NO_MODE, NP_OK,
        "Timers without a delay run in the order in which they were started.",
        "npipe/timer.h") {
  for (unsigned i = 0; i < TIMERS_MAX; i++) {
    timer_begin(f, i, 0);
  }
  assert_np_ok(loop_run(f));
  for (unsigned i = 0; i < TIMERS_MAX; i++) {
    assert_int_equal(f->timers[i].order, i + 1);
  }
}

/* start_often starts and stops another timer so often that the loop numbers its
 * timers anew (SEQUENCE_END in src/heap.c). */
static void start_often(np_fixture *f) {
  np_timer other = {0};

  for (unsigned i = 0; i < 270000; i++) {
    assert_np_ok(np_timer_start(f->loop, &other, 1000, on_timer));
    np_timer_stop(&other);
  }
}

static void then_start_often(np_fixture *f, struct timer_recorder *recorder) {
  (void)recorder;
  start_often(f);
}

NP_CASE("timer/order-after-many-starts", np_timer_start, NO_MODE, NP_OK,
        "Timers of the same moment run in the order of their starts, also if "
        "hundreds of thousands of starts lie between, or happen while they "
        "run.",
        "npipe/timer.h") {
  timer_begin(f, 0, 0);
  timer_begin(f, 1, 0);
  start_often(f);
  timer_begin(f, 2, 0);
  timer_begin(f, 3, 0);
  f->timers[1].then = then_start_often;
  assert_np_ok(loop_run(f));
  for (unsigned i = 0; i < 4; i++) {
    assert_int_equal(f->timers[i].order, i + 1);
    assert_int_equal(f->timers[i].run_count, 1);
  }
}

NP_CASE("timer/many", np_timer_start, NO_MODE, NP_OK,
        "Of hundreds of timers that are started and stopped in any order, "
        "each remaining timer runs once, in the order of the deadlines.",
        "npipe/timer.h") {
  enum { MANY = 400 };
  static struct timer_recorder many[MANY];
  unsigned ran = 0;

  memset(many, 0, sizeof(many));
  for (unsigned i = 0; i < MANY; i++) {
    assert_np_ok(
        np_timer_start(f->loop, &many[i].timer, (i * 7919u) % 97u, on_timer));
  }
  for (unsigned i = 0; i < MANY; i += 3) {
    np_timer_stop(&many[(i * 31u) % MANY].timer);
  }
  for (unsigned i = 0; i < MANY; i++) {
    ran += np_timer_is_active(&many[i].timer) ? 1u : 0u;
  }
  assert_true(ran > 0 && ran < MANY);
  assert_np_ok(loop_run(f));
  assert_int_equal(f->order, ran);
  for (unsigned i = 0; i < MANY; i++) {
    unsigned j;

    assert_true(many[i].run_count <= 1);
    for (j = 0; j < i && many[i].run_count == 1; j++) {
      /* All starts together take less than 50 ms, so delays that are 50 ms
       * apart cannot change their order. */
      if (many[j].run_count == 1 &&
          (i * 7919u) % 97u + 50u < (j * 7919u) % 97u) {
        assert_true(many[i].order < many[j].order);
      }
    }
  }
}

NP_CASE("timer/start-again", np_timer_start, NO_MODE, NP_OK,
        "Started anew, later or sooner, an active timer runs once, at its new "
        "time.",
        "npipe/timer.h") {
  uint64_t begin_ms = world_now_ms();

  timer_begin(f, 0, 10);
  timer_begin(f, 0, 60);
  timer_begin(f, 1, 30);
  timer_begin(f, 2, 60000);
  timer_begin(f, 2, 1);
  assert_np_ok(loop_run(f));
  assert_int_equal(f->timers[0].run_count, 1);
  assert_int_equal(f->timers[1].run_count, 1);
  assert_int_equal(f->timers[2].run_count, 1);
  assert_true(f->timers[2].order < f->timers[1].order);
  assert_true(f->timers[1].order < f->timers[0].order);
  assert_true(world_now_ms() - begin_ms < 60000);
}

static void then_start_now(np_fixture *f, struct timer_recorder *recorder) {
  assert_false(np_timer_is_active(&recorder->timer));
  if (recorder->run_count < 4) {
    assert_np_ok(np_timer_start(f->loop, &recorder->timer, 0, on_timer));
    assert_true(np_timer_is_active(&recorder->timer));
  }
}

NP_CASE("timer/again-in-callback", np_timer_start, NO_MODE, NP_OK,
        "A timer may start itself again in its callback. Without a delay it "
        "runs in the next turn, so other work can run, too.",
        "npipe/timer.h") {
  f->timers[0].then = then_start_now;
  timer_begin(f, 0, 0);
  timer_begin(f, 1, 0);
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->timers[0].run_count, 4);
  assert_int_equal(f->timers[1].order, 2);
  assert_int_equal(f->tasks[0].run_count, 1);
}

static void then_start_for_ever(np_fixture *f,
                                struct timer_recorder *recorder) {
  assert_true(recorder->run_count < 100000);
  assert_np_ok(np_timer_start(f->loop, &recorder->timer, 0, on_timer));
}

static void then_stop_loop(np_fixture *f, struct task_recorder *recorder) {
  (void)recorder;
  assert_np_ok(np_loop_stop(f->loop));
}

NP_CASE("timer/no-starving", np_timer_start, NO_MODE, NP_OK,
        "A timer that starts itself for ever without a delay keeps no posted "
        "task waiting.",
        "npipe/timer.h") {
  f->timers[0].then = then_start_for_ever;
  f->tasks[0].then = then_stop_loop;
  timer_begin(f, 0, 0);
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->tasks[0].run_count, 1);
  assert_true(f->timers[0].run_count < 1000);
}

static void timer_scrap(np_timer *timer) {
  unsigned *runs = timer->user;

  callback_begin();
  ++*runs;
  memset(timer, 0xDD, sizeof(*timer));
  callback_end();
}

NP_CASE("timer/storage-reused", np_timer_start, NO_MODE, NP_OK,
        "Once its function began the timer's storage is the caller's: the loop "
        "does not touch it again.",
        "npipe/timer.h") {
  np_timer timer;
  unsigned runs = 0;

  memset(&timer, 0, sizeof(timer));
  timer.user = &runs;
  assert_np_ok(np_timer_start(f->loop, &timer, 1, timer_scrap));
  timer_begin(f, 0, 20);
  assert_np_ok(loop_run(f));
  assert_int_equal(runs, 1);
  assert_int_equal(f->timers[0].run_count, 1);
}

NP_CASE("timer/longest-delay", np_timer_start, NO_MODE, NP_OK,
        "The longest delay is 49 days, not for ever and not at once.",
        "npipe/timer.h") {
  uint32_t wait_ms;

  timer_begin(f, 0, UINT32_MAX);
  wait_ms = np_loop_wait_ms(f->loop);
  assert_true(wait_ms > UINT32_MAX - 60000);
  assert_true(wait_ms != INFINITE);
  assert_np_error(loop_turn(f, 0), WAIT_TIMEOUT);
  assert_int_equal(f->timers[0].run_count, 0);
}

NP_CASE("timer/start-null", np_timer_start, NO_MODE, ERROR_INVALID_PARAMETER,
        "A NULL is refused and nothing changes.", "npipe/timer.h") {
  np_timer *timer = &f->timers[0].timer;

  assert_invalid(np_timer_start(NULL, timer, 1, on_timer));
  assert_invalid(np_timer_start(f->loop, NULL, 1, on_timer));
  assert_invalid(np_timer_start(f->loop, timer, 1, NULL));
  assert_false(np_timer_is_active(timer));
  timer_begin(f, 0, 60000);
  assert_invalid(np_timer_start(f->loop, timer, 1, NULL));
  assert_true(np_timer_is_active(timer));
  assert_true(np_loop_wait_ms(f->loop) > 1000);
}

NP_CASE("timer/start-other-loop", np_timer_start, NO_MODE, ERROR_BUSY,
        "A timer that is active on one loop is refused by another and still "
        "runs on the first.",
        "npipe/timer.h") {
  np_loop *other = NULL;

  assert_np_ok(np_loop_create(NULL, &other));
  timer_begin(f, 0, 1);
  assert_np_error(np_timer_start(other, &f->timers[0].timer, 1, on_timer),
                  ERROR_BUSY);
  assert_false(np_loop_is_pending(other));
  assert_np_ok(np_loop_destroy(other));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->timers[0].run_count, 1);
}

NP_CASE("timer/stop", np_timer_stop, NO_MODE, NP_OK,
        "The function of a stopped timer does not run.", "npipe/timer.h") {
  timer_begin(f, 0, 1);
  timer_begin(f, 1, 30);
  np_timer_stop(&f->timers[0].timer);
  assert_np_ok(loop_run(f));
  assert_int_equal(f->timers[0].run_count, 0);
  assert_int_equal(f->timers[1].run_count, 1);
}

NP_CASE("timer/stop-nothing", np_timer_stop, NO_MODE, NP_OK,
        "Stopping NULL, or a timer that was never started, has run or was "
        "stopped, does nothing.",
        "npipe/timer.h") {
  np_timer_stop(NULL);
  np_timer_stop(&f->timers[0].timer);
  timer_begin(f, 0, 0);
  assert_np_ok(loop_run(f));
  np_timer_stop(&f->timers[0].timer);
  timer_begin(f, 0, 1);
  np_timer_stop(&f->timers[0].timer);
  np_timer_stop(&f->timers[0].timer);
  assert_false(np_loop_is_pending(f->loop));
}

static void then_stop_others(np_fixture *f, struct timer_recorder *recorder) {
  np_timer_stop(&recorder->timer);
  np_timer_stop(&f->timers[1].timer);
}

NP_CASE("timer/stop-in-callback", np_timer_stop, NO_MODE, NP_OK,
        "A timer's function may stop another that is due in the same turn, and "
        "itself.",
        "npipe/timer.h") {
  f->timers[0].then = then_stop_others;
  timer_begin(f, 0, 0);
  timer_begin(f, 1, 0);
  timer_begin(f, 2, 0);
  assert_np_ok(loop_run(f));
  assert_int_equal(f->timers[0].run_count, 1);
  assert_int_equal(f->timers[1].run_count, 0);
  assert_int_equal(f->timers[2].run_count, 1);
}

NP_CASE("timer/is-active", np_timer_is_active, NO_MODE, NP_OK,
        "A timer is active from its start until its function begins or the "
        "timer is stopped.",
        "npipe/timer.h") {
  assert_false(np_timer_is_active(&f->timers[0].timer));
  timer_begin(f, 0, 1);
  assert_true(np_timer_is_active(&f->timers[0].timer));
  np_timer_stop(&f->timers[0].timer);
  assert_false(np_timer_is_active(&f->timers[0].timer));
  f->timers[1].then = then_start_now;
  timer_begin(f, 1, 1);
  assert_np_ok(loop_run(f));
  assert_false(np_timer_is_active(&f->timers[1].timer));
}

NP_CASE("timer/no-memory", np_timer_start, NO_MODE, NP_OK,
        "Timers take no memory from the allocator.", "npipe/timer.h") {
  size_t total = f->allocator.total;

  for (unsigned i = 0; i < TIMERS_MAX; i++) {
    timer_begin(f, i, i);
  }
  assert_np_ok(loop_run(f));
  assert_int_equal(f->allocator.total, total);
}
