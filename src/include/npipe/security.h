/* Security: functions that tell which process, session, user and computer is at
 * the other end, and impersonation of a client. np_server_options set who may
 * open a pipe; np_client_options set which server a client accepts. */
#ifndef NPIPE_SECURITY_H
#define NPIPE_SECURITY_H

#include <stdbool.h>
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
 * opened the client end, or created the server's instance. The id is a hint, no
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
 * A server gets the user as whom the client wrote the data that were read last.
 * This is proof, because Windows keeps the user with the data. The library
 * impersonates the client and reverts at once. The server must have read
 * something before; data that readiness has read ahead count.
 *
 * A client gets the owner of the pipe: the user who created its first instance,
 * or a group of that user's (administrators, by default, for one who runs
 * elevated). Nobody can make somebody else the owner without a privilege. The
 * owner is no proof if the access of the pipe lets other users add instances:
 * the server of this instance may then be such a user.
 * np_client_options.verify_access checks that no others may.
 *
 * text  `size` bytes, NP_SID_TEXT_BYTES_MAX are enough; written on success only
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL. ERROR_INVALID_HANDLE: the
 * pipe is being closed. ERROR_INSUFFICIENT_BUFFER: `size` is too small.
 * A server: ERROR_CANNOT_IMPERSONATE: nothing was read from this client yet, or
 * the system never reports the user of such a client (np_pipe_impersonate);
 * ERROR_CANT_OPEN_ANONYMOUS: the client opened with SECURITY_ANONYMOUS;
 * ERROR_BUSY: the thread impersonates somebody already. A client:
 * ERROR_ACCESS_DENIED: an adopted handle without READ_CONTROL;
 * ERROR_NOT_ENOUGH_MEMORY; ERROR_PIPE_NOT_CONNECTED: its server disconnected
 * it. Else what Windows said; if it was an error of RevertToSelf, the thread
 * still impersonates the client, until the loop reverts as after a forgotten
 * np_pipe_revert.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  ImpersonateNamedPipeClient, Remarks; Named Pipe Security and Access
 *          Rights
 *          learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-impersonatenamedpipeclient
 */
NP_API np_error np_pipe_peer_user(np_pipe *pipe, char *text, size_t size);

/* np_pipe_peer_token gives a server the access token of its client: the
 * identity with which the client wrote the data that were read last. The token
 * is a snapshot. It stays valid after the client has gone, and later reads do
 * not change it. Take it once, when the client has introduced itself.
 *
 * The library impersonates the client and reverts at once. The server must have
 * read something before; data that readiness has read ahead count. The client
 * limits what the token is good for (np_client_options.security_qos). The
 * default, SECURITY_IDENTIFICATION, suffices for GetTokenInformation,
 * CheckTokenMembership, AccessCheck and IsTokenRestricted. With it nobody can
 * open anything in the client's name.
 *
 * server  the server end
 * token   set on success only: an impersonation token with the rights
 *         TOKEN_QUERY and TOKEN_DUPLICATE. It is the caller's, who closes it
 *         by CloseHandle; child processes do not inherit it
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL, or a client end.
 * ERROR_INVALID_HANDLE: the pipe is being closed. ERROR_CANNOT_IMPERSONATE:
 * nothing was read from this client yet, or the system never reports the user
 * of such a client (np_pipe_impersonate). ERROR_CANT_OPEN_ANONYMOUS: the client
 * opened with SECURITY_ANONYMOUS. ERROR_BUSY: the thread impersonates somebody
 * already. Else what Windows said; if it was an error of RevertToSelf, the
 * thread still impersonates the client, until the loop reverts as after a
 * forgotten np_pipe_revert.
 *
 * Modes:   byte, message, message-byte, server
 * Thread:  the loop's only; fine from a callback. The token may be used by any.
 * Source:  ImpersonateNamedPipeClient, Remarks; OpenThreadToken (OpenAsSelf)
 *          learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-openthreadtoken
 */
