/* Identity of the peer: process, session, user and machine. Cases that need a
 * second user are in users.c; those that need a second process are in
 * process_identity.c. */
#include "library/fixture.h"

#include <sddl.h>

/* own_user writes the SID of this process's user as text. */
static void own_user(char text[NP_SID_TEXT_BYTES_MAX]) {
  union {
    TOKEN_USER user;
    unsigned char bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
  } answer;
  HANDLE token = NULL;
  DWORD size = 0;
  wchar_t *wide = NULL;
  size_t length = 0;

  assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
  assert_true(
      GetTokenInformation(token, TokenUser, &answer, sizeof(answer), &size));
  CloseHandle(token);
  assert_true(ConvertSidToStringSidW(answer.user.User.Sid, &wide));
  do {
    text[length] = (char)wide[length];
  } while (wide[length++] != 0);
  LocalFree(wide);
}

/* acquainted opens a pair whose server has read once, so that both ends know
 * the other's identity. */
static void acquainted(np_fixture *f) {
  f->server_options.access = NP_ACCESS_CURRENT_USER;
  pair_open(f);
  assert_passes(f, f->client, f->server, "hello", 5);
}

NP_CASE("identity/process-id", np_pipe_peer_process_id, ANY_MODE | BOTH_ENDS,
        NP_OK, "Each end reports the process at the other end.",
        "GetNamedPipeClientProcessId; museum X07") {
  uint32_t id = 0;

  pair_open(f);
  assert_np_ok(np_pipe_peer_process_id(f->end, &id));
  assert_int_equal(id, GetCurrentProcessId());
}

NP_CASE("identity/process-id-after-close", np_pipe_peer_process_id, BOTH_ENDS,
        NP_OK,
        "Each end still reports the peer's process after the peer has closed.",
        "GetNamedPipeClientProcessId") {
  uint32_t id = 0;

  pair_open(f);
  pipe_close_wait(f, f->peer);
  assert_np_ok(np_pipe_peer_process_id(f->end, &id));
  assert_int_equal(id, GetCurrentProcessId());
}

NP_CASE("identity/process-id-disconnected", np_pipe_peer_process_id, NO_MODE,
        ERROR_NOT_FOUND,
        "A server that has disconnected its client reports no process until "
        "the next client comes.",
        "wine kernel32/tests/pipe.c#test_namedpipe_process_id") {
  uint32_t id = 7;

  pair_open(f);
  assert_np_ok(np_server_disconnect(f->server));
  assert_np_error(np_pipe_peer_process_id(f->server, &id), ERROR_NOT_FOUND);
  assert_int_equal(id, 7);
}

NP_CASE("identity/process-id-let-go", np_pipe_peer_process_id, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A disconnected client cannot query its server's process.",
        "wine kernel32/tests/pipe.c#test_namedpipe_process_id") {
  uint32_t id = 7;

  pair_open(f);
  assert_np_ok(np_server_disconnect(f->server));
  assert_np_error(np_pipe_peer_process_id(f->client, &id),
                  ERROR_PIPE_NOT_CONNECTED);
  assert_int_equal(id, 7);
}

NP_CASE("identity/process-id-null", np_pipe_peer_process_id, BOTH_ENDS,
        ERROR_INVALID_PARAMETER,
        "Without a pipe or without a place for the id, np_pipe_peer_process_id "
        "is refused.",
        "npipe/security.h") {
  uint32_t id = 7;

  pair_open(f);
  assert_invalid(np_pipe_peer_process_id(NULL, &id));
  assert_invalid(np_pipe_peer_process_id(f->end, NULL));
  assert_int_equal(id, 7);
}

NP_CASE("identity/process-id-closing", np_pipe_peer_process_id, BOTH_ENDS,
        ERROR_INVALID_HANDLE,
        "A pipe that is being closed refuses the query for the peer's "
        "process.",
        "npipe/security.h") {
  np_pipe *pipe = pipe_closing(f);
  uint32_t id = 0;

  assert_np_error(np_pipe_peer_process_id(pipe, &id), ERROR_INVALID_HANDLE);
}

