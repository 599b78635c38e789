/* Errors: the Win32 system error codes themselves. Nothing is mapped, so what
 * the Windows pages say about a code holds. */
#ifndef NPIPE_ERROR_H
#define NPIPE_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include <npipe/api.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A Win32 system error code; NP_OK is ERROR_SUCCESS.
 *
 * Source:  System Error Codes
 *          learn.microsoft.com/windows/win32/debug/system-error-codes
 */
typedef uint32_t np_error;

#define NP_OK ((np_error)0)

/* NP_WOULD_BLOCK: a call that never waits would have to wait. It is
 * WSAEWOULDBLOCK, which no pipe function of Windows uses for anything else. */
#define NP_WOULD_BLOCK ((np_error)10035)

/* np_error_name returns the name of `error` as the Windows headers spell it,
 * for example "ERROR_BROKEN_PIPE". The names of NP_OK and NP_WOULD_BLOCK are
 * "NP_OK" and "NP_WOULD_BLOCK". A code that no pipe call is known to give may
 * have no name: the result is then "ERROR_?". Print the number `error` beside
 * the name. The result is a static string, never NULL.
 *
 * Thread:  any.
 */
NP_API const char *np_error_name(np_error error);

/* np_error_text returns one English sentence about `error` as it concerns a
 * pipe, without a full stop. The library does not ask Windows for it, so the
 * sentence is the same on each system and in each language. A code without a
 * name has the sentence "Windows reported another error": print the number,
 * too. The result is a static string, never NULL.
 *
 * Thread:  any.
 */
NP_API const char *np_error_text(np_error error);

/* np_is_eof returns true if `error` from a read is the regular end of the
 * stream: the peer closed its end, and all that it had written was read
 * (ERROR_BROKEN_PIPE). A server's disconnect is ERROR_PIPE_NOT_CONNECTED and is
 * no end of stream: unread data was thrown away.
 *
 * Thread:  any.
 * Source:  ReadFile, Remarks (Pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-readfile
 */
NP_API bool np_is_eof(np_error error);

/* np_is_retryable returns true if the same call may succeed a little later
 * although the caller changes nothing: ERROR_PIPE_BUSY (all instances are
 * taken), NP_WOULD_BLOCK, and the kernel's momentary lack of memory or quota
 * (ERROR_NO_SYSTEM_RESOURCES, ERROR_NOT_ENOUGH_QUOTA,
 * ERROR_WORKING_SET_QUOTA, ERROR_NOT_ENOUGH_MEMORY). ERROR_FILE_NOT_FOUND is
 * not among them: only the caller knows whether a server will create the name.
 *
 * Thread:  any.
 */
NP_API bool np_is_retryable(np_error error);

#ifdef __cplusplus
}
#endif

#endif
