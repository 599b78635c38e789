/* What the library needs of the NT interface beyond the Windows headers. All of
 * it is documented for drivers and has not changed since Windows 2000. */
#ifndef NPIPE_SRC_NT_H
#define NPIPE_SRC_NT_H

#include <windows.h>
#include <winternl.h>

/* Source: FILE_INFORMATION_CLASS
 *         learn.microsoft.com/windows-hardware/drivers/ddi/wdm/ne-wdm-_file_information_class
 */
#define NP__FILE_PIPE_INFORMATION       ((FILE_INFORMATION_CLASS)23)
#define NP__FILE_PIPE_LOCAL_INFORMATION ((FILE_INFORMATION_CLASS)24)

/* FILE_PIPE_INFORMATION */
typedef struct np__pipe_information {
  ULONG read_mode;       /* 1: message */
  ULONG completion_mode; /* 1: PIPE_NOWAIT */
} np__pipe_information;

/* FILE_PIPE_LOCAL_INFORMATION */
typedef struct np__pipe_local_information {
  ULONG type;          /* 1: message */
  ULONG configuration; /* 0: inbound, 1: outbound, 2: duplex */
  ULONG instances_max;
  ULONG instances;
  ULONG in_quota;
  ULONG readable_bytes;
  ULONG out_quota;
  ULONG write_quota;
  ULONG state; /* np_state */
  ULONG end;   /* 1: server */
} np__pipe_local_information;

/* MSVC's winternl.h has none of it; where a header has, they must agree. */
NTSTATUS NTAPI NtQueryInformationFile(HANDLE file, PIO_STATUS_BLOCK status,
                                      PVOID information, ULONG size,
                                      FILE_INFORMATION_CLASS information_class);

#endif
