/* Server ends: create an instance, wait for a client, let it go. */
#ifndef NPIPE_SERVER_H
#define NPIPE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/api.h>
#include <npipe/error.h>
#include <npipe/loop.h>
#include <npipe/op.h>
#include <npipe/pipe.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Presets: a preset says which users may open a pipe, and for what. The first
 * instance of a name sets the access for all instances. A preset makes the
 * caller's user the owner.
 *
 * NP_ACCESS_CURRENT_USER         the caller's user may do everything, create
 *                                further instances included. Nobody else may
 *                                open the pipe
 * NP_ACCESS_AUTHENTICATED_USERS  the same for the caller's user. Each user who
 *                                has logged on may read and write, but not
 *                                create instances
 * NP_ACCESS_WINDOWS_DEFAULT      no preset, but the default of Windows: the
 *                                system, administrators and the creator may do
 *                                everything. *Everyone* may open the pipe to
 *                                read, and so use up instances
 *
 * A preset also shuts out every process of low integrity, of the same user too,
 * and every process in an app container, unless `low_integrity` or
 * `app_container` lets them in. For that it gives the pipe a mandatory label:
 * medium, or the integrity of the caller where that is less.
 *
 * A preset is a promise: you get a pipe of the caller's user with that access,
 * or ERROR_ACCESS_DENIED. Windows itself ignores the requested access if the
 * name exists, and adds an instance to the existing pipe. So without
 * `first_instance` the library checks the pipe before it is used: its owner
 * must be the caller's user, its access list that of the preset, and its label
 * not lower. In this way other loops and other processes of the same user, with
 * the same preset, can share the name.
 *
 * The caller's user is the user that the thread impersonates, else the user of
 * the process. Not all systems enforce access (Wine does not).
 *
 * Source:  Named Pipe Security and Access Rights; Mandatory Integrity Control
 *          learn.microsoft.com/windows/win32/ipc/named-pipe-security-and-access-rights
 */
typedef enum np_access {
  NP_ACCESS_CURRENT_USER = 0,
  NP_ACCESS_AUTHENTICATED_USERS = 1,
  NP_ACCESS_WINDOWS_DEFAULT = 2
} np_access;

/* Options of a server end; np_server_options_init fills them.
 *
 * size                    of this struct, in bytes
 * mode                    type of the pipe; default NP_BYTE
 * read_mode               how this end reads; default NP_BYTE. NP_MESSAGE needs
 *                         mode NP_MESSAGE
 * inbound                 clients may write to this end; default true
 * outbound                this end may write to clients; default true. At least
 *                         one of the two directions must be true
 * first_instance          fail with ERROR_ACCESS_DENIED (or ERROR_PIPE_BUSY on
 *                         a pipe that is full) if the name exists; default
 *                         false. In Windows this is the same bit as
 *                         `write_owner`: each of the two options sets both
 * reject_remote_clients   default true
 * write_dac               the handle also has the right WRITE_DAC; default
 *                         false
 * write_owner             the handle also has the right WRITE_OWNER; default
 *                         false
 * access_system_security  the handle also has the right ACCESS_SYSTEM_SECURITY,
 *                         which needs a privilege (ERROR_PRIVILEGE_NOT_HELD);
 *                         default false
 * instances_max           1 to 254, or NP_INSTANCES_UNLIMITED, the default. The
 *                         first instance of a name sets it for all
 * in_buffer_bytes         quota of what clients write; default 65536. 0 makes
 *                         each write of a client wait for its reader
 * out_buffer_bytes        quota of what this end writes; default 65536. 0 makes
 *                         each write of this end wait for its reader
 * default_timeout_ms      the time that WaitNamedPipe waits when its caller
 *                         asks for the default; 0, the default, means 50 ms. It
 *                         does not limit np_server_connect
 * access                  see np_access; default NP_ACCESS_CURRENT_USER
 * low_integrity           with a preset: let in processes of low integrity
 *                         whose user the preset lets in. A process of low
 *                         integrity of the caller's own user may then create
 *                         instances, too: no access list can tell it from the
 *                         caller. Default false
 * app_container           with a preset: let in processes in this app
 *                         container, to read and write, whose user the preset
 *                         lets in. "AC": in any; else its SID as text,
 *                         "S-1-15-2-...". It includes `low_integrity`. Borrowed
 *                         for the call; default NULL
 * security_attributes     borrowed for the call; default NULL. Its
 *                         bInheritHandle must be FALSE: a child process that
 *                         had the handle could send packets to the loop's
 *                         port (see np_pipe_handle). Give the child a handle
 *                         of its own, opened by CreateFile with no loop. If its
 *                         lpSecurityDescriptor is not NULL, it takes the place
 *                         of the preset
 * sddl                    a security descriptor as text, UTF-8, in place of the
 *                         preset; borrowed for the call; default NULL. At most
 *                         one of `sddl`, a descriptor in `security_attributes`
 *                         and NP_ACCESS_AUTHENTICATED_USERS may be set */
typedef struct np_server_options {
  size_t size;
  np_mode mode;
  np_mode read_mode;
  bool inbound;
  bool outbound;
  bool first_instance;
  bool reject_remote_clients;
  bool write_dac;
  bool write_owner;
  bool access_system_security;
  uint32_t instances_max;
  uint32_t in_buffer_bytes;
  uint32_t out_buffer_bytes;
  uint32_t default_timeout_ms;
  np_access access;
  bool low_integrity;
  const char *app_container;
  const SECURITY_ATTRIBUTES *security_attributes;
  const char *sddl;
} np_server_options;

