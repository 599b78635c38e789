/* The root of all pipes, and the Win32 errors that statuses turn into. */
#include "fixture.h"

static DWORD root_control(HANDLE root, ULONG code) {
  IO_STATUS_BLOCK io = {0};
  /* Input for FSCTL_PIPE_WAIT: no time-out, and a name of one character. */
  UCHAR input[16] = {[8] = 2, [12] = TRUE, [14] = 'x'};

  return (DWORD)NtFsControlFile(root, NULL, NULL, NULL, &io, code, input,
                                sizeof(input), NULL, 0);
}

NP_PLATFORM_CASE("platform/root/opens", NtOpenFile, NO_MODE, STATUS_SUCCESS,
                 "The device opens with and without the backslash behind it.",
                 "wine ntdll/tests/pipe.c#test_empty_name") {
  static const wchar_t *const paths[] = {
      L"\\Device\\NamedPipe", L"\\Device\\NamedPipe\\", L"\\??\\PIPE\\"};

  for (size_t i = 0; i < 3; i++) {
    HANDLE root;
    assert_status(nt_open_root(&root, paths[i]), NT_OK);
    win_own(f, root);
  }
}

NP_PLATFORM_CASE("platform/root/wait-without-backslash", NtFsControlFile,
                 NO_MODE, STATUS_ILLEGAL_FUNCTION,
                 "FSCTL_PIPE_WAIT needs the root directory, not the device.",
                 "wine ntdll/tests/pipe.c#test_empty_name") {
  HANDLE root;

  assert_status(nt_open_root(&root, L"\\Device\\NamedPipe"), NT_OK);
  win_own(f, root);
  assert_status(root_control(root, NT_FSCTL_PIPE_WAIT), NT_ILLEGAL_FUNCTION);
}

NP_PLATFORM_CASE("platform/root/is-no-pipe", NtFsControlFile, NO_MODE,
                 STATUS_ILLEGAL_FUNCTION,
                 "The root directory refuses listen and disconnect.",
                 "wine ntdll/tests/pipe.c#subtest_empty_name_pipe_operations") {
  HANDLE root;

  assert_status(nt_open_root(&root, L"\\Device\\NamedPipe\\"), NT_OK);
  win_own(f, root);
  assert_status(root_control(root, NT_FSCTL_PIPE_LISTEN), NT_ILLEGAL_FUNCTION);
  assert_status(root_control(root, NT_FSCTL_PIPE_DISCONNECT),
                NT_PIPE_DISCONNECTED);
}

NP_PLATFORM_CASE("platform/root/status-to-error", RtlNtStatusToDosError,
                 NO_MODE, NO_ERROR,
                 "Each status of a pipe has its Win32 error; some share one.",
                 "wine ntdll/tests/error.c#run_error_tests") {
  static const struct {
    DWORD status;
    DWORD error;
  } rows[] = {
      {NT_OK, ERROR_SUCCESS},
      {NT_INSTANCE_NOT_AVAILABLE, ERROR_PIPE_BUSY},
      {NT_PIPE_NOT_AVAILABLE, ERROR_PIPE_BUSY},
      {NT_INVALID_PIPE_STATE, ERROR_BAD_PIPE},
      {NT_PIPE_BUSY, ERROR_PIPE_BUSY},
      {NT_ILLEGAL_FUNCTION, ERROR_INVALID_FUNCTION},
      {NT_PIPE_DISCONNECTED, ERROR_PIPE_NOT_CONNECTED},
      {NT_PIPE_CLOSING, ERROR_NO_DATA},
      {NT_PIPE_CONNECTED, ERROR_PIPE_CONNECTED},
      {NT_PIPE_LISTENING, ERROR_PIPE_LISTENING},
      {NT_INVALID_READ_MODE, ERROR_BAD_PIPE},
      {NT_IO_TIMEOUT, ERROR_SEM_TIMEOUT},
      {NT_PIPE_EMPTY, ERROR_NO_DATA},
      {NT_PIPE_BROKEN, ERROR_BROKEN_PIPE},
      {NT_CANNOT_IMPERSONATE, ERROR_CANNOT_IMPERSONATE},
      {NT_BUFFER_OVERFLOW, ERROR_MORE_DATA},
      {NT_CANCELLED, ERROR_OPERATION_ABORTED},
      {NT_OBJECT_NAME_INVALID, ERROR_INVALID_NAME},
      {NT_OBJECT_NAME_NOT_FOUND, ERROR_FILE_NOT_FOUND},
      {NT_ACCESS_DENIED, ERROR_ACCESS_DENIED},
      {NT_INVALID_PARAMETER, ERROR_INVALID_PARAMETER},
      {NT_PENDING, ERROR_IO_PENDING},
  };

  (void)f;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    assert_error(RtlNtStatusToDosError((NTSTATUS)rows[i].status),
                 rows[i].error);
  }
}
