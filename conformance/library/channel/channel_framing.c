/* Channels over other framings than a length field: lines, frames with other
 * delimiters, and lengths as varints. */
#include "channel_common.h"

enum { LONG_BYTES = 100000, QUOTA_BYTES = 64 };

static struct call_recorder asked[3];

static char long_text[LONG_BYTES];

/* lines_options returns options of a channel of lines, as Tokio's LinesCodec
 * has them. */
static np_channel_options lines_options(void) {
  np_channel_options options = channel_options();

  options.frame.kind = NP_FRAME_DELIMITER;
  options.frame.drop_cr = true;
  options.frame.unended_last = true;
  memset(long_text, 'l', sizeof(long_text));
  return options;
}

static np_channel_options varint_options(void) {
  np_channel_options options = channel_options();

  options.frame.kind = NP_FRAME_VARINT;
  return options;
}

/* receives_begin begins the first `count` receives of the fixture. */
static void receives_begin(np_fixture *f, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    receive_begin(&f->ops[i], f->channel);
  }
}

/* pipe_send_slowly sends each byte by itself, and waits until it was read. */
static void pipe_send_slowly(np_fixture *f, const char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) {
    pipe_send(f, f->peer, bytes + i, 1);
    loop_quiet(f);
  }
}

static void assert_got(struct recorder *recorder, const char *text) {
  assert_done(recorder, NP_OK, strlen(text));
  assert_memory_equal(recorder->buffer, text, strlen(text));
}

/* --- Lines -------------------------------------------------------------- */

NP_CASE("channel-framing/lines-sent", np_channel_send, BYTE_READS | BOTH_ENDS,
        NP_OK,
        "A channel of lines sends each message with a line feed behind it. A "
        "send with reserved room needs no room.",
        "tokio_util::codec::LinesCodec") {
  np_channel_options options = lines_options();
  char reserved[] = "reserved";

  channel_open(f, &options);
  assert_int_equal(np_channel_header_bytes(f->channel), 0);
  send_begin(&f->ops[0], f->channel, "one", 3);
  send_begin(&f->ops[1], f->channel, NULL, 0);
  op_begin(&f->ops[2], np_channel_send_reserved(f->channel, reserved, 8,
                                                &f->ops[2].op, on_done));
  loop_until(f, 3);
  assert_done(&f->ops[0], NP_OK, 3);
  assert_done(&f->ops[1], NP_OK, 0);
  assert_done(&f->ops[2], NP_OK, 8);
  assert_received(f, f->peer, "one\n\nreserved\n", 14);
}

NP_CASE("channel-framing/lines-received", np_channel_receive,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "A channel of lines receives line after line, whether they come at "
        "once or byte by byte.",
        "tokio_util::codec::LinesCodec") {
  static const char wire[] = "one\r\n\ntwo\n";
  np_channel_options options = lines_options();

  channel_open(f, &options);
  pipe_send(f, f->peer, wire, sizeof(wire) - 1);
  assert_message(f, f->channel, "one", 3);
  assert_message(f, f->channel, NULL, 0);
  assert_message(f, f->channel, "two", 3);
  receives_begin(f, 3);
  pipe_send_slowly(f, wire, sizeof(wire) - 1);
  loop_until(f, 3);
  assert_got(&f->ops[0], "one");
  assert_got(&f->ops[1], "");
  assert_got(&f->ops[2], "two");
}

NP_CASE("channel-framing/lines-refused", np_channel_send,
        BYTE_READS | BOTH_ENDS, ERROR_INVALID_DATA,
        "A message that the peer would not receive as it is, is refused: by a "
        "send, by a send with reserved room and by a call.",
        "npipe/channel.h") {
  np_channel_options options = lines_options();
  char bad[] = "a\nb";

  memset(asked, 0, sizeof(asked));
  channel_open(f, &options);
  assert_np_error(np_channel_send(f->channel, bad, 3, &f->op, on_never),
                  ERROR_INVALID_DATA);
  assert_np_error(np_channel_send(f->channel, "a\r", 2, &f->op, on_never),
                  ERROR_INVALID_DATA);
  assert_np_error(
      np_channel_send_reserved(f->channel, bad, 3, &f->op, on_never),
      ERROR_INVALID_DATA);
  assert_np_error(np_channel_call(f->channel, bad, 3, &asked[0].call, on_never),
                  ERROR_INVALID_DATA);
  message_send(f, f->channel, "good", 4);
  assert_received(f, f->peer, "good\n", 5);
}

