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

/* The access list of a server in an app container names its package. */
SCENARIO(access_app, "security/app-container", 0) {
  static const char local[] = "\\\\.\\pipe\\LOCAL\\npipe-faults";

  r->server_options.access = NP_ACCESS_CURRENT_USER;
  memcpy(r->name, local, sizeof local);
  sim_set_user("alice-app");
  r->server = server_open(r);
  sim_set_user("alice");
  return r->server != NULL;
}

/* reverts: the revert may have been the call that failed, so it is tried
 * again. */
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

/* The token is closed also if a question about it fails. */
SCENARIO(peer, "security/peer", 0) {
  np_peer peer = {.size = sizeof peer};
  struct action *connect;
  HANDLE token = NULL;

  r->server_options.app_container = "AC";
  r->server = server_open(r);
  STEP(r->server != NULL);
  connect = connect_begin(r, r->server);
  STEP(connect != NULL);
  sim_set_user("alice-app");
  r->client = client_open(r);
  sim_set_user("alice");
  STEP(r->client != NULL && ends(connect, NP_OK, 0) &&
       exchange(r, r->client, r->server, "hello"));
  STEP(reverts(r->server, took(r, "np_pipe_peer_token",
                               np_pipe_peer_token(r->server, &token))));
  CloseHandle(token);
  return reverts(r->server,
                 took(r, "np_pipe_peer", np_pipe_peer(r->server, &peer))) &&
         holds(r, peer.integrity == 0x1000, "the integrity is known");
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
  STEP(pair_open(r) && exchange(r, r->client, r->server, "hello"));
  error = np_pipe_impersonate(r->server);
  STEP(took(r, "np_pipe_impersonate", error));
  if (!took(r, "np_pipe_revert", np_pipe_revert(r->server))) {
    np_pipe_revert(r->server); /* A failed revert can be tried again. */
    return false;
  }
  return true;
}

SCENARIO(no_owner, "security/no-owner", 0) {
  char user[NP_SID_TEXT_BYTES_MAX];

  STEP(pair_open(r));
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
  STEP(pair_open(r) && exchange(r, r->client, r->server, "hello") &&
       pipe_close(r, r->client) && closed(r));
  r->server = server_open(r);
  STEP(r->server != NULL);
  r->client_options.verify_process_id++;
  return refused(r, "np_client_open",
                 np_client_open(r->loop, r->name, &r->client_options, &pipe),
                 ERROR_WRONG_TARGET_NAME);
}

SCENARIO(verify_owner, "security/verify-owner", 0) {
  np_pipe *pipe = NULL;

  r->client_options.verify_owner = "S-1-5-21-10-20-30-1001";
  r->client_options.verify_access = true;
  STEP(pair_open(r) && exchange(r, r->client, r->server, "hello") &&
       pipe_close(r, r->client) && closed(r));
  r->server = server_open(r);
  STEP(r->server != NULL);
  sim_disown(np_pipe_handle(r->server));
  STEP(refused(r, "np_client_open",
               np_client_open(r->loop, r->name, &r->client_options, &pipe),
               ERROR_INVALID_OWNER));
  r->client_options.verify_owner = "S-1-5-";
  return refused(r, "np_client_open",
                 np_client_open(r->loop, r->name, &r->client_options, &pipe),
                 ERROR_INVALID_SID);
}

enum { SPOILT_BYTES_MAX = 512, LONG_BYTES_MAX = 1 << 20 };

/* Security descriptors that another machine's server might send. A descriptor
 * has a header, the owner, the list with one entry, and the label, in this
 * order. */
