/* Channels: receiving. */
#include "channel_common.h"

NP_CASE("channel-receive/receive-waits", np_channel_receive,
        ANY_MODE | BOTH_ENDS, NP_OK, "A receive waits for its message.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  receive_begin(&f->ops[0], f->channel);
  assert_quiet(f, 0);
  send_begin(&f->ops[1], f->opposite, "message", 7);
  assert_ends(&f->ops[0], NP_OK, 7);
  assert_memory_equal(f->ops[0].buffer, "message", 7);
}

NP_CASE("channel-receive/receive-several", np_channel_receive,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "Several receives in flight get one message each, in order, of both "
        "kinds.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  for (unsigned i = 0; i < 6; i++) {
    if (i % 3 == 1) {
      receive_into_begin(&f->ops[i], f->channel, 100);
    } else {
      receive_begin(&f->ops[i], f->channel);
    }
  }
  for (unsigned i = 0; i < 6; i++) {
    send_begin(&f->ops[6 + i], f->opposite, "abcdef", i);
  }
  loop_until(f, 12);
  for (unsigned i = 0; i < 6; i++) {
    assert_done(&f->ops[i], NP_OK, i);
    assert_memory_equal(f->ops[i].buffer, "abcdef", i);
    assert_true(i == 0 || f->ops[i].order > f->ops[i - 1].order);
  }
}

NP_CASE("channel-receive/data", np_channel_data, ANY_MODE | BOTH_ENDS, NP_OK,
        "np_channel_data returns NULL before the first message; the returned "
        "data stay unchanged while more messages arrive.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  assert_null(np_channel_data(NULL));
  assert_null(np_channel_data(f->channel));
  assert_message_passes(f, f->opposite, f->channel, "one", 3);
  message_send(f, f->opposite, "two", 3);
  loop_quiet(f);
  assert_memory_equal(np_channel_data(f->channel), "one", 3);
  assert_message(f, f->channel, "two", 3);
  assert_memory_equal(np_channel_data(f->channel), "two", 3);
}

NP_CASE("channel-receive/receive-lends", np_channel_data,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "A message that arrived whole is lent to the callback from the read "
        "buffer. It stays valid until the next receive begins.",
        "npipe/channel.h") {
  const char *first;
  const char *second;

  channel_pair(f, NULL);
  assert_null(np_channel_data(NULL));
  message_send(f, f->opposite, "one", 3);
  message_send(f, f->opposite, "two", 3);
  assert_message(f, f->channel, "one", 3);
  first = np_channel_data(f->channel);
  loop_quiet(f);
  assert_memory_equal(first, "one", 3);
  assert_message(f, f->channel, "two", 3);
  second = np_channel_data(f->channel);
  assert_ptr_equal(second, first + 7);
}

NP_CASE("channel-receive/receive-only-when-asked", np_channel_receive,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "The pipe is read only while a receive waits. Other data stay in the "
        "kernel.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  assert_message_passes(f, f->opposite, f->channel, "one", 3);
  message_send(f, f->opposite, "two", 3);
  loop_quiet(f);
  assert_int_equal(unread_bytes(np_channel_pipe(f->channel)),
                   is_framed(f) ? 7 : 3);
}

NP_CASE("channel-receive/receive-parameters", np_channel_receive,
        ANY_MODE | BOTH_ENDS, ERROR_INVALID_PARAMETER, "A NULL is refused.",
        "npipe/channel.h") {
  channel_open(f, NULL);
  assert_invalid(np_channel_receive(NULL, &f->op, on_never));
  assert_invalid(np_channel_receive(f->channel, NULL, on_never));
  assert_invalid(np_channel_receive(f->channel, &f->op, NULL));
  assert_invalid(np_channel_receive_into(NULL, f->name, 1, &f->op, on_never));
  assert_invalid(
      np_channel_receive_into(f->channel, NULL, 1, &f->op, on_never));
  loop_quiet(f);
}

