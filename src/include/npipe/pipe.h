/* One end of one pipe instance: what server and client ends have in common. */
#ifndef NPIPE_PIPE_H
#define NPIPE_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/api.h>
#include <npipe/error.h>
#include <npipe/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A pipe: one end of one instance, made by np_server_create, np_client_open,
 * np_client_connect, a listener or np_pipe_adopt. */
typedef struct np_pipe np_pipe;

/* The type of a pipe, which says how the kernel keeps writes, and the read mode
 * of an end. Messages can be read as bytes; bytes cannot be read as messages.
 *
 * NP_BYTE     a stream of bytes
 * NP_MESSAGE  each write is one message, and a read ends where the message ends
 *
 * Source:  Named Pipe Type, Read, and Wait Modes
 *          learn.microsoft.com/windows/win32/ipc/named-pipe-type-read-and-wait-modes
 */
typedef enum np_mode { NP_BYTE = 0, NP_MESSAGE = 1 } np_mode;

/* The two ends of a pipe instance.
 *
 * NP_CLIENT  the end that opened the pipe
 * NP_SERVER  the end that created the instance */
typedef enum np_end { NP_CLIENT = 0, NP_SERVER = 1 } np_end;

/* The state of an instance, as the end that is asked sees it.
 *
 * NP_DISCONNECTED  the server disconnected the client
 * NP_LISTENING     no client has opened the instance yet
 * NP_CONNECTED     both ends are open
 * NP_CLOSING       the peer closed its end; what it wrote can still be read */
typedef enum np_state {
  NP_DISCONNECTED = 1,
  NP_LISTENING = 2,
  NP_CONNECTED = 3,
  NP_CLOSING = 4
} np_state;

/* No limit to the number of instances. */
#define NP_INSTANCES_UNLIMITED UINT32_MAX

/* A number that this end has no right to query. */
#define NP_UNKNOWN UINT32_MAX

/* The answer of np_pipe_info.
 *
 * size              of this struct in bytes; set by the caller
 * end               which end this is
 * mode              the type of the pipe
 * read_mode         how this end reads
 * readable          the pipe's direction lets this end read
 * writable          the pipe's direction lets this end write
 * state             see np_state; within a session it never steps back
 * instances_max     1 to 254, or NP_INSTANCES_UNLIMITED
 * instances         how many there are now, or NP_UNKNOWN
 * in_buffer_bytes   quota of what clients write and the server reads
 * out_buffer_bytes  quota of what the server writes and clients read
 * readable_bytes    bytes that wait to be read at this end, in all messages,
 *                   with those of the peer's writes that still pend; a
 *                   hint, and 0 where the platform has none (Wine before 6) */
typedef struct np_info {
  size_t size;
  np_end end;
  np_mode mode;
  np_mode read_mode;
  bool readable;
  bool writable;
  np_state state;
  uint32_t instances_max;
  uint32_t instances;
  uint32_t in_buffer_bytes;
  uint32_t out_buffer_bytes;
  uint32_t readable_bytes;
} np_info;

/* np_pipe_info asks the kernel about `pipe` and its instance. It waits for the
 * kernel's answer, which on this machine comes at once. For a pipe of another
 * machine the server answers: the call waits as long as the network takes. The
 * same holds for np_pipe_set_read_mode, np_pipe_peek, and once for the first
 * np_pipe_try_write of more than `write_buffer_bytes`.
 *
 * An outbound server's handle has no right to query (FILE_READ_ATTRIBUTES).
 * Such an end answers with the options that it was created with; `instances` is
 * then NP_UNKNOWN, and `state` the last state that this end has learnt.
 *
 * info  the caller sets `size`; the rest is written on success only
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL, or `info->size` is not that
 * of the struct. ERROR_INVALID_HANDLE: the pipe is being closed.
 * ERROR_PIPE_NOT_CONNECTED: a client whose server disconnected it.
 * ERROR_INVALID_DATA: the system gave an impossible answer, one that is too
 * short or has an unknown kind or state; another machine may send it. Else what
 * Windows said.
 *
 * Thread:  the loop's only.
 * Source:  GetNamedPipeInfo; FILE_PIPE_LOCAL_INFORMATION
 *          learn.microsoft.com/windows-hardware/drivers/ddi/ntifs/ns-ntifs-_file_pipe_local_information
 */