static const struct spoilt {
  const char *what;
  size_t cut;  /* the first bytes are kept; 0: all bytes */
  size_t at;   /* offset of the changed byte */
  size_t from; /* offset's base: 0 header, 1 owner, 2 list, 3 label */
  unsigned char to;
} spoils[] = {
    {"nothing", 1, 0, 0, 1},          {"a part of the header", 10, 0, 0, 1},
    {"another revision", 0, 0, 0, 2}, {"no offsets", 0, 3, 0, 0},
    {"a far owner", 0, 6, 0, 1},      {"no owner", 0, 0, 1, 9},
    {"a long owner", 0, 1, 1, 16},    {"a cut owner", 24, 0, 0, 1},
    {"a far list", 0, 18, 0, 1},      {"a long list", 0, 3, 2, 9},
    {"a short list", 0, 2, 2, 4},     {"many entries", 0, 4, 2, 99},
    {"an empty entry", 0, 10, 2, 0},  {"a long entry", 0, 11, 2, 9},
    {"no SID", 0, 16, 2, 7},          {"no label", 0, 23, 3, 5},
    {"not an owner", 0, 4, 0, 0},     {"a long SID", 0, 17, 2, 15},
};

static size_t describe(struct run *r, unsigned char *bytes) {
  DWORD size = 0;

  return GetKernelObjectSecurity(np_pipe_handle(r->server),
                                 OWNER_SECURITY_INFORMATION |
                                     DACL_SECURITY_INFORMATION |
                                     LABEL_SECURITY_INFORMATION,
                                 bytes, SPOILT_BYTES_MAX, &size)
             ? size
             : 0;
}

static void spoil(unsigned char *bytes, const struct spoilt *spoilt) {
  SECURITY_DESCRIPTOR_RELATIVE header;
  size_t starts[4] = {0};

  memcpy(&header, bytes, sizeof header);
  starts[1] = header.Owner;
  starts[2] = header.Dacl;
  starts[3] = header.Sacl;
  bytes[starts[spoilt->from] + spoilt->at] = spoilt->to;
}

static bool refuses_spoilt(struct run *r, const struct spoilt *spoilt) {
  unsigned char bytes[SPOILT_BYTES_MAX] = {0};
  np_pipe *pipe = NULL;
  np_error error;
  size_t size;

  r->server = server_open(r);
  STEP(r->server != NULL);
  size = describe(r, bytes);
  if (size == 0) {
    /* the error that np_client_open would return */
    return took(r, "np_client_open", GetLastError());
  }
  spoil(bytes, spoilt);
  sim_describe(np_pipe_handle(r->server), bytes,
               spoilt->cut > 0 ? spoilt->cut : size);
  error = np_client_open(r->loop, r->name, &r->client_options, &pipe);
  if (error != ERROR_WRONG_TARGET_NAME && error != ERROR_INVALID_OWNER &&
      error != ERROR_INVALID_ACL && error != ERROR_INVALID_SID &&
      error != ERROR_INVALID_SECURITY_DESCR) {
    return took(r, "np_client_open", error) && holds(r, false, spoilt->what);
  }
  return pipe_close(r, r->server) && closed(r);
}

/* opens_long: a new server is described truly, and zeros follow up to `size`
 * bytes. */
static bool opens_long(struct run *r, size_t size, np_error expected) {
  static unsigned char bytes[LONG_BYTES_MAX];
  np_pipe *pipe = NULL;

  memset(bytes, 0, sizeof bytes);
  r->server = server_open(r);
  STEP(r->server != NULL);
  if (describe(r, bytes) == 0) {
    return took(r, "np_client_open", GetLastError());
  }
  sim_describe(np_pipe_handle(r->server), bytes, size);
  if (expected == NP_OK) {
    r->client = client_open(r);
    return r->client != NULL && pipe_close(r, r->client) &&
           pipe_close(r, r->server) && closed(r);
  }
  return refused(r, "np_client_open",
                 np_client_open(r->loop, r->name, &r->client_options, &pipe),
                 expected) &&
         pipe_close(r, r->server) && closed(r);
}

/* A descriptor may be longer than the memory that is tried first, but only up
 * to a limit. */
SCENARIO(long_descriptor, "security/long-descriptor", 0) {
  r->client_options.verify_same_user = true;
  return opens_long(r, 4000, NP_OK) &&
         opens_long(r, LONG_BYTES_MAX, ERROR_INSUFFICIENT_BUFFER);
}

SCENARIO(spoilt, "security/spoilt-descriptor", 0) {
  r->client_options.verify_same_user = true;
  for (size_t i = 0; i < sizeof spoils / sizeof spoils[0]; i++) {
    STEP(refuses_spoilt(r, &spoils[i]));
  }
  return true;
}
