/* Opening, reading and writing. The only files are pipes, NUL and the standard
 * handles. */
#ifndef NPIPE_SIM_FILEAPI_H
#define NPIPE_SIM_FILEAPI_H

#include <minwinbase.h>

SIM_EXTERN_C_BEGIN

#define CREATE_NEW                    1
#define CREATE_ALWAYS                 2
#define OPEN_EXISTING                 3
#define OPEN_ALWAYS                   4
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

#define FILE_TYPE_UNKNOWN 0u
#define FILE_TYPE_DISK    1u
#define FILE_TYPE_CHAR    2u
#define FILE_TYPE_PIPE    3u

#define SECURITY_ANONYMOUS        (0u << 16)
#define SECURITY_IDENTIFICATION   (1u << 16)
#define SECURITY_IMPERSONATION    (2u << 16)
#define SECURITY_DELEGATION       (3u << 16)
#define SECURITY_CONTEXT_TRACKING 0x00040000u
#define SECURITY_EFFECTIVE_ONLY   0x00080000u
#define SECURITY_SQOS_PRESENT     0x00100000u
#define SECURITY_VALID_SQOS_FLAGS 0x001F0000u

HANDLE WINAPI CreateFileW(LPCWSTR name, DWORD access, DWORD share,
                          LPSECURITY_ATTRIBUTES attributes, DWORD disposition,
                          DWORD flags, HANDLE pattern);
BOOL WINAPI ReadFile(HANDLE file, LPVOID buffer, DWORD size, LPDWORD bytes,
                     LPOVERLAPPED overlapped);
BOOL WINAPI WriteFile(HANDLE file, LPCVOID buffer, DWORD size, LPDWORD bytes,
                      LPOVERLAPPED overlapped);
BOOL WINAPI FlushFileBuffers(HANDLE file);
DWORD WINAPI GetFileType(HANDLE file);

HANDLE WINAPI CreateFileA(LPCSTR name, DWORD access, DWORD share,
                          LPSECURITY_ATTRIBUTES attributes, DWORD disposition,
                          DWORD flags, HANDLE pattern);
BOOL WINAPI ReadFileEx(HANDLE file, LPVOID buffer, DWORD size,
                       LPOVERLAPPED overlapped,
                       LPOVERLAPPED_COMPLETION_ROUTINE routine);
BOOL WINAPI WriteFileEx(HANDLE file, LPCVOID buffer, DWORD size,
                        LPOVERLAPPED overlapped,
                        LPOVERLAPPED_COMPLETION_ROUTINE routine);
#define CreateFile SIM_T(CreateFile)

DWORD WINAPI GetFullPathNameW(LPCWSTR name, DWORD size, LPWSTR out,
                              LPWSTR *part);

SIM_EXTERN_C_END

#endif
