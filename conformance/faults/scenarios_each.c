/* Scenarios of a standing receive of a channel, over bytes and over
 * messages. */
#include <string.h>

#include "judge.h"

/* Static, because the operation must stay in place even after its scenario has
 * ended. */
static struct standing {
  np_receiver receiver; /* first */
  unsigned told;
  unsigned over;
  np_error error;
} standing;

static bool on_each(np_receiver *receiver, void *data, size_t length) {
  struct run *r = receiver->op.user;

  if (!r->in_loop || standing.over > 0 || length != 5 ||
      memcmp(data, "hello", 5) != 0) {
    run_fail(r, "a standing receive was told something wrong");
  }
  standing.told++;
  return standing.told % 3 != 0;
}

static void on_over(np_op *op, np_error error, size_t transferred) {
  struct run *r = op->user;

  (void)transferred;
  note_injected(r, "np_channel_receive_each", OUTCOME_CALLED_BACK, error);
  standing.over++;
  standing.error = error;
}

static bool each_begin(struct run *r, np_channel *channel) {
  standing.over = 0;
  standing.receiver.op.user = r;
  return took(
      r, "np_channel_receive_each",
      np_channel_receive_each(channel, &standing.receiver, on_each, on_over));
}

static bool each_ends(struct run *r, np_error error) {
  return turns(r, &standing.over, 1) &&
         gave(r, "np_channel_receive_each", OUTCOME_CALLED_BACK, standing.error,
              error);
}

static bool play_each(struct run *r) {
  np_channel *from;
  np_channel *to;

  memset(&standing, 0, sizeof standing);
  STEP(pair_open(r));
  to = channel_open(r, r->client, NULL);
  STEP(to != NULL);
  from = channel_open(r, r->server, NULL);
  STEP(from != NULL && each_begin(r, to));
  for (unsigned i = 0; i < 3; i++) {
    STEP(ends(send_begin(r, from, "hello", 5), NP_OK, 5) &&
         turns(r, &standing.told, i + 1));
  }
  STEP(each_ends(r, NP_OK) && each_begin(r, to) && turn(r, 0));
  STEP(ends(send_begin(r, from, "hello", 5), NP_OK, 5) &&
       turns(r, &standing.told, 4));
  STEP(channel_close(r, from) && each_ends(r, ERROR_BROKEN_PIPE));
  return channel_close(r, to) && closed(r);
}

SCENARIO(each_byte, "channel/standing-receive-byte", 0) {
  return play_each(r);
}

SCENARIO(each_message, "channel/standing-receive-message", 0) {
  modes(r, NP_MESSAGE, NP_MESSAGE);
  return play_each(r);
}
