/* Channels: sending. */
#include "channel_common.h"

NP_CASE("channel-send/send-order", np_channel_send, ANY_MODE | BOTH_ENDS, NP_OK,
        "Many sends in flight arrive whole and in order. Their callbacks run "
        "in order, each with its own length, for any quota.",
        "npipe/channel.h") {
  enum { MANY = 20 };
  static char messages[MANY][700];

  server_quotas(f, 256, 256);
  channel_pair(f, NULL);
  for (unsigned i = 0; i < MANY; i++) {
    memset(messages[i], 'a' + (int)i, sizeof(messages[i]));
    send_begin(&f->ops[i], f->channel, messages[i], i * 35);
  }
  for (unsigned i = 0; i < MANY; i++) {
    assert_message(f, f->opposite, messages[i], i * 35);
  }
  loop_until(f, MANY);
  for (unsigned i = 0; i < MANY; i++) {
    assert_done(&f->ops[i], NP_OK, i * 35);
    assert_true(i == 0 || f->ops[i].order > f->ops[i - 1].order);
  }
}

NP_CASE("channel-send/send-large", np_channel_send, ANY_MODE | BOTH_ENDS, NP_OK,
        "Messages longer than every buffer arrive whole, between short ones.",
        "npipe/channel.h") {
  static char big[300000];

  for (size_t i = 0; i < sizeof(big); i++) {
    big[i] = (char)(i * 7 + i / 251);
  }
  channel_pair(f, NULL);
  send_begin(&f->ops[0], f->channel, "before", 6);
  send_begin(&f->ops[1], f->channel, big, sizeof(big));
  send_begin(&f->ops[2], f->channel, "after", 5);
  send_begin(&f->ops[3], f->channel, big, 60001);
  assert_message(f, f->opposite, "before", 6);
  assert_message(f, f->opposite, big, sizeof(big));
  assert_message(f, f->opposite, "after", 5);
  assert_message(f, f->opposite, big, 60001);
  loop_until(f, 4);
  assert_done(&f->ops[1], NP_OK, sizeof(big));
}

NP_CASE("channel-send/send-empty", np_channel_send, ANY_MODE | BOTH_ENDS, NP_OK,
        "An empty message is a message, in its place, and no end of anything.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  message_send(f, f->channel, "a", 1);
  message_send(f, f->channel, NULL, 0);
  message_send(f, f->channel, "", 0);
  message_send(f, f->channel, "b", 1);
  assert_message(f, f->opposite, "a", 1);
  assert_message(f, f->opposite, NULL, 0);
  assert_message(f, f->opposite, NULL, 0);
  assert_message(f, f->opposite, "b", 1);
}

NP_CASE("channel-send/send-parameters", np_channel_send, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_PARAMETER, "A NULL is refused.", "npipe/channel.h") {
  channel_open(f, NULL);
  assert_invalid(np_channel_send(NULL, "x", 1, &f->op, on_never));
  assert_invalid(np_channel_send(f->channel, NULL, 1, &f->op, on_never));
  assert_invalid(np_channel_send(f->channel, "x", 1, NULL, on_never));
  assert_invalid(np_channel_send(f->channel, "x", 1, &f->op, NULL));
  assert_invalid(np_channel_send_reserved(NULL, f->name, 1, &f->op, on_never));
  if (is_framed(f)) {
    assert_invalid(
        np_channel_send_reserved(f->channel, NULL, 0, &f->op, on_never));
  }
  loop_quiet(f);
}

