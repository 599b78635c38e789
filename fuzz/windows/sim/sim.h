/* On Windows the control of the simulated kernel has this place, so that the
 * targets find it under the same name. sim.c beside it tells what of it a real
 * kernel can do. */
#ifndef NPIPE_FUZZ_WINDOWS_SIM_H
#define NPIPE_FUZZ_WINDOWS_SIM_H

#include <windows.h>
#include <winternl.h> /* NTSTATUS */

#include "../../../sim/include/sim/sim.h"

#endif
