/* The listener: keeps instances of one name listening, hands out those to which
 * a client has connected, and takes them back for the next client.
 *
 * Windows has no queue of clients that wait for a server: a client that finds
 * no instance listening is told ERROR_PIPE_BUSY. So several listen at once. The
 * replacement of an instance is made before the instance is handed out: as long
 * as there is one, whether listening or handed out, a client sees success or
 * ERROR_PIPE_BUSY, never ERROR_FILE_NOT_FOUND. */
#ifndef NPIPE_LISTENER_H
#define NPIPE_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/api.h>
#include <npipe/error.h>
#include <npipe/loop.h>
#include <npipe/pipe.h>
#include <npipe/server.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A listener, made by np_listener_create. */
typedef struct np_listener np_listener;

/* np_listener_pipe_fn gets a pipe to which a client has connected, from the
 * loop. The pipe belongs to the callee, which closes it or gives it back with
 * np_listener_recycle, in this call or later. The callee may also start I/O and
 * close the listener. */
typedef void (*np_listener_pipe_fn)(np_listener *listener, np_pipe *pipe);

/* np_listener_error_fn reports trouble, from the loop; the listener goes on.
 * The next attempt follows in `retry_ms` milliseconds: 10 after the first
 * failure, twice as many after each further failure, 1000 at most. 0: there is
 * no further attempt, because the listener has already replaced the instance.
 * If several things fail at once, the last failure is reported.
 *
 * error  ERROR_PIPE_BUSY: the name has as many instances as it may have, also
 *        counting instances of others; the wait ends early when an instance of
 *        this listener is closed or given back. ERROR_ACCESS_DENIED: somebody
 *        else has a server end of that name, and `first_instance` or a preset
 *        was asked for; or the security of the name forbids a new instance. A
 *        client that still holds its end of an instance whose server has gone
 *        does not keep the name. ERROR_INVALID_DATA: the system gave an
 *        impossible answer about unread data. Else what Windows said, or
 *        ERROR_NOT_ENOUGH_MEMORY. NP_OK, and 0: the trouble is over, all
 *        instances listen again.
 *
 * The function may close the listener. */
typedef void (*np_listener_error_fn)(np_listener *listener, np_error error,
                                     uint32_t retry_ms);

/* np_listener_closed_fn is called when a listener is gone. Within it
 * np_listener_user and np_listener_loop work for the last time; after it the
 * listener's memory is free. */
typedef void (*np_listener_closed_fn)(np_listener *listener);

/* Ghosts are clients that have gone before the listener could hand out their
 * pipe: programs that only check whether the name exists, or that gave up.
 * np_ghosts says which of these pipes the listener hands out.
 *
 * NP_GHOSTS_WITH_DATA  ghosts that have left bytes to be read, because these
 *                      may be a whole request. (A lone empty message is no
 *                      bytes.) Other ghosts are disconnected unseen
 * NP_GHOSTS_NONE       no ghosts; the bytes that they wrote are thrown away
 * NP_GHOSTS_ALL        all ghosts: the listener does not check. The first read
 *                      says ERROR_BROKEN_PIPE
 *
 * The check costs a system call, except for a client that was there before the
 * listener began to wait. A client can go after the check: every user of a pipe
 * must be prepared for ERROR_BROKEN_PIPE. From an outbound pipe nothing can be
 * read, so its ghosts have left no bytes. */
typedef enum np_ghosts {
  NP_GHOSTS_WITH_DATA = 0,
  NP_GHOSTS_NONE = 1,
  NP_GHOSTS_ALL = 2
} np_ghosts;

