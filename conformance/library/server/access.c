/* The presets of np_access: which rights a pipe's security descriptor grants. A
 * single user can check only this; users.c checks what other users can do. */
#include "library/fixture.h"

#include <winternl.h>

enum { INSTANCES = 5, DESCRIPTOR_BYTES = 1024, ENTRIES_MAX = 4 };

/* Security descriptor of a pipe, copied into memory of its own. */
struct security {
  union {
    SECURITY_DESCRIPTOR_RELATIVE header;
    unsigned char bytes[DESCRIPTOR_BYTES];
  } descriptor;
  const void *owner;
  WORD entry_count;
  struct {
    BYTE type;
    DWORD mask;
    const void *sid;
  } entries[ENTRIES_MAX];
};

static void security_read(struct security *security, np_pipe *pipe) {
  const SECURITY_DESCRIPTOR_RELATIVE *header = &security->descriptor.header;
  const unsigned char *bytes = security->descriptor.bytes;
  const unsigned char *at;
  DWORD size = 0;
  ACL dacl;

  memset(security, 0, sizeof(*security));
  assert_true(GetKernelObjectSecurity(
      np_pipe_handle(pipe),
      OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
      &security->descriptor, sizeof(security->descriptor), &size));
  assert_int_not_equal(header->Owner, 0);
  assert_int_not_equal(header->Dacl, 0);
  security->owner = bytes + header->Owner;
  memcpy(&dacl, bytes + header->Dacl, sizeof(dacl));
  assert_in_range(dacl.AceCount, 0, ENTRIES_MAX);
  security->entry_count = dacl.AceCount;
  at = bytes + header->Dacl + sizeof(dacl);
  for (WORD i = 0; i < dacl.AceCount; i++) {
    ACE_HEADER ace;

    memcpy(&ace, at, sizeof(ace));
    security->entries[i].type = ace.AceType;
    memcpy(&security->entries[i].mask, at + sizeof(ace), sizeof(DWORD));
    security->entries[i].sid = at + sizeof(ace) + sizeof(DWORD);
    at += ace.AceSize;
  }
}

/* own_sid returns the SID of this process's user. */
static const void *own_sid(void) {
  static union {
    TOKEN_USER user;
    unsigned char bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
  } answer;
  HANDLE token = NULL;
  DWORD size = 0;

  assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
  assert_true(
      GetTokenInformation(token, TokenUser, &answer, sizeof(answer), &size));
  CloseHandle(token);
  return answer.user.User.Sid;
}

/* assert_label checks that the pipe's mandatory label denies every access to
 * processes below `level`. */
static void assert_label(np_pipe *pipe, DWORD level) {
  union {
    SECURITY_DESCRIPTOR_RELATIVE header;
    unsigned char bytes[DESCRIPTOR_BYTES];
  } answer;
  const unsigned char *ace;
  DWORD found = 0;
  DWORD size = 0;

  assert_true(GetKernelObjectSecurity(np_pipe_handle(pipe),
                                      LABEL_SECURITY_INFORMATION, &answer,
                                      sizeof(answer), &size));
  assert_int_not_equal(answer.header.Sacl, 0);
  ace = answer.bytes + answer.header.Sacl + sizeof(ACL);
  assert_int_equal(ace[0], SYSTEM_MANDATORY_LABEL_ACE_TYPE);
  memcpy(&found, ace + 4, sizeof(found));
  assert_int_equal(found, SYSTEM_MANDATORY_LABEL_NO_WRITE_UP |
                              SYSTEM_MANDATORY_LABEL_NO_READ_UP |
                              SYSTEM_MANDATORY_LABEL_NO_EXECUTE_UP);
  memcpy(&found, ace + 16, sizeof(found));
  assert_int_equal(found, level);
}

static bool is_sid(const void *sid, const void *other) {
  return EqualSid((PSID)sid, (PSID)other) != FALSE;
}

NP_CASE("access/current-user-descriptor", np_server_create, NO_MODE, NP_OK,
        "NP_ACCESS_CURRENT_USER: the user, and not a group, owns the pipe, and "
        "nobody but the user has an entry, which is for everything.",
        "Named Pipe Security and Access Rights; museum X04 X11") {
  struct security security;

  f->server_options.access = NP_ACCESS_CURRENT_USER;
  server_listen(f);
  security_read(&security, f->server);
  assert_true(is_sid(security.owner, own_sid()));
  assert_int_equal(security.entry_count, 1);
  assert_int_equal(security.entries[0].type, ACCESS_ALLOWED_ACE_TYPE);
  assert_int_equal(security.entries[0].mask, FILE_ALL_ACCESS);
  assert_true(is_sid(security.entries[0].sid, own_sid()));
}

