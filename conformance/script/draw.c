/* Draws a script from a seed. The drawer keeps a rough model of what the script
 * has created, so that most steps find something to act on. The model need not
 * be exact. */
#include "script/script.h"
#include "random/chance.h"

#include <string.h>

enum { SERVERS_MAX = 4, STEPS_LEAST = 8, STEPS_MORE = 40 };

enum stage { STAGE_LISTENING, STAGE_CONNECTED, STAGE_CLOSING, STAGE_IDLE };

struct slot {
  bool open;
  bool server;
  unsigned pipe;
  enum stage stage; /* state of a server */
  unsigned peer;    /* slot of the server that this client is connected to */
};

/* The settings that all instances of a name share. */
struct name {
  unsigned flags;
  unsigned quota_out;
  unsigned quota_in;
  unsigned max;
};

struct drawer {
  struct chance chance;
  struct slot slots[SLOTS_MAX];
  struct name names[PIPES_MAX];
  unsigned op_slots[OPS_MAX];
  unsigned ops;
  bool one_name;
  bool has_users;
  bool has_holder; /* another process holds copies of handles */
};

static unsigned below(struct drawer *d, unsigned bound) {
  return chance_below(&d->chance, bound);
}

static bool percent(struct drawer *d, unsigned chance) {
  return below(d, 100) < chance;
}

static unsigned pick(struct drawer *d, const unsigned *of, unsigned count) {
  return of[below(d, count)];
}

static unsigned size_draw(struct drawer *d) {
  static const unsigned sizes[] = {0, 1, 1,  2,  3,  4,  5,  7,  8,
                                   8, 9, 10, 12, 16, 17, 20, 30, 33};

  return pick(d, sizes, sizeof sizes / sizeof sizes[0]);
}

static unsigned quota_draw(struct drawer *d) {
  static const unsigned quotas[] = {0, 1, 4, 8, 8, 16, 16, 64, 100};

  return pick(d, quotas, sizeof quotas / sizeof quotas[0]);
}

static void name_draw(struct drawer *d, struct name *name) {
  static const unsigned maxima[] = {1, 2, 3, 4, 8};

  name->flags = percent(d, 60) ? FLAG_MESSAGE : 0;
  if (percent(d, 15)) {
    name->flags |= percent(d, 50) ? FLAG_INBOUND : FLAG_OUTBOUND;
  }
  name->quota_out = quota_draw(d);
  name->quota_in = quota_draw(d);
  name->max = pick(d, maxima, sizeof maxima / sizeof maxima[0]);
}

/* slot_draw returns an open slot, or rarely any slot. With `servers` it returns
 * only servers. */
static unsigned slot_draw(struct drawer *d, bool servers) {
  unsigned start = below(d, SLOTS_MAX);

  if (percent(d, 1)) {
    return start;
  }
  for (unsigned i = 0; i < SLOTS_MAX; i++) {
    unsigned slot = (start + i) % SLOTS_MAX;

    if (d->slots[slot].open && (!servers || d->slots[slot].server)) {
      return slot;
    }
  }
  return start;
}

static unsigned free_slot(struct drawer *d) {
  for (unsigned i = 0; i < SLOTS_MAX; i++) {
    if (!d->slots[i].open) {
      return i;
    }
  }
  return below(d, SLOTS_MAX);
}

static unsigned count(const struct drawer *d, bool server) {
  unsigned found = 0;

  for (unsigned i = 0; i < SLOTS_MAX; i++) {
    found += d->slots[i].open && d->slots[i].server == server;
  }
  return found;
}

/* server_in returns a server in state `stage`, or SLOTS_MAX if there is
 * none. */
static unsigned server_in(const struct drawer *d, enum stage stage) {
  unsigned i = 0;

  while (i < SLOTS_MAX && !(d->slots[i].open && d->slots[i].server &&
                            d->slots[i].stage == stage)) {
    i++;
  }
  return i;
}

static unsigned transfer_flags(struct drawer *d) {
  if (percent(d, 2)) {
    return FLAG_SYNC;
  }
  if (percent(d, 60)) {
    return 0;
  }
  return percent(d, 50) ? FLAG_PORT : FLAG_PORT | FLAG_SKIP;
}