NP_CASE("identity/session-id", np_pipe_peer_session_id, BOTH_ENDS, NP_OK,
        "Each end reports the session of the process at the other end, here "
        "the same session.",
        "GetNamedPipeClientSessionId") {
  uint32_t id = UINT32_MAX;
  ULONG own = 0;

  pair_open(f);
  assert_np_ok(np_pipe_peer_session_id(f->end, &id));
  assert_true(GetNamedPipeServerSessionId(np_pipe_handle(f->end), &own));
  assert_int_equal(id, own);
}

NP_CASE("identity/session-id-disconnected", np_pipe_peer_session_id, NO_MODE,
        ERROR_NOT_FOUND,
        "A server that has disconnected its client has no peer, and so no "
        "session id.",
        "wine kernel32/tests/pipe.c#test_namedpipe_session_id") {
  uint32_t id = 0;

  pair_open(f);
  assert_np_ok(np_server_disconnect(f->server));
  assert_np_error(np_pipe_peer_session_id(f->server, &id), ERROR_NOT_FOUND);
}

NP_CASE("identity/session-id-let-go", np_pipe_peer_session_id, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A disconnected client cannot query its server's session.",
        "wine kernel32/tests/pipe.c#test_namedpipe_session_id") {
  uint32_t id = 0;

  pair_open(f);
  assert_np_ok(np_server_disconnect(f->server));
  assert_np_error(np_pipe_peer_session_id(f->client, &id),
                  ERROR_PIPE_NOT_CONNECTED);
}

NP_CASE("identity/session-id-null", np_pipe_peer_session_id, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "Without a pipe or without a place for the id, np_pipe_peer_session_id "
        "is refused.",
        "npipe/security.h") {
  uint32_t id = 0;

  pair_open(f);
  assert_invalid(np_pipe_peer_session_id(NULL, &id));
  assert_invalid(np_pipe_peer_session_id(f->server, NULL));
}

NP_CASE("identity/session-id-closing", np_pipe_peer_session_id, NO_MODE,
        ERROR_INVALID_HANDLE,
        "A pipe that is being closed refuses the query for the peer's "
        "session.",
        "npipe/security.h") {
  np_pipe *pipe;
  uint32_t id = 0;

  pair_open(f);
  pipe = f->server;
  pipe_close(f, pipe);
  assert_np_error(np_pipe_peer_session_id(pipe, &id), ERROR_INVALID_HANDLE);
}

NP_CASE("identity/user", np_pipe_peer_user, ANY_MODE | BOTH_ENDS, NP_OK,
        "A server gets the user who wrote the data that it read last. A client "
        "gets the owner of the pipe. Afterwards the thread has the identity of "
        "its process again.",
        "ImpersonateNamedPipeClient#remarks") {
  char text[NP_SID_TEXT_BYTES_MAX];
  char own[NP_SID_TEXT_BYTES_MAX];
  HANDLE token = NULL;

  acquainted(f);
  own_user(own);
  assert_np_ok(np_pipe_peer_user(f->end, text, sizeof(text)));
  assert_string_equal(text, own);
  assert_false(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token));
  assert_int_equal(GetLastError(), ERROR_NO_TOKEN);
}

NP_CASE("identity/user-room", np_pipe_peer_user, BOTH_ENDS,
        ERROR_INSUFFICIENT_BUFFER,
        "Text and NUL must fit; else nothing is written.", "npipe/security.h") {
  char text[NP_SID_TEXT_BYTES_MAX];
  char own[NP_SID_TEXT_BYTES_MAX];
  size_t length;

  acquainted(f);
  own_user(own);
  length = strlen(own);
  memset(text, '?', sizeof(text));
  assert_np_error(np_pipe_peer_user(f->end, text, 0),
                  ERROR_INSUFFICIENT_BUFFER);
  assert_np_error(np_pipe_peer_user(f->end, text, length),
                  ERROR_INSUFFICIENT_BUFFER);
  assert_int_equal(text[0], '?');
  assert_np_ok(np_pipe_peer_user(f->end, text, length + 1));
  assert_string_equal(text, own);
  assert_int_equal(text[length + 1], '?');
}

NP_CASE("identity/user-too-early", np_pipe_peer_user, NO_MODE,
        ERROR_CANNOT_IMPERSONATE,
        "A server that has read nothing does not know the user of its client.",
        "ImpersonateNamedPipeClient#remarks") {
  char text[NP_SID_TEXT_BYTES_MAX];

  pair_open(f);
  assert_np_error(np_pipe_peer_user(f->server, text, sizeof(text)),
                  ERROR_CANNOT_IMPERSONATE);
}

