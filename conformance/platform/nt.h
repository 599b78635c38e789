/* The NT calls and constants of the platform cases, as ntdll exports them.
 * winternl.h declares only some of them; a second, equal declaration is
 * fine. */
#ifndef NPIPE_CONFORMANCE_PLATFORM_NT_H
#define NPIPE_CONFORMANCE_PLATFORM_NT_H

#include <stddef.h>
#include <stdint.h>

#include <windows.h>
#include <winternl.h>

/* Statuses as DWORD, as OVERLAPPED.Internal holds them. */
#define NT_OK                     ((DWORD)0)
#define NT_PENDING                ((DWORD)0x103)
#define NT_BUFFER_OVERFLOW        ((DWORD)0x80000005)
#define NT_INFO_LENGTH_MISMATCH   ((DWORD)0xC0000004)
#define NT_INVALID_HANDLE         ((DWORD)0xC0000008)
#define NT_ACCESS_DENIED          ((DWORD)0xC0000022)
#define NT_OBJECT_TYPE_MISMATCH   ((DWORD)0xC0000024)
#define NT_INVALID_PARAMETER      ((DWORD)0xC000000D)
#define NT_OBJECT_NAME_NOT_FOUND  ((DWORD)0xC0000034)
#define NT_INSTANCE_NOT_AVAILABLE ((DWORD)0xC00000AB)
#define NT_PIPE_NOT_AVAILABLE     ((DWORD)0xC00000AC)
#define NT_INVALID_PIPE_STATE     ((DWORD)0xC00000AD)
#define NT_PIPE_BUSY              ((DWORD)0xC00000AE)
#define NT_ILLEGAL_FUNCTION       ((DWORD)0xC00000AF)
#define NT_PIPE_DISCONNECTED      ((DWORD)0xC00000B0)
#define NT_PIPE_CLOSING           ((DWORD)0xC00000B1)
#define NT_PIPE_CONNECTED         ((DWORD)0xC00000B2)
#define NT_PIPE_LISTENING         ((DWORD)0xC00000B3)
#define NT_INVALID_READ_MODE      ((DWORD)0xC00000B4)
#define NT_IO_TIMEOUT             ((DWORD)0xC00000B5)
#define NT_PIPE_EMPTY             ((DWORD)0xC00000D9)
#define NT_CANNOT_IMPERSONATE     ((DWORD)0xC000010D)
#define NT_BAD_DEVICE_TYPE        ((DWORD)0xC00000CB)
#define NT_NOT_SUPPORTED          ((DWORD)0xC00000BB)
#define NT_INVALID_DEVICE_REQUEST ((DWORD)0xC0000010)
#define NT_CANCELLED              ((DWORD)0xC0000120)
#define NT_PIPE_BROKEN            ((DWORD)0xC000014B)
#define NT_OBJECT_NAME_INVALID    ((DWORD)0xC0000033)

#define NT_FSCTL_PIPE_DISCONNECT ((ULONG)0x110004)
#define NT_FSCTL_PIPE_LISTEN     ((ULONG)0x110008)
#define NT_FSCTL_PIPE_PEEK       ((ULONG)0x11400C)
#define NT_FSCTL_PIPE_WAIT       ((ULONG)0x110018)
#define NT_FSCTL_PIPE_FLUSH      ((ULONG)0x118040)

/* Information classes. */
#define NT_FILE_DIRECTORY ((FILE_INFORMATION_CLASS)1)
#define NT_SYNCHRONOUS_IO 0x20u /* FILE_SYNCHRONOUS_IO_NONALERT */

enum {
  NT_FILE_STANDARD = 5,
  NT_FILE_ACCESS = 8,
  NT_FILE_NAME = 9,
  NT_FILE_MODE = 16,
  NT_FILE_PIPE = 23,
  NT_FILE_PIPE_LOCAL = 24,
  NT_FILE_NOTIFICATION = 41
};

/* Values of NT_FILE_PIPE_LOCAL. */
enum {
  NT_STATE_DISCONNECTED = 1,
  NT_STATE_LISTENING = 2,
  NT_STATE_CONNECTED = 3,
  NT_STATE_CLOSING = 4
};

NTSTATUS NTAPI NtQueryObject(HANDLE handle,
                             OBJECT_INFORMATION_CLASS information_class,
                             PVOID information, ULONG size, PULONG bytes);

struct nt_pipe {
  ULONG read_mode;       /* 1: messages                                      */
  ULONG completion_mode; /* 1: PIPE_NOWAIT                                   */
};

