/* The presets of np_access, each against each kind of client: who can connect,
 * and who can create more instances. These cases run only where a case can act
 * as another user. */
#include "library/fixture.h"

#include <stdio.h>

/* The rights that a kind of client has on the pipe. */
enum reach { NOTHING, TALK, EVERYTHING };

struct kind {
  const char *user;
  enum reach reach;
};

/* raw_open_error opens the pipe with these rights alone. An open for attributes
 * uses up an instance, too. */
static DWORD raw_open_error(np_fixture *f, DWORD access) {
  wchar_t name[WORLD_PIPE_NAME_BYTES_MAX];
  HANDLE handle;
  DWORD error = 0;

  raw_name(f, name);
  handle = CreateFileW(name, access, 0, NULL, OPEN_EXISTING,
                       FILE_FLAG_OVERLAPPED, NULL);
  if (handle == INVALID_HANDLE_VALUE) {
    error = GetLastError();
  } else {
    CloseHandle(handle);
  }
  return error;
}

static np_error open_error(np_fixture *f, bool read, bool write) {
  np_client_options options = f->client_options;
  np_pipe *client = NULL;
  np_error error;

  options.read = read;
  options.write = write;
  error = np_client_open(f->loop, f->name, &options, &client);
  if (error == NP_OK) {
    pipe_close_wait(f, client);
  }
  return error;
}

/* create_error creates an instance without any preset, as a squatter would. */
static np_error create_error(np_fixture *f) {
  np_server_options options = server_options();
  np_pipe *server = NULL;
  np_error error;

  options.access = NP_ACCESS_WINDOWS_DEFAULT;
  error = np_server_create(f->loop, f->name, &options, &server);
  if (error == NP_OK) {
    pipe_close_wait(f, server);
  }
  return error;
}

static void check_kind(np_fixture *f, const struct kind *kind) {
  const np_error opened = kind->reach != NOTHING ? NP_OK : ERROR_ACCESS_DENIED;

  for (unsigned i = 1; i <= 3; i++) {
    become("alice");
    server_listen(f);
    become(kind->user);
    assert_np_error(open_error(f, (i & 1) != 0, (i & 2) != 0), opened);
    become("alice");
    pipe_close_wait(f, f->server);
  }
  server_listen(f);
  become(kind->user);
  if (kind->reach == NOTHING) {
    assert_int_equal(raw_open_error(f, FILE_READ_ATTRIBUTES),
                     ERROR_ACCESS_DENIED);
  } else if (kind->reach == TALK) {
    /* A process in an app container cannot create this name anyway: what its
     * entry grants shows here alone. */
    assert_int_equal(raw_open_error(f, WRITE_DAC), ERROR_ACCESS_DENIED);
  }
  assert_np_error(create_error(f),
                  kind->reach == EVERYTHING ? NP_OK : ERROR_ACCESS_DENIED);
  become("alice");
  pipe_close_wait(f, f->server);
}

static void check_kinds(np_fixture *f, const struct kind *kinds, size_t count) {
  for (size_t i = 0; i < count; i++) {
    check_kind(f, &kinds[i]);
  }
}

#define check(f, kinds) \
  check_kinds((f), (kinds), sizeof(kinds) / sizeof((kinds)[0]))

NP_CASE("access-kinds/current-user", np_server_create, NO_MODE, NP_OK,
        "NP_ACCESS_CURRENT_USER lets in processes of the user that have at "
        "least medium integrity, and nobody else.",
        "Mandatory Integrity Control; museum X04 X11") {
  static const struct kind kinds[] = {
      {"alice", EVERYTHING},  {"alice-high", EVERYTHING},
      {"alice-low", NOTHING}, {"alice-app", NOTHING},
      {"bob", NOTHING},       {"bob-app", NOTHING},
      {"admin", NOTHING},     {"service", NOTHING},
      {"system", NOTHING},    {"anonymous", NOTHING}};

  check(f, kinds);
}

NP_CASE("access-kinds/authenticated-users", np_server_create, NO_MODE, NP_OK,
        "NP_ACCESS_AUTHENTICATED_USERS lets other users talk, and shuts out "
        "what has low integrity.",
        "Mandatory Integrity Control; museum X04") {
  static const struct kind kinds[] = {
      {"alice", EVERYTHING},  {"alice-high", EVERYTHING},
      {"alice-low", NOTHING}, {"alice-app", NOTHING},
      {"bob", TALK},          {"bob-app", NOTHING},
      {"admin", TALK},        {"service", TALK},
      {"system", TALK},       {"anonymous", NOTHING}};

  f->server_options.access = NP_ACCESS_AUTHENTICATED_USERS;
  check(f, kinds);
}

