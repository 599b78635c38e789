/* The service: what the player does with a listener, requests and channels. */
#ifndef NPIPE_RANDOM_SERVICE_H
#define NPIPE_RANDOM_SERVICE_H

#include "play.h"

/* step_service carries out one of the steps from STEP_LISTEN on. */
void step_service(struct play *play, const struct step *step);

/* service_close closes all of it; the loop tells the ends. */
void service_close(struct play *play);

/* service_check tells what was not told its end. */
void service_check(struct play *play);

#endif
