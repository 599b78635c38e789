/* Channels: a send is cancelled or times out. The outcome depends on how far
 * the message has gone: not sent, copied by the kernel, or being written. */
#include "channel_common.h"

NP_CASE("channel-cancel/cancel-unsent", np_channel_send, BYTE_READS | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A message that the kernel was not given leaves no trace.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  send_begin(&f->ops[0], f->channel, "one", 3);
  send_begin(&f->ops[1], f->channel, "two", 3);
  send_begin(&f->ops[2], f->channel, "three", 5);
  assert_np_ok(np_op_cancel(&f->ops[1].op));
  assert_ends(&f->ops[0], NP_OK, 3);
  assert_ends(&f->ops[1], ERROR_OPERATION_ABORTED, 0);
  assert_ends(&f->ops[2], NP_OK, 5);
  assert_message(f, f->opposite, "one", 3);
  assert_message(f, f->opposite, "three", 5);
}

NP_CASE("channel-cancel/cancel-all-unsent", np_channel_send,
        BYTE_READS | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "If all messages of a turn are cancelled, nothing is written.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  send_begin(&f->ops[0], f->channel, "one", 3);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  assert_np_error(np_op_cancel(&f->ops[0].op), ERROR_NOT_FOUND);
  loop_until(f, 1);
  assert_message_passes(f, f->channel, f->opposite, "two", 3);
}

static void small_quota(np_fixture *f) {
  server_quotas(f, 64, 64);
}

NP_CASE("channel-cancel/cancel-copied", np_channel_send, BYTE_READS | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A cancelled send shares a write with other sends. It is abandoned "
        "once the kernel has the write: its callback runs at once, and the "
        "write and the channel go on.",
        "npipe/channel.h; museum L14") {
  small_quota(f);
  channel_pair(f, NULL);
  memset(f->ops[1].buffer, 'x', 100);
  send_begin(&f->ops[0], f->channel, "one", 3);
  send_begin(&f->ops[1], f->channel, f->ops[1].buffer, 100);
  send_begin(&f->ops[2], f->channel, "three", 5);
  assert_quiet(f, 0);
  assert_aborts(&f->ops[1]);
  memset(f->ops[1].buffer, '!', 100); /* The caller owns the buffer again. */
  memset(f->ops[4].buffer, 'x', 100);
  send_begin(&f->ops[3], f->channel, "four", 4);
  assert_message(f, f->opposite, "one", 3);
  assert_message(f, f->opposite, f->ops[4].buffer, 100);
  assert_message(f, f->opposite, "three", 5);
  assert_message(f, f->opposite, "four", 4);
  assert_ends(&f->ops[0], NP_OK, 3);
  assert_ends(&f->ops[2], NP_OK, 5);
}

NP_CASE("channel-cancel/timeout-copied", np_channel_send,
        BYTE_READS | BOTH_ENDS, WAIT_TIMEOUT,
        "A send that shares a write with other sends is abandoned when it "
        "times out. Its callback runs at once. The write and the channel go "
        "on.",
        "npipe/channel.h") {
  static char big[200];

  small_quota(f);
  channel_pair(f, NULL);
  f->ops[0].op.timeout_ms = 20;
  send_begin(&f->ops[0], f->channel, big, sizeof(big));
  assert_next(&f->ops[0], WAIT_TIMEOUT, 0);
  send_begin(&f->ops[1], f->channel, "next", 4);
  assert_message(f, f->opposite, big, sizeof(big));
  assert_message(f, f->opposite, "next", 4);
  assert_next(&f->ops[1], NP_OK, 4);
}

NP_CASE("channel-cancel/detach-abandoned", np_channel_detach,
        BYTE_READS | BOTH_ENDS, ERROR_BUSY,
        "A channel cannot be detached in the callback of an abandoned send; "
        "it can be detached when the peer has read the message.",
        "npipe/channel.h") {
  np_pipe *pipe = NULL;
  static char big[200];

  small_quota(f);
  channel_pair(f, NULL);
  send_begin(&f->ops[0], f->channel, big, sizeof(big));
  loop_quiet(f);
  assert_aborts(&f->ops[0]);
  assert_np_error(np_channel_detach(f->channel, &pipe), ERROR_BUSY);
  assert_message(f, f->opposite, big, sizeof(big));
  loop_quiet(f);
  assert_np_ok(np_channel_detach(f->channel, &pipe));
  f->channel = NULL;
  pipe_own(f, pipe);
}