NP_CASE("channel-framing/lines-too-long-to-send", np_channel_send,
        BYTE_READS | BOTH_ENDS, ERROR_BUFFER_OVERFLOW,
        "A message over the maximum is refused before anything is sent.",
        "npipe/channel.h") {
  np_channel_options options = lines_options();

  options.frame.frame_bytes_max = 4;
  channel_open(f, &options);
  assert_np_error(np_channel_send(f->channel, "abcde", 5, &f->op, on_never),
                  ERROR_BUFFER_OVERFLOW);
  message_send(f, f->channel, "abcd", 4);
}

NP_CASE("channel-framing/lines-long", np_channel_send, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "Lines longer than every buffer and than the quota arrive whole, "
        "between short ones.",
        "npipe/channel.h") {
  np_channel_options options = lines_options();

  options.framing = NP_FRAMING_ALWAYS;
  server_quotas(f, QUOTA_BYTES, QUOTA_BYTES);
  channel_pair(f, &options);
  for (unsigned i = 0; i < 3; i++) {
    send_begin(&f->ops[3 * i], f->channel, "short", 5);
    send_begin(&f->ops[3 * i + 1], f->channel, long_text, LONG_BYTES - i);
    send_begin(&f->ops[3 * i + 2], f->channel, NULL, 0);
  }
  for (unsigned i = 0; i < 3; i++) {
    assert_message(f, f->opposite, "short", 5);
    assert_message(f, f->opposite, long_text, LONG_BYTES - i);
    assert_message(f, f->opposite, NULL, 0);
  }
  loop_quiet(f);
  assert_done(&f->ops[8], NP_OK, 0);
}

NP_CASE("channel-framing/lines-cancel", np_channel_send, BYTE_READS | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A line is always copied. If it is cancelled while the kernel has it, "
        "it is abandoned, and the next lines arrive whole.",
        "npipe/channel.h") {
  np_channel_options options = lines_options();

  server_quotas(f, QUOTA_BYTES, QUOTA_BYTES);
  channel_pair(f, &options);
  send_begin(&f->ops[0], f->channel, long_text, LONG_BYTES);
  loop_quiet(f);
  assert_aborts(&f->ops[0]);
  send_begin(&f->ops[1], f->channel, "next", 4);
  assert_message(f, f->opposite, long_text, LONG_BYTES);
  assert_message(f, f->opposite, "next", 4);
  assert_next(&f->ops[1], NP_OK, 4);
}

NP_CASE("channel-framing/lines-send-memory", np_channel_send,
        BYTE_READS | BOTH_ENDS, ERROR_NOT_ENOUGH_MEMORY,
        "Without memory for its copy a line is not sent, and the next one may "
        "be.",
        "npipe/channel.h") {
  np_channel_options options = lines_options();

  channel_open(f, &options);
  f->allocator.fail_at = f->allocator.total + 1;
  send_begin(&f->ops[0], f->channel, long_text, LONG_BYTES);
  assert_next(&f->ops[0], ERROR_NOT_ENOUGH_MEMORY, 0);
  message_send(f, f->channel, "next", 4);
  assert_received(f, f->peer, "next\n", 5);
}

NP_CASE("channel-framing/lines-too-long", np_channel_receive,
        BYTE_READS | BOTH_ENDS, ERROR_BUFFER_OVERFLOW,
        "A line over the maximum is reported once, as one byte longer than the "
        "maximum. It is skipped up to its end, and the next line arrives.",
        "tokio_util::codec::LinesCodec") {
  np_channel_options options = lines_options();

  options.frame.frame_bytes_max = 4;
  options.read_buffer_bytes = 300;
  channel_open(f, &options);
  pipe_send(f, f->peer, "abcdefgh\nnext\n", 14);
  assert_no_message(f, f->channel, ERROR_BUFFER_OVERFLOW, 5);
  assert_message(f, f->channel, "next", 4);
  receives_begin(f, 2);
  pipe_send_slowly(f, "abcdefgh\nok\n", 12);
  loop_until(f, 2);
  assert_done(&f->ops[0], ERROR_BUFFER_OVERFLOW, 5);
  assert_got(&f->ops[1], "ok");
  send_begin(&f->ops[2], f->channel, "x", 1);
  loop_quiet(f);
  pipe_send(f, f->peer, long_text, 5000);
  assert_no_message(f, f->channel, ERROR_BUFFER_OVERFLOW, 5);
  pipe_send(f, f->peer, "\nend\n", 5);
  assert_message(f, f->channel, "end", 3);
}

