/* The time limit of an operation, np_op.timeout_ms. */
#include "library/fixture.h"

enum { SMALL = 100, LARGE = 1000, LIMIT_MS = 30 };

static const char large[LARGE] = "large";

/* The cases' clock may be one tick behind the loop's clock. */
enum { TICK_MS = 16 };

static void small_pair_open(np_fixture *f) {
  pair_open_quota(f, SMALL);
}

static void assert_passed(uint64_t begin_ms, uint64_t ms) {
  uint64_t passed_ms = world_now_ms() - begin_ms;

  assert_true(passed_ms + TICK_MS >= ms);
  assert_true(passed_ms < LOOP_WAIT_MS);
}

NP_CASE("timeout/read", np_pipe_read, ANY_MODE | BOTH_ENDS, WAIT_TIMEOUT,
        "A read without data ends with WAIT_TIMEOUT at its time limit, not "
        "sooner, and takes nothing of later data.",
        "CancelIoEx") {
  uint64_t begin_ms = world_now_ms();

  pair_open(f);
  f->ops[0].op.timeout_ms = LIMIT_MS;
  read_begin(&f->ops[0], f->end, 16);
  loop_until(f, 1);
  assert_passed(begin_ms, LIMIT_MS);
  assert_done(&f->ops[0], WAIT_TIMEOUT, 0);
  assert_passes(f, f->peer, f->end, "abc", 3);
}

NP_CASE("timeout/read-put-off", np_pipe_read, ANY_MODE | BOTH_ENDS,
        WAIT_TIMEOUT,
        "A read whose time is over before the loop runs ends with WAIT_TIMEOUT "
        "too.",
        "npipe/op.h") {
  np_loop *clock = NULL;

  pair_open(f);
  f->ops[0].op.timeout_ms = 1;
  read_begin(&f->ops[0], f->end, 16);
  /* Time passes while another loop runs. */
  assert_np_ok(np_loop_create(NULL, &clock));
  assert_np_error(np_loop_run_once(clock, 40), WAIT_TIMEOUT);
  assert_np_ok(np_loop_destroy(clock));
  assert_next(&f->ops[0], WAIT_TIMEOUT, 0);
}

NP_CASE("timeout/next-turn", np_pipe_read, ANY_MODE | BOTH_ENDS, WAIT_TIMEOUT,
        "A read whose time is over ends in the turn that begins next, although "
        "the function of a timer runs in this turn.",
        "npipe/op.h") {
  np_loop *clock = NULL;

  pair_open(f);
  f->ops[0].op.timeout_ms = 1;
  read_begin(&f->ops[0], f->end, 16);
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 1, on_timer));
  assert_np_ok(np_loop_create(NULL, &clock));
  assert_np_error(np_loop_run_once(clock, 40), WAIT_TIMEOUT);
  assert_np_ok(np_loop_destroy(clock));
  assert_np_ok(loop_turn(f, LOOP_WAIT_MS));
  assert_int_equal(f->timers[0].run_count, 1);
  assert_int_equal(f->ops[0].done_count, 1);
  assert_done(&f->ops[0], WAIT_TIMEOUT, 0);
}

NP_CASE("timeout/read-from-the-start", np_pipe_read, MODE_BYTE | BOTH_ENDS,
        WAIT_TIMEOUT,
        "The time limit of a read begins with its start, not when the loop "
        "passes the read to the kernel.",
        "npipe/op.h") {
  uint64_t begin_ms = world_now_ms();
  np_loop *clock = NULL;

  pair_open(f);
  f->ops[0].op.timeout_ms = 1000;
  read_begin(&f->ops[0], f->end, 16);
  assert_np_ok(np_loop_create(NULL, &clock));
  assert_np_error(np_loop_run_once(clock, 800), WAIT_TIMEOUT);
  assert_np_ok(np_loop_destroy(clock));
  assert_next(&f->ops[0], WAIT_TIMEOUT, 0);
  assert_true(world_now_ms() - begin_ms < 1000 + 700);
}

NP_CASE("timeout/write", np_pipe_write, ANY_MODE | BOTH_ENDS, WAIT_TIMEOUT,
        "A write without room ends with WAIT_TIMEOUT at its time limit.",
        "CancelIoEx") {
  uint64_t begin_ms = world_now_ms();

  small_pair_open(f);
  f->ops[0].op.timeout_ms = LIMIT_MS;
  write_begin(&f->ops[0], f->end, large, LARGE);
  loop_until(f, 1);
  assert_passed(begin_ms, LIMIT_MS);
  assert_int_equal(f->ops[0].result, WAIT_TIMEOUT);
}

NP_CASE("timeout/connect", np_server_connect, ANY_MODE, WAIT_TIMEOUT,
        "A connect without a client ends with WAIT_TIMEOUT; the instance still "
        "listens, and the next connect reports the client that comes.",
        "ConnectNamedPipe#remarks") {
  uint64_t begin_ms = world_now_ms();

  server_listen(f);
  f->ops[0].op.timeout_ms = LIMIT_MS;
  connect_begin(&f->ops[0], f->server);
  loop_until(f, 1);
  assert_passed(begin_ms, LIMIT_MS);
  assert_done(&f->ops[0], WAIT_TIMEOUT, 0);
  client_open_end(f);
  assert_connects(&f->ops[1], f->server, NP_OK, 0);
}

