/* Who is at the other end, and acting in a client's name. Who may open a pipe
 * is said in np_server_options, what a client demands of its server in
 * np_client_options. */
#ifndef NPIPE_SECURITY_H
#define NPIPE_SECURITY_H

#include <stddef.h>
#include <stdint.h>

#include <npipe/api.h>
#include <npipe/error.h>
#include <npipe/pipe.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Room for any SID as text, and its NUL. */
#define NP_SID_TEXT_BYTES_MAX 192

/* np_pipe_peer_process_id tells the process at the other end: the one that
 * opened the client end, or created the server's instance. It is a hint, no
 * proof: a handle can be given away, a process may have ended and its id been
 * given to another, and the id of a client on another machine means nothing
 * here.
 *
 * id  set on success only
 *
 * Returns NP_OK, also after the peer has closed its end.
 * ERROR_INVALID_PARAMETER: a NULL. ERROR_INVALID_HANDLE: the pipe is being
 * closed. ERROR_NOT_FOUND: a server without a client. ERROR_PIPE_NOT_CONNECTED:
 * a client whose server disconnected it. Else what Windows said.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  GetNamedPipeClientProcessId, GetNamedPipeServerProcessId
 *          learn.microsoft.com/windows/win32/api/winbase/nf-winbase-getnamedpipeclientprocessid
 */
NP_API np_error np_pipe_peer_process_id(np_pipe *pipe, uint32_t *id);

/* np_pipe_peer_session_id tells the logon session of the process at the other
 * end, as np_pipe_peer_process_id tells the process; it returns what that
 * returns.
 *
 * id  set on success only
 *
 * Returns NP_OK, ERROR_INVALID_PARAMETER, ERROR_INVALID_HANDLE,
 * ERROR_NOT_FOUND, ERROR_PIPE_NOT_CONNECTED, or what Windows said.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  GetNamedPipeClientSessionId, GetNamedPipeServerSessionId
 *          learn.microsoft.com/windows/win32/api/winbase/nf-winbase-getnamedpipeclientsessionid
 */
NP_API np_error np_pipe_peer_session_id(np_pipe *pipe, uint32_t *id);

/* np_pipe_peer_user tells the user at the other end, as the text of a SID
 * ("S-1-5-21-...").
 *
 * A server learns in whose name the client wrote what was last read, and that
 * is proof: Windows keeps it with the data. It does so by impersonating and
 * reverting at once. Something must have been read before; what readiness has
 * read ahead counts.
 *
 * A client learns the owner of the pipe: the user who created its first
 * instance, or a group of that user's (administrators, by default, for one who
 * runs elevated). Nobody can make somebody else the owner without a privilege.
 * It is no proof where the access of the pipe lets others add instances: this
 * one may be theirs. np_client_options.verify_same_user looks at both.
 *
 * text  `size` bytes, NP_SID_TEXT_BYTES_MAX are enough; written on success only
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL. ERROR_INVALID_HANDLE: the
 * pipe is being closed. ERROR_INSUFFICIENT_BUFFER: `size` is too small.
 * A server: ERROR_CANNOT_IMPERSONATE: nothing was read from this client yet, or
 * it is one of whom the system never tells (see np_pipe_impersonate);
 * ERROR_CANT_OPEN_ANONYMOUS: the client opened with SECURITY_ANONYMOUS;
 * ERROR_BUSY: the thread impersonates somebody already. A client:
 * ERROR_ACCESS_DENIED: an adopted handle without READ_CONTROL;
 * ERROR_NOT_ENOUGH_MEMORY;
 * ERROR_PIPE_NOT_CONNECTED: its server disconnected it. Else what Windows said;
 * if that was of RevertToSelf, the thread still acts as the client, until the
 * loop reverts as after a forgotten np_pipe_revert.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  ImpersonateNamedPipeClient, Remarks; Named Pipe Security and Access
 *          Rights
 *          learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-impersonatenamedpipeclient
 */
NP_API np_error np_pipe_peer_user(np_pipe *pipe, char *text, size_t size);

/* np_pipe_peer_computer tells a server the name of the machine of its client,
 * where that is another one.
 *
 * name  `size` bytes, at least 1, for UTF-8 with a NUL; after an error what
 *       they hold means nothing
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL, a `size` of 0, or a client
 * end. ERROR_INVALID_HANDLE: the pipe is being closed. ERROR_PIPE_LOCAL: the
 * client is on this machine. ERROR_INSUFFICIENT_BUFFER: `size` is too small.
 * ERROR_CALL_NOT_IMPLEMENTED: the system cannot tell (Wine cannot). Else what
 * Windows said.
 *
 * Modes:   byte, message, message-byte, server
 * Thread:  the loop's only; fine from a callback.
 * Source:  GetNamedPipeClientComputerName
 *          learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-getnamedpipeclientcomputernamew
 */
NP_API np_error np_pipe_peer_computer(np_pipe *pipe, char *name, size_t size);

/* np_pipe_impersonate makes the thread act as the client of `server`, as it was
 * when it wrote what was last read, until np_pipe_revert. What the thread may
 * open then is what the client may; how far that goes the client has said
 * (np_client_options.security_qos), and a server without the privilege to
 * impersonate can only look at another user, not act as one: then what it does
 * is refused. If this fails the thread is who it was: do not go on.
 *
 * Windows' own documents do not tell whether a server may impersonate a client
 * that opened the instance before np_server_connect had given it to the kernel,
 * with static tracking (the default of np_client_options.security_qos). Another
 * implementation of named pipes never allows it. A server that must know each
 * client then closes the pipe, and the client tries again; a client that adds
 * SECURITY_CONTEXT_TRACKING to its security_qos is known in any case, and pays
 * for it with each write.
 *
 * A callback must revert before it returns, and the loop must not be run in
 * between. If it is forgotten, the loop itself reverts before it does anything
 * else, so no other callback ever runs as the client. Then np_loop_run,
 * np_loop_run_once or np_loop_dispatch returns ERROR_BAD_IMPERSONATION_LEVEL at
 * once. Nothing is lost: the loop may be run again. If Windows refuses that
 * revert, the library ends the process.
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: NULL, or a client end.
 * ERROR_INVALID_HANDLE: the pipe is being closed. ERROR_CANNOT_IMPERSONATE:
 * nothing was read from this client yet, or it is one of whom the system never
 * tells (above). ERROR_BUSY: the thread impersonates somebody already. Else
 * what Windows said.
 *
 * Modes:   byte, message, message-byte, server
 * Thread:  the loop's only; fine from a callback.
 * Source:  ImpersonateNamedPipeClient, Remarks
 *          learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-impersonatenamedpipeclient
 */
NP_API np_error np_pipe_impersonate(np_pipe *server);

/* np_pipe_revert makes the thread act as its process again. It is fine where
 * nobody is impersonated.
 *
 * pipe  any of the loop's, also one that is being closed
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: NULL. Else what Windows said: the
 * thread still acts as the client, until this is called again or the loop
 * reverts in its place (np_pipe_impersonate).
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  RevertToSelf, Remarks
 *          learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-reverttoself
 */
NP_API np_error np_pipe_revert(np_pipe *pipe);

#ifdef __cplusplus
}
#endif

#endif