/* Options of a listener; np_listener_options_init fills them.
 *
 * size         of this struct, in bytes
 * backlog      how many instances listen at once, 1 to 1024, as long as
 *              `pipes_max` and `server.instances_max` allow; default 4. So
 *              many clients can come in one turn of the loop without being told
 *              ERROR_PIPE_BUSY
 * idle_max     an instance that is given back while so many listen is closed;
 *              at least `backlog`, default 64
 * pipes_max    how many instances this listener has at most at once, listening
 *              and handed out together. 0, the default: no limit of its own,
 *              but `server.instances_max`, which also counts the instances of
 *              others and ends at 254. At the limit clients see
 *              ERROR_PIPE_BUSY, and `on_error` is not told
 * ghosts       see np_ghosts; default NP_GHOSTS_WITH_DATA
 * retry_first  false, the default: np_listener_create fails if the first
 *              instance cannot be created. True: it is tried again like any
 *              other, and `on_error` told
 * background   false, the default: np_loop_run goes on until the listener is
 *              closed. True: the listener does not keep np_loop_run running
 * on_error     may be NULL
 * server       how the instances are made, see np_server_options; default as
 *              np_server_options_init, but that `first_instance` is true: the
 *              name is this listener's alone. Several listeners of one user, in
 *              one process or in many, share a name if each sets it to false. A
 *              preset (`access`) holds for the first instance and for each that
 *              is first again: the listener never hands out a pipe under a name
 *              that another user has made. The user and the SDDL are looked up
 *              once, when the listener is created. The strings are copied, and
 *              `security_attributes` itself. The descriptor that it points to
 *              is borrowed until the listener's on_closed. `first_instance` and
 *              `write_owner` (the same bit) are used only for the first
 *              instance of the name. If the listener has no instance left,
 *              neither listening nor handed out, its next instance is a first
 *              instance again. The listener never has more than `instances_max`
 *              instances: it waits until one is closed or given back, and does
 *              not report this wait to `on_error` */
typedef struct np_listener_options {
  size_t size;
  uint32_t backlog;
  uint32_t idle_max;
  uint32_t pipes_max;
  np_ghosts ghosts;
  bool retry_first;
  bool background;
  np_listener_error_fn on_error;
  np_server_options server;
} np_listener_options;

/* np_listener_options_init fills `options` with the defaults. NULL is ignored.
 *
 * Thread:  any.
 */
NP_API void np_listener_options_init(np_listener_options *options);

/* np_listener_create makes a listener. When it returns, the first instance
 * listens: clients may come.
 *
 * name      UTF-8, `\\.\pipe\NAME` in any spelling (see np_server_create), at
 *           most 256 UTF-16 units in all; copied
 * options   borrowed for the call; NULL: the defaults
 * on_pipe   gets the pipes
 * listener  set on success only; close it with np_listener_close
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL, or an option that the
 * struct's comment, or that of np_server_options, rules out.
 * ERROR_INVALID_NAME: no `\\.\pipe\` before it, or nothing after.
 * ERROR_FILENAME_EXCED_RANGE: too long. ERROR_NO_UNICODE_TRANSLATION: not
 * UTF-8. ERROR_NOT_ENOUGH_MEMORY. Else what Windows said, about the security
 * asked for or, unless `retry_first` was set, about the first instance:
 * ERROR_ACCESS_DENIED and ERROR_PIPE_BUSY as np_server_create.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  CreateNamedPipe; Named Pipe Instances
 *          learn.microsoft.com/windows/win32/ipc/named-pipe-instances
 */
NP_API np_error np_listener_create(np_loop *loop, const char *name,
                                   const np_listener_options *options,
                                   np_listener_pipe_fn on_pipe,
                                   np_listener **listener);

/* np_listener_recycle gives back a pipe to the listener that handed it out, to
 * serve the next client. This saves the creation of an instance, and it is the
 * only way to keep a name with few instances from vanishing.
 *
 * The client is disconnected. Data that the client has not read, and data of
 * the client that were not read, are thrown away: call np_pipe_flush first if
 * that matters. Operations in flight end with ERROR_PIPE_NOT_CONNECTED. After
 * the last of their callbacks the instance listens again; if already `idle_max`
 * instances listen, it is closed. Nothing of the session is left for the next
 * one: no data, no readiness or its options, no np_pipe_user, and the read mode
 * is that of the listener's options again. If Windows refuses the disconnect,
 * the instance is closed and replaced, and `on_error` gets the error.
 *
 * pipe  the listener's from now on, and may be handed out again under the same
 *       address. Until then what is started on it, or asked of it, is refused
 *       with ERROR_INVALID_HANDLE; np_pipe_close still closes it
 *
 * Returns NP_OK. On an error nothing changed: ERROR_INVALID_PARAMETER (NULL),
 * ERROR_INVALID_HANDLE (it is being closed, or was given back already),
 * ERROR_BUSY (it is a channel's: np_channel_detach first), ERROR_NOT_FOUND (no
 * listener has handed it out, or that one has been closed: the pipe is still
 * the caller's, who closes it).
 *
 * Thread:  the loop's only; fine from a callback, but not from a np_io_fn.
 * Source:  DisconnectNamedPipe, Remarks
 *          learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-disconnectnamedpipe
 */