NP_API np_error np_pipe_peer_token(np_pipe *server, HANDLE *token);

/* The answer of np_pipe_peer. All of it is proof, as np_pipe_peer_user is.
 *
 * size           of this struct in bytes; set by the caller
 * user           the SID of the user, as text ("S-1-5-21-...")
 * integrity      the integrity level: 0 untrusted, 0x1000 low, 0x2000 medium,
 *                0x2100 medium plus, 0x3000 high (elevated), 0x4000 system
 * session_id     the session of the desktop or the terminal. A client on
 *                another machine has that of the services, 0
 * logon_id       the logon session. Each logon has an id of its own until the
 *                machine starts again, also if one user logs on twice. An
 *                administrator who logs on has two: one elevated, one not
 * is_elevated    the process runs with the rights of an administrator. A system
 *                without user account control elevates all of them
 * app_container  the SID of the app container, as text ("S-1-15-2-..."); an
 *                empty text for a process in none */
typedef struct np_peer {
  size_t size;
  char user[NP_SID_TEXT_BYTES_MAX];
  uint32_t integrity;
  uint32_t session_id;
  uint64_t logon_id;
  bool is_elevated;
  char app_container[NP_SID_TEXT_BYTES_MAX];
} np_peer;

/* np_pipe_peer tells a server who its client is, from the token that
 * np_pipe_peer_token gives. Unlike the ids that np_pipe_peer_process_id and
 * np_pipe_peer_session_id report, the answer is proof.
 *
 * server  the server end
 * peer    the caller sets `size`; the rest is written on success only
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL, a client end, or `peer->size`
 * is not that of the struct. ERROR_INVALID_HANDLE, ERROR_CANNOT_IMPERSONATE,
 * ERROR_CANT_OPEN_ANONYMOUS, ERROR_BUSY: see np_pipe_peer_token. Else what
 * Windows said, as there.
 *
 * Modes:   byte, message, message-byte, server
 * Thread:  the loop's only; fine from a callback.
 * Source:  GetTokenInformation; TOKEN_INFORMATION_CLASS
 *          learn.microsoft.com/windows/win32/api/winnt/ne-winnt-token_information_class
 */
NP_API np_error np_pipe_peer(np_pipe *server, np_peer *peer);

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

/* np_pipe_impersonate makes the thread act as the client of `server` until
 * np_pipe_revert: with the user that the client had when it wrote the data that
 * were read last. The thread may then open what the client may open. The client
 * limits this (np_client_options.security_qos). A server without the privilege
 * to impersonate can only identify another user, not act as that user: its
 * actions are then refused. If np_pipe_impersonate fails, the thread keeps its
 * own user: do not go on.
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
 * between. If a callback forgets to revert, the loop itself reverts before it
 * does anything else, so no other callback ever runs as the client. Then
 * np_loop_run, np_loop_run_once or np_loop_dispatch returns
 * ERROR_BAD_IMPERSONATION_LEVEL at once. Nothing is lost: the loop may be run
 * again. If Windows refuses that revert, the library ends the process.
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: NULL, or a client end.
 * ERROR_INVALID_HANDLE: the pipe is being closed. ERROR_CANNOT_IMPERSONATE:
 * nothing was read from this client yet, or the system never reports the user
 * of such a client (see above). ERROR_BUSY: the thread impersonates somebody
 * already. Else what Windows said.
 *
 * Modes:   byte, message, message-byte, server
 * Thread:  the loop's only; fine from a callback.
 * Source:  ImpersonateNamedPipeClient, Remarks
 *          learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-impersonatenamedpipeclient
 */
NP_API np_error np_pipe_impersonate(np_pipe *server);

/* np_pipe_revert makes the thread act as its process again. It does nothing if
 * the thread impersonates nobody.
 *
 * pipe  any pipe of the loop, also one that is being closed
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
