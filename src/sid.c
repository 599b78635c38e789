#include "sid.h"

#include <string.h>

np_error np__sid_of_token(np__sid *out, HANDLE token) {
  union {
    TOKEN_USER user;
    BYTE bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
  } answer;
  DWORD size = 0;

  if (!GetTokenInformation(token, TokenUser, &answer, sizeof answer, &size)) {
    return GetLastError();
  }
  memcpy(out, answer.user.User.Sid, GetLengthSid(answer.user.User.Sid));
  return NP_OK;
}

np_error np__sid_of_caller(np__sid *out) {
  HANDLE token = NULL;
  np_error error;

  /* As the process itself: whom a thread impersonates need not be allowed to
   * look at its own token. */
  if (!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token)) {
    error = GetLastError();
    if (error != ERROR_NO_TOKEN) {
      return error;
    }
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
      return GetLastError();
    }
  }
  error = np__sid_of_token(out, token);
  CloseHandle(token);
  return error;
}
