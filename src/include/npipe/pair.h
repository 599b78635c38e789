/* Both ends of a pipe at once: one for the loop, one for a child process or a
 * thread that reads and writes synchronously. */
#ifndef NPIPE_PAIR_H
#define NPIPE_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/api.h>
#include <npipe/error.h>
#include <npipe/loop.h>
#include <npipe/pipe.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How np_pipe_pair makes a pair.
 *
 * size              of this struct in bytes; np_pair_options_init sets it
 * read              the loop's end reads what the peer's handle writes
 * write             the loop's end writes what the peer's handle reads; at
 *                   least one of the two is set
 * mode              the type of the pipe
 * read_mode         how the loop's end reads; NP_MESSAGE only if `mode` is. The
 *                   peer's handle begins with byte reads, which every program
 *                   expects; SetNamedPipeHandleState changes that
 * in_buffer_bytes   quota of what the peer writes and the loop's end reads
 * out_buffer_bytes  quota of what the loop's end writes and the peer reads
 * inheritable       child processes inherit the peer's handle. They never
 *                   inherit the loop's end */
typedef struct np_pair_options {
  size_t size;
  bool read;
  bool write;
  np_mode mode;
  np_mode read_mode;
  uint32_t in_buffer_bytes;
  uint32_t out_buffer_bytes;
  bool inheritable;
} np_pair_options;

/* np_pair_options_init writes the defaults: both directions, bytes, quotas of
 * 65536, not inheritable. It does nothing for NULL.
 *
 * Thread:  any.
 */
NP_API void np_pair_options_init(np_pair_options *options);

/* np_pipe_pair makes a pipe that is connected from the beginning. One end is
 * `*pipe`, a server end that works like any other pipe of the loop. The other
 * end is `*peer`, a synchronous handle: a ReadFile or WriteFile without an
 * OVERLAPPED waits until it is done. A child process can have such a handle as
 * its standard input, output or error; most programs cannot use an overlapped
 * handle there.
 *
 * No other process can open the pipe. It has no name, so np_names_list does not
 * list it. Where the system makes no pipe without a name (Wine 5), it has a
 * name with 128 random bits below `\\.\pipe\LOCAL\`. That name is new, has one
 * instance, refuses clients of other machines, and admits this user alone.
 * np_pipe_pair itself opens the peer's end. If another process of the same user
 * took the instance first, the call fails with ERROR_PIPE_BUSY.
 *
 * A child process gets the handle like this: set `inheritable`, name `*peer` in
 * hStdInput, hStdOutput or hStdError of STARTUPINFOEX, name it also in a list
 * of PROC_THREAD_ATTRIBUTE_HANDLE_LIST, call CreateProcess, and close `*peer`.
 * With the list the child inherits nothing else. Without a list every
 * CreateProcess with bInheritHandles, on any thread, inherits every inheritable
 * handle of the process. While any process holds `*peer` open, reads of `*pipe`
 * do not end: so close it, and let no other child inherit it.
 *
 * Windows runs the calls on a synchronous handle one after the other, in all
 * processes: while one thread waits in ReadFile on `*peer`, each other call on
 * `*peer` waits, too. Give a child a pair of its own for each stream.
 *
 * `*pipe` has the state NP_CONNECTED: np_server_connect on it completes with
 * ERROR_PIPE_CONNECTED. When the last handle of the peer's end is closed, reads
 * end with ERROR_BROKEN_PIPE and writes with ERROR_NO_DATA. The process at the
 * other end is told as this one, which opened it (np_pipe_peer_process_id).
 * np_server_disconnect works, and the pair is then of no more use: there is no
 * name to connect by.
 *
 * options  borrowed for the call; NULL: the defaults
 * pipe     set on success only
 * peer     set on success only; the caller's, who closes it with CloseHandle
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL, `options->size` is not that
 * of the struct, neither direction, or modes that do not fit each other.
 * ERROR_NOT_ENOUGH_MEMORY. ERROR_PIPE_BUSY: see above. ERROR_GEN_FAILURE: a
 * pipe with a name, and the system gave no random bits. Else what Windows said.
 *
 * Thread:  the loop's only; fine from a callback.
 * Modes:   byte, message, message-byte
 * Source:  CreatePipe, Remarks; Inheritance (Processes and Threads)
 *          learn.microsoft.com/windows/win32/procthread/inheritance
 *          UpdateProcThreadAttribute (PROC_THREAD_ATTRIBUTE_HANDLE_LIST)
 *          learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-updateprocthreadattribute
 *          NtCreateNamedPipeFile
 *          learn.microsoft.com/windows/win32/devnotes/nt-create-named-pipe-file
 */
NP_API np_error np_pipe_pair(np_loop *loop, const np_pair_options *options,
                             np_pipe **pipe, HANDLE *peer);

#ifdef __cplusplus
}
#endif

#endif
