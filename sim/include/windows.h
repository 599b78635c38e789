/* The Windows interface of the simulated kernel: only the parts that the
 * library, its tests and the fuzz targets use. Types, names and values are
 * those of the Windows headers, with one intended difference: `long` has 32
 * bits on Windows, so DWORD and LONG are fixed-width integers here.
 *
 * Compile with -fshort-wchar: WCHAR has 16 bits. */
#ifndef NPIPE_SIM_WINDOWS_H
#define NPIPE_SIM_WINDOWS_H

#include <stddef.h>
#include <stdint.h>

#include <winerror.h>

_Static_assert(sizeof(wchar_t) == 2, "compile with -fshort-wchar");

#define WINAPI
#define NTAPI
#define CALLBACK
#define APIENTRY
#define CONST const

/* --- Types --------------------------------------------------------------- */

typedef void VOID;
typedef void *PVOID, *LPVOID;
typedef const void *LPCVOID;
typedef char CHAR, *PCHAR, *LPSTR;
typedef const char *LPCSTR;
typedef unsigned char BYTE, UCHAR, BOOLEAN, *PBYTE, *PUCHAR, *PBOOLEAN;
typedef int16_t SHORT;
typedef uint16_t WORD, USHORT, *PUSHORT;
typedef int INT, BOOL, WINBOOL, *PBOOL, *LPBOOL;
typedef unsigned int UINT;
typedef int32_t LONG, *PLONG, *LPLONG;
typedef uint32_t DWORD, ULONG, ACCESS_MASK;
typedef DWORD *PDWORD, *LPDWORD;
typedef ULONG *PULONG;
typedef ACCESS_MASK *PACCESS_MASK;
typedef long long LONGLONG, LONG64;
typedef unsigned long long ULONGLONG, DWORD64, ULONG64;
typedef ULONGLONG *PULONGLONG;
typedef intptr_t INT_PTR, LONG_PTR;
typedef uintptr_t UINT_PTR, ULONG_PTR, DWORD_PTR, *PULONG_PTR;
typedef size_t SIZE_T, *PSIZE_T;
typedef wchar_t WCHAR, *PWSTR, *LPWSTR;
typedef const wchar_t *PCWSTR, *LPCWSTR;
typedef void *HANDLE, *HMODULE, *HINSTANCE, *HLOCAL;
typedef HANDLE *PHANDLE, *LPHANDLE;
typedef LONG NTSTATUS;
typedef intptr_t (*FARPROC)(void);

