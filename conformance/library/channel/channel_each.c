/* Channels: the standing receive. */
#include "channel_common.h"

enum { TOLD_MAX = 64 };

/* A standing receive and what it was told. */
static struct each {
  np_receiver receiver; /* first */
  np_fixture *f;
  unsigned count;
  char first[TOLD_MAX]; /* first byte of each message; 0 of an empty one */
  size_t lengths[TOLD_MAX];
  unsigned stop_at; /* returns false at this message; 0: never */
  void (*then)(struct each *each);
  unsigned done_count;
  np_error result;
  size_t transferred;
  unsigned closed_before; /* channels that were closed before the end */
} each;

static bool on_each(np_receiver *receiver, void *data, size_t length) {
  callback_begin();
  assert_ptr_equal(receiver, &each.receiver);
  assert_int_equal(each.done_count, 0);
  assert_true(each.count < TOLD_MAX);
  each.first[each.count] = length > 0 ? *(const char *)data : '\0';
  each.lengths[each.count++] = length;
  if (each.then != NULL) {
    each.then(&each);
  }
  callback_end();
  return each.count != each.stop_at;
}

static bool on_each_never(np_receiver *receiver, void *data, size_t length) {
  (void)receiver;
  (void)data;
  (void)length;
  fail_msg("%s", "a message was told after the end");
  return false;
}

static void on_over(np_op *op, np_error error, size_t transferred) {
  callback_begin();
  assert_ptr_equal(op, &each.receiver.op);
  assert_true(transferred == 0 || error == ERROR_BUFFER_OVERFLOW);
  each.transferred = transferred;
  each.done_count++;
  each.result = error;
  each.closed_before = each.f->closed_count;
  callback_end();
}

static void each_begin(np_fixture *f) {
  each.f = f;
  each.done_count = 0;
  assert_np_ok(
      np_channel_receive_each(f->channel, &each.receiver, on_each, on_over));
}

static void each_open(np_fixture *f, const np_channel_options *options) {
  memset(&each, 0, sizeof each);
  channel_pair(f, options);
  each_begin(f);
}

static void assert_over(np_fixture *f, np_error error) {
  loop_until_count(f, &each.done_count, 1);
  assert_np_error(each.result, error);
  loop_quiet(f);
  assert_int_equal(each.done_count, 1);
}

NP_CASE("channel-each/many", np_channel_receive_each, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "One start receives many messages in their order, also empty ones, "
        "and goes on until its function returns false.",
        "npipe/channel.h") {
  enum { MESSAGES = 20 };
  static const char text[] = "abcdefghijklmnopqrstuvwxyz";

  each_open(f, NULL);
  each.stop_at = MESSAGES;
  for (unsigned i = 0; i < MESSAGES; i++) {
    send_begin(&f->ops[i], f->opposite, text + i, i % 5);
    if (i % 7 == 6) {
      loop_quiet(f);
      assert_int_equal(each.count, i + 1);
    }
  }
  assert_over(f, NP_OK);
  for (unsigned i = 0; i < MESSAGES; i++) {
    assert_int_equal(each.lengths[i], i % 5);
    assert_int_equal(each.first[i], i % 5 > 0 ? text[i] : '\0');
    op_wait(&f->ops[i]);
  }
}

NP_CASE("channel-each/stop", np_channel_receive_each, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "The function returns false. No further message is received: each "
        "stays, and the next receive gets it.",
        "npipe/channel.h") {
  each_open(f, NULL);
  each.stop_at = 2;
  for (unsigned i = 0; i < 5; i++) {
    send_begin(&f->ops[i], f->opposite, &"abcde"[i], 1);
  }
  assert_over(f, NP_OK);
  assert_int_equal(each.count, 2);
  assert_message(f, f->channel, "c", 1);
  each.stop_at = 4;
  each_begin(f);
  assert_over(f, NP_OK);
  assert_int_equal(each.first[3], 'e');
}

static void cancel_inside(struct each *of) {
  assert_np_ok(np_op_cancel(&of->receiver.op));
  assert_int_equal(of->done_count, 0);
}

