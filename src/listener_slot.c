/* Listeners: one instance, from client to client. Rule: the next instance
 * listens before a client's pipe is handed out, so that the name never
 * vanishes. */
#include <assert.h>

#include "listener.h"
#include "server.h"

static void drained(np_pipe *pipe);
static void closing(np_pipe *pipe);
static void accepted(np_op *op, np_error error, size_t transferred);

static const np__owner_hooks slot_hooks = {drained, closing};

/* --- Slots --------------------------------------------------------------- */

static void slot_free(np__slot *slot) {
  np__loop_free(slot->accept.np__target->loop, slot);
}

static void slot_link(np_listener *listener, np__slot *slot) {
  np__list_push_first(&listener->slots, &slot->link);
  listener->instances++;
}

static void slot_unlink(np_listener *listener, np__slot *slot) {
  np__list_remove(&slot->link);
  listener->instances--;
  slot->pipe->slot = NULL;
}

void np__slot_listen(np__slot *slot) {
  slot->state = NP__SLOT_LISTENING;
  slot->listener->listening++;
  np__server_accept(slot->pipe, &slot->accept, accepted);
}

/* slot_look asks by a second connect whether the client is still there:
 * ERROR_PIPE_CONNECTED or ERROR_NO_DATA. */
static void slot_look(np__slot *slot) {
  slot->state = NP__SLOT_LOOKING;
  np__server_accept(slot->pipe, &slot->accept, accepted);
}

np_error np__slot_add(np_listener *listener) {
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
  error = np__server_create(listener->loop, &listener->name, &options,
                            &listener->security, listener->instances > 0,
                            &slot->pipe);
  if (error != NP_OK) {
    np__loop_free(listener->loop, slot);
    return error;
  }
  slot->listener = listener;
  slot->hooks = &slot_hooks;
  slot->pipe->slot = slot;
  slot->pipe->target.bars |= NP__BAR_WITHHELD;
  slot_link(listener, slot);
  np__slot_listen(slot);
  return NP_OK;
}

static void instance_closed(np_pipe *pipe) {
  np_listener *listener = np_pipe_user(pipe);

  assert(listener->going > 0);
  np__loop_count_own(listener->loop);
  listener->going--;
  np__listener_check_closed(listener);
}

/* slot_hold keeps a client waiting until the listener is resumed. Whether the
 * client is still there is asked then. */
static void slot_hold(np__slot *slot) {
  np_listener *listener = slot->listener;

  slot->state = NP__SLOT_HELD;
  listener->at_rest++;
  np__list_remove(&slot->link);
  np__list_push(&listener->slots, &slot->link);
}

/* slot_rest leaves an instance disconnected until the listener is resumed, so
 * that no client can open it. */
static void slot_rest(np__slot *slot) {
  slot->state = NP__SLOT_RESTING;
  slot->listener->at_rest++;
}

void np__slot_resume(np__slot *slot) {
  if (slot->state == NP__SLOT_RESTING) {
    slot->listener->at_rest--;
    np__slot_listen(slot);
  } else if (slot->state == NP__SLOT_HELD) {
    slot->listener->at_rest--;
    slot_look(slot);
  }
}

/* np__slot_close closes the pipe. `closing` frees the slot. */
void np__slot_close(np__slot *slot) {
  np_listener *listener = slot->listener;

  listener->going++;
  np_pipe_set_user(slot->pipe, listener);
  np_pipe_close(slot->pipe, instance_closed);
}

void np__slot_let_go(np__slot *slot) {
  slot_unlink(slot->listener, slot);
  slot_free(slot);
}

/* slot_replace gives up an instance that failed. If the limit allows, its
 * replacement is created first, because the name must not vanish. */
static void slot_replace(np__slot *slot, np_error error) {
  np__listener_tell(slot->listener, error, 0);
  np__listener_refill(slot->listener);
  np__slot_close(slot);
}

/* --- From client to client ----------------------------------------------- */

/* lend hands the pipe out. Nothing is touched after the callback, because the
 * owner may close everything. */
static void lend(np__slot *slot) {
  np_listener *listener = slot->listener;

  np__listener_refill(listener); /* before the owner can close this instance */
  slot->state = NP__SLOT_LENT;
  slot->pipe->target.bars &= (uint8_t)~NP__BAR_WITHHELD;
  listener->on_pipe(listener, slot->pipe);
}

/* settle runs when the session is over and no operation is in flight: the
 * instance becomes like new and listens. */
static void settle(np__slot *slot) {
  np_listener *listener = slot->listener;
  const np_mode read_mode = listener->server.read_mode;
  np_error error = NP_OK;

  np__pipe_forget(slot->pipe);
  if (listener->listening + listener->at_rest >= listener->idle_max) {
    np__slot_close(slot);
    return;
  }
  if (slot->pipe->read_mode != read_mode) { /* the owner has changed it */
    error = np__pipe_set_read_mode(slot->pipe, read_mode);
  }
  if (error != NP_OK) {
    slot_replace(slot, error);
  } else if (listener->is_paused) {
    slot_rest(slot);
  } else {
    np__slot_listen(slot);
    np__listener_refill(listener);
  }
}