typedef union LARGE_INTEGER {
  struct {
    DWORD LowPart;
    LONG HighPart;
  };
  struct {
    DWORD LowPart;
    LONG HighPart;
  } u;
  LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef struct FILETIME {
  DWORD dwLowDateTime;
  DWORD dwHighDateTime;
} FILETIME, *LPFILETIME;

typedef struct SECURITY_ATTRIBUTES {
  DWORD nLength;
  LPVOID lpSecurityDescriptor;
  BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

typedef struct OVERLAPPED {
  ULONG_PTR Internal;
  ULONG_PTR InternalHigh;
  union {
    struct {
      DWORD Offset;
      DWORD OffsetHigh;
    };
    PVOID Pointer;
  };
  HANDLE hEvent;
} OVERLAPPED, *LPOVERLAPPED;

typedef struct OVERLAPPED_ENTRY {
  ULONG_PTR lpCompletionKey;
  LPOVERLAPPED lpOverlapped;
  ULONG_PTR Internal;
  DWORD dwNumberOfBytesTransferred;
} OVERLAPPED_ENTRY, *LPOVERLAPPED_ENTRY;

#define TRUE                 1
#define FALSE                0
#define INFINITE             0xFFFFFFFFu
#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)
#define MAX_PATH             260
#define MAXDWORD             0xFFFFFFFFu

#define UNREFERENCED_PARAMETER(x) ((void)(x))
#define FIELD_OFFSET(type, field) ((LONG)offsetof(type, field))
#define CONTAINING_RECORD(address, type, field) \
  ((type *)(void *)((char *)(address)-offsetof(type, field)))
#define ARRAYSIZE(array)           (sizeof(array) / sizeof((array)[0]))
#define ZeroMemory(address, size)  __builtin_memset((address), 0, (size))
#define CopyMemory(to, from, size) __builtin_memcpy((to), (from), (size))
#define HasOverlappedIoCompleted(overlapped)                            \
  ((DWORD)__atomic_load_n(&(overlapped)->Internal, __ATOMIC_ACQUIRE) != \
   STATUS_PENDING)

/* Statuses that windows.h defines without ntstatus.h. */
#define STATUS_WAIT_0        ((DWORD)0x00000000)
#define STATUS_USER_APC      ((DWORD)0x000000C0)
#define STATUS_TIMEOUT       ((DWORD)0x00000102)
#define STATUS_PENDING       ((DWORD)0x00000103)
#define STILL_ACTIVE         STATUS_PENDING
#define WAIT_OBJECT_0        0u
#define WAIT_ABANDONED_0     0x80u
#define WAIT_IO_COMPLETION   STATUS_USER_APC
#define WAIT_TIMEOUT         258u
#define WAIT_FAILED          0xFFFFFFFFu
#define MAXIMUM_WAIT_OBJECTS 64

/* --- Access rights and flags --------------------------------------------- */

#define DELETE                   0x00010000u
#define READ_CONTROL             0x00020000u
#define WRITE_DAC                0x00040000u
#define WRITE_OWNER              0x00080000u
#define SYNCHRONIZE              0x00100000u
#define STANDARD_RIGHTS_REQUIRED 0x000F0000u
#define STANDARD_RIGHTS_READ     READ_CONTROL
#define STANDARD_RIGHTS_WRITE    READ_CONTROL
#define STANDARD_RIGHTS_ALL      0x001F0000u
#define ACCESS_SYSTEM_SECURITY   0x01000000u
#define MAXIMUM_ALLOWED          0x02000000u
#define GENERIC_READ             0x80000000u
#define GENERIC_WRITE            0x40000000u
#define GENERIC_EXECUTE          0x20000000u
#define GENERIC_ALL              0x10000000u

#define FILE_READ_DATA            0x0001u
#define FILE_WRITE_DATA           0x0002u
#define FILE_APPEND_DATA          0x0004u
#define FILE_CREATE_PIPE_INSTANCE 0x0004u
#define FILE_READ_EA              0x0008u
#define FILE_WRITE_EA             0x0010u
#define FILE_EXECUTE              0x0020u
#define FILE_READ_ATTRIBUTES      0x0080u
#define FILE_WRITE_ATTRIBUTES     0x0100u
#define FILE_ALL_ACCESS           0x001F01FFu
#define FILE_GENERIC_READ         0x00120089u
#define FILE_GENERIC_WRITE        0x00120116u
#define FILE_GENERIC_EXECUTE      0x001200A0u

#define FILE_SHARE_READ       1u
#define FILE_SHARE_WRITE      2u
#define FILE_SHARE_DELETE     4u
#define CREATE_NEW            1
#define CREATE_ALWAYS         2
#define OPEN_EXISTING         3
#define OPEN_ALWAYS           4
#define FILE_ATTRIBUTE_NORMAL 0x80u

#define FILE_FLAG_WRITE_THROUGH       0x80000000u
#define FILE_FLAG_OVERLAPPED          0x40000000u
#define FILE_FLAG_NO_BUFFERING        0x20000000u
#define FILE_FLAG_RANDOM_ACCESS       0x10000000u
#define FILE_FLAG_SEQUENTIAL_SCAN     0x08000000u
#define FILE_FLAG_DELETE_ON_CLOSE     0x04000000u
#define FILE_FLAG_BACKUP_SEMANTICS    0x02000000u
#define FILE_FLAG_POSIX_SEMANTICS     0x01000000u
#define FILE_FLAG_OPEN_REPARSE_POINT  0x00200000u
#define FILE_FLAG_FIRST_PIPE_INSTANCE 0x00080000u

#define PIPE_ACCESS_INBOUND        1u
#define PIPE_ACCESS_OUTBOUND       2u
#define PIPE_ACCESS_DUPLEX         3u
#define PIPE_WAIT                  0u
#define PIPE_NOWAIT                1u
#define PIPE_READMODE_BYTE         0u
#define PIPE_READMODE_MESSAGE      2u
#define PIPE_TYPE_BYTE             0u
#define PIPE_TYPE_MESSAGE          4u
#define PIPE_ACCEPT_REMOTE_CLIENTS 0u
#define PIPE_REJECT_REMOTE_CLIENTS 8u
#define PIPE_CLIENT_END            0u
#define PIPE_SERVER_END            1u
#define PIPE_UNLIMITED_INSTANCES   255u

#define NMPWAIT_WAIT_FOREVER     0xFFFFFFFFu
#define NMPWAIT_NOWAIT           1u
#define NMPWAIT_USE_DEFAULT_WAIT 0u

#define SECURITY_ANONYMOUS        (0u << 16)
#define SECURITY_IDENTIFICATION   (1u << 16)
#define SECURITY_IMPERSONATION    (2u << 16)
#define SECURITY_DELEGATION       (3u << 16)
#define SECURITY_CONTEXT_TRACKING 0x00040000u
#define SECURITY_EFFECTIVE_ONLY   0x00080000u
#define SECURITY_SQOS_PRESENT     0x00100000u
#define SECURITY_VALID_SQOS_FLAGS 0x001F0000u

#define FILE_TYPE_UNKNOWN 0u
#define FILE_TYPE_DISK    1u
#define FILE_TYPE_CHAR    2u
#define FILE_TYPE_PIPE    3u

#define FILE_SKIP_COMPLETION_PORT_ON_SUCCESS 0x1
#define FILE_SKIP_SET_EVENT_ON_HANDLE        0x2

#define HANDLE_FLAG_INHERIT            1u
#define HANDLE_FLAG_PROTECT_FROM_CLOSE 2u
#define DUPLICATE_CLOSE_SOURCE         1u
#define DUPLICATE_SAME_ACCESS          2u

/* --- Handles and errors -------------------------------------------------- */

DWORD WINAPI GetLastError(void);
void WINAPI SetLastError(DWORD error);
BOOL WINAPI CloseHandle(HANDLE handle);
BOOL WINAPI DuplicateHandle(HANDLE source_process, HANDLE source,
                            HANDLE target_process, LPHANDLE target,
                            DWORD access, BOOL inherit, DWORD options);
BOOL WINAPI GetHandleInformation(HANDLE handle, LPDWORD flags);
BOOL WINAPI SetHandleInformation(HANDLE handle, DWORD mask, DWORD flags);
DWORD WINAPI GetFileType(HANDLE file);
BOOL WINAPI GetProcessHandleCount(HANDLE process, PDWORD count);
HLOCAL WINAPI LocalAlloc(UINT flags, SIZE_T size);
HLOCAL WINAPI LocalFree(HLOCAL memory);
#define LMEM_FIXED    0u
#define LMEM_ZEROINIT 0x40u
#define LPTR          (LMEM_FIXED | LMEM_ZEROINIT)

/* --- Files and pipes ----------------------------------------------------- */

HANDLE WINAPI CreateNamedPipeW(LPCWSTR name, DWORD open_mode, DWORD pipe_mode,
                               DWORD instances_max, DWORD out_size,
                               DWORD in_size, DWORD timeout_ms,
                               LPSECURITY_ATTRIBUTES attributes);
HANDLE WINAPI CreateFileW(LPCWSTR name, DWORD access, DWORD share,
                          LPSECURITY_ATTRIBUTES attributes, DWORD disposition,
                          DWORD flags, HANDLE pattern);
BOOL WINAPI CreatePipe(PHANDLE read, PHANDLE write,
                       LPSECURITY_ATTRIBUTES attributes, DWORD size);
BOOL WINAPI ConnectNamedPipe(HANDLE pipe, LPOVERLAPPED overlapped);
BOOL WINAPI DisconnectNamedPipe(HANDLE pipe);
BOOL WINAPI ReadFile(HANDLE file, LPVOID buffer, DWORD size, LPDWORD bytes,
                     LPOVERLAPPED overlapped);
BOOL WINAPI WriteFile(HANDLE file, LPCVOID buffer, DWORD size, LPDWORD bytes,
                      LPOVERLAPPED overlapped);
BOOL WINAPI FlushFileBuffers(HANDLE file);
BOOL WINAPI PeekNamedPipe(HANDLE pipe, LPVOID buffer, DWORD size, LPDWORD bytes,
                          LPDWORD available, LPDWORD left_this_message);
BOOL WINAPI TransactNamedPipe(HANDLE pipe, LPVOID in, DWORD in_size, LPVOID out,
                              DWORD out_size, LPDWORD bytes,
                              LPOVERLAPPED overlapped);
BOOL WINAPI CallNamedPipeW(LPCWSTR name, LPVOID in, DWORD in_size, LPVOID out,
                           DWORD out_size, LPDWORD bytes, DWORD timeout_ms);
BOOL WINAPI WaitNamedPipeW(LPCWSTR name, DWORD timeout_ms);
BOOL WINAPI SetNamedPipeHandleState(HANDLE pipe, LPDWORD mode,
                                    LPDWORD collection_count,
                                    LPDWORD collection_timeout_ms);
BOOL WINAPI GetNamedPipeHandleStateW(HANDLE pipe, LPDWORD state,
                                     LPDWORD instances,
                                     LPDWORD collection_count,
                                     LPDWORD collection_timeout_ms, LPWSTR user,
                                     DWORD user_size);
BOOL WINAPI GetNamedPipeInfo(HANDLE pipe, LPDWORD flags, LPDWORD out_size,
                             LPDWORD in_size, LPDWORD instances_max);
BOOL WINAPI GetNamedPipeClientProcessId(HANDLE pipe, PULONG id);
BOOL WINAPI GetNamedPipeServerProcessId(HANDLE pipe, PULONG id);
BOOL WINAPI GetNamedPipeClientSessionId(HANDLE pipe, PULONG id);
BOOL WINAPI GetNamedPipeServerSessionId(HANDLE pipe, PULONG id);
BOOL WINAPI GetNamedPipeClientComputerNameW(HANDLE pipe, LPWSTR name,
                                            ULONG size);
BOOL WINAPI ImpersonateNamedPipeClient(HANDLE pipe);
BOOL WINAPI RevertToSelf(void);

/* --- Overlapped I/O and completion ports --------------------------------- */

BOOL WINAPI GetOverlappedResult(HANDLE file, LPOVERLAPPED overlapped,
                                LPDWORD bytes, BOOL wait);
BOOL WINAPI GetOverlappedResultEx(HANDLE file, LPOVERLAPPED overlapped,
                                  LPDWORD bytes, DWORD timeout_ms,
                                  BOOL alertable);
BOOL WINAPI CancelIo(HANDLE file);
BOOL WINAPI CancelIoEx(HANDLE file, LPOVERLAPPED overlapped);
BOOL WINAPI CancelSynchronousIo(HANDLE thread);
BOOL WINAPI SetFileCompletionNotificationModes(HANDLE file, UCHAR flags);
HANDLE WINAPI CreateIoCompletionPort(HANDLE file, HANDLE port, ULONG_PTR key,
                                     DWORD threads);
BOOL WINAPI GetQueuedCompletionStatus(HANDLE port, LPDWORD bytes,
                                      PULONG_PTR key, LPOVERLAPPED *overlapped,
                                      DWORD timeout_ms);
BOOL WINAPI GetQueuedCompletionStatusEx(HANDLE port, LPOVERLAPPED_ENTRY entries,
                                        ULONG count, PULONG removed,
                                        DWORD timeout_ms, BOOL alertable);
BOOL WINAPI PostQueuedCompletionStatus(HANDLE port, DWORD bytes, ULONG_PTR key,
                                       LPOVERLAPPED overlapped);

/* --- Events, waits, threads ---------------------------------------------- */

typedef DWORD(WINAPI *LPTHREAD_START_ROUTINE)(LPVOID parameter);

HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset,
                           BOOL initial, LPCWSTR name);
BOOL WINAPI SetEvent(HANDLE event);
BOOL WINAPI ResetEvent(HANDLE event);
DWORD WINAPI WaitForSingleObject(HANDLE object, DWORD timeout_ms);
DWORD WINAPI WaitForSingleObjectEx(HANDLE object, DWORD timeout_ms,
                                   BOOL alertable);
DWORD WINAPI WaitForMultipleObjects(DWORD count, const HANDLE *objects,
                                    BOOL all, DWORD timeout_ms);
#define STACK_SIZE_PARAM_IS_A_RESERVATION 0x00010000
HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES attributes, SIZE_T stack_size,
                           LPTHREAD_START_ROUTINE start, LPVOID parameter,
                           DWORD flags, LPDWORD id);
