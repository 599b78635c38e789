/* The checks of verify_same_user, verify_owner and verify_access: the owner,
 * the other users who may put a server behind the name, and the integrity
 * level. These cases run only where a case can act as another user. */
#include "library/fixture.h"

#include <stdio.h>

/* serve_and_open: `server` serves, and `client` opens with the demands in
 * f->client_options. */
static np_error serve_and_open(np_fixture *f, const char *server,
                               const char *client, const char *sddl) {
  np_pipe *pipe = NULL;
  np_error error;

  become(server);
  f->server_options.sddl = sddl;
  server_listen(f);
  become(client);
  error = np_client_open(f->loop, f->name, &f->client_options, &pipe);
  if (error == NP_OK) {
    pipe_close_wait(f, pipe);
  }
  become(server);
  pipe_close_wait(f, f->server);
  become("alice");
  return error;
}

/* demand: `client` demands a server of its own user. */
static np_error demand(np_fixture *f, const char *server, const char *client,
                       const char *sddl) {
  f->client_options.verify_same_user = true;
  return serve_and_open(f, server, client, sddl);
}

/* demand_owner: alice demands a pipe of `owner`, which `server` makes. */
static np_error demand_owner(np_fixture *f, const char *server,
                             const char *owner, const char *sddl) {
  f->client_options.verify_owner = owner;
  return serve_and_open(f, server, "alice", sddl);
}

/* demand_of_list: alice serves with an access list that grants all rights to
 * alice, and `more`. */
static np_error demand_of_list(np_fixture *f, const char *more) {
  char sid[NP_SID_TEXT_BYTES_MAX];
  char sddl[NP_SID_TEXT_BYTES_MAX * 2 + 256];

  sid_of("alice", sid, sizeof(sid));
  snprintf(sddl, sizeof(sddl), "O:%sD:%s(A;;FA;;;%s)", sid, more, sid);
  return demand(f, "alice", "alice", sddl);
}

static void good(np_fixture *f, const char *more) {
  assert_np_ok(demand_of_list(f, more));
}

static void bad(np_fixture *f, const char *more) {
  assert_np_error(demand_of_list(f, more), ERROR_WRONG_TARGET_NAME);
}

NP_CASE("verify-trust/open-list", np_client_open, NO_MODE,
        ERROR_WRONG_TARGET_NAME,
        "A pipe of the same user is refused if others may create instances, "
        "change its access or take ownership: the server may then be another "
        "user's.",
        "Named Pipe Security and Access Rights; museum X05 X07") {
  bad(f, "(A;;GA;;;WD)");
  bad(f, "(A;;GRGW;;;AU)");
  bad(f, "(A;;0x12019f;;;BU)");
  bad(f, "(A;;WD;;;BU)");
  bad(f, "(A;;WO;;;BU)");
  bad(f, "(A;;FA;;;AC)");
}

NP_CASE("verify-trust/closed-list", np_client_open, NO_MODE, NP_OK,
        "A pipe of the same user is accepted if others may only talk. The "
        "system and administrators may have all rights.",
        "Named Pipe Security and Access Rights; museum X07") {
  good(f, "");
  good(f, "(A;;0x12019b;;;WD)");
  good(f, "(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;OW)(A;;GR;;;WD)");
  good(f, "(D;;GA;;;NU)");
}

NP_CASE("verify-trust/no-list", np_client_open, NO_MODE,
        ERROR_WRONG_TARGET_NAME,
        "A pipe without a list lets everybody do everything, and is refused.",
        "Named Pipe Security and Access Rights") {
  SECURITY_DESCRIPTOR descriptor;
  SECURITY_ATTRIBUTES attributes = {sizeof(attributes), &descriptor, FALSE};

  assert_true(
      InitializeSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION));
  assert_true(SetSecurityDescriptorDacl(&descriptor, TRUE, NULL, FALSE));
  f->server_options.security_attributes = &attributes;
  assert_np_error(demand(f, "alice", "alice", NULL), ERROR_WRONG_TARGET_NAME);
}

NP_CASE("verify-trust/low-server", np_client_open, NO_MODE,
        ERROR_WRONG_TARGET_NAME,
        "A server of the same user has low integrity. A client of medium "
        "integrity refuses it, and a client of low integrity accepts it.",
        "Mandatory Integrity Control") {
  assert_np_error(demand(f, "alice-low", "alice", NULL),
                  ERROR_WRONG_TARGET_NAME);
  assert_np_ok(demand(f, "alice-low", "alice-low", NULL));
  assert_np_ok(demand(f, "alice", "alice-high", NULL));
}