NP_CASE("channel-receive/receive-closing", np_channel_receive,
        ANY_MODE | BOTH_ENDS, ERROR_INVALID_HANDLE,
        "A channel that is being closed refuses receives.", "npipe/channel.h") {
  np_channel *channel;

  channel_open(f, NULL);
  channel = f->channel;
  channel_close(f, channel);
  assert_np_error(np_channel_receive(channel, &f->op, on_never),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("channel-receive/receive-busy", np_channel_receive,
        ANY_MODE | BOTH_ENDS, ERROR_BUSY,
        "An operation in flight cannot be begun again.", "npipe/channel.h") {
  channel_open(f, NULL);
  receive_begin(&f->ops[0], f->channel);
  assert_np_error(np_channel_receive(f->channel, &f->ops[0].op, on_never),
                  ERROR_BUSY);
  assert_np_error(
      np_channel_receive_into(f->channel, f->name, 1, &f->ops[0].op, on_never),
      ERROR_BUSY);
}

NP_CASE("channel-receive/receive-direction", np_channel_receive, ANY_MODE,
        ERROR_ACCESS_DENIED, "An end that can only write refuses receives.",
        "npipe/channel.h") {
  f->server_options.inbound = false;
  f->client_options.write = false;
  channel_open(f, NULL);
  assert_np_error(np_channel_receive(f->channel, &f->op, on_never),
                  ERROR_ACCESS_DENIED);
}

/* --- Into the caller's buffer ------------------------------------------- */

NP_CASE("channel-receive/receive-into", np_channel_receive_into,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "A message is received into the caller's buffer, also if it fits "
        "exactly, and an empty message without a buffer.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  message_send(f, f->opposite, "12345", 5);
  message_send(f, f->opposite, NULL, 0);
  message_send(f, f->opposite, NULL, 0);
  message_send(f, f->opposite, "last", 4);
  receive_into_begin(&f->ops[0], f->channel, 5);
  assert_next(&f->ops[0], NP_OK, 5);
  assert_memory_equal(f->ops[0].buffer, "12345", 5);
  receive_into_begin(&f->ops[1], f->channel, 5);
  assert_next(&f->ops[1], NP_OK, 0);
  op_begin(&f->ops[2], np_channel_receive_into(f->channel, NULL, 0,
                                               &f->ops[2].op, on_done));
  assert_next(&f->ops[2], NP_OK, 0);
  assert_message(f, f->channel, "last", 4);
}

NP_CASE("channel-receive/receive-into-small", np_channel_receive_into,
        ANY_MODE | BOTH_ENDS, ERROR_INSUFFICIENT_BUFFER,
        "A receive into a buffer that is too small returns the length of the "
        "message. The whole message stays for the next receive of either kind.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  message_send(f, f->opposite, "a long message", 14);
  message_send(f, f->opposite, "next", 4);
  for (unsigned i = 0; i < 3; i++) {
    receive_into_begin(&f->ops[i], f->channel, i * 5);
    assert_next(&f->ops[i], ERROR_INSUFFICIENT_BUFFER, 14);
  }
  receive_into_begin(&f->ops[3], f->channel, 14);
  assert_next(&f->ops[3], NP_OK, 14);
  assert_memory_equal(f->ops[3].buffer, "a long message", 14);
  receive_into_begin(&f->ops[4], f->channel, 3);
  assert_next(&f->ops[4], ERROR_INSUFFICIENT_BUFFER, 4);
  assert_message(f, f->channel, "next", 4);
}

NP_CASE("channel-receive/receive-into-much-too-small", np_channel_receive_into,
        ANY_MODE | BOTH_ENDS, ERROR_INSUFFICIENT_BUFFER,
        "A receive has a buffer that is too small, and the message is longer "
        "than the channel's own buffer. The receive returns the length, and "
        "the whole message stays for the next receive.",
        "npipe/channel.h") {
  static char big[3000];
  np_channel_options options = channel_options();

  options.read_buffer_bytes = 10;
  options.frame.frame_bytes_max = 3000;
  memset(big, 'b', sizeof(big));
  big[2999] = 'e';
  channel_pair(f, &options);
  for (unsigned i = 0; i < 3; i++) {
    const size_t room = i == 0 ? 5 : i == 1 ? 100 : 2000;

    send_begin(&f->ops[0], f->opposite, big, sizeof(big));
    receive_into_begin(&f->ops[1], f->channel, room);
    loop_until(f, 2 * (i + 1));
    assert_np_error(f->ops[1].result, ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(f->ops[1].transferred, sizeof(big));
    assert_message(f, f->channel, big, sizeof(big));
  }
}

NP_CASE("channel-receive/receive-into-memory", np_channel_receive_into,
        MODE_MESSAGE | BOTH_ENDS, ERROR_NOT_ENOUGH_MEMORY,
        "Without memory, a message longer than the caller's buffer is lost, "
        "and the next receive gets the message behind it.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  message_send(f, f->opposite, "a long message", 14);
  message_send(f, f->opposite, "next", 4);
  receive_into_begin(&f->ops[0], f->channel, 5);
  f->allocator.fail_at = f->allocator.total + 1;
  loop_until(f, 1);
  f->allocator.fail_at = 0;
  assert_done(&f->ops[0], ERROR_NOT_ENOUGH_MEMORY, 0);
  assert_message(f, f->channel, "next", 4);
}

/* --- Cancel and time limit ---------------------------------------------- */

NP_CASE("channel-receive/receive-cancel", np_channel_receive,
        ANY_MODE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "A cancelled receive loses nothing, however much of a message had "
        "arrived.",
        "npipe/channel.h") {
  channel_open(f, NULL);
  receive_begin(&f->ops[0], f->channel);
  loop_quiet(f);
  assert_aborts(&f->ops[0]);
  if (is_framed(f)) {
    receive_begin(&f->ops[1], f->channel);
    pipe_send(f, f->peer, "\0\0\0\6abc", 7);
    loop_quiet(f);
    assert_aborts(&f->ops[1]);
    pipe_send(f, f->peer, "def", 3);
  } else {
    pipe_send(f, f->peer, "abcdef", 6);
  }
  assert_message(f, f->channel, "abcdef", 6);
}

NP_CASE("channel-receive/receive-cancel-at-once", np_channel_receive,
        ANY_MODE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "A receive that is cancelled before the kernel got its read loses "
        "nothing. The next receive may begin before the callback of the first.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  receive_begin(&f->ops[0], f->channel);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  receive_begin(&f->ops[1], f->channel);
  receive_into_begin(&f->ops[2], f->channel, 16);
  send_begin(&f->ops[3], f->opposite, "one", 3);
  send_begin(&f->ops[4], f->opposite, "two", 3);
  loop_until(f, 5);
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  assert_done(&f->ops[1], NP_OK, 3);
  assert_done(&f->ops[2], NP_OK, 3);
  assert_memory_equal(f->ops[2].buffer, "two", 3);
}

NP_CASE("channel-receive/receive-cancel-one-of-several", np_channel_receive,
        ANY_MODE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "If one of several receives is cancelled, the others get the messages "
        "in order.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  for (unsigned i = 0; i < 3; i++) {
    receive_begin(&f->ops[i], f->channel);
  }
  loop_quiet(f);
  assert_np_ok(np_op_cancel(&f->ops[1].op));
  send_begin(&f->ops[3], f->opposite, "one", 3);
  send_begin(&f->ops[4], f->opposite, "two", 3);
  loop_until(f, 5);
  assert_memory_equal(f->ops[0].buffer, "one", 3);
  assert_done(&f->ops[1], ERROR_OPERATION_ABORTED, 0);
  assert_memory_equal(f->ops[2].buffer, "two", 3);
}

NP_CASE("channel-receive/receive-lends-behind-a-cancelled", np_channel_data,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "The callback of a cancelled receive, between two others that got "
        "messages, does not invalidate the second message.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  send_begin(&f->ops[0], f->opposite, "one", 3);
  send_begin(&f->ops[1], f->opposite, "two", 3);
  send_begin(&f->ops[2], f->opposite, "three", 5);
  loop_until(f, 3);
  assert_message(f, f->channel, "one", 3);
  receive_begin(&f->ops[3], f->channel);
  receive_begin(&f->ops[4], f->channel);
  receive_begin(&f->ops[5], f->channel);
  assert_np_ok(np_op_cancel(&f->ops[4].op));
  assert_ends(&f->ops[3], NP_OK, 3);
  assert_ends(&f->ops[4], ERROR_OPERATION_ABORTED, 0);
  assert_ends(&f->ops[5], NP_OK, 5);
  assert_memory_equal(f->ops[5].buffer, "three", 5);
}

NP_CASE("channel-receive/receive-into-cancel", np_channel_receive_into,
        ANY_MODE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "A receive into the caller's buffer that is cancelled has given the "
        "buffer back by its callback, and loses nothing.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  receive_into_begin(&f->ops[0], f->channel, 16);
  loop_quiet(f);
  assert_aborts(&f->ops[0]);
  memset(f->ops[0].buffer, '.', 16);
  message_send(f, f->opposite, "message", 7);
  loop_quiet(f);
  assert_memory_equal(f->ops[0].buffer, "................", 16);
  assert_message(f, f->channel, "message", 7);
}

NP_CASE("channel-receive/receive-timeout", np_channel_receive,
        ANY_MODE | BOTH_ENDS, WAIT_TIMEOUT,
        "A receive that times out loses nothing.", "npipe/channel.h") {
  channel_pair(f, NULL);
  for (unsigned i = 0; i < 2; i++) {
    f->ops[i].op.timeout_ms = 20;
    if (i == 0) {
      receive_begin(&f->ops[i], f->channel);
    } else {
      receive_into_begin(&f->ops[i], f->channel, 16);
    }
    assert_next(&f->ops[i], WAIT_TIMEOUT, 0);
  }
  assert_message_passes(f, f->opposite, f->channel, "late", 4);
}

/* --- Ends and errors ---------------------------------------------------- */

NP_CASE("channel-receive/receive-end", np_channel_receive, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "A peer that closes behind its last message is a clean end of the "
        "stream, after the message, and again.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  message_send(f, f->opposite, "last", 4);
  channel_close(f, f->opposite);
  loop_until_count(f, &f->closed_count, 1);
  assert_message(f, f->channel, "last", 4);
  assert_no_message(f, f->channel, ERROR_BROKEN_PIPE, 0);
  assert_true(np_is_eof(f->helper.result));
  assert_no_message(f, f->channel, ERROR_BROKEN_PIPE, 0);
}

NP_CASE("channel-receive/receive-end-in-message", np_channel_receive,
        BYTE_READS | BOTH_ENDS, ERROR_HANDLE_EOF,
        "A peer that closes in mid-message, in its header too, is an error and "
        "no clean end.",
        "npipe/channel.h; museum E11") {
  for (unsigned i = 0; i < 2; i++) {
    channel_open(f, NULL);
    pipe_send(f, f->peer, "\0\0\0\1a\0\0\0\5bcd", i == 0 ? 12 : 8);
    pipe_close_wait(f, f->peer);
    assert_message(f, f->channel, "a", 1);
    assert_no_message(f, f->channel, ERROR_HANDLE_EOF, 0);
    assert_false(np_is_eof(f->helper.result));
    assert_no_message(f, f->channel, ERROR_HANDLE_EOF, 0);
    channel_close(f, f->channel);
    loop_drain(f);
  }
}

NP_CASE("channel-receive/receive-cut-message", np_channel_receive,
        MODE_MESSAGE | BOTH_ENDS, ERROR_HANDLE_EOF,
        "If the writer of a message takes the rest of it back and closes, the "
        "end of the stream is not clean.",
        "npipe/channel.h") {
  static char big[3000];
  np_channel_options options = channel_options();

  server_quotas(f, 16, 16);
  options.read_buffer_bytes = 100;
  channel_open(f, &options);
  write_begin(&f->ops[0], f->peer, big, sizeof(big));
  receive_begin(&f->ops[1], f->channel);
  /* The timer ends the turn after the first part of the message. */
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 0, on_timer));
  assert_np_ok(loop_turn(f, 0));
  assert_aborts(&f->ops[1]);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  loop_until(f, 2);
  assert_np_error(f->ops[0].result, ERROR_OPERATION_ABORTED);
  pipe_close_wait(f, f->peer);
  assert_no_message(f, f->channel, ERROR_HANDLE_EOF, 0);
  assert_no_message(f, f->channel, ERROR_HANDLE_EOF, 0);
}

