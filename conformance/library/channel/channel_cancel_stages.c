/* Channels: operations that the library carries out in several steps are
 * cancelled, or time out, in each of the steps. An accepted cancel is never
 * lost: the operation ends as cancelled, or with its true result. */
#include "channel_common.h"
#include "library/rounds.h"

enum { STAGES_MAX = 12, BIG = 70000 };

static np_channel_options half_close_at_once(void) {
  np_channel_options options = channel_options();

  options.half_close = true;
  options.gather = false;
  return options;
}

NP_CASE("channel-cancel-stages/half-close-behind-a-cancel", np_channel_shutdown,
        MODE_MESSAGE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "A half-close that begins after the cancel of a message reports the "
        "cancel, and the peer gets no cut message.",
        "npipe/channel.h") {
  np_channel_options options = half_close_at_once();
  static char big[5000];

  server_quotas(f, 100, 100);
  /* A channel that gathers sends at the end of the turn. */
  options.gather = true;
  channel_pair(f, &options);
  send_begin(&f->ops[0], f->channel, big, sizeof(big));
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  channel_shutdown_begin(&f->ops[1], f->channel);
  assert_ends(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  assert_ends(&f->ops[1], ERROR_OPERATION_ABORTED, 0);
}

NP_CASE("channel-cancel-stages/half-close-cancel-at-once", np_channel_shutdown,
        MESSAGE_TYPE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "A half-close that is cancelled right after its start ends as "
        "cancelled, and messages can be sent again. A half-close with a time "
        "limit can time out.",
        "npipe/op.h") {
  const np_channel_options options = half_close_at_once();

  channel_pair(f, &options);
  message_send(f, f->channel, "unread", 6);
  channel_shutdown_begin(&f->ops[0], f->channel);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  assert_aborts(&f->ops[0]);
  f->ops[1].op.timeout_ms = 1;
  channel_shutdown_begin(&f->ops[1], f->channel);
  assert_next(&f->ops[1], WAIT_TIMEOUT, 0);
  message_send(f, f->channel, "more", 4);
  assert_message(f, f->opposite, "unread", 6);
  assert_message(f, f->opposite, "more", 4);
}

static void then_cancel_next(np_fixture *f, struct recorder *recorder) {
  assert_np_ok(recorder->result);
  assert_np_ok(np_op_cancel(&f->ops[1].op));
}

NP_CASE("channel-cancel-stages/half-close-cancel-in-callback",
        np_channel_shutdown, MESSAGE_TYPE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "A half-close that is cancelled in the callback of the message before "
        "it ends, and messages can be sent again.",
        "npipe/op.h") {
  const np_channel_options options = half_close_at_once();

  channel_pair(f, &options);
  f->ops[0].then = then_cancel_next;
  send_begin(&f->ops[0], f->channel, "one", 3);
  channel_shutdown_begin(&f->ops[1], f->channel);
  loop_until(f, 2);
  assert_done(&f->ops[1], ERROR_OPERATION_ABORTED, 0);
  message_send(f, f->channel, "two", 3);
  assert_message(f, f->opposite, "one", 3);
  assert_message(f, f->opposite, "two", 3);
}

NP_CASE("channel-cancel-stages/half-close-cancel-each-stage",
        np_channel_shutdown, MESSAGE_TYPE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "A half-close is cancelled after each possible turn of the loop, while "
        "the peer reads. If it ends as cancelled, messages can be sent again. "
        "If it ends with success, the peer reads the end.",
        "npipe/op.h") {
  const np_channel_options options = half_close_at_once();

  for (unsigned turns = 0; turns < STAGES_MAX; turns++) {
    struct recorder *shutdown = &f->ops[turns];
    np_error error;

    channel_pair(f, &options);
    message_send(f, f->channel, "one", 3);
    channel_shutdown_begin(shutdown, f->channel);
    receive_begin(&f->ops[STAGES_MAX + turns], f->opposite);
    receive_begin(&f->ops[2 * STAGES_MAX + turns], f->opposite);
    for (unsigned i = 0; i < turns; i++) {
      loop_turn(f, i % 2 == 0 ? 0 : LOOP_QUIET_MS);
    }
    error = np_op_cancel(&shutdown->op);
    assert_np_error(error, shutdown->done_count == 0 ? error : ERROR_NOT_FOUND);
    loop_until_count(f, &shutdown->done_count, 1);
    assert_true(error == NP_OK || shutdown->result == NP_OK);
    museum_done_either(shutdown, NP_OK, ERROR_OPERATION_ABORTED);
    if (shutdown->result != NP_OK) {
      message_send(f, f->channel, "two", 3);
    }
    loop_until_count(f, &f->ops[2 * STAGES_MAX + turns].done_count, 1);
    assert_np_error(f->ops[2 * STAGES_MAX + turns].result,
                    shutdown->result == NP_OK ? ERROR_BROKEN_PIPE : NP_OK);
    channel_close(f, f->channel);
    channel_close(f, f->opposite);
    loop_until_count(f, &f->closed_count, f->closing_count);
  }
}

/* On a message pipe without framing a send is one write. It may already have
 * its result; np_op_cancel then returns ERROR_NOT_FOUND. */
static void task_cancel_op(np_fixture *f, struct task_recorder *recorder) {
  const np_error error = np_op_cancel(&f->ops[0].op);

  (void)recorder;
  assert_true(error == NP_OK || error == ERROR_NOT_FOUND);
  assert_true(error == NP_OK || !is_framed(f) || f->ops[0].done_count > 0);
}

NP_CASE("channel-cancel-stages/receive-into-cancel-ended",
        np_channel_receive_into, ANY_MODE | BOTH_ENDS, NP_OK,
        "A receive into the caller's buffer is cancelled between the arrival "
        "of its message and its callback. It reports the message or the "
        "cancel. The message is not lost.",
        "npipe/op.h") {
  static const char frame[] = "\0\0\0\3abc";

  channel_open(f, NULL);
  receive_into_begin(&f->ops[0], f->channel, 16);
  reads_post(f);
  f->tasks[0].then = task_cancel_op;
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  write_begin(&f->ops[1], f->peer, is_framed(f) ? frame : frame + 4,
              is_framed(f) ? 7 : 3);
  loop_until(f, 2);
  museum_done_either(&f->ops[0], NP_OK, ERROR_OPERATION_ABORTED);
  if (f->ops[0].result == NP_OK) {
    assert_memory_equal(f->ops[0].buffer, "abc", 3);
  } else {
    assert_message(f, f->channel, "abc", 3);
  }
}

NP_CASE("channel-cancel-stages/send-cancel-ended", np_channel_send,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "A send from the caller's memory is cancelled after the peer has read "
        "its message and before its callback. The send reports success.",
        "npipe/op.h") {
  static char big[BIG];
  static char read[BIG + 16];
  size_t length = 0;

  server_quotas(f, 64, 64);
  channel_open(f, NULL);
  send_begin(&f->ops[0], f->channel, big, sizeof(big));
  assert_quiet(f, 0);
  f->tasks[0].then = task_cancel_op;
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  /* Reads without the loop: the packet of the write then comes after the packet
   * of the task. */
  while (length < sizeof(big)) {
    length += museum_take_raw(f->peer, read, sizeof(read));
  }
  assert_next(&f->ops[0], NP_OK, sizeof(big));
  message_send(f, f->channel, "next", 4);
}