NP_API np_error np_listener_recycle(np_pipe *pipe);

/* np_listener_pause lets `listener` hand out no pipe until np_listener_resume.
 * The name stays.
 *
 * - An instance that listens when the pause begins goes on to listen, because
 *   Windows cannot take it back without a risk: a client may connect at this
 *   very moment, and would be cut off. So up to `backlog` clients still
 *   connect. Each of them is held: it may write as much as its pipe's buffer
 *   takes, and is handed out after the pause.
 * - No further instance listens. Other clients find the pipe busy: an open
 *   fails, np_client_connect and WaitNamedPipe wait.
 * - A pipe that is given back is disconnected as ever, and does not listen.
 * - Only if every instance is handed out, and the limits allow another one, the
 *   listener makes one instance that listens when one of the pipes is closed:
 *   the name would vanish with the last of them.
 *
 * A pause does not pause the sessions of pipes that were handed out. A paused
 * listener keeps np_loop_run running as before, and can be closed: the clients
 * that are held are then closed too.
 *
 * Returns NP_OK, also if it is paused already. ERROR_INVALID_PARAMETER: NULL.
 * ERROR_INVALID_HANDLE: it is being closed.
 *
 * Thread:  the loop's only; fine from a callback, its own too.
 * Source:  Named Pipe Server; DisconnectNamedPipe, Remarks
 *          learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-disconnectnamedpipe
 */
NP_API np_error np_listener_pause(np_listener *listener);

/* np_listener_resume ends a pause. The clients that were held are handed out
 * from the loop, in the order in which the loop noticed them; those who have
 * gone meanwhile are ghosts, see np_ghosts. All wanted instances listen again.
 * What had failed before or in the pause is tried again at once.
 *
 * Returns NP_OK, also if it is not paused. ERROR_INVALID_PARAMETER: NULL.
 * ERROR_INVALID_HANDLE: it is being closed.
 *
 * Thread:  the loop's only; fine from a callback, its own too.
 * Source:  ConnectNamedPipe, Remarks
 *          learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-connectnamedpipe
 */
NP_API np_error np_listener_resume(np_listener *listener);

/* np_listener_close closes `listener` at once. No pipe is handed out any more,
 * and no failed attempt is repeated. The instances that were not handed out are
 * closed, also those to which a client has connected meanwhile. Pipes that were
 * handed out stay with their owners, and can no longer be given back. When the
 * instances are gone `on_closed` runs, once, from the loop, which must run, and
 * the listener's memory is freed.
 *
 * on_closed  may be NULL
 *
 * Returns NP_OK, also for NULL. ERROR_INVALID_HANDLE: it is being closed
 * already; nothing changed and this `on_closed` never runs.
 *
 * Thread:  the loop's only; fine from a callback, its own too.
 */
NP_API np_error np_listener_close(np_listener *listener,
                                  np_listener_closed_fn on_closed);

/* np_listener_loop returns the loop that `listener` lives on. NULL for NULL.
 *
 * Thread:  the loop's only.
 */
NP_API np_loop *np_listener_loop(const np_listener *listener);

/* np_listener_user returns the pointer that np_listener_set_user stored; NULL
 * before, and for NULL.
 *
 * Thread:  the loop's only.
 */
NP_API void *np_listener_user(const np_listener *listener);

/* np_listener_set_user stores a pointer of the caller with `listener`. It does
 * nothing for NULL.
 *
 * Thread:  the loop's only.
 */
NP_API void np_listener_set_user(np_listener *listener, void *user);

#ifdef __cplusplus
}
#endif

#endif
