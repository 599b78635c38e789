/* Names of pipes. */
#ifndef NPIPE_SRC_NAME_H
#define NPIPE_SRC_NAME_H

#include <stdbool.h>
#include <windows.h>

#include <npipe/error.h>

/* The longest name in UTF-16 units, its prefix included, without the NUL.
 * Source: CreateNamedPipe, lpName ("up to 256 characters") */
#define NP__NAME_UNITS_MAX 256

typedef struct np__name {
  WCHAR text[NP__NAME_UNITS_MAX + 1];
} np__name;

/* np__name_parse checks `name` and turns it into UTF-16. A server's must be on
 * this machine: `\\.\pipe\NAME`; a client's may be on another:
 * `\\HOST\pipe\NAME`.
 *
 * Returns NP_OK, ERROR_INVALID_PARAMETER (NULL), ERROR_NO_UNICODE_TRANSLATION,
 * ERROR_FILENAME_EXCED_RANGE or ERROR_INVALID_NAME. */
np_error np__name_parse(np__name *out, const char *name, bool local_only);

/* np__name_in_root returns the part of `name` that follows `\\.\pipe\`, or NULL
 * when it may be on another machine. */
const WCHAR *np__name_in_root(const np__name *name);

/* np__name_is_equal compares exactly, with case. */
bool np__name_is_equal(const np__name *a, const np__name *b);

#endif
