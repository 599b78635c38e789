/* Scenarios of access, identity and impersonation. */
#include <string.h>

#include "run.h"

SCENARIO(access_current_user, "security/current-user", 0) {
  r->server_options.access = NP_ACCESS_CURRENT_USER;
  return pair_open(r);
}

SCENARIO(access_users, "security/authenticated-users", 0) {
  r->server_options.access = NP_ACCESS_AUTHENTICATED_USERS;
  return pair_open(r) && exchange(r, r->client, r->server, "hello");
}

/* What failed may have been the revert, which can be tried again. */
static bool reverts(np_pipe *pipe, bool went_well) {
  if (!went_well) {
    np_pipe_revert(pipe);
  }
  return went_well;
}

static bool knows_peer(struct run *r, np_pipe *pipe) {
  static const char alice[] = "S-1-5-21-10-20-30-1001";
  char user[NP_SID_TEXT_BYTES_MAX] = "";
  uint32_t id = 0;

  return took(r, "np_pipe_peer_process_id",
              np_pipe_peer_process_id(pipe, &id)) &&
         holds(r, id == GetCurrentProcessId(), "the process is known") &&
         took(r, "np_pipe_peer_session_id",
              np_pipe_peer_session_id(pipe, &id)) &&
         holds(r, id == 1, "the session is known") &&
         reverts(pipe, took(r, "np_pipe_peer_user",
                            np_pipe_peer_user(pipe, user, sizeof user))) &&
         holds(r, strcmp(user, alice) == 0, "the user is known");
}

SCENARIO(identity, "security/identity", 0) {
  return pair_open(r) && exchange(r, r->client, r->server, "hello") &&
         knows_peer(r, r->server) && knows_peer(r, r->client);
}

SCENARIO(computer, "security/computer", 0) {
  char name[32] = "";
  bool known;

  r->server_options.reject_remote_clients = false;
  sim_set_user("network");
  known = pair_open(r) &&
          took(r, "np_pipe_peer_computer",
               np_pipe_peer_computer(r->server, name, sizeof name)) &&
          holds(r, strcmp(name, "FAR-\xC3\x84WAY") == 0, "the name is known");
  sim_set_user("alice");
  return known;
}

SCENARIO(impersonate, "security/impersonate", 0) {
  np_error error;

  r->client_options.security_qos = SECURITY_IMPERSONATION;
  if (!pair_open(r) || !exchange(r, r->client, r->server, "hello")) {
    return false;
  }
  error = np_pipe_impersonate(r->server);
  if (!took(r, "np_pipe_impersonate", error)) {
    return false;
  }
  if (!took(r, "np_pipe_revert", np_pipe_revert(r->server))) {
    np_pipe_revert(r->server); /* What failed can be tried again. */
    return false;
  }
  return true;
}

SCENARIO(no_owner, "security/no-owner", 0) {
  char user[NP_SID_TEXT_BYTES_MAX];

  if (!pair_open(r)) {
    return false;
  }
  sim_disown(np_pipe_handle(r->server));
  return refused(r, "np_pipe_peer_user",
                 np_pipe_peer_user(r->client, user, sizeof user),
                 ERROR_INVALID_OWNER);
}

/* A failed check leaves no client behind. */
SCENARIO(verify, "security/verify", 0) {
  np_pipe *pipe = NULL;

  r->server_options.access = NP_ACCESS_CURRENT_USER;
  r->client_options.verify_same_user = true;
  r->client_options.verify_process_id = GetCurrentProcessId();
  if (!pair_open(r) || !exchange(r, r->client, r->server, "hello") ||
      !pipe_close(r, r->client) || !closed(r)) {
    return false;
  }
  r->server = server_open(r);
  if (r->server == NULL) {
    return false;
  }
  r->client_options.verify_process_id++;
  return refused(r, "np_client_open",
                 np_client_open(r->loop, r->name, &r->client_options, &pipe),
                 ERROR_WRONG_TARGET_NAME);
}