NP_CASE("channel-framing/lines-into", np_channel_receive_into,
        BYTE_READS | BOTH_ENDS, ERROR_INSUFFICIENT_BUFFER,
        "A line is received into the caller's buffer, or stays if it does not "
        "fit.",
        "npipe/channel.h") {
  np_channel_options options = lines_options();

  channel_open(f, &options);
  pipe_send(f, f->peer, "fits\nlonger\n", 12);
  receive_into_begin(&f->ops[0], f->channel, 4);
  assert_next(&f->ops[0], NP_OK, 4);
  receive_into_begin(&f->ops[1], f->channel, 4);
  assert_next(&f->ops[1], ERROR_INSUFFICIENT_BUFFER, 6);
  assert_message(f, f->channel, "longer", 6);
}

NP_CASE("channel-framing/lines-end", np_channel_receive, BYTE_READS | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "The peer may close in place of the last line feed. The last line is "
        "received, and then the end of the stream.",
        "tokio_util::codec::LinesCodec") {
  np_channel_options options = lines_options();

  channel_open(f, &options);
  pipe_send(f, f->peer, "one\nlast\r", 9);
  pipe_close(f, f->peer);
  assert_message(f, f->channel, "one", 3);
  assert_message(f, f->channel, "last", 4);
  assert_no_message(f, f->channel, ERROR_BROKEN_PIPE, 0);
  assert_no_message(f, f->channel, ERROR_BROKEN_PIPE, 0);
}

NP_CASE("channel-framing/lines-cut", np_channel_receive, BYTE_READS | BOTH_ENDS,
        ERROR_HANDLE_EOF,
        "Without unended_last, a stream that ends inside of a line was cut "
        "off. The part is not received.",
        "npipe/channel.h") {
  np_channel_options options = lines_options();

  options.frame.unended_last = false;
  channel_open(f, &options);
  pipe_send(f, f->peer, "one\nlast", 8);
  pipe_close(f, f->peer);
  assert_message(f, f->channel, "one", 3);
  assert_no_message(f, f->channel, ERROR_HANDLE_EOF, 0);
}

NP_CASE("channel-framing/lines-end-memory", np_channel_receive,
        BYTE_READS | BOTH_ENDS, ERROR_NOT_ENOUGH_MEMORY,
        "Without memory for the last line in one block, receiving fails.",
        "npipe/channel.h") {
  np_channel_options options = lines_options();

  options.read_buffer_bytes = 300;
  channel_open(f, &options);
  receive_begin(&f->ops[0], f->channel);
  for (unsigned i = 0; i < 30; i++) {
    pipe_send(f, f->peer, long_text, 300);
    loop_quiet(f);
  }
  f->allocator.fail_at = f->allocator.total + 1;
  pipe_close(f, f->peer);
  assert_next(&f->ops[0], ERROR_NOT_ENOUGH_MEMORY, 0);
  f->allocator.fail_at = 0;
  assert_no_message(f, f->channel, ERROR_NOT_ENOUGH_MEMORY, 0);
}

NP_CASE("channel-framing/lines-memory", np_channel_receive,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "While a long line arrives, the channel holds at most twice the bytes "
        "that have arrived, plus NP_CHANNEL_MEMORY_BYTES.",
        "npipe/channel.h") {
  np_channel_options options = lines_options();
  size_t came = 0;
  size_t base;

  pair_open(f);
  base = f->allocator.live_bytes;
  f->allocator.most_bytes = base;
  channel_on(f, f->end, &options);
  receive_begin(&f->ops[0], f->channel);
  while (came < LONG_BYTES) {
    pipe_send(f, f->peer, long_text, 1000);
    came += 1000;
    loop_quiet(f);
    assert_in_range(f->allocator.most_bytes, base,
                    base + 2 * came + NP_CHANNEL_MEMORY_BYTES);
  }
  pipe_send(f, f->peer, "\n", 1);
  assert_next(&f->ops[0], NP_OK, LONG_BYTES);
  assert_in_range(f->allocator.most_bytes, base,
                  base + 2 * came + NP_CHANNEL_MEMORY_BYTES);
}

