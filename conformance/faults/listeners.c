/* Listeners for the scenarios, and the pipes that they hand out. */
#include "run.h"

static void on_pipe(np_listener *listener, np_pipe *pipe) {
  struct run *r = np_listener_user(listener);

  if (!r->in_loop) {
    run_fail(r, "a pipe was handed out from outside of the loop");
  }
  if (np_pipe_user(pipe) != NULL) {
    run_fail(r, "a pipe that was handed out has a user already");
  }
  r->accepted = pipe_keep(r, pipe);
  r->accepted_count++;
  if (r->accept_then != NULL) {
    r->accept_then(r);
  }
}

static void on_listener_error(np_listener *listener, np_error error,
                              uint32_t retry_ms) {
  struct run *r = np_listener_user(listener);

  if (!r->in_loop) {
    run_fail(r, "on_error ran outside of the loop");
  }
  if (error == NP_OK && retry_ms != 0) {
    run_fail(r, "a listener that is well will try again");
  }
  took(r, "np_listener_error_fn", error);
}

static void on_listener_closed(np_listener *listener) {
  struct run *r = np_listener_user(listener);

  if (!r->in_loop || np_listener_loop(listener) != r->loop) {
    run_fail(r, "a listener's on_closed ran outside of its loop");
  }
  r->closed++;
}

bool listener_open(struct run *r) {
  r->listener_options.on_error = on_listener_error;
  if (!took(r, "np_listener_create",
            np_listener_create(r->loop, r->name, &r->listener_options, on_pipe,
                               &r->listener))) {
    holds(r, r->listener == NULL, "a create that failed sets nothing");
    return false;
  }
  np_listener_set_user(r->listener, r);
  return true;
}

bool accepts(struct run *r, unsigned count) {
  return turns(r, &r->accepted_count, count);
}

bool give_back(struct run *r) {
  np_pipe *pipe = r->accepted;

  pipe_forget(r, pipe);
  if (np_listener_recycle(pipe) != NP_OK) {
    run_fail(r, "np_listener_recycle refused");
    return false;
  }
  return true;
}

bool listener_close(struct run *r) {
  np_listener *listener = r->listener;

  r->listener = NULL;
  if (np_listener_close(listener, on_listener_closed) != NP_OK) {
    run_fail(r, "np_listener_close refused");
    return false;
  }
  r->closing++;
  return true;
}