/* A client with `qos` opens before the server waits, writes, and is read. */
static np_error user_of_early(np_fixture *f, uint32_t qos) {
  char text[NP_SID_TEXT_BYTES_MAX];
  char own[NP_SID_TEXT_BYTES_MAX];
  np_error error;

  f->client_options.security_qos = qos;
  server_listen(f);
  client_open_end(f);
  assert_connects(&f->ops[0], f->server, NP_OK, 0);
  assert_passes(f, f->client, f->server, "hello", 5);
  error = np_pipe_peer_user(f->server, text, sizeof(text));
  if (error == NP_OK) {
    own_user(own);
    assert_string_equal(text, own);
  }
  return error;
}

NP_CASE("identity/user-early", np_pipe_peer_user, ANY_MODE, NP_OK,
        "A client that tracks its context and came before the server waited is "
        "known, too.",
        "npipe/security.h") {
  assert_np_ok(
      user_of_early(f, SECURITY_IDENTIFICATION | SECURITY_CONTEXT_TRACKING));
}

NP_CASE("identity/user-early-static", np_pipe_peer_user, ANY_MODE,
        ERROR_CANNOT_IMPERSONATE,
        "The user of a client with static tracking that came before the server "
        "waited is reported, or refused with ERROR_CANNOT_IMPERSONATE. No "
        "other user is ever reported.",
        "npipe/security.h") {
  np_error error = user_of_early(f, SECURITY_IDENTIFICATION);

  assert_true(error == NP_OK || error == ERROR_CANNOT_IMPERSONATE);
}

NP_CASE("identity/user-read-ahead", np_pipe_peer_user, NO_MODE, NP_OK,
        "Data that readiness has read ahead count as a read, so the client's "
        "user is known.",
        "ImpersonateNamedPipeClient#remarks") {
  char text[NP_SID_TEXT_BYTES_MAX];
  char own[NP_SID_TEXT_BYTES_MAX];

  pair_open(f);
  pipe_send(f, f->client, "hello", 5);
  op_begin(&f->ops[0], np_pipe_readable(f->server, &f->ops[0].op, on_done));
  loop_until(f, 1);
  own_user(own);
  assert_np_ok(np_pipe_peer_user(f->server, text, sizeof(text)));
  assert_string_equal(text, own);
}

NP_CASE("identity/user-anonymous", np_pipe_peer_user, NO_MODE,
        ERROR_CANT_OPEN_ANONYMOUS,
        "The user of a client that opened with SECURITY_ANONYMOUS cannot be "
        "queried.",
        "CreateFileW#parameters") {
  char text[NP_SID_TEXT_BYTES_MAX];
  HANDLE token = NULL;

  f->client_options.security_qos = SECURITY_ANONYMOUS;
  acquainted(f);
  assert_np_error(np_pipe_peer_user(f->server, text, sizeof(text)),
                  ERROR_CANT_OPEN_ANONYMOUS);
  assert_false(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token));
  assert_int_equal(GetLastError(), ERROR_NO_TOKEN);
}

NP_CASE("identity/user-busy", np_pipe_peer_user, NO_MODE, ERROR_BUSY,
        "On a thread that impersonates, the query for the user is refused and "
        "the impersonation stays.",
        "npipe/security.h") {
  char text[NP_SID_TEXT_BYTES_MAX];
  HANDLE token = NULL;

  acquainted(f);
  assert_np_ok(np_pipe_impersonate(f->server));
  assert_np_error(np_pipe_peer_user(f->server, text, sizeof(text)), ERROR_BUSY);
  assert_true(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token));
  CloseHandle(token);
  assert_np_ok(np_pipe_revert(f->server));
}

NP_CASE("identity/user-let-go", np_pipe_peer_user, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A disconnected client cannot query the owner of the pipe.",
        "wine ntdll/tests/pipe.c#test_security_info") {
  char text[NP_SID_TEXT_BYTES_MAX];

  acquainted(f);
  assert_np_ok(np_server_disconnect(f->server));
  assert_np_error(np_pipe_peer_user(f->client, text, sizeof(text)),
                  ERROR_PIPE_NOT_CONNECTED);
}

