/* The service: the player's steps with a listener, requests and channels. */
#ifndef NPIPE_RANDOM_SERVICE_H
#define NPIPE_RANDOM_SERVICE_H

#include "play.h"

/* The client's number in a message that only a raw client sends. Big-endian, as
 * the length of a frame, it is the longest that a channel takes. */
enum { ANNOUNCED_NUMBER = 0x8000 };

/* step_service carries out a step of the service. */
void step_service(struct play *play, const struct step *step);

/* service_kind returns how the channels of this run frame their messages. */
np_frame_kind service_kind(const struct play *play);

/* service_name writes the name of the service. service_read_mode returns the
 * read mode of its ends. */
void service_name(char out[48]);
np_mode service_read_mode(const struct play *play);

/* service_half_closes returns whether the channels of this run have the option
 * `half_close`. */
bool service_half_closes(const struct play *play);

/* service_turn_begins and service_turn_ended check that what was cancelled, or
 * whose time is over, ends. All of the service is on the first loop. */
void service_turn_begins(struct play *play);
void service_turn_ended(struct play *play);

/* service_has_asked returns true if there was a request. The kernel's wait for
 * an instance may outlive it. */
bool service_has_asked(const struct play *play);

/* service_resume ends the pause of the listener. service_is_served returns true
 * if each client that is connected has a server end that was handed out. */
void service_resume(struct play *play);
bool service_is_served(const struct play *play);

/* service_close closes the whole service; the loop reports the ends. */
void service_close(struct play *play);

/* service_check reports requests and guests whose end was not reported. */
void service_check(struct play *play);

#endif
