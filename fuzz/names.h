/* A naive judge of pipe names, for names_options alone: it finds UTF-8 by the
 * table of RFC 3629, and folds paths and compares in bytes. */
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

/* The longest name that is judged, with its NUL. */
#define NAMES_BYTES_MAX 1400

/* names_meaning finds the pipe that the path `name`, which is UTF-8, leads to:
 * two spellings of one name have one `pipe`. `*is_host`: it goes by the
 * network. False: it is no path of a pipe. */
bool names_meaning(const char *name, char pipe[NAMES_BYTES_MAX], bool *is_host);

#endif
