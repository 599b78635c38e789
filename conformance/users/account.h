/* Local accounts for a run of the suite. */
#ifndef NPIPE_CONFORMANCE_ACCOUNT_H
#define NPIPE_CONFORMANCE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include <windows.h>

enum { PASSWORD_UNITS_MAX = 32 };

/* password_draw fills `out` with a random password that satisfies any
 * complexity policy. It returns false if no randomness is available. */
bool password_draw(wchar_t out[PASSWORD_UNITS_MAX]);

/* account_add creates the local user `name`, a member of Users. An account of
 * this name that an earlier run left is removed first. An account of other
 * origin stays, and the result is ERROR_ALREADY_EXISTS. It returns NO_ERROR or
 * the error of Windows; on failure nothing is left behind. */
DWORD account_add(const wchar_t *name, const wchar_t *password);

/* account_remove removes the user `name`, which account_add created. */
DWORD account_remove(const wchar_t *name);

#endif
