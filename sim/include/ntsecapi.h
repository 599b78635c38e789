/* Random bytes, as ntsecapi.h of Windows declares them. */
#ifndef NPIPE_SIM_NTSECAPI_H
#define NPIPE_SIM_NTSECAPI_H

#include <windows.h>

SIM_EXTERN_C_BEGIN

BOOLEAN NTAPI SystemFunction036(PVOID bytes, ULONG size);
#define RtlGenRandom SystemFunction036

SIM_EXTERN_C_END

#endif