void WINAPI ExitThread(DWORD code) __attribute__((noreturn));
BOOL WINAPI GetExitCodeThread(HANDLE thread, LPDWORD code);
HANDLE WINAPI GetCurrentThread(void);
DWORD WINAPI GetCurrentThreadId(void);
HANDLE WINAPI GetCurrentProcess(void);
BOOL WINAPI TerminateProcess(HANDLE process, UINT code);
DWORD WINAPI GetCurrentProcessId(void);
void WINAPI Sleep(DWORD timeout_ms);
BOOL WINAPI SwitchToThread(void);

typedef struct TP_CALLBACK_INSTANCE *PTP_CALLBACK_INSTANCE;
typedef struct TP_CALLBACK_ENVIRON *PTP_CALLBACK_ENVIRON;
typedef void(CALLBACK *PTP_SIMPLE_CALLBACK)(PTP_CALLBACK_INSTANCE instance,
                                            PVOID context);
BOOL WINAPI CallbackMayRunLong(PTP_CALLBACK_INSTANCE instance);
BOOL WINAPI TrySubmitThreadpoolCallback(PTP_SIMPLE_CALLBACK callback,
                                        PVOID context,
                                        PTP_CALLBACK_ENVIRON environment);

typedef struct SRWLOCK {
  PVOID Ptr;
} SRWLOCK, *PSRWLOCK;
typedef union INIT_ONCE {
  PVOID Ptr;
} INIT_ONCE, *PINIT_ONCE;
typedef struct CONDITION_VARIABLE {
  PVOID Ptr;
} CONDITION_VARIABLE, *PCONDITION_VARIABLE;
typedef BOOL(CALLBACK *PINIT_ONCE_FN)(PINIT_ONCE once, PVOID parameter,
                                      PVOID *context);