NP_CASE("channel-each/cancel-inside", np_channel_receive_each,
        ANY_MODE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "The function cancels its own receive and returns true. It runs no "
        "more, and no message is lost.",
        "npipe/channel.h") {
  each_open(f, NULL);
  each.then = cancel_inside;
  send_begin(&f->ops[0], f->opposite, "a", 1);
  send_begin(&f->ops[1], f->opposite, "b", 1);
  assert_over(f, ERROR_OPERATION_ABORTED);
  assert_int_equal(each.count, 1);
  assert_message(f, f->channel, "b", 1);
}

NP_CASE("channel-each/cancel-before", np_channel_receive_each,
        ANY_MODE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "A receive is cancelled when a message was taken for it and not told "
        "yet, or while it waits. The function does not run; the message stays.",
        "npipe/channel.h") {
  memset(&each, 0, sizeof each);
  each.f = f;
  channel_pair(f, NULL);
  for (unsigned i = 0; i < 4; i++) {
    round_name("round %u", i);
    each.done_count = 0;
    send_begin(&f->ops[0], f->opposite, "one", 3);
    send_begin(&f->ops[1], f->opposite, "two", 3);
    loop_quiet(f);
    assert_message(f, f->channel, "one", 3); /* Over bytes both were read. */
    assert_np_ok(np_channel_receive_each(f->channel, &each.receiver,
                                         on_each_never, on_over));
    assert_np_ok(np_op_cancel(&each.receiver.op));
    if (i % 2 == 1) {
      assert_np_ok(np_op_cancel(&each.receiver.op));
    }
    assert_over(f, ERROR_OPERATION_ABORTED);
    assert_message(f, f->channel, "two", 3);
    /* Once more, with nothing to receive. */
    each.done_count = 0;
    assert_np_ok(np_channel_receive_each(f->channel, &each.receiver,
                                         on_each_never, on_over));
    loop_quiet(f);
    assert_np_ok(np_op_cancel(&each.receiver.op));
    assert_over(f, ERROR_OPERATION_ABORTED);
  }
}

static void close_inside(struct each *of) {
  channel_close(of->f, of->f->channel);
}

NP_CASE("channel-each/close-inside", np_channel_close, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "The function closes its channel. The receive ends before the "
        "channel does.",
        "npipe/channel.h") {
  each_open(f, NULL);
  each.then = close_inside;
  send_begin(&f->ops[0], f->opposite, "a", 1);
  send_begin(&f->ops[1], f->opposite, "b", 1);
  loop_until_count(f, &f->closed_count, 1);
  assert_int_equal(each.closed_before, 0);
  assert_over(f, ERROR_OPERATION_ABORTED);
  assert_int_equal(each.count, 1);
}

NP_CASE("channel-each/close", np_channel_close, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "The close of a channel ends its standing receive.",
        "npipe/channel.h") {
  each_open(f, NULL);
  loop_quiet(f);
  channel_close(f, f->channel);
  assert_over(f, ERROR_OPERATION_ABORTED);
}

NP_CASE("channel-each/end", np_channel_receive_each, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "The peer closes behind its last message. The messages are received, "
        "then the receive ends.",
        "npipe/channel.h") {
  each_open(f, NULL);
  message_send(f, f->opposite, "a", 1);
  message_send(f, f->opposite, "b", 1);
  channel_close(f, f->opposite);
  assert_over(f, ERROR_BROKEN_PIPE);
  assert_int_equal(each.count, 2);
}

NP_CASE("channel-each/too-long", np_channel_receive_each, ANY_MODE | BOTH_ENDS,
        ERROR_BUFFER_OVERFLOW,
        "A message over the maximum ends the receive, with its length. A new "
        "start gets the message behind it.",
        "npipe/channel.h") {
  np_channel_options options = channel_options();

  memset(&each, 0, sizeof each);
  options.frame.frame_bytes_max = 4;
  channel_open(f, &options);
  channel_on(f, f->peer, NULL);
  each_begin(f);
  send_begin(&f->ops[0], f->opposite, "a", 1);
  send_begin(&f->ops[1], f->opposite, "too long", 8);
  send_begin(&f->ops[2], f->opposite, "b", 1);
  assert_over(f, ERROR_BUFFER_OVERFLOW);
  assert_int_equal(each.transferred, 8);
  assert_int_equal(each.count, 1);
  each.stop_at = 2;
  each_begin(f);
  assert_over(f, NP_OK);
  assert_int_equal(each.first[1], 'b');
}

