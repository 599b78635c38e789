/* Listeners from the inside: the listener, which sees to it that as many
 * instances listen as there should be (listener.c), and its slots, one for each
 * instance, which take that from client to client (listener_slot.c). */
#ifndef NPIPE_SRC_LISTENER_H
#define NPIPE_SRC_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/listener.h>

#include "name.h"
#include "pipe.h"
#include "security.h"

typedef enum np__slot_state {
  NP__SLOT_LISTENING, /* its accept is in flight */
  NP__SLOT_LOOKING,   /* it has a client; another connect tells if that went */
  NP__SLOT_LENT,      /* handed out */
  NP__SLOT_DRAINING,  /* given back, with operations still in flight */
  NP__SLOT_FAILED,    /* its accept failed and is to be tried again */
  NP__SLOT_CLOSED     /* its pipe was closed, its accept is still in flight */
} np__slot_state;

/* What a listener has beside each pipe that it made. It lives as long as the
 * pipe is open and the listener has, or may get back, that pipe. */
typedef struct np__slot {
  np_op accept; /* first: an op pointer is a slot pointer */
  np_listener *listener;
  np_pipe *pipe;
  struct np__slot *prev;
  struct np__slot *next;
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

/* np__listener_tell has the owner told of `error`; `retry_ms` 0: there is
 * nothing to try again. */
void np__listener_tell(np_listener *listener, np_error error,
                       uint32_t retry_ms);

/* np__listener_trouble is for what failed with `error` and will be tried again
 * in a while. */
void np__listener_trouble(np_listener *listener, np_error error);

/* np__listener_refill creates what is missing, unless that has just failed. */
void np__listener_refill(np_listener *listener);

/* np__listener_lost takes note that an instance is gone: there may be room now.
 */
void np__listener_lost(np_listener *listener);

/* np__listener_check_closed ends a closing listener that waits for no pipe any
 * more. */
void np__listener_check_closed(np_listener *listener);

/* np__slot_add makes one more instance, which listens. */
np_error np__slot_add(np_listener *listener);

/* np__slot_listen has an instance listen that does nothing. */
void np__slot_listen(np__slot *slot);

/* np__slot_close closes an instance that is the listener's. */
void np__slot_close(np__slot *slot);

/* np__slot_let_go leaves an instance to whom it was handed out. */
void np__slot_let_go(np__slot *slot);

#endif
