/* Questions about calls that the simulated kernel does not have: what else
 * opens a pipe by its name, and what a restricted token may create. */
#include "../questions.h"

#include <sddl.h>

/* Whether the only instance of the pipe is still free for a client. */
static bool is_free(struct platform *f) {
  return client_open(f, GENERIC_READ | GENERIC_WRITE, FILE_FLAG_OVERLAPPED) !=
         INVALID_HANDLE_VALUE;
}

NP_QUESTION("questions/attributes-take-instance", MODE_BYTE,
            "Does GetFileAttributes of a pipe's name take its instance?",
            "A program that looks for a pipe in this way may stop its server.",
            "", ANSWER("free", "the instance is free for a client", "Wine", ""),
            ANSWER("taken", "a client gets ERROR_PIPE_BUSY", "nobody", "")) {
  DWORD attributes;
  DWORD error;

  pair_listen(f);
  attributes = GetFileAttributesW(f->name);
  error = attributes == INVALID_FILE_ATTRIBUTES ? GetLastError() : 0;
  answer_give(is_free(f) ? "free" : "taken", "the call came to error %lu",
              (unsigned long)error);
}

NP_QUESTION("questions/search-takes-instance", MODE_BYTE,
            "Does FindFirstFile of a pipe's own name take its instance?",
            "A program that looks for a pipe in this way may stop its server.",
            "", ANSWER("free", "the instance is free for a client", "Wine", ""),
            ANSWER("taken", "a client gets ERROR_PIPE_BUSY", "nobody", "")) {
  WIN32_FIND_DATAW found;
  HANDLE search;
  DWORD error;

  pair_listen(f);
  search = FindFirstFileW(f->name, &found);
  error = search == INVALID_HANDLE_VALUE ? GetLastError() : 0;
  answer_give(is_free(f) ? "free" : "taken", "the call came to error %lu",
              (unsigned long)error);
}

NP_QUESTION("questions/search-of-pipes", NO_MODE,
            "Does FindFirstFile of \\\\.\\pipe\\* list the pipes?",
            "np_client_connect with wait_for_server asks for a name by other "
            "means.",
            "",
            ANSWER("lists", "it finds a name",
                   "many programs; the sample PipeList says that no Win32 call "
                   "lists pipes",
                   ""),
            ANSWER("fails", "it fails", "Wine", "")) {
  WIN32_FIND_DATAW found;

  pair_listen(f);
  if (FindFirstFileW(L"\\\\.\\pipe\\*", &found) != INVALID_HANDLE_VALUE) {
    answer_give("lists", "%s", "");
  }
  answer_give("fails", "error %lu", (unsigned long)GetLastError());
}

NP_QUESTION(
    "questions/restricted-token-creates", NO_MODE,
    "May a thread with a token that is restricted to S-1-5-12 create a pipe?",
    "A service in a sandbox cannot use np_server_create if it may not.", "",
    ANSWER("created", "it may", "nobody", ""),
    ANSWER("denied", "ERROR_ACCESS_DENIED", "nobody", "")) {
  SID_AND_ATTRIBUTES restricting = {NULL, 0};
  HANDLE process = NULL;
  HANDLE token = NULL;
  HANDLE thread = NULL;
  HANDLE pipe;
  DWORD error;

  assert_call(ConvertStringSidToSidW(L"S-1-5-12", &restricting.Sid));
  assert_call(OpenProcessToken(GetCurrentProcess(), MAXIMUM_ALLOWED, &process));
  assert_call(CreateRestrictedToken(process, DISABLE_MAX_PRIVILEGE, 0, NULL, 0,
                                    NULL, 1, &restricting, &token));
  assert_call(DuplicateToken(token, SecurityImpersonation, &thread));
  assert_call(SetThreadToken(NULL, thread));
  pipe = instance_open(f, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                       PIPE_TYPE_BYTE, 1);
  error = GetLastError();
  RevertToSelf();
  if (pipe != INVALID_HANDLE_VALUE) {
    answer_give("created", "%s", "");
  }
  if (error == ERROR_ACCESS_DENIED) {
    answer_give("denied", "%s", "");
  }
  answer_error(error);
}