NP_CASE("timeout/shutdown", np_pipe_shutdown, ANY_MODE | BOTH_ENDS,
        WAIT_TIMEOUT,
        "A shutdown that waits too long for a write ends with WAIT_TIMEOUT; "
        "the write goes on.",
        "npipe/io.h") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->end, large, LARGE);
  f->ops[1].op.timeout_ms = LIMIT_MS;
  assert_shutdowns(&f->ops[1], f->end, WAIT_TIMEOUT, 0);
  assert_received(f, f->peer, large, LARGE);
  assert_next(&f->ops[0], NP_OK, LARGE);
}

NP_CASE("timeout/in-time", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "An operation that ends before its time limit has its true result. Its "
        "timer is gone and does not keep the loop running.",
        "npipe/op.h") {
  uint64_t begin_ms = world_now_ms();

  pair_open(f);
  f->ops[0].op.timeout_ms = 60000;
  f->ops[1].op.timeout_ms = 60000;
  read_pend(f, &f->ops[0], f->end, 16);
  write_begin(&f->ops[1], f->peer, "abc", 3);
  assert_np_ok(loop_run(f));
  assert_done(&f->ops[0], NP_OK, 3);
  assert_done(&f->ops[1], NP_OK, 3);
  assert_false(np_loop_is_pending(f->loop));
  assert_true(world_now_ms() - begin_ms < 60000);
}

NP_CASE("timeout/zero-is-for-ever", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "Without a limit an operation waits as long as it takes.",
        "npipe/op.h") {
  pair_open(f);
  f->ops[0].op.timeout_ms = 0;
  read_begin(&f->ops[0], f->end, 16);
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 100, on_timer));
  loop_until_count(f, &f->timers[0].run_count, 1);
  assert_int_equal(f->done_count, 0);
  pipe_send(f, f->peer, "abc", 3);
  assert_next(&f->ops[0], NP_OK, 3);
}

static void then_read_again(np_fixture *f, struct recorder *recorder) {
  if (recorder->done_count < 3) {
    read_begin(recorder, f->end, 16);
  }
}

NP_CASE("timeout/kept", np_pipe_read, ANY_MODE | BOTH_ENDS, WAIT_TIMEOUT,
        "The limit is kept: an operation started again by its callback has it "
        "anew.",
        "npipe/op.h") {
  uint64_t begin_ms = world_now_ms();

  pair_open(f);
  f->ops[0].op.timeout_ms = LIMIT_MS;
  f->ops[0].then = then_read_again;
  read_begin(&f->ops[0], f->end, 16);
  loop_until(f, 3);
  assert_passed(begin_ms, 3 * LIMIT_MS);
  assert_done(&f->ops[0], WAIT_TIMEOUT, 0);
  assert_int_equal(f->ops[0].op.timeout_ms, LIMIT_MS);
}

NP_CASE("timeout/one-of-several", np_pipe_read, ANY_MODE | BOTH_ENDS,
        WAIT_TIMEOUT,
        "The time limit of one read ends only this read: the others stay in "
        "flight.",
        "npipe/op.h") {
  pair_open(f);
  f->ops[1].op.timeout_ms = LIMIT_MS;
  read_begin(&f->ops[0], f->end, 3);
  read_begin(&f->ops[1], f->end, 3);
  read_begin(&f->ops[2], f->end, 3);
  assert_next(&f->ops[1], WAIT_TIMEOUT, 0);
  write_begin(&f->ops[3], f->peer, "one", 3);
  write_begin(&f->ops[4], f->peer, "two", 3);
  loop_until(f, 5);
  assert_memory_equal(f->ops[0].buffer, "one", 3);
  assert_memory_equal(f->ops[2].buffer, "two", 3);
}

NP_CASE("timeout/order", np_pipe_read, ANY_MODE | BOTH_ENDS, WAIT_TIMEOUT,
        "The shorter of two time limits ends first, whichever operation began "
        "first.",
        "npipe/op.h") {
  pair_open(f);
  f->ops[0].op.timeout_ms = 4 * LIMIT_MS;
  f->ops[1].op.timeout_ms = LIMIT_MS;
  read_begin(&f->ops[0], f->end, 16);
  read_begin(&f->ops[1], f->end, 16);
  assert_ends(&f->ops[0], WAIT_TIMEOUT, 0);
  assert_ends(&f->ops[1], WAIT_TIMEOUT, 0);
  assert_true(f->ops[1].order < f->ops[0].order);
}

NP_CASE("timeout/cancelled-before", np_op_cancel, ANY_MODE | BOTH_ENDS, NP_OK,
        "An operation that is cancelled in its time ends with "
        "ERROR_OPERATION_ABORTED, not WAIT_TIMEOUT.",
        "npipe/op.h") {
  pair_open(f);
  f->ops[0].op.timeout_ms = 60000;
  read_pend(f, &f->ops[0], f->end, 16);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  assert_np_ok(loop_run(f));
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
}

NP_CASE("timeout/closed-before", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "An operation whose pipe is closed before the time limit ends with "
        "ERROR_OPERATION_ABORTED, not WAIT_TIMEOUT.",
        "npipe/op.h") {
  pair_open(f);
  f->ops[0].op.timeout_ms = 60000;
  read_pend(f, &f->ops[0], f->end, 16);
  pipe_close(f, f->end);
  assert_np_ok(loop_run(f));
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
}
