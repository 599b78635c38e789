/* Security descriptors and impersonation, as far as one user can test them. */
#include "fixture.h"

#include <sddl.h>
#include <string.h>

#ifndef ERROR_INVALID_LABEL
#define ERROR_INVALID_LABEL 1299 /* mingw-w64 has no name for it */
#endif

#define BOTH (GENERIC_READ | GENERIC_WRITE)

/* sddl_open creates an instance with a security descriptor. The last error is
 * that of the create. */
static HANDLE sddl_open(struct platform *f, const wchar_t *sddl,
                        DWORD instances_max) {
  SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};
  HANDLE pipe;
  DWORD error;

  assert_call(ConvertStringSecurityDescriptorToSecurityDescriptorW(
      sddl, SDDL_REVISION_1, &attributes.lpSecurityDescriptor, NULL));
  pipe = CreateNamedPipeW(f->name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE,
                          instances_max, 0, 0, 0, &attributes);
  error = GetLastError();
  LocalFree(attributes.lpSecurityDescriptor);
  if (pipe != INVALID_HANDLE_VALUE) {
    win_own(f, pipe);
  }
  SetLastError(error);
  return pipe;
}

NP_PLATFORM_CASE("platform/security/sddl",
                 ConvertStringSecurityDescriptorToSecurityDescriptorW, NO_MODE,
                 NO_ERROR,
                 "A descriptor written as text serves a pipe, and a text that "
                 "is none is refused.",
                 "ConvertStringSecurityDescriptorToSecurityDescriptorW"
                 "#return-value") {
  PSECURITY_DESCRIPTOR descriptor = NULL;

  assert_call(sddl_open(f, L"D:(A;;GA;;;WD)", 4) != INVALID_HANDLE_VALUE);
  assert_call(client_open(f, BOTH, 0) != INVALID_HANDLE_VALUE);
  assert_false(ConvertStringSecurityDescriptorToSecurityDescriptorW(
      L"not a descriptor", SDDL_REVISION_1, &descriptor, NULL));
}

NP_PLATFORM_CASE("platform/security/client-denied", CreateFileW, NO_MODE,
                 ERROR_ACCESS_DENIED,
                 "A client without the wanted rights in the pipe's DACL is "
                 "refused; with them it opens.",
                 "ipc/named-pipe-security-and-access-rights#remarks") {
  assert_call(sddl_open(f, L"D:(A;;GR;;;WD)", 4) != INVALID_HANDLE_VALUE);
  assert_not_opened(client_open(f, BOTH, 0), ERROR_ACCESS_DENIED);
  assert_call(client_open(f, GENERIC_READ, 0) != INVALID_HANDLE_VALUE);
}

NP_PLATFORM_CASE("platform/security/denied-before-busy", CreateFileW, NO_MODE,
                 ERROR_ACCESS_DENIED,
                 "A denial shows even when all instances are taken.",
                 "reactos npfs#NpCreateClientEnd") {
  assert_call(sddl_open(f, L"D:(A;;GR;;;WD)", 4) != INVALID_HANDLE_VALUE);
  assert_call(client_open(f, GENERIC_READ, 0) != INVALID_HANDLE_VALUE);
  assert_not_opened(client_open(f, GENERIC_READ, 0), ERROR_PIPE_BUSY);
  assert_not_opened(client_open(f, BOTH, 0), ERROR_ACCESS_DENIED);
}

/* 0x12019B is read and write without FILE_CREATE_PIPE_INSTANCE (4). */
NP_PLATFORM_CASE("platform/security/further-instance-denied", CreateNamedPipeW,
                 NO_MODE, ERROR_ACCESS_DENIED,
                 "A further instance needs FILE_CREATE_PIPE_INSTANCE in the "
                 "DACL of the first; a client does not.",
                 "ipc/named-pipe-security-and-access-rights#remarks; "
                 "museum X10") {
  assert_call(sddl_open(f, L"D:(A;;0x12019B;;;WD)", 4) != INVALID_HANDLE_VALUE);
  assert_not_opened(sddl_open(f, L"D:(A;;GA;;;WD)", 4), ERROR_ACCESS_DENIED);
  assert_call(client_open(f, BOTH, 0) != INVALID_HANDLE_VALUE);
}

