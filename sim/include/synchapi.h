/* Events and other objects to wait for, and locks. */
#ifndef NPIPE_SIM_SYNCHAPI_H
#define NPIPE_SIM_SYNCHAPI_H

#include <minwinbase.h>

SIM_EXTERN_C_BEGIN

HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset,
                           BOOL initial, LPCWSTR name);
BOOL WINAPI SetEvent(HANDLE event);
BOOL WINAPI ResetEvent(HANDLE event);
DWORD WINAPI WaitForSingleObject(HANDLE object, DWORD timeout_ms);
DWORD WINAPI WaitForSingleObjectEx(HANDLE object, DWORD timeout_ms,
                                   BOOL alertable);
DWORD WINAPI WaitForMultipleObjects(DWORD count, const HANDLE *objects,
                                    BOOL all, DWORD timeout_ms);
void WINAPI Sleep(DWORD timeout_ms);
HANDLE WINAPI CreateEventA(LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset,
                           BOOL initial, LPCSTR name);
#define CREATE_EVENT_MANUAL_RESET 1u
#define CREATE_EVENT_INITIAL_SET  2u
HANDLE WINAPI CreateEventExW(LPSECURITY_ATTRIBUTES attributes, LPCWSTR name,
                             DWORD flags, DWORD access);
HANDLE WINAPI CreateEventExA(LPSECURITY_ATTRIBUTES attributes, LPCSTR name,
                             DWORD flags, DWORD access);
HANDLE WINAPI OpenEventW(DWORD access, BOOL inherit, LPCWSTR name);
HANDLE WINAPI OpenEventA(DWORD access, BOOL inherit, LPCSTR name);
#define CreateEvent   SIM_T(CreateEvent)
#define CreateEventEx SIM_T(CreateEventEx)
#define OpenEvent     SIM_T(OpenEvent)

DWORD WINAPI WaitForMultipleObjectsEx(DWORD count, const HANDLE *objects,
                                      BOOL all, DWORD timeout_ms,
                                      BOOL alertable);
DWORD WINAPI SleepEx(DWORD timeout_ms, BOOL alertable);

HANDLE WINAPI CreateMutexW(LPSECURITY_ATTRIBUTES attributes, BOOL owned_now,
                           LPCWSTR name);
HANDLE WINAPI CreateMutexA(LPSECURITY_ATTRIBUTES attributes, BOOL owned_now,
                           LPCSTR name);
HANDLE WINAPI OpenMutexW(DWORD access, BOOL inherit, LPCWSTR name);
HANDLE WINAPI OpenMutexA(DWORD access, BOOL inherit, LPCSTR name);
BOOL WINAPI ReleaseMutex(HANDLE mutex);
#define CreateMutex SIM_T(CreateMutex)
#define OpenMutex   SIM_T(OpenMutex)

HANDLE WINAPI CreateSemaphoreW(LPSECURITY_ATTRIBUTES attributes, LONG count,
                               LONG most, LPCWSTR name);
HANDLE WINAPI CreateSemaphoreA(LPSECURITY_ATTRIBUTES attributes, LONG count,
                               LONG most, LPCSTR name);
HANDLE WINAPI OpenSemaphoreW(DWORD access, BOOL inherit, LPCWSTR name);
HANDLE WINAPI OpenSemaphoreA(DWORD access, BOOL inherit, LPCSTR name);
BOOL WINAPI ReleaseSemaphore(HANDLE semaphore, LONG count, LPLONG previous);
#define CreateSemaphore SIM_T(CreateSemaphore)
#define OpenSemaphore   SIM_T(OpenSemaphore)

HANDLE WINAPI CreateWaitableTimerW(LPSECURITY_ATTRIBUTES attributes,
                                   BOOL manual_reset, LPCWSTR name);
HANDLE WINAPI CreateWaitableTimerA(LPSECURITY_ATTRIBUTES attributes,
                                   BOOL manual_reset, LPCSTR name);
