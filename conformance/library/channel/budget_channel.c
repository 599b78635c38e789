/* The number of system calls that a channel's message may cost. */
#include "library/answers.h"
#include "channel_common.h"

enum { TRIPS = 100, LARGE = 65000, LARGE_COUNT = 20 };

struct channel_calls {
  uint64_t reads;
  uint64_t writes;
  uint64_t port;
};

static struct channel_calls calls_now(void) {
  const struct channel_calls now = {calls("ReadFile"), calls("WriteFile"),
                                    calls("GetQueuedCompletionStatusEx")};

  return now;
}

static struct channel_calls calls_since(struct channel_calls before) {
  struct channel_calls now = calls_now();

  now.reads -= before.reads;
  now.writes -= before.writes;
  now.port -= before.port;
  return now;
}

/* The operations of the server's end are 0 (receive) and 1 (send); those of the
 * client's end are 2 (receive) and 3 (send). */
static void then_answer(np_fixture *f, struct recorder *recorder) {
  assert_done(recorder, NP_OK, 5);
  if (recorder->done_count <= TRIPS) {
    send_begin(&f->ops[1], f->channel, "HELLO", 5);
    receive_begin(recorder, f->channel);
  }
}

static void then_ask_again(np_fixture *f, struct recorder *recorder) {
  assert_done(recorder, NP_OK, 5);
  if (recorder->done_count <= TRIPS) {
    send_begin(&f->ops[3], f->opposite, "hello", 5);
    receive_begin(recorder, f->opposite);
  }
}

NP_CASE("budget-channel/channel-echo", np_channel_send, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "Two channels on one loop exchange a request and its answer. This "
        "takes two writes, two reads and no call on the port, because gathered "
        "messages are written before a read is passed to the kernel.",
        "npipe/loop.h") {
  struct channel_calls before;
  struct channel_calls cost;

  channel_pair(f, NULL);
  f->ops[0].then = then_answer;
  f->ops[2].then = then_ask_again;
  before = calls_now();
  receive_begin(&f->ops[0], f->channel);
  send_begin(&f->ops[3], f->opposite, "hello", 5);
  receive_begin(&f->ops[2], f->opposite);
  loop_until_count(f, &f->ops[2].done_count, TRIPS);
  cost = calls_since(before);
  /* Two more are allowed: the next round trip may have begun, and the first
   * read may have come before its data. */
  assert_in_range(cost.writes, 2 * TRIPS, 2 * TRIPS + 2);
  assert_in_range(cost.reads, 2 * TRIPS, 2 * TRIPS + 2);
  assert_in_range(cost.port, 0, 10);
}

static void then_send_again(np_fixture *f, struct recorder *recorder) {
  assert_np_ok(recorder->result);
  if (recorder->start_count < 1000) {
    send_begin(recorder, f->channel, "0123456789", 10);
  }
}

static void then_receive_again(np_fixture *f, struct recorder *recorder) {
  assert_done(recorder, NP_OK, 10);
  receive_begin(recorder, f->opposite);
}

NP_CASE("budget-channel/channel-stream", np_channel_send, MODE_BYTE | BOTH_ENDS,
        NP_OK,
        "In a stream of short messages with one in flight, each message is one "
        "write. One read returns many messages, and the port is not polled.",
        "npipe/loop.h") {
  struct channel_calls before;
  struct channel_calls cost;

  channel_pair(f, NULL);
  f->ops[0].then = then_send_again;
  f->ops[1].then = then_receive_again;
  before = calls_now();
  receive_begin(&f->ops[1], f->opposite);
  send_begin(&f->ops[0], f->channel, "0123456789", 10);
  loop_until_count(f, &f->ops[1].done_count, 1000);
  cost = calls_since(before);
  assert_int_equal(cost.writes, 1000);
  assert_in_range(cost.reads, 1, 50);
  assert_in_range(cost.port, 0, 5);
}

/* Nobody waits for the port, unless a write ends late: a read that takes a
 * message and the beginning of the next takes more of that than the quota held.
 */
static void assert_port_asked(np_fixture *f, uint64_t port) {
  if (port > 5 && kernel_overdraws_quota(f)) {
    assert_in_range(port, 0, LARGE_COUNT);
    return;
  }
  assert_in_range(port, 0, 5);
}

/* The memory of the reader grows with what comes: with two large messages to
 * its full size. */
static void reader_warm(np_fixture *f) {
  static char data[LARGE];

  for (unsigned i = 0; i < 2; i++) {
    assert_message_passes(f, f->channel, f->opposite, data, sizeof data);
  }
}

static void then_receive_large(np_fixture *f, struct recorder *recorder) {
  assert_done(recorder, NP_OK, LARGE);
  if (recorder->done_count < LARGE_COUNT) {
    receive_begin(recorder, f->opposite);
  }
}

NP_CASE("budget-channel/channel-large", np_channel_send, BYTE_READS | BOTH_ENDS,
        NP_OK,
        "Many messages that almost fill the pipe are sent together to a reader "
        "on the same loop. Each takes one write and one read, and the reader "
        "gets a turn after each. No write waits, and the port is not polled.",
        "npipe/loop.h") {
  static char data[LARGE];
  struct channel_calls before;
  struct channel_calls cost;

  channel_pair(f, NULL);
  f->ops[LARGE_COUNT].then = then_receive_large;
  reader_warm(f);
  before = calls_now();
  receive_begin(&f->ops[LARGE_COUNT], f->opposite);
  for (unsigned i = 0; i < LARGE_COUNT; i++) {
    send_begin(&f->ops[i], f->channel, data, sizeof data);
  }
  loop_until_count(f, &f->ops[LARGE_COUNT].done_count, LARGE_COUNT);
  cost = calls_since(before);
  assert_int_equal(cost.writes, LARGE_COUNT);
  assert_in_range(cost.reads, LARGE_COUNT, LARGE_COUNT + 1);
  assert_port_asked(f, cost.port);
}