NP_PLATFORM_CASE("platform/security/denied-before-full", CreateNamedPipeW,
                 NO_MODE, ERROR_ACCESS_DENIED,
                 "The DACL is checked before the limit of instances.",
                 "wine ntdll/tests/om.c#test_zero_access") {
  assert_call(sddl_open(f, L"D:(A;;0x12019B;;;WD)", 1) != INVALID_HANDLE_VALUE);
  assert_not_opened(sddl_open(f, L"D:(A;;GA;;;WD)", 1), ERROR_ACCESS_DENIED);
}

/* impersonated_level impersonates the client of f->server, queries the level,
 * and reverts. */
static DWORD impersonated_level(struct platform *f) {
  SECURITY_IMPERSONATION_LEVEL level = SecurityAnonymous;
  HANDLE token = NULL;
  DWORD size = 0;

  assert_call(ImpersonateNamedPipeClient(f->server));
  assert_call(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token));
  assert_call(RevertToSelf());
  win_own(f, token);
  assert_call(GetTokenInformation(token, TokenImpersonationLevel, &level,
                                  sizeof(level), &size));
  return (DWORD)level;
}

static void client_write_with(struct platform *f, DWORD flags) {
  struct io *connect = io_new(f);

  pair_listen(f);
  assert_error(connect_start(connect, f->server), ERROR_IO_PENDING);
  f->client = client_open(f, BOTH, FILE_FLAG_OVERLAPPED | flags);
  assert_call(f->client != INVALID_HANDLE_VALUE);
  assert_result(io_wait(connect, f->server), 0, 0);
  assert_result(win_write(f, f->client, "ab", 2), 0, 2);
  assert_read(f, f->server, "ab");
}

NP_PLATFORM_CASE("platform/security/impersonate", ImpersonateNamedPipeClient,
                 ANY_MODE, NO_ERROR,
                 "After a read the server can act as its client, by default "
                 "on the level impersonation; RevertToSelf ends it.",
                 "ImpersonateNamedPipeClient#remarks") {
  HANDLE token = NULL;

  client_write_with(f, 0);
  assert_int_equal(impersonated_level(f), SecurityImpersonation);
  assert_refused(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token),
                 ERROR_NO_TOKEN);
}

NP_PLATFORM_CASE("platform/security/identification", ImpersonateNamedPipeClient,
                 NO_MODE, NO_ERROR,
                 "A client that grants identification is impersonated on that "
                 "level.",
                 "CreateFileW#parameters") {
  client_write_with(f, SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION);
  assert_int_equal(impersonated_level(f), SecurityIdentification);
}

static void early_client_write_with(struct platform *f, DWORD flags) {
  pair_listen(f);
  f->client = client_open(f, BOTH, FILE_FLAG_OVERLAPPED | flags);
  assert_call(f->client != INVALID_HANDLE_VALUE);
  assert_error(connect_start(io_new(f), f->server), ERROR_PIPE_CONNECTED);
  assert_result(win_write(f, f->client, "ab", 2), 0, 2);
  assert_read(f, f->server, "ab");
}

NP_PLATFORM_CASE("platform/security/early-client-tracked",
                 ImpersonateNamedPipeClient, ANY_MODE, NO_ERROR,
                 "A client with dynamic tracking that opened before "
                 "ConnectNamedPipe is impersonated after a read.",
                 "reactos npfs#NpGetClientSecurityContext") {
  early_client_write_with(f, SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION |
                                 SECURITY_CONTEXT_TRACKING);
  assert_int_equal(impersonated_level(f), SecurityIdentification);
}

/* Open: Wine says the first, ReactOS the second. */
NP_PLATFORM_CASE(
    "platform/security/early-client-static", ImpersonateNamedPipeClient,
    ANY_MODE, NO_ERROR,
    "A client with static tracking that opened before ConnectNamedPipe is "
    "impersonated after a read, or is refused with ERROR_CANNOT_IMPERSONATE.",
    "reactos npfs#NpInitializeSecurity") {
  early_client_write_with(f, SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION);
  if (ImpersonateNamedPipeClient(f->server)) {
    assert_call(RevertToSelf());
    assert_int_equal(impersonated_level(f), SecurityIdentification);
  } else {
    assert_error(GetLastError(), ERROR_CANNOT_IMPERSONATE);
  }
}

