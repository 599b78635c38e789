/* What the kernel itself defines: numbers of 64 bits, statuses, rights, and
 * what is done atomically. */
#ifndef NPIPE_SIM_WINNT_H
#define NPIPE_SIM_WINNT_H

#include <windef.h>
#include <winerror.h>

SIM_EXTERN_C_BEGIN

typedef union _LARGE_INTEGER {
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

typedef union _ULARGE_INTEGER {
  struct {
    DWORD LowPart;
    DWORD HighPart;
  };
  struct {
    DWORD LowPart;
    DWORD HighPart;
  } u;
  ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef struct _GUID {
  DWORD Data1;
  WORD Data2;
  WORD Data3;
  BYTE Data4[8];
} GUID;

typedef LONG HRESULT;
#define S_OK              ((HRESULT)0)
#define E_FAIL            ((HRESULT)0x80004005)
#define FAILED(result)    ((HRESULT)(result) < 0)
#define SUCCEEDED(result) ((HRESULT)(result) >= 0)
#define HRESULT_FROM_WIN32(error)           \
  ((HRESULT)(error) <= 0 ? (HRESULT)(error) \
                         : (HRESULT)(((error)&0xFFFFu) | 0x80070000u))

#define MAXLONG                   0x7FFFFFFF
#define MAXDWORD                  0xFFFFFFFFu
#define UNREFERENCED_PARAMETER(x) ((void)(x))
#define FIELD_OFFSET(type, field) ((LONG)offsetof(type, field))
#define CONTAINING_RECORD(address, type, field) \
  ((type *)(void *)((char *)(address)-offsetof(type, field)))

#define ARRAYSIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Statuses that windows.h defines without ntstatus.h. */
#define STATUS_WAIT_0           ((DWORD)0x00000000)
#define STATUS_USER_APC         ((DWORD)0x000000C0)
#define STATUS_TIMEOUT          ((DWORD)0x00000102)
#define STATUS_PENDING          ((DWORD)0x00000103)
#define STILL_ACTIVE            STATUS_PENDING
#define STATUS_ABANDONED_WAIT_0 ((DWORD)0x00000080)
#define WAIT_OBJECT_0           0u
#define WAIT_ABANDONED_0        0x80u
#define WAIT_IO_COMPLETION      STATUS_USER_APC
#define WAIT_TIMEOUT            258u
#define WAIT_FAILED             0xFFFFFFFFu
#define WAIT_ABANDONED          WAIT_ABANDONED_0
#define MAXIMUM_WAIT_OBJECTS    64

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
#define FILE_LIST_DIRECTORY       0x0001u
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

#define EVENT_MODIFY_STATE     0x0002u
#define EVENT_ALL_ACCESS       0x001F0003u
#define MUTEX_MODIFY_STATE     0x0001u
#define MUTEX_ALL_ACCESS       0x001F0001u
#define SEMAPHORE_MODIFY_STATE 0x0002u
#define SEMAPHORE_ALL_ACCESS   0x001F0003u
#define TIMER_ALL_ACCESS       0x001F0003u

#define PROCESS_TERMINATE                 0x0001u
#define PROCESS_CREATE_THREAD             0x0002u
#define PROCESS_DUP_HANDLE                0x0040u
#define PROCESS_QUERY_INFORMATION         0x0400u
#define PROCESS_QUERY_LIMITED_INFORMATION 0x1000u
#define PROCESS_ALL_ACCESS                0x001FFFFFu
#define THREAD_TERMINATE                  0x0001u
#define THREAD_SUSPEND_RESUME             0x0002u
#define THREAD_ALL_ACCESS                 0x001FFFFFu

#define FILE_SHARE_READ       1u
#define FILE_SHARE_WRITE      2u
#define FILE_SHARE_DELETE     4u
#define FILE_ATTRIBUTE_NORMAL 0x80u

#define FILE_NOTIFY_CHANGE_FILE_NAME 0x1u
#define FILE_ACTION_ADDED            0x1u
#define FILE_ACTION_REMOVED          0x2u

#define DUPLICATE_CLOSE_SOURCE 1u
#define DUPLICATE_SAME_ACCESS  2u

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

SIM_EXTERN_C_END

#endif