#define SRWLOCK_INIT \
  { NULL }
#define INIT_ONCE_STATIC_INIT \
  { NULL }
#define CONDITION_VARIABLE_INIT \
  { NULL }

void WINAPI InitializeSRWLock(PSRWLOCK lock);
void WINAPI AcquireSRWLockExclusive(PSRWLOCK lock);
void WINAPI ReleaseSRWLockExclusive(PSRWLOCK lock);
void WINAPI AcquireSRWLockShared(PSRWLOCK lock);
void WINAPI ReleaseSRWLockShared(PSRWLOCK lock);
BOOLEAN WINAPI TryAcquireSRWLockExclusive(PSRWLOCK lock);
BOOL WINAPI InitOnceExecuteOnce(PINIT_ONCE once, PINIT_ONCE_FN function,
                                PVOID parameter, LPVOID *context);
void WINAPI InitializeConditionVariable(PCONDITION_VARIABLE variable);
void WINAPI WakeConditionVariable(PCONDITION_VARIABLE variable);
void WINAPI WakeAllConditionVariable(PCONDITION_VARIABLE variable);
BOOL WINAPI SleepConditionVariableSRW(PCONDITION_VARIABLE variable,
                                      PSRWLOCK lock, DWORD timeout_ms,
                                      ULONG flags);

