/* Channels: whole messages over a pipe of either mode.
 *
 * A channel takes over one end that is connected and sends and receives whole
 * messages, in their order: on a message pipe natively, each message one of the
 * kernel's; over bytes by framing (npipe/frame.h), each behind its length. An
 * empty message is a message on both kinds of pipe.
 *
 * If one message fails, the channel goes on with the other messages wherever
 * possible. Where it is not possible, that direction of the channel has failed
 * for good, and each further operation in it is called back with the same
 * error. docs/channel.md has the whole table. */
#ifndef NPIPE_CHANNEL_H
#define NPIPE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/api.h>
#include <npipe/error.h>
#include <npipe/frame.h>
#include <npipe/op.h>
#include <npipe/pipe.h>
#include <npipe/shared.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A channel, made by np_channel_create. */
typedef struct np_channel np_channel;

/* The memory of a channel, in bytes of the loop's allocator. A peer costs what
 * it sends, not what it announces:
 *
 *     receiving  <= 2 * (bytes that have come since the channel was idle)
 *                   + NP_CHANNEL_MEMORY_BYTES
 *     sending    <= 2 * (the write that is put together of messages)
 *                <= 2 * write_buffer_bytes
 *     copies     <= copy_bytes_max, or one message
 *
 * The memory for receiving includes the channel itself. The bound holds at each
 * allocation, also while a message moves in memory. Messages that wait for a
 * peer that does not read stay in the caller's memory. The exceptions are
 * np_channel_send_copy and np_channel_send_shared.
 *
 * A channel is idle when nothing has come for NP_CHANNEL_IDLE_MS. It notices
 * this within twice that time, by a timer. This timer does not keep the loop
 * running, but may end a wait of the loop. An idle channel holds, itself
 * included, at most NP_CHANNEL_IDLE_BYTES, and in addition
 *
 * - twice the part of a message that has come only in part, and
 *   NP_FRAME_MEMORY_BYTES;
 * - the message that np_channel_data lends, and data that were read while no
 *   receive was in flight: both stay, with their buffer, until the next
 *   receive;
 * - the memory of a write in flight. */
#define NP_CHANNEL_MEMORY_BYTES 16384
#define NP_CHANNEL_IDLE_BYTES   2048
#define NP_CHANNEL_IDLE_MS      1000

/* The bytes that a message counts beside its length while it waits as a copy,
 * in np_channel_options.copy_bytes_max and np_sender_options.bytes_max. So the
 * number of messages is bounded too. */
#define NP_COPY_BYTES 512

/* Which messages are framed. Both ends of a pipe must do the same, in both
 * directions.
 *
 * NP_FRAMING_AUTO    messages are framed if this end reads bytes; for an end
 *                    that cannot read, the type of the pipe decides. So on a
 *                    message pipe both ends must read messages, or both must
 *                    read bytes
 * NP_FRAMING_ALWAYS  all
 * NP_FRAMING_NEVER   none: the type must be message, and so must the read mode
 *                    of an end that can read */
typedef enum np_framing {
  NP_FRAMING_AUTO,
  NP_FRAMING_ALWAYS,
  NP_FRAMING_NEVER
} np_framing;

