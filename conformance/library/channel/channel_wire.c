/* Channels: the bytes on the wire, tested against an end that has no
 * channel. */
#include "channel_common.h"

NP_CASE("channel-wire/wire-sent", np_channel_send, BYTE_READS | BOTH_ENDS,
        NP_OK,
        "On a byte pipe a channel sends what Tokio's LengthDelimitedCodec "
        "sends: four bytes of length, most significant first, then the "
        "message.",
        "tokio_util::codec::length_delimited") {
  static const char wire[] =
      "\x00\x00\x00\x0bhello world"
      "\x00\x00\x00\x00"
      "\x00\x00\x00\x01z";
  static char long_message[300];
  char head[4];
  size_t length;

  channel_open(f, NULL);
  message_send(f, f->channel, "hello world", 11);
  message_send(f, f->channel, NULL, 0);
  message_send(f, f->channel, "z", 1);
  assert_received(f, f->peer, wire, sizeof(wire) - 1);
  memset(long_message, 'm', sizeof(long_message));
  message_send(f, f->channel, long_message, sizeof(long_message));
  assert_np_ok(pipe_receive(f, f->peer, head, 4, &length));
  assert_int_equal(length, 4);
  assert_memory_equal(head, "\x00\x00\x01\x2c", 4);
  assert_received(f, f->peer, long_message, sizeof(long_message));
}

NP_CASE("channel-wire/wire-received", np_channel_receive,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "A channel receives what Tokio's LengthDelimitedCodec sends, whether "
        "it comes at once or byte by byte.",
        "tokio_util::codec::length_delimited") {
  static const char wire[] =
      "\x00\x00\x00\x0bhello world"
      "\x00\x00\x00\x00"
      "\x00\x00\x00\x01z";

  channel_open(f, NULL);
  pipe_send(f, f->peer, wire, sizeof(wire) - 1);
  assert_message(f, f->channel, "hello world", 11);
  assert_message(f, f->channel, NULL, 0);
  assert_message(f, f->channel, "z", 1);
  for (unsigned i = 0; i < 3; i++) {
    receive_begin(&f->ops[i], f->channel);
  }
  for (size_t i = 0; i < sizeof(wire) - 1; i++) {
    pipe_send(f, f->peer, wire + i, 1);
    loop_quiet(f);
  }
  assert_next(&f->ops[0], NP_OK, 11);
  assert_memory_equal(f->ops[0].buffer, "hello world", 11);
  assert_done(&f->ops[1], NP_OK, 0);
  assert_done(&f->ops[2], NP_OK, 1);
  assert_memory_equal(f->ops[2].buffer, "z", 1);
}

NP_CASE("channel-wire/wire-options", np_channel_send, BYTE_READS | BOTH_ENDS,
        NP_OK,
        "The framing is the caller's to choose: a little-endian length of two "
        "bytes that counts itself, behind two bytes of another field.",
        "npipe/frame.h") {
  np_channel_options options = channel_options();

  options.frame.field_bytes = 2;
  options.frame.field_offset = 2;
  options.frame.byte_order = NP_LITTLE_ENDIAN;
  options.frame.adjustment = -4;
  channel_open(f, &options);
  assert_int_equal(np_channel_header_bytes(f->channel), 4);
  message_send(f, f->channel, "abc", 3);
  assert_received(f, f->peer,
                  "\x00\x00\x07\x00"
                  "abc",
                  7);
  pipe_send(f, f->peer, "xx\x06\x00hi", 6);
  assert_message(f, f->channel, "hi", 2);
}

NP_CASE("channel-wire/wire-kept-header", np_channel_receive,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "With a framing that keeps the header, a received message includes "
        "its header.",
        "npipe/frame.h") {
  np_channel_options options = channel_options();

  options.frame.field_bytes = 2;
  options.frame.skip_bytes = 0;
  options.frame.adjustment = 2;
  channel_pair(f, &options);
  message_send(f, f->channel, "abc", 3);
  assert_message(f, f->opposite,
                 "\x00\x03"
                 "abc",
                 5);
}

NP_CASE("channel-wire/wire-messages", np_channel_send, MODE_MESSAGE | BOTH_ENDS,
        NP_OK,
        "On a message pipe, each message of a channel is one message of the "
        "kernel, and nothing is added. An end without a channel reads the same "
        "bytes.",
        "Named Pipe Type, Read, and Wait Modes") {
  char buffer[8];
  size_t length = 1;

  channel_open(f, NULL);
  message_send(f, f->channel, "hello world", 11);
  message_send(f, f->channel, NULL, 0);
  assert_received(f, f->peer, "hello world", 11);
  assert_np_ok(pipe_receive(f, f->peer, buffer, sizeof(buffer), &length));
  assert_int_equal(length, 0);
  pipe_send(f, f->peer, "answer", 6);
  pipe_send(f, f->peer, NULL, 0);
  assert_message(f, f->channel, "answer", 6);
  assert_message(f, f->channel, NULL, 0);
}

NP_CASE("channel-wire/wire-framed-messages", np_channel_create,
        MODE_MESSAGE | BOTH_ENDS, NP_OK,
        "Framing can be asked for on ends that read messages: parts and empty "
        "messages of the kernel's then mean nothing.",
        "npipe/channel.h") {
  np_channel_options options = channel_options();

  options.framing = NP_FRAMING_ALWAYS;
  options.read_buffer_bytes = 5;
  channel_open(f, &options);
  message_send(f, f->channel, "abc", 3);
  assert_received(f, f->peer, "\0\0\0\3abc", 7);
  pipe_send(f, f->peer, NULL, 0);
  pipe_send(f, f->peer, "\0\0\0\x08long", 8);
  pipe_send(f, f->peer, "er m", 4);
  assert_message(f, f->channel, "longer m", 8);
}

NP_CASE("channel-wire/wire-other-header-bytes", np_channel_send_reserved,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "With the header's room before the message, the bytes of the header "
        "that are not the length's go out as they are.",
        "npipe/channel.h") {
  np_channel_options options = channel_options();
  char buffer[8] = {'T', 0, 0, 'F', 'a', 'b', 'c', 'd'};

  options.frame.field_bytes = 2;
  options.frame.field_offset = 1;
  options.frame.skip_bytes = 4;
  channel_open(f, &options);
  assert_int_equal(np_channel_header_bytes(f->channel), 4);
  op_begin(&f->ops[0], np_channel_send_reserved(f->channel, buffer, 4,
                                                &f->ops[0].op, on_done));
  assert_next(&f->ops[0], NP_OK, 4);
  assert_received(f, f->peer, "T\0\4Fabcd", 8);
}