NP_CASE("verify-trust/lets-low-in", np_client_open, NO_MODE,
        ERROR_WRONG_TARGET_NAME,
        "If processes of low integrity may create instances, a client of "
        "medium integrity does not trust the name.",
        "Mandatory Integrity Control") {
  f->server_options.low_integrity = true;
  assert_np_error(demand(f, "alice", "alice", NULL), ERROR_WRONG_TARGET_NAME);
  assert_np_ok(demand(f, "alice", "alice-low", NULL));
}

NP_CASE("verify-trust/service", np_client_open, NO_MODE, NP_OK,
        "A client that demands a pipe of the system gets it if only the system "
        "and administrators may create instances.",
        "Named Pipe Security and Access Rights; museum X07") {
  f->client_options.verify_access = true;
  assert_np_ok(
      demand_owner(f, "system", "SY", "O:SYD:P(A;;FA;;;SY)(A;;0x12019b;;;AU)"));
  assert_np_ok(demand_owner(f, "system", "S-1-5-18",
                            "O:SYD:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;GR;;;WD)"
                            "(A;;0x12019b;;;AU)"));
  assert_np_ok(
      demand_owner(f, "admin", "BA", "O:BAD:P(A;;FA;;;BA)(A;;0x12019b;;;AU)"));
}

NP_CASE("verify-trust/owner-squatter", np_client_open, NO_MODE,
        ERROR_WRONG_TARGET_NAME,
        "A client that demands a pipe of the system refuses one that another "
        "user, or the client's own user, has made.",
        "Named Pipe Security and Access Rights; museum X05 X07") {
  assert_np_error(demand_owner(f, "bob", "SY", "D:(A;;GA;;;WD)"),
                  ERROR_WRONG_TARGET_NAME);
  assert_np_error(demand_owner(f, "alice", "SY", "D:(A;;GA;;;WD)"),
                  ERROR_WRONG_TARGET_NAME);
  f->client_options.verify_same_user = true;
  assert_np_error(
      demand_owner(f, "system", "SY", "O:SYD:P(A;;FA;;;SY)(A;;0x12019b;;;AU)"),
      ERROR_WRONG_TARGET_NAME);
}

NP_CASE("verify-trust/owner-alone", np_client_open, NO_MODE, NP_OK,
        "verify_owner alone accepts a pipe of the owner whose access lets "
        "others add instances.",
        "npipe/client.h") {
  assert_np_ok(demand_owner(f, "system", "SY", "O:SYD:(A;;GA;;;WD)"));
}

NP_CASE("verify-trust/access-open", np_client_open, NO_MODE,
        ERROR_WRONG_TARGET_NAME,
        "verify_access refuses a pipe of the demanded owner if others may add "
        "instances, also if the client's own user may.",
        "Named Pipe Security and Access Rights; museum X05 X07") {
  char sid[NP_SID_TEXT_BYTES_MAX];
  char sddl[NP_SID_TEXT_BYTES_MAX + 64];

  f->client_options.verify_access = true;
  assert_np_error(demand_owner(f, "system", "SY", "O:SYD:(A;;GA;;;WD)"),
                  ERROR_WRONG_TARGET_NAME);
  assert_np_error(
      demand_owner(f, "system", "SY", "O:SYD:(A;;FA;;;SY)(A;;GRGW;;;AU)"),
      ERROR_WRONG_TARGET_NAME);
  sid_of("alice", sid, sizeof(sid));
  snprintf(sddl, sizeof(sddl), "O:SYD:(A;;FA;;;SY)(A;;FA;;;%s)", sid);
  assert_np_error(demand_owner(f, "system", "SY", sddl),
                  ERROR_WRONG_TARGET_NAME);
}

NP_CASE("verify-trust/access-alone", np_client_open, NO_MODE, NP_OK,
        "verify_access alone accepts a pipe of any owner if nobody but that "
        "owner may add instances.",
        "npipe/client.h") {
  f->client_options.verify_access = true;
  assert_np_ok(
      demand_owner(f, "bob", NULL, "D:P(A;;FA;;;OW)(A;;0x12019b;;;AU)"));
  assert_np_error(demand_owner(f, "bob", NULL, "D:P(A;;FA;;;AU)"),
                  ERROR_WRONG_TARGET_NAME);
}

NP_CASE("verify-trust/access-low", np_client_open, NO_MODE,
        ERROR_WRONG_TARGET_NAME,
        "verify_access of a client of medium integrity refuses a pipe of lower "
        "integrity.",
        "Mandatory Integrity Control") {
  f->client_options.verify_access = true;
  assert_np_error(demand_owner(f, "system", "SY",
                               "O:SYD:P(A;;FA;;;SY)(A;;0x12019b;;;AU)"
                               "S:(ML;;NW;;;LW)"),
                  ERROR_WRONG_TARGET_NAME);
}