/* --- Clocks -------------------------------------------------------------- */

ULONGLONG WINAPI GetTickCount64(void);
BOOL WINAPI QueryPerformanceCounter(LARGE_INTEGER *count);
BOOL WINAPI QueryPerformanceFrequency(LARGE_INTEGER *frequency);
void WINAPI GetSystemTimeAsFileTime(LPFILETIME time);

/* --- Modules and text ---------------------------------------------------- */

HMODULE WINAPI GetModuleHandleW(LPCWSTR name);
FARPROC WINAPI GetProcAddress(HMODULE module, LPCSTR name);
#define CP_UTF8              65001u
#define WC_ERR_INVALID_CHARS 0x80u

int WINAPI WideCharToMultiByte(UINT code_page, DWORD flags, LPCWSTR text,
                               int units, LPSTR out, int size,
                               LPCSTR default_char, LPBOOL used_default);
int WINAPI lstrlenW(LPCWSTR text);
int WINAPI lstrcmpW(LPCWSTR a, LPCWSTR b);
int WINAPI lstrcmpiW(LPCWSTR a, LPCWSTR b);
DWORD WINAPI GetFullPathNameW(LPCWSTR name, DWORD size, LPWSTR out,
                              LPWSTR *part);
#define CSTR_LESS_THAN    1
#define CSTR_EQUAL        2
#define CSTR_GREATER_THAN 3

