/* The NT interface that the library needs beyond the Windows headers. All of it
 * is documented for drivers and unchanged since Windows 2000. */
#ifndef NPIPE_SRC_NT_H
#define NPIPE_SRC_NT_H

#include <windows.h>
#include <winternl.h>

/* Source: FILE_INFORMATION_CLASS
 *         learn.microsoft.com/windows-hardware/drivers/ddi/wdm/ne-wdm-_file_information_class
 */
#define NP__FILE_DIRECTORY_INFORMATION  ((FILE_INFORMATION_CLASS)1)
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

/* FSCTL_PIPE_WAIT takes a FILE_PIPE_WAIT_FOR_BUFFER. Its fields are addressed
 * by offset, because the name follows them without a gap.
 * Source: MS-FSCC, FSCTL_PIPE_WAIT Request
 *         learn.microsoft.com/openspecs/windows_protocols/ms-fscc/f030a3b9-539c-4c7b-a893-86b795b9b711
 */
#define NP__FSCTL_PIPE_WAIT    0x110018u
#define NP__WAIT_NAME_BYTES_AT 8  /* u32 */
#define NP__WAIT_HAS_LIMIT_AT  12 /* u8: the timeout at 0 (i64) counts */
#define NP__WAIT_NAME_AT       14

/* The answer of FSCTL_PIPE_PEEK; the data follow it.
 * Source: FILE_PIPE_PEEK_BUFFER; MS-FSCC, FSCTL_PIPE_PEEK Reply
 *         learn.microsoft.com/windows-hardware/drivers/ddi/ntifs/ns-ntifs-_file_pipe_peek_buffer
 */
#define NP__FSCTL_PIPE_PEEK 0x11400Cu

typedef struct np__pipe_peek {
  ULONG state; /* np_state */
  ULONG readable_bytes;
  ULONG messages;
  ULONG message_bytes; /* what is left of the first message; bytes: 0 */
} np__pipe_peek;

/* DisconnectNamedPipe as a control, with neither input nor output.
 * Source: FSCTL_PIPE_DISCONNECT
 *         learn.microsoft.com/windows-hardware/drivers/ifs/fsctl-pipe-disconnect
 */
#define NP__FSCTL_PIPE_DISCONNECT 0x110004u

/* An option of NtOpenFile: each operation waits for its end
 * (FILE_SYNCHRONOUS_IO_NONALERT). */
#define NP__SYNCHRONOUS_IO 0x20u

/* An option of NtOpenFile: the object is no directory. */
#define NP__FILE_NON_DIRECTORY_FILE 0x40u

/* NtCreateNamedPipeFile: the pipe must be new; its type.
 * Source: NtCreateNamedPipeFile
 *         learn.microsoft.com/windows/win32/devnotes/nt-create-named-pipe-file
 */
#define NP__FILE_CREATE        2u
#define NP__PIPE_MESSAGE_TYPE  1u
#define NP__PIPE_REJECT_REMOTE 2u

/* The answer of NtQueryObject for any handle, with the number of handles to its
 * object in all processes.
 * Source: NtQueryObject (ObjectBasicInformation)
 *         learn.microsoft.com/windows/win32/api/winternl/nf-winternl-ntqueryobject
 */
#define NP__OBJECT_BASIC_INFORMATION ((OBJECT_INFORMATION_CLASS)0)

typedef struct np__object_basic_information {
  ULONG attributes;
  ACCESS_MASK granted_access;
  ULONG handles;
  ULONG references;
  ULONG reserved[10];
} np__object_basic_information;

/* FSCTL_PIPE_FLUSH, function 16 of the pipe's device, METHOD_BUFFERED and
 * FILE_WRITE_DATA, with neither input nor output: FlushFileBuffers as an
 * asynchronous operation. winioctl.h has no name for it; Windows 7 and later
 * are taken to have it, Wine answers STATUS_NOT_SUPPORTED.
 * Source: Defining I/O Control Codes (the makeup of the number)
 *         learn.microsoft.com/windows-hardware/drivers/kernel/defining-i-o-control-codes
 */
