/* The Windows interface of npsim: the calls that programs with named pipes
 * use. Types, names and values are those of the Windows headers. */
#ifndef NPIPE_SIM_WINDOWS_H
#define NPIPE_SIM_WINDOWS_H

#include <windef.h>
#include <winnt.h>
#include <winbase.h>

#endif