BOOL WINAPI SetWaitableTimer(HANDLE timer, const LARGE_INTEGER *due,
                             LONG period_ms, PTIMERAPCROUTINE routine,
                             LPVOID context, BOOL resume);
BOOL WINAPI CancelWaitableTimer(HANDLE timer);
#define CreateWaitableTimer SIM_T(CreateWaitableTimer)

typedef struct _RTL_CRITICAL_SECTION {
  PVOID DebugInfo;
  LONG LockCount;
  LONG RecursionCount;
  HANDLE OwningThread; /* the thread's id */
  HANDLE LockSemaphore;
  ULONG_PTR SpinCount;
} RTL_CRITICAL_SECTION, CRITICAL_SECTION, *PCRITICAL_SECTION,
    *LPCRITICAL_SECTION;
#define CRITICAL_SECTION_NO_DEBUG_INFO 0x01000000u

void WINAPI InitializeCriticalSection(LPCRITICAL_SECTION section);
BOOL WINAPI InitializeCriticalSectionAndSpinCount(LPCRITICAL_SECTION section,
                                                  DWORD spins);
BOOL WINAPI InitializeCriticalSectionEx(LPCRITICAL_SECTION section, DWORD spins,
                                        DWORD flags);
DWORD WINAPI SetCriticalSectionSpinCount(LPCRITICAL_SECTION section,
                                         DWORD spins);
void WINAPI EnterCriticalSection(LPCRITICAL_SECTION section);
BOOL WINAPI TryEnterCriticalSection(LPCRITICAL_SECTION section);
void WINAPI LeaveCriticalSection(LPCRITICAL_SECTION section);
void WINAPI DeleteCriticalSection(LPCRITICAL_SECTION section);

typedef struct _RTL_SRWLOCK {
  PVOID Ptr;
} SRWLOCK, *PSRWLOCK, RTL_SRWLOCK;
typedef union _RTL_RUN_ONCE {
  PVOID Ptr;
} INIT_ONCE, *PINIT_ONCE, *LPINIT_ONCE;
typedef struct _RTL_CONDITION_VARIABLE {
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
BOOLEAN WINAPI TryAcquireSRWLockShared(PSRWLOCK lock);
BOOL WINAPI InitOnceExecuteOnce(PINIT_ONCE once, PINIT_ONCE_FN function,
                                PVOID parameter, LPVOID *context);
#define INIT_ONCE_CHECK_ONLY        1u
#define INIT_ONCE_ASYNC             2u
#define INIT_ONCE_INIT_FAILED       4u
#define INIT_ONCE_CTX_RESERVED_BITS 2
void WINAPI InitOnceInitialize(PINIT_ONCE once);
BOOL WINAPI InitOnceBeginInitialize(PINIT_ONCE once, DWORD flags, PBOOL pending,
                                    LPVOID *context);
BOOL WINAPI InitOnceComplete(PINIT_ONCE once, DWORD flags, LPVOID context);
#define CONDITION_VARIABLE_LOCKMODE_SHARED 1u
BOOL WINAPI SleepConditionVariableCS(PCONDITION_VARIABLE variable,
                                     PCRITICAL_SECTION section,
                                     DWORD timeout_ms);
void WINAPI InitializeConditionVariable(PCONDITION_VARIABLE variable);
void WINAPI WakeConditionVariable(PCONDITION_VARIABLE variable);
void WINAPI WakeAllConditionVariable(PCONDITION_VARIABLE variable);
BOOL WINAPI SleepConditionVariableSRW(PCONDITION_VARIABLE variable,
                                      PSRWLOCK lock, DWORD timeout_ms,
                                      ULONG flags);

BOOL WINAPI WaitOnAddress(volatile VOID *address, PVOID unwanted, SIZE_T size,
                          DWORD timeout_ms);
void WINAPI WakeByAddressSingle(PVOID address);
void WINAPI WakeByAddressAll(PVOID address);

SIM_EXTERN_C_END

#endif
