#include <npipe/listener.h>

#include <assert.h>
#include <string.h>

#include "pipe.h"
#include "security.h"
#include "server.h"

#define BACKLOG      4u
#define BACKLOG_MAX  1024u
#define IDLE_MAX     64u
#define RETRY_MS     10u
#define RETRY_MS_MAX 1000u

typedef enum slot_state {
  SLOT_LISTENING, /* its accept is in flight */
  SLOT_LOOKING,   /* it has a client; another connect tells whether that went */
  SLOT_LENT,      /* handed out */
  SLOT_DRAINING,  /* given back, with operations still in flight */
  SLOT_FAILED,    /* its accept failed and is to be tried again */
  SLOT_CLOSED     /* its pipe was closed, its accept is still in flight */
} slot_state;

/* What a listener has beside each pipe that it made. It lives as long as the
 * pipe is open and the listener has, or may get back, that pipe. */
typedef struct np__slot {
  np_op accept; /* first: an op pointer is a slot pointer */
  np_listener *listener;
  np_pipe *pipe;
  struct np__slot *prev;
  struct np__slot *next;
  slot_state state;
} np__slot;

struct np_listener {
  np_loop *loop;
  np_listener_pipe_fn on_pipe;
  np_listener_error_fn on_error;
  np_listener_closed_fn on_closed;
  void *user;
  np__name name;
  np_server_options server;
  SECURITY_ATTRIBUTES attributes;
  PSECURITY_DESCRIPTOR descriptor; /* made of the options, or NULL */
  bool has_attributes;
  bool background;
  bool closing;
  np_ghosts ghosts;
  uint32_t backlog;
  uint32_t idle_max;

  np__slot *slots;
  uint32_t instances; /* slots there, all in all */
  uint32_t listening; /* those in state LISTENING */
  uint32_t failed;    /* those in state FAILED */
  size_t going;       /* pipes that it closed itself, and that are not gone */

  /* Trouble: what cannot be had now is tried again when `retry` expires. */
  np__timer_node retry;
  uint32_t retry_ms;   /* the last delay; 0: all is well */
  np_error last_error; /* that of the last attempt */
  bool is_doubtful;    /* an accept failed, and none has succeeded since */

  /* What the owner is to be told, and the end. */
  np__packet news;
  np_error news_error;
  uint32_t news_ms;
  bool news_is_well; /* the trouble is over, after that error */
  bool has_news;     /* `news` is queued */
  np__packet closed;
};

static void drained(np_pipe *pipe);
static void closing(np_pipe *pipe);
static void accepted(np_op *op, np_error error, size_t transferred);

static const np__owner_hooks hooks = {drained, closing};

/* --- Telling ------------------------------------------------------------- */

static np_listener *of_packet(np__packet *packet, size_t offset) {
  return (np_listener *)(void *)((char *)packet - offset);
}

static void news_run(np_loop *loop, np__packet *packet) {
  np_listener *listener = of_packet(packet, offsetof(np_listener, news));

  const np_error error = listener->news_error;
  const bool is_well = listener->news_is_well;

  (void)loop;
  listener->has_news = false;
  listener->news_error = NP_OK;
  listener->news_is_well = false;
  if (error != NP_OK && !listener->closing && listener->on_error != NULL) {
    listener->on_error(listener, error, listener->news_ms);
  }
  if (is_well && !listener->closing && listener->on_error != NULL) {
    listener->on_error(listener, NP_OK, 0);
  }
}

static const np__packet_class news_class = {NULL, NULL, news_run, NULL};

static void queue_news(np_listener *listener) {
  if (!listener->has_news) {
    listener->has_news = true;
    np__loop_ready(listener->loop, &listener->news);
  }
}

static void tell(np_listener *listener, np_error error, uint32_t retry_ms) {
  listener->news_error = error;
  listener->news_ms = retry_ms;
  queue_news(listener);
}

static void closed_run(np_loop *loop, np__packet *packet) {
  np_listener *listener = of_packet(packet, offsetof(np_listener, closed));

  assert(listener->slots == NULL && !listener->has_news);
  if (listener->on_closed != NULL) {
    listener->on_closed(listener);
  }
  loop->pipes--;
  loop->active--;
  if (listener->descriptor != NULL) {
    LocalFree(listener->descriptor);
  }
  np__loop_free(loop, listener);
}

static const np__packet_class closed_class = {NULL, NULL, closed_run, NULL};

static void check_closed(np_listener *listener) {
  if (listener->closing && listener->going == 0) {
    np__loop_ready(listener->loop, &listener->closed);
  }
}

