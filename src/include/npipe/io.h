/* Reading into the caller's buffers and writing from them: read, write, flush,
 * shutdown, transact and peek. */
#ifndef NPIPE_IO_H
#define NPIPE_IO_H

#include <stddef.h>

#include <npipe/api.h>
#include <npipe/error.h>
#include <npipe/op.h>
#include <npipe/pipe.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One of several buffers that are read into or written from in order.
 *
 * data    the memory; may be NULL when `length` is 0
 * length  number of bytes at `data` */
typedef struct np_buffer {
  void *data;
  size_t length;
} np_buffer;

/* np_pipe_read starts one read into the caller's buffer. Several may be in
 * flight; they complete in the order in which they were started.
 *
 * The kernel gets the read at the end of the loop's turn, always before the
 * loop waits: data that come in meanwhile complete the read at once.
 *
 * A byte read ends with the bytes that are there, 1 to `length` of them; a
 * message read ends with one message. A read with a length of 0 ends when
 * something can be read, and takes nothing.
 *
 * buffer  `length` bytes, must not be touched until `done` runs; may be NULL
 *         when 0
 * op      caller's storage, see np_op
 *
 * Returns NP_OK when it began. On an error nothing began, `done` never runs:
 * ERROR_INVALID_PARAMETER (a NULL, or `length` over UINT32_MAX),
 * ERROR_INVALID_HANDLE (the pipe is being closed), ERROR_BUSY (`op` is in
 * flight, or the pipe is a channel's), ERROR_ACCESS_DENIED (the end is not for
 * reading).
 * `done` gets NP_OK (0 bytes: an empty message, or `length` was 0; of a
 * message, a read of 0 bytes ends with ERROR_MORE_DATA since Windows 8);
 * ERROR_MORE_DATA: the first `transferred` bytes of a longer message, the rest
 * comes with the next reads; ERROR_BROKEN_PIPE: the peer closed and everything
 * was read; ERROR_PIPE_NOT_CONNECTED: disconnected by the server;
 * ERROR_PIPE_LISTENING: no client yet; ERROR_INVALID_DATA: the system gave an
 * impossible answer, more bytes than the buffer holds; ERROR_OPERATION_ABORTED,
 * WAIT_TIMEOUT, or what Windows said.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  ReadFile, Remarks (Pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-readfile
 */
NP_API np_error np_pipe_read(np_pipe *pipe, void *buffer, size_t length,
                             np_op *op, np_op_fn done);

/* np_pipe_write starts one write from the caller's buffer; the kernel gets it
 * within the call. Several may be in flight; they reach the peer in the order
 * in which they were started. On a pipe of type message each write is one
 * message, also an empty one; on a pipe of type byte a write of 0 bytes does
 * nothing.
 *
 * It ends when the pipe's quota holds what the peer has not read yet; a write
 * always moves all its bytes or fails. Where the peer reads more than the quota
 * at once, it may end later: when all its bytes are read. NP_OK says that the
 * kernel took the bytes, and never that the peer has read them. When the peer
 * closes or the server disconnects, writes that wait fail, but some of them may
 * end with NP_OK, also behind one that failed: the kernel threw their bytes
 * away.
 *
 * buffer  `length` bytes, unchanged until `done` runs; may be NULL when 0
 * op      caller's storage, see np_op
 *
 * Returns NP_OK when it began. On an error nothing began, `done` never runs:
 * ERROR_INVALID_PARAMETER (a NULL, or `length` over UINT32_MAX),
 * ERROR_INVALID_HANDLE (the pipe is being closed), ERROR_BUSY (`op` is in
 * flight, or the pipe is a channel's), ERROR_ACCESS_DENIED (the end is not for
 * writing).
 * `done` gets NP_OK; ERROR_NO_DATA (the peer had closed its end) or
 * ERROR_BROKEN_PIPE (it closed while the write waited);
 * ERROR_PIPE_NOT_CONNECTED (disconnected); ERROR_PIPE_LISTENING (no client
 * yet); ERROR_INVALID_DATA (the system gave an impossible answer, more bytes
 * than `length`); ERROR_OPERATION_ABORTED or WAIT_TIMEOUT, after which it is
 * not known how much of a byte stream the peer has read (np_op_cancel), or what
 * Windows said.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  WriteFile, Remarks (Pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-writefile
 */
NP_API np_error np_pipe_write(np_pipe *pipe, const void *buffer, size_t length,
                              np_op *op, np_op_fn done);

