/* Synchronous handles as pipes of a loop: standard handles, the ends of
 * CreatePipe, files, consoles. */
#ifndef NPIPE_RELAY_H
#define NPIPE_RELAY_H

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

/* Options of np_pipe_relay; np_relay_options_init fills them.
 *
 * size          of this struct, in bytes
 * write         the pipe of the loop writes, and the handle gets the bytes.
 *               False (the default): the pipe reads what the handle gives
 * buffer_bytes  quota of the pipe. A relay holds at most these bytes and 4096
 *               more. Default 65536
 * linger_ms     only with `write`: how long the thread may go on after
 *               np_pipe_close, to write what the pipe still holds. Default
 *               5000 */
typedef struct np_relay_options {
  size_t size;
  bool write;
  uint32_t buffer_bytes;
  uint32_t linger_ms;
} np_relay_options;

/* np_relay_options_init fills `options` with the defaults. NULL is ignored.
 *
 * Thread:  any.
 */
NP_API void np_relay_options_init(np_relay_options *options);

/* np_pipe_relay makes a pipe of a synchronous handle, which no completion port
 * takes. A thread copies between the handle and the other end of a pair
 * (np_pipe_pair). The pipe works like any other: readiness, channels, limits
 * and cancels know nothing of the thread, and no call of the loop waits for the
 * handle.
 *
 * The pipe has one direction. Windows runs the calls on a synchronous handle,
 * and on its duplicates, one after the other: a thread that waits for data
 * would keep another one from writing.
 *
 * Bytes only: a message that the handle reads is so many bytes of the pipe. A
 * relay that reads takes bytes ahead, up to its quota and its buffer. When the
 * pipe is closed, what it took is lost, also to a child process that reads the
 * same handle later.
 *
 * The ends:
 * - The handle has no more data (the end of a file, or nobody can write any
 *   more), or its read fails: the pipe gives what was read, then its reads end
 *   with ERROR_BROKEN_PIPE. np_pipe_relay_error tells which it was.
 * - A write of the handle fails: writes of the pipe end with ERROR_NO_DATA or
 *   ERROR_BROKEN_PIPE.
 * - np_pipe_close of a pipe that reads cancels the thread's read.
 * - np_pipe_close of a pipe that writes leaves the thread `linger_ms` to write
 *   the rest; then its write is cancelled.
 *
 * on_closed of the pipe does not wait for the thread. np_loop_run does: it goes
 * on until the thread has ended; np_loop_destroy fails before.
 * A handle that does not obey a cancel (a console's read may not) is given up
 * after about 50 milliseconds of trying. Then the thread stays, with its memory
 * of 4 KiB and two handles, until its call returns, and touches nothing of the
 * loop. The library must stay loaded as long.
 *
 * handle   synchronous. The relay duplicates it; the caller may close its own
 *          at once. No other thread or process should use it meanwhile
 * options  borrowed for the call; NULL: the defaults
 * pipe     set on success only
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL, or `options->size` is not
 * that of the struct. ERROR_INVALID_HANDLE: `handle` is none.
 * ERROR_NOT_ENOUGH_MEMORY. Else what np_pipe_pair returns, or what Windows
 * said.
 *
 * Thread:  the loop's only; fine from a callback.
 * Modes:   byte
 * Source:  CancelSynchronousIo
 *          learn.microsoft.com/windows/win32/fileio/cancelsynchronousio-func
 */
NP_API np_error np_pipe_relay(np_loop *loop, HANDLE handle,
                              const np_relay_options *options, np_pipe **pipe);

/* np_pipe_relay_error tells how the handle of a relay has ended. When the pipe
 * has ended, the answer is there.
 *
 * Returns NP_OK: it had no more data. ERROR_IO_PENDING: it has not ended.
 * ERROR_INVALID_PARAMETER: NULL, or not a pipe of np_pipe_relay, or it is being
 * closed. Else what ReadFile or WriteFile said.
 *
 * Thread:  the loop's only.
 * Modes:   byte
 * Source:  ReadFile, Remarks
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-readfile
 */
NP_API np_error np_pipe_relay_error(const np_pipe *pipe);

#ifdef __cplusplus
}
#endif

#endif
