/* Random bytes, as ntsecapi.h of Windows declares them. */
#ifndef NPIPE_SIM_NTSECAPI_H
#define NPIPE_SIM_NTSECAPI_H

#include <windows.h>

SIM_EXTERN_C_BEGIN

#define RtlGenRandom SystemFunction036
BOOLEAN NTAPI RtlGenRandom(PVOID bytes, ULONG size);

SIM_EXTERN_C_END

#endif
