/* The service: the player's steps with a listener, requests and channels. */
#ifndef NPIPE_RANDOM_SERVICE_H
#define NPIPE_RANDOM_SERVICE_H

#include "play.h"

/* step_service carries out one of the steps from STEP_LISTEN on. */
void step_service(struct play *play, const struct step *step);

/* service_close closes the whole service; the loop reports the ends. */
void service_close(struct play *play);

/* service_check reports requests and guests whose end was not reported. */
void service_check(struct play *play);

#endif
