/* Linkage of the public functions, shared by all public headers. */
#ifndef NPIPE_API_H
#define NPIPE_API_H

/* <windows.h> without <winsock.h>, so that <winsock2.h> may follow or come
 * first. Whoever needs the old <winsock.h> includes it before or after.
 *
 * Source:  Creating a Basic Winsock Application
 *          learn.microsoft.com/windows/win32/winsock/creating-a-basic-winsock-application
 */
#ifdef _WINSOCKAPI_
#include <windows.h>
#else
#define _WINSOCKAPI_ /* NOLINT(bugprone-reserved-identifier) */
#include <windows.h>
#undef _WINSOCKAPI_
#endif

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
