/* Questions about tokens with few rights: what they may create and open. */
#include "questions.h"

#include <sddl.h>
#include <string.h>

#include "world.h"

/* The error of Windows for an instance of f->name; 0 if it was created. */
static DWORD create_error(struct platform *f) {
  HANDLE pipe = instance_open(f, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                              PIPE_TYPE_BYTE, 1);

  return pipe == INVALID_HANDLE_VALUE ? GetLastError() : 0;
}

NP_QUESTION(
    "questions/restricted-token-creates", NO_MODE,
    "May a thread with a token that is restricted to S-1-5-12 create a pipe?",
    "A service in a sandbox cannot use np_server_create if it may not.",
    "confined/restricted",
    ANSWER("denied", "ERROR_ACCESS_DENIED", "nobody",
           "restricted_creates=false"),
    ANSWER("created", "it may", "Wine", "restricted_creates=true")) {
  DWORD error;

  assert_true(world_confine("restricted"));
  error = create_error(f);
  RevertToSelf();
  if (error == 0) {
    answer_give("created", "%s", "");
  }
  if (error == ERROR_ACCESS_DENIED) {
    answer_give("denied", "%s", "");
  }
  answer_error(error);
}

/* name_in_container puts LOCAL\ before the last part of a pipe's name. */
static void name_in_container(wchar_t *out, const wchar_t *name) {
  static const wchar_t head[] = L"\\\\.\\pipe\\LOCAL\\";
  const size_t head_length = sizeof(head) / sizeof(head[0]) - 1;
  size_t i = 0;

  memcpy(out, head, sizeof(head));
  for (name += sizeof("\\\\.\\pipe\\") - 1; name[i] != 0; i++) {
    out[head_length + i] = name[i];
  }
  out[head_length + i] = 0;
}

NP_QUESTION(
    "questions/app-container-creates", NO_MODE,
    "Which names may a thread create that impersonates the token of an app "
    "container?",
    "np_server_create in a sandboxed program.", "confined/app-container-serves",
    ANSWER("local-alone", "those that begin with LOCAL\\ alone",
           "the page of CreateNamedPipe, Windows 10 1709", ""),
    ANSWER("any", "any name", "nobody", ""),
    ANSWER("none", "no name: its process makes the folder of LOCAL\\", "nobody",
           ""),
    ANSWER("no-container", "there are no such tokens here",
           "Wine, and Windows 7", "no_app_containers=true")) {
  wchar_t plain[NAME_CHARS_MAX];
  DWORD local_error;
  DWORD plain_error;

  if (!world_confine("app-container")) {
    answer_give("no-container", "%s", "");
  }
  memcpy(plain, f->name, sizeof(plain));
  name_in_container(f->name, plain);
  local_error = create_error(f);
  memcpy(f->name, plain, sizeof(plain));
  plain_error = create_error(f);
  RevertToSelf();
  if (local_error != 0) {
    answer_give(plain_error != 0 ? "none" : "any",
                "error %lu with LOCAL\\, %lu without",
                (unsigned long)local_error, (unsigned long)plain_error);
  }
  answer_give(plain_error != 0 ? "local-alone" : "any", "error %lu without",
              (unsigned long)plain_error);
}

NP_QUESTION(
    "questions/app-container-opens", NO_MODE,
    "May a thread with the token of an app container open a pipe whose list "
    "admits its user and all packages, but which has no label?",
    "app_container of np_server_options sets a label of low integrity, too.",
    "access-kinds/app-container",
    ANSWER("denied", "ERROR_ACCESS_DENIED: the label is needed, too", "nobody",
           ""),
    ANSWER("opens", "it may", "nobody", ""),
    ANSWER("no-container", "there are no such tokens here",
           "Wine, and Windows 7", "")) {
  SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};
  HANDLE client;
  DWORD error;

  assert_call(ConvertStringSecurityDescriptorToSecurityDescriptorW(
      L"D:(A;;GA;;;WD)(A;;GA;;;AC)", SDDL_REVISION_1,
      &attributes.lpSecurityDescriptor, NULL));
  f->server =
      CreateNamedPipeW(f->name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                       PIPE_TYPE_BYTE, 1, QUOTA, QUOTA, 0, &attributes);
  assert_call(f->server != INVALID_HANDLE_VALUE);
  win_own(f, f->server);
  if (!world_confine("app-container")) {
    answer_give("no-container", "%s", "");
  }
  client = CreateFileW(f->name, GENERIC_READ | GENERIC_WRITE, 0, NULL,
                       OPEN_EXISTING, 0, NULL);
  error = client == INVALID_HANDLE_VALUE ? GetLastError() : 0;
  RevertToSelf();
  if (error == 0) {
    answer_give("opens", "%s", "");
  }
  if (error == ERROR_ACCESS_DENIED) {
    answer_give("denied", "%s", "");
  }
  answer_error(error);
}
