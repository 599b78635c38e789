/* Calls that have no header of their own. */
#ifndef NPIPE_SIM_WINBASE_H
#define NPIPE_SIM_WINBASE_H

#include <errhandlingapi.h>
#include <fileapi.h>
#include <handleapi.h>
#include <heapapi.h>
#include <ioapiset.h>
#include <libloaderapi.h>
#include <minwinbase.h>
#include <namedpipeapi.h>
#include <processenv.h>
#include <processthreadsapi.h>
#include <securitybaseapi.h>
#include <stringapiset.h>
#include <synchapi.h>
#include <sysinfoapi.h>
#include <threadpoolapiset.h>

SIM_EXTERN_C_BEGIN

typedef struct _STARTUPINFOEXA {
  STARTUPINFOA StartupInfo;
  LPPROC_THREAD_ATTRIBUTE_LIST lpAttributeList;
} STARTUPINFOEXA, *LPSTARTUPINFOEXA;
typedef struct _STARTUPINFOEXW {
  STARTUPINFOW StartupInfo;
  LPPROC_THREAD_ATTRIBUTE_LIST lpAttributeList;
} STARTUPINFOEXW, *LPSTARTUPINFOEXW;
#ifdef UNICODE
typedef STARTUPINFOEXW STARTUPINFOEX, *LPSTARTUPINFOEX;
#else
typedef STARTUPINFOEXA STARTUPINFOEX, *LPSTARTUPINFOEX;
#endif

HLOCAL WINAPI LocalAlloc(UINT flags, SIZE_T size);
HLOCAL WINAPI LocalFree(HLOCAL memory);
#define GMEM_FIXED    0u
#define GMEM_ZEROINIT 0x40u
#define GPTR          (GMEM_FIXED | GMEM_ZEROINIT)
HGLOBAL WINAPI GlobalAlloc(UINT flags, SIZE_T size);
HGLOBAL WINAPI GlobalFree(HGLOBAL memory);
BOOL WINAPI RevertToSelf(void);
int WINAPI lstrlenA(LPCSTR text);
int WINAPI lstrcmpA(LPCSTR a, LPCSTR b);
int WINAPI lstrcmpiA(LPCSTR a, LPCSTR b);
#define lstrlen  SIM_T(lstrlen)
#define lstrcmp  SIM_T(lstrcmp)
#define lstrcmpi SIM_T(lstrcmpi)
int WINAPI lstrlenW(LPCWSTR text);
int WINAPI lstrcmpW(LPCWSTR a, LPCWSTR b);
int WINAPI lstrcmpiW(LPCWSTR a, LPCWSTR b);

SIM_EXTERN_C_END

#endif
