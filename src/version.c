/* The version of the library, as it was compiled. The numbers stand in
 * npipe/version.h, where a program finds the version that it was compiled
 * with. */
#include <npipe/version.h>

#define TEXT_OF_(number) #number
#define TEXT_OF(number)  TEXT_OF_(number)

const char *np_version(void) {
  return TEXT_OF(NP_VERSION_MAJOR) "." TEXT_OF(NP_VERSION_MINOR) "." TEXT_OF(
      NP_VERSION_PATCH);
}
