/* Fairness: work that completes at once, without the port, does not starve
 * packets, timers and tasks; and they do not starve such work. */
#include "library/channel/channel_common.h"

enum { CHAIN_MAX = 100000, SOON = 1000 };

/* then_write_for_ever starts the next write, which completes at once. The chain
 * ends when the case sets f->user. */
static void then_write_for_ever(np_fixture *f, struct recorder *recorder) {
  if (f->user != NULL) {
    return;
  }
  assert_true(recorder->done_count < CHAIN_MAX);
  write_begin(recorder, f->end, NULL, 0);
}

/* chain_begin opens a byte pipe, on which each empty write completes at
 * once. */
static void chain_begin(np_fixture *f) {
  pair_open(f);
  f->ops[0].then = then_write_for_ever;
  write_begin(&f->ops[0], f->end, NULL, 0);
}

static void chain_end(np_fixture *f) {
  static char end;

  f->user = &end;
}

static void timer_chain_end(np_fixture *f, struct timer_recorder *recorder) {
  (void)recorder;
  chain_end(f);
}

static void task_chain_end(np_fixture *f, struct task_recorder *recorder) {
  (void)recorder;
  chain_end(f);
}

static void then_chain_end(np_fixture *f, struct recorder *recorder) {
  (void)recorder;
  chain_end(f);
}

NP_CASE("fairness/timer", np_timer_start, MODE_BYTE | BOTH_ENDS, NP_OK,
        "An endless chain of operations that end at once does not keep a timer "
        "from running.",
        "npipe/loop.h") {
  chain_begin(f);
  f->timers[0].then = timer_chain_end;
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 0, on_timer));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->timers[0].run_count, 1);
  assert_true(f->ops[0].done_count < SOON);
}

NP_CASE("fairness/task", np_loop_post, MODE_BYTE | BOTH_ENDS, NP_OK,
        "An endless chain of operations that complete at once does not keep a "
        "posted task from running.",
        "npipe/loop.h") {
  chain_begin(f);
  f->tasks[0].then = task_chain_end;
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->tasks[0].run_count, 1);
  assert_true(f->ops[0].done_count < SOON);
}

NP_CASE("fairness/packet", np_pipe_read, MODE_BYTE | BOTH_ENDS, NP_OK,
        "An endless chain of operations that complete at once does not keep "
        "back an operation that completes by the port.",
        "npipe/loop.h") {
  f->server_options.instances_max = NP_INSTANCES_UNLIMITED;
  pair_open(f);
  read_pend(f, &f->ops[1], f->peer, 16);
  f->ops[1].then = then_chain_end;
  f->ops[0].then = then_write_for_ever;
  write_begin(&f->ops[0], f->end, NULL, 0);
  write_begin(&f->ops[2], f->end, "abc", 3);
  assert_np_ok(loop_run(f));
  assert_done(&f->ops[1], NP_OK, 3);
  assert_true(f->ops[0].done_count < SOON);
}

static void then_read_next(np_fixture *f, struct recorder *recorder) {
  assert_np_ok(recorder->result);
  if (f->user == NULL) {
    assert_true(recorder->done_count < CHAIN_MAX);
    write_begin(&f->ops[2], f->peer, "x", 1);
    read_begin(recorder, f->end, 1);
  }
}

NP_CASE("fairness/reads", np_pipe_read, MODE_BYTE | BOTH_ENDS, NP_OK,
        "A chain of reads that always find data keeps neither timer nor task "
        "waiting.",
        "npipe/loop.h") {
  pair_open(f);
  f->ops[0].then = then_read_next;
  pipe_send(f, f->peer, "x", 1);
  read_begin(&f->ops[0], f->end, 1);
  f->tasks[0].then = NULL;
  f->timers[0].then = timer_chain_end;
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 5, on_timer));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->tasks[0].run_count, 1);
  assert_int_equal(f->timers[0].run_count, 1);
}