NP_CASE("access/authenticated-users-descriptor", np_server_create, NO_MODE,
        NP_OK,
        "With NP_ACCESS_AUTHENTICATED_USERS, users who have logged on get all "
        "rights to read and write, except FILE_CREATE_PIPE_INSTANCE.",
        "Named Pipe Security and Access Rights; museum X04") {
  static const SID everybody_known = {1, 1, {{0, 0, 0, 0, 0, 5}}, {11}};
  struct security security;

  f->server_options.access = NP_ACCESS_AUTHENTICATED_USERS;
  server_listen(f);
  security_read(&security, f->server);
  assert_true(is_sid(security.owner, own_sid()));
  assert_int_equal(security.entry_count, 2);
  assert_int_equal(security.entries[0].type, ACCESS_ALLOWED_ACE_TYPE);
  assert_int_equal(security.entries[0].mask, FILE_ALL_ACCESS);
  assert_true(is_sid(security.entries[0].sid, own_sid()));
  assert_int_equal(security.entries[1].type, ACCESS_ALLOWED_ACE_TYPE);
  assert_int_equal(
      security.entries[1].mask,
      (FILE_GENERIC_READ | FILE_GENERIC_WRITE) & ~FILE_CREATE_PIPE_INSTANCE);
  assert_true(is_sid(security.entries[1].sid, &everybody_known));
}

/* five_instances creates five instances at the same time; each serves a
 * client. */
static void five_instances(np_fixture *f) {
  np_pipe *servers[INSTANCES];

  for (int i = 0; i < INSTANCES; i++) {
    servers[i] = NULL;
    servers[i] = server_add(f);
    client_open_end(f);
    pipe_own(f, f->client);
    connect_begin(&f->ops[0], servers[i]);
    loop_until_count(f, &f->ops[0].done_count, (unsigned)i + 1);
    assert_np_ok(f->ops[0].result);
    assert_passes(f, f->client, servers[i], "ping", 4);
    assert_passes(f, servers[i], f->client, "pong", 4);
    f->client = NULL;
  }
}

NP_CASE("access/current-user-instances", np_server_create, ANY_MODE, NP_OK,
        "The current user may create five instances one after another, and a "
        "client of each connects.",
        "Named Pipe Security and Access Rights; museum X10") {
  f->server_options.access = NP_ACCESS_CURRENT_USER;
  five_instances(f);
}

NP_CASE("access/authenticated-users-instances", np_server_create, ANY_MODE,
        NP_OK,
        "With a preset that admits all logged-on users, the creator can still "
        "create five instances.",
        "Named Pipe Security and Access Rights; museum X10") {
  f->server_options.access = NP_ACCESS_AUTHENTICATED_USERS;
  five_instances(f);
}

NP_CASE("access/first-instance", np_server_create, NO_MODE, NP_OK,
        "A preset goes with first_instance and with rights of the handle.",
        "npipe/server.h") {
  f->server_options.access = NP_ACCESS_CURRENT_USER;
  f->server_options.first_instance = true;
  f->server_options.write_dac = true;
  pair_open(f);
  assert_passes(f, f->server, f->client, "abc", 3);
}

NP_CASE("access/not-inheritable", np_server_create, NO_MODE, NP_OK,
        "With a preset, too, no child process inherits the handle.",
        "SECURITY_ATTRIBUTES") {
  DWORD flags = 0;

  f->server_options.access = NP_ACCESS_AUTHENTICATED_USERS;
  server_listen(f);
  assert_true(GetHandleInformation(np_pipe_handle(f->server), &flags));
  assert_int_equal(flags & HANDLE_FLAG_INHERIT, 0);
}

NP_CASE("access/default", np_server_options_init, NO_MODE, NP_OK,
        "By default a pipe is for the caller's user alone, and for nobody of "
        "less integrity.",
        "npipe/server.h") {
  struct security security;
  np_server_options options = server_options();

  assert_int_equal(options.access, NP_ACCESS_CURRENT_USER);
  assert_false(options.low_integrity);
  assert_null(options.app_container);
  server_listen(f);
  security_read(&security, f->server);
  assert_true(is_sid(security.owner, own_sid()));
  assert_int_equal(security.entry_count, 1);
  assert_true(is_sid(security.entries[0].sid, own_sid()));
  assert_label(f->server, SECURITY_MANDATORY_MEDIUM_RID);
}

NP_CASE("access/unknown", np_server_create, NO_MODE, ERROR_INVALID_PARAMETER,
        "An invalid np_access value is refused.", "npipe/server.h") {
  f->server_options.access = (np_access)3;
  assert_server_refused(f, ERROR_INVALID_PARAMETER);
}