/* np_pipe_shutdown completes once every write that was started before it, by
 * np_pipe_try_write too, has left the library: the kernel holds all their
 * bytes, which stay readable for the peer after np_pipe_close. Writes may be
 * started after it. A named pipe has no half-close: the peer notices nothing.
 *
 * Returns NP_OK when it began. On an error nothing began, `done` never runs:
 * ERROR_INVALID_PARAMETER (a NULL), ERROR_INVALID_HANDLE (the pipe is being
 * closed), ERROR_BUSY (`op` is in flight, or the pipe is a channel's).
 * `done` gets NP_OK; the error of the first of those writes that failed while
 * it waited (what `done` of np_pipe_write gets); ERROR_OPERATION_ABORTED,
 * WAIT_TIMEOUT; ERROR_PIPE_NOT_CONNECTED (np_server_disconnect was called
 * meanwhile).
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  Named Pipe Operations
 *          learn.microsoft.com/windows/win32/ipc/named-pipe-operations
 */
NP_API np_error np_pipe_shutdown(np_pipe *pipe, np_op *op, np_op_fn done);

/* np_pipe_readv is np_pipe_read into several buffers, filled in order: one
 * read; on an end with message reads, of one message. If more than one buffer
 * has room, the read takes memory of the loop's allocator for as many bytes,
 * freed before `done` runs.
 *
 * buffers  `count` of them; the array is borrowed for the call, what its
 *          members point to until `done` runs. None, or none with room, reads
 *          as a length of 0
 *
 * Returns what np_pipe_read does, with ERROR_INVALID_PARAMETER also where
 * `buffers` is NULL and `count` is not 0 or the lengths come to more than
 * UINT32_MAX; or ERROR_NOT_ENOUGH_MEMORY.
 * `done` gets what `done` of np_pipe_read gets.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  ReadFile, Remarks (Pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-readfile
 */
NP_API np_error np_pipe_readv(np_pipe *pipe, const np_buffer *buffers,
                              size_t count, np_op *op, np_op_fn done);

/* np_pipe_writev is np_pipe_write from several buffers: the peer gets their
 * bytes in order with nothing of another write between them, on a pipe of type
 * message as one message. If more than one buffer has bytes, they are copied
 * within the call, into memory of the loop's allocator that is freed before
 * `done` runs; a single buffer is written without a copy.
 *
 * buffers  `count` of them; the array is borrowed for the call, what its
 *          members point to until `done` runs. None, or none with bytes, writes
 *          as a length of 0
 *
 * Returns what np_pipe_write does, with ERROR_INVALID_PARAMETER also where
 * `buffers` is NULL and `count` is not 0 or the lengths come to more than
 * UINT32_MAX; or ERROR_NOT_ENOUGH_MEMORY.
 * `done` gets what `done` of np_pipe_write gets.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  WriteFile, Remarks (Pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-writefile
 */
NP_API np_error np_pipe_writev(np_pipe *pipe, const np_buffer *buffers,
                               size_t count, np_op *op, np_op_fn done);

/* np_pipe_flush completes when the peer has read everything that was written at
 * this end. An end that cannot write has nothing to wait for. Whether a write
 * that is started after the flush is waited for, too, differs by platform.
 *
 * A flush never blocks the loop and never uses the process's thread pool. The
 * kernel's own control (FSCTL_PIPE_FLUSH) needs no thread. Where the kernel
 * refuses it, as Wine's and some remote servers do, two threads serve all the
 * flushes of the loop, however many wait. They are made at the first such flush
 * and end in np_loop_destroy. A flush whose peer has read everything already is
 * then found at once; one whose peer reads while others wait is found when its
 * turn comes.
 *
 * A flush belongs to its session. One that np_server_disconnect meets in flight
 * ends with ERROR_PIPE_NOT_CONNECTED or, if the peer had read everything
 * before, with NP_OK. It never waits for data of the next session.
 *
 * Returns NP_OK when it began. On an error nothing began, `done` never runs:
 * ERROR_INVALID_PARAMETER (a NULL), ERROR_INVALID_HANDLE (the pipe is being
 * closed), ERROR_BUSY (`op` is in flight, or the pipe is a channel's); where
 * threads flush ERROR_NOT_ENOUGH_MEMORY, ERROR_INVALID_DATA (the system gave an
 * impossible answer, too short for the state of the pipe), or what
 * NtQueryInformationFile, DuplicateHandle or CreateThread said.
 * `done` gets NP_OK: the peer has read everything; or no client was there yet;
 * or the peer had gone when the flush began. ERROR_BROKEN_PIPE: the peer went
 * while the flush waited, and it is not certain that it had read everything.
 * ERROR_PIPE_NOT_CONNECTED: disconnected. ERROR_INVALID_DATA: as above, where
 * threads flush. ERROR_OPERATION_ABORTED, WAIT_TIMEOUT, or what Windows said.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  FlushFileBuffers, Remarks (named pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-flushfilebuffers
 */
NP_API np_error np_pipe_flush(np_pipe *pipe, np_op *op, np_op_fn done);

