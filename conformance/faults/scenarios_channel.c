/* Scenarios of channels. Each one is played over a byte pipe, over a message
 * pipe, and over a message pipe that is read in byte mode. */
#include <string.h>

#include "run.h"

struct ends {
  np_channel *near;
  np_channel *opposite;
};

static bool channels(struct run *r, const np_channel_options *options,
                     struct ends *ends) {
  ends->near = NULL;
  ends->opposite = NULL;
  STEP(pair_open(r));
  ends->near = channel_open(r, r->client, options);
  if (ends->near != NULL) {
    ends->opposite = channel_open(r, r->server, options);
  }
  return ends->opposite != NULL;
}

static bool delivers(struct run *r, np_channel *from, np_channel *to,
                     const char *text) {
  struct action *receive = receive_begin(r, to);

  return ends(send_begin(r, from, text, strlen(text)), NP_OK, strlen(text)) &&
         ends_with(receive, NP_OK, text);
}

/* tight returns options with small buffers, so that messages take every path in
 * the channel. */
static np_channel_options tight(void) {
  np_channel_options options;

  np_channel_options_init(&options);
  options.frame.frame_bytes_max = 2000;
  options.read_buffer_bytes = 64;
  options.write_buffer_bytes = 100;
  return options;
}

static bool play_messages(struct run *r, np_frame_kind kind) {
  /* longer than the read buffer, shorter than the messages behind it */
  static const char medium[] =
      "A message that takes a block of its own, which the next one outgrows.";
  np_channel_options options = tight();
  struct action *sends[4];
  struct ends e;

  options.frame.kind = kind;
  options.frame.delimiters[0] = 0xFE;

  STEP(channels(r, &options, &e) && delivers(r, e.near, e.opposite, "ping") &&
       delivers(r, e.opposite, e.near, "pong") &&
       delivers(r, e.near, e.opposite, medium));
  sends[0] = send_begin(r, e.near, "first", 5);
  sends[1] = send_begin(r, e.near, NULL, 1500);
  sends[2] = send_begin(r, e.near, "", 0);
  sends[3] = send_reserved_begin(r, e.near, 300);
  return ends_with(receive_begin(r, e.opposite), NP_OK, "first") &&
         ends(receive_begin(r, e.opposite), NP_OK, 1500) &&
         ends(receive_into_begin(r, e.opposite, 10), NP_OK, 0) &&
         ends(receive_into_begin(r, e.opposite, 10), ERROR_INSUFFICIENT_BUFFER,
              300) &&
         ends(receive_into_begin(r, e.opposite, 400), NP_OK, 300) &&
         ends(sends[0], NP_OK, 5) && ends(sends[1], NP_OK, 1500) &&
         ends(sends[2], NP_OK, 0) && ends(sends[3], NP_OK, 300) &&
         ends(channel_shutdown_begin(r, e.near), NP_OK, 0) &&
         channel_close(r, e.near) &&
         ends(receive_begin(r, e.opposite), ERROR_BROKEN_PIPE, 0) &&
         channel_detach(r, e.opposite) && closed(r);
}

SCENARIO(channel_byte, "channel/byte", 0) {
  return play_messages(r, NP_FRAME_LENGTH);
}

SCENARIO(channel_varint, "channel/varint", 0) {
  return play_messages(r, NP_FRAME_VARINT);
}

SCENARIO(channel_delimiter, "channel/delimiter", 0) {
  return play_messages(r, NP_FRAME_DELIMITER);
}

/* The peer closes in place of the last line feed. The line came in parts. A
 * read that fails with ERROR_BROKEN_PIPE also ends the line, and the second
 * receive reports the error. */
SCENARIO(channel_last_line, "channel/last-line", 0) {
  static const char part[] =
      "a part of a line that is as long as the buffer of a read or longer; ";
  np_channel_options options = tight();
  np_channel *channel;
  struct action *receive;

  options.frame.kind = NP_FRAME_DELIMITER;
  options.frame.unended_last = true;
  STEP(pair_open(r));
  channel = channel_open(r, r->client, &options);
  if (channel == NULL) {
    return false;
  }
  receive = receive_begin(r, channel);
  for (unsigned i = 0; i < 6; i++) {
    STEP(ends(write_begin(r, r->server, part, sizeof part - 1), NP_OK,
              sizeof part - 1));
  }
  STEP(pipe_close(r, r->server) && turns(r, &receive->done, receive->begun) &&
       gave(r, receive->function, OUTCOME_CALLED_BACK, receive->error, NP_OK) &&
       ends(receive_begin(r, channel),
            receive->transferred == 6 * (sizeof part - 1) ? ERROR_BROKEN_PIPE
                                                          : NP_OK,
            0) &&
       channel_close(r, channel));
  return closed(r);
}

SCENARIO(channel_message, "channel/message", CUTS_MESSAGES) {
  modes(r, NP_MESSAGE, NP_MESSAGE);
  return play_messages(r, NP_FRAME_LENGTH);
}