int WINAPI CompareStringOrdinal(LPCWSTR a, int a_units, LPCWSTR b, int b_units,
                                BOOL ignores_case);

/* --- Security ------------------------------------------------------------ */

typedef PVOID PSECURITY_DESCRIPTOR, PSID;
typedef DWORD SECURITY_INFORMATION;
typedef WORD SECURITY_DESCRIPTOR_CONTROL;

typedef struct SID_IDENTIFIER_AUTHORITY {
  BYTE Value[6];
} SID_IDENTIFIER_AUTHORITY;

typedef struct SID {
  BYTE Revision;
  BYTE SubAuthorityCount;
  SID_IDENTIFIER_AUTHORITY IdentifierAuthority;
  DWORD SubAuthority[1];
} SID, *PISID;

typedef struct ACL {
  BYTE AclRevision;
  BYTE Sbz1;
  WORD AclSize;
  WORD AceCount;
  WORD Sbz2;
} ACL, *PACL;

typedef struct ACE_HEADER {
  BYTE AceType;
  BYTE AceFlags;
  WORD AceSize;
} ACE_HEADER, *PACE_HEADER;

typedef struct ACCESS_ALLOWED_ACE {
  ACE_HEADER Header;
  ACCESS_MASK Mask;
  DWORD SidStart;
} ACCESS_ALLOWED_ACE, *PACCESS_ALLOWED_ACE;

typedef struct SECURITY_DESCRIPTOR_RELATIVE {
  BYTE Revision;
  BYTE Sbz1;
  SECURITY_DESCRIPTOR_CONTROL Control;
  DWORD Owner;
  DWORD Group;
  DWORD Sacl;
  DWORD Dacl;
} SECURITY_DESCRIPTOR_RELATIVE;

typedef struct SECURITY_DESCRIPTOR {
  BYTE Revision;
  BYTE Sbz1;
  SECURITY_DESCRIPTOR_CONTROL Control;
  PSID Owner;
  PSID Group;
  PACL Sacl;
  PACL Dacl;
} SECURITY_DESCRIPTOR, *PISECURITY_DESCRIPTOR;

#define SECURITY_DESCRIPTOR_REVISION 1
#define SECURITY_MAX_SID_SIZE        68
#define SID_MAX_SUB_AUTHORITIES      15
#define SID_REVISION                 1
#define SECURITY_LOCAL_SYSTEM_RID    18u
#define SECURITY_BUILTIN_DOMAIN_RID  32u
#define DOMAIN_ALIAS_RID_ADMINS      0x220u
#define ACL_REVISION                 2
#define ACCESS_ALLOWED_ACE_TYPE      0
#define ACCESS_DENIED_ACE_TYPE       1