NP_CASE("channel-send/send-closing", np_channel_send, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_HANDLE, "A channel that is being closed refuses sends.",
        "npipe/channel.h") {
  np_channel *channel;

  channel_open(f, NULL);
  channel = f->channel;
  channel_close(f, channel);
  assert_np_error(np_channel_send(channel, "x", 1, &f->op, on_never),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("channel-send/send-keeps-memory", np_channel_send, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "The memory into which messages are copied is used again for the next "
        "messages, even after it was full.",
        "npipe/channel.h") {
  static char data[512 - 4];
  size_t total;

  channel_pair(f, NULL);
  message_send(f, f->channel, data, sizeof(data));
  total = f->allocator.total;
  message_send(f, f->channel, data, sizeof(data));
  assert_int_equal(f->allocator.total, total);
}

NP_CASE("channel-send/send-busy", np_channel_send, ANY_MODE | BOTH_ENDS,
        ERROR_BUSY, "An operation in flight cannot be begun again.",
        "npipe/channel.h") {
  channel_open(f, NULL);
  receive_begin(&f->ops[0], f->channel);
  assert_np_error(np_channel_send(f->channel, "x", 1, &f->ops[0].op, on_never),
                  ERROR_BUSY);
}

NP_CASE("channel-send/send-direction", np_channel_send, ANY_MODE,
        ERROR_ACCESS_DENIED, "An end that can only read refuses sends.",
        "npipe/channel.h") {
  options_inbound(f);
  channel_open(f, NULL);
  assert_np_error(np_channel_send(f->channel, "x", 1, &f->op, on_never),
                  ERROR_ACCESS_DENIED);
  assert_np_error(np_channel_shutdown(f->channel, &f->op, on_never),
                  ERROR_ACCESS_DENIED);
}

NP_CASE("channel-send/send-too-long", np_channel_send, ANY_MODE | BOTH_ENDS,
        ERROR_BUFFER_OVERFLOW,
        "A message over the maximum is refused before anything is sent; one of "
        "the maximum is not.",
        "npipe/channel.h") {
  np_channel_options options = channel_options();

  options.frame.frame_bytes_max = 10;
  channel_pair(f, &options);
  assert_np_error(
      np_channel_send(f->channel, "01234567890", 11, &f->op, on_never),
      ERROR_BUFFER_OVERFLOW);
  assert_message_passes(f, f->channel, f->opposite, "0123456789", 10);
}

NP_CASE("channel-send/send-longest", np_channel_send,
        MODE_MESSAGE_BYTE | BOTH_ENDS, ERROR_BUFFER_OVERFLOW,
        "The kernel counts the bytes of a write with 32 bits. A message that "
        "has no room for its header below that is refused. One byte less is "
        "not: on a channel that was shut down it gets that error instead.",
        "WriteFile#parameters (nNumberOfBytesToWrite)") {
  const size_t most = UINT32_MAX - NP_FRAME_HEADER_BYTES_MAX;
  np_channel_options options = channel_options();

  options.half_close = true;
  options.frame.field_bytes = 8;
  options.frame.frame_bytes_max = SIZE_MAX;
  channel_open(f, &options);
  channel_shutdown_begin(&f->ops[0], f->channel);
  assert_ends(&f->ops[0], NP_OK, 0);
  /* Nobody looks at a message that is refused. */
  assert_np_error(np_channel_send(f->channel, "", most + 1, &f->op, on_never),
                  ERROR_BUFFER_OVERFLOW);
  assert_np_error(np_channel_send(f->channel, "", most, &f->op, on_never),
                  ERROR_NO_DATA);
}

NP_CASE("channel-send/send-too-short", np_channel_send, BYTE_READS | BOTH_ENDS,
        ERROR_INVALID_DATA,
        "A message that is shorter than the framing's adjustment is refused.",
        "npipe/frame.h") {
  np_channel_options options = channel_options();

  options.frame.adjustment = 3;
  channel_pair(f, &options);
  assert_np_error(np_channel_send(f->channel, "ab", 2, &f->op, on_never),
                  ERROR_INVALID_DATA);
  assert_message_passes(f, f->channel, f->opposite, "abc", 3);
}

NP_CASE("channel-send/send-peer-closed", np_channel_send, ANY_MODE | BOTH_ENDS,
        ERROR_NO_DATA,
        "A send to a peer that has closed ends with ERROR_NO_DATA.",
        "WriteFile#pipes") {
  channel_open(f, NULL);
  pipe_close_wait(f, f->peer);
  send_begin(&f->ops[0], f->channel, "x", 1);
  assert_next(&f->ops[0], ERROR_NO_DATA, 0);
  send_begin(&f->ops[0], f->channel, "x", 1);
  loop_until(f, 2);
  assert_np_error(f->ops[0].result, ERROR_NO_DATA);
}

NP_CASE("channel-send/send-tells-the-state", np_pipe_info, ANY_MODE, NP_OK,
        "A pipe has no right to query its state. It learns from a failed send "
        "that the peer is gone.",
        "npipe/pipe.h") {
  np_info info;

  f->server_options.inbound = false;
  f->server_options.read_mode = NP_BYTE;
  f->client_options.write = false;
  f->client_options.read_mode = NP_BYTE;
  channel_open(f, NULL);
  pipe_close_wait(f, f->client);
  send_begin(&f->ops[0], f->channel, "x", 1);
  assert_next(&f->ops[0], ERROR_NO_DATA, 0);
  info.size = sizeof(info);
  assert_np_ok(np_pipe_info(np_channel_pipe(f->channel), &info));
  assert_int_equal(info.state, NP_CLOSING);
}

NP_CASE("channel-send/send-memory", np_channel_send, BYTE_READS | BOTH_ENDS,
        ERROR_NOT_ENOUGH_MEMORY,
        "A send without memory for its message reports ERROR_NOT_ENOUGH_MEMORY "
        "and sends nothing. The next sends work.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  send_begin(&f->ops[0], f->channel, "first", 5);
  send_begin(&f->ops[1], f->channel, "second", 6);
  f->allocator.fail_at = f->allocator.total + 1;
  loop_until(f, 2);
  f->allocator.fail_at = 0;
  assert_done(&f->ops[0], ERROR_NOT_ENOUGH_MEMORY, 0);
  assert_done(&f->ops[1], NP_OK, 6);
  assert_message(f, f->opposite, "second", 6);
}

/* --- Gathering ---------------------------------------------------------- */

/* open_seen_by_messages: the peer reads messages, so it sees which bytes were
 * one write. */
static void open_seen_by_messages(np_fixture *f,
                                  const np_channel_options *options) {
  f->server_options.mode = NP_MESSAGE;
  f->server_options.read_mode = is_client_end(f) ? NP_MESSAGE : NP_BYTE;
  f->client_options.read_mode = is_client_end(f) ? NP_BYTE : NP_MESSAGE;
  channel_open(f, options);
}

static void assert_one_write(np_fixture *f, const char *bytes, size_t length) {
  char buffer[64];
  size_t got;

  assert_np_ok(pipe_receive(f, f->peer, buffer, sizeof(buffer), &got));
  assert_int_equal(got, length);
  assert_memory_equal(buffer, bytes, length);
}

NP_CASE("channel-send/gather", np_channel_send, MODE_MESSAGE_BYTE | BOTH_ENDS,
        NP_OK,
        "Messages that are sent in one turn are written together, at the end "
        "of the turn and before the loop waits.",
        "npipe/channel.h") {
  open_seen_by_messages(f, NULL);
  send_begin(&f->ops[0], f->channel, "one", 3);
  send_begin(&f->ops[1], f->channel, NULL, 0);
  send_begin(&f->ops[2], f->channel, "three", 5);
  loop_until(f, 3);
  assert_one_write(f, "\0\0\0\3one\0\0\0\0\0\0\0\5three", 20);
  for (unsigned i = 0; i < 3; i++) {
    assert_np_ok(f->ops[i].result);
  }
  assert_done(&f->ops[2], NP_OK, 5);
}

NP_CASE("channel-send/gather-before-a-call", np_channel_send,
        MODE_MESSAGE_BYTE | BOTH_ENDS, NP_OK,
        "The request of a call does not wait for the end of the turn. The "
        "messages that were gathered before it go with it.",
        "npipe/channel.h") {
  struct call_recorder call;

  memset(&call, 0, sizeof(call));
  open_seen_by_messages(f, NULL);
  send_begin(&f->ops[0], f->channel, "one", 3);
  call_begin(&call, f->channel, "ask");
  assert_int_equal(unread_bytes(f->peer), 14);
  assert_next(&f->ops[0], NP_OK, 3);
  assert_one_write(f, "\0\0\0\3one\0\0\0\3ask", 14);
  pipe_send(f, f->peer, "\0\0\0\2so", 6);
  call_wait(f, &call);
  assert_reply(&call, "so");
}

NP_CASE("channel-send/gather-limit", np_channel_send,
        MODE_MESSAGE_BYTE | BOTH_ENDS, NP_OK,
        "A write is put together up to the limit; a longer message follows its "
        "header from where it is.",
        "npipe/channel.h") {
  np_channel_options options = channel_options();

  options.write_buffer_bytes = 16;
  open_seen_by_messages(f, &options);
  send_begin(&f->ops[0], f->channel, "1234", 4);
  send_begin(&f->ops[1], f->channel, "5678", 4);
  send_begin(&f->ops[2], f->channel, "9", 1);
  send_begin(&f->ops[3], f->channel, "a long message", 14);
  send_begin(&f->ops[4], f->channel, "b long message", 14);
  send_begin(&f->ops[5], f->channel, "exactly 12 B", 12);
  loop_until(f, 6);
  assert_one_write(f,
                   "\0\0\0\4"
                   "1234\0\0\0\4"
                   "5678",
                   16);
  assert_one_write(f,
                   "\0\0\0\1"
                   "9\0\0\0\016",
                   9);
  assert_one_write(f, "a long message", 14);
  assert_one_write(f, "\0\0\0\016", 4);
  assert_one_write(f, "b long message", 14);
  assert_one_write(f, "\0\0\0\014exactly 12 B", 16);
}

NP_CASE("channel-send/gather-off", np_channel_send,
        MODE_MESSAGE_BYTE | BOTH_ENDS, NP_OK,
        "Without gathering each message is a write of its own, which the "
        "kernel gets within the call.",
        "npipe/channel.h") {
  np_channel_options options = channel_options();

  options.gather = false;
  open_seen_by_messages(f, &options);
  send_begin(&f->ops[0], f->channel, "one", 3);
  assert_int_equal(unread_bytes(f->peer), 7);
  send_begin(&f->ops[1], f->channel, "two", 3);
  loop_until(f, 2);
  assert_one_write(f, "\0\0\0\3one", 7);
  assert_one_write(f, "\0\0\0\3two", 7);
}

NP_CASE("channel-send/gather-none-at-all", np_channel_send,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "With a write buffer of 0 bytes each message is written after its "
        "header.",
        "npipe/channel.h") {
  np_channel_options options = channel_options();

  options.write_buffer_bytes = 0;
  channel_pair(f, &options);
  send_begin(&f->ops[0], f->channel, "one", 3);
  send_begin(&f->ops[1], f->channel, NULL, 0);
  send_begin(&f->ops[2], f->channel, "three", 5);
  loop_until(f, 3);
  assert_message(f, f->opposite, "one", 3);
  assert_message(f, f->opposite, NULL, 0);
  assert_message(f, f->opposite, "three", 5);
}

NP_CASE("channel-send/gather-behind-a-write", np_channel_send,
        MODE_MESSAGE_BYTE | BOTH_ENDS, NP_OK,
        "Messages that are sent while a write waits for the reader are "
        "gathered into the next write.",
        "npipe/channel.h") {
  np_channel_options options = channel_options();

  options.gather = false;
  server_quotas(f, 4, 4);
  open_seen_by_messages(f, &options);
  for (unsigned i = 0; i < 3; i++) {
    send_begin(&f->ops[i], f->channel, "abc", 3);
  }
  assert_quiet(f, 0);
  for (unsigned i = 0; i < 3; i++) {
    assert_one_write(f, "\0\0\0\3abc", 7);
  }
  loop_until(f, 3);
}

/* --- With room for the header ------------------------------------------- */

NP_CASE("channel-send/send-reserved", np_channel_send_reserved,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "A message with room for its header is sent by the same code in both "
        "modes. It may be short or long, alone or between other messages.",
        "npipe/channel.h") {
  static char buffers[3][100000];
  const size_t lengths[3] = {10, 5000, 90000};
  size_t header;

  channel_pair(f, NULL);
  header = np_channel_header_bytes(f->channel);
  send_begin(&f->ops[0], f->channel, "before", 6);
  for (unsigned i = 0; i < 3; i++) {
    memset(buffers[i], 'a' + (int)i, sizeof(buffers[i]));
    op_begin(&f->ops[1 + i],
             np_channel_send_reserved(f->channel, buffers[i], lengths[i],
                                      &f->ops[1 + i].op, on_done));
  }
  send_begin(&f->ops[4], f->channel, "after", 5);
  assert_message(f, f->opposite, "before", 6);
  for (unsigned i = 0; i < 3; i++) {
    assert_message(f, f->opposite, buffers[i] + header, lengths[i]);
  }
  assert_message(f, f->opposite, "after", 5);
  loop_until(f, 5);
  for (unsigned i = 0; i < 3; i++) {
    assert_done(&f->ops[1 + i], NP_OK, lengths[i]);
  }
}

NP_CASE("channel-send/send-reserved-nothing", np_channel_send_reserved,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "Without a header an empty message needs no reserved room.",
        "npipe/channel.h") {
  size_t header;
  char room[16];

  channel_pair(f, NULL);
  header = np_channel_header_bytes(f->channel);
  assert_true(header <= sizeof(room));
  op_begin(&f->ops[0],
           np_channel_send_reserved(f->channel, header > 0 ? room : NULL, 0,
                                    &f->ops[0].op, on_done));
  assert_message(f, f->opposite, "", 0);
  assert_next(&f->ops[0], NP_OK, 0);
}

NP_CASE("channel-send/send-reserved-one-write", np_channel_send_reserved,
        MODE_MESSAGE_BYTE | BOTH_ENDS, NP_OK,
        "A long message with reserved room goes out together with its header "
        "in one write.",
        "npipe/channel.h") {
  static char buffer[5004];
  static char got[6000];
  size_t length = 0;

  open_seen_by_messages(f, NULL);
  memset(buffer, 'x', sizeof(buffer));
  op_begin(&f->ops[0], np_channel_send_reserved(f->channel, buffer, 5000,
                                                &f->ops[0].op, on_done));
  assert_np_ok(pipe_receive(f, f->peer, got, sizeof(got), &length));
  assert_int_equal(length, 5004);
  assert_memory_equal(got, "\0\0\x13\x88xx", 6);
  loop_until(f, 1);
}

/* --- Memory ------------------------------------------------------------- */

NP_CASE("channel-send/no-allocation", np_channel_send, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "Once its buffers are there a channel takes no memory for a message.",
        "npipe/channel.h") {
  static struct call_recorder call;
  size_t total = 0;

  memset(&call, 0, sizeof(call));
  channel_pair(f, NULL);
  for (unsigned round = 0; round < 20; round++) {
    if (round == 2) {
      total = f->allocator.total;
    }
    for (unsigned i = 0; i < 8; i++) {
      send_begin(&f->ops[i], f->channel, f->ops[i].buffer, 100 + i);
    }
    for (unsigned i = 0; i < 8; i++) {
      receive_begin(&f->ops[8 + i], f->opposite);
    }
    call_begin(&call, f->opposite, "request");
    assert_message(f, f->channel, "request", 7);
    message_send(f, f->channel, "reply", 5);
    call_wait(f, &call);
    assert_reply(&call, "reply");
    loop_until(f, 16 * (round + 1));
  }
  assert_int_equal(f->allocator.total, total);
}
