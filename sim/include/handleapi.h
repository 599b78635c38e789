/* Handles of any object. */
#ifndef NPIPE_SIM_HANDLEAPI_H
#define NPIPE_SIM_HANDLEAPI_H

#include <winnt.h>

SIM_EXTERN_C_BEGIN

#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)

#define HANDLE_FLAG_INHERIT            1u
#define HANDLE_FLAG_PROTECT_FROM_CLOSE 2u

BOOL WINAPI CloseHandle(HANDLE handle);
BOOL WINAPI DuplicateHandle(HANDLE source_process, HANDLE source,
                            HANDLE target_process, LPHANDLE target,
                            DWORD access, BOOL inherit, DWORD options);
BOOL WINAPI GetHandleInformation(HANDLE handle, LPDWORD flags);
BOOL WINAPI SetHandleInformation(HANDLE handle, DWORD mask, DWORD flags);

SIM_EXTERN_C_END

#endif
