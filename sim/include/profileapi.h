/* The same as sysinfoapi.h. */
#ifndef NPIPE_SIM_PROFILEAPI_H
#define NPIPE_SIM_PROFILEAPI_H

#include <sysinfoapi.h>

#endif
