/* Channels: requests and their replies. */
#include "channel_common.h"

static struct call_recorder asked[8];

static void calls_open(np_fixture *f) {
  memset(asked, 0, sizeof(asked));
  channel_pair(f, NULL);
}

NP_CASE("channel-call/call", np_channel_call, ANY_MODE | BOTH_ENDS, NP_OK,
        "A call sends its request and gets the reply, an empty one too.",
        "npipe/channel.h") {
  calls_open(f);
  call_begin(&asked[0], f->channel, "question");
  assert_message(f, f->opposite, "question", 8);
  message_send(f, f->opposite, "answer", 6);
  call_wait(f, &asked[0]);
  assert_reply(&asked[0], "answer");
  call_begin(&asked[0], f->channel, "");
  assert_message(f, f->opposite, NULL, 0);
  message_send(f, f->opposite, NULL, 0);
  call_wait(f, &asked[0]);
  assert_reply(&asked[0], "");
}

NP_CASE("channel-call/call-pipelined", np_channel_call, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "Calls wait in line. The request of a call is sent when the call "
        "before it has its reply. Their callbacks run in their order.",
        "npipe/channel.h") {
  static const char *texts[] = {"a", "bb", "ccc", "dddd"};

  calls_open(f);
  for (unsigned i = 0; i < 4; i++) {
    call_begin(&asked[i], f->channel, texts[i]);
  }
  for (unsigned i = 0; i < 4; i++) {
    assert_message(f, f->opposite, texts[i], i + 1);
    receive_begin(&f->ops[i], f->opposite);
    loop_quiet(f);
    assert_int_equal(f->ops[i].done_count, 0);
    assert_np_ok(np_op_cancel(&f->ops[i].op));
    loop_until(f, i + 1);
    message_send(f, f->opposite, texts[3 - i], 4 - i);
  }
  for (unsigned i = 0; i < 4; i++) {
    call_wait(f, &asked[i]);
    assert_reply(&asked[i], texts[3 - i]);
    assert_true(i == 0 || asked[i].order > asked[i - 1].order);
  }
}

NP_CASE("channel-call/call-parameters", np_channel_call, ANY_MODE | BOTH_ENDS,
        NP_OK, "A call refuses everything that a send or a receive refuses.",
        "npipe/channel.h") {
  np_channel_options options = channel_options();
  np_call call;

  memset(&call, 0, sizeof(call));
  memset(asked, 0, sizeof(asked));
  options.frame.frame_bytes_max = 10;
  channel_pair(f, &options);
  assert_invalid(np_channel_call(NULL, "x", 1, &call, on_never));
  assert_invalid(np_channel_call(f->channel, "x", 1, NULL, on_never));
  assert_invalid(np_channel_call(f->channel, "x", 1, &call, NULL));
  assert_invalid(np_channel_call(f->channel, NULL, 1, &call, on_never));
  assert_np_error(
      np_channel_call(f->channel, "01234567890", 11, &call, on_never),
      ERROR_BUFFER_OVERFLOW);
  call_begin(&asked[0], f->channel, "x");
  assert_np_error(np_channel_call(f->channel, "x", 1, &asked[0].call, on_never),
                  ERROR_BUSY);
  assert_message(f, f->opposite, "x", 1);
  message_send(f, f->opposite, "y", 1);
  call_wait(f, &asked[0]);
  assert_reply(&asked[0], "y");
}