NP_CASE("channel-cancel/cancel-in-place", np_channel_send, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A cancelled send that the kernel writes from the caller's memory is "
        "cut: sending fails for good, for waiting sends too; receiving goes "
        "on.",
        "npipe/channel.h; museum L14") {
  static char big[70000];
  const char *scribbled;

  small_quota(f);
  channel_pair(f, NULL);
  send_begin(&f->ops[0], f->channel, big, sizeof(big));
  assert_quiet(f, 0);
  if (is_framed(f)) {
    send_begin(&f->ops[1], f->channel, "waits", 5);
    channel_shutdown_begin(&f->ops[2], f->channel);
  }
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  loop_until(f, is_framed(f) ? 3 : 1);
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  scribbled = memset(big, '!', sizeof(big)); /* The caller owns `big` again. */
  if (is_framed(f)) {
    assert_done(&f->ops[1], ERROR_OPERATION_ABORTED, 0);
    assert_done(&f->ops[2], ERROR_OPERATION_ABORTED, 0);
  }
  send_begin(&f->ops[3], f->channel, "next", 4);
  channel_shutdown_begin(&f->ops[4], f->channel);
  assert_ends(&f->ops[3], ERROR_OPERATION_ABORTED, 0);
  assert_ends(&f->ops[4], ERROR_OPERATION_ABORTED, 0);
  message_send(f, f->opposite, scribbled, 3);
  assert_message(f, f->channel, "!!!", 3);
}

NP_CASE("channel-cancel/timeout-in-place", np_channel_send,
        ANY_MODE | BOTH_ENDS, WAIT_TIMEOUT,
        "A send that times out while the kernel writes it from the caller's "
        "memory is cut. Later sends end with WAIT_TIMEOUT, too.",
        "npipe/channel.h") {
  static char big[70000];

  small_quota(f);
  channel_pair(f, NULL);
  f->ops[0].op.timeout_ms = 20;
  send_begin(&f->ops[0], f->channel, big, sizeof(big));
  assert_next(&f->ops[0], WAIT_TIMEOUT, 0);
  send_begin(&f->ops[1], f->channel, "next", 4);
  assert_next(&f->ops[1], WAIT_TIMEOUT, 0);
}

NP_CASE("channel-cancel/cancel-behind-header", np_channel_send,
        BYTE_READS | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "A cancelled send whose header the kernel already has cuts the stream: "
        "later sends fail. A message in the same write as the header keeps its "
        "own result.",
        "npipe/channel.h") {
  static char big[70000];
  static char other[100];

  small_quota(f);
  channel_pair(f, NULL);
  send_begin(&f->ops[0], f->channel, other, sizeof(other));
  send_begin(&f->ops[1], f->channel, big, sizeof(big));
  loop_quiet(f);
  send_begin(&f->ops[2], f->channel, "waits", 5);
  assert_np_ok(np_op_cancel(&f->ops[1].op));
  assert_ends(&f->ops[1], ERROR_OPERATION_ABORTED, 0);
  assert_ends(&f->ops[2], ERROR_OPERATION_ABORTED, 0);
  assert_message(f, f->opposite, other, sizeof(other));
  assert_next(&f->ops[0], NP_OK, sizeof(other));
  send_begin(&f->ops[3], f->channel, "next", 4);
  assert_next(&f->ops[3], ERROR_OPERATION_ABORTED, 0);
}

NP_CASE("channel-cancel/peer-closes-in-write", np_channel_send,
        ANY_MODE | BOTH_ENDS, ERROR_BROKEN_PIPE,
        "The peer closes while a write waits. The sends of this write end, and "
        "the sends that wait behind it end, too.",
        "WriteFile#pipes") {
  static char big[8000];

  small_quota(f);
  channel_pair(f, NULL);
  send_begin(&f->ops[0], f->channel, big, sizeof(big));
  send_begin(&f->ops[1], f->channel, big, sizeof(big));
  loop_quiet(f);
  send_begin(&f->ops[2], f->channel, big, 100);
  channel_close(f, f->opposite);
  loop_until(f, 3);
  for (unsigned i = 0; i < 3; i++) {
    assert_done(&f->ops[i], ERROR_BROKEN_PIPE, 0);
  }
}

static void task_cancel_first(np_fixture *f, struct task_recorder *recorder) {
  (void)recorder;
  assert_np_ok(np_op_cancel(&f->ops[0].op));
}

NP_CASE("channel-cancel/receive-cancel-order", np_channel_receive,
        ANY_MODE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "A receive is cancelled while a message is there for the next receive. "
        "The callback of the cancelled one runs first.",
        "npipe/channel.h") {
  static const char frame[] = "\0\0\0\3abc";

  channel_open(f, NULL);
  receive_begin(&f->ops[0], f->channel);
  receive_begin(&f->ops[1], f->channel);
  reads_post(f);
  f->tasks[0].then = task_cancel_first;
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  write_begin(&f->ops[2], f->peer, is_framed(f) ? frame : frame + 4,
              is_framed(f) ? 7 : 3);
  loop_until(f, 3);
  assert_np_error(f->ops[0].result, ERROR_OPERATION_ABORTED);
  assert_done(&f->ops[1], NP_OK, 3);
  assert_memory_equal(f->ops[1].buffer, "abc", 3);
  assert_true(f->ops[0].order < f->ops[1].order);
}