NP_CASE("channel-framing/lines-call", np_channel_call, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "Calls work over lines. A reply over the maximum is reported to its "
        "call, and the next call waits until the rest was skipped.",
        "npipe/channel.h") {
  np_channel_options options = lines_options();

  memset(asked, 0, sizeof(asked));
  options.framing = NP_FRAMING_ALWAYS;
  pair_open_quota(f, QUOTA_BYTES);
  channel_on(f, f->peer, &options);
  options.frame.frame_bytes_max = 5;
  channel_on(f, f->end, &options);
  for (unsigned i = 0; i < 3; i++) {
    call_begin(&asked[i], f->channel, "ask");
  }
  assert_message(f, f->opposite, "ask", 3);
  message_send(f, f->opposite, "first", 5);
  assert_message(f, f->opposite, "ask", 3);
  message_send(f, f->opposite, long_text, 20000);
  assert_message(f, f->opposite, "ask", 3);
  message_send(f, f->opposite, "third", 5);
  for (unsigned i = 0; i < 3; i++) {
    call_wait(f, &asked[i]);
  }
  assert_reply(&asked[0], "first");
  assert_np_error(asked[1].result, ERROR_BUFFER_OVERFLOW);
  assert_reply(&asked[2], "third");
}

NP_CASE("channel-framing/lines-call-unasked", np_channel_call,
        BYTE_READS | BOTH_ENDS, ERROR_PIPE_BUSY,
        "A part of a line that came before the call is no reply: the call ends "
        "and sends nothing, and the line is received.",
        "npipe/channel.h") {
  np_channel_options options = lines_options();

  memset(asked, 0, sizeof(asked));
  channel_open(f, &options);
  pipe_send(f, f->peer, "unasked", 7);
  call_begin(&asked[0], f->channel, "ask");
  call_wait(f, &asked[0]);
  assert_np_error(asked[0].result, ERROR_PIPE_BUSY);
  pipe_send(f, f->peer, "\n", 1);
  assert_message(f, f->channel, "unasked", 7);
}

/* --- Varints ------------------------------------------------------------ */

NP_CASE("channel-framing/varint-sent", np_channel_send, BYTE_READS | BOTH_ENDS,
        NP_OK,
        "A channel sends each message behind its length as the shortest "
        "varint.",
        "protobuf#varints") {
  np_channel_options options = varint_options();
  char head[2];
  size_t length;

  memset(long_text, 'v', sizeof(long_text));
  channel_open(f, &options);
  message_send(f, f->channel, "hello", 5);
  message_send(f, f->channel, NULL, 0);
  assert_received(f, f->peer, "\x05hello\x00", 7);
  message_send(f, f->channel, long_text, 300);
  assert_np_ok(pipe_receive(f, f->peer, head, 2, &length));
  assert_memory_equal(head, "\xAC\x02", 2);
  assert_received(f, f->peer, long_text, 300);
}

NP_CASE("channel-framing/varint-received", np_channel_receive,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "A channel receives such messages, whether they come at once or byte "
        "by byte, also behind a longer varint than needed.",
        "protobuf#varints") {
  static const char wire[] = "\x05hello\x00\x83\x00two";
  np_channel_options options = varint_options();

  channel_open(f, &options);
  pipe_send(f, f->peer, wire, sizeof(wire) - 1);
  assert_message(f, f->channel, "hello", 5);
  assert_message(f, f->channel, NULL, 0);
  assert_message(f, f->channel, "two", 3);
  receives_begin(f, 3);
  pipe_send_slowly(f, wire, sizeof(wire) - 1);
  loop_until(f, 3);
  assert_got(&f->ops[0], "hello");
  assert_got(&f->ops[1], "");
  assert_got(&f->ops[2], "two");
}

/* reserved_passes sends a message of `length` bytes from a buffer with room for
 * the longest header. */
