/* Client ends: open an instance that listens, or wait for one. */
#ifndef NPIPE_CLIENT_H
#define NPIPE_CLIENT_H

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

/* Options of a client end; np_client_options_init fills them.
 *
 * size                 of this struct, in bytes
 * read, write          what this end wants to do; default both, at least one.
 *                      Must fit the server's direction
 * read_mode            default NP_BYTE; NP_MESSAGE needs a pipe of that type,
 *                      and works for an end that only reads, too
 * security_qos         what the server may do in this client's name: a level
 *                      (SECURITY_ANONYMOUS, SECURITY_IDENTIFICATION, the
 *                      default, SECURITY_IMPERSONATION, SECURITY_DELEGATION)
 *                      and SECURITY_CONTEXT_TRACKING, SECURITY_EFFECTIVE_ONLY.
 *                      SECURITY_SQOS_PRESENT is always added; no further bit
 *                      may be set
 * verify_owner         refuse a server unless this is the owner of its pipe: a
 *                      SID as text ("S-1-5-...") or the two letters of SDDL
 *                      for one, for example "SY" (the system), "BA" (the group
 *                      of administrators). Without a privilege nobody can make
 *                      somebody else the owner. It is no proof without
 *                      `verify_access`. Borrowed; default NULL: any owner
 * verify_access        refuse a server unless the access of its pipe lets
 *                      nobody slip in a server: only the pipe's owner, the
 *                      system and administrators may create instances of the
 *                      pipe or change its access or its owner; and the pipe's
 *                      integrity is at least medium, or at least the caller's
 *                      if that is less. So a process of the owner has created
 *                      the instance, or one that this machine trusts. Default
 *                      false
 * verify_same_user     refuse a server unless its pipe belongs to the caller's
 *                      user: this user is the pipe's owner, and `verify_access`
 *                      holds. Default false
 * verify_process_id    refuse a server of another process; default 0: any
 *                      process. A hint, as np_pipe_peer_process_id is; meant
 *                      for a caller that started the server and still holds its
 *                      process handle
 * security_attributes  has no effect; borrowed; default NULL. Its
 *                      bInheritHandle must be FALSE: a child process that had
 *                      the handle could send packets to the loop's port (see
 *                      np_pipe_handle). Give the child a handle of its own,
 *                      opened by CreateFile with no loop
 * wait_for_server      only for np_client_connect: wait also for the name to
 *                      exist; default false */
typedef struct np_client_options {
  size_t size;
  bool read;
  bool write;
  np_mode read_mode;
  uint32_t security_qos;
  const char *verify_owner;
  bool verify_access;
  bool verify_same_user;
  uint32_t verify_process_id;
  const SECURITY_ATTRIBUTES *security_attributes;
  bool wait_for_server;
} np_client_options;

/* np_client_options_init fills `options` with the defaults. NULL is ignored.
 *
 * Thread:  any.
 */
NP_API void np_client_options_init(np_client_options *options);

/* np_client_open opens an instance of `name` that listens. It never waits for
 * an instance; with a name on another machine it waits for the network.
 *
 * An end that only reads also asks for the right to set its read mode
 * (FILE_WRITE_ATTRIBUTES), in message mode and if the name goes by the network:
 * over the network Windows opens the end in the mode of the pipe's type.
 *
 * name     UTF-8, `\\.\pipe\NAME` in any spelling (see np_server_create) or
 *          `\\HOST\pipe\NAME`, at most 256 UTF-16 units in all; borrowed
 * options  borrowed for the call; NULL: the defaults
 * client   set on success only; a step that fails leaves no handle behind
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL, an option that the struct's
 * comment rules out, or message reads from a byte pipe. ERROR_INVALID_NAME,
 * ERROR_FILENAME_EXCED_RANGE, ERROR_NO_UNICODE_TRANSLATION: see
 * np_server_create. ERROR_NOT_ENOUGH_MEMORY. ERROR_FILE_NOT_FOUND: no such
 * pipe. ERROR_PIPE_BUSY: all its instances are taken, try again later.
 * ERROR_ACCESS_DENIED: its direction or its security does not allow it.
 * ERROR_INVALID_SID: `verify_owner` is neither a SID nor two letters that name
 * one; no instance was opened. ERROR_WRONG_TARGET_NAME: the server is not the
 * one that the options `verify_...` demand; nothing was written to it. Else
 * what Windows said.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  CreateFile (Pipes); Named Pipe Client
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-createfilew
 */
NP_API np_error np_client_open(np_loop *loop, const char *name,
                               const np_client_options *options,
                               np_pipe **client);

struct np__gate;
typedef struct np_client_request np_client_request;

/* np_client_fn is called at the end of a request, exactly once, from the loop
 * and never from inside np_client_connect.
 *
 * client  the caller's from now on, and to be closed by it; NULL unless `error`
 *         is NP_OK
 *
 * When it runs, `request` is the caller's again: it may be started anew or
 * freed. */