NP_API np_error np_pipe_info(np_pipe *pipe, np_info *info);

/* np_pipe_set_read_mode sets how this end reads from now on; np_pipe_info
 * returns the mode. Data that were written before and not read yet are read in
 * the new mode, also the rest of a message that was read in part. An empty
 * message may be missing if readiness with `read_ahead_bytes` 0 has found it:
 * a probe for bytes takes it on some systems.
 *
 * The call needs the right FILE_WRITE_ATTRIBUTES. Every end that may write has
 * it; a client that only reads has it if it was opened with message reads.
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: NULL, an invalid np_mode, or message
 * reads from a byte pipe. ERROR_INVALID_HANDLE: the pipe is being closed.
 * ERROR_BUSY: a read or a transact is in flight, or readiness is reading ahead
 * or holds data that it has read, because their mode would then be unclear; or
 * the pipe belongs to a channel. ERROR_ACCESS_DENIED: the right is missing, as
 * at an inbound server. ERROR_PIPE_NOT_CONNECTED: a client whose server
 * disconnected it. Else what Windows said.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  SetNamedPipeHandleState
 *          learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-setnamedpipehandlestate
 */
NP_API np_error np_pipe_set_read_mode(np_pipe *pipe, np_mode mode);

/* np_pipe_adopt makes a pipe of a handle that the caller opened, of either end
 * and in any state. It learns end, type and modes from the kernel.
 *
 * The handle must be
 *   - opened with FILE_FLAG_OVERLAPPED and FILE_READ_ATTRIBUTES,
 *   - not bound to a completion port,
 *   - in PIPE_WAIT mode,
 *   - the only handle of its file object, in all processes: port, key and modes
 *     belong to the file object, and any other holder could send its own
 *     packets to the loop's port,
 *   - idle: an operation that the caller has pending on it (a ConnectNamedPipe
 *     with an event, a read) would send a packet to the loop, which drops it.
 *
 * A handle that is duplicated later breaks the rule of the only handle, and
 * np_pipe_adopt cannot notice. So from the first adopted pipe on, a loop checks
 * each packet. It drops a packet that none of its operations waits for, and
 * never follows the pointer in it. The check searches the loop's operations in
 * flight: if these are thousands, give adopted pipes a loop of their own. On a
 * foreign port each later loop of the process checks, too, because the packets
 * of other holders come as long as these holders live.
 *
 * handle  on success it is the pipe's: never close it or start I/O on it
 *         otherwise; child processes do not inherit it any more. On failure it
 *         stays the caller's and unchanged; only if one of the last two steps
 *         failed (SetFileCompletionNotificationModes, SetHandleInformation) is
 *         it bound to the loop's port. Windows runs the calls on a
 *         synchronous handle one after the other: if I/O is in progress on it,
 *         np_pipe_adopt returns its error when this I/O has ended
 * pipe    set on success only
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: `loop` or `pipe` is NULL, or the
 * handle is synchronous or bound to a port already. ERROR_INVALID_HANDLE: no
 * handle, or not that of a named pipe. ERROR_ACCESS_DENIED: it lacks
 * FILE_READ_ATTRIBUTES. ERROR_NOT_SUPPORTED: it is in PIPE_NOWAIT mode.
 * ERROR_SHARING_VIOLATION: its file object has a second handle, here or in
 * another process; close that, and adopt again. ERROR_PIPE_NOT_CONNECTED: a
 * client whose server disconnected it. ERROR_NOT_ENOUGH_MEMORY.
 * ERROR_INVALID_DATA: an impossible answer, see np_pipe_info. Else what
 * Windows said; a system that cannot say how many handles there are counts as
 * an error, too.
 *
 * Thread:  the loop's only.
 * Source:  CreateIoCompletionPort, Remarks (one port for a handle's whole life;
 *          sharing a handle that is bound to one)
 *          learn.microsoft.com/windows/win32/fileio/createiocompletionport
 *          NtQueryObject (PUBLIC_OBJECT_BASIC_INFORMATION)
 *          learn.microsoft.com/windows/win32/api/winternl/nf-winternl-ntqueryobject
 */
