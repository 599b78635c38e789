/* A case that loses memory: AddressSanitizer, in a build with it, reports the
 * leak with this case. */
#include "../selftest.h"

#include <stdlib.h>

static void *volatile lost;

SELFTEST_CASE("lost/memory", NO_MODE) {
  (void)f;
  /* The address of the last block may still be on the stack. */
  for (int i = 0; i < 10; i++) {
    lost = malloc(100);
    assert_non_null(lost);
  }
  lost = NULL;
}

SELFTEST_CASE("lost/nothing", NO_MODE) {
  (void)f;
  lost = malloc(100);
  assert_non_null(lost);
  free(lost);
  lost = NULL;
}
