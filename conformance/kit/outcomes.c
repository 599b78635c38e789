/* The table of the errors that the public headers allow. ci/outcomes makes its
 * rows from the headers at build time. */
#include "outcomes.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <npipe/npipe.h>

enum { ERRORS_MAX = 32 };

/* For both moments: the functions of Windows whose errors are passed on ("*":
 * any function), and the errors, up to NP_OK. */
struct outcomes {
  const char *function;
  const char *passed_on[2];
  np_error errors[2][ERRORS_MAX];
};

static const struct outcomes table[] = {
#include "outcomes.inc"
};

/* The rows that were found last, by the address of the name: mostly it is a
 * literal, and the table has a hundred names. */
enum { FOUND_MAX = 64 };
static struct {
  const char *function;
  const struct outcomes *row;
} found[FOUND_MAX];

static const struct outcomes *row_of(const char *function) {
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    if (strcmp(table[i].function, function) == 0) {
      return &table[i];
    }
  }
  fprintf(stderr, "no public header has %s\n", function);
  abort();
}

static const struct outcomes *outcomes_of(const char *function) {
  const size_t at = ((uintptr_t)function >> 3) % FOUND_MAX;

  if (found[at].function != function ||
      strcmp(found[at].row->function, function) != 0) {
    found[at].row = row_of(function);
    found[at].function = function;
  }
  return found[at].row;
}

bool outcome_is_named(const char *function, enum outcome_moment moment,
                      np_error error) {
  const np_error *at = outcomes_of(function)->errors[moment];

  while (*at != NP_OK && *at != error) {
    at++;
  }
  return *at == error;
}

bool outcome_is_passed_on(const char *function, enum outcome_moment moment,
                          const char *of) {
  const char *passed_on = outcomes_of(function)->passed_on[moment];

  return strcmp(passed_on, "*") == 0 || strstr(passed_on, of) != NULL;
}

bool outcome_may_count(np_error error, size_t transferred) {
  switch (error) {
    case NP_OK:
    case ERROR_MORE_DATA:
    case ERROR_OPERATION_ABORTED:
    case WAIT_TIMEOUT:
    case ERROR_BUFFER_OVERFLOW:
    case ERROR_INSUFFICIENT_BUFFER:
      return true;
    default:
      return transferred == 0;
  }
}
