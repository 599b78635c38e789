/* np_pipe_impersonate and np_pipe_revert, as far as one user can test them.
 * users.c tests the rights of another user. */
#include "library/fixture.h"

static bool impersonates(SECURITY_IMPERSONATION_LEVEL *level) {
  HANDLE token = NULL;
  DWORD size = 0;

  if (!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token)) {
    assert_int_equal(GetLastError(), ERROR_NO_TOKEN);
    return false;
  }
  assert_true(GetTokenInformation(token, TokenImpersonationLevel, level,
                                  sizeof(*level), &size));
  CloseHandle(token);
  return true;
}

static void acquainted(np_fixture *f) {
  pair_open(f);
  assert_passes(f, f->client, f->server, "hello", 5);
}

NP_CASE("impersonate/and-revert", np_pipe_impersonate, ANY_MODE, NP_OK,
        "After a read the thread acts as the client, and no longer after "
        "np_pipe_revert.",
        "ImpersonateNamedPipeClient#remarks") {
  SECURITY_IMPERSONATION_LEVEL level = SecurityAnonymous;

  f->client_options.security_qos = SECURITY_IMPERSONATION;
  acquainted(f);
  assert_false(impersonates(&level));
  assert_np_ok(np_pipe_impersonate(f->server));
  assert_true(impersonates(&level));
  assert_int_equal(level, SecurityImpersonation);
  assert_np_ok(np_pipe_revert(f->server));
  assert_false(impersonates(&level));
}

NP_CASE("impersonate/identification", np_pipe_impersonate, NO_MODE, NP_OK,
        "By default a client lets itself be looked at, and no more.",
        "CreateFileW#parameters") {
  SECURITY_IMPERSONATION_LEVEL level = SecurityAnonymous;

  acquainted(f);
  assert_np_ok(np_pipe_impersonate(f->server));
  assert_true(impersonates(&level));
  assert_np_ok(np_pipe_revert(f->server));
  assert_int_equal(level, SecurityIdentification);
}

static void impersonate_then(np_fixture *f, struct recorder *recorder) {
  SECURITY_IMPERSONATION_LEVEL level;

  (void)recorder;
  assert_np_ok(np_pipe_impersonate(f->server));
  assert_true(impersonates(&level));
  assert_np_ok(np_pipe_revert(f->server));
}

NP_CASE("impersonate/in-a-callback", np_pipe_impersonate, ANY_MODE, NP_OK,
        "A callback may act as the client and revert, each time.",
        "npipe/security.h") {
  SECURITY_IMPERSONATION_LEVEL level;

  pair_open(f);
  for (unsigned i = 1; i <= 3; i++) {
    pipe_send(f, f->client, "hello", 5);
    f->ops[0].then = impersonate_then;
    read_begin(&f->ops[0], f->server, 16);
    loop_until_count(f, &f->ops[0].done_count, i);
    assert_np_ok(f->ops[0].result);
    assert_false(impersonates(&level));
  }
}

NP_CASE("impersonate/too-early", np_pipe_impersonate, NO_MODE,
        ERROR_CANNOT_IMPERSONATE,
        "A server cannot impersonate before its first read.",
        "wine kernel32/tests/pipe.c#test_ImpersonateNamedPipeClient") {
  SECURITY_IMPERSONATION_LEVEL level;

  server_listen(f);
  assert_np_error(np_pipe_impersonate(f->server), ERROR_CANNOT_IMPERSONATE);
  client_open_end(f);
  assert_np_error(np_pipe_impersonate(f->server), ERROR_CANNOT_IMPERSONATE);
  assert_false(impersonates(&level));
}

NP_CASE("impersonate/after-the-client", np_pipe_impersonate, NO_MODE, NP_OK,
        "A client that has left can still be acted as.",
        "wine kernel32/tests/pipe.c#test_ImpersonateNamedPipeClient") {
  acquainted(f);
  pipe_close_wait(f, f->client);
  f->client = NULL;
  assert_np_ok(np_pipe_impersonate(f->server));
  assert_np_ok(np_pipe_revert(f->server));
}

NP_CASE("impersonate/twice", np_pipe_impersonate, NO_MODE, ERROR_BUSY,
        "A thread acts as one client at a time, anonymous ones too.",
        "npipe/security.h") {
  acquainted(f);
  assert_np_ok(np_pipe_impersonate(f->server));
  assert_np_error(np_pipe_impersonate(f->server), ERROR_BUSY);
  assert_np_ok(np_pipe_revert(f->server));
  assert_np_ok(np_pipe_impersonate(f->server));
  assert_np_ok(np_pipe_revert(f->server));
}

NP_CASE("impersonate/twice-anonymous", np_pipe_impersonate, NO_MODE, ERROR_BUSY,
        "A thread that impersonates an anonymous client cannot impersonate "
        "another client.",
        "npipe/security.h") {
  f->client_options.security_qos = SECURITY_ANONYMOUS;
  acquainted(f);
  assert_np_ok(np_pipe_impersonate(f->server));
  assert_np_error(np_pipe_impersonate(f->server), ERROR_BUSY);
  assert_np_ok(np_pipe_revert(f->server));
}

NP_CASE("impersonate/client-end", np_pipe_impersonate, NO_MODE,
        ERROR_INVALID_PARAMETER, "A client end cannot impersonate its server.",
        "npipe/security.h") {
  acquainted(f);
  assert_invalid(np_pipe_impersonate(f->client));
  assert_invalid(np_pipe_impersonate(NULL));
}

NP_CASE("impersonate/closing", np_pipe_impersonate, NO_MODE,
        ERROR_INVALID_HANDLE, "A pipe that is being closed has no client.",
        "npipe/security.h") {
  np_pipe *pipe;

  acquainted(f);
  pipe = f->server;
  pipe_close(f, pipe);
  assert_np_error(np_pipe_impersonate(pipe), ERROR_INVALID_HANDLE);
}

NP_CASE("impersonate/revert-alone", np_pipe_revert, BOTH_ENDS, NP_OK,
        "Reverting is fine where nobody is impersonated.", "RevertToSelf") {
  pair_open(f);
  assert_np_ok(np_pipe_revert(f->end));
}

NP_CASE("impersonate/revert-closing", np_pipe_revert, NO_MODE, NP_OK,
        "A pipe may be closed before the thread reverts.", "npipe/security.h") {
  SECURITY_IMPERSONATION_LEVEL level;
  np_pipe *pipe;

  acquainted(f);
  assert_np_ok(np_pipe_impersonate(f->server));
  pipe = f->server;
  pipe_close(f, pipe);
  assert_np_ok(np_pipe_revert(pipe));
  assert_false(impersonates(&level));
}

NP_CASE("impersonate/revert-null", np_pipe_revert, NO_MODE,
        ERROR_INVALID_PARAMETER, "Revert refuses NULL.", "npipe/security.h") {
  assert_invalid(np_pipe_revert(NULL));
}
