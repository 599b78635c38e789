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
DWORD WINAPI SuspendThread(HANDLE thread);
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
BOOL WINAPI GetExitCodeProcess(HANDLE process, LPDWORD code);
DWORD WINAPI GetCurrentProcessId(void);
BOOL WINAPI SwitchToThread(void);

BOOL WINAPI GetProcessHandleCount(HANDLE process, PDWORD count);

typedef struct _PROCESS_INFORMATION {
  HANDLE hProcess;
  HANDLE hThread;
  DWORD dwProcessId;
  DWORD dwThreadId;
} PROCESS_INFORMATION, *PPROCESS_INFORMATION, *LPPROCESS_INFORMATION;

#define STARTF_USESHOWWINDOW 0x0001u
#define STARTF_USESTDHANDLES 0x0100u
typedef struct _STARTUPINFOA {
  DWORD cb;
  LPSTR lpReserved;
  LPSTR lpDesktop;
  LPSTR lpTitle;
  DWORD dwX;
  DWORD dwY;
  DWORD dwXSize;
  DWORD dwYSize;
  DWORD dwXCountChars;
  DWORD dwYCountChars;
  DWORD dwFillAttribute;
  DWORD dwFlags;
  WORD wShowWindow;
  WORD cbReserved2;
  LPBYTE lpReserved2;
  HANDLE hStdInput;
  HANDLE hStdOutput;
  HANDLE hStdError;
} STARTUPINFOA, *LPSTARTUPINFOA;
typedef struct _STARTUPINFOW {
  DWORD cb;
  LPWSTR lpReserved;
  LPWSTR lpDesktop;
  LPWSTR lpTitle;
  DWORD dwX;
  DWORD dwY;
  DWORD dwXSize;
  DWORD dwYSize;
  DWORD dwXCountChars;
  DWORD dwYCountChars;
  DWORD dwFillAttribute;
  DWORD dwFlags;
  WORD wShowWindow;
  WORD cbReserved2;
  LPBYTE lpReserved2;
  HANDLE hStdInput;
  HANDLE hStdOutput;
  HANDLE hStdError;
} STARTUPINFOW, *LPSTARTUPINFOW;

#define PROC_THREAD_ATTRIBUTE_HANDLE_LIST 0x00020002u
typedef struct _PROC_THREAD_ATTRIBUTE_LIST *LPPROC_THREAD_ATTRIBUTE_LIST;
BOOL WINAPI InitializeProcThreadAttributeList(LPPROC_THREAD_ATTRIBUTE_LIST list,
                                              DWORD count, DWORD flags,
                                              PSIZE_T size);
BOOL WINAPI UpdateProcThreadAttribute(LPPROC_THREAD_ATTRIBUTE_LIST list,
                                      DWORD flags, DWORD_PTR attribute,
                                      PVOID value, SIZE_T size, PVOID previous,
                                      PSIZE_T previous_size);
void WINAPI DeleteProcThreadAttributeList(LPPROC_THREAD_ATTRIBUTE_LIST list);

#define DETACHED_PROCESS             0x00000008u
#define CREATE_NEW_CONSOLE           0x00000010u
#define CREATE_NEW_PROCESS_GROUP     0x00000200u
#define CREATE_UNICODE_ENVIRONMENT   0x00000400u
#define EXTENDED_STARTUPINFO_PRESENT 0x00080000u
#define CREATE_NO_WINDOW             0x08000000u
BOOL WINAPI CreateProcessA(LPCSTR application, LPSTR command_line,
                           LPSECURITY_ATTRIBUTES process_attributes,
                           LPSECURITY_ATTRIBUTES thread_attributes,
                           BOOL inherits, DWORD flags, LPVOID environment,
                           LPCSTR folder, LPSTARTUPINFOA startup,
                           LPPROCESS_INFORMATION out);
BOOL WINAPI CreateProcessW(LPCWSTR application, LPWSTR command_line,
                           LPSECURITY_ATTRIBUTES process_attributes,
                           LPSECURITY_ATTRIBUTES thread_attributes,
                           BOOL inherits, DWORD flags, LPVOID environment,
                           LPCWSTR folder, LPSTARTUPINFOW startup,
                           LPPROCESS_INFORMATION out);
#define CreateProcess SIM_T(CreateProcess)
#ifdef UNICODE
typedef STARTUPINFOW STARTUPINFO, *LPSTARTUPINFO;
#else
typedef STARTUPINFOA STARTUPINFO, *LPSTARTUPINFO;
#endif

SIM_EXTERN_C_END

#endif
