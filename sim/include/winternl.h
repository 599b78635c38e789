/* The NT interface of the simulated kernel, as in the Windows headers.
 * Functions that mingw-w64 lacks there (NtCreateNamedPipeFile,
 * NtCancelIoFileEx) are declared as ntdll exports them. */
#ifndef NPIPE_SIM_WINTERNL_H
#define NPIPE_SIM_WINTERNL_H

#include <windows.h>

SIM_EXTERN_C_BEGIN

#define NT_SUCCESS(status) ((NTSTATUS)(status) >= 0)

typedef struct _UNICODE_STRING {
  USHORT Length; /* bytes */
  USHORT MaximumLength;
  PWSTR Buffer;
} UNICODE_STRING, *PUNICODE_STRING;

typedef struct _OBJECT_ATTRIBUTES {
  ULONG Length;
  HANDLE RootDirectory;
  PUNICODE_STRING ObjectName;
  ULONG Attributes;
  PVOID SecurityDescriptor;
  PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;

typedef struct _IO_STATUS_BLOCK {
  union {
    NTSTATUS Status;
    PVOID Pointer;
  };
  ULONG_PTR Information;
} IO_STATUS_BLOCK, *PIO_STATUS_BLOCK;

typedef void(NTAPI *PIO_APC_ROUTINE)(PVOID context, PIO_STATUS_BLOCK io,
                                     ULONG reserved);

typedef enum _FILE_INFORMATION_CLASS {
  FileDirectoryInformation = 1,
  FileBasicInformation = 4,
  FileStandardInformation = 5,
  FileAccessInformation = 8,
  FileNameInformation = 9,
  FileIoCompletionNotificationInformation = 41,
  FileModeInformation = 16,
  FilePipeInformation = 23,
  FilePipeLocalInformation = 24,
  FilePipeRemoteInformation = 25,
  FileCompletionInformation = 30,
  FileMaximumInformation = 76
} FILE_INFORMATION_CLASS;

typedef struct _FILE_DIRECTORY_INFORMATION {
  ULONG NextEntryOffset;
  ULONG FileIndex;
  LARGE_INTEGER CreationTime;
  LARGE_INTEGER LastAccessTime;
  LARGE_INTEGER LastWriteTime;
  LARGE_INTEGER ChangeTime;
  LARGE_INTEGER EndOfFile;
  LARGE_INTEGER AllocationSize;
  ULONG FileAttributes;
  ULONG FileNameLength;
  WCHAR FileName[1];
} FILE_DIRECTORY_INFORMATION, *PFILE_DIRECTORY_INFORMATION;

typedef struct _FILE_PIPE_LOCAL_INFORMATION {
  ULONG NamedPipeType;
  ULONG NamedPipeConfiguration;
  ULONG MaximumInstances;
  ULONG CurrentInstances;
  ULONG InboundQuota;
  ULONG ReadDataAvailable;
  ULONG OutboundQuota;
  ULONG WriteQuotaAvailable;
  ULONG NamedPipeState;
  ULONG NamedPipeEnd;
} FILE_PIPE_LOCAL_INFORMATION, *PFILE_PIPE_LOCAL_INFORMATION;

typedef enum _OBJECT_INFORMATION_CLASS {
  ObjectBasicInformation = 0,
  ObjectTypeInformation = 2
} OBJECT_INFORMATION_CLASS;

typedef struct _PUBLIC_OBJECT_BASIC_INFORMATION {
  ULONG Attributes;
  ACCESS_MASK GrantedAccess;
  ULONG HandleCount;
  ULONG PointerCount;
  ULONG Reserved[10];
} PUBLIC_OBJECT_BASIC_INFORMATION, *PPUBLIC_OBJECT_BASIC_INFORMATION;

#define OBJ_INHERIT          0x00000002u
#define OBJ_CASE_INSENSITIVE 0x00000040u

#define FILE_OPEN         1u
#define FILE_CREATE       2u
#define FILE_OPEN_IF      3u
#define FILE_OVERWRITE    4u
#define FILE_OVERWRITE_IF 5u

#define FILE_OPENED  1u
#define FILE_CREATED 2u

#define FILE_SYNCHRONOUS_IO_ALERT    0x10u
#define FILE_SYNCHRONOUS_IO_NONALERT 0x20u

#define InitializeObjectAttributes(p, n, a, r, s) \
  do {                                            \
    (p)->Length = sizeof(OBJECT_ATTRIBUTES);      \
    (p)->RootDirectory = (r);                     \
    (p)->Attributes = (a);                        \
    (p)->ObjectName = (n);                        \
    (p)->SecurityDescriptor = (s);                \
    (p)->SecurityQualityOfService = NULL;         \
  } while (0)

void NTAPI RtlInitUnicodeString(PUNICODE_STRING string, PCWSTR source);
ULONG NTAPI RtlNtStatusToDosError(NTSTATUS status);
NTSTATUS NTAPI NtClose(HANDLE handle);
NTSTATUS NTAPI NtQueryObject(HANDLE handle, OBJECT_INFORMATION_CLASS which,
                             PVOID out, ULONG size, PULONG bytes);
NTSTATUS NTAPI NtOpenFile(PHANDLE file, ACCESS_MASK access,
                          POBJECT_ATTRIBUTES attributes, PIO_STATUS_BLOCK io,
                          ULONG share, ULONG options);
NTSTATUS NTAPI NtCreateFile(PHANDLE file, ACCESS_MASK access,
                            POBJECT_ATTRIBUTES attributes, PIO_STATUS_BLOCK io,
                            PLARGE_INTEGER allocation, ULONG file_attributes,
                            ULONG share, ULONG disposition, ULONG options,
                            PVOID ea, ULONG ea_size);
NTSTATUS NTAPI NtCreateNamedPipeFile(
    PHANDLE file, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
    PIO_STATUS_BLOCK io, ULONG share, ULONG disposition, ULONG options,
    ULONG type, ULONG read_mode, ULONG completion_mode, ULONG instances_max,
    ULONG in_quota, ULONG out_quota, PLARGE_INTEGER timeout);
NTSTATUS NTAPI NtFsControlFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc,
                               PVOID apc_context, PIO_STATUS_BLOCK io,
                               ULONG code, PVOID in, ULONG in_size, PVOID out,
                               ULONG out_size);