NP_API np_error np_pipe_adopt(np_loop *loop, HANDLE handle, np_pipe **pipe);

/* np_closed_fn is called when a pipe is gone. Within it np_pipe_user and
 * np_pipe_loop work for the last time; after it the pipe's memory is free. */
typedef void (*np_closed_fn)(np_pipe *pipe);

/* np_pipe_close closes `pipe` at once, and the peer sees it. (While a flush by
 * a thread is in flight, the peer sees it when that thread has released the
 * pipe: before on_closed, but until then a client may still open a server that
 * listens.) Operations in flight are cancelled and get their callbacks, each
 * with its true result if it had one, else with ERROR_OPERATION_ABORTED; then
 * `on_closed` runs, once, and the pipe's memory is freed. All of that comes
 * from the loop, which must run.
 *
 * Bytes of writes that have completed stay readable for the peer; then its
 * reads end with ERROR_BROKEN_PIPE. Bytes of a write that is still in flight
 * may be lost: call np_pipe_shutdown first. np_pipe_close does not disconnect:
 * a disconnect would throw away the bytes that the peer has not read.
 *
 * on_closed  may be NULL
 *
 * Returns NP_OK, also for NULL. ERROR_INVALID_HANDLE: it is being closed
 * already, ERROR_BUSY: it belongs to a channel; nothing changed and this
 * `on_closed` never runs.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  Named Pipe Operations; CancelIoEx
 *          learn.microsoft.com/windows/win32/ipc/named-pipe-operations
 */
NP_API np_error np_pipe_close(np_pipe *pipe, np_closed_fn on_closed);

/* np_pipe_handle returns the handle of `pipe`, borrowed: the caller may query
 * it, but never close it, nor use it for I/O on another completion port.
 * Synchronous calls on it pass an OVERLAPPED whose event has its low bit set,
 * so that no packet reaches the loop. INVALID_HANDLE_VALUE for NULL and for a
 * pipe that is being closed.
 *
 * Nothing signals this handle (FILE_SKIP_SET_EVENT_ON_HANDLE; only an adopted
 * one is signalled). A call that waits for the handle itself waits for ever
 * where the kernel does not answer it at once: ReadFile, WriteFile,
 * ConnectNamedPipe and TransactNamedPipe without an OVERLAPPED, and
 * PeekNamedPipe and DisconnectNamedPipe, which take none and may pend since
 * Windows 8. np_pipe_peek and np_server_disconnect never wait for the handle.
 *
 * A duplicate within this process is bound by the same rules. Never duplicate
 * the handle into another process, and never let a child inherit it: the
 * operations of that process would send their packets, with pointers of its
 * own, to this loop's port; and a call there without an OVERLAPPED may wait for
 * ever. A process that needs an end opens its own.
 *
 * Thread:  the loop's only.
 * Source:  GetQueuedCompletionStatus, Remarks (low-order bit of hEvent)
 *          learn.microsoft.com/windows/win32/api/ioapiset/nf-ioapiset-getqueuedcompletionstatus
 *          CreateIoCompletionPort, Remarks (handles shared between processes)
 *          learn.microsoft.com/windows/win32/fileio/createiocompletionport
 */
NP_API HANDLE np_pipe_handle(const np_pipe *pipe);

/* np_pipe_loop returns the loop that `pipe` lives on. NULL for NULL.
 *
 * Thread:  the loop's only.
 */
NP_API np_loop *np_pipe_loop(const np_pipe *pipe);

/* np_pipe_user returns the pointer that np_pipe_set_user stored; NULL before,
 * and for NULL.
 *
 * Thread:  the loop's only.
 */
NP_API void *np_pipe_user(const np_pipe *pipe);

/* np_pipe_set_user stores a pointer of the caller with `pipe`. It does nothing
 * for NULL.
 *
 * Thread:  the loop's only.
 */
NP_API void np_pipe_set_user(np_pipe *pipe, void *user);

#ifdef __cplusplus
}
#endif

#endif