static void reserved_passes(np_fixture *f, size_t length) {
  const size_t room = np_channel_header_bytes(f->channel);
  char *buffer = test_malloc(room + length);

  memset(buffer, '!', room);
  for (size_t i = 0; i < length; i++) {
    buffer[room + i] = (char)(i * 7 + i / 251);
  }
  op_begin(&f->ops[0], np_channel_send_reserved(f->channel, buffer, length,
                                                &f->ops[0].op, on_done));
  assert_message(f, f->opposite, buffer + room, length);
  loop_until(f, 1);
  assert_done(&f->ops[0], NP_OK, length);
  f->done_count = 0;
  test_free(buffer);
}

NP_CASE("channel-framing/varint-reserved", np_channel_send_reserved,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "The room for the header is that of the longest message. A shorter "
        "header stands at the end of the room, for short messages and for long "
        "ones, which are not copied.",
        "npipe/channel.h") {
  np_channel_options options = varint_options();

  channel_pair(f, &options);
  assert_int_equal(np_channel_header_bytes(f->channel), 4);
  message_send(f, f->channel, "plain", 5);
  assert_message(f, f->opposite, "plain", 5);
  reserved_passes(f, 1);
  reserved_passes(f, 200);
  reserved_passes(f, 5000);
  reserved_passes(f, 70000);
}

NP_CASE("channel-framing/varint-long", np_channel_send, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "Messages longer than every buffer arrive whole, between short ones.",
        "npipe/channel.h") {
  np_channel_options options = varint_options();

  memset(long_text, 'v', sizeof(long_text));
  options.framing = NP_FRAMING_ALWAYS;
  server_quotas(f, QUOTA_BYTES, QUOTA_BYTES);
  channel_pair(f, &options);
  send_begin(&f->ops[0], f->channel, "short", 5);
  send_begin(&f->ops[1], f->channel, long_text, LONG_BYTES);
  send_begin(&f->ops[2], f->channel, NULL, 0);
  assert_message(f, f->opposite, "short", 5);
  assert_message(f, f->opposite, long_text, LONG_BYTES);
  assert_message(f, f->opposite, NULL, 0);
}

NP_CASE("channel-framing/varint-too-long", np_channel_receive,
        BYTE_READS | BOTH_ENDS, ERROR_BUFFER_OVERFLOW,
        "A message over the maximum is reported with its length and skipped. "
        "Its header may arrive byte by byte.",
        "npipe/channel.h") {
  np_channel_options options = varint_options();

  memset(long_text, 'v', sizeof(long_text));
  options.frame.frame_bytes_max = 4;
  channel_open(f, &options);
  receives_begin(f, 2);
  pipe_send_slowly(f, "\x85\x00hello\x02ok", 10);
  loop_until(f, 2);
  assert_done(&f->ops[0], ERROR_BUFFER_OVERFLOW, 5);
  assert_got(&f->ops[1], "ok");
  pipe_send(f, f->peer, "\xAC\x02", 2);
  pipe_send(f, f->peer, long_text, 300);
  pipe_send(f, f->peer, "\x01z", 2);
  assert_no_message(f, f->channel, ERROR_BUFFER_OVERFLOW, 300);
  assert_message(f, f->channel, "z", 1);
}

NP_CASE("channel-framing/varint-bad", np_channel_receive,
        BYTE_READS | BOTH_ENDS, ERROR_ARITHMETIC_OVERFLOW,
        "A varint of more than 64 bits ends receiving for good; sending goes "
        "on.",
        "protobuf#varints") {
  np_channel_options options = varint_options();

  channel_open(f, &options);
  pipe_send(f, f->peer, "\x01z\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", 12);
  assert_message(f, f->channel, "z", 1);
  assert_no_message(f, f->channel, ERROR_ARITHMETIC_OVERFLOW, 0);
  assert_no_message(f, f->channel, ERROR_ARITHMETIC_OVERFLOW, 0);
  message_send(f, f->channel, "still", 5);
  assert_received(f, f->peer, "\x05still", 6);
}

NP_CASE("channel-framing/bad-options", np_channel_create, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_PARAMETER,
        "A framing that no decoder accepts is refused, and the pipe stays the "
        "caller's.",
        "npipe/channel.h") {
  np_channel_options options = lines_options();
  np_channel *channel = NULL;

  pair_open(f);
  options.frame.delimiter_count = 0;
  assert_invalid(np_channel_create(f->end, &options, &channel));
  options = varint_options();
  options.frame.adjustment = 1;
  assert_invalid(np_channel_create(f->end, &options, &channel));
  assert_null(channel);
  pipe_send(f, f->end, "mine", 4);
}
