/* SIDs: who somebody is. */
#ifndef NPIPE_SRC_SID_H
#define NPIPE_SRC_SID_H

#include <stddef.h>
#include <windows.h>

#include <npipe/error.h>

/* A SID in storage of its own. */
typedef union np__sid {
  SID sid;
  BYTE bytes[SECURITY_MAX_SID_SIZE];
} np__sid;

/* np__sid_of_token writes the user of `token`, which allows TOKEN_QUERY.
 * Returns NP_OK or what Windows said. */
np_error np__sid_of_token(np__sid *out, HANDLE token);

/* np__sid_of_caller writes whom the calling thread acts as: whom it
 * impersonates, else the user of the process. Returns NP_OK or what Windows
 * said. */
np_error np__sid_of_caller(np__sid *out);

/* np__sid_of_owner writes the owner of what `handle`, which allows
 * READ_CONTROL, is a handle to. Returns NP_OK or what Windows said. */
np_error np__sid_of_owner(np__sid *out, HANDLE handle);

/* np__sid_text writes `sid` as text with a NUL, on success only. Returns NP_OK,
 * ERROR_INSUFFICIENT_BUFFER or what Windows said. */
np_error np__sid_text(np__sid *sid, char *text, size_t size);

#endif
