/* Several users: who can connect, and who can create more instances. These
 * cases run only where a case can act as another user. */
#include "library/fixture.h"

#include <stdio.h>

/* serve_then_become: alice serves with `access`, and then the case continues as
 * `user`. */
static void serve_then_become(np_fixture *f, np_access access,
                              const char *user) {
  become("alice");
  f->server_options.access = access;
  server_listen(f);
  become(user);
}

static void open_refused(np_fixture *f, bool read, bool write) {
  f->client_options.read = read;
  f->client_options.write = write;
  assert_client_refused(f, ERROR_ACCESS_DENIED);
}

static void refuse_all(np_fixture *f) {
  open_refused(f, true, true);
  open_refused(f, true, false);
  open_refused(f, false, true);
  assert_server_refused(f, ERROR_ACCESS_DENIED);
}

static void talk(np_fixture *f) {
  connect_begin(&f->ops[0], f->server);
  client_open_end(f);
  assert_next(&f->ops[0], NP_OK, 0);
  assert_passes(f, f->client, f->server, "ping", 4);
  assert_passes(f, f->server, f->client, "pong", 4);
}

NP_CASE("users/default-read", np_client_open, NO_MODE, NP_OK,
        "With Windows' own access another user may open the pipe to read, and "
        "so uses up an instance.",
        "Named Pipe Security and Access Rights; museum X04 X11") {
  f->server_options.instances_max = 1;
  serve_then_become(f, NP_ACCESS_WINDOWS_DEFAULT, "bob");
  f->client_options.write = false;
  client_open_end(f);
  become("alice");
  f->client_options.write = true;
  assert_np_error(
      np_client_open(f->loop, f->name, &f->client_options, &f->extra[0]),
      ERROR_PIPE_BUSY);
}

NP_CASE("users/default-write", np_client_open, NO_MODE, ERROR_ACCESS_DENIED,
        "With the default access of Windows another user may neither write "
        "nor create an instance, and gets ERROR_ACCESS_DENIED.",
        "Named Pipe Security and Access Rights; museum X08") {
  serve_then_become(f, NP_ACCESS_WINDOWS_DEFAULT, "bob");
  open_refused(f, true, true);
  open_refused(f, false, true);
  assert_server_refused(f, ERROR_ACCESS_DENIED);
}

NP_CASE("users/current-user", np_client_open, NO_MODE, ERROR_ACCESS_DENIED,
        "With NP_ACCESS_CURRENT_USER another user gets in by no way.",
        "Named Pipe Security and Access Rights; museum X04 X11") {
  serve_then_become(f, NP_ACCESS_CURRENT_USER, "bob");
  refuse_all(f);
}

NP_CASE("users/current-user-others", np_client_open, NO_MODE,
        ERROR_ACCESS_DENIED,
        "With NP_ACCESS_CURRENT_USER an administrator, a service and an "
        "anonymous user cannot open the pipe.",
        "Named Pipe Security and Access Rights") {
  serve_then_become(f, NP_ACCESS_CURRENT_USER, "admin");
  refuse_all(f);
  become("service");
  refuse_all(f);
  become("anonymous");
  refuse_all(f);
}

NP_CASE("users/current-user-own", np_client_open, ANY_MODE, NP_OK,
        "After others were refused, the user himself can open the pipe: "
        "refused opens use up no instance.",
        "Named Pipe Security and Access Rights") {
  f->server_options.instances_max = 1;
  serve_then_become(f, NP_ACCESS_CURRENT_USER, "bob");
  open_refused(f, true, true);
  become("alice");
  f->client_options.read = true;
  f->client_options.write = true;
  talk(f);
}

NP_CASE("users/current-user-is-the-creator", np_server_create, NO_MODE, NP_OK,
        "The current user is the user who creates the pipe.",
        "npipe/server.h") {
  become("bob");
  f->server_options.access = NP_ACCESS_CURRENT_USER;
  server_listen(f);
  become("alice");
  refuse_all(f);
  become("bob");
  f->client_options.read = true;
  f->client_options.write = true;
  talk(f);
}

NP_CASE("users/authenticated-talk", np_client_open, ANY_MODE, NP_OK,
        "With NP_ACCESS_AUTHENTICATED_USERS another user reads and writes.",
        "Named Pipe Security and Access Rights; museum X08") {
  serve_then_become(f, NP_ACCESS_AUTHENTICATED_USERS, "bob");
  talk(f);
}

NP_CASE("users/authenticated-instances", np_server_create, NO_MODE,
        ERROR_ACCESS_DENIED,
        "But he cannot add an instance, nor can a service.",
        "Named Pipe Security and Access Rights; museum X10") {
  serve_then_become(f, NP_ACCESS_AUTHENTICATED_USERS, "bob");
  assert_server_refused(f, ERROR_ACCESS_DENIED);
  become("service");
  assert_server_refused(f, ERROR_ACCESS_DENIED);
}