/* --- Slots --------------------------------------------------------------- */

static void slot_free(np__slot *slot) {
  np__loop_free(slot->accept.np__target->loop, slot);
}

static void slot_link(np_listener *listener, np__slot *slot) {
  slot->next = listener->slots;
  if (slot->next != NULL) {
    slot->next->prev = slot;
  }
  listener->slots = slot;
  listener->instances++;
}

static void slot_unlink(np_listener *listener, np__slot *slot) {
  if (slot->prev != NULL) {
    slot->prev->next = slot->next;
  } else {
    listener->slots = slot->next;
  }
  if (slot->next != NULL) {
    slot->next->prev = slot->prev;
  }
  listener->instances--;
  slot->pipe->slot = NULL;
  slot->pipe->owner_hooks = NULL;
}

static void slot_listen(np__slot *slot) {
  slot->state = SLOT_LISTENING;
  slot->listener->listening++;
  np__server_accept(slot->pipe, &slot->accept, accepted);
}

static np_error slot_add(np_listener *listener) {
  np_server_options options = listener->server;
  np__slot *slot = np__loop_new(listener->loop, sizeof *slot);
  np_error error;

  if (slot == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  if (listener->instances > 0) {
    options.first_instance = false;
    options.write_owner = false;
  }
  error = np__server_create(
      listener->loop, &listener->name, &options,
      listener->has_attributes ? &listener->attributes : NULL, &slot->pipe);
  if (error != NP_OK) {
    np__loop_free(listener->loop, slot);
    return error;
  }
  slot->listener = listener;
  slot->pipe->slot = slot;
  slot->pipe->owner_hooks = &hooks;
  slot->pipe->target.withheld = true;
  slot_link(listener, slot);
  slot_listen(slot);
  return NP_OK;
}

static void instance_closed(np_pipe *pipe) {
  np_listener *listener = np_pipe_user(pipe);

  assert(listener->going > 0);
  listener->going--;
  check_closed(listener);
}

/* Closes an instance that is the listener's; `closing` does the rest. */
static void slot_close(np__slot *slot) {
  np_listener *listener = slot->listener;

  listener->going++;
  np_pipe_set_user(slot->pipe, listener);
  np_pipe_close(slot->pipe, instance_closed);
}

/* --- As many as there should be ------------------------------------------ */

static void stop_retry(np_listener *listener) {
  if (np__heap_has(&listener->retry)) {
    np__heap_remove(&listener->loop->timers, &listener->retry);
    listener->loop->unheeded_timers -= listener->background ? 1u : 0u;
  }
}

static bool has_enough(const np_listener *listener) {
  return listener->listening >= listener->backlog ||
         listener->instances >= listener->server.instances_max;
}

static void retry_expired(np__timer_node *node);

/* Something failed with `error`, and will be tried again in a while. */
static void trouble(np_listener *listener, np_error error) {
  np_loop *loop = listener->loop;

  listener->last_error = error;
  if (!np__heap_has(&listener->retry)) {
    listener->retry_ms =
        listener->retry_ms == 0 ? RETRY_MS : listener->retry_ms * 2;
    if (listener->retry_ms > RETRY_MS_MAX) {
      listener->retry_ms = RETRY_MS_MAX;
    }
    np__heap_insert(&loop->timers, &listener->retry,
                    np__loop_deadline_ms(loop, listener->retry_ms),
                    retry_expired);
    loop->unheeded_timers += listener->background ? 1u : 0u;
  }
  listener->news_is_well = false;
  tell(listener, error, listener->retry_ms);
}

/* Creates what is missing, unless that has just failed. */
static void refill(np_listener *listener) {
  np_error error;

  while (!has_enough(listener) && !np__heap_has(&listener->retry)) {
    error = slot_add(listener);
    if (error != NP_OK) {
      trouble(listener, error);
    }
  }
  if (listener->retry_ms > 0 && has_enough(listener) && listener->failed == 0 &&
      !listener->is_doubtful) {
    stop_retry(listener);
    listener->retry_ms = 0;
    listener->news_is_well = true;
    queue_news(listener);
  }
}

static void try_again(np_listener *listener) {
  listener->failed = 0;
  for (np__slot *slot = listener->slots; slot != NULL; slot = slot->next) {
    if (slot->state == SLOT_FAILED) {
      slot_listen(slot);
    }
  }
  refill(listener);
}

static void retry_expired(np__timer_node *node) {
  np_listener *listener =
      (np_listener *)(void *)((char *)node - offsetof(np_listener, retry));

  listener->loop->unheeded_timers -= listener->background ? 1u : 0u;
  try_again(listener);
}

/* Gives up an instance that went wrong. Its replacement comes first, if there
 * may be one more: the name must not vanish. */
static void slot_replace(np__slot *slot, np_error error) {
  tell(slot->listener, error, 0);
  refill(slot->listener);
  slot_close(slot);
}

/* --- From client to client ----------------------------------------------- */

/* The owner may do anything with all of it: nothing is touched afterwards. */
static void lend(np__slot *slot) {
  np_listener *listener = slot->listener;

  refill(listener); /* Before the owner can close this one. */
  slot->state = SLOT_LENT;
  slot->pipe->target.withheld = false;
  listener->on_pipe(listener, slot->pipe);
}

/* Ends what an instance did, and has it listen again. */
static void settle(np__slot *slot) {
  np_listener *listener = slot->listener;

  np__pipe_forget(slot->pipe);
  if (listener->listening >= listener->idle_max) {
    slot_close(slot);
  } else {
    slot_listen(slot);
    refill(listener);
  }
}

static bool has_left_data(const np__slot *slot) {
  uint32_t bytes = 0;
  np_error error = np__pipe_unread(slot->pipe, &bytes);

  if (error != NP_OK && slot->pipe->readable) {
    tell(slot->listener, error, 0);
    return true; /* Perhaps: let the owner see. */
  }
  return bytes > 0;
}

static void meet_ghost(np__slot *slot) {
  np_error error;

  if (slot->listener->ghosts == NP_GHOSTS_WITH_DATA && has_left_data(slot)) {
    lend(slot);
    return;
  }
  error = np_server_disconnect(slot->pipe);
  if (error != NP_OK) {
    slot_replace(slot, error);
  } else {
    settle(slot);
  }
}

static void looked(np__slot *slot, np_error error) {
  if (error == ERROR_NO_DATA) {
    meet_ghost(slot);
    return;
  }
  if (error != ERROR_PIPE_CONNECTED) {
    tell(slot->listener, error, 0); /* Whether it is there is not known. */
  }
  lend(slot);
}

static void accepted(np_op *op, np_error error, size_t transferred) {
  np__slot *slot = (np__slot *)op;
  np_listener *listener = slot->listener;

  (void)transferred;
  if (slot->state == SLOT_CLOSED) {
    slot_free(slot);
    return;
  }
  if (slot->state == SLOT_LOOKING) {
    looked(slot, error);
    return;
  }
  assert(slot->state == SLOT_LISTENING);
  listener->listening--;
  if (error != NP_OK) {
    slot->state = SLOT_FAILED;
    listener->failed++;
    listener->is_doubtful = true;
    trouble(listener, error);
    return;
  }
  listener->is_doubtful = false;
  slot->state = SLOT_LOOKING;
  if (listener->ghosts == NP_GHOSTS_ALL ||
      slot->pipe->connect_said == ERROR_PIPE_CONNECTED) {
    lend(slot);
  } else if (slot->pipe->connect_said == ERROR_NO_DATA) {
    meet_ghost(slot);
  } else {
    /* It came while the connect was pending: that was then. */
    np__server_accept(slot->pipe, &slot->accept, accepted);
  }
}

/* --- What happens to its pipes ------------------------------------------- */

static void drained(np_pipe *pipe) {
  if (pipe->slot->state == SLOT_DRAINING) {
    settle(pipe->slot);
  }
}

static void closing(np_pipe *pipe) {
  np__slot *slot = pipe->slot;
  np_listener *listener = slot->listener;

  slot_unlink(listener, slot);
  if (slot->state == SLOT_LISTENING) {
    listener->listening--;
  } else if (slot->state == SLOT_FAILED) {
    listener->failed--;
  }
  if (slot->accept.np__state != NP__OP_IDLE) {
    slot->state = SLOT_CLOSED;
  } else {
    slot_free(slot);
  }
  if (listener->closing) {
    return;
  }
  if (np__heap_has(&listener->retry) &&
      listener->last_error == ERROR_PIPE_BUSY) {
    stop_retry(listener);
    try_again(listener); /* There may be room now. */
  } else {
    refill(listener);
  }
}

np_error np_listener_recycle(np_pipe *pipe) {
  np__slot *slot;
  np_error error = NP_OK;

  if (pipe == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  if (pipe->target.closing || pipe->target.withheld) {
    return ERROR_INVALID_HANDLE;
  }
  slot = pipe->slot;
  if (slot == NULL) {
    return ERROR_NOT_FOUND;
  }
  assert(slot->state == SLOT_LENT);
  if (pipe->state != NP_DISCONNECTED) { /* Unless its owner has done it. */
    error = np_server_disconnect(pipe);
  }
  pipe->target.withheld = true;
  slot->state = SLOT_DRAINING;
  if (error != NP_OK) {
    slot_replace(slot, error);
  } else if (pipe->target.first == NULL) {
    settle(slot);
  }
  return NP_OK;
}

/* --- Beginning and end --------------------------------------------------- */

void np_listener_options_init(np_listener_options *options) {
  if (options != NULL) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    options->backlog = BACKLOG;
    options->idle_max = IDLE_MAX;
    options->ghosts = NP_GHOSTS_WITH_DATA;
    np_server_options_init(&options->server);
    options->server.access = NP_ACCESS_CURRENT_USER;
  }
}

static bool are_valid(const np_listener_options *options) {
  return options->size == sizeof *options && options->backlog >= 1 &&
         options->backlog <= BACKLOG_MAX &&
         options->idle_max >= options->backlog &&
         (options->ghosts == NP_GHOSTS_WITH_DATA ||
          options->ghosts == NP_GHOSTS_NONE ||
          options->ghosts == NP_GHOSTS_ALL) &&
         np__server_options_are_valid(&options->server);
}

/* Takes over all of the options that must outlive the call. */
static np_error keep_options(np_listener *listener,
                             const np_listener_options *options) {
  np_error error;

  listener->on_error = options->on_error;
  listener->background = options->background;
  listener->ghosts = options->ghosts;
  listener->backlog = options->backlog;
  listener->idle_max = options->idle_max;
  listener->server = options->server;
  listener->attributes.nLength = sizeof listener->attributes;
  if (options->server.security_attributes != NULL) {
    listener->attributes = *options->server.security_attributes;
    listener->has_attributes = true;
  } else {
    error = np__security_from_options(listener->loop, &options->server,
                                      &listener->descriptor);
    if (error != NP_OK) {
      return error;
    }
    listener->attributes.lpSecurityDescriptor = listener->descriptor;
    listener->has_attributes = listener->descriptor != NULL;
  }
  listener->server.security_attributes = NULL;
  listener->server.sddl = NULL;
  return NP_OK;
}

np_error np_listener_create(np_loop *loop, const char *name,
                            const np_listener_options *options,
                            np_listener_pipe_fn on_pipe,
                            np_listener **listener) {
  np_listener_options defaults;
  np_listener *made;
  np_error error;

  if (options == NULL) {
    np_listener_options_init(&defaults);
    options = &defaults;
  }
  if (loop == NULL || on_pipe == NULL || listener == NULL ||
      !are_valid(options)) {
    return ERROR_INVALID_PARAMETER;
  }
  made = np__loop_new(loop, sizeof *made);
  if (made == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  made->loop = loop;
  made->on_pipe = on_pipe;
  made->news.class_ = &news_class;
  made->closed.class_ = &closed_class;
  error = np__name_parse(&made->name, name, true);
  if (error == NP_OK) {
    error = keep_options(made, options);
  }
  if (error == NP_OK && !options->retry_first) {
    error = slot_add(made);
  }
  if (error != NP_OK) {
    if (made->descriptor != NULL) {
      LocalFree(made->descriptor);
    }
    np__loop_free(loop, made);
    return error;
  }
  loop->pipes++;
  loop->active += made->background ? 0u : 1u;
  refill(made);
  *listener = made;
  return NP_OK;
}

np_error np_listener_close(np_listener *listener,
                           np_listener_closed_fn on_closed) {
  np__slot *next;

  if (listener == NULL) {
    return NP_OK;
  }
  if (listener->closing) {
    return ERROR_INVALID_HANDLE;
  }
  stop_retry(listener);
  listener->closing = true;
  listener->on_closed = on_closed;
  listener->loop->active += listener->background ? 1u : 0u;
  for (np__slot *slot = listener->slots; slot != NULL; slot = next) {
    next = slot->next;
    if (slot->state != SLOT_LENT) {
      slot_close(slot);
    } else {
      slot_unlink(listener, slot);
      slot_free(slot);
    }
  }
  check_closed(listener);
  return NP_OK;
}

np_loop *np_listener_loop(const np_listener *listener) {
  return listener != NULL ? listener->loop : NULL;
}

void *np_listener_user(const np_listener *listener) {
  return listener != NULL ? listener->user : NULL;
}

void np_listener_set_user(np_listener *listener, void *user) {
  if (listener != NULL) {
    listener->user = user;
  }
}
