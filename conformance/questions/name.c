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
