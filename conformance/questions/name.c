/* Questions about names and about what else opens a pipe. */
#include "questions.h"

enum { LONG_NAME_CHARS = 300, PREFIX_CHARS = 9 };

NP_QUESTION(
    "questions/name-too-long", NO_MODE,
    "Which error has CreateNamedPipeW for a name of 300 characters?",
    "np_server_create refuses it before the call, with ERROR_INVALID_NAME.",
    "name/*", ANSWER("made", "it is made", "nobody", ""),
    ANSWER("too-long", "ERROR_FILENAME_EXCED_RANGE", "Wine", ""),
    ANSWER("path-not-found", "ERROR_PATH_NOT_FOUND", "nobody", ""),
    ANSWER("invalid-name", "ERROR_INVALID_NAME", "nobody", "")) {
  static wchar_t name[LONG_NAME_CHARS + 1];
  HANDLE pipe;

  for (size_t i = 0; i < LONG_NAME_CHARS; i++) {
    name[i] = i < PREFIX_CHARS ? f->name[i] : L'x';
  }
  pipe = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                          PIPE_TYPE_BYTE, 1, QUOTA, QUOTA, 0, NULL);
  if (pipe != INVALID_HANDLE_VALUE) {
    answer_give("made", "%s", "");
  }
  switch (GetLastError()) {
    case ERROR_INVALID_NAME:
      answer_give("invalid-name", "%s", "");
    case ERROR_FILENAME_EXCED_RANGE:
      answer_give("too-long", "%s", "");
    case ERROR_PATH_NOT_FOUND:
      answer_give("path-not-found", "%s", "");
    default:
      answer_error(GetLastError());
  }
}

NP_QUESTION(
    "questions/name-below-name", NO_MODE,
    "May a pipe be made whose name goes on, after a backslash, where another "
    "pipe's name ends?",
    "np_server_create leaves it to Windows.", "",
    ANSWER("made", "it is made", "Wine", ""),
    ANSWER("invalid-name", "ERROR_INVALID_NAME", "ReactOS' npfs", "")) {
  wchar_t name[NAME_CHARS_MAX + 8];
  size_t i;
  HANDLE pipe;

  pair_listen(f);
  for (i = 0; f->name[i] != 0; i++) {
    name[i] = f->name[i];
  }
  name[i++] = L'\\';
  name[i++] = L'x';
  name[i] = 0;
  pipe = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                          PIPE_TYPE_BYTE, 1, QUOTA, QUOTA, 0, NULL);
  if (pipe != INVALID_HANDLE_VALUE) {
    answer_give("made", "%s", "");
  }
  if (GetLastError() == ERROR_INVALID_NAME) {
    answer_give("invalid-name", "%s", "");
  }
  answer_error(GetLastError());
}

NP_QUESTION("questions/assign-event", MODE_BYTE,
            "Does a pipe's handle take an event by FSCTL_PIPE_ASSIGN_EVENT?",
            "np_pipe_ready could wait without a read.", "",
            ANSWER("unsupported", "it is refused as not supported",
                   "Wine; Wine's tests of the root", ""),
            ANSWER("invalid-parameter", "it is refused as invalid", "nobody",
                   ""),
            ANSWER("takes", "it succeeds", "old headers of Windows", "")) {
  enum { ASSIGN_EVENT = 0x110000 };
  struct {
    HANDLE event;
    ULONG key;
  } input = {event_new(f), 1};
  struct io *io;
  DWORD status;

  pair_create(f);
  io = io_new(f);
  status = (DWORD)NtFsControlFile(f->server, io->event, NULL, NULL,
                                  (IO_STATUS_BLOCK *)(void *)&io->overlapped,
                                  ASSIGN_EVENT, &input, sizeof(input), NULL, 0);
  switch (status) {
    case NT_NOT_SUPPORTED:
    case NT_INVALID_DEVICE_REQUEST:
      answer_give("unsupported", "status 0x%08lX", (unsigned long)status);
    case NT_INVALID_PARAMETER:
      answer_give("invalid-parameter", "%s", "");
    case NT_OK:
      answer_give("takes", "%s", "");
    default:
      answer_status(status);
  }
}

