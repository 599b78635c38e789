/* The version of the library. */
#ifndef NPIPE_VERSION_H
#define NPIPE_VERSION_H

#include <npipe/api.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the headers. A program can compare these at compile time. */
#define NP_VERSION_MAJOR 0
#define NP_VERSION_MINOR 1
#define NP_VERSION_PATCH 0

/* np_version returns the version of the library that is linked, as
 * "major.minor.patch": a static string, never NULL. With the DLL it may differ
 * from NP_VERSION_*, which are those of the headers.
 *
 * Thread:  any.
 */
NP_API const char *np_version(void);

#ifdef __cplusplus
}
#endif

#endif