/* Options of a channel; np_channel_options_init fills them.
 *
 * size                of this struct, in bytes
 * framing             see np_framing; default NP_FRAMING_AUTO
 * frame               options of the framing; the defaults are those of
 *                     np_frame_options_init, which are compatible with Tokio's
 *                     LengthDelimitedCodec. Its `frame_bytes_max` is the
 *                     longest message in either mode, default 8 MiB
 * half_close          an empty message of the kernel ends a direction:
 *                     np_channel_shutdown sends an empty message, and an empty
 *                     message that arrives is the end of the stream. Only on
 *                     pipes of type message; both ends must agree, as two ends
 *                     of go-winio do. A channel that does not frame can then
 *                     send no empty message. Default false
 * gather              over bytes, messages that are sent in one turn of the
 *                     loop go out at the end of the turn, before the loop
 *                     waits, in as few writes as possible. False: each message
 *                     is a write of its own, made within the call unless an
 *                     earlier message still waits. Default true
 * write_buffer_bytes  the longest write that is put together from several
 *                     messages, or from a header and a message; what is longer
 *                     is written from where it is, behind a write with its
 *                     header. Default 65,472. The buffer is as large as what it
 *                     held, rounded up to a power of two, and kept until the
 *                     channel is idle
 * read_buffer_bytes   what one read over bytes takes at most. The buffer grows
 *                     up to that with what comes, and is small again when the
 *                     channel is idle: see NP_CHANNEL_MEMORY_BYTES. The memory
 *                     for a message of the kernel's grows on, up to the
 *                     maximum. At least 1; default 64 KiB and
 *                     NP_FRAME_HEADER_BYTES_MAX
 * copy_bytes_max      the most bytes of np_channel_send_copy and
 *                     np_channel_send_shared that wait. Each message counts its
 *                     length and NP_COPY_BYTES. Default 1 MiB */
typedef struct np_channel_options {
  size_t size;
  np_framing framing;
  np_frame_options frame;
  bool half_close;
  bool gather;
  size_t write_buffer_bytes;
  size_t read_buffer_bytes;
  size_t copy_bytes_max;
} np_channel_options;

/* np_channel_options_init fills `options` with the defaults. NULL is ignored.
 *
 * Thread:  any.
 */
NP_API void np_channel_options_init(np_channel_options *options);

/* np_channel_create makes a channel of `pipe`, which it takes over: until
 * np_channel_detach nothing else may be started on the pipe, tried on it or
 * changed in it, readiness and the read mode included, and it cannot be closed
 * or given back to a listener: ERROR_BUSY. np_pipe_info, np_pipe_peek,
 * np_server_disconnect, np_pipe_impersonate and the questions about the peer
 * stay allowed.
 *
 * pipe     connected, with nothing in flight on it
 * options  borrowed for the call; NULL: the defaults
 * channel  set on success only; end it with np_channel_close
 *
 * Returns NP_OK. Else nothing changed and the pipe stays the caller's.
 * ERROR_INVALID_PARAMETER: a NULL, or options that are none (`size`, `framing`,
 * `frame` or `read_buffer_bytes`). ERROR_INVALID_HANDLE: the pipe is being
 * closed, or was given back to its listener. ERROR_BUSY: something is in flight
 * on it, its readiness is in use, or it belongs to a channel.
 * ERROR_NOT_SUPPORTED: NP_FRAMING_NEVER or `half_close` on a pipe that does not
 * keep messages. ERROR_NOT_ENOUGH_MEMORY. ERROR_INVALID_DATA: the system gave
 * an impossible answer about the type of the pipe. Else what Windows said,
 * asked for that type.
 *
 * Thread:  the loop's only.
 * Source:  Named Pipe Type, Read, and Wait Modes
 *          learn.microsoft.com/windows/win32/ipc/named-pipe-type-read-and-wait-modes
 */
NP_API np_error np_channel_create(np_pipe *pipe,
                                  const np_channel_options *options,
                                  np_channel **channel);

/* np_channel_closed_fn is called when a channel is gone. Within it
 * np_channel_user works for the last time. */
typedef void (*np_channel_closed_fn)(np_channel *channel);

/* np_channel_close closes `channel` and its pipe at once, as np_pipe_close
 * does: operations in flight are cancelled and get their callbacks, then
 * `on_closed` runs, once, and the memory is freed. Messages that were not
 * written yet are lost: np_channel_shutdown first.
 *
 * on_closed  may be NULL
 *
 * Returns NP_OK, also for NULL. ERROR_INVALID_HANDLE: it is being closed
 * already, or was detached; nothing changed and this `on_closed` never runs.
 *
 * Thread:  the loop's only; fine from a callback.
 */
NP_API np_error np_channel_close(np_channel *channel,
                                 np_channel_closed_fn on_closed);

