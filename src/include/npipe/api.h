/* Linkage of the public functions, shared by all public headers. */
#ifndef NPIPE_API_H
#define NPIPE_API_H

/* NP_API marks what the library exports. Those who link with npipe.dll define
 * NP_SHARED: the target npipe::shared and the pkg-config file `npipe` do so. */
#if defined(NP_BUILD_SHARED)
#define NP_API __declspec(dllexport)
#elif defined(NP_SHARED)
#define NP_API __declspec(dllimport)
#else
#define NP_API
#endif

#endif