struct nt_pipe_local {
  ULONG type;          /* 1: messages                                        */
  ULONG configuration; /* 0 inbound, 1 outbound, 2 duplex                    */
  ULONG instances_max;
  ULONG instances;
  ULONG quota_in;
  ULONG read_available;
  ULONG quota_out;
  ULONG write_available;
  ULONG state;
  ULONG end; /* 0 client, 1 server                                           */
};

struct nt_standard {
  LARGE_INTEGER allocation_size;
  LARGE_INTEGER end_of_file;
  ULONG links;
  BOOLEAN delete_pending;
  BOOLEAN directory;
};

struct nt_name {
  ULONG bytes;
  WCHAR name[64];
};

struct nt_peek {
  ULONG state;
  ULONG available;
  ULONG messages;
  ULONG message_length;
  UCHAR data[64];
};

_Static_assert(sizeof(struct nt_pipe_local) == 40, "ten u32");
_Static_assert(offsetof(struct nt_peek, data) == 16, "data at 16");

/* nt_query calls NtQueryInformationFile and returns the status. */
DWORD nt_query(HANDLE file, int information, void *out, size_t size);

/* nt_open calls NtOpenFile for `path`, without regard to case. */
DWORD nt_open(HANDLE *file, const wchar_t *path, ULONG access, ULONG options);

/* nt_open_root opens `path`, e.g. \Device\NamedPipe\, for queries and waits,
 * without FILE_SYNCHRONOUS_IO. */
DWORD nt_open_root(HANDLE *root, const wchar_t *path);

/* nt_wait starts FSCTL_PIPE_WAIT on the handle of a root, for a name with its
 * prefix \\.\pipe\. `timeout` is in units of 100 ns, negative from now on;
 * NT_WAIT_FOREVER: without end. The status block is that of `overlapped`, which
 * is also the context unless there is an event. */
#define NT_WAIT_FOREVER INT64_MAX
DWORD nt_wait(HANDLE root, HANDLE event, OVERLAPPED *overlapped,
              const wchar_t *name, int64_t timeout);

/* nt_create calls NtCreateNamedPipeFile for the Win32 name `name`, whose prefix
 * has nine characters. The pipe has byte type and no limit of instances. */
DWORD nt_create(HANDLE *pipe, const wchar_t *name, ULONG access, ULONG share,
                ULONG disposition);

/* nt_control calls a control without input and waits for its end. It returns
 * the status and, in `*got`, how many bytes came into `out`, which has `size`
 * bytes. */
DWORD nt_control(HANDLE pipe, ULONG code, void *out, size_t size, size_t *got);

/* nt_disconnect calls FSCTL_PIPE_DISCONNECT with an event, waits for the event
 * if the control pends, and returns the status. */
DWORD nt_disconnect(HANDLE server);

NTSTATUS NTAPI NtCreateNamedPipeFile(
    PHANDLE handle, ULONG access, POBJECT_ATTRIBUTES attributes,
    PIO_STATUS_BLOCK io, ULONG share, ULONG disposition, ULONG options,
    ULONG type, ULONG read_mode, ULONG completion_mode, ULONG instances_max,
    ULONG quota_in, ULONG quota_out, PLARGE_INTEGER timeout);
NTSTATUS NTAPI NtOpenFile(PHANDLE handle, ACCESS_MASK access,
                          POBJECT_ATTRIBUTES attributes, PIO_STATUS_BLOCK io,
                          ULONG share, ULONG options);
NTSTATUS NTAPI NtFsControlFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc,
                               PVOID apc_context, PIO_STATUS_BLOCK io,
                               ULONG code, PVOID in, ULONG in_size, PVOID out,
                               ULONG out_size);
NTSTATUS NTAPI NtQueryDirectoryFile(HANDLE file, HANDLE event,
                                    PIO_APC_ROUTINE apc, PVOID apc_context,
                                    PIO_STATUS_BLOCK io, PVOID out, ULONG size,
                                    FILE_INFORMATION_CLASS information,
                                    BOOLEAN single, PUNICODE_STRING pattern,
                                    BOOLEAN restart);
NTSTATUS NTAPI NtNotifyChangeDirectoryFile(
    HANDLE file, HANDLE event, PIO_APC_ROUTINE apc, PVOID apc_context,
    PIO_STATUS_BLOCK io, PVOID out, ULONG size, ULONG filter, BOOLEAN tree);
NTSTATUS NTAPI NtQueryInformationFile(HANDLE file, PIO_STATUS_BLOCK io,
                                      PVOID out, ULONG size,
                                      FILE_INFORMATION_CLASS information);

#endif
