/* Tokens: whom a thread acts as. */
#ifndef NPIPE_SRC_TOKEN_H
#define NPIPE_SRC_TOKEN_H

#include <stdbool.h>
#include <stdint.h>
#include <windows.h>

#include <npipe/error.h>

#include "sid.h"

/* What a token says about a process. `integrity` is its level: 0x1000 is low,
 * 0x2000 medium. `package` is set where the process is in an app container. */
typedef struct np__token {
  np__sid user;
  uint32_t integrity;
  bool is_app;
  np__sid package;
} np__token;

/* np__token_user writes the user of `token`, which allows TOKEN_QUERY. Returns
 * NP_OK, ERROR_INVALID_SID or what Windows said. */
np_error np__token_user(np__sid *out, HANDLE token);

/* np__token_of_caller tells whom the calling thread acts as: whom it
 * impersonates, else the process. Returns what np__token_user returns. */
np_error np__token_of_caller(np__token *out);

#endif
