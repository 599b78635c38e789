/* Questions about who is at the other end, and who may make a name. */
#include "questions.h"

#include <sddl.h>

#define BOTH (GENERIC_READ | GENERIC_WRITE)

/* A client with these flags opens f->server and writes. */
static void client_writes(struct platform *f, DWORD flags) {
  f->client = client_open(f, BOTH, FILE_FLAG_OVERLAPPED | flags);
  assert_call(f->client != INVALID_HANDLE_VALUE);
  assert_result(win_write(f, f->client, "ab", 2), 0, 2);
}

NP_QUESTION(
    "questions/default-level", MODE_BYTE,
    "Which level has a client that opens with SECURITY_SQOS_PRESENT and no "
    "level?",
    "np_client_open sets a level in each case.", "platform/security/*",
    ANSWER("anonymous", "anonymous: SECURITY_ANONYMOUS is 0",
           "Wine's tests (kernel32 pipe.c, test_impersonation)",
           "sqos_default_anonymous=true"),
    ANSWER("impersonation", "impersonation", "Wine",
           "sqos_default_anonymous=false")) {
  HANDLE token = NULL;
  DWORD error;

  pair_listen(f);
  connect_start(io_new(f), f->server);
  client_writes(f, SECURITY_SQOS_PRESENT);
  assert_read(f, f->server, "ab");
  assert_call(ImpersonateNamedPipeClient(f->server));
  error = OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token)
              ? 0
              : GetLastError();
  assert_call(RevertToSelf());
  if (error == 0) {
    answer_give("impersonation", "%s", "");
  }
  if (error == ERROR_CANT_OPEN_ANONYMOUS) {
    answer_give("anonymous", "%s", "");
  }
  answer_error(error);
}

NP_QUESTION(
    "questions/identity-of-early-client", MODE_BYTE,
    "A client with static tracking opens an instance before ConnectNamedPipe: "
    "can the server impersonate it after a read?",
    "np_pipe_impersonate and np_pipe_peer_user would fail for such a client.",
    "impersonate/*",
    ANSWER("yes", "it can", "Wine", "early_static_unknown=false"),
    ANSWER("no", "ERROR_CANNOT_IMPERSONATE for ever", "ReactOS' npfs",
           "early_static_unknown=true")) {
  DWORD error;

  pair_listen(f);
  client_writes(f, SECURITY_SQOS_PRESENT | SECURITY_IMPERSONATION);
  assert_error(connect_start(io_new(f), f->server), ERROR_PIPE_CONNECTED);
  assert_read(f, f->server, "ab");
  error = ImpersonateNamedPipeClient(f->server) ? 0 : GetLastError();
  RevertToSelf();
  if (error == 0 || error == ERROR_CANNOT_IMPERSONATE) {
    answer_give(error == 0 ? "yes" : "no", "%s", "");
  }
  answer_error(error);
}

NP_QUESTION(
    "questions/remote-client-refused", MODE_BYTE,
    "What does a client from the network get that PIPE_REJECT_REMOTE_CLIENTS "
    "refuses?",
    "np_client_connect goes on or gives up by this code.", "platform/open/*",
    ANSWER("access-denied", "ERROR_ACCESS_DENIED", "nobody",
           "remote_refused_status=0xC0000022"),
    ANSWER("bad-netpath", "ERROR_BAD_NETPATH", "nobody",
           "remote_refused_status=0xC00000BE"),
    ANSWER("opens", "it is not refused", "nobody", ""),
    ANSWER("no-network", "\\\\localhost\\pipe\\ leads nowhere here", "Wine",
           "")) {
  static const char host[] = "\\\\localhost";
  wchar_t name[NAME_CHARS_MAX + sizeof(host)];
  size_t length = sizeof(host) - 1;
  HANDLE client;

  for (size_t i = 0; i < length; i++) {
    name[i] = (wchar_t)host[i];
  }
  for (size_t i = 3; f->name[i] != 0; i++) {
    name[length++] = f->name[i];
  }
  name[length] = 0;
  f->server = instance_open(f, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                            PIPE_TYPE_BYTE, 2);
  assert_call(f->server != INVALID_HANDLE_VALUE);
  client = CreateFileW(name, BOTH, 0, NULL, OPEN_EXISTING, 0, NULL);
  if (client == INVALID_HANDLE_VALUE) {
    answer_give("no-network", "error %lu", (unsigned long)GetLastError());
  }
  win_own(f, client);
  win_close(f, &f->server);
  win_close(f, &client);
  f->server = instance_open(f, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                            PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS, 2);
  assert_call(f->server != INVALID_HANDLE_VALUE);
  client = CreateFileW(name, BOTH, 0, NULL, OPEN_EXISTING, 0, NULL);
  if (client != INVALID_HANDLE_VALUE) {
    answer_give("opens", "%s", "");
  }
  switch (GetLastError()) {
    case ERROR_ACCESS_DENIED:
      answer_give("access-denied", "%s", "");
    case ERROR_BAD_NETPATH:
      answer_give("bad-netpath", "%s", "");
    default:
      answer_error(GetLastError());
  }
}

NP_QUESTION("questions/app-container-in-token", NO_MODE,
            "Does a token tell whether it belongs to an app container?",
            "np_server_create lets app containers in by their SID, where there "
            "are any.",
            "access-kinds/app-server",
            ANSWER("known", "GetTokenInformation knows TokenAppContainerSid",
                   "TOKEN_INFORMATION_CLASS: Windows 8 and later",
                   "no_app_containers=false"),
            ANSWER("unknown", "it refuses the class",
                   "the same page: Windows 7", "no_app_containers=true")) {
  /* A SID has at most 68 bytes. */
  union {
    PSID sid;
    UCHAR bytes[sizeof(PSID) + 68];
  } answer;
  HANDLE token = NULL;
  DWORD size = 0;

  assert_call(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
  win_own(f, token);
  answer_give(GetTokenInformation(token, TokenAppContainerSid, &answer,
                                  sizeof(answer), &size)
                  ? "known"
                  : "unknown",
              "%s", "");
}

NP_QUESTION(
    "questions/foreign-owner", NO_MODE,
    "May a pipe be made whose owner is a SID that the creator may not assign, "
    "such as Everyone?",
    "np_server_create with an SDDL that names an owner.", "platform/security/*",
    ANSWER("refused", "ERROR_INVALID_OWNER",
           "the page of SECURITY_DESCRIPTOR's rules for owners", ""),
    ANSWER("made", "it is made", "Wine", "")) {
  PSECURITY_DESCRIPTOR descriptor = NULL;
  SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};
  HANDLE pipe;

  assert_call(ConvertStringSecurityDescriptorToSecurityDescriptorW(
      L"O:WDD:(A;;GA;;;WD)", SDDL_REVISION_1, &descriptor, NULL));
  attributes.lpSecurityDescriptor = descriptor;
  pipe = CreateNamedPipeW(f->name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                          PIPE_TYPE_BYTE, 1, QUOTA, QUOTA, 0, &attributes);
  if (pipe != INVALID_HANDLE_VALUE) {
    answer_give("made", "%s", "");
  }
  if (GetLastError() == ERROR_INVALID_OWNER) {
    answer_give("refused", "%s", "");
  }
  answer_error(GetLastError());
}