NP_CASE("access/windows-default", np_server_create, NO_MODE, NP_OK,
        "NP_ACCESS_WINDOWS_DEFAULT sets no list and no label of its own.",
        "Named Pipe Security and Access Rights") {
  f->server_options.access = NP_ACCESS_WINDOWS_DEFAULT;
  pair_open(f);
  assert_passes(f, f->server, f->client, "abc", 3);
}

NP_CASE("access/low-integrity-descriptor", np_server_create, NO_MODE, NP_OK,
        "low_integrity gives the pipe a low label, and changes nothing else.",
        "Mandatory Integrity Control") {
  struct security security;

  f->server_options.low_integrity = true;
  server_listen(f);
  security_read(&security, f->server);
  assert_int_equal(security.entry_count, 1);
  assert_label(f->server, SECURITY_MANDATORY_LOW_RID);
}

NP_CASE("access/app-container-descriptor", np_server_create, NO_MODE, NP_OK,
        "app_container adds an entry to read and write for the container, and "
        "a low label.",
        "Mandatory Integrity Control") {
  static const unsigned char all_packages[] = {1, 2, 0, 0, 0, 0, 0, 15,
                                               2, 0, 0, 0, 1, 0, 0, 0};
  struct security security;

  f->server_options.app_container = "AC";
  server_listen(f);
  security_read(&security, f->server);
  assert_int_equal(security.entry_count, 2);
  assert_int_equal(
      security.entries[1].mask,
      (FILE_GENERIC_READ | FILE_GENERIC_WRITE) & ~FILE_CREATE_PIPE_INSTANCE);
  assert_true(is_sid(security.entries[1].sid, all_packages));
  assert_label(f->server, SECURITY_MANDATORY_LOW_RID);
}

NP_CASE("access/app-container-invalid", np_server_create, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "app_container takes the SID of a container, or AC, and nothing more.",
        "npipe/server.h") {
  static const char *const texts[] = {"",
                                      "WD",
                                      "ac",
                                      "S-1-1-0",
                                      "S-1-15-2-",
                                      "S-1-15-3-1",
                                      "AC)(A;;GA;;;WD",
                                      "S-1-15-2-1)(A;;GA;;;WD",
                                      "S-1-15-2-1 "};
  char big[4096];

  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    f->server_options.app_container = texts[i];
    assert_server_refused(f, ERROR_INVALID_PARAMETER);
  }
  memset(big, '1', sizeof(big) - 1);
  big[sizeof(big) - 1] = 0;
  memcpy(big, "S-1-15-2-", 9);
  f->server_options.app_container = big;
  assert_server_refused(f, ERROR_INVALID_PARAMETER);
}

NP_CASE("access/alone", np_server_create, NO_MODE, ERROR_INVALID_PARAMETER,
        "Options that set the security twice are refused. A preset, SDDL and a "
        "descriptor exclude one another. Further users can be admitted only "
        "together with a preset.",
        "npipe/server.h") {
  SECURITY_DESCRIPTOR descriptor;
  SECURITY_ATTRIBUTES attributes = {sizeof(attributes), &descriptor, FALSE};

  assert_true(
      InitializeSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION));
  f->server_options.access = NP_ACCESS_AUTHENTICATED_USERS;
  f->server_options.sddl = "D:(A;;GA;;;WD)";
  assert_server_refused(f, ERROR_INVALID_PARAMETER);
  f->server_options.sddl = NULL;
  f->server_options.security_attributes = &attributes;
  assert_server_refused(f, ERROR_INVALID_PARAMETER);
  f->server_options.access = NP_ACCESS_CURRENT_USER;
  f->server_options.low_integrity = true;
  assert_server_refused(f, ERROR_INVALID_PARAMETER);
  f->server_options.security_attributes = NULL;
  f->server_options.sddl = "D:(A;;GA;;;WD)";
  assert_server_refused(f, ERROR_INVALID_PARAMETER);
  f->server_options.sddl = NULL;
  f->server_options.access = NP_ACCESS_WINDOWS_DEFAULT;
  assert_server_refused(f, ERROR_INVALID_PARAMETER);
  f->server_options.low_integrity = false;
  f->server_options.app_container = "AC";
  assert_server_refused(f, ERROR_INVALID_PARAMETER);
}

NP_CASE("access/attributes-without-descriptor", np_server_create, NO_MODE,
        NP_OK,
        "Attributes that only say whether the handle is inherited leave the "
        "preset in force.",
        "npipe/server.h") {
  SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};
  struct security security;

  f->server_options.security_attributes = &attributes;
  server_listen(f);
  security_read(&security, f->server);
  assert_int_equal(security.entry_count, 1);
  assert_true(is_sid(security.entries[0].sid, own_sid()));
}