NP_CASE("users/authenticated-anonymous", np_client_open, NO_MODE,
        ERROR_ACCESS_DENIED,
        "With NP_ACCESS_AUTHENTICATED_USERS a user who did not log on is "
        "refused.",
        "Named Pipe Security and Access Rights") {
  serve_then_become(f, NP_ACCESS_AUTHENTICATED_USERS, "anonymous");
  refuse_all(f);
}

NP_CASE("users/sddl", np_client_open, NO_MODE, NP_OK,
        "SDDL that names another user admits this user and nobody else.",
        "Named Pipe Security and Access Rights; museum X08") {
  char sid[NP_SID_TEXT_BYTES_MAX];
  char sddl[NP_SID_TEXT_BYTES_MAX + 32];

  sid_of("bob", sid, sizeof(sid));
  snprintf(sddl, sizeof(sddl), "D:(A;;0x12019b;;;%s)", sid);
  become("alice");
  f->server_options.sddl = sddl;
  server_listen(f);
  become("service");
  refuse_all(f);
  become("bob");
  assert_server_refused(f, ERROR_ACCESS_DENIED);
  f->client_options.read = true;
  f->client_options.write = true;
  talk(f);
}

NP_CASE("users/taken-name", np_server_create, NO_MODE, ERROR_ACCESS_DENIED,
        "A name that another user took first is not joined unseen: the "
        "squatter's DACL refuses, or first_instance does.",
        "CreateNamedPipe#parameters; museum X05") {
  become("bob");
  f->server_options.access = NP_ACCESS_AUTHENTICATED_USERS;
  server_listen(f);
  become("alice");
  f->server_options.access = NP_ACCESS_CURRENT_USER;
  assert_server_refused(f, ERROR_ACCESS_DENIED);
  f->server_options.first_instance = true;
  assert_server_refused(f, ERROR_ACCESS_DENIED);
}

static void on_pipe_none(np_listener *listener, np_pipe *pipe) {
  (void)listener;
  (void)pipe;
  fail_msg("%s", "nobody was let in");
}

static void on_listener_error_none(np_listener *listener, np_error error,
                                   uint32_t retry_ms) {
  (void)listener;
  (void)retry_ms;
  assert_np_ok(error);
}

NP_CASE("users/listener", np_listener_create, NO_MODE, NP_OK,
        "By default a listener admits only its own user, in all instances. "
        "Other users can neither open the pipe nor create an instance.",
        "Named Pipe Security and Access Rights; museum X04 X10 X11") {
  np_listener_options options = listener_options();
  np_listener *listener = NULL;

  options.on_error = on_listener_error_none;
  become("alice");
  assert_np_ok(
      np_listener_create(f->loop, f->name, &options, on_pipe_none, &listener));
  become("bob");
  refuse_all(f);
  become("alice");
  loop_quiet(f);
  assert_np_ok(np_listener_close(listener, NULL));
}

/* serve_and_read connects a server of `server_user` and a client of
 * `client_user`, and lets the server read once. */
static void serve_and_read(np_fixture *f, const char *server_user,
                           const char *client_user) {
  become(server_user);
  f->server_options.access = NP_ACCESS_AUTHENTICATED_USERS;
  server_listen(f);
  become(client_user);
  talk(f);
  become(server_user);
}

static void assert_is_user(const char *sid, const char *user) {
  char expected[NP_SID_TEXT_BYTES_MAX];

  sid_of(user, expected, sizeof(expected));
  assert_string_equal(sid, expected);
}

NP_CASE("users/peer-user", np_pipe_peer_user, NO_MODE, NP_OK,
        "The server learns that its client is another user. The client learns "
        "that the pipe belongs to another user.",
        "ImpersonateNamedPipeClient#remarks") {
  char text[NP_SID_TEXT_BYTES_MAX];

  serve_and_read(f, "alice", "bob");
  assert_np_ok(np_pipe_peer_user(f->server, text, sizeof(text)));
  assert_is_user(text, "bob");
  become("bob");
  assert_np_ok(np_pipe_peer_user(f->client, text, sizeof(text)));
  assert_is_user(text, "alice");
}

/* assert_knows: a server of the system that has read from `client` learns who
 * that is. */
static void assert_knows(np_fixture *f, const char *client, uint32_t integrity,
                         bool is_elevated, const char *app_container) {
  np_peer peer = {.size = sizeof(peer)};

  f->server_options.app_container = "AC";
  serve_and_read(f, "system", client);
  assert_np_ok(np_pipe_peer(f->server, &peer));
  assert_int_equal(peer.integrity, integrity);
  assert_int_equal(peer.is_elevated, is_elevated);
  assert_string_equal(peer.app_container, app_container);
  pair_close(f);
}

