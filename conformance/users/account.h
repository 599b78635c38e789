/* Local accounts for a run of the suite. */
#ifndef NPIPE_CONFORMANCE_ACCOUNT_H
#define NPIPE_CONFORMANCE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include <windows.h>

enum { PASSWORD_UNITS_MAX = 32 };

/* password_draw fills `out` with a random password that any policy of
 * complexity takes. False where there is no randomness. */
bool password_draw(wchar_t out[PASSWORD_UNITS_MAX]);

/* account_add makes the local user `name`, a member of Users. An account of
 * that name which an earlier run has left is removed first; one that somebody
 * else made stays, and is ERROR_ALREADY_EXISTS. NO_ERROR or what Windows says;
 * nothing is left behind on failure. */
DWORD account_add(const wchar_t *name, const wchar_t *password);

/* account_remove removes the user `name` that account_add made. */
DWORD account_remove(const wchar_t *name);

#endif