NP_CASE("access-kinds/low-integrity", np_server_create, NO_MODE, NP_OK,
        "low_integrity lets in the user's processes of low integrity, but "
        "none in an app container, and no other user.",
        "Mandatory Integrity Control") {
  static const struct kind kinds[] = {
      {"alice", EVERYTHING},     {"alice-high", EVERYTHING},
      {"alice-low", EVERYTHING}, {"alice-app", NOTHING},
      {"bob", NOTHING},          {"bob-app", NOTHING},
      {"anonymous", NOTHING}};

  f->server_options.low_integrity = true;
  check(f, kinds);
}

NP_CASE("access-kinds/app-container", np_server_create, NO_MODE, NP_OK,
        "app_container lets in the user's processes in that container, to "
        "talk. They cannot create instances.",
        "Mandatory Integrity Control") {
  static const struct kind kinds[] = {{"alice", EVERYTHING},
                                      {"alice-app", TALK},
                                      {"bob", NOTHING},
                                      {"bob-app", NOTHING},
                                      {"anonymous", NOTHING}};
  static const struct kind others[] = {{"alice", EVERYTHING},
                                       {"alice-app", NOTHING}};

  f->server_options.app_container = "AC";
  check(f, kinds);
  f->server_options.app_container = "S-1-15-2-11-12-13-14-15-16-17";
  check(f, kinds);
  f->server_options.app_container = "S-1-15-2-11-12-13-14-15-16-18";
  check(f, others);
}

NP_CASE("access-kinds/app-container-of-all", np_server_create, NO_MODE, NP_OK,
        "With a preset for all users, app_container also admits other users' "
        "processes in this app container.",
        "Mandatory Integrity Control") {
  static const struct kind kinds[] = {{"alice", EVERYTHING},
                                      {"alice-app", TALK},
                                      {"bob", TALK},
                                      {"bob-app", TALK},
                                      {"anonymous", NOTHING}};

  f->server_options.access = NP_ACCESS_AUTHENTICATED_USERS;
  f->server_options.app_container = "AC";
  check(f, kinds);
}

/* serve_twice: user `server` creates two instances with the preset, and user
 * `client` opens one of them. */
static void serve_twice(np_fixture *f, const char *server, const char *client,
                        np_error expected) {
  become(server);
  server_listen(f);
  assert_np_ok(np_server_create(f->loop, f->name, &f->server_options,
                                &f->extra[f->extra_count]));
  f->extra_count++;
  become(client);
  assert_np_error(open_error(f, true, true), expected);
  become(server);
  pipe_close_wait(f, f->server);
  pipe_close_wait(f, f->extra[f->extra_count - 1]);
  become("alice");
}

NP_CASE("access-kinds/low-server", np_server_create, NO_MODE, NP_OK,
        "A server of low integrity may use a preset: its label is its own "
        "level, no more than it may give.",
        "Mandatory Integrity Control") {
  serve_twice(f, "alice-low", "alice-low", NP_OK);
  serve_twice(f, "alice-low", "alice", NP_OK);
  serve_twice(f, "alice-low", "anonymous", ERROR_ACCESS_DENIED);
  serve_twice(f, "alice-low", "bob", ERROR_ACCESS_DENIED);
  serve_twice(f, "anonymous", "anonymous", NP_OK);
}

NP_CASE("access-kinds/app-server", np_server_create, NO_MODE, NP_OK,
        "A server in an app container may use a preset, and add instances.",
        "CreateNamedPipe#remarks") {
  char name[WORLD_PIPE_NAME_BYTES_MAX];

  memcpy(name, f->name, sizeof(name));
  snprintf(f->name, sizeof(f->name), "\\\\.\\pipe\\LOCAL\\%.48s",
           name + sizeof("\\\\.\\pipe\\") - 1);
  serve_twice(f, "alice-app", "alice-app", NP_OK);
  serve_twice(f, "alice-app", "alice", NP_OK);
  serve_twice(f, "alice-app", "bob-app", ERROR_ACCESS_DENIED);
}