NP_PLATFORM_CASE("platform/security/identification-opens-nothing",
                 OpenThreadToken, NO_MODE, ERROR_BAD_IMPERSONATION_LEVEL,
                 "While it impersonates on the level identification, a thread "
                 "can open its token as the process, but not as the client.",
                 "OpenThreadToken#parameters") {
  HANDLE token = NULL;
  BOOL opened;
  DWORD error;

  client_write_with(f, SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION);
  assert_call(ImpersonateNamedPipeClient(f->server));
  opened = OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, FALSE, &token);
  error = GetLastError();
  assert_call(RevertToSelf());
  if (opened) {
    CloseHandle(token);
  }
  assert_false(opened);
  assert_int_equal(error, ERROR_BAD_IMPERSONATION_LEVEL);
}

NP_PLATFORM_CASE("platform/security/impersonate-too-early",
                 ImpersonateNamedPipeClient, NO_MODE, ERROR_CANNOT_IMPERSONATE,
                 "A server cannot impersonate before its first read.",
                 "wine kernel32/tests/pipe.c#test_ImpersonateNamedPipeClient") {
  pair_listen(f);
  assert_refused(ImpersonateNamedPipeClient(f->server),
                 ERROR_CANNOT_IMPERSONATE);
  pair_connect(f);
  assert_refused(ImpersonateNamedPipeClient(f->server),
                 ERROR_CANNOT_IMPERSONATE);
}

NP_PLATFORM_CASE("platform/security/impersonate-after-close",
                 ImpersonateNamedPipeClient, NO_MODE, NO_ERROR,
                 "A client that has left can still be impersonated.",
                 "wine kernel32/tests/pipe.c#test_ImpersonateNamedPipeClient") {
  client_write_with(f, 0);
  win_close(f, &f->client);
  assert_int_equal(impersonated_level(f), SecurityImpersonation);
}

NP_PLATFORM_CASE("platform/security/impersonate-by-the-client",
                 ImpersonateNamedPipeClient, NO_MODE, ERROR_INVALID_FUNCTION,
                 "A client's handle cannot impersonate.",
                 "reactos npfs#NpCommonFileSystemControl") {
  pair_create(f);
  assert_refused(ImpersonateNamedPipeClient(f->client), ERROR_INVALID_FUNCTION);
}

NP_PLATFORM_CASE("platform/security/owner-of-another", CreateNamedPipeW,
                 NO_MODE, ERROR_INVALID_OWNER,
                 "A pipe cannot be given another user as owner without a "
                 "privilege.",
                 "SecAuthZ/taking-object-ownership-in-c--") {
  assert_not_opened(sddl_open(f, L"O:S-1-5-21-10-20-30-1002D:(A;;GA;;;WD)", 4),
                    ERROR_INVALID_OWNER);
  assert_not_opened(sddl_open(f, L"O:SYD:(A;;GA;;;WD)", 4),
                    ERROR_INVALID_OWNER);
}

/* label_of returns the integrity level of the label on `pipe`, or 0 if the pipe
 * has no label. */
static DWORD label_of(HANDLE pipe) {
  union {
    SECURITY_DESCRIPTOR_RELATIVE header;
    unsigned char bytes[512];
  } answer;
  DWORD size = 0;
  DWORD level = 0;

  assert_call(GetKernelObjectSecurity(pipe, LABEL_SECURITY_INFORMATION, &answer,
                                      sizeof(answer), &size));
  if ((answer.header.Control & SE_SACL_PRESENT) != 0 &&
      answer.header.Sacl != 0) {
    memcpy(&level, answer.bytes + answer.header.Sacl + sizeof(ACL) + 16,
           sizeof(level));
  }
  return level;
}

