/* A variant: one member of a case's set of modes and ends. */
#ifndef NPIPE_CONFORMANCE_RUNNER_VARIANT_H
#define NPIPE_CONFORMANCE_RUNNER_VARIANT_H

#include <stdbool.h>
#include <stddef.h>

enum {
  VARIANTS_MAX = 6,             /* three modes, two ends                     */
  VARIANT_NAME_BYTES_MAX = 24,  /* "message-byte-server"                     */
  VARIANT_LABEL_BYTES_MAX = 160 /* an id, '@' and a name                     */
};

/* variant_list writes the variants of the set `modes` and returns their number.
 * An empty set has one variant, 0. */
size_t variant_list(unsigned modes, unsigned out[VARIANTS_MAX]);

/* variant_name writes "byte-server", "message", "client" or, for 0, "". */
void variant_name(unsigned variant, char out[VARIANT_NAME_BYTES_MAX]);

/* variant_label writes "id@name", or only "id" for the variant 0. */
void variant_label(const char *id, unsigned variant,
                   char out[VARIANT_LABEL_BYTES_MAX]);

/* variant_matches returns true if `glob` ('*' any text, '?' one character)
 * matches the case's id or the run's label. */
bool variant_matches(const char *glob, const char *id, unsigned variant);

/* area_matches returns true if `glob` matches the area of `id`. */
bool area_matches(const char *glob, const char *id);

/* area_length returns the length of the area in `id`: all characters before the
 * last '/'. */
size_t area_length(const char *id);

#endif
