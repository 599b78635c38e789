/* Questions about calls that the simulated kernel does not have: what else
 * opens a pipe by its name. */
#include "../questions.h"

/* is_free returns true if a client can open the only instance of the pipe. */
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
