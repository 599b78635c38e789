/* The root of all pipes: a handle, one a loop, on which the kernel waits for
 * instances. It is opened when first needed.
 *
 * A wait lives in memory of the process's own, not of the loop's allocator: a
 * system that cannot cancel it (Wine 8.0) writes its status when the loop is
 * long gone. */
#ifndef NPIPE_SRC_ROOT_H
#define NPIPE_SRC_ROOT_H

#include <stdbool.h>
#include <windows.h>

#include "loop.h"
#include "name.h"

typedef struct np__wait np__wait;

/* What a wait came to. */
typedef enum np__wait_end {
  NP__WAIT_LISTENING, /* an instance was there; it may be taken by now        */
  NP__WAIT_NEWS,      /* no telling: its time was over, or it was cancelled   */
  NP__WAIT_FAILED     /* the name is gone, or not known, or it cannot be told */
} np__wait_end;

/* np__wait_fn is told of the end of a wait, whose memory is gone, from the loop
 * or from np__root_deinit. */
typedef void (*np__wait_fn)(void *owner, np__wait_end end);

/* Zero: not opened yet. */
typedef struct np__root {
  np_loop *loop;
  HANDLE handle;
  np__wait *waits; /* in the kernel */
} np__root;

void np__root_init(np__root *root, np_loop *loop);

/* np__root_wait starts to wait for an instance of `name`, which is that of
 * np__name_in_root. Returns NULL when it cannot: `ended` is never called. */
np__wait *np__root_wait(np__root *root, const WCHAR *name, np__wait_fn ended,
                        void *owner);

/* np__root_deinit closes the handle, unless waits are left, which the system
 * did not cancel: these end without `ended`, but for those whose packet lies in
 * the port. */
void np__root_deinit(np__root *root);

/* np__wait_cancel asks for the end of `wait`, which is told all the same. Where
 * the kernel agrees, the loop runs until it was; else nobody waits for it. */
void np__wait_cancel(np__wait *wait);

/* np__root_has_orphan tells whether `overlapped` is that of a wait whose loop
 * is gone: its packet may still come to a loop with the same port and key.
 *
 * Thread: any. */
bool np__root_has_orphan(const OVERLAPPED *overlapped);

#endif
