/* The calls that take names as bytes: they mean the same pipes. */

#include <sddl.h>

#include "fixture.h"

static char name[NAME_CHARS_MAX];

/* narrow_name returns the fixture's name, which is ASCII, as bytes. */
static const char *narrow_name(struct platform *f) {
  for (size_t i = 0; i < NAME_CHARS_MAX; i++) {
    name[i] = (char)f->name[i];
  }
  return name;
}

NP_PLATFORM_CASE("platform/ansi/same-pipe", CreateNamedPipeA, NO_MODE, NO_ERROR,
                 "A pipe that was created by a name in bytes can be opened by "
                 "the same name in UTF-16, and the other way round.",
                 "CreateNamedPipeA#remarks") {
  HANDLE server;
  HANDLE client;

  server = win_own(f, CreateNamedPipeA(narrow_name(f), PIPE_ACCESS_DUPLEX,
                                       PIPE_TYPE_BYTE, 2, 0, 0, 0, NULL));
  assert_true(server != INVALID_HANDLE_VALUE);
  client = client_open(f, GENERIC_READ | GENERIC_WRITE, 0);
  assert_true(client != INVALID_HANDLE_VALUE);
  pair_listen(f);
  client = CreateFileA(narrow_name(f), GENERIC_READ | GENERIC_WRITE, 0, NULL,
                       OPEN_EXISTING, 0, NULL);
  assert_true(client != INVALID_HANDLE_VALUE);
  win_own(f, client);
}

NP_PLATFORM_CASE("platform/ansi/wait", WaitNamedPipeA, NO_MODE,
                 ERROR_FILE_NOT_FOUND,
                 "A wait by a name in bytes finds the instance that listens.",
                 "WaitNamedPipeA#return-value") {
  assert_refused(WaitNamedPipeA(narrow_name(f), NMPWAIT_USE_DEFAULT_WAIT),
                 ERROR_FILE_NOT_FOUND);
  pair_listen(f);
  assert_call(WaitNamedPipeA(narrow_name(f), NMPWAIT_USE_DEFAULT_WAIT));
}

NP_PLATFORM_CASE("platform/ansi/state", GetNamedPipeHandleStateA,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "The function with the suffix A reports the same state as the "
                 "function with the suffix W.",
                 "GetNamedPipeHandleStateA#parameters") {
  DWORD state = 99;
  DWORD instances = 0;

  pair_create(f);
  assert_call(GetNamedPipeHandleStateA(f->end, &state, &instances, NULL, NULL,
                                       NULL, 0));
  assert_int_equal(state, f->read_mode);
  assert_int_equal(instances, 1);
}

static DWORD WINAPI answer_once(void *pipe) {
  char request[4];
  DWORD bytes;

  return (ConnectNamedPipe(pipe, NULL) ||
          GetLastError() == ERROR_PIPE_CONNECTED) &&
                 ReadFile(pipe, request, sizeof request, &bytes, NULL) &&
                 WriteFile(pipe, request, bytes, &bytes, NULL)
             ? 0
             : GetLastError();
}

NP_PLATFORM_CASE("platform/ansi/call", CallNamedPipeA, NO_MODE, NO_ERROR,
                 "A request is sent and answered by a name in bytes.",
                 "CallNamedPipeA#remarks") {
  HANDLE server =
      win_own(f, CreateNamedPipeW(f->name, PIPE_ACCESS_DUPLEX,
                                  PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, 1,
                                  QUOTA, QUOTA, 0, NULL));
  HANDLE worker;
  char answer[4] = "";
  char request[] = "ab";
  DWORD bytes = 0;

  assert_true(server != INVALID_HANDLE_VALUE);
  worker = worker_start(f, answer_once, server);
  assert_call(CallNamedPipeA(narrow_name(f), request, 2, answer, sizeof answer,
                             &bytes, NMPWAIT_WAIT_FOREVER));
  assert_int_equal(bytes, 2);
  assert_memory_equal(answer, "ab", 2);
  assert_int_equal(worker_join(worker), 0);
}

NP_PLATFORM_CASE("platform/ansi/descriptor",
                 ConvertStringSecurityDescriptorToSecurityDescriptorA, NO_MODE,
                 NO_ERROR,
                 "A descriptor that is text in bytes serves as the one in "
                 "UTF-16 does.",
                 "ConvertStringSecurityDescriptorToSecurityDescriptorA"
                 "#parameters") {
  SECURITY_ATTRIBUTES attributes = {sizeof attributes, NULL, FALSE};
  HANDLE server;

  assert_call(ConvertStringSecurityDescriptorToSecurityDescriptorA(
      "D:(A;;GA;;;WD)", SDDL_REVISION_1, &attributes.lpSecurityDescriptor,
      NULL));
  server = CreateNamedPipeW(f->name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                            PIPE_TYPE_BYTE, 1, 0, 0, 0, &attributes);
  LocalFree(attributes.lpSecurityDescriptor);
  assert_true(server != INVALID_HANDLE_VALUE);
  win_own(f, server);
  assert_true(client_open(f, GENERIC_READ | GENERIC_WRITE, 0) !=
              INVALID_HANDLE_VALUE);
}

NP_PLATFORM_CASE("platform/ansi/sid", ConvertSidToStringSidA, NO_MODE, NO_ERROR,
                 "A SID becomes text in bytes, and that text becomes the SID.",
                 "ConvertSidToStringSidA#parameters") {
  PSID everyone = NULL;
  char *text = NULL;

  assert_call(ConvertStringSidToSidA("S-1-1-0", &everyone));
  assert_call(ConvertSidToStringSidA(everyone, &text));
  assert_string_equal(text, "S-1-1-0");
  LocalFree(everyone);
  LocalFree(text);
}
