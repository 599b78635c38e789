/* Names of pipes: the list of those that exist, the question whether a server
 * listens at one, and a watch for changes. Nothing here opens a pipe or takes
 * an instance. */
#ifndef NPIPE_NAMES_H
#define NPIPE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/api.h>
#include <npipe/error.h>
#include <npipe/loop.h>
#include <npipe/op.h>
#include <npipe/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The state of a name on this machine.
 *
 * NP_NAME_MISSING    no pipe has this name
 * NP_NAME_BUSY       the pipe exists, and all its instances are taken
 * NP_NAME_LISTENING  an instance waits for a client */
typedef enum np_name_state {
  NP_NAME_MISSING = 0,
  NP_NAME_BUSY = 1,
  NP_NAME_LISTENING = 2
} np_name_state;

/* The size of a buffer that holds every name that npipe accepts, in UTF-8, with
 * its NUL: 256 units of UTF-16, of 3 bytes each at most. */
#define NP_NAME_BYTES_MAX (256 * 3 + 1)

/* np_name_from_utf16 makes UTF-8 of a name in UTF-16, for every function of
 * npipe that takes a name:
 *
 *     char name[NP_NAME_BYTES_MAX];
 *     if (np_name_from_utf16(L"\\\\.\\pipe\\NAME", name, sizeof name) !=
 *         NP_OK) {
 *       return;
 *     }
 *
 * The function that takes the name makes the same UTF-16 of it again. Only
 * unpaired surrogates have no UTF-8: Windows allows them in names, npipe does
 * not.
 *
 * name  ends with a NUL; borrowed for the call
 * utf8  `size` bytes; what they hold after an error is not specified
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL. ERROR_FILENAME_EXCED_RANGE:
 * more than 256 units. ERROR_NO_UNICODE_TRANSLATION: an unpaired surrogate.
 * ERROR_INSUFFICIENT_BUFFER: `size` is too small; NP_NAME_BYTES_MAX is not.
 * Else what Windows said.
 *
 * Thread:  any.
 * Source:  WideCharToMultiByte (WC_ERR_INVALID_CHARS)
 *          learn.microsoft.com/windows/win32/api/stringapiset/nf-stringapiset-widechartomultibyte
 */
NP_API np_error np_name_from_utf16(const wchar_t *name, char *utf8,
                                   size_t size);

/* np_name_query asks whether a server listens at `name`. It opens no instance
 * and needs no right on the pipe, and the server notices nothing. A program
 * that tests a name with CreateFile, GetFileAttributes or `stat` opens the pipe
 * instead: its server then has a client that comes and goes.
 *
 * The answer may be out of date when it arrives, and does not tell whether the
 * caller may open the pipe. A client that wants the pipe opens it
 * (np_client_open), or waits for it (np_client_connect).
 *
 * name   UTF-8, `\\.\pipe\NAME` in any spelling that np_server_create lists,
 *        but by no other prefix; borrowed for the call
 * state  set on success only
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL. ERROR_INVALID_NAME (also for
 * a name on another machine), ERROR_FILENAME_EXCED_RANGE,
 * ERROR_NO_UNICODE_TRANSLATION: see np_server_create. ERROR_NOT_SUPPORTED: the
 * name has one of the prefixes `\\?\Global\pipe\` and
 * `\\?\GLOBALROOT\Device\NamedPipe\`. Else what Windows said.
 *
 * Thread:  any.
 * Source:  MS-FSCC, FSCTL_PIPE_WAIT
 *          learn.microsoft.com/openspecs/windows_protocols/ms-fscc/f030a3b9-539c-4c7b-a893-86b795b9b711
 */
NP_API np_error np_name_query(const char *name, np_name_state *state);

/* A name in the list of np_names_list. Both texts are borrowed until the
 * function that gets them returns.
 *
 * path           UTF-8, `\\?\pipe\NAME`: the spelling that Windows does not
 *                change. np_client_open and the other functions accept it
 * name           the part of `path` behind the prefix. Any character may be in
 *                it, also backslashes and control characters
 * instances      how many instances there are now
 * instances_max  1 to 254, or NP_INSTANCES_UNLIMITED */
typedef struct np_name_entry {
  const char *path;
  const char *name;
  uint32_t instances;
  uint32_t instances_max;
} np_name_entry;

