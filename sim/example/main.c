/* The test as a program, for Windows and for npsim-explore. */
#include "test.h"

#include <stdio.h>

int main(void) {
  int failed = service_test();

  printf("%d failed\n", failed);
  return failed > 0 ? 1 : 0;
}
