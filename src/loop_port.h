/* The port of a loop: how packets leave it. */
#ifndef NPIPE_SRC_LOOP_PORT_H
#define NPIPE_SRC_LOOP_PORT_H

#include <stdint.h>

#include "loop.h"

/* A turn runs at most this many callbacks that are ready, and begins with a
 * poll of the port if so many have run since the last poll. Each turn checks
 * the timers. So neither side starves the other. */
#define NP__CALLBACKS_PER_POLL 64u

/* Packets that are dequeued at once, at most. */
#define NP__PORT_ENTRIES_MAX 64u

/* np__port_deliver gives each packet of the loop in `entries` to the
 * `on_packet` of its class. It skips foreign packets. No callback runs. */
void np__port_deliver(np_loop *loop, const OVERLAPPED_ENTRY *entries,
                      ULONG count);

/* np__port_take waits up to `timeout_ms` for packets, dequeues and delivers
 * them: as many as can be there and no more, because under Wine asking for a
 * packet that does not come costs a request. If `takes_all` is set, as after a
 * cancel, it asks for all packets: packets of np_loop_stop are not counted, and
 * must not hold back the packets of the cancelled operations.
 *
 * Returns WAIT_TIMEOUT if no packet came, or the error of the wait. */
np_error np__port_take(np_loop *loop, uint32_t timeout_ms);

/* np__port_was_polled undoes np__loop_poll_soon. */
void np__port_was_polled(np_loop *loop);

/* np__port_look dequeues packets if there may be some. It is called before
 * put-off reads go to the kernel: the callback of a packet may write the data
 * that such a read waits for. */
void np__port_look(np_loop *loop);

#endif
