/* Names of pipes. */
#ifndef NPIPE_SRC_NAME_H
#define NPIPE_SRC_NAME_H

#include <stdbool.h>
#include <windows.h>

#include <npipe/error.h>

/* The longest name in UTF-16 units, its prefix included, without the NUL.
 * Source: CreateNamedPipe, lpName ("up to 256 characters") */
#define NP__NAME_UNITS_MAX 256

/* A name in the one spelling that np__name_parse made: `\\?\pipe\NAME`, which
 * Windows takes as it stands, or another way to the pipes of this machine
 * behind `\\?\`. A name of another machine, `\\HOST\pipe\NAME`, is kept as it
 * was given. */
typedef struct np__name {
  WCHAR text[NP__NAME_UNITS_MAX + 1];
} np__name;

/* np__name_parse checks `name` and turns it into UTF-16 and into one spelling.
 * `local_only`: a name of another machine is refused.
 *
 * Returns NP_OK, ERROR_INVALID_PARAMETER (NULL), ERROR_NO_UNICODE_TRANSLATION,
 * ERROR_FILENAME_EXCED_RANGE, ERROR_INVALID_NAME, or an error of
 * GetFullPathName. */
np_error np__name_parse(np__name *out, const char *name, bool local_only);

/* np__name_in_root returns the part of `name` below the root of the pipes,
 * `\\.\pipe\`, or NULL if the name leads to the pipes by another way. */
const WCHAR *np__name_in_root(const np__name *name);

/* np__name_is_remote returns whether `name` goes by the network, perhaps back
 * to this machine. */
bool np__name_is_remote(const np__name *name);

/* np__name_is_equal compares as the kernel does: without case, unit by unit.
 * Two spellings of one name on this machine are equal. Two names that are equal
 * are one pipe; a name of another machine may have a spelling that is not
 * equal to it.
 *
 * Source: CompareStringOrdinal (the system's table of upper case)
 *         learn.microsoft.com/windows/win32/api/stringapiset/nf-stringapiset-comparestringordinal
 */
bool np__name_is_equal(const np__name *a, const np__name *b);

#endif
