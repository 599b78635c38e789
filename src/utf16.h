/* Strict conversion from UTF-8 to UTF-16: malformed text is an error. */
#ifndef NPIPE_SRC_UTF16_H
#define NPIPE_SRC_UTF16_H

#include <stddef.h>
#include <windows.h>

#include <npipe/error.h>

/* np__utf16_from_utf8 writes `text` and a NUL to `out`, which has room for
 * `capacity` units. `units`, without the NUL, is set on success only.
 *
 * Returns NP_OK, ERROR_NO_UNICODE_TRANSLATION, or ERROR_INSUFFICIENT_BUFFER,
 * after which `out` holds as much as fitted. */
np_error np__utf16_from_utf8(const char *text, WCHAR *out, size_t capacity,
                             size_t *units);

#endif