static void then_post_for_ever(np_fixture *f, struct task_recorder *recorder) {
  if (f->user == NULL) {
    assert_true(recorder->run_count < CHAIN_MAX);
    assert_np_ok(np_loop_post(f->loop, &recorder->task, on_task));
  }
}

NP_CASE("fairness/tasks-and-immediate", np_pipe_write, MODE_BYTE | BOTH_ENDS,
        NP_OK,
        "A task that posts itself for ever keeps no operation and no timer "
        "waiting.",
        "npipe/loop.h") {
  pair_open(f);
  f->tasks[0].then = then_post_for_ever;
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  write_begin(&f->ops[0], f->end, "abc", 3);
  read_begin(&f->ops[1], f->peer, 3);
  f->timers[0].then = timer_chain_end;
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 5, on_timer));
  assert_np_ok(loop_run(f));
  assert_done(&f->ops[0], NP_OK, 3);
  assert_done(&f->ops[1], NP_OK, 3);
  assert_int_equal(f->timers[0].run_count, 1);
}

NP_CASE("fairness/two-pipes", np_pipe_write, MODE_BYTE | BOTH_ENDS, NP_OK,
        "A pipe with an endless chain keeps another pipe's operations from "
        "nothing.",
        "npipe/loop.h") {
  np_pipe *end;
  np_pipe *peer;

  pair_open(f);
  end = pipe_own(f, f->end);
  peer = pipe_own(f, f->peer);
  f->server = NULL;
  f->client = NULL;
  pair_open(f);
  read_begin(&f->ops[1], end, 16);
  f->ops[1].then = then_chain_end;
  f->ops[0].then = then_write_for_ever;
  write_begin(&f->ops[0], f->end, NULL, 0);
  write_begin(&f->ops[2], peer, "abc", 3);
  assert_np_ok(loop_run(f));
  assert_done(&f->ops[1], NP_OK, 3);
  assert_true(f->ops[0].done_count < SOON);
}

static void then_send_for_ever(np_fixture *f, struct recorder *recorder) {
  assert_np_ok(recorder->result);
  if (f->user == NULL) {
    assert_true(recorder->done_count < CHAIN_MAX);
    send_begin(recorder, f->channel, NULL, 0);
  }
}

NP_CASE("fairness/channel", np_channel_send, MODE_BYTE | BOTH_ENDS, NP_OK,
        "Messages that a channel has gathered are written before reads are "
        "passed to the kernel. But an endless chain of such messages does not "
        "delay the read of another pipe for ever.",
        "npipe/loop.h") {
  np_pipe *end;

  pair_open(f);
  end = pipe_own(f, f->end);
  pipe_send(f, pipe_own(f, f->peer), "abc", 3);
  f->server = NULL;
  f->client = NULL;
  pair_open(f);
  channel_on(f, f->end, NULL);
  f->ops[0].then = then_send_for_ever;
  then_send_for_ever(f, &f->ops[0]);
  read_begin(&f->ops[1], end, 16);
  f->ops[1].then = then_chain_end;
  assert_np_ok(loop_run(f));
  assert_done(&f->ops[1], NP_OK, 3);
  assert_true(f->ops[0].done_count < SOON);
}

NP_CASE("fairness/gathered", np_channel_send, MODE_BYTE | BOTH_ENDS, NP_OK,
        "An endless chain on one pipe does not keep the gathered messages of "
        "a channel on another pipe from being written.",
        "npipe/loop.h") {
  np_pipe *end;

  pair_open(f);
  end = pipe_own(f, f->end);
  pipe_own(f, f->peer);
  f->server = NULL;
  f->client = NULL;
  pair_open(f);
  channel_on(f, f->end, NULL);
  f->end = end;
  f->ops[0].then = then_write_for_ever;
  write_begin(&f->ops[0], f->end, NULL, 0);
  f->ops[1].then = then_chain_end;
  send_begin(&f->ops[1], f->channel, "abc", 3);
  assert_np_ok(loop_run(f));
  assert_done(&f->ops[1], NP_OK, 3);
  assert_true(f->ops[0].done_count < SOON);
}
