/* Operations on channels for the scenarios. */
#include <string.h>

#include "run.h"

np_channel *channel_open(struct run *r, np_pipe *pipe,
                         const np_channel_options *options) {
  np_channel *channel = NULL;

  if (!took(r, "np_channel_create",
            np_channel_create(pipe, options, &channel))) {
    holds(r, channel == NULL, "a create that failed sets nothing");
    return NULL;
  }
  pipe_forget(r, pipe);
  r->channels[r->channel_count++] = channel;
  np_channel_set_user(channel, r);
  return channel;
}

static void on_channel_closed(np_channel *channel) {
  struct run *r = np_channel_user(channel);

  if (!r->in_loop) {
    run_fail(r, "on_closed of a channel ran outside of the loop");
  }
  r->closed++;
}

static void channel_forget(struct run *r, np_channel *channel) {
  for (size_t i = 0; i < r->channel_count; i++) {
    if (r->channels[i] == channel) {
      r->channels[i] = r->channels[--r->channel_count];
      return;
    }
  }
}

bool channel_close(struct run *r, np_channel *channel) {
  channel_forget(r, channel);
  if (np_channel_close(channel, on_channel_closed) != NP_OK) {
    run_fail(r, "np_channel_close refused");
    return false;
  }
  r->closing++;
  return true;
}

bool channel_detach(struct run *r, np_channel *channel) {
  np_pipe *pipe = NULL;

  STEP(took(r, "np_channel_detach", np_channel_detach(channel, &pipe)));
  channel_forget(r, channel);
  return pipe_keep(r, pipe) != NULL;
}

static struct action *send_new(struct run *r, const char *function,
                               const char *text, size_t length) {
  struct action *action = action_new(r, function);

  if (text != NULL) {
    memcpy(action->buffer, text, length);
  } else {
    memset(action->buffer, 'x', sizeof action->buffer);
  }
  return action;
}

struct action *send_begin(struct run *r, np_channel *channel, const char *text,
                          size_t length) {
  struct action *action = send_new(r, "np_channel_send", text, length);

  return action_begun(action, np_channel_send(channel, action->buffer, length,
                                              &action->op, action_done));
}

struct action *send_reserved_begin(struct run *r, np_channel *channel,
                                   size_t length) {
  struct action *action = send_new(r, "np_channel_send_reserved", NULL, 0);

  return action_begun(action,
                      np_channel_send_reserved(channel, action->buffer, length,
                                               &action->op, action_done));
}

static void on_message(np_op *op, np_error error, size_t transferred) {
  struct action *action = (struct action *)op;

  if (error == NP_OK && transferred > 0 &&
      transferred <= sizeof action->buffer) {
    memmove(action->buffer, np_channel_data(action->channel), transferred);
  }
  action_done(op, error, transferred);
}

struct action *receive_begin(struct run *r, np_channel *channel) {
  struct action *action = action_new(r, "np_channel_receive");

  action->channel = channel;
  return action_begun(action,
                      np_channel_receive(channel, &action->op, on_message));
}

struct action *receive_into_begin(struct run *r, np_channel *channel,
                                  size_t length) {
  struct action *action = action_new(r, "np_channel_receive_into");

  action->channel = channel;
  return action_begun(action,
                      np_channel_receive_into(channel, action->buffer, length,
                                              &action->op, on_message));
}

struct action *call_begin(struct run *r, np_channel *channel,
                          const char *text) {
  struct action *action =
      send_new(r, "np_channel_call", text, text != NULL ? strlen(text) : 0);

  memset(&action->call, 0, sizeof action->call);
  action->op.timeout_ms = r->timeout_ms;
  action->channel = channel;
  return action_begun(
      action, np_channel_call(channel, action->buffer,
                              text != NULL ? strlen(text) : BUFFER_BYTES_MAX,
                              &action->call, on_message));
}

struct action *channel_shutdown_begin(struct run *r, np_channel *channel) {
  struct action *action = action_new(r, "np_channel_shutdown");

  return action_begun(action,
                      np_channel_shutdown(channel, &action->op, action_done));
}