/* np_channel_detach ends `channel` and gives its pipe back, open: the caller
 * may disconnect it and use it for the next client, or go on without the
 * channel. Data that the channel has read and not handed out are dropped. After
 * a send that failed the peer may have a part of a message. The channel must
 * not be used any more.
 *
 * pipe  set on success only
 *
 * Returns NP_OK. Else nothing changed: ERROR_INVALID_PARAMETER (a NULL),
 * ERROR_INVALID_HANDLE (it is being closed), ERROR_BUSY (an operation is in
 * flight. Within the callback of the last operation np_channel_detach works,
 * also after a cancel. A cancelled send is the exception: if the kernel holds
 * its message in one write with others, the message still goes to the peer, and
 * the channel is busy until the peer has read it).
 *
 * Thread:  the loop's only; fine from a callback.
 */
NP_API np_error np_channel_detach(np_channel *channel, np_pipe **pipe);

/* np_channel_pipe returns the pipe that `channel` took over, for queries. NULL
 * for NULL and when the pipe is gone.
 *
 * Thread:  the loop's only.
 */
NP_API np_pipe *np_channel_pipe(const np_channel *channel);

/* np_channel_user returns the pointer that np_channel_set_user stored; NULL
 * before, and for NULL.
 *
 * Thread:  the loop's only.
 */
NP_API void *np_channel_user(const np_channel *channel);

/* np_channel_set_user stores a pointer of the caller with `channel`. It does
 * nothing for NULL.
 *
 * Thread:  the loop's only.
 */
NP_API void np_channel_set_user(np_channel *channel, void *user);

/* np_channel_header_bytes returns how many bytes of header go before each
 * message on the wire: the room that np_channel_send_reserved needs before the
 * message. With NP_FRAME_VARINT it is the longest header that a message can
 * have. 0 if the channel does not frame, with NP_FRAME_DELIMITER, and for NULL.
 *
 * Thread:  the loop's only.
 */
NP_API size_t np_channel_header_bytes(const np_channel *channel);

/* np_channel_send sends one message. Any number of sends may be in flight: the
 * messages go out in the order in which the sends began, and the callbacks run
 * in that order, each with its own result. NP_OK means, as for np_pipe_write,
 * that the kernel has the whole message.
 *
 * On a channel that does not frame, the kernel gets the message straight from
 * the caller's memory within the call. Framed messages of at most
 * `write_buffer_bytes` are copied once, next to their header; longer messages
 * go from the caller's memory. With NP_FRAME_DELIMITER every message is copied.
 *
 * A send can be cancelled, or reach its time limit, in three states. If the
 * kernel was not given the message yet, nothing of it is sent. If the message
 * was copied into a write that the kernel holds, it is abandoned: its callback
 * comes, the peer may or may not get the message, and the channel goes on. If
 * the kernel writes the message from the caller's memory, the message is cut:
 * sending has then failed for good, with the error that was reported, because
 * the peer may have read a part. On a channel that does not frame, the peer
 * gets such a part joined to the next message, if another send was in flight
 * behind it: give no time limit to a send that others follow.
 *
 * data  `length` bytes, unchanged until `done` runs; may be NULL when 0
 * op    caller's storage, see np_op
 *
 * Returns NP_OK when it began. On an error nothing began, `done` never runs:
 * ERROR_INVALID_PARAMETER (a NULL, or the message is empty and would end the
 * direction, see `half_close`), ERROR_INVALID_HANDLE (the channel is being
 * closed), ERROR_BUSY (`op` is in flight), ERROR_ACCESS_DENIED (the end is not
 * for writing), ERROR_BUFFER_OVERFLOW (longer than the maximum, or than the
 * length field can say), ERROR_INVALID_DATA (shorter than the framing's
 * adjustment, or it holds a delimiter, see np_frame_encode_end), ERROR_NO_DATA
 * (np_channel_shutdown has ended this direction).
 * `done` gets NP_OK and the message's length, what `done` of np_pipe_write
 * gets, ERROR_NOT_ENOUGH_MEMORY (of this message nothing was sent; the next may
 * be), or the error with which sending failed earlier.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  WriteFile, Remarks (Pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-writefile
 */
NP_API np_error np_channel_send(np_channel *channel, const void *data,
                                size_t length, np_op *op, np_op_fn done);

