/* Clocks: virtual time of the simulated kernel. */
#ifndef NPIPE_SIM_SYSINFOAPI_H
#define NPIPE_SIM_SYSINFOAPI_H

#include <minwinbase.h>

SIM_EXTERN_C_BEGIN

ULONGLONG WINAPI GetTickCount64(void);
DWORD WINAPI GetTickCount(void);
BOOL WINAPI QueryPerformanceCounter(LARGE_INTEGER *count);
BOOL WINAPI QueryPerformanceFrequency(LARGE_INTEGER *frequency);
void WINAPI GetSystemTimeAsFileTime(LPFILETIME time);

SIM_EXTERN_C_END

#endif
