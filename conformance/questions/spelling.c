/* Questions about spellings of a name: what becomes of odd ones, and which
 * calls take which. */
#include "questions.h"

#define BOTH         (GENERIC_READ | GENERIC_WRITE)
#define PREFIX_CHARS 9

/* The fixture's name with `before` in place of `\\.\pipe\`, and `after`. */
static const wchar_t *spelled(const struct platform *f, const wchar_t *before,
                              const wchar_t *after) {
  static wchar_t name[NAME_CHARS_MAX + 32];
  size_t at = 0;

  while (*before != 0) {
    name[at++] = *before++;
  }
  for (size_t i = PREFIX_CHARS; f->name[i] != 0; i++) {
    name[at++] = f->name[i];
  }
  while (*after != 0) {
    name[at++] = *after++;
  }
  name[at] = 0;
  return name;
}

static HANDLE spelled_create(struct platform *f, const wchar_t *name) {
  HANDLE pipe =
      CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                       PIPE_TYPE_BYTE, 1, QUOTA, QUOTA, 0, NULL);

  return pipe != INVALID_HANDLE_VALUE ? win_own(f, pipe) : pipe;
}

static bool can_open(struct platform *f, const wchar_t *name) {
  HANDLE pipe = CreateFileW(name, BOTH, 0, NULL, OPEN_EXISTING,
                            FILE_FLAG_OVERLAPPED, NULL);

  if (pipe == INVALID_HANDLE_VALUE) {
    return false;
  }
  win_own(f, pipe);
  return true;
}

NP_QUESTION(
    "questions/spelling-dots-in-the-middle", NO_MODE,
    "What is left of two dots at the end of a part that a backslash follows, "
    "in \\\\.\\pipe\\NAME..\\x?",
    "np_client_connect must wait for the name that the open finds; it asks "
    "GetFullPathName.",
    "name-spelling/*", ANSWER("one", "one dot", "Wine; ReactOS' ntdll", ""),
    ANSWER("two", "both dots", "nobody", ""),
    ANSWER("none", "no dot", "nobody", "")) {
  if (spelled_create(f, spelled(f, L"\\\\.\\pipe\\", L"..\\x")) ==
      INVALID_HANDLE_VALUE) {
    answer_error(GetLastError());
  }
  if (can_open(f, spelled(f, L"\\\\?\\pipe\\", L".\\x"))) {
    answer_give("one", "%s", "");
  }
  if (can_open(f, spelled(f, L"\\\\?\\pipe\\", L"..\\x"))) {
    answer_give("two", "%s", "");
  }
  if (can_open(f, spelled(f, L"\\\\?\\pipe\\", L"\\x"))) {
    answer_give("none", "%s", "");
  }
  answer_error(GetLastError());
}

NP_QUESTION(
    "questions/spelling-backslash-first", NO_MODE,
    "May the name of a pipe begin with a backslash, as in \\\\?\\pipe\\\\NAME?",
    "np_server_create leaves it to Windows.", "",
    ANSWER("made", "it is made", "Wine", ""),
    ANSWER("invalid-name", "ERROR_INVALID_NAME", "nobody", ""),
    ANSWER("the-plain-one", "it is the pipe NAME", "nobody", "")) {
  if (spelled_create(f, spelled(f, L"\\\\?\\pipe\\\\", L"")) !=
      INVALID_HANDLE_VALUE) {
    if (can_open(f, f->name)) {
      answer_give("the-plain-one", "%s", "");
    }
    answer_give("made", "%s", "");
  }
  if (GetLastError() == ERROR_INVALID_NAME) {
    answer_give("invalid-name", "%s", "");
  }
  answer_error(GetLastError());
}

NP_QUESTION("questions/spelling-of-the-kernel", NO_MODE,
            "Does CreateFile take the kernel's own prefix, \\??\\pipe\\NAME?",
            "npipe takes it for \\\\?\\pipe\\NAME.",
            "platform/name/* name-spelling/*",
            ANSWER("takes", "it opens the pipe NAME",
                   "Wine; users of Windows Vista", ""),
            ANSWER("not-found", "there is no such file", "nobody", "")) {
  pair_listen(f);
  if (can_open(f, spelled(f, L"\\??\\pipe\\", L""))) {
    answer_give("takes", "%s", "");
  }
  switch (GetLastError()) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
      answer_give("not-found", "error %lu", (unsigned long)GetLastError());
    default:
      answer_error(GetLastError());
  }
}

NP_QUESTION(
    "questions/spelling-of-a-wait", NO_MODE,
    "Does WaitNamedPipe find \\\\?\\pipe\\NAME, where CreateFile does?",
    "npipe waits by FSCTL_PIPE_WAIT with the name alone; others' clients wait "
    "so.",
    "", ANSWER("finds", "it finds the pipe NAME", "Wine", ""),
    ANSWER("bad-path", "ERROR_BAD_PATHNAME", "ReactOS' kernel32", ""),
    ANSWER("path-not-found", "ERROR_PATH_NOT_FOUND", "nobody", "")) {
  pair_listen(f);
  if (WaitNamedPipeW(spelled(f, L"\\\\?\\pipe\\", L""), NMPWAIT_NOWAIT)) {
    answer_give("finds", "%s", "");
  }
  switch (GetLastError()) {
    case ERROR_BAD_PATHNAME:
      answer_give("bad-path", "%s", "");
    case ERROR_PATH_NOT_FOUND:
      answer_give("path-not-found", "%s", "");
    default:
      answer_error(GetLastError());
  }
}
