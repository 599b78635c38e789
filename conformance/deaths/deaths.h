/* What the parts of npipe-deaths share. */
#ifndef NPIPE_CONFORMANCE_DEATHS_DEATHS_H
#define NPIPE_CONFORMANCE_DEATHS_DEATHS_H

#include <npipe/error.h>

/* Statuses with which a played process ends. */
enum { WENT_ON = 0, NOT_PLAYED = 2 };

/* must ends the process with NOT_PLAYED if `error` is not NP_OK. */
void must(np_error error);

#endif
