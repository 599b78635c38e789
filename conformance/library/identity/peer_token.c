/* np_pipe_peer_token: the access token of a client. Cases with a second user
 * are in users.c. */
#include "library/fixture.h"

static void acquainted(np_fixture *f) {
  pair_open(f);
  assert_passes(f, f->client, f->server, "hello", 5);
}

static void assert_token_error(np_pipe *server, np_error error) {
  HANDLE token = INVALID_HANDLE_VALUE;

  assert_np_error(np_pipe_peer_token(server, &token), error);
  assert_ptr_equal(token, INVALID_HANDLE_VALUE);
}

/* token_of takes the token of the client of `server`. */
static HANDLE token_of(np_pipe *server) {
  HANDLE token = NULL;

  assert_np_ok(np_pipe_peer_token(server, &token));
  assert_non_null(token);
  return token;
}

static SECURITY_IMPERSONATION_LEVEL level_of(HANDLE token) {
  SECURITY_IMPERSONATION_LEVEL level = SecurityAnonymous;
  DWORD size = 0;

  assert_true(GetTokenInformation(token, TokenImpersonationLevel, &level,
                                  sizeof(level), &size));
  return level;
}

/* assert_is_everyone checks that the user of `token` is a member of Everyone,
 * and of no group that Windows does not have. */
static void assert_is_everyone(HANDLE token) {
  SID everyone = {SID_REVISION, 1, {SECURITY_WORLD_SID_AUTHORITY}, {0}};
  SID nobody = {SID_REVISION, 1, {SECURITY_NULL_SID_AUTHORITY}, {0}};
  BOOL is_member = FALSE;

  assert_true(CheckTokenMembership(token, &everyone, &is_member));
  assert_true(is_member);
  assert_true(CheckTokenMembership(token, &nobody, &is_member));
  assert_false(is_member);
}

NP_CASE("peer-token/taken", np_pipe_peer_token, ANY_MODE | END_SERVER, NP_OK,
        "A server gets a token of its client that answers questions about its "
        "groups and can be duplicated. Afterwards the thread has the identity "
        "of its process again.",
        "ImpersonateNamedPipeClient#remarks") {
  HANDLE own = NULL;
  HANDLE copy = NULL;
  HANDLE token;

  acquainted(f);
  token = token_of(f->server);
  assert_false(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &own));
  assert_int_equal(GetLastError(), ERROR_NO_TOKEN);
  assert_is_everyone(token);
  assert_true(DuplicateToken(token, SecurityIdentification, &copy));
  assert_is_everyone(copy);
  CloseHandle(copy);
  CloseHandle(token);
}

NP_CASE("peer-token/inheritance", np_pipe_peer_token, NO_MODE, NP_OK,
        "A child process does not inherit the token.", "npipe/security.h") {
  DWORD flags = HANDLE_FLAG_INHERIT;
  HANDLE token;

  acquainted(f);
  token = token_of(f->server);
  assert_true(GetHandleInformation(token, &flags));
  assert_int_equal(flags & HANDLE_FLAG_INHERIT, 0);
  CloseHandle(token);
}

NP_CASE("peer-token/level", np_pipe_peer_token, NO_MODE, NP_OK,
        "By default the token is good to identify the client, and for no "
        "more.",
        "Impersonation Levels") {
  HANDLE copy = NULL;
  HANDLE token;

  acquainted(f);
  token = token_of(f->server);
  assert_int_equal(level_of(token), SecurityIdentification);
  assert_false(DuplicateToken(token, SecurityImpersonation, &copy));
  assert_int_equal(GetLastError(), ERROR_BAD_IMPERSONATION_LEVEL);
  CloseHandle(token);
}

NP_CASE("peer-token/level-granted", np_pipe_peer_token, NO_MODE, NP_OK,
        "If the client grants impersonation, the token has that level.",
        "Impersonation Levels") {
  HANDLE token;

  f->client_options.security_qos = SECURITY_IMPERSONATION;
  acquainted(f);
  token = token_of(f->server);
  assert_int_equal(level_of(token), SecurityImpersonation);
  CloseHandle(token);
}

NP_CASE("peer-token/stays", np_pipe_peer_token, ANY_MODE | END_SERVER, NP_OK,
        "The token stays valid after both ends were closed.",
        "npipe/security.h") {
  HANDLE token;

  acquainted(f);
  token = token_of(f->server);
  pair_close(f);
  assert_is_everyone(token);
  CloseHandle(token);
}

NP_CASE("peer-token/too-early", np_pipe_peer_token, ANY_MODE,
        ERROR_CANNOT_IMPERSONATE,
        "A server that has read nothing has no token of its client.",
        "ImpersonateNamedPipeClient#remarks") {
  pair_open(f);
  assert_token_error(f->server, ERROR_CANNOT_IMPERSONATE);
}

NP_CASE("peer-token/anonymous", np_pipe_peer_token, NO_MODE,
        ERROR_CANT_OPEN_ANONYMOUS,
        "A client that opened with SECURITY_ANONYMOUS gives no token.",
        "CreateFileW#parameters") {
  f->client_options.security_qos = SECURITY_ANONYMOUS;
  acquainted(f);
  assert_token_error(f->server, ERROR_CANT_OPEN_ANONYMOUS);
}

NP_CASE("peer-token/busy", np_pipe_peer_token, NO_MODE, ERROR_BUSY,
        "On a thread that impersonates, the call is refused and the "
        "impersonation stays.",
        "npipe/security.h") {
  HANDLE token = NULL;

  acquainted(f);
  assert_np_ok(np_pipe_impersonate(f->server));
  assert_token_error(f->server, ERROR_BUSY);
  assert_true(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token));
  CloseHandle(token);
  assert_np_ok(np_pipe_revert(f->server));
}

NP_CASE("peer-token/parameters", np_pipe_peer_token, NO_MODE,
        ERROR_INVALID_PARAMETER, "NULL and a client end are refused.",
        "npipe/security.h") {
  acquainted(f);
  assert_token_error(NULL, ERROR_INVALID_PARAMETER);
  assert_token_error(f->client, ERROR_INVALID_PARAMETER);
  assert_invalid(np_pipe_peer_token(f->server, NULL));
}

NP_CASE("peer-token/closing", np_pipe_peer_token, NO_MODE, ERROR_INVALID_HANDLE,
        "A pipe that is being closed gives no token.", "npipe/security.h") {
  np_pipe *pipe;

  acquainted(f);
  pipe = f->server;
  pipe_close(f, pipe);
  assert_token_error(pipe, ERROR_INVALID_HANDLE);
}
