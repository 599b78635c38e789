/* Structures that several groups of calls share. */
#ifndef NPIPE_SIM_MINWINBASE_H
#define NPIPE_SIM_MINWINBASE_H

#include <winnt.h>

SIM_EXTERN_C_BEGIN

#define ZeroMemory(address, size) __builtin_memset((address), 0, (size))
#define FillMemory(address, size, byte) \
  __builtin_memset((address), (byte), (size))
#define CopyMemory(to, from, size)      __builtin_memcpy((to), (from), (size))
#define MoveMemory(to, from, size)      __builtin_memmove((to), (from), (size))
#define SecureZeroMemory(address, size) __builtin_memset((address), 0, (size))

typedef struct _FILETIME {
  DWORD dwLowDateTime;
  DWORD dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;

typedef struct _SECURITY_ATTRIBUTES {
  DWORD nLength;
  LPVOID lpSecurityDescriptor;
  BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

typedef struct _OVERLAPPED {
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

typedef struct _OVERLAPPED_ENTRY {
  ULONG_PTR lpCompletionKey;
  LPOVERLAPPED lpOverlapped;
  ULONG_PTR Internal;
  DWORD dwNumberOfBytesTransferred;
} OVERLAPPED_ENTRY, *LPOVERLAPPED_ENTRY;

#define HasOverlappedIoCompleted(overlapped)                            \
  ((DWORD)__atomic_load_n(&(overlapped)->Internal, __ATOMIC_ACQUIRE) != \
   STATUS_PENDING)

#define LMEM_FIXED    0u
#define LMEM_ZEROINIT 0x40u
#define LPTR          (LMEM_FIXED | LMEM_ZEROINIT)
#define INFINITE      0xFFFFFFFFu

typedef DWORD(WINAPI *LPTHREAD_START_ROUTINE)(LPVOID parameter);
typedef LPTHREAD_START_ROUTINE PTHREAD_START_ROUTINE;
typedef void(NTAPI *PAPCFUNC)(ULONG_PTR value);
typedef void(CALLBACK *PTIMERAPCROUTINE)(LPVOID context, DWORD time_low,
                                         DWORD time_high);
typedef void(CALLBACK *LPOVERLAPPED_COMPLETION_ROUTINE)(
    DWORD error, DWORD bytes, LPOVERLAPPED overlapped);

SIM_EXTERN_C_END

#endif