NP_PLATFORM_CASE("platform/security/label", CreateNamedPipeW, NO_MODE, NO_ERROR,
                 "The creator may label its pipe with its own integrity or "
                 "less, without a privilege. A handle with READ_CONTROL can "
                 "read the label.",
                 "SecAuthZ/mandatory-integrity-control") {
  HANDLE pipe = sddl_open(f, L"D:(A;;GA;;;WD)S:(ML;;NWNRNX;;;LW)", 4);

  assert_call(pipe != INVALID_HANDLE_VALUE);
  assert_int_equal(label_of(pipe), SECURITY_MANDATORY_LOW_RID);
}

NP_PLATFORM_CASE("platform/security/label-none", GetKernelObjectSecurity,
                 NO_MODE, NO_ERROR,
                 "A pipe of a process of medium integrity has no label, or "
                 "that of its creator.",
                 "SecAuthZ/mandatory-integrity-control") {
  HANDLE pipe = sddl_open(f, L"D:(A;;GA;;;WD)", 4);

  assert_call(pipe != INVALID_HANDLE_VALUE);
  assert_true(label_of(pipe) == 0 ||
              label_of(pipe) >= SECURITY_MANDATORY_MEDIUM_RID);
}

NP_PLATFORM_CASE("platform/security/label-above", CreateNamedPipeW, NO_MODE,
                 ERROR_INVALID_LABEL,
                 "A label above the creator's integrity is refused.",
                 "SecAuthZ/mandatory-integrity-control") {
  DWORD error;

  assert_true(sddl_open(f, L"D:(A;;GA;;;WD)S:(ML;;NW;;;SI)", 4) ==
              INVALID_HANDLE_VALUE);
  error = GetLastError();
  assert_true(error == ERROR_INVALID_LABEL ||
              error == ERROR_PRIVILEGE_NOT_HELD);
}

NP_PLATFORM_CASE("platform/security/token-size", GetTokenInformation, NO_MODE,
                 ERROR_INSUFFICIENT_BUFFER,
                 "A query without a buffer returns the size that it needs.",
                 "GetTokenInformation#parameters") {
  HANDLE token = NULL;
  DWORD needed = 0;

  assert_call(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
  win_own(f, token);
  assert_refused(GetTokenInformation(token, TokenUser, NULL, 0, &needed),
                 ERROR_INSUFFICIENT_BUFFER);
  assert_in_range(needed, sizeof(TOKEN_USER) + 12,
                  sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE);
}

NP_PLATFORM_CASE("platform/security/token-is-app-container",
                 GetTokenInformation, NO_MODE, NO_ERROR,
                 "The token of an ordinary program says that it is in no app "
                 "container (Windows 8 and later).",
                 "winnt/ne-winnt-token_information_class") {
  const TOKEN_INFORMATION_CLASS is_app_container = (TOKEN_INFORMATION_CLASS)29;
  HANDLE token = NULL;
  DWORD is_app = 1;
  DWORD size = 0;

  assert_call(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
  win_own(f, token);
  assert_call(GetTokenInformation(token, is_app_container, &is_app,
                                  sizeof(is_app), &size));
  assert_int_equal(size, sizeof(is_app));
  assert_int_equal(is_app, 0);
}

NP_PLATFORM_CASE("platform/security/token-integrity", GetTokenInformation,
                 NO_MODE, NO_ERROR,
                 "A token has its level of integrity as a SID S-1-16-LEVEL.",
                 "winnt/ns-winnt-token_mandatory_label") {
  static const SID_IDENTIFIER_AUTHORITY authority = {{0, 0, 0, 0, 0, 16}};
  union {
    TOKEN_MANDATORY_LABEL label;
    unsigned char bytes[sizeof(TOKEN_MANDATORY_LABEL) + SECURITY_MAX_SID_SIZE];
  } answer;
  const SID *sid;
  HANDLE token = NULL;
  DWORD size = 0;

  assert_call(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
  win_own(f, token);
  assert_call(GetTokenInformation(token, TokenIntegrityLevel, &answer,
                                  sizeof(answer), &size));
  sid = answer.label.Label.Sid;
  assert_memory_equal(&sid->IdentifierAuthority, &authority, sizeof(authority));
  assert_int_equal(sid->SubAuthorityCount, 1);
}
