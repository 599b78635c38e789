/* np_pipe_peer: the identity of a client, as its token reports it. Cases with a
 * second user are in users.c. */
#include "library/fixture.h"

static void acquainted(np_fixture *f) {
  pair_open(f);
  assert_passes(f, f->client, f->server, "hello", 5);
}

/* assert_untouched checks that the call has written nothing. */
static void assert_untouched(const np_peer *peer) {
  assert_int_equal(peer->integrity, 7);
  assert_string_equal(peer->user, "?");
}

static np_peer untouched(void) {
  np_peer peer = {.size = sizeof(peer), .user = "?", .integrity = 7};

  return peer;
}

static void assert_peer_error(np_pipe *server, np_error error) {
  np_peer peer = untouched();

  assert_np_error(np_pipe_peer(server, &peer), error);
  assert_untouched(&peer);
}

/* ask_own asks a question about the token of this process. */
static void ask_own(TOKEN_INFORMATION_CLASS which, void *out, DWORD size) {
  HANDLE token = NULL;
  DWORD bytes = 0;

  assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
  assert_true(GetTokenInformation(token, which, out, size, &bytes));
  CloseHandle(token);
}

static uint32_t own_integrity(void) {
  union {
    TOKEN_MANDATORY_LABEL label;
    unsigned char bytes[sizeof(TOKEN_MANDATORY_LABEL) + SECURITY_MAX_SID_SIZE];
  } answer;

  ask_own(TokenIntegrityLevel, &answer, sizeof(answer));
  return *GetSidSubAuthority(answer.label.Label.Sid, 0);
}

NP_CASE("peer/itself", np_pipe_peer, ANY_MODE | END_SERVER, NP_OK,
        "A server learns user, integrity, session, logon and elevation of its "
        "client. Afterwards the thread has the identity of its process again.",
        "GetTokenInformation; npipe/security.h") {
  np_peer peer = untouched();
  TOKEN_STATISTICS statistics;
  TOKEN_ELEVATION elevation;
  DWORD session_id = 0;
  char user[NP_SID_TEXT_BYTES_MAX];
  HANDLE token = NULL;

  acquainted(f);
  assert_np_ok(np_pipe_peer(f->server, &peer));
  assert_false(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token));
  assert_int_equal(GetLastError(), ERROR_NO_TOKEN);
  assert_np_ok(np_pipe_peer_user(f->server, user, sizeof(user)));
  ask_own(TokenStatistics, &statistics, sizeof(statistics));
  ask_own(TokenElevation, &elevation, sizeof(elevation));
  ask_own(TokenSessionId, &session_id, sizeof(session_id));
  assert_int_equal(peer.size, sizeof(peer));
  assert_string_equal(peer.user, user);
  assert_int_equal(peer.integrity, own_integrity());
  assert_int_equal(peer.session_id, session_id);
  assert_int_equal((uint32_t)peer.logon_id,
                   statistics.AuthenticationId.LowPart);
  assert_int_equal((uint32_t)(peer.logon_id >> 32),
                   (uint32_t)statistics.AuthenticationId.HighPart);
  assert_int_equal(peer.is_elevated, elevation.TokenIsElevated != 0);
  assert_string_equal(peer.app_container, "");
}

NP_CASE("peer/gone", np_pipe_peer, ANY_MODE | END_SERVER, NP_OK,
        "The server still learns who its client was after the client has "
        "closed its end.",
        "ImpersonateNamedPipeClient#remarks") {
  np_peer peer = untouched();
  char user[NP_SID_TEXT_BYTES_MAX];

  acquainted(f);
  assert_np_ok(np_pipe_peer_user(f->server, user, sizeof(user)));
  pipe_close_wait(f, f->client);
  assert_np_ok(np_pipe_peer(f->server, &peer));
  assert_string_equal(peer.user, user);
}

NP_CASE("peer/too-early", np_pipe_peer, ANY_MODE, ERROR_CANNOT_IMPERSONATE,
        "A server that has read nothing does not know its client.",
        "ImpersonateNamedPipeClient#remarks") {
  pair_open(f);
  assert_peer_error(f->server, ERROR_CANNOT_IMPERSONATE);
}

NP_CASE("peer/anonymous", np_pipe_peer, NO_MODE, ERROR_CANT_OPEN_ANONYMOUS,
        "A client that opened with SECURITY_ANONYMOUS stays unknown.",
        "CreateFileW#parameters") {
  f->client_options.security_qos = SECURITY_ANONYMOUS;
  acquainted(f);
  assert_peer_error(f->server, ERROR_CANT_OPEN_ANONYMOUS);
}

NP_CASE("peer/busy", np_pipe_peer, NO_MODE, ERROR_BUSY,
        "On a thread that impersonates, the query is refused and the "
        "impersonation stays.",
        "npipe/security.h") {
  HANDLE token = NULL;

  acquainted(f);
  assert_np_ok(np_pipe_impersonate(f->server));
  assert_peer_error(f->server, ERROR_BUSY);
  assert_true(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token));
  CloseHandle(token);
  assert_np_ok(np_pipe_revert(f->server));
}

NP_CASE("peer/parameters", np_pipe_peer, NO_MODE, ERROR_INVALID_PARAMETER,
        "NULL, a client end and a struct of another size are refused.",
        "npipe/security.h") {
  np_peer peer = untouched();

  acquainted(f);
  assert_invalid(np_pipe_peer(NULL, &peer));
  assert_invalid(np_pipe_peer(f->server, NULL));
  assert_invalid(np_pipe_peer(f->client, &peer));
  peer.size--;
  assert_invalid(np_pipe_peer(f->server, &peer));
  assert_untouched(&peer);
}

NP_CASE("peer/closing", np_pipe_peer, NO_MODE, ERROR_INVALID_HANDLE,
        "A pipe that is being closed refuses the query for its client.",
        "npipe/security.h") {
  np_pipe *pipe;

  acquainted(f);
  pipe = f->server;
  pipe_close(f, pipe);
  assert_peer_error(pipe, ERROR_INVALID_HANDLE);
}