NP_CASE("channel-each/idle-limit", np_channel_receive_each,
        ANY_MODE | BOTH_ENDS, WAIT_TIMEOUT,
        "The time limit counts anew after each message. When it is over, the "
        "receive ends, and later messages stay.",
        "npipe/channel.h") {
  memset(&each, 0, sizeof each);
  each.receiver.op.timeout_ms = 400;
  channel_pair(f, NULL);
  each_begin(f);
  for (unsigned i = 0; i < 4; i++) {
    loop_turn(f, 150);
    loop_turn(f, 0);
    message_send(f, f->opposite, "a", 1);
    loop_until_count(f, &each.count, i + 1);
  }
  assert_over(f, WAIT_TIMEOUT);
  message_send(f, f->opposite, "b", 1);
  assert_message(f, f->channel, "b", 1);
  assert_int_equal(each.count, 4);
}

NP_CASE("channel-each/beside-receives", np_channel_receive_each,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "A standing receive takes turns with other receives of the channel: "
        "after each message it goes to the end of the line.",
        "npipe/channel.h") {
  each_open(f, NULL);
  receive_begin(&f->ops[0], f->channel);
  receive_begin(&f->ops[1], f->channel);
  for (unsigned i = 0; i < 5; i++) {
    send_begin(&f->ops[2 + i], f->opposite, &"abcde"[i], 1);
  }
  loop_until_count(f, &each.count, 3);
  assert_int_equal(f->ops[0].buffer[0], 'b');
  assert_int_equal(f->ops[1].buffer[0], 'c');
  assert_memory_equal(each.first, "ade", 3);
  channel_close(f, f->channel);
  assert_over(f, ERROR_OPERATION_ABORTED);
}

NP_CASE("channel-each/parameters", np_channel_receive_each, NO_MODE,
        ERROR_INVALID_PARAMETER, "A NULL is refused.", "npipe/channel.h") {
  channel_pair(f, NULL);
  assert_invalid(
      np_channel_receive_each(NULL, &each.receiver, on_each, on_never));
  assert_invalid(np_channel_receive_each(f->channel, NULL, on_each, on_never));
  assert_invalid(
      np_channel_receive_each(f->channel, &each.receiver, NULL, on_never));
  assert_invalid(
      np_channel_receive_each(f->channel, &each.receiver, on_each, NULL));
}

NP_CASE("channel-each/busy", np_channel_receive_each, NO_MODE, ERROR_BUSY,
        "A receiver in flight cannot be started again.", "npipe/channel.h") {
  each_open(f, NULL);
  assert_np_error(np_channel_receive_each(f->channel, &each.receiver,
                                          on_each_never, on_never),
                  ERROR_BUSY);
  channel_close(f, f->channel);
  assert_over(f, ERROR_OPERATION_ABORTED);
}

NP_CASE("channel-each/closing", np_channel_receive_each, NO_MODE,
        ERROR_INVALID_HANDLE,
        "A channel that is being closed refuses a standing receive.",
        "npipe/channel.h") {
  np_channel *channel;

  memset(&each, 0, sizeof each);
  channel_pair(f, NULL);
  channel = f->channel;
  channel_close(f, channel);
  assert_np_error(
      np_channel_receive_each(channel, &each.receiver, on_each_never, on_never),
      ERROR_INVALID_HANDLE);
}

NP_CASE("channel-each/denied", np_channel_receive_each, NO_MODE,
        ERROR_ACCESS_DENIED,
        "An end that is not for reading refuses a standing receive.",
        "npipe/channel.h") {
  memset(&each, 0, sizeof each);
  options_inbound(f);
  pair_open(f);
  channel_on(f, f->client, NULL);
  assert_np_error(
      np_channel_receive_each(f->channel != NULL ? f->channel : f->opposite,
                              &each.receiver, on_each_never, on_never),
      ERROR_ACCESS_DENIED);
}
