#include "sid.h"

#include <sddl.h>
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

np_error np__sid_of_owner(np__sid *out, HANDLE handle) {
  union {
    SECURITY_DESCRIPTOR_RELATIVE header;
    BYTE bytes[sizeof(SECURITY_DESCRIPTOR_RELATIVE) + SECURITY_MAX_SID_SIZE];
  } answer;
  BOOL is_default = FALSE;
  PSID owner = NULL;
  DWORD size = 0;

  if (!GetKernelObjectSecurity(handle, OWNER_SECURITY_INFORMATION, &answer,
                               sizeof answer, &size) ||
      !GetSecurityDescriptorOwner(&answer, &owner, &is_default)) {
    return GetLastError();
  }
  if (owner == NULL) {
    return ERROR_INVALID_OWNER;
  }
  memcpy(out, owner, GetLengthSid(owner));
  return NP_OK;
}

np_error np__sid_text(np__sid *sid, char *text, size_t size) {
  WCHAR *wide = NULL;
  size_t length = 0;
  np_error error = NP_OK;

  if (!ConvertSidToStringSidW(sid, &wide)) {
    return GetLastError();
  }
  while (wide[length] != 0) {
    length++;
  }
  if (length < size) {
    for (size_t i = 0; i <= length; i++) {
      text[i] = (char)wide[i]; /* All of it is ASCII. */
    }
  } else {
    error = ERROR_INSUFFICIENT_BUFFER;
  }
  LocalFree(wide);
  return error;
}