#define SYSTEM_MANDATORY_LABEL_ACE_TYPE      0x11
#define ACCESS_ALLOWED_CALLBACK_ACE_TYPE     0x9
#define INHERIT_ONLY_ACE                     0x8
#define SYSTEM_MANDATORY_LABEL_NO_WRITE_UP   1u
#define SYSTEM_MANDATORY_LABEL_NO_READ_UP    2u
#define SYSTEM_MANDATORY_LABEL_NO_EXECUTE_UP 4u
#define SECURITY_MANDATORY_MEDIUM_RID        0x2000u
#define SECURITY_MANDATORY_LOW_RID           0x1000u
#define SE_DACL_PRESENT                      0x0004
#define SE_SACL_PRESENT                      0x0010
#define SE_SELF_RELATIVE                     0x8000

#define OWNER_SECURITY_INFORMATION 1u
#define GROUP_SECURITY_INFORMATION 2u
#define DACL_SECURITY_INFORMATION  4u
#define LABEL_SECURITY_INFORMATION 16u

#define SE_GROUP_INTEGRITY 0x20u

typedef struct SID_AND_ATTRIBUTES {
  PSID Sid;
  DWORD Attributes;
} SID_AND_ATTRIBUTES;

typedef struct TOKEN_USER {
  SID_AND_ATTRIBUTES User;
} TOKEN_USER, *PTOKEN_USER;

typedef struct TOKEN_MANDATORY_LABEL {
  SID_AND_ATTRIBUTES Label;
} TOKEN_MANDATORY_LABEL, *PTOKEN_MANDATORY_LABEL;

typedef struct TOKEN_APPCONTAINER_INFORMATION {
  PSID TokenAppContainer;
} TOKEN_APPCONTAINER_INFORMATION, *PTOKEN_APPCONTAINER_INFORMATION;

typedef enum SECURITY_IMPERSONATION_LEVEL {
  SecurityAnonymous,
  SecurityIdentification,
  SecurityImpersonation,
  SecurityDelegation
} SECURITY_IMPERSONATION_LEVEL;

typedef enum TOKEN_TYPE { TokenPrimary = 1, TokenImpersonation } TOKEN_TYPE;

typedef enum TOKEN_INFORMATION_CLASS {
  TokenUser = 1,
  TokenOwner = 4,
  TokenType = 8,
  TokenImpersonationLevel = 9,
  TokenSessionId = 12,
  TokenIntegrityLevel = 25,
  TokenAppContainerSid = 31
} TOKEN_INFORMATION_CLASS;

typedef BYTE SECURITY_CONTEXT_TRACKING_MODE;

typedef struct SECURITY_QUALITY_OF_SERVICE {
  DWORD Length;
  SECURITY_IMPERSONATION_LEVEL ImpersonationLevel;
  SECURITY_CONTEXT_TRACKING_MODE ContextTrackingMode;
  BOOLEAN EffectiveOnly;
} SECURITY_QUALITY_OF_SERVICE, *PSECURITY_QUALITY_OF_SERVICE;

#define TOKEN_DUPLICATE                   0x0002u
#define TOKEN_IMPERSONATE                 0x0004u
#define TOKEN_QUERY                       0x0008u
#define PROCESS_QUERY_INFORMATION         0x0400u
#define PROCESS_QUERY_LIMITED_INFORMATION 0x1000u

BOOL WINAPI InitializeSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor,
                                         DWORD revision);
BOOL WINAPI SetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR descriptor,
                                      BOOL present, PACL dacl, BOOL defaulted);
BOOL WINAPI IsValidSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor);
BOOL WINAPI GetKernelObjectSecurity(HANDLE handle, SECURITY_INFORMATION which,
                                    PSECURITY_DESCRIPTOR descriptor, DWORD size,
                                    LPDWORD needed);
