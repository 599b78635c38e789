/* np_name_query: whether a server listens, without opening the pipe. */
#include "library/fixture.h"

#include <stdio.h>

static np_name_state state_of(const char *name) {
  np_name_state state = (np_name_state)99;

  assert_np_ok(np_name_query(name, &state));
  return state;
}

static void assert_query_error(const char *name, np_error error) {
  np_name_state state = (np_name_state)99;

  assert_np_error(np_name_query(name, &state), error);
  assert_int_equal(state, 99);
}

NP_CASE("name-query/listening", np_name_query, ANY_MODE, NP_OK,
        "A pipe with an instance that waits for a client is listening, before "
        "and after np_server_connect. The question takes no instance, and the "
        "server notices nothing.",
        "MS-FSCC#FSCTL_PIPE_WAIT") {
  f->server_options.instances_max = 1;
  server_listen(f);
  assert_int_equal(state_of(f->name), NP_NAME_LISTENING);
  connect_begin(&f->ops[0], f->server);
  assert_int_equal(state_of(f->name), NP_NAME_LISTENING);
  assert_quiet(f, 0);
  client_open_end(f);
  assert_next(&f->ops[0], NP_OK, 0);
  assert_passes(f, f->client, f->server, "ping", 4);
}

NP_CASE("name-query/busy", np_name_query, ANY_MODE, NP_OK,
        "A pipe whose instances all have a client is busy. With a further "
        "instance that waits for a client it is listening.",
        "MS-FSCC#FSCTL_PIPE_WAIT") {
  pair_open(f);
  assert_int_equal(state_of(f->name), NP_NAME_BUSY);
  server_add(f);
  assert_int_equal(state_of(f->name), NP_NAME_LISTENING);
}

NP_CASE("name-query/disconnected", np_name_query, NO_MODE, NP_OK,
        "A pipe whose only instance is disconnected is busy, until the server "
        "waits for the next client.",
        "MS-FSCC#FSCTL_PIPE_WAIT") {
  pair_open(f);
  assert_np_ok(np_server_disconnect(f->server));
  assert_int_equal(state_of(f->name), NP_NAME_BUSY);
  connect_begin(&f->ops[0], f->server);
  assert_int_equal(state_of(f->name), NP_NAME_LISTENING);
}

NP_CASE("name-query/missing", np_name_query, NO_MODE, NP_OK,
        "A name that was never created, or whose instances are all closed, is "
        "missing.",
        "MS-FSCC#FSCTL_PIPE_WAIT") {
  assert_int_equal(state_of(f->name), NP_NAME_MISSING);
  server_listen(f);
  pipe_close_wait(f, f->server);
  assert_int_equal(state_of(f->name), NP_NAME_MISSING);
}

NP_CASE("name-query/spelling", np_name_query, NO_MODE, NP_OK,
        "Each spelling below the prefix of the pipes asks for the same name, "
        "also one with backslashes in it.",
        "Naming Files, Paths, and Namespaces") {
  char name[WORLD_PIPE_NAME_BYTES_MAX * 2];

  snprintf(f->name + strlen(f->name), sizeof(f->name) - strlen(f->name), "\\x");
  server_listen(f);
  assert_int_equal(state_of(f->name), NP_NAME_LISTENING);
  snprintf(name, sizeof(name), "//./PIPE/%s", f->name + 9);
  assert_int_equal(state_of(name), NP_NAME_LISTENING);
  snprintf(name, sizeof(name), "\\\\?\\pipe\\%s", f->name + 9);
  assert_int_equal(state_of(name), NP_NAME_LISTENING);
  snprintf(name, sizeof(name), "\\\\?\\pipe\\%s.", f->name + 9);
  assert_int_equal(state_of(name), NP_NAME_MISSING);
}

NP_CASE("name-query/other-prefix", np_name_query, NO_MODE, ERROR_NOT_SUPPORTED,
        "A name with a prefix that leads to the pipes by another way is "
        "refused.",
        "npipe/names.h") {
  assert_query_error("\\\\?\\Global\\pipe\\npipe", ERROR_NOT_SUPPORTED);
  assert_query_error("\\\\?\\GLOBALROOT\\Device\\NamedPipe\\npipe",
                     ERROR_NOT_SUPPORTED);
}

NP_CASE("name-query/no-name", np_name_query, NO_MODE, ERROR_INVALID_NAME,
        "A text that names no pipe of this machine is refused.",
        "npipe/names.h") {
  assert_query_error("", ERROR_INVALID_NAME);
  assert_query_error("npipe", ERROR_INVALID_NAME);
  assert_query_error("\\\\.\\pipe\\", ERROR_INVALID_NAME);
  assert_query_error("\\\\host\\pipe\\npipe", ERROR_INVALID_NAME);
}

NP_CASE("name-query/long", np_name_query, NO_MODE, ERROR_FILENAME_EXCED_RANGE,
        "A name that is too long is refused.", "npipe/names.h") {
  char name[300];

  memset(name, 'x', sizeof(name));
  memcpy(name, "\\\\.\\pipe\\", 9);
  name[257] = 0;
  assert_query_error(name, ERROR_FILENAME_EXCED_RANGE);
  name[256] = 0;
  assert_int_equal(state_of(name), NP_NAME_MISSING);
}

NP_CASE("name-query/no-text", np_name_query, NO_MODE,
        ERROR_NO_UNICODE_TRANSLATION, "A name that is not UTF-8 is refused.",
        "npipe/names.h") {
  assert_query_error("\\\\.\\pipe\\\xFF", ERROR_NO_UNICODE_TRANSLATION);
}

NP_CASE("name-query/null", np_name_query, NO_MODE, ERROR_INVALID_PARAMETER,
        "Without a name or a place for the state the call is refused.",
        "npipe/names.h") {
  assert_query_error(NULL, ERROR_INVALID_PARAMETER);
  assert_invalid(np_name_query(f->name, NULL));
}

NP_CASE("name-query/other-user", np_name_query, NO_MODE, NP_OK,
        "The question needs no right on the pipe.",
        "Named Pipe Security and Access Rights") {
  become("alice");
  f->server_options.access = NP_ACCESS_CURRENT_USER;
  server_listen(f);
  become("bob");
  assert_client_refused(f, ERROR_ACCESS_DENIED);
  assert_int_equal(state_of(f->name), NP_NAME_LISTENING);
}

NP_CASE("name-query/cost", np_name_query, NO_MODE, NP_OK,
        "The question makes three calls and allocates nothing.",
        "docs/performance.md") {
  uint64_t opens;
  uint64_t controls;
  uint64_t files;
  size_t allocations;

  server_listen(f);
  opens = calls("NtOpenFile");
  controls = calls("NtFsControlFile");
  files = calls("CreateFileW");
  allocations = f->allocator.total;
  assert_int_equal(state_of(f->name), NP_NAME_LISTENING);
  assert_int_equal(calls("NtOpenFile"), opens + 1);
  assert_int_equal(calls("NtFsControlFile"), controls + 1);
  assert_int_equal(calls("CreateFileW"), files);
  assert_int_equal(f->allocator.total, allocations);
}
