/* Variants of a case: their names, and the globs that select them. */
#include "runner/variant.h"
#include "runner/registry.h"
#include "case.h"

#include <stdio.h>
#include <string.h>

size_t variant_list(unsigned modes, unsigned out[VARIANTS_MAX]) {
  static const unsigned mode_bits[] = {MODE_BYTE, MODE_MESSAGE,
                                       MODE_MESSAGE_BYTE};
  static const unsigned end_bits[] = {END_SERVER, END_CLIENT};
  size_t count = 0;

  for (size_t m = 0; m < 3; m++) {
    if ((modes & (unsigned)ANY_MODE) != 0 && (modes & mode_bits[m]) == 0) {
      continue;
    }
    for (size_t e = 0; e < 2; e++) {
      if ((modes & end_bits[e]) != 0) {
        out[count++] = (modes & mode_bits[m]) | end_bits[e];
      }
    }
    if ((modes & (unsigned)BOTH_ENDS) == 0) {
      out[count++] = modes & mode_bits[m];
    }
    if ((modes & (unsigned)ANY_MODE) == 0) {
      break;
    }
  }
  return count;
}

void variant_name(unsigned variant, char out[VARIANT_NAME_BYTES_MAX]) {
  const char *mode = "";
  const char *end = "";

  if ((variant & (unsigned)MODE_BYTE) != 0) {
    mode = "byte";
  } else if ((variant & (unsigned)MODE_MESSAGE) != 0) {
    mode = "message";
  } else if ((variant & (unsigned)MODE_MESSAGE_BYTE) != 0) {
    mode = "message-byte";
  }
  if ((variant & (unsigned)END_SERVER) != 0) {
    end = "server";
  } else if ((variant & (unsigned)END_CLIENT) != 0) {
    end = "client";
  }
  snprintf(out, VARIANT_NAME_BYTES_MAX, "%s%s%s", mode,
           mode[0] != '\0' && end[0] != '\0' ? "-" : "", end);
}

void variant_label(const char *id, unsigned variant,
                   char out[VARIANT_LABEL_BYTES_MAX]) {
  char name[VARIANT_NAME_BYTES_MAX];

  variant_name(variant, name);
  snprintf(out, VARIANT_LABEL_BYTES_MAX, "%.*s%s%s", REGISTRY_ID_BYTES_MAX, id,
           name[0] != '\0' ? "@" : "", name);
}

/* glob_matches compares without recursion: after a mismatch, the last '*' takes
 * one more character. */
static bool glob_matches(const char *glob, const char *text) {
  const char *star = NULL;
  const char *star_text = NULL;

  while (*text != '\0') {
    if (*glob == '*') {
      star = glob++;
      star_text = text;
    } else if (*glob == '?' || *glob == *text) {
      glob++;
      text++;
    } else if (star != NULL) {
      glob = star + 1;
      text = ++star_text;
    } else {
      return false;
    }
  }
  while (*glob == '*') {
    glob++;
  }
  return *glob == '\0';
}

/* begins_otherwise returns true if `glob` matches no text that begins with the
 * id, because its first characters are others. A label is longer than the id:
 * '@' comes next. */
static bool begins_otherwise(const char *glob, const char *id) {
  while (*glob == *id && *glob != '\0') {
    glob++;
    id++;
  }
  return *glob != '\0' && *glob != '*' && *glob != '?' && *id != '\0';
}

bool variant_matches(const char *glob, const char *id, unsigned variant) {
  char label[VARIANT_LABEL_BYTES_MAX];

  if (begins_otherwise(glob, id)) {
    return false; /* Most globs. A label takes time to make. */
  }
  variant_label(id, variant, label);
  return glob_matches(glob, label) || glob_matches(glob, id);
}

bool area_matches(const char *glob, const char *id) {
  char area[REGISTRY_ID_BYTES_MAX];

  snprintf(area, sizeof(area), "%.*s", (int)area_length(id), id);
  return glob_matches(glob, area);
}

size_t area_length(const char *id) {
  const char *slash = strrchr(id, '/');

  return slash != NULL ? (size_t)(slash - id) : strlen(id);
}