NP_CASE("channel-call/call-timeout", np_channel_call, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_STATE,
        "A call times out after its request was sent. Each later call then "
        "ends with an error and sends nothing, because the next message may be "
        "the late reply. A receive gets the late reply. Sends and receives go "
        "on.",
        "npipe/channel.h") {
  calls_open(f);
  asked[0].call.op.timeout_ms = 20;
  call_begin(&asked[0], f->channel, "one");
  call_begin(&asked[1], f->channel, "two"); /* waits behind the first */
  call_wait(f, &asked[0]);
  assert_np_error(asked[0].result, WAIT_TIMEOUT);
  call_begin(&asked[2], f->channel, "three");
  call_wait(f, &asked[1]);
  call_wait(f, &asked[2]);
  assert_np_error(asked[1].result, ERROR_INVALID_STATE);
  assert_np_error(asked[2].result, ERROR_INVALID_STATE);
  assert_message(f, f->opposite, "one", 3);
  assert_message_passes(f, f->opposite, f->channel, "late", 4);
  call_begin(&asked[3], f->channel, "four");
  call_wait(f, &asked[3]);
  assert_np_error(asked[3].result, ERROR_INVALID_STATE);
  assert_message_passes(f, f->channel, f->opposite, "id 5", 4);
  assert_message_passes(f, f->opposite, f->channel, "id 5", 4);
}

NP_CASE("channel-call/call-cancel-one-of-several", np_channel_call,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "Calls that are cancelled while they wait in line leave no trace.",
        "npipe/channel.h") {
  calls_open(f);
  for (unsigned i = 0; i < 5; i++) {
    call_begin(&asked[i], f->channel, "request");
  }
  loop_quiet(f);
  assert_np_ok(np_op_cancel(&asked[1].call.op));
  assert_np_ok(np_op_cancel(&asked[2].call.op));
  assert_np_ok(np_op_cancel(&asked[4].call.op));
  loop_quiet(f);
  call_begin(&asked[5], f->channel, "request");
  for (unsigned i = 0; i < 3; i++) {
    char reply = (char)('0' + i);

    assert_message(f, f->opposite, "request", 7);
    message_send(f, f->opposite, &reply, 1);
  }
  for (unsigned i = 0; i < 6; i++) {
    call_wait(f, &asked[i]);
  }
  assert_reply(&asked[0], "0");
  assert_np_error(asked[1].result, ERROR_OPERATION_ABORTED);
  assert_np_error(asked[2].result, ERROR_OPERATION_ABORTED);
  assert_reply(&asked[3], "1");
  assert_np_error(asked[4].result, ERROR_OPERATION_ABORTED);
  assert_reply(&asked[5], "2");
}

NP_CASE("channel-call/call-cancel-unsent", np_channel_call,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "A call that is cancelled while its request waits behind a write "
        "leaves no trace.",
        "npipe/channel.h") {
  static char big[500];

  server_quotas(f, 64, 64);
  calls_open(f);
  send_begin(&f->ops[0], f->channel, big, sizeof(big));
  loop_quiet(f);
  call_begin(&asked[0], f->channel, "one");
  loop_quiet(f);
  assert_np_ok(np_op_cancel(&asked[0].call.op));
  call_begin(&asked[1], f->channel, "two");
  call_wait(f, &asked[0]);
  assert_np_error(asked[0].result, ERROR_OPERATION_ABORTED);
  assert_message(f, f->opposite, big, sizeof(big));
  assert_message(f, f->opposite, "two", 3);
  message_send(f, f->opposite, "answer", 6);
  call_wait(f, &asked[1]);
  assert_reply(&asked[1], "answer");
  assert_done(&f->ops[0], NP_OK, sizeof(big));
}

NP_CASE("channel-call/call-cancel-copied", np_channel_call,
        BYTE_READS | BOTH_ENDS, ERROR_INVALID_STATE,
        "A call is cancelled or late when the kernel has a copy of its "
        "request: the call ends at once. Its request reaches the peer, so no "
        "call can follow.",
        "npipe/channel.h") {
  server_quotas(f, 4, 4);
  calls_open(f);
  asked[0].call.op.timeout_ms = 20;
  call_begin(&asked[0], f->channel, "one");
  call_wait(f, &asked[0]);
  assert_np_error(asked[0].result, WAIT_TIMEOUT);
  call_begin(&asked[1], f->channel, "two");
  call_wait(f, &asked[1]);
  assert_np_error(asked[1].result, ERROR_INVALID_STATE);
  assert_message(f, f->opposite, "one", 3);
}