NP_CASE("identity/user-no-right", np_pipe_peer_user, NO_MODE,
        ERROR_ACCESS_DENIED,
        "An adopted handle without READ_CONTROL cannot query the owner of the "
        "pipe.",
        "GetKernelObjectSecurity") {
  char text[NP_SID_TEXT_BYTES_MAX];
  HANDLE handle;

  server_listen(f);
  handle = raw_client(f, FILE_READ_DATA | FILE_WRITE_DATA |
                             FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES);
  assert_np_ok(np_pipe_adopt(f->loop, handle, &f->client));
  raw_release(f, handle);
  assert_np_error(np_pipe_peer_user(f->client, text, sizeof(text)),
                  ERROR_ACCESS_DENIED);
}

NP_CASE("identity/user-memory", np_pipe_peer_user, END_CLIENT,
        ERROR_NOT_ENOUGH_MEMORY,
        "A client without memory for the answer gets ERROR_NOT_ENOUGH_MEMORY, "
        "and can ask again.",
        "npipe/security.h") {
  char text[NP_SID_TEXT_BYTES_MAX];

  pair_open(f);
  f->allocator.is_out = true;
  assert_np_error(np_pipe_peer_user(f->end, text, sizeof(text)),
                  ERROR_NOT_ENOUGH_MEMORY);
  f->allocator.is_out = false;
  assert_np_ok(np_pipe_peer_user(f->end, text, sizeof(text)));
}

NP_CASE("identity/user-null", np_pipe_peer_user, BOTH_ENDS,
        ERROR_INVALID_PARAMETER,
        "Without a pipe or without a buffer, np_pipe_peer_user is refused.",
        "npipe/security.h") {
  char text[NP_SID_TEXT_BYTES_MAX];

  pair_open(f);
  assert_invalid(np_pipe_peer_user(NULL, text, sizeof(text)));
  assert_invalid(np_pipe_peer_user(f->end, NULL, sizeof(text)));
}

NP_CASE("identity/user-closing", np_pipe_peer_user, BOTH_ENDS,
        ERROR_INVALID_HANDLE,
        "A pipe that is being closed refuses the query for the peer's user.",
        "npipe/security.h") {
  char text[NP_SID_TEXT_BYTES_MAX];
  np_pipe *pipe;

  acquainted(f);
  pipe = f->end;
  pipe_close(f, pipe);
  assert_np_error(np_pipe_peer_user(pipe, text, sizeof(text)),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("identity/computer-local", np_pipe_peer_computer, NO_MODE,
        ERROR_PIPE_LOCAL, "A client on this machine has no computer name.",
        "GetNamedPipeClientComputerName") {
  char name[64];

  acquainted(f);
  assert_np_error(np_pipe_peer_computer(f->server, name, sizeof(name)),
                  ERROR_PIPE_LOCAL);
}

NP_CASE("identity/computer-unknown", np_pipe_peer_computer, NO_MODE,
        ERROR_CALL_NOT_IMPLEMENTED,
        "If kernel32 has no function for the computer's name, the call is "
        "refused and no other function is called.",
        "npipe/security.h") {
  char name[64];

  acquainted(f);
  assert_np_error(np_pipe_peer_computer(f->server, name, sizeof(name)),
                  ERROR_CALL_NOT_IMPLEMENTED);
}

NP_CASE("identity/computer-null", np_pipe_peer_computer, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A client end, a NULL pipe and a NULL buffer are refused.",
        "npipe/security.h") {
  char name[64];

  acquainted(f);
  assert_invalid(np_pipe_peer_computer(f->client, name, sizeof(name)));
  assert_invalid(np_pipe_peer_computer(NULL, name, sizeof(name)));
  assert_invalid(np_pipe_peer_computer(f->server, NULL, sizeof(name)));
  assert_invalid(np_pipe_peer_computer(f->server, name, 0));
}

NP_CASE("identity/computer-closing", np_pipe_peer_computer, NO_MODE,
        ERROR_INVALID_HANDLE,
        "A pipe that is being closed refuses the query for the peer's "
        "computer.",
        "npipe/security.h") {
  char name[64];
  np_pipe *pipe;

  acquainted(f);
  pipe = f->server;
  pipe_close(f, pipe);
  assert_np_error(np_pipe_peer_computer(pipe, name, sizeof(name)),
                  ERROR_INVALID_HANDLE);
}
