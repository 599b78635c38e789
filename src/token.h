/* Tokens: the identity with which a thread acts. */
#ifndef NPIPE_SRC_TOKEN_H
#define NPIPE_SRC_TOKEN_H

#include <stdbool.h>
#include <stdint.h>
#include <windows.h>

#include <npipe/error.h>
#include <npipe/security.h>

#include "sid.h"

/* The identity in a token. `integrity` is its level: 0x1000 is low, 0x2000
 * medium. `package` is set if the process runs in an app container. */
typedef struct np__token {
  np__sid user;
  uint32_t integrity;
  bool is_app;
  np__sid package;
} np__token;

/* np__token_user writes the user of `token`, which must allow TOKEN_QUERY.
 * Returns NP_OK, ERROR_INVALID_SID or the error of Windows. */
np_error np__token_user(np__sid *out, HANDLE token);

/* np__token_take writes the identity in `token`, which must allow TOKEN_QUERY.
 * Returns the errors of np__token_user. */
np_error np__token_take(np__token *out, HANDLE token);

/* np__token_logon writes the session, the logon and the elevation of `token` to
 * `peer`. Returns NP_OK or the error of Windows. */
np_error np__token_logon(np_peer *peer, HANDLE token);

/* np__token_of_caller writes the identity of the calling thread: the
 * impersonated one, else that of the process. Returns the errors of
 * np__token_user. */
np_error np__token_of_caller(np__token *out);

#endif