/* np_name_fn gets one name of the list. Returning false ends the list. */
typedef bool (*np_name_fn)(void *user, const np_name_entry *entry);

/* np_names_list calls `fn` for each pipe of this machine, of all users, in no
 * particular order, before it returns. It needs no right on the pipes; a listed
 * pipe may refuse to be opened. A name that begins or ends to exist meanwhile
 * may be listed or not.
 *
 * Names that npipe cannot open are left out: those with more than 256 UTF-16
 * units together with their prefix, with a NUL, or that are not valid UTF-16.
 *
 * Returns NP_OK, also if `fn` ended the list. ERROR_INVALID_PARAMETER: `fn` is
 * NULL. ERROR_NOT_ENOUGH_MEMORY: the call needs 64 KiB. ERROR_BAD_DEV_TYPE: the
 * system cannot list pipes, as Wine. ERROR_INVALID_DATA: the system gave an
 * impossible answer. Else what Windows said.
 *
 * Thread:  any.
 * Source:  NtQueryDirectoryFile (FileDirectoryInformation)
 *          learn.microsoft.com/windows-hardware/drivers/ddi/ntifs/nf-ntifs-ntquerydirectoryfile
 */
NP_API np_error np_names_list(np_name_fn fn, void *user);

typedef struct np_name_watch np_name_watch;

/* np_name_watch_fn is called from the loop when names may have changed. It
 * looks for itself, by np_name_query or np_names_list. It may stop and free
 * `watch`. */
typedef void (*np_name_watch_fn)(np_name_watch *watch);

/* A member of the list of those who watch; all of it belongs to the library.
 * `changed` only queues work. `is_lost`: it runs for the last time, because the
 * kernel gives notice no more. */
typedef struct np__watcher {
  np__link link;
  void (*changed)(struct np__watcher *watcher, bool is_lost);
} np__watcher;

/* A watch, in the caller's storage. Set it to zero before its first use. It
 * must stay in place until np_name_watch_stop.
 *
 * user  the caller's; the library never looks at it */
struct np_name_watch {
  void *user;

  np_loop *np__loop; /* NULL: not started */
  np_name_watch_fn np__fn;
  np_timer np__timer; /* calls `np__fn` */
  np__watcher np__watcher;
  uint32_t np__poll_ms;
  bool np__is_noticed; /* the kernel gives notice */
};

/* np_name_watch_start calls `fn` whenever a pipe's name may have begun or ended
 * to exist, for any pipe of this machine. The first call comes soon after the
 * start, so that `fn` sees what exists already. After each change `fn` is
 * called once more, and sees the change. Several changes may bring one call,
 * and a call may come without a change. A further instance or a client is no
 * change of a name.
 *
 * Where the kernel gives notice of changes the watch uses no processor between
 * them, and calls `fn` at most about once in 10 milliseconds. Elsewhere (Wine)
 * `fn` runs after 10 milliseconds, and then after delays that double up to half
 * a second.
 *
 * A watch keeps the loop running: np_loop_run goes on, and np_loop_destroy
 * returns ERROR_BUSY, until np_name_watch_stop. All watches of a loop share one
 * handle and one notice in the kernel.
 *
 * loop   borrowed until np_name_watch_stop
 * watch  caller's storage
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL. ERROR_BUSY: `watch` is
 * started already.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  NtNotifyChangeDirectoryFile
 *          learn.microsoft.com/windows-hardware/drivers/ddi/ntifs/nf-ntifs-ntnotifychangedirectoryfileex
 */
NP_API np_error np_name_watch_start(np_loop *loop, np_name_watch *watch,
                                    np_name_watch_fn fn);

/* np_name_watch_stop ends a watch: its function does not run any more, and its
 * storage is the caller's. It does nothing for NULL and for a watch that is not
 * started. After the last watch the loop runs on until the kernel has ended its
 * notice, mostly for one turn.
 *
 * Thread:  the loop's only; fine from a callback, its own too.
 * Source:  CancelIoEx
 *          learn.microsoft.com/windows/win32/fileio/cancelioex-func
 */
NP_API void np_name_watch_stop(np_name_watch *watch);

#ifdef __cplusplus
}
#endif

#endif