/* np_channel_send_reserved is np_channel_send of a message before which the
 * caller left room for the header, np_channel_header_bytes long. The length is
 * written into the header; its other bytes are sent as they are. So a long
 * message goes out in one write without a copy. On a channel that does not
 * frame the room is 0 bytes, so the same code works. With NP_FRAME_VARINT the
 * header may be shorter than the room: it stands at the end of the room.
 *
 * buffer  the header's bytes, then `length` bytes of the message; must not be
 *         touched until `done` runs
 * length  of the message alone
 *
 * Returns what np_channel_send does.
 * `done` gets what `done` of np_channel_send gets.
 *
 * Thread:  the loop's only; fine from a callback.
 */
NP_API np_error np_channel_send_reserved(np_channel *channel, void *buffer,
                                         size_t length, np_op *op,
                                         np_op_fn done);

/* np_channel_send_copy is np_channel_send of a copy of `data`: the caller keeps
 * neither the bytes nor an op. It takes one piece of memory of the loop's
 * allocator until the send has ended. The send has no time limit and cannot be
 * cancelled alone.
 *
 * The bytes that wait are bounded, see `copy_bytes_max`. A channel on which
 * nothing waits takes a message of any length that it can send.
 *
 * data  `length` bytes, copied; may be NULL when 0
 * done  may be NULL
 * user  for `done`
 *
 * Returns what np_channel_send does, but not ERROR_BUSY. NP_WOULD_BLOCK: too
 * many bytes wait, and nothing was sent; each message that ends makes room.
 * ERROR_NOT_ENOUGH_MEMORY.
 * `done` gets what `done` of np_channel_send gets.
 *
 * Thread:  the loop's only; fine from a callback. Other threads have
 *          npipe/sender.h.
 */
NP_API np_error np_channel_send_copy(np_channel *channel, const void *data,
                                     size_t length, np_sent_fn done,
                                     void *user);

/* np_channel_send_shared is np_channel_send_copy of a shared message: it takes
 * a count of `shared`, and memory for the send alone. So one buffer goes to
 * many receivers.
 *
 * shared  the caller's count stays the caller's
 * done    may be NULL
 * user    for `done`
 *
 * Returns what np_channel_send_copy does.
 * `done` gets what `done` of np_channel_send gets.
 *
 * Thread:  the loop's only; fine from a callback. Other threads have
 *          npipe/sender.h.
 */
NP_API np_error np_channel_send_shared(np_channel *channel, np_shared *shared,
                                       np_sent_fn done, void *user);

/* np_channel_shutdown completes once every message whose sending was begun
 * before it has left the library, as np_pipe_shutdown does; messages may be
 * sent after it. A call that waits in line has not begun to send.
 *
 * With `half_close` the shutdown ends the direction: it waits until the peer
 * has read everything (a read of bytes may swallow an empty message behind its
 * data), then sends an empty message of the kernel. No message can be sent any
 * more. Receiving goes on: the peer answers and closes. If the shutdown fails,
 * messages can be sent again.
 *
 * Returns NP_OK when it began. On an error nothing began, `done` never runs:
 * ERROR_INVALID_PARAMETER (a NULL), ERROR_INVALID_HANDLE (the channel is being
 * closed), ERROR_BUSY (`op` is in flight), ERROR_ACCESS_DENIED (the end is not
 * for writing), ERROR_NO_DATA (the direction was ended before).
 * `done` gets NP_OK; the error of a message before it that failed while it
 * waited, or with which sending failed earlier (what `done` of np_channel_send
 * gets); ERROR_OPERATION_ABORTED, WAIT_TIMEOUT; with `half_close` also what
 * `done` of np_pipe_flush and np_pipe_write gets, or why no flush could begin.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  FlushFileBuffers, Remarks (named pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-flushfilebuffers
 */
NP_API np_error np_channel_shutdown(np_channel *channel, np_op *op,
                                    np_op_fn done);

