/* The scene of channel: two ends with a channel each, and a record of
 * everything that was sent and received. */
#ifndef NPIPE_FUZZ_CHANNEL_SCENE_H
#define NPIPE_FUZZ_CHANNEL_SCENE_H

#include "stage.h"

enum {
  SENDS_MAX = 60, /* a set of places has 64 bits */
  ACTIONS_MAX = 260,
  LENGTH_MAX = 3000,
  SENT_BYTES_MAX = 6000, /* by one end: a turn may read only a few */
  MARK_BYTES = 8,        /* a message of this length can be identified */
  CANCEL_WAITS_MAX = 3 /* waits of the loop until a cancelled operation ends */
};

enum action_kind { SEND, RECEIVE, INTO, CALL, SHUTDOWN };

struct side;

struct action {
  np_call call; /* first; `call.op` is the op of every kind */
  struct side *side;
  enum action_kind kind;
  unsigned char *data; /* sent data, or INTO's buffer; then the arrival */
  size_t length;       /* length of `data` */
  size_t number;       /* number of a send */
  uint32_t timeout_ms;
  bool done;
  np_error error; /* set when `done` */
  bool cancelled;
  bool is_told;        /* np_op_cancel announced the end */
  unsigned told_waits; /* waits of the loop before the cancel */
  unsigned told_idle_waits;
  size_t heard_before; /* for a call: the peer's sends when it began */
};

/* The result of a receive, in the order of the callbacks. */
struct arrival {
  np_error error;
  size_t length;
  unsigned char *data;
  bool is_into;
};

struct sent {
  size_t length;
  bool ok;      /* false: may be missing */
  bool arrived; /* complete at the peer */
};

struct scene;

struct side {
  struct scene *scene;
  struct side *peer;
  unsigned number;
  np_pipe *pipe;
  np_channel *channel; /* NULL: closed */
  np_channel *whole;   /* the channel, even while it is being closed */
  bool closing;
  bool is_framed;
  np_frame_options frame;
  bool half_close;
  unsigned shutting; /* half-closes in flight */
  bool is_shut;      /* a half-close has succeeded */
  bool ever_shut;    /* a half-close was started */
  size_t bytes_max;
  size_t announced_bytes; /* of the frame whose header alone was written */
  struct sent sends[SENDS_MAX];
  size_t send_count;
  size_t sent_bytes;
  size_t sent_count;     /* sends that have succeeded */
  size_t receives_begun; /* calls included */
  size_t last_sent;      /* number of the last send reported in order, + 1 */
  struct arrival arrivals[ACTIONS_MAX];
  size_t arrival_count;
  bool ended;          /* receiving has ended */
  bool has_unanswered; /* a call ended without a reply */
  bool is_owed;        /* a request arrived whose call ended unanswered */
  bool has_failed;     /* receiving has failed for good */
  bool was_cleanly;    /* receiving ended cleanly */
};

struct scene {
  struct stage stage;
  struct side sides[2];
  struct action *actions[ACTIONS_MAX];
  size_t action_count;
  unsigned closing;
  bool draining;
};

/* id_of returns the id of a message, which determines its bytes (see
 * stream_byte). */
static inline uint32_t id_of(const struct side *side, size_t number) {
  return side->number * 1000u + (uint32_t)number;
}

/* --- Steps: channel_steps.c ---------------------------------------------- */

void send_one(struct side *side, size_t length, uint32_t timeout_ms,
              bool reserved);
void receive_one(struct side *side, size_t room, uint32_t timeout_ms,
                 bool into);
void call_one(struct side *side, size_t length, uint32_t timeout_ms);
void shutdown_one(struct side *side);
void cancel_one(struct scene *scene, size_t drawn);
void close_one(struct side *side);

/* detach_one takes the pipe back if nothing is in flight, and closes the pipe.
 * If it `announces`, it writes the header of the longest frame before, and no
 * more: what the peer then allocates is judged by the law of memory. */
void detach_one(struct side *side, bool announces);

/* --- The account: channel_account.c -------------------------------------- */

/* account_check checks the messages that arrived at `to` against those that its
 * peer sent. */
void account_check(const struct side *to);

#endif