NP_CASE("channel-call/call-cut", np_channel_call, ANY_MODE | BOTH_ENDS, NP_OK,
        "A call whose request is cut ends when the kernel has ended the write. "
        "Sending has then failed for good, with the error of this call.",
        "npipe/channel.h") {
  static char big[70000];

  memset(big, 'r', sizeof(big) - 1);
  server_quotas(f, 64, 64);
  calls_open(f);
  asked[0].call.op.timeout_ms = 20;
  call_begin(&asked[0], f->channel, big);
  call_wait(f, &asked[0]);
  assert_np_error(asked[0].result, WAIT_TIMEOUT);
  memset(big, '!', sizeof(big) - 1);
  call_begin(&asked[1], f->channel, "next");
  call_wait(f, &asked[1]);
  assert_np_error(asked[1].result, WAIT_TIMEOUT);
}

NP_CASE("channel-call/call-peer-closed", np_channel_call, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "A call whose peer closes without an answer ends with the end of the "
        "stream.",
        "npipe/channel.h") {
  calls_open(f);
  call_begin(&asked[0], f->channel, "one");
  call_begin(&asked[1], f->channel, "two");
  assert_message(f, f->opposite, "one", 3);
  channel_close(f, f->opposite);
  call_wait(f, &asked[0]);
  call_wait(f, &asked[1]);
  assert_np_error(asked[0].result, ERROR_BROKEN_PIPE);
  assert_np_error(asked[1].result, ERROR_BROKEN_PIPE);
  call_begin(&asked[2], f->channel, "three");
  call_wait(f, &asked[2]);
  /* No reply can come any more. */
  assert_np_error(asked[2].result, ERROR_BROKEN_PIPE);
}

NP_CASE("channel-call/call-request-broken", np_channel_call,
        ANY_MODE | BOTH_ENDS, ERROR_BROKEN_PIPE,
        "The peer closes while the kernel has the request of a call. The call "
        "ends with the error of the write, and counts no bytes.",
        "npipe/channel.h") {
  static char big[70000];

  memset(big, 'r', sizeof(big) - 1);
  server_quotas(f, 64, 64);
  memset(asked, 0, sizeof(asked));
  pair_open(f);
  channel_on(f, f->end, NULL);
  call_begin(&asked[0], f->channel, big);
  loop_quiet(f);
  pipe_close(f, f->peer);
  call_wait(f, &asked[0]);
  assert_np_error(asked[0].result, ERROR_BROKEN_PIPE);
  assert_int_equal(asked[0].transferred, 0);
}

NP_CASE("channel-call/call-too-long-reply", np_channel_call,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "A reply over the maximum is reported to its own call. The next call "
        "gets its own reply; its request waits until the rest of the long "
        "reply was skipped.",
        "npipe/channel.h") {
  static char big[20000];
  np_channel_options options = channel_options();

  memset(asked, 0, sizeof(asked));
  pair_open_quota(f, 64);
  channel_on(f, f->peer, NULL);
  options.frame.frame_bytes_max = 5;
  channel_on(f, f->end, &options);
  for (unsigned i = 0; i < 3; i++) {
    call_begin(&asked[i], f->channel, "one");
  }
  for (unsigned i = 0; i < 2; i++) {
    assert_message(f, f->opposite, "one", 3);
    message_send(f, f->opposite, big, i == 0 ? 8 : sizeof(big));
  }
  assert_message(f, f->opposite, "one", 3);
  message_send(f, f->opposite, "right", 5);
  for (unsigned i = 0; i < 3; i++) {
    call_wait(f, &asked[i]);
  }
  assert_np_error(asked[0].result, ERROR_BUFFER_OVERFLOW);
  assert_int_equal(asked[0].transferred, 8);
  assert_np_error(asked[1].result, ERROR_BUFFER_OVERFLOW);
  assert_int_equal(asked[1].transferred, sizeof(big));
  assert_reply(&asked[2], "right");
}
