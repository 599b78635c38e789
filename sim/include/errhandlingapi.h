/* The last error. */
#ifndef NPIPE_SIM_ERRHANDLINGAPI_H
#define NPIPE_SIM_ERRHANDLINGAPI_H

#include <winnt.h>

SIM_EXTERN_C_BEGIN

DWORD WINAPI GetLastError(void);
void WINAPI SetLastError(DWORD error);

SIM_EXTERN_C_END

#endif