/* np_channel_receive receives one message into memory of the channel, which the
 * channel lends: within `done`, np_channel_data returns the message. Over
 * bytes, a message that came whole in one read is lent from the read buffer,
 * without a copy. Several receives may be in flight; each gets one message, and
 * their callbacks run in order.
 *
 * The pipe is only read while a receive waits. A cancel or a time limit loses
 * nothing: data that came stay for the next receive.
 *
 * op  caller's storage, see np_op
 *
 * Returns NP_OK when it began. On an error nothing began, `done` never runs:
 * ERROR_INVALID_PARAMETER (a NULL), ERROR_INVALID_HANDLE (the channel is being
 * closed), ERROR_BUSY (`op` is in flight), ERROR_ACCESS_DENIED (the end is not
 * for reading).
 * `done` gets NP_OK and the length of the message.
 * ERROR_BUFFER_OVERFLOW: a message longer than the maximum came; `transferred`
 * is its length (SIZE_MAX if it is longer than that; one more than the maximum
 * if its writer was cancelled and took the rest back, and always with
 * NP_FRAME_DELIMITER). The message is skipped,
 * and the next receive gets the message behind it.
 * ERROR_BROKEN_PIPE: the peer closed behind its last message, or ended its
 * direction (`half_close`). ERROR_HANDLE_EOF: it did so inside of a message;
 * this is no clean end, and not np_is_eof. (With `unended_last` of the framing
 * the message is received first, and the end is clean.)
 * ERROR_INVALID_DATA, ERROR_ARITHMETIC_OVERFLOW: what came is no frame, see
 * np_frame_decode; receiving has failed for good. ERROR_INVALID_DATA also: the
 * system gave an impossible answer, see np_pipe_read; bytes are lost.
 * ERROR_NOT_ENOUGH_MEMORY: where messages are the kernel's, and for the next
 * read, nothing is lost, and the next receive tries again; for the bytes of a
 * frame that came in pieces receiving has failed for good.
 * ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_LISTENING, ERROR_OPERATION_ABORTED,
 * WAIT_TIMEOUT, or what Windows said.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  ReadFile, Remarks (Pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-readfile
 */
NP_API np_error np_channel_receive(np_channel *channel, np_op *op,
                                   np_op_fn done);

/* np_channel_receive_into is np_channel_receive into the caller's buffer. On a
 * channel that does not frame, the message is read straight into the buffer.
 *
 * If the message is longer than the buffer, `done` gets
 * ERROR_INSUFFICIENT_BUFFER and its length, and the message stays: the next
 * receive, of either kind, gets the message. The buffer's contents are then not
 * specified.
 *
 * buffer  `size` bytes, must not be touched until `done` runs; may be NULL when
 *         0
 *
 * Returns what np_channel_receive does.
 * `done` gets ERROR_INSUFFICIENT_BUFFER (see above), or what `done` of
 * np_channel_receive gets. With ERROR_NOT_ENOUGH_MEMORY a message that was
 * longer than the buffer is lost, and the next receive gets the message behind
 * it.
 *
 * Thread:  the loop's only; fine from a callback.
 */
NP_API np_error np_channel_receive_into(np_channel *channel, void *buffer,
                                        size_t size, np_op *op, np_op_fn done);

typedef struct np_receiver np_receiver;

/* np_receiver_fn gets one message of a standing receive, from the loop. It may
 * start other operations, and may close the channel. It must not free
 * `receiver`, which is in flight until its `done` runs.
 *
 * data  the message, as np_channel_data returns it
 *
 * Returns whether the receive goes on. False ends it: no further message is
 * received, and `done` runs with NP_OK, at once. */
typedef bool (*np_receiver_fn)(np_receiver *receiver, void *data,
                               size_t length);

/* A standing receive, in the caller's storage. Set it to zero before its first
 * use. `op.timeout_ms` limits the wait for each message. */
struct np_receiver {
  np_op op; /* first: the op of `done` is a pointer to the receiver */
  np_receiver_fn np__each;
};

