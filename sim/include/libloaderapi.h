/* Modules. The whole program is one. */
#ifndef NPIPE_SIM_LIBLOADERAPI_H
#define NPIPE_SIM_LIBLOADERAPI_H

#include <minwinbase.h>

SIM_EXTERN_C_BEGIN

HMODULE WINAPI GetModuleHandleW(LPCWSTR name);
FARPROC WINAPI GetProcAddress(HMODULE module, LPCSTR name);

HMODULE WINAPI GetModuleHandleA(LPCSTR name);
DWORD WINAPI GetModuleFileNameW(HMODULE module, LPWSTR out, DWORD size);
DWORD WINAPI GetModuleFileNameA(HMODULE module, LPSTR out, DWORD size);
#define GetModuleFileName SIM_T(GetModuleFileName)
#define GetModuleHandle   SIM_T(GetModuleHandle)

SIM_EXTERN_C_END

#endif