NP_CASE("users/peer", np_pipe_peer, NO_MODE, NP_OK,
        "The server learns user and logon of a client of another user.",
        "GetTokenInformation") {
  np_peer peer = {.size = sizeof(peer)};
  uint64_t logon_of_bob;

  serve_and_read(f, "alice", "bob");
  assert_np_ok(np_pipe_peer(f->server, &peer));
  assert_is_user(peer.user, "bob");
  logon_of_bob = peer.logon_id;
  pair_close(f);
  serve_and_read(f, "bob", "alice");
  assert_np_ok(np_pipe_peer(f->server, &peer));
  assert_is_user(peer.user, "alice");
  assert_true(peer.logon_id != logon_of_bob);
}

NP_CASE("users/peer-kinds", np_pipe_peer, NO_MODE, NP_OK,
        "The server distinguishes processes of one user: of low integrity, "
        "elevated, and neither.",
        "GetTokenInformation") {
  assert_knows(f, "alice", 0x2000, false, "");
  assert_knows(f, "alice-low", 0x1000, false, "");
  assert_knows(f, "alice-high", 0x3000, true, "");
}

NP_CASE("users/peer-app-container", np_pipe_peer, NO_MODE, NP_OK,
        "The server learns the app container of its client.",
        "GetTokenInformation") {
  assert_knows(f, "alice-app", 0x1000, false, "S-1-15-2-11-12-13-14-15-16-17");
}

NP_CASE("users/peer-token", np_pipe_peer_token, NO_MODE, NP_OK,
        "The token says whether a client of another user is an administrator, "
        "and stays that client's when another client comes.",
        "CheckTokenMembership") {
  SID_IDENTIFIER_AUTHORITY authority = {SECURITY_NT_AUTHORITY};
  PSID administrators = NULL;
  BOOL is_member = FALSE;
  HANDLE token = NULL;
  HANDLE next = NULL;

  assert_true(AllocateAndInitializeSid(
      &authority, 2, SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_ADMINS, 0, 0,
      0, 0, 0, 0, &administrators));
  serve_and_read(f, "bob", "alice-high");
  assert_np_ok(np_pipe_peer_token(f->server, &token));
  become("alice");
  pipe_close_wait(f, f->client);
  become("bob");
  assert_np_ok(np_server_disconnect(f->server));
  become("alice");
  talk(f);
  become("bob");
  assert_np_ok(np_pipe_peer_token(f->server, &next));
  assert_true(CheckTokenMembership(token, administrators, &is_member));
  assert_true(is_member);
  assert_true(CheckTokenMembership(next, administrators, &is_member));
  assert_false(is_member);
  CloseHandle(next);
  CloseHandle(token);
  FreeSid(administrators);
}

NP_CASE("users/peer-computer", np_pipe_peer_computer, ANY_MODE, NP_OK,
        "A client on another machine has a computer name, which is returned "
        "in UTF-8.",
        "GetNamedPipeClientComputerName") {
  char name[32];

  f->server_options.reject_remote_clients = false;
  serve_and_read(f, "bob", "network");
  assert_np_ok(np_pipe_peer_computer(f->server, name, sizeof(name)));
  assert_string_equal(name, "FAR-\xC3\x84WAY");
}

NP_CASE("users/peer-computer-room", np_pipe_peer_computer, NO_MODE,
        ERROR_INSUFFICIENT_BUFFER, "The buffer must hold the name and its NUL.",
        "npipe/security.h") {
  char name[10];

  f->server_options.reject_remote_clients = false;
  serve_and_read(f, "bob", "network");
  assert_np_error(np_pipe_peer_computer(f->server, name, 9),
                  ERROR_INSUFFICIENT_BUFFER);
  assert_np_ok(np_pipe_peer_computer(f->server, name, 10));
}

/* secret_of_bob creates a pipe of bob that no other user may open, and writes
 * its name to `name`. */
static np_pipe *secret_of_bob(np_fixture *f, char *name, size_t size) {
  np_server_options options = server_options();
  np_pipe *secret = NULL;

  world_pipe_name(name, size);
  options.access = NP_ACCESS_CURRENT_USER;
  become("bob");
  assert_np_ok(np_server_create(f->loop, name, &options, &secret));
  return pipe_own(f, secret);
}