NP_CASE("channel-receive/receive-disconnected", np_channel_receive, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A server's disconnect ends its receives and sends, and the client's.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  receive_begin(&f->ops[0], f->channel);
  receive_begin(&f->ops[1], f->opposite);
  loop_quiet(f);
  assert_np_ok(np_server_disconnect(np_channel_pipe(f->channel)));
  assert_ends(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
  assert_ends(&f->ops[1], ERROR_PIPE_NOT_CONNECTED, 0);
  assert_no_message(f, f->opposite, ERROR_PIPE_NOT_CONNECTED, 0);
  send_begin(&f->ops[2], f->channel, "x", 1);
  assert_next(&f->ops[2], ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_CASE(
    "channel-receive/receive-listening", np_channel_receive, ANY_MODE,
    ERROR_PIPE_LISTENING,
    "A receive on an instance without a client ends with ERROR_PIPE_LISTENING. "
    "When a client has come, a receive gets its message.",
    "npipe/channel.h") {
  server_listen(f);
  channel_on(f, f->server, NULL);
  assert_no_message(f, f->channel, ERROR_PIPE_LISTENING, 0);
  client_open_end(f);
  channel_on(f, f->client, NULL);
  assert_message_passes(f, f->opposite, f->channel, "first", 5);
}

NP_CASE("channel-receive/receive-too-long", np_channel_receive,
        ANY_MODE | BOTH_ENDS, ERROR_BUFFER_OVERFLOW,
        "A message over the maximum is reported with its length and skipped. "
        "The next receive, of either kind, gets the message behind it.",
        "npipe/channel.h") {
  static char big[3000];
  np_channel_options options = channel_options();

  pair_open(f);
  channel_on(f, f->peer, NULL);
  options.frame.frame_bytes_max = 20;
  for (unsigned i = 0; i < 3; i++) {
    np_channel *small;

    options.read_buffer_bytes = i == 0 ? 7 : i == 1 ? 30 : 65536;
    small = channel_on(f, f->end, &options);
    message_send(f, f->opposite, "before", 6);
    message_send(f, f->opposite, big, 21);
    message_send(f, f->opposite, big, 20);
    message_send(f, f->opposite, big, 3000);
    message_send(f, f->opposite, "after", 5);
    assert_message(f, small, "before", 6);
    assert_no_message(f, small, ERROR_BUFFER_OVERFLOW, 21);
    receive_into_begin(&f->ops[0], small, 100);
    loop_until(f, 2 * i + 1);
    assert_np_ok(f->ops[0].result);
    assert_int_equal(f->ops[0].transferred, 20);
    receive_into_begin(&f->ops[0], small, 100);
    loop_until(f, 2 * i + 2);
    assert_np_error(f->ops[0].result, ERROR_BUFFER_OVERFLOW);
    assert_int_equal(f->ops[0].transferred, 3000);
    assert_message(f, small, "after", 5);
    loop_quiet(f);
    assert_np_ok(np_channel_detach(small, &f->end));
    f->channel = NULL;
    loop_quiet(f);
  }
  pipe_own(f, f->end);
}

NP_CASE("channel-receive/receive-too-long-cut", np_channel_receive_into,
        MODE_MESSAGE | BOTH_ENDS, ERROR_BUFFER_OVERFLOW,
        "A message over the maximum is reported as too long even if its "
        "writer cancels the part beyond the maximum.",
        "npipe/channel.h") {
  static char big[200];
  np_channel_options options = channel_options();

  server_quotas(f, 64, 64);
  options.frame.frame_bytes_max = 40;
  options.read_buffer_bytes = 5;
  channel_open(f, &options);
  receive_into_begin(&f->ops[0], f->channel, 40);
  assert_np_error(np_loop_run_once(f->loop, 0), WAIT_TIMEOUT);
  write_begin(&f->ops[1], f->peer, big, sizeof(big));
  assert_np_ok(np_op_cancel(&f->ops[1].op));
  write_begin(&f->ops[2], f->peer, NULL, 0);
  loop_until(f, 3);
  assert_np_error(f->ops[0].result, ERROR_BUFFER_OVERFLOW);
  assert_true(f->ops[0].transferred > 40);
}

NP_CASE("channel-receive/receive-too-long-by-far", np_channel_receive,
        BYTE_READS | BOTH_ENDS, ERROR_BUFFER_OVERFLOW,
        "A length that no memory can hold is reported, as far as it fits, "
        "before the message has come. The end of the stream is then an end "
        "inside of a message.",
        "npipe/channel.h") {
  np_channel_options options = channel_options();

  options.frame.field_bytes = 8;
  channel_open(f, &options);
  pipe_send(f, f->peer, "\xff\0\0\0\0\0\0\0abc", 11);
  assert_no_message(
      f, f->channel, ERROR_BUFFER_OVERFLOW,
      sizeof(size_t) == 8 ? (size_t)0xff << (sizeof(size_t) * 7) : SIZE_MAX);
  pipe_close_wait(f, f->peer);
  assert_no_message(f, f->channel, ERROR_HANDLE_EOF, 0);
}

NP_CASE("channel-receive/receive-bad-frame", np_channel_receive,
        BYTE_READS | BOTH_ENDS, ERROR_INVALID_DATA,
        "An invalid frame ends receiving for good, and each later receive "
        "reports the same error; sending goes on.",
        "npipe/frame.h") {
  np_channel_options options = channel_options();

  options.frame.adjustment = -4;
  channel_open(f, &options);
  pipe_send(f, f->peer,
            "\0\0\0\5a\0\0\0\1"
            "\0\0\0\5b",
            14);
  assert_message(f, f->channel, "a", 1);
  assert_no_message(f, f->channel, ERROR_INVALID_DATA, 0);
  assert_no_message(f, f->channel, ERROR_INVALID_DATA, 0);
  message_send(f, f->channel, "c", 1);
  assert_received(f, f->peer, "\0\0\0\5c", 5);
}

NP_CASE("channel-receive/receive-impossible-length", np_channel_receive,
        BYTE_READS | BOTH_ENDS, ERROR_ARITHMETIC_OVERFLOW,
        "A frame whose length fits no integer ends receiving for good, and "
        "each later receive reports the same error.",
        "npipe/frame.h") {
  np_channel_options options = channel_options();

  options.frame.field_bytes = 8;
  options.frame.adjustment = 16;
  channel_open(f, &options);
  pipe_send(f, f->peer, "\xff\xff\xff\xff\xff\xff\xff\xff....", 12);
  assert_no_message(f, f->channel, ERROR_ARITHMETIC_OVERFLOW, 0);
  assert_no_message(f, f->channel, ERROR_ARITHMETIC_OVERFLOW, 0);
}

NP_CASE("channel-receive/receive-memory", np_channel_receive,
        ANY_MODE | BOTH_ENDS, ERROR_NOT_ENOUGH_MEMORY,
        "A receive without memory for its buffer ends with "
        "ERROR_NOT_ENOUGH_MEMORY. Nothing is lost, and the next receive tries "
        "again.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  message_send(f, f->opposite, "message", 7);
  f->allocator.fail_at = f->allocator.total + 1;
  receive_begin(&f->ops[0], f->channel);
  f->allocator.fail_at = 0;
  assert_next(&f->ops[0], ERROR_NOT_ENOUGH_MEMORY, 0);
  assert_message(f, f->channel, "message", 7);
}

NP_CASE("channel-receive/receive-memory-in-message", np_channel_receive,
        ANY_MODE | BOTH_ENDS, ERROR_NOT_ENOUGH_MEMORY,
        "In mid-message a message of the kernel's is kept and tried again; for "
        "a frame in pieces receiving has failed for good.",
        "npipe/channel.h") {
  static char big[200];
  np_channel_options options = channel_options();

  options.read_buffer_bytes = 50;
  channel_pair(f, &options);
  memset(big, 'b', sizeof(big));
  message_send(f, f->opposite, big, sizeof(big));
  message_send(f, f->opposite, "next", 4);
  receive_begin(&f->ops[0], f->channel);
  f->allocator.fail_at = f->allocator.total + 1;
  loop_until(f, 1);
  f->allocator.fail_at = 0;
  assert_done(&f->ops[0], ERROR_NOT_ENOUGH_MEMORY, 0);
  if (is_framed(f)) {
    assert_no_message(f, f->channel, ERROR_NOT_ENOUGH_MEMORY, 0);
  } else {
    assert_message(f, f->channel, big, sizeof(big));
    assert_message(f, f->channel, "next", 4);
  }
}

NP_CASE("channel-receive/receive-memory-behind-header", np_channel_receive,
        BYTE_READS | BOTH_ENDS, ERROR_NOT_ENOUGH_MEMORY,
        "The header of a frame has arrived, and there is no memory for the "
        "rest. Nothing is lost: the next receive tries again.",
        "npipe/channel.h") {
  static char frame[4 + 300] = {0, 0, 1, 48};
  np_channel_options options = channel_options();

  options.frame.skip_bytes = 0; /* the header belongs to the frame */
  channel_open(f, &options);
  /* A frame in two parts takes a block, which is too small for the next. */
  receive_begin(&f->ops[0], f->channel);
  pipe_send(f, f->peer, "\0\0\0\11ab", 6);
  loop_quiet(f);
  pipe_send(f, f->peer, "cde", 3);
  loop_until_count(f, &f->ops[0].done_count, 1);
  assert_done(&f->ops[0], NP_OK, 9);
  receive_begin(&f->ops[1], f->channel);
  loop_quiet(f);
  f->allocator.fail_at = f->allocator.total + 1;
  pipe_send(f, f->peer, frame, 4);
  loop_until_count(f, &f->ops[1].done_count, 1);
  f->allocator.fail_at = 0;
  assert_done(&f->ops[1], ERROR_NOT_ENOUGH_MEMORY, 0);
  pipe_send(f, f->peer, frame + 4, 300);
  assert_message(f, f->channel, frame, sizeof(frame));
}

NP_CASE("channel-receive/receive-memory-larger", np_channel_receive,
        BYTE_READS | BOTH_ENDS, ERROR_NOT_ENOUGH_MEMORY,
        "Without memory for a larger read buffer nothing is lost: the next "
        "receive goes on.",
        "npipe/channel.h") {
  static char data[4096 - 4];

  channel_pair(f, NULL);
  assert_message_passes(f, f->opposite, f->channel, data,
                        sizeof(data)); /* fills it */
  message_send(f, f->opposite, "next", 4);
  f->allocator.fail_at = f->allocator.total + 1;
  assert_no_message(f, f->channel, ERROR_NOT_ENOUGH_MEMORY, 0);
  f->allocator.fail_at = 0;
  assert_message(f, f->channel, "next", 4);
}