SCENARIO(channel_message_byte, "channel/message-byte", 0) {
  modes(r, NP_MESSAGE, NP_BYTE);
  return play_messages(r, NP_FRAME_LENGTH);
}

static bool play_calls(struct run *r) {
  struct action *asked[2];
  struct ends e;

  STEP(channels(r, NULL, &e));
  asked[0] = call_begin(r, e.near, "one");
  asked[1] = call_begin(r, e.near, "two");
  return ends_with(receive_begin(r, e.opposite), NP_OK, "one") &&
         ends(send_begin(r, e.opposite, "eins", 4), NP_OK, 4) &&
         ends_with(receive_begin(r, e.opposite), NP_OK, "two") &&
         ends(send_begin(r, e.opposite, "zwei", 4), NP_OK, 4) &&
         ends_with(asked[0], NP_OK, "eins") &&
         ends_with(asked[1], NP_OK, "zwei");
}

SCENARIO(channel_call_byte, "channel/call-byte", LOOKS_FIRST) {
  return play_calls(r);
}

SCENARIO(channel_call_message, "channel/call-message", LOOKS_FIRST) {
  modes(r, NP_MESSAGE, NP_MESSAGE);
  return play_calls(r);
}

/* play_late: a call that times out, the next call, which is refused, and a
 * receive. */
static bool play_late(struct run *r) {
  struct action *late;
  struct action *next;
  struct ends e;

  STEP(channels(r, NULL, &e));
  r->timeout_ms = 20;
  late = call_begin(r, e.near, "one");
  r->timeout_ms = 0;
  STEP(ends(late, WAIT_TIMEOUT, 0));
  next = call_begin(r, e.near, "two");
  return ends(next, ERROR_INVALID_STATE, 0) &&
         ends_with(receive_begin(r, e.opposite), NP_OK, "one") &&
         ends(send_begin(r, e.opposite, "late", 4), NP_OK, 4) &&
         ends_with(receive_begin(r, e.near), NP_OK, "late");
}

SCENARIO(channel_late_byte, "channel/call-late-byte", 0) {
  return play_late(r);
}

SCENARIO(channel_late_message, "channel/call-late-message", 0) {
  modes(r, NP_MESSAGE, NP_MESSAGE);
  return play_late(r);
}

static bool play_half_close(struct run *r) {
  np_channel_options options;
  struct action *shutdown;
  struct ends e;

  np_channel_options_init(&options);
  options.half_close = true;
  STEP(channels(r, &options, &e));
  shutdown = channel_shutdown_begin(r, e.near);
  return ends(receive_begin(r, e.opposite), ERROR_BROKEN_PIPE, 0) &&
         ends(shutdown, NP_OK, 0) && delivers(r, e.opposite, e.near, "answer");
}

SCENARIO(channel_half_close_message, "flush/channel-half-close", FLUSHES) {
  modes(r, NP_MESSAGE, NP_MESSAGE);
  return play_half_close(r);
}

SCENARIO(channel_half_close_byte, "flush/channel-half-close-byte", FLUSHES) {
  modes(r, NP_MESSAGE, NP_BYTE);
  return play_half_close(r);
}

/* play_cancels cancels receives in the kernel. */
static bool play_cancels(struct run *r) {
  struct action *actions[4];
  struct ends e;

  STEP(channels(r, NULL, &e));
  actions[0] = receive_begin(r, e.near);
  STEP(turn(r, 0) && cancel(actions[0]) &&
       ends(actions[0], ERROR_OPERATION_ABORTED, 0));
  actions[1] = receive_into_begin(r, e.near, 64);
  STEP(turn(r, 0) && cancel(actions[1]) &&
       ends(actions[1], ERROR_OPERATION_ABORTED, 0));
  return delivers(r, e.opposite, e.near, "still there");
}

SCENARIO(channel_cancel_byte, "channel/cancel-byte", 0) {
  return play_cancels(r);
}

SCENARIO(channel_cancel_message, "channel/cancel-message", 0) {
  modes(r, NP_MESSAGE, NP_MESSAGE);
  return play_cancels(r);
}

static bool play_close(struct run *r) {
  struct action *actions[5];
  struct ends e;

  STEP(channels(r, NULL, &e));
  actions[0] = send_begin(r, e.near, NULL, BUFFER_BYTES_MAX);
  actions[1] = receive_into_begin(r, e.near, 64);
  actions[2] = receive_begin(r, e.near);
  STEP(turn(r, 0));
  actions[3] = call_begin(r, e.near, NULL);
  actions[4] = channel_shutdown_begin(r, e.near);
  STEP(channel_close(r, e.near) && closed(r));
  for (int i = 0; i < 5; i++) {
    STEP(ends(actions[i], ERROR_OPERATION_ABORTED, 0));
  }
  return true;
}

SCENARIO(channel_close_byte, "channel/close-byte", 0) {
  return play_close(r);
}

SCENARIO(channel_close_message, "channel/close-message", 0) {
  modes(r, NP_MESSAGE, NP_MESSAGE);
  return play_close(r);
}
