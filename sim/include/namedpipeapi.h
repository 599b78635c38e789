/* Named and anonymous pipes. */
#ifndef NPIPE_SIM_NAMEDPIPEAPI_H
#define NPIPE_SIM_NAMEDPIPEAPI_H

#include <minwinbase.h>

SIM_EXTERN_C_BEGIN

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

HANDLE WINAPI CreateNamedPipeW(LPCWSTR name, DWORD open_mode, DWORD pipe_mode,
                               DWORD instances_max, DWORD out_size,
                               DWORD in_size, DWORD timeout_ms,
                               LPSECURITY_ATTRIBUTES attributes);
BOOL WINAPI CreatePipe(PHANDLE read, PHANDLE write,
                       LPSECURITY_ATTRIBUTES attributes, DWORD size);
BOOL WINAPI ConnectNamedPipe(HANDLE pipe, LPOVERLAPPED overlapped);
BOOL WINAPI DisconnectNamedPipe(HANDLE pipe);
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

HANDLE WINAPI CreateNamedPipeA(LPCSTR name, DWORD open_mode, DWORD pipe_mode,
                               DWORD instances_max, DWORD out_size,
                               DWORD in_size, DWORD timeout_ms,
                               LPSECURITY_ATTRIBUTES attributes);
BOOL WINAPI CallNamedPipeA(LPCSTR name, LPVOID in, DWORD in_size, LPVOID out,
                           DWORD out_size, LPDWORD bytes, DWORD timeout_ms);
BOOL WINAPI WaitNamedPipeA(LPCSTR name, DWORD timeout_ms);
BOOL WINAPI GetNamedPipeHandleStateA(HANDLE pipe, LPDWORD state,
                                     LPDWORD instances,
                                     LPDWORD collection_count,
                                     LPDWORD collection_timeout_ms, LPSTR user,
                                     DWORD user_size);
BOOL WINAPI GetNamedPipeClientComputerNameA(HANDLE pipe, LPSTR name,
                                            ULONG size);
#define CreateNamedPipe                SIM_T(CreateNamedPipe)
#define CallNamedPipe                  SIM_T(CallNamedPipe)
#define WaitNamedPipe                  SIM_T(WaitNamedPipe)
#define GetNamedPipeHandleState        SIM_T(GetNamedPipeHandleState)
#define GetNamedPipeClientComputerName SIM_T(GetNamedPipeClientComputerName)

SIM_EXTERN_C_END

#endif