static void then_send_large(np_fixture *f, struct recorder *recorder) {
  static char data[LARGE];

  assert_np_ok(recorder->result);
  if (recorder->done_count < LARGE_COUNT) {
    send_begin(recorder, f->channel, data, sizeof data);
  }
}

NP_CASE("budget-channel/channel-large-stream", np_channel_receive,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "In a stream of large messages with one in flight, each message takes "
        "one write and one read. The callback of a receive runs in the turn of "
        "its read. So the next read begins before the next write must wait.",
        "npipe/loop.h") {
  struct channel_calls before;
  struct channel_calls cost;

  channel_pair(f, NULL);
  f->ops[0].then = then_send_large;
  f->ops[LARGE_COUNT].then = then_receive_large;
  reader_warm(f);
  before = calls_now();
  receive_begin(&f->ops[LARGE_COUNT], f->opposite);
  then_send_large(f, &f->ops[0]);
  loop_until_count(f, &f->ops[LARGE_COUNT].done_count, LARGE_COUNT);
  cost = calls_since(before);
  assert_int_equal(cost.writes, LARGE_COUNT);
  assert_in_range(cost.reads, LARGE_COUNT, LARGE_COUNT + 1);
  assert_port_asked(f, cost.port);
}

NP_CASE("budget-channel/channel-idle-small", np_channel_receive,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "A receive waits with a small buffer when its channel becomes idle. "
        "Its read goes on: no call is made for it.",
        "npipe/loop.h") {
  uint64_t cancels;
  uint64_t reads;

  channel_pair(f, NULL);
  receive_begin(&f->ops[0], f->channel);
  assert_message_passes(f, f->channel, f->opposite, "hello", 5);
  cancels = calls("CancelIoEx");
  reads = calls("ReadFile");
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer,
                              2 * NP_CHANNEL_IDLE_MS, on_timer));
  loop_until_count(f, &f->timers[0].run_count, 1);
  assert_int_equal(calls("CancelIoEx") - cancels, 0);
  assert_int_equal(calls("ReadFile") - reads, 0);
  message_send(f, f->opposite, "world", 5);
  assert_ends(&f->ops[0], NP_OK, 5);
}

enum { WAITING = 65536 };

static void then_send_waiting(np_fixture *f, struct recorder *recorder) {
  static char data[WAITING];

  assert_np_ok(recorder->result);
  if (recorder->done_count < LARGE_COUNT) {
    send_begin(recorder, f->channel, data, sizeof data);
  }
}

static void then_receive_waiting(np_fixture *f, struct recorder *recorder) {
  assert_done(recorder, NP_OK, WAITING);
  if (recorder->done_count < LARGE_COUNT) {
    receive_begin(recorder, f->opposite);
  }
}

NP_CASE("budget-channel/channel-waiting", np_channel_send,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "A message has the size of the quota. With its header it is longer "
        "than the quota, so its write waits. The reader lets the write "
        "complete and gets no extra turn for this. Each message takes two "
        "writes and one read that finds data.",
        "npipe/loop.h") {
  struct channel_calls before;
  struct channel_calls cost;

  channel_pair(f, NULL);
  f->ops[0].then = then_send_waiting;
  f->ops[1].then = then_receive_waiting;
  before = calls_now();
  receive_begin(&f->ops[1], f->opposite);
  then_send_waiting(f, &f->ops[0]);
  loop_until_count(f, &f->ops[1].done_count, LARGE_COUNT);
  cost = calls_since(before);
  assert_int_equal(cost.writes, 2 * LARGE_COUNT);
  /* The first message takes some reads, while the reader's memory grows. */
  assert_in_range(cost.reads, LARGE_COUNT, LARGE_COUNT + 6);
  assert_in_range(cost.port, 0, LARGE_COUNT + 2);
}

NP_CASE("budget-channel/channel-idle", np_channel_receive, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "A channel that waits for its first message has a read buffer of at "
        "most 200 bytes. After long messages, the next one takes one read and "
        "no new memory.",
        "npipe/channel.h") {
  static char data[LARGE];
  uint64_t before;
  size_t total;

  channel_pair(f, NULL);
  f->allocator.largest = 0;
  receive_begin(&f->ops[0], f->channel);
  reads_post(f);
  assert_in_range(f->allocator.largest, 1, 200 + 32);
  send_begin(&f->ops[1], f->opposite, data, sizeof data);
  loop_until(f, 2);
  assert_done(&f->ops[0], NP_OK, LARGE);
  assert_message_passes(f, f->opposite, f->channel, data, sizeof data);
  total = f->allocator.total;
  before = calls("ReadFile");
  for (unsigned i = 0; i < 3; i++) {
    assert_message_passes(f, f->opposite, f->channel, data, sizeof data);
  }
  assert_int_equal(calls("ReadFile") - before, 3);
  assert_int_equal(f->allocator.total, total);
}