BOOL WINAPI SetKernelObjectSecurity(HANDLE handle, SECURITY_INFORMATION which,
                                    PSECURITY_DESCRIPTOR descriptor);
BOOL WINAPI GetSecurityDescriptorOwner(PSECURITY_DESCRIPTOR descriptor,
                                       PSID *owner, LPBOOL defaulted);
BOOL WINAPI IsValidSid(PSID sid);
DWORD WINAPI GetLengthSid(PSID sid);
BOOL WINAPI EqualSid(PSID a, PSID b);
BOOL WINAPI CopySid(DWORD size, PSID to, PSID from);
BOOL WINAPI OpenProcessToken(HANDLE process, DWORD access, PHANDLE token);
BOOL WINAPI OpenThreadToken(HANDLE thread, DWORD access, BOOL as_self,
                            PHANDLE token);
BOOL WINAPI GetTokenInformation(HANDLE token, TOKEN_INFORMATION_CLASS which,
                                LPVOID out, DWORD size, PDWORD needed);

/* --- Interlocked --------------------------------------------------------- */

static inline LONG InterlockedIncrement(LONG volatile *value) {
  return __atomic_add_fetch(value, 1, __ATOMIC_SEQ_CST);
}
static inline LONG InterlockedDecrement(LONG volatile *value) {
  return __atomic_sub_fetch(value, 1, __ATOMIC_SEQ_CST);
}
static inline LONG InterlockedExchange(LONG volatile *value, LONG to) {
  return __atomic_exchange_n(value, to, __ATOMIC_SEQ_CST);
}
static inline LONG InterlockedExchangeAdd(LONG volatile *value, LONG add) {
  return __atomic_fetch_add(value, add, __ATOMIC_SEQ_CST);
}
static inline LONG InterlockedOr(LONG volatile *value, LONG bits) {
  return __atomic_fetch_or(value, bits, __ATOMIC_SEQ_CST);
}
static inline LONG InterlockedAnd(LONG volatile *value, LONG bits) {
  return __atomic_fetch_and(value, bits, __ATOMIC_SEQ_CST);
}
static inline LONG InterlockedCompareExchange(LONG volatile *value, LONG to,
                                              LONG from) {
  __atomic_compare_exchange_n(value, &from, to, 0, __ATOMIC_SEQ_CST,
                              __ATOMIC_SEQ_CST);
  return from;
}
static inline LONG64 InterlockedIncrement64(LONG64 volatile *value) {
  return __atomic_add_fetch(value, 1, __ATOMIC_SEQ_CST);
}
static inline LONG64 InterlockedDecrement64(LONG64 volatile *value) {
  return __atomic_sub_fetch(value, 1, __ATOMIC_SEQ_CST);
}
static inline LONG64 InterlockedExchange64(LONG64 volatile *value, LONG64 to) {
  return __atomic_exchange_n(value, to, __ATOMIC_SEQ_CST);
}
static inline LONG64 InterlockedExchangeAdd64(LONG64 volatile *value,
                                              LONG64 add) {
  return __atomic_fetch_add(value, add, __ATOMIC_SEQ_CST);
}
static inline LONG64 InterlockedCompareExchange64(LONG64 volatile *value,
                                                  LONG64 to, LONG64 from) {
  __atomic_compare_exchange_n(value, &from, to, 0, __ATOMIC_SEQ_CST,
                              __ATOMIC_SEQ_CST);
  return from;
}
static inline PVOID InterlockedExchangePointer(PVOID volatile *value,
                                               PVOID to) {
  return __atomic_exchange_n(value, to, __ATOMIC_SEQ_CST);
}
static inline PVOID InterlockedCompareExchangePointer(PVOID volatile *value,
                                                      PVOID to, PVOID from) {
  __atomic_compare_exchange_n(value, &from, to, 0, __ATOMIC_SEQ_CST,
                              __ATOMIC_SEQ_CST);
  return from;
}
#define MemoryBarrier()  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define YieldProcessor() ((void)0)

#endif
