/* Watchers of the names of this machine's pipes. */
#ifndef NPIPE_SRC_WATCH_H
#define NPIPE_SRC_WATCH_H

#include <stdbool.h>

#include <npipe/names.h>

/* np__watch_begin adds `watcher`, which is in the storage of its owner and
 * whose `changed` is set. All watchers of a loop share one notice in the
 * kernel. A change before the call may stay unnoticed, so the caller looks
 * after it. Returns false if the system cannot watch. */
bool np__watch_begin(np_loop *loop, np__watcher *watcher);

/* np__watch_end removes `watcher`, which np__watch_begin has added and which is
 * not lost. */
void np__watch_end(np_loop *loop, np__watcher *watcher);

#endif