/* np_pipe_transact writes one message and reads the next one, which is taken
 * for its reply: the kernel gets both at once, within the call, and no quota
 * holds the request back. Reads that are begun after it get what comes after
 * the reply. np_pipe_shutdown does not wait for it.
 *
 * Both ends can transact. A transact needs a pipe of type message, message
 * reads at this end, and no message that waits to be read at this end.
 *
 * request  `request_length` bytes, unchanged until `done` runs; may be NULL
 *          when 0: an empty message
 * reply    `reply_length` bytes, must not be touched until `done` runs; may be
 *          NULL when 0
 * op       caller's storage, see np_op
 *
 * Returns NP_OK when it began. On an error nothing began, `done` never runs:
 * ERROR_INVALID_PARAMETER (a NULL, or a length over UINT32_MAX),
 * ERROR_INVALID_HANDLE (the pipe is being closed), ERROR_ACCESS_DENIED (the end
 * is not for both reading and writing), ERROR_BUSY (`op` is in flight; or a
 * read is, which would get the reply; or another transact; or readiness is
 * reading ahead or holds what it has read; or the pipe is a channel's),
 * ERROR_INVALID_STATE (an earlier request of this session, of a transact or of
 * np_channel_call, went out and ended without its reply: the next message may
 * be that late reply, and this transact would take it for its own. Reads and
 * writes go on; a new session begins anew. To be able to give up on requests,
 * put ids into the messages and use np_pipe_write and np_pipe_read).
 * `done` gets NP_OK and the bytes of the reply; ERROR_MORE_DATA: the first
 * `transferred` bytes of a longer reply, the rest comes with the next reads. On
 * ERROR_PIPE_BUSY (a message waits to be read) and ERROR_BAD_PIPE (not a
 * message pipe, byte reads, or nobody is connected) nothing was written. On
 * ERROR_BROKEN_PIPE (the peer left), ERROR_PIPE_NOT_CONNECTED (disconnected),
 * ERROR_OPERATION_ABORTED and WAIT_TIMEOUT the request may have been read, and
 * after the last two it stays in the pipe: its reply comes to a later read, and
 * no other transact begins in this session. ERROR_INVALID_DATA: the system gave
 * an impossible answer, more bytes than `reply` holds; the reply is lost. Else
 * what Windows said.
 *
 * Modes:   message, server, client
 * Thread:  the loop's only; fine from a callback.
 * Source:  TransactNamedPipe, Remarks
 *          learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-transactnamedpipe
 */
NP_API np_error np_pipe_transact(np_pipe *pipe, const void *request,
                                 size_t request_length, void *reply,
                                 size_t reply_length, np_op *op, np_op_fn done);

/* The most bytes that one np_pipe_peek copies. */
#define NP_PEEK_BYTES_MAX ((size_t)1 << 30)

/* The answer of np_pipe_peek.
 *
 * size       of this struct in bytes; set by the caller
 * copied     bytes that were copied
 * available  bytes that wait to be read, in all messages, with those of the
 *            peer's writes that still pend; a hint
 * left       bytes of the first message beyond those copied; 0 where this end
 *            reads bytes */
typedef struct np_peek {
  size_t size;
  size_t copied;
  size_t available;
  size_t left;
} np_peek;

/* np_pipe_peek copies what the next reads will bring, and takes nothing. It
 * never waits for the peer to send. It waits for the kernel's answer: on a pipe
 * of another machine that of the server, as np_pipe_info does; on this machine
 * it comes at once, unless a filter driver delays it. Data that readiness has
 * read ahead come first, as in a read. On a message pipe np_pipe_peek shows
 * only the first message, so an end that reads bytes may see less than it could
 * read. An empty message looks like no message.
 *
 * The result is no promise. Reads in flight, also the read of readiness, get
 * the data first, and then np_pipe_peek shows nothing, even where the stream
 * has ended. And bytes of a write that the peer cancels are gone again.
 *
 * buffer  `length` bytes; may be NULL when 0. For more than 256 bytes
 *         np_pipe_peek takes memory of the loop's allocator during the call
 * peek    the caller sets `size`; the rest is written on success only
 *
 * Returns NP_OK, also where nothing waits. ERROR_INVALID_PARAMETER: a NULL, a
 * `length` over NP_PEEK_BYTES_MAX, or `peek->size` is not that of the struct.
 * ERROR_INVALID_HANDLE: the pipe is being closed. ERROR_ACCESS_DENIED: the end
 * is not for reading. ERROR_NOT_ENOUGH_MEMORY. ERROR_BROKEN_PIPE: the peer
 * closed and everything was read. ERROR_BAD_PIPE: a server without a client.
 * ERROR_PIPE_NOT_CONNECTED: a client whose server disconnected it.
 * ERROR_INVALID_DATA: the system gave an impossible answer, one that is too
 * short or has more bytes than were asked for or wait. Else what Windows said.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  PeekNamedPipe; MS-FSCC, FSCTL_PIPE_PEEK
 *          learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-peeknamedpipe
 */
NP_API np_error np_pipe_peek(np_pipe *pipe, void *buffer, size_t length,
                             np_peek *peek);

#ifdef __cplusplus
}
#endif

#endif
