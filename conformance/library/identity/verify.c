/* The checks of a client on its server, made before the first byte is
 * written. */
#include "library/client/client_common.h"

/* open_refused checks that the open is refused. The server then has had a
 * client that came, wrote nothing and went. */
static void open_refused(np_fixture *f) {
  char byte;
  size_t length;

  assert_client_refused(f, ERROR_WRONG_TARGET_NAME);
  assert_np_error(pipe_receive(f, f->server, &byte, 1, &length),
                  ERROR_BROKEN_PIPE);
  assert_int_equal(length, 0);
}

static void one_direction_refused(np_fixture *f) {
  np_pipe *client = NULL;

  server_listen(f);
  f->client_options.verify_process_id++;
  assert_np_error(np_client_open(f->loop, f->name, &f->client_options, &client),
                  ERROR_WRONG_TARGET_NAME);
  f->client_options.verify_process_id--;
  pipe_close_wait(f, f->server);
}

/* talk_on connects a client to the server that listens. */
static void talk_on(np_fixture *f) {
  client_open_end(f);
  assert_connects(&f->ops[0], f->server, NP_OK, 0);
  assert_passes(f, f->client, f->server, "ping", 4);
}

static void talk(np_fixture *f) {
  pair_open(f);
  assert_passes(f, f->client, f->server, "ping", 4);
}

NP_CASE("verify/default", np_client_options_init, NO_MODE, NP_OK,
        "By default a client demands nothing.", "npipe/client.h") {
  assert_false(f->client_options.verify_same_user);
  assert_false(f->client_options.verify_access);
  assert_null(f->client_options.verify_owner);
  assert_int_equal(f->client_options.verify_process_id, 0);
}

NP_CASE("verify/process", np_client_open, ANY_MODE, NP_OK,
        "The server's process is the demanded one.",
        "GetNamedPipeServerProcessId; museum X07") {
  f->client_options.verify_process_id = GetCurrentProcessId();
  talk(f);
}

NP_CASE("verify/other-process", np_client_open, ANY_MODE,
        ERROR_WRONG_TARGET_NAME,
        "A server of another process is refused before anything was written.",
        "GetNamedPipeServerProcessId; museum X05 X07") {
  server_listen(f);
  f->client_options.verify_process_id = GetCurrentProcessId() + 4;
  open_refused(f);
}

NP_CASE("verify/same-user", np_client_open, ANY_MODE, NP_OK,
        "A server of the same user with a preset is accepted.",
        "Named Pipe Security and Access Rights; museum X07") {
  f->server_options.access = NP_ACCESS_CURRENT_USER;
  f->client_options.verify_same_user = true;
  talk(f);
}

NP_CASE("verify/owner", np_client_open, ANY_MODE, NP_OK,
        "The owner of the pipe is the demanded user, and nobody else can put a "
        "server behind its name.",
        "Named Pipe Security and Access Rights; museum X07") {
  char owner[NP_SID_TEXT_BYTES_MAX];

  talk(f);
  assert_np_ok(np_pipe_peer_user(f->client, owner, sizeof(owner)));
  pair_close(f);
  f->client_options.verify_owner = owner;
  f->client_options.verify_access = true;
  talk(f);
}

NP_CASE("verify/other-owner", np_client_open, ANY_MODE, ERROR_WRONG_TARGET_NAME,
        "A server whose pipe has another owner is refused before anything was "
        "written. Two letters name a user as SDDL does.",
        "Named Pipe Security and Access Rights; SID Strings; museum X05 X07") {
  server_listen(f);
  f->client_options.verify_owner = "LS";
  open_refused(f);
}

