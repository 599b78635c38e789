/* Overlapped operations and completion ports. */
#ifndef NPIPE_SIM_IOAPISET_H
#define NPIPE_SIM_IOAPISET_H

#include <minwinbase.h>

SIM_EXTERN_C_BEGIN

#define FILE_SKIP_COMPLETION_PORT_ON_SUCCESS 0x1
#define FILE_SKIP_SET_EVENT_ON_HANDLE        0x2

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

SIM_EXTERN_C_END

#endif