static void create(struct drawer *d, struct step *step) {
  const struct name *name;

  step->pipe = d->one_name || percent(d, 70) ? 0 : 1;
  name = &d->names[step->pipe];
  /* Each instance has its own quotas; but under Wine all instances have those
   * of the first, and every later difference would come from this. So most
   * instances of a name get the same quotas. */
  step->numbers[0] = name->quota_out;
  step->numbers[1] = name->quota_in;
  step->numbers[2] = percent(d, 3) ? 1 + below(d, 4) : name->max;
  step->flags = name->flags | transfer_flags(d);
  if (percent(d, 2)) {
    step->flags ^= FLAG_MESSAGE;
  }
  if (percent(d, 2)) {
    step->flags ^= percent(d, 50) ? FLAG_INBOUND : FLAG_OUTBOUND;
  }
  if ((step->flags & FLAG_MESSAGE) != 0 ? percent(d, 70) : percent(d, 1)) {
    step->flags |= FLAG_MESSAGES;
  }
  if (percent(d, (step->flags & FLAG_SYNC) != 0 ? 90 : 4)) {
    step->flags |= FLAG_NOWAIT;
  }
  if (percent(d, 2)) {
    step->flags |= FLAG_FIRST;
  }
  if (percent(d, 4)) {
    step->flags |= FLAG_OWN;
  }
  /* An outbound server could not tell its quotas. */
  if ((step->flags & FLAG_OUTBOUND) == 0 && percent(d, 8)) {
    step->numbers[0] = quota_draw(d);
    step->numbers[1] = quota_draw(d);
  }
  step->result = free_slot(d);
  d->slots[step->result] =
      (struct slot){true, true, step->pipe, STAGE_LISTENING, 0};
}

static void open(struct drawer *d, struct step *step) {
  unsigned peer = server_in(d, STAGE_LISTENING);
  unsigned direction;

  step->pipe = peer < SLOTS_MAX && percent(d, 95) ? d->slots[peer].pipe
                                                  : below(d, PIPES_MAX);
  direction = d->names[step->pipe].flags & (FLAG_INBOUND | FLAG_OUTBOUND);
  step->flags = transfer_flags(d);
  if (direction == FLAG_INBOUND) {
    step->flags |= FLAG_WRITE | FLAG_ATTRIBUTES;
  } else if (direction == FLAG_OUTBOUND) {
    /* A reader may set modes only if it asked for that right. */
    step->flags |= FLAG_READ | (percent(d, 70) ? FLAG_ATTRIBUTES : 0);
  } else {
    step->flags |= FLAG_READ | FLAG_WRITE | FLAG_ATTRIBUTES;
  }
  if (percent(d, 4)) {
    step->flags ^= 1u << (6 + below(d, 3));
  }
  step->result = free_slot(d);
  peer = server_in(d, STAGE_LISTENING);
  if (peer < SLOTS_MAX) {
    d->slots[peer].stage = STAGE_CONNECTED;
  }
  d->slots[step->result] =
      (struct slot){true, false, step->pipe, STAGE_CONNECTED, peer};
}

static void duplicate(struct drawer *d, struct step *step) {
  step->handle = slot_draw(d, false);
  step->result = free_slot(d);
  d->slots[step->result] = d->slots[step->handle];
}

static void operation(struct drawer *d, struct step *step) {
  unsigned idle = server_in(d, STAGE_IDLE);

  step->handle = slot_draw(d, step->verb == VERB_CONNECT && percent(d, 98));
  if (step->verb == VERB_CONNECT && idle < SLOTS_MAX && percent(d, 90)) {
    step->handle = idle;
    d->slots[idle].stage = STAGE_LISTENING;
  }
  step->numbers[0] =
      step->verb == VERB_CONNECT || step->verb == VERB_FLUSH_ASYNC
          ? 0
          : size_draw(d);
  step->numbers[1] = step->verb == VERB_TRANSACT ? size_draw(d) : 0;
  step->result = d->ops;
  d->op_slots[d->ops++] = step->handle;
}

static void wait_async(struct drawer *d, struct step *step) {
  step->pipe = percent(d, 80) ? 0 : 1;
  step->result = d->ops;
  d->op_slots[d->ops++] = slot_draw(d, false);
}

static void mode(struct drawer *d, struct step *step) {
  step->handle = slot_draw(d, false);
  if ((d->names[d->slots[step->handle].pipe].flags & FLAG_MESSAGE) != 0
          ? percent(d, 70)
          : percent(d, 5)) {
    step->flags |= FLAG_MESSAGES;
  }
  if (percent(d, 5)) {
    step->flags |= FLAG_NOWAIT;
  }
}

static void cancel(struct drawer *d, struct step *step) {
  unsigned back = below(d, 5);

  if (d->ops == 0) {
    step->handle = slot_draw(d, false);
    return;
  }
  step->op = d->ops - 1 - (back < d->ops ? back : d->ops - 1);
  step->handle = percent(d, 95) ? d->op_slots[step->op] : slot_draw(d, false);
}

static void disconnect(struct drawer *d, struct step *step) {
  unsigned closing = server_in(d, STAGE_CLOSING);

  step->handle = closing < SLOTS_MAX && percent(d, 80)
                     ? closing
                     : slot_draw(d, percent(d, 98));
  if (d->slots[step->handle].stage != STAGE_LISTENING || percent(d, 50)) {
    d->slots[step->handle].stage = STAGE_IDLE;
  }
}

