/* The presets of np_access, as far as one user can tell. What they do to others
 * is in users.c. */
#include "fixture.h"

#include <winternl.h>

enum { INSTANCES = 5, DESCRIPTOR_BYTES = 1024, ENTRIES_MAX = 4 };

/* What a pipe's descriptor says, in storage of its own. */
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

/* The user of this process. */
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

static bool is_sid(const void *sid, const void *other) {
  return EqualSid((PSID)sid, (PSID)other) != FALSE;
}

static void create_refused(np_fixture *f, np_error expected) {
  np_pipe *server = NULL;

  assert_np_error(
      np_server_create(f->loop, f->name, &f->server_options, &server),
      expected);
  assert_null(server);
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
        "NP_ACCESS_AUTHENTICATED_USERS: those who have logged on may read and "
        "write all but FILE_CREATE_PIPE_INSTANCE.",
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

/* The instances are all there at once, and each serves a client. */
static void five_instances(np_fixture *f) {
  np_pipe *servers[INSTANCES];

  for (int i = 0; i < INSTANCES; i++) {
    servers[i] = NULL;
    assert_np_ok(
        np_server_create(f->loop, f->name, &f->server_options, &servers[i]));
    pipe_own(f, servers[i]);
    client_open_end(f);
    pipe_own(f, f->client);
    connect_begin(&f->ops[0], servers[i]);
    loop_until_count(f, &f->ops[0].done_count, (unsigned)i + 1);
    assert_np_ok(f->ops[0].result);
    pipe_send(f, f->client, "ping", 4);
    assert_received(f, servers[i], "ping", 4);
    pipe_send(f, servers[i], "pong", 4);
    assert_received(f, f->client, "pong", 4);
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
        "Where all who have logged on may talk, the creator may create five "
        "instances.",
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
  pipe_send(f, f->server, "abc", 3);
  assert_received(f, f->client, "abc", 3);
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
        "The default is that of Windows.", "npipe/server.h") {
  np_server_options options;

  np_server_options_init(&options);
  assert_int_equal(options.access, NP_ACCESS_DEFAULT);
  assert_int_equal(f->server_options.access, NP_ACCESS_DEFAULT);
}

NP_CASE("access/unknown", np_server_create, NO_MODE, ERROR_INVALID_PARAMETER,
        "What is no np_access is refused.", "npipe/server.h") {
  f->server_options.access = (np_access)3;
  create_refused(f, ERROR_INVALID_PARAMETER);
}

NP_CASE("access/alone", np_server_create, NO_MODE, ERROR_INVALID_PARAMETER,
        "A preset goes neither with SDDL nor with attributes.",
        "npipe/server.h") {
  SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};

  f->server_options.access = NP_ACCESS_CURRENT_USER;
  f->server_options.sddl = "D:(A;;GA;;;WD)";
  create_refused(f, ERROR_INVALID_PARAMETER);
  f->server_options.sddl = NULL;
  f->server_options.security_attributes = &attributes;
  create_refused(f, ERROR_INVALID_PARAMETER);
}
