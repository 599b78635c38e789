/* Basic types of Windows. Their names and sizes are those of the Windows
 * headers. Compile with -fshort-wchar, because WCHAR has 16 bits. */
#ifndef NPIPE_SIM_WINDEF_H
#define NPIPE_SIM_WINDEF_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define SIM_EXTERN_C_BEGIN extern "C" {
#define SIM_EXTERN_C_END   }
static_assert(sizeof(wchar_t) == 2, "compile with -fshort-wchar");
#else
#define SIM_EXTERN_C_BEGIN
#define SIM_EXTERN_C_END
_Static_assert(sizeof(wchar_t) == 2, "compile with -fshort-wchar");
#endif

/* SIM_T(CreateFile) is the function that a generic name stands for. */
#ifdef UNICODE
#define SIM_T(name) name##W
#else
#define SIM_T(name) name##A
#endif

#define WINAPI
#define NTAPI
#define CALLBACK
#define APIENTRY
#define WINAPIV
#define FAR
#define NEAR
#define CONST             const
#define DECLSPEC_NORETURN __attribute__((noreturn))
#define FORCEINLINE       static inline

/* What the Windows headers say of parameters, for readers and analysers. */
#define IN
#define OUT
#define OPTIONAL
#define _In_
#define _In_opt_
#define _Out_
#define _Out_opt_
#define _Inout_
#define _Inout_opt_

typedef void VOID;
typedef void *PVOID, *LPVOID;
typedef const void *LPCVOID;
typedef char CHAR, *PCHAR, *PSTR, *LPSTR;
typedef const char *PCSTR, *LPCSTR;
typedef unsigned char BYTE, UCHAR, BOOLEAN, *PBYTE, *LPBYTE, *PUCHAR, *PBOOLEAN;
typedef int16_t SHORT, INT16;
typedef float FLOAT;
typedef uint16_t WORD, USHORT, *PUSHORT, *PWORD, *LPWORD;
typedef int INT, *PINT, BOOL, WINBOOL, *PBOOL, *LPBOOL;
typedef unsigned int UINT, *PUINT;
#if __SIZEOF_LONG__ == 4
typedef long LONG;
typedef unsigned long DWORD, ULONG, ACCESS_MASK;
#else
typedef int32_t LONG; /* `long` has 32 bits on Windows, but not here */
typedef uint32_t DWORD, ULONG, ACCESS_MASK;
#endif
typedef LONG *PLONG, *LPLONG, LONG32;
typedef DWORD *PDWORD, *LPDWORD;
typedef ULONG *PULONG;
typedef ACCESS_MASK *PACCESS_MASK;
typedef long long LONGLONG, LONG64;
typedef unsigned long long ULONGLONG, DWORD64, ULONG64;
typedef ULONGLONG *PULONGLONG;
typedef intptr_t INT_PTR, LONG_PTR;
typedef uintptr_t UINT_PTR, ULONG_PTR, DWORD_PTR, *PULONG_PTR;
typedef size_t SIZE_T, *PSIZE_T;
typedef wchar_t WCHAR, *PWCHAR, *PWSTR, *LPWSTR;
typedef const wchar_t *PCWSTR, *LPCWSTR;
typedef void *HANDLE, *HMODULE, *HINSTANCE, *HLOCAL, *HGLOBAL;
typedef HANDLE *PHANDLE, *LPHANDLE;
typedef LONG NTSTATUS;
typedef intptr_t (*FARPROC)(void);

#ifdef UNICODE
typedef WCHAR TCHAR, *PTCHAR;
typedef LPWSTR PTSTR, LPTSTR;
typedef LPCWSTR PCTSTR, LPCTSTR;
#define TEXT(text) SIM_WIDE(text)
#else
typedef char TCHAR, *PTCHAR;
typedef LPSTR PTSTR, LPTSTR;
typedef LPCSTR PCTSTR, LPCTSTR;
#define TEXT(text) text
#endif
#define SIM_WIDE(text) L##text

#define TRUE  1
#define FALSE 0

#define MAX_PATH            260
#define MAKEWORD(low, high) ((WORD)((BYTE)(low) | (WORD)((BYTE)(high) << 8)))
#define MAKELONG(low, high) ((LONG)((WORD)(low) | (DWORD)(WORD)(high) << 16))
#define LOWORD(value)       ((WORD)((DWORD_PTR)(value)&0xFFFF))
#define HIWORD(value)       ((WORD)((DWORD_PTR)(value) >> 16 & 0xFFFF))
#define LOBYTE(value)       ((BYTE)((DWORD_PTR)(value)&0xFF))
#define HIBYTE(value)       ((BYTE)((DWORD_PTR)(value) >> 8 & 0xFF))

#endif
