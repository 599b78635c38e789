/* A naive judge of pipe names, for names_options alone: it finds UTF-8 by the
 * table of RFC 3629 and compares prefixes in bytes. */
#ifndef NPIPE_FUZZ_NAMES_H
#define NPIPE_FUZZ_NAMES_H

#include <npipe/npipe.h>

#include "fuzz.h"

/* names_judge returns what a name is refused with, or NP_OK; `is_local`: it
 * must be one of this machine. A name that is too long and no UTF-8 may be
 * refused for either: `*also` is the other reason then, else the same. */
np_error names_judge(const char *name, bool is_local, np_error *also);

/* names_utf16_of_utf8 tells whether the text is UTF-8, and its UTF-16 units. */
bool names_utf16_of_utf8(const char *text, size_t *units);

/* names_equal tells whether two ASCII names are the same but for case. */
bool names_equal(const char *a, const char *b);

#endif
