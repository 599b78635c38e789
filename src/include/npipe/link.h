/* Links: a client that connects again when its connection ends.
 *
 * A link keeps one channel to a server of a name. While there is none it waits
 * for the server, with delays that grow and have a random part. Messages that
 * are sent meanwhile wait in a bounded queue. A link sends each message at most
 * once, and says for each whether it was sent: nobody can know whether a server
 * has read what the kernel held for it when the connection ended. */
#ifndef NPIPE_LINK_H
#define NPIPE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/api.h>
#include <npipe/channel.h>
#include <npipe/client.h>
#include <npipe/error.h>
#include <npipe/loop.h>
#include <npipe/op.h>
#include <npipe/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A link, made by np_link_create. */
typedef struct np_link np_link;

/* The events of a link.
 *
 * NP_LINK_UP       connected. The queue goes out when the function has
 *                  returned: what it sends on np_link_channel, for example a
 *                  greeting, goes before the queue
 * NP_LINK_DOWN     the connection has ended, once after each NP_LINK_UP. All
 *                  its messages have had their callbacks
 * NP_LINK_FAILED   an attempt to connect has failed. A name that does not exist
 *                  or is busy is no failure: the link waits for it
 * NP_LINK_GAVE_UP  the link tries no more; close it */
typedef enum np_link_event {
  NP_LINK_UP,
  NP_LINK_DOWN,
  NP_LINK_FAILED,
  NP_LINK_GAVE_UP
} np_link_event;

/* np_link_fn gets the events of a link, from the loop. It may close the link.
 *
 * error  NP_OK with NP_LINK_UP. With NP_LINK_DOWN what a receive or a send of
 *        the channel said, for example ERROR_BROKEN_PIPE. With NP_LINK_FAILED
 *        what np_client_connect or np_channel_create said. With NP_LINK_GAVE_UP
 *        ERROR_ACCESS_DENIED, or WAIT_TIMEOUT after `give_up_ms` */
typedef void (*np_link_fn)(np_link *link, np_link_event event, np_error error);

/* np_link_message_fn gets a message of the server, from the loop. It may close
 * the link.
 *
 * data  borrowed until the function returns; it may change the bytes */
typedef void (*np_link_message_fn)(np_link *link, void *data, size_t length);

/* np_link_closed_fn is called when a link is gone. Within it np_link_user works
 * for the last time. */
typedef void (*np_link_closed_fn)(np_link *link);

/* Options of a link; np_link_options_init fills them.
 *
 * size                 of this struct, in bytes
 * client               how to connect, as for np_client_open. The checks
 *                      `verify_...` are made at each connection. The strings
 *                      are copied. `wait_for_server` has no effect: a link
 *                      waits always. `security_attributes` must be NULL
 * channel              of each connection, see np_channel_options
 * delay_min_ms         after a connection has ended, or an attempt has failed,
 *                      the next attempt follows after this delay, default 100.
 *                      The delay doubles with each attempt that fails and each
 *                      connection that ends within `stable_ms`. From each delay
 *                      a random part of up to one half is taken, so that many
 *                      clients do not come in step
 * delay_max_ms         no delay is longer, default 30000; at least
 *                      `delay_min_ms`
 * stable_ms            a connection that lasted so long makes the delay
 *                      `delay_min_ms` again, default 5000. So a server that
 *                      accepts and dies is left in peace
 * give_up_ms           give up after so long without a connection; 0, the
 *                      default: never
 * queue_bytes_max      bytes of all messages without callback, default 1 MiB
 * retry_access_denied  false, the default: ERROR_ACCESS_DENIED makes the link
 *                      give up. True: it is an attempt that failed, as while a
 *                      service restarts
 * on_event             must not be NULL
 * on_message           may be NULL: messages of the server are dropped. A link
 *                      always receives, to notice the end of a connection; one
 *                      that cannot read notices it when it sends */
typedef struct np_link_options {
  size_t size;
  np_client_options client;
  np_channel_options channel;
  uint32_t delay_min_ms;
  uint32_t delay_max_ms;
  uint32_t stable_ms;
  uint32_t give_up_ms;
  size_t queue_bytes_max;
  bool retry_access_denied;
  np_link_fn on_event;
  np_link_message_fn on_message;
} np_link_options;

/* np_link_options_init fills `options` with the defaults. NULL is ignored.
 *
 * Thread:  any.
 */
NP_API void np_link_options_init(np_link_options *options);

/* np_link_create makes a link and begins to connect. The function `on_event`
 * comes from the loop.
 *
 * name     as for np_client_open; copied
 * options  borrowed for the call
 * link     set on success only; close it with np_link_close
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL, or an option that a struct's
 * comment rules out. ERROR_INVALID_NAME, ERROR_FILENAME_EXCED_RANGE,
 * ERROR_NO_UNICODE_TRANSLATION: see np_client_open. ERROR_NOT_ENOUGH_MEMORY.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  Named Pipe Client
 *          learn.microsoft.com/windows/win32/ipc/named-pipe-client
 */
