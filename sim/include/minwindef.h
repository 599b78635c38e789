/* The same as windef.h. */
#ifndef NPIPE_SIM_MINWINDEF_H
#define NPIPE_SIM_MINWINDEF_H

#include <windef.h>

#endif
