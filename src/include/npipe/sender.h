/* Senders: messages to a channel from any thread.
 *
 * A channel belongs to the thread of its loop. Its sender belongs to nobody: it
 * is counted, any thread that has a count may send and cancel with it, and it
 * outlives the channel and the loop. A send puts the message into a queue, and
 * the loop sends what is in the queue. A burst of sends costs one packet of the
 * port, however many messages and threads it has.
 *
 * The messages of one thread go out in the order in which the thread sent them.
 * Each message has one result, from the loop. The queue is bounded: a full
 * sender refuses a message at once (NP_WOULD_BLOCK), and `on_room` tells when
 * there is room. */
#ifndef NPIPE_SENDER_H
#define NPIPE_SENDER_H

#include <stddef.h>
#include <stdint.h>

#include <npipe/api.h>
#include <npipe/channel.h>
#include <npipe/error.h>
#include <npipe/loop.h>
#include <npipe/op.h>
#include <npipe/shared.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The sender of a channel, made by np_sender_create. */
typedef struct np_sender np_sender;

/* np_room_fn is called from the loop, once after each time that a sender was
 * full, when at most half of its bytes wait. It may be called until the
 * channel's on_closed has run, or the channel was detached.
 *
 * user  of the options */
typedef void (*np_room_fn)(void *user);

/* Options of a sender; np_sender_options_init fills them.
 *
 * size       of this struct, in bytes
 * bytes_max  the most bytes that wait, from the send until its result. A
 *            message counts its length and NP_COPY_BYTES. A sender without
 *            messages takes one of any length that the channel can send.
 *            Default 1 MiB
 * allocator  for the sender and its copies. Its functions may run on any
 *            thread, and on several threads at once. Default malloc and free
 * on_room    may be NULL, the default
 * user       the caller's, for `on_room` */
typedef struct np_sender_options {
  size_t size;
  size_t bytes_max;
  np_allocator allocator;
  np_room_fn on_room;
  void *user;
} np_sender_options;

/* np_sender_options_init fills `options` with the defaults. NULL is ignored.
 *
 * Thread:  any.
 */
NP_API void np_sender_options_init(np_sender_options *options);

/* np_sender_create makes the sender of `channel`. A channel has at most one
 * sender in its life; all threads share it.
 *
 * options  borrowed for the call; NULL: the defaults
 * sender   set on success only; the caller has one count, see np_sender_release
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL, or options that are none
 * (`size`, or only one of the allocator's functions). ERROR_INVALID_HANDLE: the
 * channel is being closed. ERROR_ACCESS_DENIED: its end is not for writing.
 * ERROR_ALREADY_EXISTS: it has a sender. ERROR_NOT_ENOUGH_MEMORY.
 *
 * Thread:  the loop's only; fine from a callback.
 */
NP_API np_error np_sender_create(np_channel *channel,
                                 const np_sender_options *options,
                                 np_sender **sender);

/* np_sender_retain takes another count for the caller and returns `sender`.
 * NULL for NULL.
 *
 * Thread:  any that has a count.
 */
NP_API np_sender *np_sender_retain(np_sender *sender);

/* np_sender_release gives a count back. Messages that were sent go on. The
 * memory is free when the last count is back, the channel is gone, and each
 * message has had its result. NULL is ignored.
 *
 * Thread:  any that has a count.
 */
NP_API void np_sender_release(np_sender *sender);

typedef struct np_message np_message;

/* np_message_fn is called from the loop, exactly once, at the end of a send.
 * The message is the caller's again: it may be sent anew or freed. */
typedef void (*np_message_fn)(np_message *message, np_error error);

/* A message for np_sender_send, in the caller's storage. Set it to zero before
 * its first use. It must stay in place until its callback begins.
 *
 * user  the caller's; the library never looks at it */
