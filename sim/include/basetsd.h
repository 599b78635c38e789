/* The same as windef.h. */
#ifndef NPIPE_SIM_BASETSD_H
#define NPIPE_SIM_BASETSD_H

#include <windef.h>

#endif