NP_CASE("verify/no-owner", np_client_open, NO_MODE, ERROR_INVALID_SID,
        "A text that is neither a SID nor two letters that name one is "
        "refused, and no instance is opened.",
        "ConvertStringSidToSid") {
  static const char *const texts[] = {
      "", "??", "S-1-5-", "S-1-5-18x", "\xC3\x84\xC3\x84", "Administrators"};
  char text[1024];

  server_listen(f);
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    round_name("%s", texts[i]);
    f->client_options.verify_owner = texts[i];
    assert_client_refused(f, ERROR_INVALID_SID);
  }
  memset(text, '1', sizeof(text));
  memcpy(text, "S-1-5-", 6);
  text[sizeof(text) - 1] = 0;
  f->client_options.verify_owner = text;
  assert_client_refused(f, ERROR_INVALID_SID);
  f->client_options.verify_owner = NULL;
  talk_on(f);
}

NP_CASE("verify/longest-owner", np_client_open, ANY_MODE,
        ERROR_WRONG_TARGET_NAME,
        "The demanded owner may be a SID of 15 sub-authorities, which is the "
        "longest one. A pipe of another owner is refused.",
        "SID structure; SID_MAX_SUB_AUTHORITIES") {
  server_listen(f);
  f->client_options.verify_owner = "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15";
  open_refused(f);
}

NP_CASE("verify/both", np_client_open, NO_MODE, NP_OK,
        "User and process may both be demanded; if one of them is wrong, the "
        "server is refused.",
        "npipe/client.h") {
  np_pipe *client = NULL;

  f->server_options.access = NP_ACCESS_AUTHENTICATED_USERS;
  f->client_options.verify_same_user = true;
  f->client_options.verify_process_id = GetCurrentProcessId();
  talk(f);
  pipe_own(f, f->server);
  server_listen(f);
  f->client_options.verify_process_id++;
  assert_np_error(np_client_open(f->loop, f->name, &f->client_options, &client),
                  ERROR_WRONG_TARGET_NAME);
}

NP_CASE("verify/read-only", np_client_open, NO_MODE, NP_OK,
        "An end that only reads, or only writes, can demand as much.",
        "npipe/client.h") {
  f->server_options.access = NP_ACCESS_CURRENT_USER;
  f->client_options.verify_same_user = true;
  f->client_options.verify_process_id = GetCurrentProcessId();
  f->client_options.write = false;
  one_direction_refused(f);
  pair_open(f);
  assert_passes(f, f->server, f->client, "down", 4);
  pair_close(f);
  f->client_options.write = true;
  f->client_options.read = false;
  one_direction_refused(f);
  talk(f);
}

/* request_meets starts a request that finds its server at once, or waits for
 * it. */
static void request_meets(np_fixture *f, struct requester *requester,
                          bool waits, np_error result) {
  f->client_options.wait_for_server = waits;
  if (!waits) {
    server_listen(f);
  }
  request_begin(f, requester, 0);
  if (waits) {
    loop_settle(f);
    server_listen(f);
  }
  assert_request_ends(f, requester, result);
  pipe_close_wait(f, f->server);
}

NP_CASE("verify/connect-no-owner", np_client_connect, NO_MODE,
        ERROR_INVALID_SID,
        "A request whose demanded owner is no SID ends at its first try, also "
        "if it waits for the server.",
        "npipe/client.h") {
  f->client_options.verify_owner = "nobody";
  f->client_options.wait_for_server = true;
  request_begin(f, &f->requests[0], 0);
  assert_request_ends(f, &f->requests[0], ERROR_INVALID_SID);
}

NP_CASE("verify/connect", np_client_connect, NO_MODE, ERROR_WRONG_TARGET_NAME,
        "A client that waits for an instance makes the same demands. A wrong "
        "server ends the wait with an error. The right one is opened.",
        "npipe/client.h; museum X07") {
  f->server_options.access = NP_ACCESS_CURRENT_USER;
  f->client_options.verify_same_user = true;
  for (unsigned i = 0; i < 2; i++) {
    f->client_options.verify_process_id = GetCurrentProcessId() + 4;
    request_meets(f, &f->requests[i * 2], i > 0, ERROR_WRONG_TARGET_NAME);
    f->client_options.verify_process_id = GetCurrentProcessId();
    request_meets(f, &f->requests[i * 2 + 1], i > 0, NP_OK);
  }
}
