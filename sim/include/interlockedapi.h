/* The same as winnt.h. */
#ifndef NPIPE_SIM_INTERLOCKEDAPI_H
#define NPIPE_SIM_INTERLOCKEDAPI_H

#include <winnt.h>

#endif
