/* The NT calls of the platform cases: queries, the root of all pipes, and
 * NtCreateNamedPipeFile. */
#include "nt.h"

#include <string.h>

enum { PREFIX_CHARS = 9 /* \\.\pipe\ */, PATH_CHARS_MAX = 128 };

DWORD nt_query(HANDLE file, int information, void *out, size_t size) {
  IO_STATUS_BLOCK io = {0};

  return (DWORD)NtQueryInformationFile(file, &io, out, (ULONG)size,
                                       (FILE_INFORMATION_CLASS)information);
}

static void string_init(UNICODE_STRING *string, wchar_t *chars) {
  size_t count = 0;

  while (chars[count] != 0) {
    count++;
  }
  string->Buffer = chars;
  string->Length = (USHORT)(count * sizeof(wchar_t));
  string->MaximumLength = string->Length;
}

static void path_append(wchar_t *path, size_t *at, const wchar_t *text) {
  while (*text != 0 && *at + 1 < PATH_CHARS_MAX) {
    path[(*at)++] = *text++;
  }
  path[*at] = 0;
}

DWORD nt_open(HANDLE *file, const wchar_t *path, ULONG access, ULONG options) {
  wchar_t chars[PATH_CHARS_MAX];
  size_t at = 0;
  UNICODE_STRING name;
  OBJECT_ATTRIBUTES attributes;
  IO_STATUS_BLOCK io = {0};

  *file = NULL;
  path_append(chars, &at, path);
  string_init(&name, chars);
  InitializeObjectAttributes(&attributes, &name, 0x40, NULL, NULL);
  return (DWORD)NtOpenFile(file, access, &attributes, &io,
                           FILE_SHARE_READ | FILE_SHARE_WRITE, options);
}

DWORD nt_open_root(HANDLE *root, const wchar_t *path) {
  return nt_open(root, path, FILE_READ_ATTRIBUTES | SYNCHRONIZE, 0);
}

DWORD nt_create(HANDLE *pipe, const wchar_t *name, ULONG access, ULONG share,
                ULONG disposition) {
  wchar_t chars[PATH_CHARS_MAX];
  size_t at = 0;
  UNICODE_STRING path;
  OBJECT_ATTRIBUTES attributes;
  IO_STATUS_BLOCK io = {0};
  LARGE_INTEGER timeout;

  *pipe = NULL;
  timeout.QuadPart = -500000; /* 50 ms in units of 100 ns */
  path_append(chars, &at, L"\\Device\\NamedPipe\\");
  path_append(chars, &at, name + PREFIX_CHARS);
  string_init(&path, chars);
  InitializeObjectAttributes(&attributes, &path, 0x40, NULL, NULL);
  return (DWORD)NtCreateNamedPipeFile(pipe, access, &attributes, &io, share,
                                      disposition, 0, 0, 0, 0, 0xFFFFFFFF, 4096,
                                      4096, &timeout);
}

DWORD nt_control(HANDLE pipe, ULONG code, void *out, size_t size, size_t *got) {
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
  IO_STATUS_BLOCK io = {0};
  NTSTATUS status = NtFsControlFile(pipe, event, NULL, NULL, &io, code, NULL, 0,
                                    out, (ULONG)size);

  if ((DWORD)status == NT_PENDING) {
    WaitForSingleObject(event, INFINITE);
    status = io.Status;
  }
  CloseHandle(event);
  *got = io.Information;
  return (DWORD)status;
}

DWORD nt_disconnect(HANDLE server) {
  size_t got;

  return nt_control(server, NT_FSCTL_PIPE_DISCONNECT, NULL, 0, &got);
}

DWORD nt_wait(HANDLE root, HANDLE event, OVERLAPPED *overlapped,
              const wchar_t *name, int64_t timeout) {
  enum { HEADER_BYTES = 14, BYTES_MAX = 256 };
  /* The header, directly followed by the name without its prefix. */
  union {
    int64_t timeout;
    UCHAR bytes[HEADER_BYTES + BYTES_MAX];
  } input = {timeout};
  ULONG size = 0;

  for (name += PREFIX_CHARS; *name != 0 && size < BYTES_MAX; name++) {
    memcpy(input.bytes + HEADER_BYTES + size, name, sizeof *name);
    size += (ULONG)sizeof *name;
  }
  memcpy(input.bytes + 8, &size, sizeof size);
  input.bytes[12] = TRUE; /* the timeout is given */
  overlapped->Internal = NT_PENDING;
  return (DWORD)NtFsControlFile(
      root, event, NULL, event == NULL ? overlapped : NULL,
      (IO_STATUS_BLOCK *)(void *)overlapped, NT_FSCTL_PIPE_WAIT, &input,
      HEADER_BYTES + size, NULL, 0);
}
