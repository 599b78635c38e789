/* Threads and processes. */
#ifndef NPIPE_SIM_PROCESSTHREADSAPI_H
#define NPIPE_SIM_PROCESSTHREADSAPI_H

#include <minwinbase.h>

SIM_EXTERN_C_BEGIN

#define STACK_SIZE_PARAM_IS_A_RESERVATION 0x00010000
HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES attributes, SIZE_T stack_size,
                           LPTHREAD_START_ROUTINE start, LPVOID parameter,
                           DWORD flags, LPDWORD id);
DWORD WINAPI QueueUserAPC(PAPCFUNC function, HANDLE thread, ULONG_PTR value);
#define TLS_OUT_OF_INDEXES 0xFFFFFFFFu
#define FLS_OUT_OF_INDEXES 0xFFFFFFFFu
typedef void(NTAPI *PFLS_CALLBACK_FUNCTION)(PVOID value);
DWORD WINAPI TlsAlloc(void);
BOOL WINAPI TlsFree(DWORD index);
BOOL WINAPI TlsSetValue(DWORD index, LPVOID value);
LPVOID WINAPI TlsGetValue(DWORD index);
DWORD WINAPI FlsAlloc(PFLS_CALLBACK_FUNCTION callback);
BOOL WINAPI FlsFree(DWORD index);
BOOL WINAPI FlsSetValue(DWORD index, PVOID value);
PVOID WINAPI FlsGetValue(DWORD index);

#define CREATE_SUSPENDED 0x00000004u
DWORD WINAPI ResumeThread(HANDLE thread);
DWORD WINAPI GetThreadId(HANDLE thread);
#define THREAD_PRIORITY_NORMAL 0
BOOL WINAPI SetThreadPriority(HANDLE thread, int priority);
int WINAPI GetThreadPriority(HANDLE thread);
void WINAPI ExitThread(DWORD code) __attribute__((noreturn));
BOOL WINAPI GetExitCodeThread(HANDLE thread, LPDWORD code);
HANDLE WINAPI GetCurrentThread(void);
DWORD WINAPI GetCurrentThreadId(void);
HANDLE WINAPI GetCurrentProcess(void);
HANDLE WINAPI OpenProcess(DWORD access, BOOL inherit, DWORD id);
DWORD WINAPI GetProcessId(HANDLE process);
BOOL WINAPI ProcessIdToSessionId(DWORD id, LPDWORD session);
void WINAPI ExitProcess(UINT code) __attribute__((noreturn));
BOOL WINAPI TerminateProcess(HANDLE process, UINT code);
DWORD WINAPI GetCurrentProcessId(void);
BOOL WINAPI SwitchToThread(void);

BOOL WINAPI GetProcessHandleCount(HANDLE process, PDWORD count);

SIM_EXTERN_C_END

#endif
