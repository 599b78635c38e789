/* Packets in the port that are not the loop's own. */
#ifndef NPIPE_SRC_FOREIGN_H
#define NPIPE_SRC_FOREIGN_H

#include <stdbool.h>

#include "loop.h"

/* np__foreign_prepare is called once, when the loop has its port. */
void np__foreign_prepare(np_loop *loop);

/* np__foreign_expect makes `loop` check its packets from now on, because a file
 * object bound to its port may have other holders. */
void np__foreign_expect(np_loop *loop);

/* np__foreign_is returns true if nothing of the library waits for the packet of
 * `entry`, which has the loop's key. It searches all operations in flight and
 * never follows the entry's pointer. */
bool np__foreign_is(const np_loop *loop, const OVERLAPPED_ENTRY *entry);

#endif