struct np_message {
  np_op np__op; /* first: the op of the send is a pointer to the message */
  void *user;
  np__link np__link; /* among the messages of its sender, in their order */
  np_sender *np__sender;
  np_message_fn np__done;
  const void *np__data;
  size_t np__length;
  np_error np__error;
  uint8_t np__phase;
  uint8_t np__is_cancelled; /* another thread has asked for the end */
};

/* np_sender_send sends one message from the caller's memory. It takes no
 * memory. The loop starts the send as np_channel_send does, behind the sends
 * that began before. np_channel_shutdown waits only for messages that the loop
 * has started.
 *
 * If the channel is closed or detached, messages that the loop has not started
 * end with ERROR_OPERATION_ABORTED, and nothing of them is sent.
 *
 * data     `length` bytes, unchanged until `done` runs; may be NULL when 0
 * message  caller's storage
 *
 * Returns NP_OK when `done` will run. Else nothing was sent:
 * ERROR_INVALID_PARAMETER (a NULL, or the message is empty and would end the
 * direction), ERROR_BUSY (`message` is in flight), ERROR_BUFFER_OVERFLOW and
 * ERROR_INVALID_DATA (as np_channel_send), NP_WOULD_BLOCK (the sender is full),
 * ERROR_NO_DATA (the channel was closed or detached), or what
 * PostQueuedCompletionStatus said.
 * `done` gets NP_OK: the kernel has the whole message. Else the message was not
 * sent, or only a part of it: ERROR_OPERATION_ABORTED (cancelled, or the
 * channel was closed or detached), ERROR_NO_DATA (np_channel_shutdown has ended
 * the direction), or what `done` of np_channel_send gets.
 *
 * Thread:  any that has a count; `done` runs on the loop's thread.
 * Source:  PostQueuedCompletionStatus
 *          learn.microsoft.com/windows/win32/fileio/postqueuedcompletionstatus
 */
NP_API np_error np_sender_send(np_sender *sender, const void *data,
                               size_t length, np_message *message,
                               np_message_fn done);

/* np_sender_send_copy is np_sender_send of a copy of `data`: the caller keeps
 * no storage. It takes one piece of memory.
 *
 * data  `length` bytes, copied; may be NULL when 0
 * done  may be NULL
 * user  for `done`
 *
 * Returns what np_sender_send does, and ERROR_NOT_ENOUGH_MEMORY.
 * `done` gets what `done` of np_sender_send gets.
 *
 * Thread:  any that has a count; `done` runs on the loop's thread.
 */
NP_API np_error np_sender_send_copy(np_sender *sender, const void *data,
                                    size_t length, np_sent_fn done, void *user);

/* np_sender_send_shared is np_sender_send of a shared message. It takes a count
 * of `shared` and one piece of memory of a fixed size.
 *
 * shared  the caller's count stays the caller's
 * done    may be NULL
 * user    for `done`
 *
 * Returns what np_sender_send does, and ERROR_NOT_ENOUGH_MEMORY.
 * `done` gets what `done` of np_sender_send gets.
 *
 * Thread:  any that has a count; `done` runs on the loop's thread.
 */
NP_API np_error np_sender_send_shared(np_sender *sender, np_shared *shared,
                                      np_sent_fn done, void *user);

/* np_sender_cancel asks for an early end of a message that np_sender_send took.
 * Its callback still runs, with ERROR_OPERATION_ABORTED, or with the true
 * result if the send had ended first. If the loop has not started the message,
 * nothing of it is sent; else see np_channel_send for what a cancel can cut.
 *
 * The function looks for `message` among the messages in flight, so `message`
 * may be one whose callback has run, even if its memory is gone. If the memory
 * was sent anew in the meantime, the new message is cancelled.
 *
 * Returns NP_OK when the cancel was requested. ERROR_NOT_FOUND: the message is
 * not in flight; harmless. ERROR_INVALID_PARAMETER: a NULL. Else what
 * PostQueuedCompletionStatus said: the message goes on.
 *
 * Thread:  any that has a count.
 */
NP_API np_error np_sender_cancel(np_sender *sender, np_message *message);

#ifdef __cplusplus
}
#endif

#endif
