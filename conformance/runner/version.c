/* The comparison of a version with `< VERSION` and the like of an expectation.
 * A version is compared only in the parts that the expectation names. */
#include "runner/version.h"

#include <stdlib.h>
#include <string.h>

enum { VERSION_PARTS_MAX = 4 };

/* version_parse reads "10.0.19043" or "8.0-rc1 (Debian)" as numbers, and
 * returns false if there is no number. It ignores the rest of the text; missing
 * parts are 0. */
static bool version_parse(const char *s, unsigned long parts[],
                          const char **rest) {
  memset(parts, 0, VERSION_PARTS_MAX * sizeof(parts[0]));
  for (size_t i = 0; i < VERSION_PARTS_MAX; i++) {
    char *end = NULL;

    if (*s < '0' || *s > '9') {
      return false;
    }
    parts[i] = strtoul(s, &end, 10);
    s = end;
    *rest = s;
    if (*s != '.') {
      break;
    }
    s++;
  }
  return true;
}

/* version_compare compares only the parts that `wanted` names, so 10.0.19043 is
 * "= 10". */
static int version_compare(const unsigned long have[],
                           const unsigned long wanted[], const char *text) {
  size_t i = 0;

  for (;;) {
    if (have[i] != wanted[i]) {
      return have[i] < wanted[i] ? -1 : 1;
    }
    text = strchr(text, '.');
    if (text == NULL || ++i == VERSION_PARTS_MAX) {
      return 0;
    }
    text++;
  }
}

bool version_matches(const char *have_text, const char *sign,
                     const char *wanted_text, bool *matches) {
  static const char *const signs[] = {"<", "<=", ">", ">=", "="};
  unsigned long have[VERSION_PARTS_MAX];
  unsigned long wanted[VERSION_PARTS_MAX];
  const char *rest = "";
  bool is_sign = false;
  int order;

  for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
    is_sign = is_sign || strcmp(sign, signs[i]) == 0;
  }
  if (!is_sign || !version_parse(wanted_text, wanted, &rest) || *rest != '\0') {
    return false;
  }
  *matches = false;
  if (!version_parse(have_text, have, &rest)) {
    return true; /* No number matches no version. */
  }
  order = version_compare(have, wanted, wanted_text);
  *matches = (strchr(sign, '=') != NULL && order == 0) ||
             (sign[0] == '<' && order < 0) || (sign[0] == '>' && order > 0);
  return true;
}
