/* The guests of the service: each is one end of a pipe of the service, with its
 * channel. */
#ifndef NPIPE_RANDOM_GUEST_H
#define NPIPE_RANDOM_GUEST_H

#include "play.h"

/* guest_new returns a new guest, or NULL if there is no place for one. */
struct guest *guest_new(struct play *play, bool is_server);

/* guest_open creates a channel on the pipe, or closes the pipe if this
 * fails. */
void guest_open(struct guest *guest, np_pipe *pipe);

/* The steps of a guest. A step that is not possible now does nothing.
 * guest_send of a server sends the reply that it owes. `drawn` gives the length
 * and the time limit. */
void guest_send(struct guest *guest, uint32_t drawn);
void guest_call(struct guest *guest, uint32_t drawn);
void guest_receive(struct guest *guest, uint32_t drawn);
void guest_shutdown(struct guest *guest);
void guest_cancel(struct guest *guest, uint32_t drawn);
void guest_close(struct guest *guest);

/* guest_recycle recycles the pipe of a guest if nothing is in flight on it. */
void guest_recycle(struct guest *guest);

/* guest_turn_begins and guest_turn_ended check that each operation ends soon
 * after its cancel or its time limit. */
void guest_turn_begins(struct guest *guest);
void guest_turn_ended(struct guest *guest);

#endif
