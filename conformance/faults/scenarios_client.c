/* Scenarios of clients that wait for a server. */
#include <string.h>

#include "run.h"

/* Static, because a request must stay in place even after its scenario has
 * ended. */
static struct request requests[3];

/* wait_begin opens a pair, which takes the only instance, and starts `count`
 * requests, which wait. */
static bool wait_begin(struct run *r, size_t count, uint32_t timeout_ms) {
  STEP(pair_open(r));
  r->root_port = sim_calls("CreateIoCompletionPort") + 1;
  for (size_t i = 0; i < count; i++) {
    STEP(request_begin(r, &requests[i], timeout_ms));
  }
  return turn(r, 0);
}

static bool serve_next(struct run *r) {
  struct action *connect;

  STEP(took(r, "np_server_disconnect", np_server_disconnect(r->server)));
  connect = connect_begin(r, r->server);
  return ends(connect, NP_OK, 0);
}

SCENARIO(client_listening, "client/listening", TRIES_AGAIN) {
  r->server = server_open(r);
  return r->server != NULL && request_begin(r, &requests[0], 0) &&
         request_ends(&requests[0], NP_OK) &&
         ends(connect_begin(r, r->server), NP_OK, 0) &&
         exchange(r, requests[0].client, r->server, "hello");
}

SCENARIO(client_busy, "client/busy-then-free", TRIES_AGAIN) {
  return wait_begin(r, 1, 0) && pipe_close(r, r->client) && serve_next(r) &&
         request_ends(&requests[0], NP_OK) &&
         exchange(r, requests[0].client, r->server, "hello");
}

SCENARIO(client_line, "client/three-in-line", TRIES_AGAIN) {
  STEP(wait_begin(r, 3, 0));
  for (size_t i = 0; i < 3; i++) {
    STEP(serve_next(r) && request_ends(&requests[i], NP_OK) &&
         exchange(r, requests[i].client, r->server, "hello"));
  }
  return true;
}

SCENARIO(client_timeout, "client/time-limit", TRIES_AGAIN) {
  return wait_begin(r, 2, 30) && request_ends(&requests[0], WAIT_TIMEOUT) &&
         request_ends(&requests[1], WAIT_TIMEOUT);
}

SCENARIO(client_cancel, "client/cancelled", TRIES_AGAIN) {
  return wait_begin(r, 1, 0) &&
         took(r, "np_client_connect_cancel",
              np_client_connect_cancel(&requests[0].request)) &&
         request_ends(&requests[0], ERROR_OPERATION_ABORTED);
}

SCENARIO(client_vanishes, "client/server-vanishes", TRIES_AGAIN) {
  return wait_begin(r, 1, 0) && pipe_close(r, r->server) &&
         request_ends(&requests[0], ERROR_FILE_NOT_FOUND);
}

SCENARIO(client_early, "client/before-the-server", TRIES_AGAIN | SERVER_COMES) {
  r->client_options.wait_for_server = true;
  r->root_port = sim_calls("CreateIoCompletionPort") + 1;
  STEP(request_begin(r, &requests[0], 0) && turn(r, 5));
  r->server = server_open(r);
  return r->server != NULL && request_ends(&requests[0], NP_OK) &&
         ends(connect_begin(r, r->server), NP_OK, 0) &&
         exchange(r, requests[0].client, r->server, "hello");
}

SCENARIO(client_foreign, "client/foreign-port", FOREIGN_PORT | TRIES_AGAIN) {
  return wait_begin(r, 1, 0) && pipe_close(r, r->client) && serve_next(r) &&
         request_ends(&requests[0], NP_OK) &&
         exchange(r, requests[0].client, r->server, "hello");
}

static bool on_name(void *user, const np_name_entry *entry) {
  (void)entry;
  ++*(unsigned *)user;
  return true;
}

/* The questions about names; a system without a list refuses the second. */
SCENARIO(client_names, "client/names", ASKS_NAMES) {
  const bool is_clean = r->plan.kind == PLAN_NONE;
  np_name_state state = NP_NAME_MISSING;
  unsigned names = 0;
  np_error error;

  r->server = server_open(r);
  STEP(r->server != NULL &&
       took(r, "np_name_query", np_name_query(r->name, &state)) &&
       holds(r, state == NP_NAME_LISTENING || !is_clean, "the server listens"));
  error = np_names_list(on_name, &names);
  if (error == ERROR_BAD_DEV_TYPE && is_clean) {
    return holds(r, names == 0, "what cannot be listed is not listed");
  }
  return took(r, "np_names_list", error) &&
         holds(r, names == 1 || !is_clean, "the pipe is listed");
}

static unsigned notices;

static void on_watch(np_name_watch *watch) {
  (void)watch;
  notices++;
}

/* Without notices of the kernel the watch polls, so each fault is silent. */
SCENARIO(client_watch, "client/watch", TRIES_AGAIN | SERVER_COMES) {
  static np_name_watch watch;
  unsigned before;
  bool is_seen;

  notices = 0;
  memset(&watch, 0, sizeof watch);
  r->root_port = sim_calls("CreateIoCompletionPort") + 1;
  STEP(took(r, "np_name_watch_start",
            np_name_watch_start(r->loop, &watch, on_watch)));
  is_seen = turns(r, &notices, 1);
  before = notices;
  r->server = server_open(r);
  is_seen = is_seen && turns(r, &notices, before + 1);
  np_name_watch_stop(&watch);
  return r->server != NULL && holds(r, is_seen, "a change is seen");
}

/* Cancels a request that was never started. */
SCENARIO(client_idle, "client/never-begun", 0) {
  np_client_request request;

  np_client_request_init(&request);
  return refused(r, "np_client_connect_cancel",
                 np_client_connect_cancel(&request), ERROR_NOT_FOUND);
}