NTSTATUS NTAPI NtReadFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc,
                          PVOID apc_context, PIO_STATUS_BLOCK io, PVOID buffer,
                          ULONG size, PLARGE_INTEGER offset, PULONG key);
NTSTATUS NTAPI NtWriteFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc,
                           PVOID apc_context, PIO_STATUS_BLOCK io, PVOID buffer,
                           ULONG size, PLARGE_INTEGER offset, PULONG key);
NTSTATUS NTAPI NtQueryDirectoryFile(HANDLE file, HANDLE event,
                                    PIO_APC_ROUTINE apc, PVOID apc_context,
                                    PIO_STATUS_BLOCK io, PVOID out, ULONG size,
                                    FILE_INFORMATION_CLASS which,
                                    BOOLEAN single, PUNICODE_STRING pattern,
                                    BOOLEAN restart);
NTSTATUS NTAPI NtNotifyChangeDirectoryFile(
    HANDLE file, HANDLE event, PIO_APC_ROUTINE apc, PVOID apc_context,
    PIO_STATUS_BLOCK io, PVOID out, ULONG size, ULONG filter, BOOLEAN tree);
NTSTATUS NTAPI NtFlushBuffersFile(HANDLE file, PIO_STATUS_BLOCK io);
NTSTATUS NTAPI NtQueryInformationFile(HANDLE file, PIO_STATUS_BLOCK io,
                                      PVOID out, ULONG size,
                                      FILE_INFORMATION_CLASS which);
NTSTATUS NTAPI NtSetInformationFile(HANDLE file, PIO_STATUS_BLOCK io, PVOID in,
                                    ULONG size, FILE_INFORMATION_CLASS which);
NTSTATUS NTAPI NtCancelIoFile(HANDLE file, PIO_STATUS_BLOCK io);
NTSTATUS NTAPI NtCancelIoFileEx(HANDLE file, PIO_STATUS_BLOCK which,
                                PIO_STATUS_BLOCK io);

SIM_EXTERN_C_END

#endif
