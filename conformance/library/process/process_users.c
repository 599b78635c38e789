/* Processes of two users: a server that runs as alice, with none of the rights
 * of the account that runs the suite, and a client that runs as bob. The cases
 * of users.c show the same on the simulated kernel, where a thread can be any
 * user. */
#include "library/fixture.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINE_MS = 10000 };

/* --- In alice's process -------------------------------------------------- */

static _Thread_local const char *role_arg; /* NAME or NAME|SECRET */

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...) {
  char line[NP_SID_TEXT_BYTES_MAX + 32];
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(line, sizeof(line), format, arguments);
  va_end(arguments);
  world_role_write_line(line);
}

/* serve_one serves a client, reads its "ping", and waits for the case. */
static void serve_one(np_fixture *f) {
  snprintf(f->name, sizeof(f->name), "%.*s", (int)strcspn(role_arg, "|"),
           role_arg);
  f->server_options.access = NP_ACCESS_AUTHENTICATED_USERS;
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  say("listens");
  assert_next(&f->ops[0], NP_OK, 0);
  assert_received(f, f->server, "ping", 4);
}

static void end_when_told(void) {
  char line[16];

  (void)world_role_read_line(line, sizeof(line));
}

static void tell_user(void *fixture) {
  np_fixture *f = fixture;
  char sid[NP_SID_TEXT_BYTES_MAX];

  serve_one(f);
  assert_np_ok(np_pipe_peer_user(f->server, sid, sizeof(sid)));
  say("%s", sid);
  end_when_told();
}

WORLD_ROLE(users_tell_user) {
  role_arg = arg;
  library_run_role(NO_MODE, tell_user);
}

static void open_as_client(void *fixture) {
  np_fixture *f = fixture;
  np_pipe *client = NULL;
  np_error error;

  serve_one(f);
  assert_np_ok(np_pipe_impersonate(f->server));
  error = np_client_open(f->loop, strchr(role_arg, '|') + 1, NULL, &client);
  assert_np_ok(np_pipe_revert(f->server));
  assert_null(client);
  say("%u", (unsigned)error);
  end_when_told();
}

WORLD_ROLE(users_open_as_client) {
  role_arg = arg;
  library_run_role(NO_MODE, open_as_client);
}

/* --- In the case --------------------------------------------------------- */

static world_process *alice_serves(const char *role, const char *arg) {
  world_process *alice = world_process_start_as("alice", role, arg);
  char line[16];

  world_process_read_line(alice, line, sizeof(line), LINE_MS);
  assert_string_equal(line, "listens");
  return alice;
}

/* bob_pings opens alice's pipe as bob and sends "ping". `line` gets what alice
 * says then. */
static void bob_pings(np_fixture *f, world_process *alice, char *line,
                      size_t size) {
  become("bob");
  client_open_end(f);
  pipe_send(f, f->client, "ping", 4);
  world_process_read_line(alice, line, size, LINE_MS);
}

static void alice_ends(world_process *alice) {
  assert_true(world_process_write_line(alice, "end"));
  assert_int_equal(world_process_wait(alice, LINE_MS), 0);
}

NP_CASE("process-users/peer-user", np_pipe_peer_user, NO_MODE, NP_OK,
        "The server runs as an ordinary user. It learns that its client is "
        "another user. The client learns that the pipe belongs to another "
        "user.",
        "ImpersonateNamedPipeClient#remarks") {
  char text[NP_SID_TEXT_BYTES_MAX];
  char sid[NP_SID_TEXT_BYTES_MAX];
  world_process *alice = alice_serves("users_tell_user", f->name);

  bob_pings(f, alice, text, sizeof(text));
  sid_of("bob", sid, sizeof(sid));
  assert_string_equal(text, sid);
  assert_np_ok(np_pipe_peer_user(f->client, text, sizeof(text)));
  sid_of("alice", sid, sizeof(sid));
  assert_string_equal(text, sid);
  alice_ends(alice);
}

NP_CASE("process-users/impersonate-unprivileged", np_pipe_impersonate, NO_MODE,
        NP_OK,
        "If the server's process lacks the privilege to impersonate, the "
        "impersonation succeeds but opens nothing, whatever the client grants.",
        "ImpersonateNamedPipeClient#remarks") {
  char arg[2 * WORLD_PIPE_NAME_BYTES_MAX];
  char secret[WORLD_PIPE_NAME_BYTES_MAX];
  char line[16];
  np_pipe *server = NULL;
  world_process *alice;

  world_pipe_name(secret, sizeof(secret));
  snprintf(arg, sizeof(arg), "%s|%s", f->name, secret);
  alice = alice_serves("users_open_as_client", arg);
  become("bob");
  assert_np_ok(np_server_create(f->loop, secret, NULL, &server));
  pipe_own(f, server);
  f->client_options.security_qos = SECURITY_IMPERSONATION;
  bob_pings(f, alice, line, sizeof(line));
  assert_int_not_equal(strtoul(line, NULL, 10), NP_OK);
  alice_ends(alice);
}