typedef void (*np_client_fn)(np_client_request *request, np_error error,
                             np_pipe *client);

/* A request for a connection, in the caller's storage: mostly a member of a
 * struct of the caller's. Set it to zero before its first use (or call
 * np_client_request_init). From a successful start until its function begins it
 * must stay in place, and nothing in it may be changed.
 *
 * user  the caller's; the library never looks at it */
struct np_client_request {
  np__packet np__packet; /* first */
  void *user;

  np_loop *np__loop;
  np_client_options np__options;
  np_client_fn np__fn;
  struct np__gate *np__gate; /* the line in which the request waits */
  np__alarm np__deadline;
  np_pipe *np__client;
  np_error np__error;
  uint8_t np__state;
};

/* np_client_request_init sets `request` to zero. Never call it on one that
 * waits. NULL is ignored.
 *
 * Thread:  any.
 */
NP_API void np_client_request_init(np_client_request *request);

/* np_client_connect opens an instance of `name`, and waits for one while all of
 * them are taken.
 *
 * The first try is made inside the call, its answer comes from the loop. A
 * request that finds the pipe busy waits, without a thread and without polling,
 * until the kernel says that an instance listens; if another client was faster,
 * the request waits on. Requests of one loop for one name stand in line: they
 * share one wait and are served in the order in which they began, each with a
 * try when its turn comes. All spellings of a name on this machine count as one
 * name.
 *
 * With `options->wait_for_server` the request waits for a name that does not
 * exist, also if it vanishes later. Where the kernel gives notice of new names
 * (np_name_watch_start), each notice brings a try. So do delays of half a
 * second up to 4 seconds, for a system that loses a notice. Elsewhere (Wine)
 * the name is tried again after about 10 milliseconds, and with a delay that
 * doubles up to half a second, minus a random part. In this last way are tried
 * again: a busy pipe on another machine (`\\HOST\pipe\NAME`), because this
 * machine's kernel cannot wait for its instances, and a busy pipe whose wait
 * the kernel refuses. Each try of a name on another machine makes the loop wait
 * for the network.
 *
 * A system that cannot cancel the kernel's wait (for example Wine 8.0) keeps
 * the wait for up to a minute after the last request is gone. The wait then
 * uses memory of the library, and neither the loop nor np_loop_destroy waits
 * for it.
 *
 * A pipe that the kernel opened before a cancel or the time limit is given to
 * `fn` all the same. While a request waits, np_loop_destroy returns ERROR_BUSY,
 * and np_loop_run goes on. Both end when the request's callback has run, for
 * example after np_client_connect_cancel.
 *
 * request     caller's storage; must not be touched until `fn` began
 * name        as for np_client_open; borrowed for the call
 * options     copied; what it points to is borrowed until `fn` began. NULL: the
 *             defaults
 * timeout_ms  milliseconds from now, 0: no limit. The first request in line has
 *             one try in any case
 *
 * Returns NP_OK when `fn` will run. Else nothing was begun:
 * ERROR_INVALID_PARAMETER (a NULL, or an option that the struct's comment rules
 * out), ERROR_BUSY (`request` is waiting already), or an error of the name, see
 * np_client_open: ERROR_INVALID_NAME, ERROR_FILENAME_EXCED_RANGE,
 * ERROR_NO_UNICODE_TRANSLATION.
 * `fn` gets NP_OK, WAIT_TIMEOUT (the time is over), ERROR_OPERATION_ABORTED
 * (cancelled), ERROR_FILE_NOT_FOUND (no such pipe, or not any more; never with
 * `wait_for_server`), ERROR_NOT_ENOUGH_MEMORY, and what np_client_open returns
 * at the first try or a later one, but not ERROR_PIPE_BUSY.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  Named Pipe Client; MS-FSCC, FSCTL_PIPE_WAIT
 *          learn.microsoft.com/openspecs/windows_protocols/ms-fscc/f030a3b9-539c-4c7b-a893-86b795b9b711
 */
NP_API np_error np_client_connect(np_loop *loop, np_client_request *request,
                                  const char *name,
                                  const np_client_options *options,
                                  uint32_t timeout_ms, np_client_fn fn);

/* np_client_connect_cancel gives up a request that waits. Its function runs all
 * the same, from the loop, with ERROR_OPERATION_ABORTED.
 *
 * Returns NP_OK. ERROR_NOT_FOUND: `request` does not wait, or it has its result
 * and its function is about to run (perhaps with a client); harmless.
 * ERROR_INVALID_PARAMETER: NULL.
 *
 * Wine 8.0 cannot cancel the kernel's wait, which goes on for up to a minute.
 * If the loop is destroyed meanwhile, one handle stays open with it.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  CancelIoEx
 *          learn.microsoft.com/windows/win32/fileio/cancelioex-func
 */
NP_API np_error np_client_connect_cancel(np_client_request *request);

#ifdef __cplusplus
}
#endif

#endif
