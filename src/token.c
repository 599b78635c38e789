/* Queries of a token: its user, its integrity level, its app container and its
 * logon. An answer with a SID is a pointer into the same buffer; the SID is
 * copied only if it lies in the buffer. */
#include "token.h"

#include <string.h>

/* Windows 8 and later know these classes by these numbers. */
#define IS_APP_CONTAINER  ((TOKEN_INFORMATION_CLASS)29)
#define APP_CONTAINER_SID ((TOKEN_INFORMATION_CLASS)31)

/* The answer of each class begins with the pointer to the SID. */
typedef union sid_answer {
  PSID sid;
  TOKEN_USER user;
  TOKEN_MANDATORY_LABEL label;
  BYTE bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
} sid_answer;

/* ask_sid queries one SID. */
static np_error ask_sid(np__sid *out, HANDLE token,
                        TOKEN_INFORMATION_CLASS which) {
  DWORD size = 0;
  size_t offset;
  sid_answer answer;

  memset(&answer, 0, sizeof answer);
  if (!GetTokenInformation(token, which, &answer, sizeof answer, &size)) {
    return GetLastError();
  }
  offset = (uintptr_t)answer.sid - (uintptr_t)&answer;
  return offset < sizeof answer
             ? np__sid_take(out, answer.bytes + offset, sizeof answer - offset)
             : ERROR_INVALID_SID;
}

np_error np__token_user(np__sid *out, HANDLE token) {
  return ask_sid(out, token, TokenUser);
}

static np_error ask_integrity(uint32_t *out, HANDLE token) {
  np__sid sid;
  np_error error = ask_sid(&sid, token, TokenIntegrityLevel);

  return error == NP_OK ? np__sid_level(out, &sid) : error;
}

/* ask_package asks for the SID only in an app container. Elsewhere there is
 * none, and Wine 10 fails to tell that to a 32-bit program in its new WoW64. */
static np_error ask_package(np__token *out, HANDLE token) {
  DWORD is_app = 0;
  DWORD size = 0;
  np_error error;

  if (!GetTokenInformation(token, IS_APP_CONTAINER, &is_app, sizeof is_app,
                           &size)) {
    error = GetLastError();
    /* Windows 7 does not know this class. */
    return error == ERROR_INVALID_PARAMETER ? NP_OK : error;
  }
  if (is_app == 0) {
    return NP_OK;
  }
  error = ask_sid(&out->package, token, APP_CONTAINER_SID);
  out->is_app = error == NP_OK;
  return error;
}

np_error np__token_take(np__token *out, HANDLE token) {
  np_error error;

  memset(out, 0, sizeof *out);
  error = np__token_user(&out->user, token);
  if (error == NP_OK) {
    error = ask_integrity(&out->integrity, token);
  }
  if (error == NP_OK) {
    error = ask_package(out, token);
  }
  return error;
}

np_error np__token_logon(np_peer *peer, HANDLE token) {
  TOKEN_STATISTICS statistics;
  TOKEN_ELEVATION elevation;
  DWORD session_id = 0;
  DWORD size = 0;

  if (!GetTokenInformation(token, TokenStatistics, &statistics,
                           sizeof statistics, &size) ||
      !GetTokenInformation(token, TokenElevation, &elevation, sizeof elevation,
                           &size) ||
      !GetTokenInformation(token, TokenSessionId, &session_id,
                           sizeof session_id, &size)) {
    return GetLastError();
  }
  peer->logon_id = (uint64_t)(uint32_t)statistics.AuthenticationId.HighPart
                       << 32 |
                   statistics.AuthenticationId.LowPart;
  peer->is_elevated = elevation.TokenIsElevated != 0;
  peer->session_id = session_id;
  return NP_OK;
}

static np_error open_callers(HANDLE *token) {
  np_error error;

  /* Opened as the process itself, because an impersonated user need not have
   * the right to open its own token. */
  if (OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, token)) {
    return NP_OK;
  }
  error = GetLastError();
  if (error != ERROR_NO_TOKEN) {
    return error;
  }
  return OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, token)
             ? NP_OK
             : GetLastError();
}

np_error np__token_of_caller(np__token *out) {
  HANDLE token = NULL;
  np_error error = open_callers(&token);

  if (error != NP_OK) {
    return error;
  }
  error = np__token_take(out, token);
  CloseHandle(token);
  return error;
}
