/* The identity of the peer: process, session, user and computer. Process and
 * session ids are hints; only the user is proven by Windows. */
#include "identity.h"

#include <npipe/security.h>

#include <limits.h>
#include <string.h>

#include "impersonate.h"
#include "pipe.h"
#include "descriptor.h"
#include "token.h"
#include "trust.h"

/* A NetBIOS or DNS name with its NUL. */
#define COMPUTER_UNITS_MAX 256

/* GetNamedPipeClientComputerNameW; `size` counts bytes. */
typedef BOOL(WINAPI *computer_name_fn)(HANDLE pipe, LPWSTR name, ULONG size);

static np_error check(const np_pipe *pipe, const void *out) {
  if (pipe == NULL || out == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  return np__target_is_gone(&pipe->target) ? ERROR_INVALID_HANDLE : NP_OK;
}

static np_error ask_id(np_pipe *pipe, uint32_t *id,
                       BOOL(WINAPI *of_client)(HANDLE, PULONG),
                       BOOL(WINAPI *of_server)(HANDLE, PULONG)) {
  np_error error = check(pipe, id);
  ULONG answer = 0;

  if (error != NP_OK) {
    return error;
  }
  if (!(pipe->end == NP_SERVER ? of_client : of_server)(pipe->target.handle,
                                                        &answer)) {
    return GetLastError();
  }
  *id = answer;
  return NP_OK;
}

np_error np_pipe_peer_process_id(np_pipe *pipe, uint32_t *id) {
  return ask_id(pipe, id, GetNamedPipeClientProcessId,
                GetNamedPipeServerProcessId);
}

np_error np_pipe_peer_session_id(np_pipe *pipe, uint32_t *id) {
  return ask_id(pipe, id, GetNamedPipeClientSessionId,
                GetNamedPipeServerSessionId);
}

/* token_of_client opens the token of the client of `server`. After NP_OK the
 * caller closes it. */
static np_error token_of_client(HANDLE *out, np_pipe *server, DWORD access) {
  HANDLE token = NULL;
  np_error error;

  error = np__impersonate(server->target.handle);
  if (error != NP_OK) {
    return error;
  }
  /* Opened as the process itself, because a client at identification level may
   * not open anything. */
  if (!OpenThreadToken(GetCurrentThread(), access, TRUE, &token)) {
    error = GetLastError();
  }
  if (!RevertToSelf()) {
    error = GetLastError();
    /* the loop tries to revert again */
    server->target.loop->impersonates = true;
  }
  if (error == NP_OK) {
    *out = token; /* Moves to the caller on success only. */
  } else if (token != NULL) {
    CloseHandle(token);
  }
  return error;
}

static np_error sid_of_client(np__sid *out, np_pipe *server) {
  HANDLE token;
  np_error error = token_of_client(&token, server, TOKEN_QUERY);

  if (error == NP_OK) {
    error = np__token_user(out, token);
    CloseHandle(token);
  }
  return error;
}

static np_error sid_of_owner(np__sid *out, const np_pipe *client) {
  np_loop *loop = client->target.loop;
  np__descriptor descriptor;
  np_error error = np__descriptor_query(
      &descriptor, loop, client->target.handle, OWNER_SECURITY_INFORMATION);

  if (error != NP_OK) {
    return error;
  }
  if (descriptor.has_owner) {
    *out = descriptor.owner;
  } else {
    error = ERROR_INVALID_OWNER;
  }
  np__descriptor_deinit(&descriptor, loop);
  return error;
}

np_error np_pipe_peer_user(np_pipe *pipe, char *text, size_t size) {
  np_error error = check(pipe, text);
  np__sid sid;

  if (error == NP_OK) {
    error = pipe->end == NP_SERVER ? sid_of_client(&sid, pipe)
                                   : sid_of_owner(&sid, pipe);
  }
  return error == NP_OK ? np__sid_text(&sid, text, size) : error;
}

/* check_server: only a server has a client whose token it can get. */
static np_error check_server(const np_pipe *pipe, const void *out) {
  const np_error error = check(pipe, out);

  return error == NP_OK && pipe->end != NP_SERVER ? ERROR_INVALID_PARAMETER
                                                  : error;
}

np_error np_pipe_peer_token(np_pipe *server, HANDLE *token) {
  const np_error error = check_server(server, token);

  return error == NP_OK
             ? token_of_client(token, server, TOKEN_QUERY | TOKEN_DUPLICATE)
             : error;
}

/* describe writes what `token` says about its process. */
static np_error describe(np_peer *peer, HANDLE token) {
  np__token facts;
  np_error error = np__token_take(&facts, token);

  peer->integrity = facts.integrity;
  if (error == NP_OK) {
    error = np__token_logon(peer, token);
  }
  if (error == NP_OK) {
    error = np__sid_text(&facts.user, peer->user, sizeof peer->user);
  }
  if (error == NP_OK && facts.is_app) {
    error = np__sid_text(&facts.package, peer->app_container,
                         sizeof peer->app_container);
  }
  return error;
}

np_error np_pipe_peer(np_pipe *server, np_peer *peer) {
  np_error error = check_server(server, peer);
  np_peer answer = {.size = sizeof answer};
  HANDLE token;

  if (error == NP_OK && peer->size != sizeof *peer) {
    error = ERROR_INVALID_PARAMETER;
  }
  if (error == NP_OK) {
    error = token_of_client(&token, server, TOKEN_QUERY);
  }
  if (error != NP_OK) {
    return error;
  }
  error = describe(&answer, token);
  CloseHandle(token);
  if (error == NP_OK) {
    *peer = answer;
  }
  return error;
}

np_error np_pipe_peer_computer(np_pipe *pipe, char *name, size_t size) {
  np_error error = check_server(pipe, name);
  WCHAR wide[COMPUTER_UNITS_MAX];
  computer_name_fn computer_name;
  FARPROC found;

  if (error != NP_OK) {
    return error;
  }
  if (size == 0) {
    return ERROR_INVALID_PARAMETER;
  }
  /* Only kernel32: the function of this name in Wine's kernelbase ends the
   * program. */
  found = GetProcAddress(GetModuleHandleW(L"kernel32.dll"),
                         "GetNamedPipeClientComputerNameW");
  if (found == NULL) {
    return ERROR_CALL_NOT_IMPLEMENTED;
  }
  memcpy(&computer_name, &found, sizeof computer_name);
  if (!computer_name(pipe->target.handle, wide, sizeof wide)) {
    return GetLastError();
  }
  wide[COMPUTER_UNITS_MAX - 1] = 0;
  return WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide, -1, name,
                             size < INT_MAX ? (int)size : INT_MAX, NULL,
                             NULL) > 0
             ? NP_OK
             : GetLastError();
}

np_error np__identity_verify(np_loop *loop, HANDLE pipe,
                             const np_client_options *options,
                             const np__sid *owner) {
  ULONG process_id = 0;
  np_error error = NP_OK;

  if (options->verify_process_id != 0) {
    if (!GetNamedPipeServerProcessId(pipe, &process_id)) {
      return GetLastError();
    }
    if (process_id != options->verify_process_id) {
      return ERROR_WRONG_TARGET_NAME;
    }
  }
  if (owner != NULL || options->verify_access || options->verify_same_user) {
    error = np__trust_server(loop, pipe, owner, options->verify_same_user,
                             options->verify_access);
  }
  return error;
}
