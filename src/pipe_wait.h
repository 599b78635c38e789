/* The root of all pipes: one handle for each loop, on which the kernel waits
 * for instances. It is opened when first needed.
 *
 * The memory of a wait belongs to the process, not to the loop's allocator,
 * because a system that cannot cancel the wait (Wine 8.0) writes its status
 * long after the loop has gone. */
#ifndef NPIPE_SRC_PIPE_WAIT_H
#define NPIPE_SRC_PIPE_WAIT_H

#include <stdbool.h>
#include <windows.h>

#include "loop.h"
#include "name.h"
#include "nt.h"

/* np__root_open opens the root of all pipes. Source: NtOpenFile */
NTSTATUS np__root_open(HANDLE *root, ACCESS_MASK access, ULONG options);

/* np__root_ask asks, without a wait, whether an instance of `name` listens; the
 * name is as np__name_in_root returns it. It returns 0, NP__STATUS_IO_TIMEOUT
 * (all instances are taken), NP__STATUS_OBJECT_NAME_NOT_FOUND, or another
 * error.
 *
 * Thread: any. */
NTSTATUS np__root_ask(const WCHAR *name);

typedef struct np__wait np__wait;

/* The result of a wait. */
typedef enum np__wait_end {
  NP__WAIT_LISTENING, /* an instance was listening; it may be taken by now */
  NP__WAIT_NEWS,  /* unknown: the time was over, or the wait was cancelled */
  NP__WAIT_FAILED /* the name is gone or unknown, or the wait failed */
} np__wait_end;

/* np__wait_fn is called at the end of a wait, from the loop or from
 * np__root_deinit. The wait's memory is gone by then. */
typedef void (*np__wait_fn)(void *owner, np__wait_end end);

typedef struct np__root {
  np_loop *loop;
  ACCESS_MASK access;
  HANDLE handle;  /* NULL: not opened yet */
  np__list waits; /* the waits in the kernel */
} np__root;

/* np__root_init: the handle is opened with `access`. */
void np__root_init(np__root *root, np_loop *loop, ACCESS_MASK access);

/* np__root_wait starts to wait for an instance of `name`, as np__name_in_root
 * returns it. If it fails it returns NULL, and `ended` is never called. */
np__wait *np__root_wait(np__root *root, const WCHAR *name, np__wait_fn ended,
                        void *owner);

/* np__root_watch starts to wait for a change of the names of pipes; the access
 * of `root` includes FILE_LIST_DIRECTORY. If the system cannot watch it returns
 * NULL, and `ended` is never called. */
np__wait *np__root_watch(np__root *root, np__wait_fn ended, void *owner);

/* np__root_deinit closes the handle, unless waits are left that the system did
 * not cancel. These waits end without `ended`, except those whose packet is in
 * the port. */
void np__root_deinit(np__root *root);

/* np__wait_cancel asks the kernel to end `wait`; `ended` is still called. If
 * the kernel agrees, the loop keeps running until then; else nothing waits for
 * it. */
void np__wait_cancel(np__wait *wait);

/* np__root_has_orphan returns true if `overlapped` belongs to a wait whose loop
 * is gone. Its packet may still come to a loop with the same port and key.
 *
 * Thread: any. */
bool np__root_has_orphan(const OVERLAPPED *overlapped);

#endif