static bool has_left_data(const np__slot *slot) {
  uint32_t bytes = 0;
  np_error error = np__pipe_unread(slot->pipe, &bytes);

  if (error != NP_OK && slot->pipe->readable) {
    np__listener_tell(slot->listener, error, 0);
    return true; /* unknown: let the owner find out */
  }
  return bytes > 0;
}

/* meet_ghost handles a client that came and went. It returns true if the pipe
 * must be lent. */
static bool meet_ghost(np__slot *slot) {
  np_error error;

  if (slot->listener->ghosts == NP_GHOSTS_WITH_DATA && has_left_data(slot)) {
    return true;
  }
  error = np__server_disconnect(slot->pipe);
  if (error != NP_OK) {
    slot_replace(slot, error);
  } else {
    settle(slot);
  }
  return false;
}

/* looked handles the answer of the second connect. It returns true if the pipe
 * must be lent. */
static bool looked(np__slot *slot, np_error error) {
  if (slot->listener->is_paused) {
    slot_hold(slot); /* slot_look asks again */
    return false;
  }
  if (error == ERROR_NO_DATA) {
    return slot->listener->ghosts == NP_GHOSTS_ALL || meet_ghost(slot);
  }
  if (error != ERROR_PIPE_CONNECTED) {
    np__listener_tell(slot->listener, error,
                      0); /* unknown whether the client is there */
  }
  return true;
}

/* accept_ended handles the end of a connect. It returns true if a client is
 * there and the pipe must be lent. */
static bool accept_ended(np__slot *slot, np_error error) {
  np_listener *listener = slot->listener;

  if (slot->state == NP__SLOT_CLOSED) {
    slot_free(slot);
    return false;
  }
  if (slot->state == NP__SLOT_LOOKING) {
    return looked(slot, error);
  }
  assert(slot->state == NP__SLOT_LISTENING);
  listener->listening--;
  if (error != NP_OK) {
    slot->state = NP__SLOT_FAILED;
    listener->failed++;
    listener->is_doubtful = true;
    np__listener_trouble(listener, error);
    return false;
  }
  listener->is_doubtful = false;
  if (listener->is_paused) {
    slot_hold(slot);
    return false;
  }
  if (listener->ghosts == NP_GHOSTS_ALL ||
      slot->pipe->connect_said == ERROR_PIPE_CONNECTED) {
    return true;
  }
  if (slot->pipe->connect_said == ERROR_NO_DATA) {
    return meet_ghost(slot);
  }
  /* The connect was pending, so its answer may be old and the client gone. */
  slot_look(slot);
  return false;
}

static void accepted(np_op *op, np_error error, size_t transferred) {
  np_loop *loop = op->np__target->loop;
  np__slot *slot = NP__CONTAINER(op, np__slot, accept);

  (void)transferred;
  if (accept_ended(slot, error)) {
    lend(slot);
  } else {
    np__loop_count_own(loop);
  }
}

/* --- The end of a session ------------------------------------------------ */

static void drained(np_pipe *pipe) {
  if (pipe->slot->state == NP__SLOT_DRAINING) {
    settle(pipe->slot);
  }
}

static void closing(np_pipe *pipe) {
  np__slot *slot = pipe->slot;
  np_listener *listener = slot->listener;

  slot_unlink(listener, slot);
  if (slot->state == NP__SLOT_LISTENING) {
    listener->listening--;
  } else if (slot->state == NP__SLOT_FAILED) {
    listener->failed--;
  } else if (slot->state == NP__SLOT_HELD || slot->state == NP__SLOT_RESTING) {
    listener->at_rest--;
  }
  if (slot->accept.np__state != NP__OP_IDLE) {
    slot->state = NP__SLOT_CLOSED;
  } else {
    slot_free(slot);
  }
  if (!listener->closing) {
    np__listener_lost(listener);
  }
}

np_error np_listener_recycle(np_pipe *pipe) {
  np__slot *slot;
  np_error error;

  if (pipe == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__target_check(&pipe->target);
  if (error != NP_OK) {
    return error;
  }
  if (pipe->owner_hooks == NULL || *pipe->owner_hooks != &slot_hooks) {
    return ERROR_NOT_FOUND;
  }
  slot = pipe->slot;
  assert(slot->state == NP__SLOT_LENT);
  if (pipe->state != NP_DISCONNECTED) {
    /* unless the owner has disconnected it */
    error = np__server_disconnect(pipe);
  }
  pipe->target.bars |= NP__BAR_WITHHELD;
  slot->state = NP__SLOT_DRAINING;
  if (error != NP_OK) {
    slot_replace(slot, error);
  } else if (np__list_is_empty(&pipe->target.ops)) {
    settle(slot);
  }
  return NP_OK;
}
