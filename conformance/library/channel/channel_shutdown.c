/* Channels: shutdown, and the half-close by an empty message. */
#include "channel_common.h"
#include "library/rounds.h"

NP_CASE("channel-shutdown/shutdown", np_channel_shutdown, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "A shutdown completes when the kernel has all earlier messages. The "
        "messages can be read after a close, and later messages may follow the "
        "shutdown.",
        "npipe/channel.h") {
  static char big[5000];

  server_quotas(f, 100, 100);
  channel_pair(f, NULL);
  send_begin(&f->ops[0], f->channel, big, sizeof(big));
  channel_shutdown_begin(&f->ops[1], f->channel);
  send_begin(&f->ops[2], f->channel, "after", 5);
  channel_shutdown_begin(&f->ops[3], f->channel);
  loop_quiet(f);
  assert_int_equal(f->ops[1].done_count, 0);
  assert_message(f, f->opposite, big, sizeof(big));
  loop_until(f, 4);
  assert_done(&f->ops[1], NP_OK, 0);
  assert_done(&f->ops[3], NP_OK, 0);
  channel_close(f, f->channel);
  loop_until_count(f, &f->closed_count, 1);
  assert_message(f, f->opposite, "after", 5);
  assert_no_message(f, f->opposite, ERROR_BROKEN_PIPE, 0);
}

NP_CASE("channel-shutdown/shutdown-idle", np_channel_shutdown,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "A shutdown without messages in flight completes at once, from the "
        "loop.",
        "npipe/channel.h") {
  channel_open(f, NULL);
  channel_shutdown_begin(&f->ops[0], f->channel);
  assert_next(&f->ops[0], NP_OK, 0);
}

NP_CASE("channel-shutdown/shutdown-parameters", np_channel_shutdown,
        ANY_MODE | BOTH_ENDS, ERROR_INVALID_PARAMETER, "Shutdown refuses NULL.",
        "npipe/channel.h") {
  channel_open(f, NULL);
  assert_invalid(np_channel_shutdown(NULL, &f->op, on_never));
  assert_invalid(np_channel_shutdown(f->channel, NULL, on_never));
  assert_invalid(np_channel_shutdown(f->channel, &f->op, NULL));
}