/* np_channel_receive_each receives messages until it is stopped: one start,
 * many messages. It is np_channel_receive that begins again, at the end of the
 * line, after each message.
 *
 * `each` gets the messages in their order, one call each. The next message is
 * read when `each` has returned, so a peer that sends faster waits. To let it
 * wait longer, return false and start again later: what was not received stays
 * in the pipe and in the channel.
 *
 * After np_op_cancel of `receiver->op`, from anywhere, `each` runs no more, and
 * no message is lost: the next receive gets what `each` was not given. The same
 * holds for a time limit, which counts anew after each message.
 *
 * receiver  caller's storage, in place until `done` runs
 * each      gets the messages
 * done      runs once, at the end
 *
 * Returns what np_channel_receive does.
 * `done` gets NP_OK (`each` returned false), or what `done` of
 * np_channel_receive gets, but no message. After ERROR_BUFFER_OVERFLOW, and
 * other errors that leave the channel usable, a new start goes on.
 *
 * Thread:  the loop's only; fine from a callback.
 */
NP_API np_error np_channel_receive_each(np_channel *channel,
                                        np_receiver *receiver,
                                        np_receiver_fn each, np_op_fn done);

/* np_channel_data returns the message of the receive or call whose callback
 * came last; the message has as many bytes as that callback was told. NULL
 * after any result but NP_OK, before the first callback, and for NULL. The
 * caller may change the bytes. They stay until that callback has returned and
 * another receive or call is in flight, or the channel is being closed or was
 * detached.
 *
 * Thread:  the loop's only.
 */
NP_API void *np_channel_data(const np_channel *channel);

/* A request and its reply, in the caller's storage. Set it to zero before its
 * first use. `op` gets the reply; it can be cancelled (np_op_cancel), and
 * `op.timeout_ms` limits the time for request and reply together. */
typedef struct np_call {
  np_op op; /* first: the op of the callback is a pointer to the call */
} np_call;

/* np_channel_call sends a request and receives its reply: the next message.
 *
 * Messages carry no mark of whose reply they are, so a channel has one request
 * at the peer at a time. Calls and receives wait in one line, and are answered
 * in the order in which they began: the request of a call goes out when every
 * receive and every call before it has ended, and then at once, without being
 * gathered. The time limit runs from the beginning of the call. A call that is
 * cancelled or late while it waits in line sends nothing.
 *
 * A call never gets the reply to another request:
 *
 * - A message that came before the request went out is no reply. The call ends
 *   with ERROR_PIPE_BUSY, nothing was sent, and the message stays: receive it,
 *   then call again. (On a pipe of another machine reads may be answered late,
 *   so that such a message is noticed too late. A message that the peer sends
 *   unasked while it has a request cannot be told from a reply.)
 * - If a request went out, or may have, and its call ended without the reply
 *   (cancelled, late, no memory), then the reply may still come. Each later
 *   call on this channel, on another channel over the same pipe, and each
 *   np_pipe_transact ends with ERROR_INVALID_STATE and sends nothing, until the
 *   server has disconnected the pipe. Sends and receives go on, and the late
 *   reply is a message for a receive. Open a new connection; or, to have many
 *   requests in flight and to give up on some, put an id into each message and
 *   use np_channel_send and np_channel_receive.
 *
 * A request that was cut (np_channel_send) makes sending fail. A reply over the
 * maximum length is still the reply: the next call waits until the channel has
 * skipped it.
 *
 * request  `length` bytes, unchanged until `done` runs; may be NULL when 0
 * call     caller's storage, in place until `done` runs
 *
 * Returns what np_channel_send and np_channel_receive do. `done` gets what
 * `done` of np_channel_receive gets, with the reply in np_channel_data;
 * ERROR_PIPE_BUSY and ERROR_INVALID_STATE, see above; or, if the request could
 * not be sent, what `done` of np_channel_send gets, or, where the direction was
 * ended while the call waited in line, the error of a send behind that end. If
 * receiving has ended, nothing is sent, and `done` gets the error with which
 * receiving ended.
 *
 * Thread:  the loop's only; fine from a callback.
 */
NP_API np_error np_channel_call(np_channel *channel, const void *request,
                                size_t length, np_call *call, np_op_fn done);

#ifdef __cplusplus
}
#endif

#endif
