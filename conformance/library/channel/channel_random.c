/* Channels under random operations: sends, receives, cancels and time-outs
 * drawn from a seed, checked against a model of the messages. */
#include "channel_common.h"
#include "library/rounds.h"

enum {
  SENDS = 24,   /* sends in flight at most */
  RECEIVES = 4, /* receives in flight at most */
  LENGTH_MAX = 3000,
  STEPS = 400,
  TURNS_MAX = 10000 /* turns until a receive must have ended */
};

/* One direction. Messages get numbers in the order in which they are sent; each
 * 4 bytes of a message hold its number. */
struct way {
  np_fixture *f;
  np_channel *from;
  np_channel *to;
  struct recorder *sends;
  uint32_t begun;    /* messages */
  uint32_t received; /* the next message has this number or a higher one */
  uint32_t numbers[SENDS];
  uint8_t bytes[SENDS][LENGTH_MAX + 4];
  size_t lengths[2000]; /* by number */
  bool is_over[2000];   /* cancelled: may arrive, or not */
};

static struct way way;
static struct recorder *receives;
static uint32_t random_state;

static uint32_t draw(uint32_t below) {
  return museum_random(&random_state) % below;
}

static void fill(uint8_t *bytes, size_t length, uint32_t number) {
  for (size_t i = 0; i < length; i++) {
    bytes[i] = (uint8_t)(number >> (8 * (i % 4)));
  }
}

/* message_arrived checks that `data` is the next message. Cancelled messages
 * before it may be missing. */
static void message_arrived(const uint8_t *data, size_t length) {
  uint8_t expected[LENGTH_MAX + 4];
  uint32_t number = way.received;

  for (;; number++) {
    if (number == way.begun) {
      fail_at(__FILE__, __LINE__, "a message of %u bytes that nobody sent",
              (unsigned)length);
    }
    fill(expected, way.lengths[number], number);
    if (length == way.lengths[number] && memcmp(data, expected, length) == 0) {
      way.received = number + 1;
      return;
    }
    if (!way.is_over[number]) {
      fail_at(__FILE__, __LINE__, "message %u was passed over",
              (unsigned)number);
    }
  }
}

static void on_random_message(np_op *op, np_error error, size_t transferred) {
  if (error == NP_OK) {
    message_arrived(
        transferred > 0 ? np_channel_data(op->user) : (const void *)"",
        transferred);
  }
  on_done(op, error, transferred);
}

static bool is_idle(const struct recorder *recorder) {
  return recorder->done_count == recorder->start_count;
}

static void send_one(void) {
  const uint32_t i = draw(SENDS);
  uint8_t *bytes = way.bytes[i];
  size_t length = draw(5) == 0 ? draw(LENGTH_MAX) : draw(80);
  const size_t header = np_channel_header_bytes(way.from);
  np_error error;

  if (!is_idle(&way.sends[i])) {
    return;
  }
  fill(bytes + header, length, way.begun);
  way.sends[i].start_count++;
  if (draw(3) == 0) {
    error = np_channel_send_reserved(way.from, bytes, length, &way.sends[i].op,
                                     on_done);
  } else {
    error = np_channel_send(way.from, bytes + header, length, &way.sends[i].op,
                            on_done);
  }
  assert_np_ok(error);
  way.numbers[i] = way.begun;
  way.lengths[way.begun++] = length;
}

/* cancel_one cancels a send of 1 to 79 bytes. A cancel is harmless only for a
 * message that the kernel does not have yet, or that was copied. Empty messages
 * are left alone: one of them that may be missing could not be told from the
 * next. */
static void cancel_one(bool is_native) {
  const uint32_t i = draw(SENDS);

  if (!is_native && !is_idle(&way.sends[i]) &&
      way.lengths[way.numbers[i]] > 0 && way.lengths[way.numbers[i]] < 80 &&
      np_op_cancel(&way.sends[i].op) == NP_OK) {
    way.is_over[way.numbers[i]] = true;
  }
}

static void receive_one(void) {
  struct recorder *recorder = &receives[draw(RECEIVES)];
  np_error error;

  if (!is_idle(recorder)) {
    return;
  }
  recorder->start_count++;
  recorder->op.user = way.to;
  recorder->op.timeout_ms = draw(8) == 0 ? 1 : 0;
  if (draw(2) == 0) {
    error = np_channel_receive(way.to, &recorder->op, on_random_message);
  } else {
    error = np_channel_receive_into(way.to, recorder->buffer,
                                    draw(3) == 0 ? draw(100) : LENGTH_MAX,
                                    &recorder->op, on_random_message);
  }
  assert_np_ok(error);
}

static void step(np_fixture *f) {
  switch (draw(8)) {
    case 0:
    case 1:
    case 2:
      send_one();
      break;
    case 3:
    case 4:
      receive_one();
      break;
    case 5:
      if (draw(2) == 0) {
        cancel_one(!is_framed(f));
      } else {
        np_op_cancel(&receives[draw(RECEIVES)].op);
      }
      break;
    default:
      loop_turn(f, draw(4) == 0 ? 2 : 0);
      break;
  }
}

static void receive_the_rest(np_fixture *f) {
  for (unsigned i = 0; i < RECEIVES; i++) {
    np_op_cancel(&receives[i].op);
    op_wait(&receives[i]);
  }
  channel_shutdown_begin(&f->ops[0], way.from);
  do {
    f->helper.start_count++;
    f->helper.op.user = way.to;
    assert_np_error(
        np_channel_receive(way.to, &f->helper.op, on_random_message), NP_OK);
    for (unsigned i = 0; !is_idle(&f->helper); i++) {
      assert_true(i < TURNS_MAX);
      if (is_idle(&f->ops[0]) && f->channel == way.from) {
        channel_close(f, way.from);
      }
      loop_turn(f, LOOP_QUIET_MS);
    }
  } while (f->helper.result == NP_OK);
  assert_np_error(f->helper.result, ERROR_BROKEN_PIPE);
  for (; way.received < way.begun; way.received++) {
    assert_true(way.is_over[way.received]);
  }
  for (unsigned i = 0; i < SENDS; i++) {
    op_wait(&way.sends[i]);
    museum_done_either(&way.sends[i], NP_OK, ERROR_OPERATION_ABORTED);
  }
}

static void play(np_fixture *f, uint32_t seed) {
  np_channel_options options = channel_options();

  round_name("seed %u", (unsigned)seed);
  random_state = seed;
  server_quotas(f, 1 + draw(4000), f->server_options.in_buffer_bytes);
  options.gather = draw(4) > 0;
  options.write_buffer_bytes = 200 + draw(3000);
  options.read_buffer_bytes = 1 + draw(2000);
  options.frame.frame_bytes_max = LENGTH_MAX;
  channel_pair(f, &options);
  memset(&way, 0, sizeof(way));
  memset(f->ops, 0, sizeof(f->ops));
  way.from = f->channel;
  way.to = f->opposite;
  way.sends = &f->ops[1];
  receives = &f->ops[1 + SENDS];
  for (unsigned i = 0; i < STEPS; i++) {
    step(f);
  }
  receive_the_rest(f);
  channel_close(f, f->channel);
  channel_close(f, f->opposite);
  loop_until_count(f, &f->closed_count, f->closing_count);
}

NP_CASE("channel-random/random", np_channel_send, ANY_MODE | BOTH_ENDS, NP_OK,
        "Messages are sent, received, cancelled and late in any order: they "
        "arrive whole and in order, and only cancelled messages are lost.",
        "npipe/channel.h") {
  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for (uint32_t seed = 1; seed <= 12; seed++) {
    play(f, seed);
  }
}
