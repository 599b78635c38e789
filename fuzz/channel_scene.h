/* The scene of channel: two ends with a channel each; what was sent and what
 * arrived, for the account. */
#ifndef NPIPE_FUZZ_CHANNEL_SCENE_H
#define NPIPE_FUZZ_CHANNEL_SCENE_H

#include "stage.h"

enum {
  SENDS_MAX = 60, /* a set of places has 64 bits */
  ACTIONS_MAX = 260,
  LENGTH_MAX = 3000,
  SENT_BYTES_MAX = 6000, /* by one end: each turn may read but a few */
  MARK_BYTES = 8,        /* a message of so many is told from others */
  CANCEL_WAITS_MAX = 3   /* of the loop, until what was cancelled ends */
};

enum action_kind { SEND, RECEIVE, INTO, CALL, SHUTDOWN };

struct side;

struct action {
  np_call call; /* first; its op is that of every kind */
  struct side *side;
  enum action_kind kind;
  unsigned char *data; /* sent, or the buffer of INTO; then what arrived */
  size_t length;       /* of that */
  size_t number;       /* of a send */
  uint32_t timeout_ms;
  bool done;
  np_error error; /* once it is done */
  bool cancelled;
  bool is_told;        /* np_op_cancel said that it would end */
  unsigned told_waits; /* ... after so many waits of the loop */
  unsigned told_idle_waits;
  size_t heard_before; /* of a call: the peer's sends when it began */
};

/* What a receive told, in the order of the callbacks. */
struct arrival {
  np_error error;
  size_t length;
  unsigned char *data;
  bool is_into;
};

struct sent {
  size_t length;
  bool ok;      /* else it may be missing */
  bool arrived; /* whole, at the peer */
};

struct scene;

struct side {
  struct scene *scene;
  struct side *peer;
  unsigned number;
  np_pipe *pipe;
  np_channel *channel; /* NULL: closed */
  np_channel *whole;   /* also while it is being closed */
  bool closing;
  bool is_framed;
  bool half_close;
  unsigned shutting; /* half-closes in flight       */
  bool is_shut;      /* ... has succeeded           */
  bool ever_shut;    /* ... was begun               */
  size_t bytes_max;
  struct sent sends[SENDS_MAX];
  size_t send_count;
  size_t sent_bytes;
  size_t sent_count;     /* of them, told to have succeeded */
  size_t receives_begun; /* calls, too                      */
  size_t last_sent;      /* number of the last that was told in order, + 1 */
  struct arrival arrivals[ACTIONS_MAX];
  size_t arrival_count;
  bool ended;          /* its receiving */
  bool has_unanswered; /* a call ended without a reply */
  bool is_owed;        /* a request arrived, and its call ended unanswered */
  bool has_failed;     /* its receiving, for good   */
  bool was_cleanly;    /* ended                     */
};

struct scene {
  struct stage stage;
  struct side sides[2];
  struct action *actions[ACTIONS_MAX];
  size_t action_count;
  unsigned closing;
  bool draining;
};

/* id_of says what the bytes of a message are, see stream_byte. */
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

/* detach_one takes the pipe back, if nothing is in flight, and closes it. */
void detach_one(struct side *side);

/* --- The account: channel_account.c -------------------------------------- */

/* account_check holds what arrived at `to` against what its peer sent. */
void account_check(const struct side *to);

#endif
