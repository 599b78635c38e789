/* The test under thousands of schedules, in one process: far faster than
 * npsim-explore. */
#include "test.h"

#include <sim/explore.h>

int main(int count, char **words) {
  return sim_explore(count, words, service_test);
}