NP_API np_error np_link_create(np_loop *loop, const char *name,
                               const np_link_options *options, np_link **link);

/* What became of a message.
 *
 * NP_LINK_SENT      a kernel has the whole message, as NP_OK of np_channel_send
 * NP_LINK_NOT_SENT  no server has got any byte of it
 * NP_LINK_UNKNOWN   it was given to a connection that ended: the server may
 *                   have read it, a part of it, or nothing. The link does not
 *                   send it again */
typedef enum np_link_outcome {
  NP_LINK_SENT,
  NP_LINK_NOT_SENT,
  NP_LINK_UNKNOWN
} np_link_outcome;

typedef struct np_link_message np_link_message;

/* np_link_sent_fn is called at the end of a message, exactly once, from the
 * loop and never from inside np_link_send. The messages that were given to
 * connections end in the order in which they were sent.
 *
 * error  NP_OK with NP_LINK_SENT. With NP_LINK_UNKNOWN why the connection
 *        ended. With NP_LINK_NOT_SENT: ERROR_OPERATION_ABORTED (cancelled, or
 *        the link was closed), WAIT_TIMEOUT (`timeout_ms` is over), the error
 *        with which the link gave up, ERROR_NOT_ENOUGH_MEMORY, or why
 *        np_channel_send refused the message
 *
 * When it runs, `message` is the caller's again. */
typedef void (*np_link_sent_fn)(np_link_message *message,
                                np_link_outcome outcome, np_error error);

/* One message, in the caller's storage. Set it to zero before its first use.
 * From np_link_send until its callback begins it must stay in place, and
 * nothing in it may be changed.
 *
 * user        the caller's; the library never looks at it
 * timeout_ms  how long the message may wait to be given to a connection, in
 *             milliseconds; 0: without limit */
struct np_link_message {
  void *user;
  uint32_t timeout_ms;

  np_op np__op;
  np_link *np__owner;
  np_link_sent_fn np__done;
  const void *np__data;
  size_t np__length;
  np_timer np__limit;
  np__link np__place;
  np_error np__error;
  uint8_t np__state;
};

/* np_link_send sends one message: now if the link is up, else when it is.
 * Messages keep their order. At most 64 KiB of messages, or one longer message,
 * are given to the connection at a time: only these can end with
 * NP_LINK_UNKNOWN.
 *
 * data     `length` bytes, unchanged until `done` runs; may be NULL when 0
 * message  caller's storage
 *
 * Returns NP_OK when it began. On an error nothing began, `done` never runs:
 * ERROR_INVALID_PARAMETER (a NULL), ERROR_INVALID_HANDLE (the link is being
 * closed), ERROR_INVALID_STATE (the link has given up), ERROR_BUSY (`message`
 * is in use), ERROR_NOT_ENOUGH_QUOTA (the queue would have more than
 * `queue_bytes_max` bytes).
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  WriteFile, Remarks (Pipes)
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-writefile
 */
NP_API np_error np_link_send(np_link *link, const void *data, size_t length,
                             np_link_message *message, np_link_sent_fn done);

/* np_link_cancel takes a message out of the queue. Its callback still runs,
 * from the loop, with NP_LINK_NOT_SENT and ERROR_OPERATION_ABORTED.
 *
 * Returns NP_OK. ERROR_NOT_FOUND: `message` is not in use, or a connection has
 * it; harmless. ERROR_INVALID_PARAMETER: NULL.
 *
 * Thread:  the loop's only; fine from a callback.
 */
NP_API np_error np_link_cancel(np_link_message *message);

/* np_link_channel returns the channel while the link is up, else NULL. The
 * caller may send on it and ask its pipe, and must neither receive on it nor
 * close or detach it. Sends end, with an error, before NP_LINK_DOWN.
 *
 * Thread:  the loop's only.
 */
NP_API np_channel *np_link_channel(const np_link *link);

/* np_link_close ends `link` at once, in any state. After it returned,
 * `on_event` and `on_message` run no more. The messages in the queue end with
 * NP_LINK_NOT_SENT, those that the connection has with NP_LINK_UNKNOWN. Then
 * `on_closed` runs, once, and the memory is freed.
 *
 * on_closed  may be NULL
 *
 * Returns NP_OK, also for NULL. ERROR_INVALID_HANDLE: it is being closed
 * already; nothing changed and this `on_closed` never runs.
 *
 * Thread:  the loop's only; fine from a callback, its own too.
 */
NP_API np_error np_link_close(np_link *link, np_link_closed_fn on_closed);

/* np_link_user returns the pointer that np_link_set_user stored; NULL before,
 * and for NULL.
 *
 * Thread:  the loop's only.
 */
NP_API void *np_link_user(const np_link *link);

/* np_link_set_user stores a pointer of the caller with `link`. It does nothing
 * for NULL.
 *
 * Thread:  the loop's only.
 */
NP_API void np_link_set_user(np_link *link, void *user);

#ifdef __cplusplus
}
#endif

#endif
