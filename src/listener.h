/* Listeners from the inside. The listener (listener.c) keeps the wanted number
 * of instances listening. Each instance has a slot (listener_slot.c), which
 * takes it from one client to the next. */
#ifndef NPIPE_SRC_LISTENER_H
#define NPIPE_SRC_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/listener.h>

#include "name.h"
#include "pipe.h"
#include "access.h"

typedef enum np__slot_state {
  NP__SLOT_LISTENING, /* its accept is in flight */
  /* has a client; a second connect asks whether the client has gone */
  NP__SLOT_LOOKING,
  NP__SLOT_LENT,     /* handed out */
  NP__SLOT_DRAINING, /* recycled, with operations still in flight */
  NP__SLOT_HELD,     /* has a client, which waits for np_listener_resume */
  NP__SLOT_RESTING,  /* disconnected until np_listener_resume */
  NP__SLOT_FAILED,   /* its accept failed; to be tried again */
  NP__SLOT_CLOSED    /* its pipe is closed, its accept is in flight */
} np__slot_state;

/* A listener's state for each pipe that it made. The slot lives as long as the
 * pipe is open and the listener has the pipe, or may get it back. */
typedef struct np__slot {
  const np__owner_hooks *hooks; /* first: see np_pipe */
  np_op accept;
  np_listener *listener;
  np_pipe *pipe;
  np__link link; /* in `slots` of its listener */
  np__slot_state state;
} np__slot;

struct np_listener {
  np_loop *loop;
  np_listener_pipe_fn on_pipe;
  np_listener_error_fn on_error;
  np_listener_closed_fn on_closed;
  void *user;
  np__name name;
  np_server_options server;
  np__security security;
  bool background;
  bool closing;
  bool is_paused;
  np_ghosts ghosts;
  uint32_t backlog;
  uint32_t idle_max;
  uint32_t pipes_max;

  /* Slots in state HELD are the last, in the order of their clients. */
  np__list slots;
  uint32_t instances; /* all slots */
  uint32_t listening; /* slots in state LISTENING */
  uint32_t failed;    /* slots in state FAILED */
  uint32_t at_rest;   /* slots in states HELD and RESTING */
  size_t going;       /* pipes that the listener closed and that are not gone */

  /* Trouble: everything that failed is tried again when `retry` expires. */
  np__alarm retry;
  uint32_t retry_ms;   /* the last delay; 0: no trouble */
  np_error last_error; /* error of the last attempt */
  bool is_doubtful;    /* an accept failed, and none has succeeded since */

  /* News for the owner, and the end. */
  np__packet news;
  np_error news_error;
  uint32_t news_ms;
  bool news_is_well; /* the trouble behind `news_error` is over */
  bool has_news;     /* `news` is queued */
  np__packet closed;
};

static inline np__slot *np__slot_of(np__link *link) {
  return NP__CONTAINER(link, np__slot, link);
}

/* np__listener_tell reports `error` to the owner. `retry_ms` 0: nothing will be
 * tried again. */
void np__listener_tell(np_listener *listener, np_error error,
                       uint32_t retry_ms);

/* np__listener_trouble records that creating or connecting an instance failed
 * with `error`. The listener tries again later. */
void np__listener_trouble(np_listener *listener, np_error error);

/* np__listener_refill creates the missing instances, unless this has just
 * failed. A paused listener needs one instance that is not handed out: the
 * owners may close all others, and the name must not vanish. */
void np__listener_refill(np_listener *listener);

/* np__listener_lost is called when an instance has gone: the limit of instances
 * may leave room for a new instance. */
void np__listener_lost(np_listener *listener);

/* np__listener_check_closed ends a closing listener when it waits for no pipe
 * any more. */
void np__listener_check_closed(np_listener *listener);

/* np__slot_add creates one more instance of the pipe and makes it listen. */
np_error np__slot_add(np_listener *listener);

/* np__slot_listen makes an idle instance listen. */
void np__slot_listen(np__slot *slot);

/* np__slot_resume ends the rest of an instance of a listener that was paused.
 * It does nothing for other instances. */
void np__slot_resume(np__slot *slot);

/* np__slot_close closes an instance that belongs to the listener. */
void np__slot_close(np__slot *slot);

/* np__slot_let_go leaves an instance to its owner for good. */
void np__slot_let_go(np__slot *slot);

#endif
