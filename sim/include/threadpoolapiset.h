/* The thread pool. */
#ifndef NPIPE_SIM_THREADPOOLAPISET_H
#define NPIPE_SIM_THREADPOOLAPISET_H

#include <minwinbase.h>

SIM_EXTERN_C_BEGIN

typedef struct _TP_CALLBACK_INSTANCE *PTP_CALLBACK_INSTANCE;
typedef struct _TP_POOL *PTP_POOL;
typedef struct _TP_WORK *PTP_WORK;
typedef struct _TP_TIMER *PTP_TIMER;
typedef struct _TP_WAIT *PTP_WAIT;
typedef struct _TP_IO *PTP_IO;
typedef DWORD TP_WAIT_RESULT;
typedef struct _TP_CALLBACK_ENVIRON {
  DWORD Version;
  PTP_POOL Pool;
} TP_CALLBACK_ENVIRON, *PTP_CALLBACK_ENVIRON;

typedef void(CALLBACK *PTP_SIMPLE_CALLBACK)(PTP_CALLBACK_INSTANCE instance,
                                            PVOID context);
typedef void(CALLBACK *PTP_WORK_CALLBACK)(PTP_CALLBACK_INSTANCE instance,
                                          PVOID context, PTP_WORK work);
typedef void(CALLBACK *PTP_TIMER_CALLBACK)(PTP_CALLBACK_INSTANCE instance,
                                           PVOID context, PTP_TIMER timer);
typedef void(CALLBACK *PTP_WAIT_CALLBACK)(PTP_CALLBACK_INSTANCE instance,
                                          PVOID context, PTP_WAIT wait,
                                          TP_WAIT_RESULT result);
typedef void(CALLBACK *PTP_WIN32_IO_CALLBACK)(PTP_CALLBACK_INSTANCE instance,
                                              PVOID context, PVOID overlapped,
                                              ULONG error, ULONG_PTR bytes,
                                              PTP_IO io);
typedef void(CALLBACK *WAITORTIMERCALLBACK)(PVOID context, BOOLEAN timed_out);

static inline void InitializeThreadpoolEnvironment(
    PTP_CALLBACK_ENVIRON environment) {
  environment->Version = 3;
  environment->Pool = NULL;
}
static inline void DestroyThreadpoolEnvironment(
    PTP_CALLBACK_ENVIRON environment) {
  (void)environment;
}

BOOL WINAPI CallbackMayRunLong(PTP_CALLBACK_INSTANCE instance);
BOOL WINAPI TrySubmitThreadpoolCallback(PTP_SIMPLE_CALLBACK callback,
                                        PVOID context,
                                        PTP_CALLBACK_ENVIRON environment);

PTP_WORK WINAPI CreateThreadpoolWork(PTP_WORK_CALLBACK callback, PVOID context,
                                     PTP_CALLBACK_ENVIRON environment);
void WINAPI SubmitThreadpoolWork(PTP_WORK work);
void WINAPI WaitForThreadpoolWorkCallbacks(PTP_WORK work, BOOL cancels);
void WINAPI CloseThreadpoolWork(PTP_WORK work);

PTP_TIMER WINAPI CreateThreadpoolTimer(PTP_TIMER_CALLBACK callback,
                                       PVOID context,
                                       PTP_CALLBACK_ENVIRON environment);
void WINAPI SetThreadpoolTimer(PTP_TIMER timer, PFILETIME due, DWORD period_ms,
                               DWORD window_ms);
void WINAPI WaitForThreadpoolTimerCallbacks(PTP_TIMER timer, BOOL cancels);
void WINAPI CloseThreadpoolTimer(PTP_TIMER timer);

PTP_WAIT WINAPI CreateThreadpoolWait(PTP_WAIT_CALLBACK callback, PVOID context,
                                     PTP_CALLBACK_ENVIRON environment);
void WINAPI SetThreadpoolWait(PTP_WAIT wait, HANDLE handle, PFILETIME timeout);
void WINAPI WaitForThreadpoolWaitCallbacks(PTP_WAIT wait, BOOL cancels);
void WINAPI CloseThreadpoolWait(PTP_WAIT wait);

PTP_IO WINAPI CreateThreadpoolIo(HANDLE file, PTP_WIN32_IO_CALLBACK callback,
                                 PVOID context,
                                 PTP_CALLBACK_ENVIRON environment);
void WINAPI StartThreadpoolIo(PTP_IO io);
void WINAPI CancelThreadpoolIo(PTP_IO io);
void WINAPI WaitForThreadpoolIoCallbacks(PTP_IO io, BOOL cancels);
void WINAPI CloseThreadpoolIo(PTP_IO io);

#define WT_EXECUTEDEFAULT      0x00u
#define WT_EXECUTEINIOTHREAD   0x01u
#define WT_EXECUTEINWAITTHREAD 0x04u
#define WT_EXECUTEONLYONCE     0x08u
#define WT_EXECUTELONGFUNCTION 0x10u
BOOL WINAPI RegisterWaitForSingleObject(PHANDLE registered, HANDLE handle,
                                        WAITORTIMERCALLBACK callback,
                                        PVOID context, ULONG timeout_ms,
                                        ULONG flags);
BOOL WINAPI UnregisterWait(HANDLE registered);
BOOL WINAPI UnregisterWaitEx(HANDLE registered, HANDLE ended);
BOOL WINAPI QueueUserWorkItem(LPTHREAD_START_ROUTINE function, PVOID context,
                              ULONG flags);
BOOL WINAPI BindIoCompletionCallback(HANDLE file,
                                     LPOVERLAPPED_COMPLETION_ROUTINE routine,
                                     ULONG flags);

SIM_EXTERN_C_END

#endif
