/* Pipe ends for the scenarios, single and in pairs. */
#include "run.h"

void modes(struct run *r, np_mode mode, np_mode read_mode) {
  r->server_options.mode = mode;
  r->server_options.read_mode = read_mode;
  r->client_options.read_mode = read_mode;
}

np_pipe *pipe_keep(struct run *r, np_pipe *pipe) {
  if (pipe != NULL) {
    if (r->pipe_count == PIPES_MAX) {
      run_fail(r, "the scenario has more pipes than there is room for");
      return NULL;
    }
    r->pipes[r->pipe_count++] = pipe;
    np_pipe_set_user(pipe, r);
  }
  return pipe;
}

np_pipe *server_open(struct run *r) {
  np_pipe *pipe = NULL;

  if (!took(r, "np_server_create",
            np_server_create(r->loop, r->name, &r->server_options, &pipe))) {
    holds(r, pipe == NULL, "a create that failed sets nothing");
    return NULL;
  }
  return pipe_keep(r, pipe);
}

np_pipe *client_open(struct run *r) {
  np_pipe *pipe = NULL;

  if (!took(r, "np_client_open",
            np_client_open(r->loop, r->name, &r->client_options, &pipe))) {
    holds(r, pipe == NULL, "an open that failed sets nothing");
    return NULL;
  }
  return pipe_keep(r, pipe);
}

bool pair_open(struct run *r) {
  struct action *connect;

  r->server = server_open(r);
  STEP(r->server != NULL);
  connect = connect_begin(r, r->server);
  STEP(connect != NULL);
  r->client = client_open(r);
  return r->client != NULL && ends(connect, NP_OK, 0);
}

static void on_closed(np_pipe *pipe) {
  struct run *r = np_pipe_user(pipe);

  if (!r->in_loop) {
    run_fail(r, "on_closed ran outside of the loop");
  }
  if (np_pipe_loop(pipe) != r->loop) {
    run_fail(r, "a pipe being closed has forgotten its loop");
  }
  r->closed++;
}

void pipe_forget(struct run *r, np_pipe *pipe) {
  for (size_t i = 0; i < r->pipe_count; i++) {
    if (r->pipes[i] == pipe) {
      r->pipes[i] = r->pipes[--r->pipe_count];
      return;
    }
  }
}

bool pipe_close(struct run *r, np_pipe *pipe) {
  pipe_forget(r, pipe);
  if (np_pipe_close(pipe, on_closed) != NP_OK) {
    run_fail(r, "np_pipe_close refused");
    return false;
  }
  r->closing++;
  return true;
}

bool closed(struct run *r) {
  return turns(r, &r->closed, r->closing);
}
