/* The options of a server end that set rights and security. */
#include "library/fixture.h"

#include <winternl.h>

/* access_of returns the rights that a handle was granted
 * (FileAccessInformation). */
static DWORD access_of(np_pipe *pipe) {
  IO_STATUS_BLOCK status;
  ACCESS_MASK access = 0;

  memset(&status, 0, sizeof(status));
  assert_int_equal(
      NtQueryInformationFile(np_pipe_handle(pipe), &status, &access,
                             sizeof(access), (FILE_INFORMATION_CLASS)8),
      0);
  return access;
}

NP_CASE("server-security/rights-default", np_server_create, NO_MODE, NP_OK,
        "By default the handle can neither change the pipe's DACL nor its "
        "owner.",
        "CreateNamedPipe#parameters") {
  server_listen(f);
  assert_int_equal(access_of(f->server) & (WRITE_DAC | WRITE_OWNER), 0);
}

NP_CASE("server-security/write-dac", np_server_create, NO_MODE, NP_OK,
        "write_dac adds the right to change the DACL.",
        "CreateNamedPipe#parameters") {
  f->server_options.write_dac = true;
  server_listen(f);
  assert_int_equal(access_of(f->server) & (WRITE_DAC | WRITE_OWNER), WRITE_DAC);
}

NP_CASE("server-security/write-owner", np_server_create, NO_MODE, NP_OK,
        "write_owner adds the right to change the owner.",
        "CreateNamedPipe#parameters") {
  f->server_options.write_owner = true;
  server_listen(f);
  assert_int_equal(access_of(f->server) & (WRITE_DAC | WRITE_OWNER),
                   WRITE_OWNER);
}

NP_CASE("server-security/write-owner-is-first", np_server_create, NO_MODE,
        ERROR_ACCESS_DENIED,
        "write_owner and first_instance are one bit: on an existing name each "
        "of them fails with the same error.",
        "CreateNamedPipe#parameters") {
  server_listen(f);
  f->server_options.write_owner = true;
  assert_server_refused(f, ERROR_ACCESS_DENIED);
}

NP_CASE("server-security/system-security", np_server_create, NO_MODE,
        ERROR_PRIVILEGE_NOT_HELD,
        "access_system_security needs a privilege that no process has enabled "
        "by default.",
        "CreateNamedPipe#parameters") {
  f->server_options.access_system_security = true;
  assert_server_refused(f, ERROR_PRIVILEGE_NOT_HELD);
}

static bool is_inheritable(np_pipe *pipe) {
  DWORD flags = 0;

  assert_true(GetHandleInformation(np_pipe_handle(pipe), &flags));
  return (flags & HANDLE_FLAG_INHERIT) != 0;
}

NP_CASE("server-security/not-inheritable", np_server_create, NO_MODE, NP_OK,
        "By default no child process inherits the handle, neither with SDDL.",
        "SECURITY_ATTRIBUTES") {
  server_listen(f);
  assert_false(is_inheritable(f->server));
  pipe_close_wait(f, f->server);
  f->server_options.sddl = "D:(A;;GA;;;WD)";
  server_listen(f);
  assert_false(is_inheritable(f->server));
}

NP_CASE("server-security/inheritable", np_server_create, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "With bInheritHandle no server is made: a child's operations would "
        "send packets to the loop.",
        "CreateIoCompletionPort#remarks; npipe/server.h") {
  SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, TRUE};
  np_pipe *server = NULL;

  f->server_options.security_attributes = &attributes;
  assert_invalid(
      np_server_create(f->loop, f->name, &f->server_options, &server));
  assert_null(server);
}

NP_CASE("server-security/sddl", np_server_create, NO_MODE, NP_OK,
        "A pipe made with SDDL that allows everybody everything works.",
        "ConvertStringSecurityDescriptorToSecurityDescriptor") {
  f->server_options.sddl = "D:(A;;GA;;;WD)";
  pair_open(f);
  assert_passes(f, f->server, f->client, "abc", 3);
}

NP_CASE("server-security/sddl-denies", np_client_open, NO_MODE,
        ERROR_ACCESS_DENIED,
        "A client that the SDDL denies cannot open the pipe.",
        "Named Pipe Security and Access Rights") {
  f->server_options.sddl = "D:(D;;GA;;;WD)";
  server_listen(f);
  assert_client_refused(f, ERROR_ACCESS_DENIED);
}

NP_CASE("server-security/sddl-denies-instances", np_server_create, NO_MODE,
        ERROR_ACCESS_DENIED,
        "A user to whom the SDDL gives only read access cannot create an "
        "instance.",
        "Named Pipe Security and Access Rights") {
  f->server_options.sddl = "D:(A;;GR;;;WD)";
  server_listen(f);
  f->server_options.sddl = NULL;
  f->server_options.access = NP_ACCESS_WINDOWS_DEFAULT;
  assert_server_refused(f, ERROR_ACCESS_DENIED);
}

NP_CASE("server-security/sddl-malformed", np_server_create, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "SDDL that Windows cannot read is its error, and no pipe comes to be.",
        "ConvertStringSecurityDescriptorToSecurityDescriptor") {
  np_pipe *pipe = NULL;
  np_error error;

  f->server_options.sddl = "no SDDL at all";
  error = np_server_create(f->loop, f->name, &f->server_options, &pipe);
  assert_int_not_equal(error, NP_OK);
  assert_null(pipe);
  assert_np_error(np_client_open(f->loop, f->name, NULL, &pipe),
                  ERROR_FILE_NOT_FOUND);
}

NP_CASE("server-security/sddl-not-utf8", np_server_create, NO_MODE,
        ERROR_NO_UNICODE_TRANSLATION, "SDDL that is no UTF-8 is refused.",
        "npipe/server.h") {
  f->server_options.sddl = "D:(A;;GA;;;WD)\xFF";
  assert_server_refused(f, ERROR_NO_UNICODE_TRANSLATION);
}

NP_CASE("server-security/sddl-and-attributes", np_server_create, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A descriptor comes from SDDL or from attributes, not from both.",
        "npipe/server.h") {
  SECURITY_DESCRIPTOR descriptor;
  SECURITY_ATTRIBUTES attributes = {sizeof(attributes), &descriptor, FALSE};

  assert_true(
      InitializeSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION));
  f->server_options.security_attributes = &attributes;
  f->server_options.sddl = "D:(A;;GA;;;WD)";
  assert_server_refused(f, ERROR_INVALID_PARAMETER);
}
