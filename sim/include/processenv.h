/* The environment, the standard handles, and texts of errors. */
#ifndef NPIPE_SIM_PROCESSENV_H
#define NPIPE_SIM_PROCESSENV_H

#include <stdarg.h>

#include <winnt.h>

SIM_EXTERN_C_BEGIN

#define STD_INPUT_HANDLE  ((DWORD)-10)
#define STD_OUTPUT_HANDLE ((DWORD)-11)
#define STD_ERROR_HANDLE  ((DWORD)-12)
HANDLE WINAPI GetStdHandle(DWORD which);
BOOL WINAPI SetStdHandle(DWORD which, HANDLE handle);
BOOL WINAPI GetConsoleMode(HANDLE handle, LPDWORD mode);

LPSTR WINAPI GetCommandLineA(void);
LPWSTR WINAPI GetCommandLineW(void);
#define GetCommandLine SIM_T(GetCommandLine)
DWORD WINAPI GetEnvironmentVariableW(LPCWSTR name, LPWSTR out, DWORD size);
DWORD WINAPI GetEnvironmentVariableA(LPCSTR name, LPSTR out, DWORD size);
BOOL WINAPI SetEnvironmentVariableW(LPCWSTR name, LPCWSTR value);
BOOL WINAPI SetEnvironmentVariableA(LPCSTR name, LPCSTR value);
#define GetEnvironmentVariable SIM_T(GetEnvironmentVariable)
#define SetEnvironmentVariable SIM_T(SetEnvironmentVariable)

#define FORMAT_MESSAGE_ALLOCATE_BUFFER 0x0100u
#define FORMAT_MESSAGE_IGNORE_INSERTS  0x0200u
#define FORMAT_MESSAGE_FROM_STRING     0x0400u
#define FORMAT_MESSAGE_FROM_HMODULE    0x0800u
#define FORMAT_MESSAGE_FROM_SYSTEM     0x1000u
#define FORMAT_MESSAGE_ARGUMENT_ARRAY  0x2000u
#define FORMAT_MESSAGE_MAX_WIDTH_MASK  0x00FFu
#define LANG_NEUTRAL                   0
#define LANG_ENGLISH                   9
#define SUBLANG_DEFAULT                1
#define SUBLANG_ENGLISH_US             1
#define MAKELANGID(primary, sub)       ((WORD)((sub) << 10 | (primary)))
DWORD WINAPI FormatMessageW(DWORD flags, LPCVOID source, DWORD id,
                            DWORD language, LPWSTR out, DWORD size,
                            va_list *arguments);
DWORD WINAPI FormatMessageA(DWORD flags, LPCVOID source, DWORD id,
                            DWORD language, LPSTR out, DWORD size,
                            va_list *arguments);
#define FormatMessage SIM_T(FormatMessage)
void WINAPI OutputDebugStringA(LPCSTR text);
void WINAPI OutputDebugStringW(LPCWSTR text);
#define OutputDebugString SIM_T(OutputDebugString)

SIM_EXTERN_C_END

#endif
