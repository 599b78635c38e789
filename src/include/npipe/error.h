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
 * "ERROR_BROKEN_PIPE"; "NP_OK" for 0 and "NP_WOULD_BLOCK" for that one. A code
 * that no call of a pipe is known to give may have no name here: the answer is
 * then "ERROR_?". The number is `error` itself, so print it beside the name.
 * A static string, never NULL.
 *
 * Thread:  any.
 */
NP_API const char *np_error_name(np_error error);

/* np_error_text returns one English sentence about `error` as it concerns a
 * pipe, without a full stop. It does not ask Windows, so it is the same on each
 * system and in each language. A code without a name has the sentence "Windows
 * reported another error": print the number, too. A static string, never NULL.
 *
 * Thread:  any.
 */
NP_API const char *np_error_text(np_error error);

/* np_is_eof tells whether `error` from a read means that the stream ended well:
 * the peer closed its end and all that it had written was read
 * (ERROR_BROKEN_PIPE). A server's disconnect is ERROR_PIPE_NOT_CONNECTED and is
 * no end of stream: unread data was thrown away.
 *
 * Thread:  any.
 * Source:  ReadFile, Remarks (Pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-readfile
 */
NP_API bool np_is_eof(np_error error);

/* np_is_retryable tells whether the same call may succeed a little later with
 * nothing changed by the caller: ERROR_PIPE_BUSY (all instances are taken),
 * NP_WOULD_BLOCK, and the kernel's momentary lack of memory or quota
 * (ERROR_NO_SYSTEM_RESOURCES, ERROR_NOT_ENOUGH_QUOTA,
 * ERROR_WORKING_SET_QUOTA, ERROR_NOT_ENOUGH_MEMORY). ERROR_FILE_NOT_FOUND is
 * not in the set: whether a name will come to be is for the caller to know.
 *
 * Thread:  any.
 */
NP_API bool np_is_retryable(np_error error);

#ifdef __cplusplus
}
#endif

#endif
