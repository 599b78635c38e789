/* Cases that leave something in the process: memory, which AddressSanitizer
 * reports with its case in a build with it, and a count, which changes the next
 * run. */
#include "../selftest.h"

#include <windows.h>

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

static unsigned runs;

SELFTEST_CASE("lost/count", NO_MODE) {
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);

  (void)f;
  if (runs++ % 2 == 1) {
    assert_true(SetEvent(event));
  }
  assert_true(CloseHandle(event));
}