NP_CASE("channel-shutdown/shutdown-closing", np_channel_shutdown,
        ANY_MODE | BOTH_ENDS, ERROR_INVALID_HANDLE,
        "A channel that is being closed refuses a shutdown.",
        "npipe/channel.h") {
  np_channel *channel;

  channel_open(f, NULL);
  channel = f->channel;
  channel_close(f, channel);
  assert_np_error(np_channel_shutdown(channel, &f->op, on_never),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("channel-shutdown/shutdown-busy", np_channel_shutdown,
        ANY_MODE | BOTH_ENDS, ERROR_BUSY,
        "An operation in flight cannot be begun again.", "npipe/channel.h") {
  channel_open(f, NULL);
  receive_begin(&f->ops[0], f->channel);
  assert_np_error(np_channel_shutdown(f->channel, &f->ops[0].op, on_never),
                  ERROR_BUSY);
}

NP_CASE("channel-shutdown/shutdown-direction", np_channel_shutdown, ANY_MODE,
        ERROR_ACCESS_DENIED, "An end that can only read refuses a shutdown.",
        "npipe/channel.h") {
  options_inbound(f);
  channel_open(f, NULL);
  assert_np_error(np_channel_shutdown(f->channel, &f->op, on_never),
                  ERROR_ACCESS_DENIED);
}

NP_CASE("channel-shutdown/shutdown-cancel", np_channel_shutdown,
        ANY_MODE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "A shutdown can be cancelled while it waits; the messages go on.",
        "npipe/channel.h") {
  static char big[500];

  server_quotas(f, 100, 100);
  channel_pair(f, NULL);
  send_begin(&f->ops[0], f->channel, big, sizeof(big));
  channel_shutdown_begin(&f->ops[1], f->channel);
  loop_quiet(f);
  assert_aborts(&f->ops[1]);
  assert_message(f, f->opposite, big, sizeof(big));
  loop_until(f, 2);
}

NP_CASE("channel-shutdown/shutdown-timeout", np_channel_shutdown,
        ANY_MODE | BOTH_ENDS, WAIT_TIMEOUT,
        "A shutdown can time out while it waits; the messages go on.",
        "npipe/channel.h") {
  static char big[500];

  server_quotas(f, 100, 100);
  channel_pair(f, NULL);
  send_begin(&f->ops[0], f->channel, big, sizeof(big));
  f->ops[1].op.timeout_ms = 20;
  channel_shutdown_begin(&f->ops[1], f->channel);
  assert_next(&f->ops[1], WAIT_TIMEOUT, 0);
}

NP_CASE("channel-shutdown/shutdown-failed", np_channel_shutdown,
        ANY_MODE | BOTH_ENDS, ERROR_NO_DATA,
        "A shutdown reports the error of the first earlier message that "
        "failed while it waited.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  channel_close(f, f->opposite);
  loop_until_count(f, &f->closed_count, 1);
  send_begin(&f->ops[0], f->channel, "lost", 4);
  channel_shutdown_begin(&f->ops[1], f->channel);
  loop_until(f, 2);
  assert_done(&f->ops[0], ERROR_NO_DATA, 0);
  if (is_framed(f)) {
    assert_done(&f->ops[1], ERROR_NO_DATA, 0);
  } else {
    /* This send failed before the shutdown. */
    assert_done(&f->ops[1], NP_OK, 0);
  }
}

/* --- Half-close --------------------------------------------------------- */

static np_channel_options half_close(void) {
  np_channel_options options = channel_options();

  options.half_close = true;
  return options;
}

NP_CASE("channel-shutdown/half-close", np_channel_shutdown,
        MESSAGE_TYPE | BOTH_ENDS, NP_OK,
        "A half-close ends one direction: the peer reads all messages, then "
        "the end of the stream, and its answer still arrives.",
        "go-winio CloseWrite; museum D04 M11") {
  np_channel_options options = half_close();

  channel_pair(f, &options);
  message_send(f, f->channel, "request", 7);
  channel_shutdown_begin(&f->ops[0], f->channel);
  assert_message(f, f->opposite, "request", 7);
  assert_no_message(f, f->opposite, ERROR_BROKEN_PIPE, 0);
  assert_no_message(f, f->opposite, ERROR_BROKEN_PIPE, 0);
  assert_next(&f->ops[0], NP_OK, 0);
  assert_message_passes(f, f->opposite, f->channel, "answer", 6);
  channel_shutdown_begin(&f->ops[1], f->opposite);
  assert_no_message(f, f->channel, ERROR_BROKEN_PIPE, 0);
  loop_until(f, 2);
}

NP_CASE("channel-shutdown/half-close-waits", np_channel_shutdown,
        MESSAGE_TYPE | BOTH_ENDS, NP_OK,
        "The empty message is sent when the peer has read everything before "
        "it. Otherwise a read in byte mode may swallow the empty message.",
        "go-winio CloseWrite; museum M09") {
  np_channel_options options = half_close();
  char buffer[64];
  size_t length = 1;
  np_error error;

  channel_open(f, &options);
  message_send(f, f->channel, "request", 7);
  channel_shutdown_begin(&f->ops[0], f->channel);
  assert_quiet(f, 0);
  error = pipe_receive(f, f->peer, buffer, sizeof(buffer), &length);
  assert_np_ok(error);
  assert_int_equal(length, is_framed(f) ? 11 : 7);
  assert_np_ok(pipe_receive(f, f->peer, buffer, sizeof(buffer), &length));
  assert_int_equal(length, 0);
  assert_next(&f->ops[0], NP_OK, 0);
}

NP_CASE("channel-shutdown/half-close-received", np_channel_receive,
        MESSAGE_TYPE | BOTH_ENDS, ERROR_BROKEN_PIPE,
        "An empty message of a peer that is no channel ends its direction, for "
        "a receive into the caller's buffer too.",
        "go-winio CloseWrite; museum M11") {
  np_channel_options options = half_close();

  channel_open(f, &options);
  pipe_send(f, f->peer, NULL, 0);
  receive_into_begin(&f->ops[0], f->channel, 10);
  assert_next(&f->ops[0], ERROR_BROKEN_PIPE, 0);
  assert_no_message(f, f->channel, ERROR_BROKEN_PIPE, 0);
  message_send(f, f->channel, "answer", 6);
}

NP_CASE("channel-shutdown/half-close-in-message", np_channel_receive,
        MODE_MESSAGE_BYTE | BOTH_ENDS, ERROR_HANDLE_EOF,
        "In the middle of a frame it is no clean end.", "npipe/channel.h") {
  np_channel_options options = half_close();

  channel_open(f, &options);
  receive_begin(&f->ops[0], f->channel);
  pipe_send(f, f->peer, "\0\0\0\5ab", 6);
  loop_quiet(f);
  pipe_send(f, f->peer, NULL, 0);
  assert_next(&f->ops[0], ERROR_HANDLE_EOF, 0);
}

NP_CASE("channel-shutdown/half-close-behind-a-cut", np_channel_shutdown,
        MODE_MESSAGE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "A cancel cuts a message of which the peer has read a part. A "
        "half-close that waits behind the message ends as cancelled, too. Its "
        "empty message would make the part look like a whole message.",
        "npipe/channel.h") {
  np_channel_options options = half_close();
  char buffer[100] = {0};
  size_t length = 0;

  server_quotas(f, 64, 64);
  channel_open(f, &options);
  send_begin(&f->ops[0], f->channel, buffer, sizeof(buffer));
  channel_shutdown_begin(&f->ops[1], f->channel);
  assert_np_error(pipe_receive(f, f->peer, buffer, 10, &length),
                  ERROR_MORE_DATA);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  loop_until(f, 2);
  assert_done(&f->ops[1], ERROR_OPERATION_ABORTED, 0);
  loop_quiet(f);
  assert_np_error(np_pipe_try_read(f->peer, buffer, 10, &length),
                  NP_WOULD_BLOCK);
}

NP_CASE("channel-shutdown/half-close-empty-frame", np_channel_send,
        MODE_MESSAGE_BYTE | BOTH_ENDS, NP_OK,
        "An empty frame does not end the direction, even if its header is "
        "longer than a gathered write.",
        "npipe/channel.h") {
  np_channel_options options = half_close();

  options.write_buffer_bytes = 3;
  channel_pair(f, &options);
  receive_begin(&f->ops[0], f->opposite);
  receive_begin(&f->ops[1], f->opposite);
  loop_quiet(f);
  send_begin(&f->ops[2], f->channel, NULL, 0);
  loop_until(f, 2);
  assert_done(&f->ops[0], NP_OK, 0);
  send_begin(&f->ops[3], f->channel, "x", 1);
  loop_until(f, 4);
  assert_done(&f->ops[1], NP_OK, 1);
}

NP_CASE("channel-shutdown/half-close-empty-message", np_channel_send,
        MODE_MESSAGE | BOTH_ENDS, ERROR_INVALID_PARAMETER,
        "If an empty message marks the end, an empty message cannot be sent.",
        "npipe/channel.h") {
  np_channel_options options = half_close();

  channel_pair(f, &options);
  assert_invalid(np_channel_send(f->channel, NULL, 0, &f->op, on_never));
  assert_message_passes(f, f->channel, f->opposite, "x", 1);
}

NP_CASE("channel-shutdown/half-close-framed-empty-message", np_channel_send,
        MODE_MESSAGE_BYTE | BOTH_ENDS, NP_OK,
        "With framing an empty message has a header and can be sent.",
        "npipe/channel.h") {
  np_channel_options options = half_close();

  channel_pair(f, &options);
  assert_message_passes(f, f->channel, f->opposite, NULL, 0);
}

NP_CASE("channel-shutdown/half-close-send", np_channel_send,
        MESSAGE_TYPE | BOTH_ENDS, ERROR_NO_DATA,
        "After it no message can be sent.", "npipe/channel.h") {
  np_channel_options options = half_close();
  np_call call;

  memset(&call, 0, sizeof(call));
  channel_pair(f, &options);
  channel_shutdown_begin(&f->ops[0], f->channel);
  assert_np_error(np_channel_send(f->channel, "x", 1, &f->op, on_never),
                  ERROR_NO_DATA);
  assert_np_error(np_channel_call(f->channel, "x", 1, &call, on_never),
                  ERROR_NO_DATA);
  assert_next(&f->ops[0], NP_OK, 0);
  assert_np_error(np_channel_send(f->channel, "x", 1, &f->op, on_never),
                  ERROR_NO_DATA);
}

NP_CASE("channel-shutdown/half-close-twice", np_channel_shutdown,
        MESSAGE_TYPE | BOTH_ENDS, ERROR_NO_DATA,
        "A second half-close of a direction is refused.", "npipe/channel.h") {
  np_channel_options options = half_close();

  channel_pair(f, &options);
  channel_shutdown_begin(&f->ops[0], f->channel);
  assert_np_error(np_channel_shutdown(f->channel, &f->op, on_never),
                  ERROR_NO_DATA);
  loop_until(f, 1);
  assert_np_error(np_channel_shutdown(f->channel, &f->op, on_never),
                  ERROR_NO_DATA);
}

NP_CASE("channel-shutdown/half-close-cancel", np_channel_shutdown,
        MESSAGE_TYPE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "After a half-close that was cancelled or timed out, the peer has seen "
        "no end, and messages can be sent again.",
        "npipe/channel.h") {
  np_channel_options options = half_close();

  channel_pair(f, &options);
  message_send(f, f->channel, "one", 3);
  for (unsigned i = 0; i < 3; i++) {
    f->ops[i].op.timeout_ms = i == 2 ? 20 : 0;
    channel_shutdown_begin(&f->ops[i], f->channel);
    if (i == 1) {
      loop_quiet(f);
    }
    if (i < 2) {
      assert_np_ok(np_op_cancel(&f->ops[i].op));
    }
    assert_next(&f->ops[i], i < 2 ? ERROR_OPERATION_ABORTED : WAIT_TIMEOUT, 0);
    message_send(f, f->channel, "two", 3);
  }
  assert_message(f, f->opposite, "one", 3);
  for (unsigned i = 0; i < 3; i++) {
    assert_message(f, f->opposite, "two", 3);
  }
}

NP_CASE("channel-shutdown/half-close-memory", np_channel_shutdown,
        MESSAGE_TYPE | BOTH_ENDS, NP_OK,
        "If the wait of a half-close needs memory and none is left, the "
        "half-close reports it, and messages can be sent again. The kernel's "
        "own flush control needs no memory.",
        "npipe/channel.h") {
  np_channel_options options = half_close();
  bool failed;

  channel_pair(f, &options);
  channel_shutdown_begin(&f->ops[0], f->channel);
  f->allocator.fail_at = f->allocator.total + 1;
  loop_until(f, 1);
  failed = f->allocator.total >= f->allocator.fail_at;
  f->allocator.fail_at = 0;
  if (!failed) {
    assert_done(&f->ops[0], NP_OK, 0);
    return;
  }
  assert_done(&f->ops[0], ERROR_NOT_ENOUGH_MEMORY, 0);
  assert_message_passes(f, f->channel, f->opposite, "x", 1);
}

NP_CASE("channel-shutdown/half-close-close", np_channel_close,
        MESSAGE_TYPE | BOTH_ENDS, NP_OK, "A close ends a waiting half-close.",
        "npipe/channel.h") {
  np_channel_options options = half_close();

  channel_pair(f, &options);
  message_send(f, f->channel, "unread", 6);
  channel_shutdown_begin(&f->ops[0], f->channel);
  loop_quiet(f);
  channel_close(f, f->channel);
  loop_until_count(f, &f->closed_count, 1);
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
}

NP_CASE("channel-shutdown/half-close-close-late", np_channel_close,
        MESSAGE_TYPE | BOTH_ENDS, NP_OK,
        "A close ends a half-close even after its wait is over, before the "
        "empty message was written.",
        "npipe/channel.h") {
  np_channel_options options = half_close();
  char buffer[8];

  channel_open(f, &options);
  message_send(f, f->channel, "read", 4);
  channel_shutdown_begin(&f->ops[0], f->channel);
  loop_quiet(f);
  /* Reads without the loop, so the loop learns nothing about this read before
   * the close. */
  assert_true(museum_take_raw(f->peer, buffer, sizeof(buffer)) >= 4);
  for (unsigned i = 0; i < 100; i++) {
    SwitchToThread(); /* lets the thread that waited for the read run */
  }
  channel_close(f, f->channel);
  loop_until_count(f, &f->closed_count, 1);
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
}