/* np_server_options_init fills `options` with the defaults. NULL is ignored.
 *
 * Thread:  any.
 */
NP_API void np_server_options_init(np_server_options *options);

/* np_server_create makes one instance of the pipe `name`, which listens from
 * then on: a client may open it before np_server_connect is called.
 *
 * Windows ignores the case of names, and accepts several spellings of a name.
 * It changes the path of a pipe as it changes the path of a file: a slash
 * counts as a backslash, several in a row count as one, the parts `.` and `..`
 * are resolved, and blanks and dots at the end are removed. A backslash at the
 * end stays and makes another name. A path that begins with `\\?\` is not
 * changed: all characters are part of the name. The prefixes `\\?\Global\pipe\`
 * and `\\?\GLOBALROOT\Device\NamedPipe\` lead to the same pipes. npipe accepts
 * all of these spellings here, in np_listener_create, np_client_open and
 * np_client_connect. In an app container a name must begin with `LOCAL\`;
 * elsewhere `LOCAL\` is an ordinary part of a name.
 *
 * name     UTF-8, `\\.\pipe\NAME` in any of these spellings, at most 256 UTF-16
 *          units in all; borrowed
 * options  borrowed for the call; NULL: the defaults
 * server   set on success only
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL, or an option that the
 * struct's comment rules out. ERROR_INVALID_NAME: the spelling gives no name
 * below `\\.\pipe\`, or a name on another machine.
 * ERROR_FILENAME_EXCED_RANGE: too long. ERROR_NO_UNICODE_TRANSLATION: not
 * UTF-8. ERROR_NOT_ENOUGH_MEMORY.
 * ERROR_ACCESS_DENIED: the name exists and its first instance has another
 * direction; or its security does not let the caller add instances; or
 * `first_instance` is set; or a preset is set, and the pipe is not of the
 * caller's user with that access (a client that came to the instance meanwhile
 * sees the end of the stream). ERROR_PIPE_BUSY: the name has its maximum of
 * instances. Else what Windows said, also about the SDDL.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  CreateNamedPipe
 *          learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-createnamedpipew
 *          Naming Files, Paths, and Namespaces
 *          learn.microsoft.com/windows/win32/fileio/naming-a-file
 */
NP_API np_error np_server_create(np_loop *loop, const char *name,
                                 const np_server_options *options,
                                 np_pipe **server);

/* np_server_connect starts waiting for one client on `server`.
 *
 * np_server_connect returns at once. `done` runs exactly once, from the loop,
 * also if the client was there before this call. A client that came, perhaps
 * wrote, and went before this call is a success too: its data can be read, then
 * the end of its stream. Each client is reported once. If the present client
 * was reported before, and np_server_disconnect was not called since, `done`
 * gets ERROR_PIPE_CONNECTED, or ERROR_NO_DATA if the client has gone.
 *
 * server  server end; borrowed until `done` ran
 * op      caller's storage; must not be touched until `done` runs.
 *         `op->timeout_ms`: milliseconds, 0 waits for ever
 *
 * Returns NP_OK when the wait began. ERROR_INVALID_PARAMETER (a NULL, or
 * `server` is a client end), ERROR_INVALID_HANDLE (it is being closed) or
 * ERROR_BUSY (`op` is in flight, a connect on this server is, or it is a
 * channel's): nothing began and `done` is never called.
 * `done` gets NP_OK, ERROR_PIPE_CONNECTED, ERROR_NO_DATA,
 * ERROR_OPERATION_ABORTED, WAIT_TIMEOUT, ERROR_PIPE_NOT_CONNECTED
 * (np_server_disconnect was called) or what Windows said. After a cancel or a
 * time limit the instance still listens, and connect may be called again.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  ConnectNamedPipe, Remarks (ERROR_PIPE_CONNECTED, ERROR_NO_DATA)
 *          learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-connectnamedpipe
 */
NP_API np_error np_server_connect(np_pipe *server, np_op *op, np_op_fn done);

/* np_server_disconnect ends the session with the client. Windows throws away
 * the data that the client has not read, and the client's data that this end
 * has not read. Operations of this end in flight end with
 * ERROR_PIPE_NOT_CONNECTED; a read or a write that had its result keeps it, a
 * connect whose callback has not run does not. After the call np_server_connect
 * may be called again at once, and nothing of the old session is left.
 *
 * np_server_disconnect waits for the kernel's answer, never for the client. The
 * kernel answers at once; where a filter driver delays its answers, the call
 * waits for the answer.
 *
 * On an instance that listens there is no client: its connect is cancelled, and
 * it differs by platform whether a client can open the instance before the next
 * np_server_connect.
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: NULL, or a client end.
 * ERROR_INVALID_HANDLE: being closed. ERROR_PIPE_NOT_CONNECTED: disconnected
 * already. Else what Windows said.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  DisconnectNamedPipe
 *          learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-disconnectnamedpipe
 */
NP_API np_error np_server_disconnect(np_pipe *server);

#ifdef __cplusplus
}
#endif

#endif