#define NP__FSCTL_PIPE_FLUSH 0x118040u

#define NP__STATUS_PENDING                ((NTSTATUS)0x00000103)
#define NP__STATUS_BUFFER_OVERFLOW        ((NTSTATUS)0x80000005)
#define NP__STATUS_NO_MORE_FILES          ((NTSTATUS)0x80000006)
#define NP__STATUS_INVALID_PARAMETER      ((NTSTATUS)0xC000000D)
#define NP__STATUS_INVALID_DEVICE_REQUEST ((NTSTATUS)0xC0000010)
#define NP__STATUS_ACCESS_DENIED          ((NTSTATUS)0xC0000022)
#define NP__STATUS_OBJECT_NAME_NOT_FOUND  ((NTSTATUS)0xC0000034)
#define NP__STATUS_IO_TIMEOUT             ((NTSTATUS)0xC00000B5)
#define NP__STATUS_NOT_SUPPORTED          ((NTSTATUS)0xC00000BB)
#define NP__STATUS_CANCELLED              ((NTSTATUS)0xC0000120)

/* np__error_of_status returns the Win32 error for `status`. Only status 0 is a
 * success. */
static inline DWORD np__error_of_status(NTSTATUS status) {
  return status == 0 ? ERROR_SUCCESS : RtlNtStatusToDosError(status);
}

/* NtFlushBuffersFile blocks like FlushFileBuffers, which calls it.
 *
 * Source: NtFlushBuffersFileEx, Remarks
 *         learn.microsoft.com/windows-hardware/drivers/ddi/ntifs/nf-ntifs-ntflushbuffersfileex
 */
NTSTATUS NTAPI NtFlushBuffersFile(HANDLE file, PIO_STATUS_BLOCK status);

/* RtlGenRandom: random bytes that nobody can guess. ntsecapi.h, which declares
 * it, does not go together with winternl.h.
 *
 * Source: RtlGenRandom ("the resource named SystemFunction036 in Advapi32.dll")
 *         learn.microsoft.com/windows/win32/api/ntsecapi/nf-ntsecapi-rtlgenrandom
 */
BOOLEAN NTAPI SystemFunction036(PVOID bytes, ULONG size);

/* MSVC's winternl.h has none of it; where a header has, they must agree. */
NTSTATUS NTAPI NtCreateNamedPipeFile(
    PHANDLE file, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
    PIO_STATUS_BLOCK status, ULONG share, ULONG disposition, ULONG options,
    ULONG type, ULONG read_mode, ULONG completion_mode, ULONG instances_max,
    ULONG in_quota, ULONG out_quota, PLARGE_INTEGER timeout);
NTSTATUS NTAPI NtFsControlFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc,
                               PVOID apc_context, PIO_STATUS_BLOCK status,
                               ULONG code, PVOID in, ULONG in_bytes, PVOID out,
                               ULONG out_bytes);
NTSTATUS NTAPI NtNotifyChangeDirectoryFile(
    HANDLE file, HANDLE event, PIO_APC_ROUTINE apc, PVOID apc_context,
    PIO_STATUS_BLOCK status, PVOID out, ULONG size, ULONG filter, BOOLEAN tree);
NTSTATUS NTAPI NtQueryDirectoryFile(HANDLE file, HANDLE event,
                                    PIO_APC_ROUTINE apc, PVOID apc_context,
                                    PIO_STATUS_BLOCK status, PVOID information,
                                    ULONG size,
                                    FILE_INFORMATION_CLASS information_class,
                                    BOOLEAN single, PUNICODE_STRING pattern,
                                    BOOLEAN restart);
NTSTATUS NTAPI NtQueryInformationFile(HANDLE file, PIO_STATUS_BLOCK status,
                                      PVOID information, ULONG size,
                                      FILE_INFORMATION_CLASS information_class);
NTSTATUS NTAPI NtQueryObject(HANDLE handle,
                             OBJECT_INFORMATION_CLASS information_class,
                             PVOID information, ULONG size, PULONG bytes);

#endif