NP_CASE("users/impersonate", np_pipe_impersonate, NO_MODE, NP_OK,
        "A server that may impersonate opens, in its client's name, an object "
        "that only the client may open. After np_pipe_revert it cannot.",
        "ImpersonateNamedPipeClient#remarks") {
  char name[WORLD_PIPE_NAME_BYTES_MAX];
  np_pipe *client = NULL;

  secret_of_bob(f, name, sizeof(name));
  f->client_options.security_qos = SECURITY_IMPERSONATION;
  serve_and_read(f, "service", "bob");
  assert_np_error(np_client_open(f->loop, name, NULL, &client),
                  ERROR_ACCESS_DENIED);
  assert_np_ok(np_pipe_impersonate(f->server));
  assert_np_ok(np_client_open(f->loop, name, NULL, &client));
  assert_np_ok(np_pipe_revert(f->server));
  pipe_close_wait(f, client);
  assert_np_error(np_client_open(f->loop, name, NULL, &client),
                  ERROR_ACCESS_DENIED);
}

NP_CASE("users/impersonate-to-look", np_pipe_impersonate, NO_MODE, NP_OK,
        "If the client grants identification (the default), the impersonation "
        "succeeds but opens nothing.",
        "ImpersonateNamedPipeClient#remarks") {
  char name[WORLD_PIPE_NAME_BYTES_MAX];
  np_pipe *client = NULL;

  secret_of_bob(f, name, sizeof(name));
  serve_and_read(f, "service", "bob");
  assert_np_ok(np_pipe_impersonate(f->server));
  assert_int_not_equal(np_client_open(f->loop, name, NULL, &client), NP_OK);
  assert_np_ok(np_pipe_revert(f->server));
  assert_null(client);
}

NP_CASE("users/impersonate-unprivileged", np_pipe_impersonate, NO_MODE, NP_OK,
        "If the server lacks the privilege to impersonate, the impersonation "
        "succeeds but opens nothing, whatever the client grants.",
        "ImpersonateNamedPipeClient#remarks") {
  char name[WORLD_PIPE_NAME_BYTES_MAX];
  np_pipe *client = NULL;

  secret_of_bob(f, name, sizeof(name));
  f->client_options.security_qos = SECURITY_IMPERSONATION;
  serve_and_read(f, "alice", "bob");
  assert_np_ok(np_pipe_impersonate(f->server));
  assert_int_not_equal(np_client_open(f->loop, name, NULL, &client), NP_OK);
  assert_np_ok(np_pipe_revert(f->server));
  assert_null(client);
}

NP_CASE("users/impersonate-and-create", np_server_create, NO_MODE, NP_OK,
        "In a preset the current user is the user that the thread "
        "impersonates.",
        "npipe/server.h") {
  char name[WORLD_PIPE_NAME_BYTES_MAX];
  np_server_options options = server_options();
  np_pipe *own = NULL;
  np_pipe *client = NULL;
  char text[NP_SID_TEXT_BYTES_MAX];

  world_pipe_name(name, sizeof(name));
  options.access = NP_ACCESS_CURRENT_USER;
  f->client_options.security_qos = SECURITY_IMPERSONATION;
  serve_and_read(f, "service", "bob");
  assert_np_ok(np_pipe_impersonate(f->server));
  assert_np_ok(np_server_create(f->loop, name, &options, &own));
  assert_np_ok(np_pipe_revert(f->server));
  pipe_own(f, own);
  become("bob");
  assert_np_ok(np_client_open(f->loop, name, NULL, &client));
  pipe_own(f, client);
  assert_np_ok(np_pipe_peer_user(client, text, sizeof(text)));
  assert_is_user(text, "bob");
}

NP_CASE("users/verify-squatter", np_client_open, ANY_MODE,
        ERROR_WRONG_TARGET_NAME,
        "A client that demands its own user refuses another user's server, "
        "whatever access that server allows.",
        "Named Pipe Security and Access Rights; museum X05") {
  char byte;
  size_t length;

  become("bob");
  f->server_options.sddl = "D:(A;;GA;;;WD)";
  server_listen(f);
  become("alice");
  f->client_options.verify_same_user = true;
  assert_client_refused(f, ERROR_WRONG_TARGET_NAME);
  assert_np_error(pipe_receive(f, f->server, &byte, 1, &length),
                  ERROR_BROKEN_PIPE);
}

NP_CASE("users/verify-both", np_client_open, NO_MODE, ERROR_WRONG_TARGET_NAME,
        "A server in the demanded process but of another user is refused.",
        "npipe/client.h; museum X05") {
  become("bob");
  f->server_options.sddl = "D:(A;;GA;;;WD)";
  server_listen(f);
  become("alice");
  f->client_options.verify_same_user = true;
  f->client_options.verify_process_id = GetCurrentProcessId();
  assert_client_refused(f, ERROR_WRONG_TARGET_NAME);
}

NP_CASE("users/verify-default", np_client_open, NO_MODE, NP_OK,
        "A server of the same user is good without a preset, too, as long as "
        "that user does not run elevated.",
        "Named Pipe Security and Access Rights; museum X07") {
  become("alice");
  f->client_options.verify_same_user = true;
  server_listen(f);
  talk(f);
}