static void close(struct drawer *d, struct step *step) {
  struct slot *slot;

  step->handle = slot_draw(d, false);
  slot = &d->slots[step->handle];
  slot->open = false;
  if (!slot->server && slot->peer < SLOTS_MAX &&
      d->slots[slot->peer].stage == STAGE_CONNECTED) {
    d->slots[slot->peer].stage = STAGE_CLOSING;
  }
}

/* How often each verb is drawn, relative to the others. */
static const unsigned weights[VERB_COUNT] = {
    [VERB_CREATE] = 5,   [VERB_OPEN] = 10,      [VERB_DUPLICATE] = 1,
    [VERB_CONNECT] = 10, [VERB_READ] = 30,      [VERB_WRITE] = 34,
    [VERB_TRANSACT] = 6, [VERB_PEEK] = 5,       [VERB_CONTROL_PEEK] = 2,
    [VERB_FLUSH] = 3,    [VERB_DISCONNECT] = 5, [VERB_CLOSE] = 6,
    [VERB_CANCEL] = 6,   [VERB_CANCEL_ALL] = 1, [VERB_CANCEL_IO] = 1,
    [VERB_MODE] = 4,     [VERB_STATE] = 5,      [VERB_INFO] = 1,
    [VERB_WAIT] = 2,     [VERB_WAIT_ASYNC] = 1, [VERB_FLUSH_ASYNC] = 1,
    [VERB_ROOM] = 3,     [VERB_MESSAGES] = 3,
};

static enum verb verb_draw(struct drawer *d) {
  unsigned total = 0;
  unsigned at;
  unsigned i;

  if (d->has_users && percent(d, 12)) {
    return VERB_USER;
  }
  if (d->has_holder && percent(d, 12)) {
    return percent(d, 70) ? VERB_HOLD : VERB_LET_GO;
  }
  if (count(d, true) == 0 && percent(d, 90)) {
    return VERB_CREATE;
  }
  if (server_in(d, STAGE_LISTENING) < SLOTS_MAX && percent(d, 35)) {
    return VERB_OPEN;
  }
  if (server_in(d, STAGE_CLOSING) < SLOTS_MAX && percent(d, 12)) {
    return VERB_DISCONNECT;
  }
  if (server_in(d, STAGE_IDLE) < SLOTS_MAX && percent(d, 40)) {
    return VERB_CONNECT;
  }
  for (i = 0; i < VERB_COUNT; i++) {
    total += weights[i];
  }
  at = below(d, total);
  for (i = 0; at >= weights[i]; i++) {
    at -= weights[i];
  }
  if (i == VERB_CREATE && count(d, true) >= SERVERS_MAX) {
    return VERB_READ;
  }
  return (enum verb)i;
}

static void step_draw(struct drawer *d, struct step *step) {
  step->verb = verb_draw(d);
  switch (step->verb) {
    case VERB_CREATE:
      create(d, step);
      break;
    case VERB_OPEN:
      open(d, step);
      break;
    case VERB_DUPLICATE:
      duplicate(d, step);
      break;
    case VERB_CONNECT:
    case VERB_READ:
    case VERB_WRITE:
    case VERB_TRANSACT:
    case VERB_FLUSH_ASYNC:
      operation(d, step);
      break;
    case VERB_WAIT_ASYNC:
      wait_async(d, step);
      break;
    case VERB_USER:
      step->numbers[0] = below(d, USERS_MAX);
      break;
    case VERB_LET_GO:
      break;
    case VERB_MODE:
      mode(d, step);
      break;
    case VERB_CANCEL:
      cancel(d, step);
      break;
    case VERB_WAIT:
      step->pipe = percent(d, 80) ? 0 : 1;
      break;
    case VERB_DISCONNECT:
      disconnect(d, step);
      break;
    case VERB_CLOSE:
      close(d, step);
      break;
    default:
      step->handle = slot_draw(d, false);
      step->numbers[0] =
          step->verb == VERB_PEEK || step->verb == VERB_CONTROL_PEEK
              ? size_draw(d)
              : 0;
      break;
  }
}

void script_draw(struct script *script, uint64_t seed) {
  struct drawer d;

  memset(&d, 0, sizeof d);
  memset(script, 0, sizeof *script);
  d.chance.state = seed;
  d.one_name = percent(&d, 70);
  d.has_users = percent(&d, 3);
  d.has_holder = percent(&d, 2);
  for (size_t i = 0; i < PIPES_MAX; i++) {
    name_draw(&d, &d.names[i]);
  }
  script->count = STEPS_LEAST + below(&d, STEPS_MORE);
  for (size_t i = 0; i < script->count; i++) {
    step_draw(&d, &script->steps[i]);
  }
}
