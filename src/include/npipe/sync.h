/* A client that blocks: whole messages to a server and back, without a loop of
 * the caller's. Each call waits until it is done, or until its limit. */
#ifndef NPIPE_SYNC_H
#define NPIPE_SYNC_H

#include <stddef.h>
#include <stdint.h>

#include <npipe/api.h>
#include <npipe/channel.h>
#include <npipe/client.h>
#include <npipe/error.h>
#include <npipe/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A blocking client: a loop of its own, a client end and a channel on it.
 *
 * Any thread may use it, one call at a time: a call while another one is in
 * progress returns ERROR_BUSY. Only np_sync_cancel is for that moment. The
 * caller's threads hand a np_sync to each other as they hand over other memory.
 *
 * Never make a blocking call in a callback of a loop: the loop would stand
 * still until the call returns. */
typedef struct np_sync np_sync;

/* Options of np_sync_open; np_sync_options_init fills them.
 *
 * size       of this struct, in bytes
 * client     how the pipe is opened. With `client.read_mode` NP_MESSAGE the
 *            messages are those of the pipe; with NP_BYTE, the default, they
 *            are framed
 * channel    how messages are framed, and how long they may be
 * allocator  for all memory of the client; default malloc */
typedef struct np_sync_options {
  size_t size;
  np_client_options client;
  np_channel_options channel;
  np_allocator allocator;
} np_sync_options;

/* np_sync_options_init fills `options` with the defaults. NULL is ignored.
 *
 * Thread:  any.
 */
NP_API void np_sync_options_init(np_sync_options *options);

/* np_sync_open connects to the server of `name`. While all instances are taken,
 * and with `client.wait_for_server` also while the name does not exist, it
 * waits. The limit counts for all of that together. Nobody can cancel the call:
 * give it a limit.
 *
 * name        as for np_client_open; borrowed for the call
 * options     borrowed for the call; NULL: the defaults
 * timeout_ms  milliseconds; 0: no limit
 * sync        set on success only; end it with np_sync_close
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL, or an option that is none.
 * WAIT_TIMEOUT: the limit passed. ERROR_FILE_NOT_FOUND: no such pipe.
 * ERROR_NOT_ENOUGH_MEMORY. Else what np_loop_create, np_client_connect and
 * np_channel_create returns, or what Windows said.
 *
 * Thread:  any.
 * Modes:   byte, message, message-byte
 * Source:  Named Pipe Client
 *          learn.microsoft.com/windows/win32/ipc/named-pipe-client
 */
NP_API np_error np_sync_open(const char *name, const np_sync_options *options,
                             uint32_t timeout_ms, np_sync **sync);

/* np_sync_send sends one message, and returns when the kernel has all of it.
 * The server may not have read it yet.
 *
 * A send that is cancelled or late may have been cut. Later sends and calls
 * then fail with the error that this call returned (see np_channel_send), and
 * the connection is of use for receiving alone.
 *
 * timeout_ms  milliseconds; 0: no limit
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL. ERROR_BUSY: another call is
 * in progress. WAIT_TIMEOUT: the limit passed. ERROR_OPERATION_ABORTED:
 * np_sync_cancel. ERROR_BUFFER_OVERFLOW: the message is too long. ERROR_NO_DATA
 * and ERROR_BROKEN_PIPE: the server closed its end. Else what np_channel_send
 * returns, what `done` of np_channel_send gets, or what Windows said.
 *
 * Thread:  any, one call at a time.
 * Modes:   byte, message, message-byte
 * Source:  WriteFile, Remarks (Pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-writefile
 */
NP_API np_error np_sync_send(np_sync *sync, const void *data, size_t length,
                             uint32_t timeout_ms);

/* np_sync_receive waits for one message and copies it into the buffer. A call
 * that is cancelled or late loses nothing: what came stays for the next call.
 *
 * buffer      `size` bytes; may be NULL when 0
 * timeout_ms  milliseconds; 0: no limit
 * length      the message's length on success, and with
 *             ERROR_INSUFFICIENT_BUFFER; else 0
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL. ERROR_BUSY: another call is
 * in progress. ERROR_INSUFFICIENT_BUFFER: the message is longer than the
 * buffer, and stays: call again with `*length` bytes. WAIT_TIMEOUT: the limit
 * passed. ERROR_OPERATION_ABORTED: np_sync_cancel. ERROR_BROKEN_PIPE: the
 * server closed its end behind its last message. Else what
 * np_channel_receive_into returns, what `done` of np_channel_receive_into gets,
 * or what Windows said.
 *
 * Thread:  any, one call at a time.
 * Modes:   byte, message, message-byte
 * Source:  ReadFile, Remarks (Pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-readfile
 */
NP_API np_error np_sync_receive(np_sync *sync, void *buffer, size_t size,
                                uint32_t timeout_ms, size_t *length);

/* np_sync_call sends a request and waits for its reply, the next message. The
 * limit counts for both together. The rules are those of np_channel_call: after
 * a call whose reply may still come, each later call fails with
 * ERROR_INVALID_STATE. Then close the client and open another.
 *
 * reply         `size` bytes; may be NULL when 0
 * timeout_ms    milliseconds; 0: no limit
 * reply_length  the reply's length on success, and with
 *               ERROR_INSUFFICIENT_BUFFER; else 0
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL. ERROR_BUSY: another call is
 * in progress. ERROR_INSUFFICIENT_BUFFER: the reply is longer than the buffer,
 * and stays: np_sync_receive gets it. ERROR_PIPE_BUSY: a message is there that
 * nobody received, nothing was sent; receive it first. ERROR_INVALID_STATE: see
 * above, nothing was sent. WAIT_TIMEOUT: the limit passed.
 * ERROR_OPERATION_ABORTED: np_sync_cancel. ERROR_BROKEN_PIPE: the server closed
 * its end without a reply. Else what np_channel_call returns, what `done` of
 * np_channel_call gets, or what Windows said.
 *
 * Thread:  any, one call at a time.
 * Modes:   byte, message, message-byte
 * Source:  Named Pipe Client
 *          learn.microsoft.com/windows/win32/ipc/named-pipe-client
 */
NP_API np_error np_sync_call(np_sync *sync, const void *request, size_t length,
                             void *reply, size_t size, uint32_t timeout_ms,
                             size_t *reply_length);

/* np_sync_cancel asks the call that is in progress on another thread to return.
 * That call returns as cancelled, or with its result if it had one.
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: NULL. ERROR_NOT_FOUND: no call is in
 * progress; a later call is not affected. Else what PostQueuedCompletionStatus
 * said, and the call goes on.
 *
 * Thread:  any, but not while np_sync_close may run.
 * Source:  PostQueuedCompletionStatus
 *          learn.microsoft.com/windows/win32/fileio/postqueuedcompletionstatus
 */
NP_API np_error np_sync_cancel(np_sync *sync);

/* np_sync_close closes the client and frees it. The server can still read what
 * was sent.
 *
 * Returns NP_OK, also for NULL. ERROR_BUSY: a call is in progress; nothing
 * changed.
 *
 * Thread:  any, one call at a time.
 * Modes:   byte, message, message-byte
 * Source:  Named Pipe Client
 *          learn.microsoft.com/windows/win32/ipc/named-pipe-client
 */
NP_API np_error np_sync_close(np_sync *sync);

#ifdef __cplusplus
}
#endif

#endif