NP_QUESTION("questions/root-list", NO_MODE,
            "Can the root of all pipes be listed by NtQueryDirectoryFile?",
            "np_names_list fails with ERROR_BAD_DEV_TYPE if it cannot.",
            "names-list/*",
            ANSWER("listed", "it can", "PipeList, FindFirstFile",
                   "root_listed=true"),
            ANSWER("bad-device-type", "STATUS_BAD_DEVICE_TYPE", "Wine",
                   "root_listed=false")) {
  static UCHAR out[4096];
  IO_STATUS_BLOCK io = {0};
  HANDLE root;
  DWORD status;

  pair_listen(f);
  assert_int_equal(
      nt_open(&root, L"\\??\\PIPE\\", FILE_LIST_DIRECTORY | SYNCHRONIZE,
              NT_SYNCHRONOUS_IO),
      NT_OK);
  win_own(f, root);
  status =
      (DWORD)NtQueryDirectoryFile(root, NULL, NULL, NULL, &io, out, sizeof(out),
                                  NT_FILE_DIRECTORY, FALSE, NULL, FALSE);
  if (status == NT_OK) {
    answer_give("listed", "%u bytes", (unsigned)io.Information);
  }
  if (status == NT_BAD_DEVICE_TYPE) {
    answer_give("bad-device-type", "%s", "");
  }
  answer_status(status);
}

NP_QUESTION("questions/root-notice", NO_MODE,
            "Does NtNotifyChangeDirectoryFile on the root of all pipes tell "
            "that a name "
            "was added, and which?",
            "A client that waits for a server could wait for this notice.", "",
            ANSWER("names", "it tells the name", "watchdog#1038, Windows 10",
                   "notice_names=true"),
            ANSWER("silent", "it ends without a name", "ReactOS' npfs",
                   "notice_names=false"),
            ANSWER("refused", "STATUS_OBJECT_TYPE_MISMATCH", "Wine",
                   "root_listed=false"),
            ANSWER("never", "it does not end", "nobody", "")) {
  static UCHAR out[1024];
  static IO_STATUS_BLOCK io;
  HANDLE event = event_new(f);
  HANDLE root;
  DWORD status;

  assert_int_equal(
      nt_open(&root, L"\\??\\PIPE\\", FILE_LIST_DIRECTORY | SYNCHRONIZE, 0),
      NT_OK);
  win_own(f, root);
  status = (DWORD)NtNotifyChangeDirectoryFile(
      root, event, NULL, NULL, &io, out, sizeof(out),
      FILE_NOTIFY_CHANGE_FILE_NAME, FALSE);
  if (status == NT_OBJECT_TYPE_MISMATCH) {
    answer_give("refused", "%s", "");
  }
  if (status != NT_PENDING) {
    answer_status(status);
  }
  pair_listen(f);
  if (WaitForSingleObject(event, (DWORD)world_timeout_ms(1000)) !=
      WAIT_OBJECT_0) {
    CancelIoEx(root, NULL);
    WaitForSingleObject(event, (DWORD)world_timeout_ms(1000));
    answer_give("never", "%s", "");
  }
  answer_give(io.Information > 12 ? "names" : "silent", "%u bytes",
              (unsigned)io.Information);
}

NP_QUESTION("questions/nameless", NO_MODE,
            "Can a pipe be created with an empty name below the root of all "
            "pipes?",
            "np_pipe_pair takes a random name if it cannot.",
            "platform/nameless/* pair/*",
            ANSWER("created", "it can", "Wine's tests (test_empty_name)",
                   "nameless_pipes=true"),
            ANSWER("mismatch", "STATUS_OBJECT_TYPE_MISMATCH", "Wine 5",
                   "nameless_pipes=false")) {
  OBJECT_ATTRIBUTES attributes;
  UNICODE_STRING name = {0, 0, NULL};
  IO_STATUS_BLOCK io;
  LARGE_INTEGER timeout;
  HANDLE root;
  DWORD status;

  timeout.QuadPart = -500000;
  assert_int_equal(nt_open_root(&root, L"\\??\\PIPE\\"), NT_OK);
  win_own(f, root);
  InitializeObjectAttributes(&attributes, &name, 0, root, NULL);
  status = (DWORD)NtCreateNamedPipeFile(&f->server, GENERIC_READ | SYNCHRONIZE,
                                        &attributes, &io, FILE_SHARE_WRITE, 2,
                                        0, 0, 0, 0, 1, QUOTA, QUOTA, &timeout);
  if (status == NT_OK) {
    answer_give("created", "%s", "");
  }
  if (status == NT_OBJECT_TYPE_MISMATCH) {
    answer_give("mismatch", "%s", "");
  }
  answer_status(status);
}
