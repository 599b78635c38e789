/* np_pipe_impersonate and np_pipe_revert. Rule: a thread impersonates at most
 * one client, and reverts before its callback returns. */
#include "impersonate.h"

#include <npipe/security.h>

#include "pipe.h"

np_error np__impersonate(HANDLE pipe) {
  HANDLE token = NULL;
  np_error error;

  /* The revert would end an earlier impersonation, so a thread that
   * impersonates already is refused. */
  if (OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token)) {
    CloseHandle(token);
    return ERROR_BUSY;
  }
  error = GetLastError();
  if (error == ERROR_CANT_OPEN_ANONYMOUS) {
    return ERROR_BUSY;
  }
  if (error != ERROR_NO_TOKEN) {
    return error;
  }
  return ImpersonateNamedPipeClient(pipe) ? NP_OK : GetLastError();
}

np_error np_pipe_impersonate(np_pipe *server) {
  np_error error;

  if (server == NULL || server->end != NP_SERVER) {
    return ERROR_INVALID_PARAMETER;
  }
  if (np__target_is_gone(&server->target)) {
    return ERROR_INVALID_HANDLE;
  }
  error = np__impersonate(server->target.handle);
  if (error == NP_OK) {
    server->target.loop->impersonates = true;
  }
  return error;
}

np_error np_pipe_revert(np_pipe *pipe) {
  np__pipe_check_thread(pipe);
  if (pipe == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  if (!RevertToSelf()) {
    return GetLastError();
  }
  pipe->target.loop->impersonates = false;
  return NP_OK;
}
