/* Readiness: a caller waits until a read or a write would not block, and then
 * makes the read or write with a call that never waits.
 *
 * Windows has no readiness of pipes, so the library makes it of operations.
 * Once a caller waits for a pipe to be readable, the library keeps one read in
 * flight into a buffer of its own (the read-ahead). np_pipe_try_write copies
 * the bytes that it takes and writes the copy in the background. A pipe whose
 * readiness is never used has no such buffers and no such cost.
 *
 * Both kinds of calls can be mixed: np_pipe_read gets the data of the
 * read-ahead, in order; np_pipe_try_read lets reads in flight go first; writes
 * of both kinds keep their order. np_server_disconnect and closing throw away
 * the data of the read-ahead.
 */
#ifndef NPIPE_READY_H
#define NPIPE_READY_H

#include <stddef.h>
#include <stdint.h>

#include <npipe/api.h>
#include <npipe/error.h>
#include <npipe/io.h>
#include <npipe/op.h>
#include <npipe/pipe.h>

#ifdef __cplusplus
extern "C" {
#endif

/* np_interest is a set of conditions to wait for, np_readiness a set of
 * conditions that hold.
 *
 * NP_READABLE      np_pipe_try_read would not answer NP_WOULD_BLOCK: there are
 *                  bytes, an empty message, the end of the stream or an error
 * NP_WRITABLE      np_pipe_try_write would take something or return an error
 * NP_READ_CLOSED   nothing more will come: the peer closed its end, or the
 *                  server disconnected it. This is noticed when everything
 *                  before it was read
 * NP_WRITE_CLOSED  the peer will read nothing more. Windows reports this to a
 *                  read, after all that the peer had sent, to a write, and to
 *                  np_pipe_info. While data that was read ahead waits to be
 *                  taken, no read is made: then only a write or np_pipe_info
 *                  notices it, as always at an end that does not read
 *
 * A closed end is ready as well: a wait for NP_READABLE then ends with
 * NP_READABLE | NP_READ_CLOSED. */
typedef uint32_t np_interest;
typedef uint32_t np_readiness;

#define NP_READABLE     ((np_readiness)1)
#define NP_WRITABLE     ((np_readiness)2)
#define NP_READ_CLOSED  ((np_readiness)4)
#define NP_WRITE_CLOSED ((np_readiness)8)

/* Options of a pipe's readiness; np_ready_options_init fills them.
 *
 * size                of this struct, in bytes
 * read_ahead_bytes    size of the read-ahead's buffer, at most 2^30; default
 *                     65536. It is taken from the loop's allocator when first
 *                     needed. 0: no buffer; a read of 0 bytes (on an end with
 *                     message reads: of one byte) waits until data are there,
 *                     and the data are then read straight into the caller's
 *                     buffer. This costs one more system call a message. It
 *                     suits very many pipes that are mostly idle, and
 *                     np_pipe_try_io. A pipe that may be another machine's
 *                     takes 4096 bytes at its first np_pipe_try_read
 * write_buffer_bytes  how many bytes np_pipe_try_write takes at most, 1 to
 *                     2^30; default 65536. A longer message is taken whole */
typedef struct np_ready_options {
  size_t size;
  size_t read_ahead_bytes;
  size_t write_buffer_bytes;
} np_ready_options;

/* np_ready_options_init fills `options` with the defaults. NULL is ignored.
 *
 * Thread:  any.
 */
NP_API void np_ready_options_init(np_ready_options *options);

/* np_pipe_set_ready_options sets the options of the readiness of `pipe`. Call
 * it before the first use of the pipe's readiness.
 *
 * options  borrowed for the call
 *
 * Returns NP_OK. On an error nothing changed: ERROR_INVALID_PARAMETER (a NULL,
 * or an option that the struct's comment rules out), ERROR_INVALID_HANDLE (the
 * pipe is being closed), ERROR_BUSY (its readiness was asked for already, or
 * the pipe is a channel's), ERROR_NOT_ENOUGH_MEMORY.
 *
 * Thread:  the loop's only.
 */
NP_API np_error np_pipe_set_ready_options(np_pipe *pipe,
                                          const np_ready_options *options);

/* np_pipe_ready starts waiting until something of `interest` holds. Any number
 * of waits may be in flight, each with its own `interest`. A wait may end by a
 * false alarm: the call that follows can still answer NP_WOULD_BLOCK. A wait
 * never misses what Windows reports; see NP_WRITE_CLOSED for when that is.
 *
 * op  caller's storage. `op->timeout_ms`: milliseconds, 0 waits for ever. A
 *     cancel or a time limit loses neither readiness nor data
 *
 * Returns NP_OK when the wait began. Else it did not and `done` is never
 * called: ERROR_INVALID_PARAMETER (a NULL; `interest` is empty or has other
 * bits), ERROR_INVALID_HANDLE (the pipe is being closed), ERROR_BUSY (`op` is
 * in flight, or the pipe is a channel's), ERROR_ACCESS_DENIED (`interest` is in
 * reading alone and the end is not for reading, or the same of writing),
 * ERROR_NOT_ENOUGH_MEMORY. `done` gets NP_OK and in `transferred` the
 * np_readiness: the conditions of `interest` that hold, and the closed bit of
 * the same direction. Else ERROR_OPERATION_ABORTED, WAIT_TIMEOUT or
 * ERROR_PIPE_NOT_CONNECTED (np_server_disconnect was called), and 0.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  ReadFile, Remarks (Pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-readfile
 */
NP_API np_error np_pipe_ready(np_pipe *pipe, np_interest interest, np_op *op,
                              np_op_fn done);

/* np_pipe_readable is np_pipe_ready for NP_READABLE.
 *
 * Returns NP_OK, ERROR_INVALID_PARAMETER, ERROR_INVALID_HANDLE, ERROR_BUSY,
 * ERROR_ACCESS_DENIED, ERROR_NOT_ENOUGH_MEMORY.
 * `done` gets what `done` of np_pipe_ready gets.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  ReadFile, Remarks (Pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-readfile
 */
NP_API np_error np_pipe_readable(np_pipe *pipe, np_op *op, np_op_fn done);

/* np_pipe_writable is np_pipe_ready for NP_WRITABLE.
 *
 * Returns NP_OK, ERROR_INVALID_PARAMETER, ERROR_INVALID_HANDLE, ERROR_BUSY,
 * ERROR_ACCESS_DENIED, ERROR_NOT_ENOUGH_MEMORY.
 * `done` gets what `done` of np_pipe_ready gets.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  WriteFile, Remarks (Pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-writefile
 */
NP_API np_error np_pipe_writable(np_pipe *pipe, np_op *op, np_op_fn done);

/* np_pipe_try_read reads the data that are there and never waits. The data of
 * the read-ahead come first; if they are only the start of a message, the rest
 * is read straight into `buffer`.
 *
 * An end whose pipe may be another machine's (one that was opened by a host's
 * name or is adopted) reads nothing straight into `buffer`: its kernel may
 * answer late. The library reads into its own buffer (`read_ahead_bytes`, or
 * 4096 bytes where that is 0), and np_pipe_try_read takes what has come. There
 * the first try after a probe may answer NP_WOULD_BLOCK, and the start of a
 * longer message may be shorter than `length`.
 *
 * The kernel of this machine answers at once. Where a filter driver delays its
 * answers, a read straight into `buffer` waits for the answer.
 *
 * buffer       `length` bytes; may be NULL when 0
 * transferred  how many bytes came; 0 with every error but ERROR_MORE_DATA
 *
 * Returns NP_OK (0 bytes: an empty message, or `length` was 0 and something is
 * there); ERROR_MORE_DATA: the first bytes of a longer message, `length` of
 * them on this machine, go on reading; NP_WOULD_BLOCK: nothing is there, or
 * reads in flight come first;
 * ERROR_BROKEN_PIPE: end of the stream; ERROR_PIPE_NOT_CONNECTED,
 * ERROR_PIPE_LISTENING: no client is there; ERROR_INVALID_PARAMETER (a NULL, or
 * `length` over UINT32_MAX); ERROR_INVALID_HANDLE (the pipe is being closed);
 * ERROR_BUSY (it is a channel's); ERROR_ACCESS_DENIED (the end is not for
 * reading); ERROR_NOT_ENOUGH_MEMORY; ERROR_INVALID_DATA (the system gave an
 * impossible answer, more bytes than the buffer holds); or what Windows said.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  ReadFile, Remarks (Pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-readfile
 */
NP_API np_error np_pipe_try_read(np_pipe *pipe, void *buffer, size_t length,
                                 size_t *transferred);

/* np_pipe_try_readv is np_pipe_try_read into several buffers, filled in order;
 * they count as one.
 *
 * buffers  `count` of them, borrowed for the call
 *
 * Returns what np_pipe_try_read does: NP_OK, ERROR_MORE_DATA, NP_WOULD_BLOCK,
 * ERROR_BROKEN_PIPE, ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_LISTENING,
 * ERROR_INVALID_PARAMETER, ERROR_INVALID_HANDLE, ERROR_BUSY,
 * ERROR_ACCESS_DENIED, ERROR_NOT_ENOUGH_MEMORY, ERROR_INVALID_DATA.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  ReadFile, Remarks (Pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-readfile
 */
NP_API np_error np_pipe_try_readv(np_pipe *pipe, const np_buffer *buffers,
                                  size_t count, size_t *transferred);

/* np_pipe_try_write takes a copy of bytes and writes it, without waiting. On a
 * pipe of type byte it takes at most `write_buffer_bytes`; on one of type
 * message the whole message, of any length, an empty one too. While bytes that
 * it took earlier wait for the peer, it takes nothing.
 *
 * buffer       `length` bytes; may be NULL when 0
 * transferred  how many bytes were taken; 0 with every error
 *
 * Returns NP_OK; NP_WOULD_BLOCK: the bytes of an earlier call have not left
 * yet, see np_pipe_writable; the error of a write that failed after an earlier
 * call had taken its bytes, reported once: ERROR_NO_DATA or ERROR_BROKEN_PIPE
 * (the peer closed), ERROR_PIPE_NOT_CONNECTED (disconnected),
 * ERROR_INVALID_DATA (the system gave an impossible answer, more bytes than
 * were written), ERROR_OPERATION_ABORTED; ERROR_PIPE_LISTENING: no client yet;
 * ERROR_INVALID_PARAMETER (a NULL, or `length` over UINT32_MAX);
 * ERROR_INVALID_HANDLE (the pipe is being closed); ERROR_BUSY (it is a
 * channel's); ERROR_ACCESS_DENIED (the end is not for writing);
 * ERROR_NOT_ENOUGH_MEMORY; or what Windows said.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  WriteFile, Remarks (Pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-writefile
 */
NP_API np_error np_pipe_try_write(np_pipe *pipe, const void *buffer,
                                  size_t length, size_t *transferred);

/* np_pipe_try_writev is np_pipe_try_write from several buffers, in order; the
 * buffers act as one, on a pipe of type message as one message.
 *
 * buffers  `count` of them, borrowed for the call
 *
 * Returns what np_pipe_try_write does: NP_OK, NP_WOULD_BLOCK, ERROR_NO_DATA,
 * ERROR_BROKEN_PIPE, ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_LISTENING,
 * ERROR_INVALID_PARAMETER, ERROR_INVALID_HANDLE, ERROR_BUSY,
 * ERROR_ACCESS_DENIED, ERROR_NOT_ENOUGH_MEMORY, ERROR_INVALID_DATA.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  WriteFile, Remarks (Pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-writefile
 */
NP_API np_error np_pipe_try_writev(np_pipe *pipe, const np_buffer *buffers,
                                   size_t count, size_t *transferred);

/* np_io_fn makes a system call of the caller on a pipe's handle. The call must
 * not wait and must keep its packet from the loop (np_pipe_handle). np_io_fn
 * answers NP_WOULD_BLOCK if the call would have had to wait; `transferred` is 0
 * before. */
typedef np_error (*np_io_fn)(HANDLE handle, void *context, size_t *transferred);

/* np_pipe_try_io runs `fn` if something of `interest` holds, and takes that
 * readiness back if `fn` answers NP_WOULD_BLOCK. Bytes of the read-ahead are no
 * longer in the kernel: a caller whose `fn` reads sets `read_ahead_bytes` to 0.
 * Even then an end with message reads has taken the first byte of a message to
 * notice the message: at such an end `fn` must not read.
 *
 * With NP_READABLE and NP_WRITABLE in `interest`, `fn` may run while an
 * np_pipe_read waits for data. It does not run while a read has data that its
 * callback has not reported, so that `fn` brings no later data. Where the
 * kernel shows late that a read has data (another machine's pipe, a filter
 * driver, Wine), only NP_READABLE alone is safe beside reads in flight.
 *
 * transferred  set to the value that `fn` left in it; may be NULL
 *
 * Returns what `fn` answered. Without running it: NP_WOULD_BLOCK (nothing of
 * `interest` holds), ERROR_INVALID_PARAMETER (a NULL; `interest` is empty or
 * has other bits), ERROR_INVALID_HANDLE (the pipe is being closed), ERROR_BUSY
 * (it is a channel's), ERROR_ACCESS_DENIED (see np_pipe_ready),
 * ERROR_NOT_ENOUGH_MEMORY.
 *
 * Thread:  the loop's only; fine from a callback. `fn` runs on it, in the call.
 * Source:  GetQueuedCompletionStatus, Remarks (low-order bit of hEvent)
 *          learn.microsoft.com/windows/win32/api/ioapiset/nf-ioapiset-getqueuedcompletionstatus
 */
NP_API np_error np_pipe_try_io(np_pipe *pipe, np_interest interest, np_io_fn fn,
                               void *context, size_t *transferred);

/* np_pipe_async_io waits for `interest` and runs `fn`, again and again while
 * `fn` answers NP_WOULD_BLOCK. Windows does not tell when a pipe's quota has
 * room again: a `fn` that writes and finds no room is tried again after 1 to 16
 * milliseconds. What np_pipe_try_io says about reads holds here too.
 *
 * context  borrowed until `done` ran
 * op       caller's storage; `op->timeout_ms` as ever
 *
 * Returns NP_OK when it began; `fn` then runs from the loop, never in this
 * call. Else it did not and `done` is never called: ERROR_INVALID_PARAMETER,
 * ERROR_INVALID_HANDLE, ERROR_BUSY, ERROR_ACCESS_DENIED,
 * ERROR_NOT_ENOUGH_MEMORY as np_pipe_ready. `done` gets what `fn` answered last
 * and what it set `transferred` to; else ERROR_OPERATION_ABORTED, WAIT_TIMEOUT
 * or ERROR_PIPE_NOT_CONNECTED, and 0.
 *
 * Thread:  the loop's only; fine from a callback. `fn` runs on it.
 * Source:  GetQueuedCompletionStatus, Remarks (low-order bit of hEvent)
 *          learn.microsoft.com/windows/win32/api/ioapiset/nf-ioapiset-getqueuedcompletionstatus
 */
NP_API np_error np_pipe_async_io(np_pipe *pipe, np_interest interest, np_op *op,
                                 np_io_fn fn, void *context, np_op_fn done);

#ifdef __cplusplus
}
#endif

#endif
