/* The spellings of a name: which are one pipe, in each function that takes a
 * name, and which are not. */
#include "client_common.h"
#include "library/listener/listener_common.h"
#include "spellings.h"

#include <stdio.h>

enum { SPELLED_BYTES_MAX = WORLD_PIPE_NAME_BYTES_MAX + 64 };

#define ROOT_UNITS (sizeof "\\\\.\\pipe\\" - 1)

/* f->name in another spelling. */
static const char *spelled(const np_fixture *f,
                           const struct spelling *spelling) {
  static char name[SPELLED_BYTES_MAX];

  snprintf(name, sizeof(name), "%s%s%s", spelling->before, f->name + ROOT_UNITS,
           spelling->after);
  return name;
}

/* The same in capitals, where they are letters of ASCII. */
static const char *capitals(const np_fixture *f) {
  static char name[SPELLED_BYTES_MAX];

  snprintf(name, sizeof(name), "%s", f->name);
  for (char *at = name; *at != '\0'; at++) {
    if (*at >= 'a' && *at <= 'z') {
      *at = (char)(*at - 'a' + 'A');
    }
  }
  return name;
}

static void pair_talks(np_fixture *f) {
  assert_passes(f, f->client, f->server, "x", 1);
  pair_close(f);
}

/* --- One pipe ------------------------------------------------------------ */

NP_CASE("name-spelling/server", np_server_create, NO_MODE, NP_OK,
        "A server may use any spelling that Windows accepts. A client with "
        "another spelling of the same name finds it.",
        "Naming Files, Paths, and Namespaces") {
  for (size_t i = 0; i < SPELLINGS_COUNT; i++) {
    assert_np_ok(
        np_server_create(f->loop, spelled(f, &spellings[i]), NULL, &f->server));
    assert_np_ok(np_client_open(f->loop, f->name, NULL, &f->client));
    pair_talks(f);
  }
  assert_np_ok(np_server_create(f->loop, capitals(f), NULL, &f->server));
  assert_np_ok(np_client_open(f->loop, f->name, NULL, &f->client));
  pair_talks(f);
}

NP_CASE("name-spelling/server-of-the-system", np_server_create, NO_MODE, NP_OK,
        "A server that was created under any spelling is found by CreateFile "
        "under the plain name.",
        "Naming Files, Paths, and Namespaces") {
  wchar_t name[WORLD_PIPE_NAME_BYTES_MAX];

  raw_name(f, name);
  for (size_t i = 0; i < SPELLINGS_COUNT; i++) {
    assert_np_ok(
        np_server_create(f->loop, spelled(f, &spellings[i]), NULL, &f->server));
    f->raw = raw_own(f, CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL,
                                    OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL));
    assert_true(f->raw != INVALID_HANDLE_VALUE);
    raw_close(f, f->raw);
    pipe_close_wait(f, f->server);
  }
}

NP_CASE("name-spelling/client", np_client_open, NO_MODE, NP_OK,
        "A client may have any spelling that Windows takes of its server's "
        "name.",
        "Naming Files, Paths, and Namespaces") {
  for (size_t i = 0; i < SPELLINGS_COUNT; i++) {
    server_listen(f);
    assert_np_ok(
        np_client_open(f->loop, spelled(f, &spellings[i]), NULL, &f->client));
    pair_talks(f);
  }
  server_listen(f);
  assert_np_ok(np_client_open(f->loop, capitals(f), NULL, &f->client));
  pair_talks(f);
}

NP_CASE("name-spelling/listener", np_listener_create, NO_MODE, NP_OK,
        "A listener may have any spelling, and all its instances have the one "
        "name.",
        "Naming Files, Paths, and Namespaces") {
  for (size_t i = 0; i < SPELLINGS_COUNT; i++) {
    listening_begin(f, 1);
    assert_np_ok(np_listener_create(f->loop, spelled(f, &spellings[i]),
                                    &listening.options, on_pipe,
                                    &listening.listener));
    for (unsigned client = 1; client <= 2; client++) {
      np_pipe *opened = client_add(f);

      museum_echo(f, accepted(f, client), opened);
      pipe_close_wait(f, opened);
    }
    listening_close_wait(f);
  }
}

NP_CASE("name-spelling/connect", np_client_connect, NO_MODE, NP_OK,
        "A request may have any spelling, where an instance listens.",
        "Naming Files, Paths, and Namespaces") {
  for (unsigned i = 0; i < SPELLINGS_COUNT; i++) {
    struct requester *client = &f->requests[i];

    server_listen(f);
    request_begin_name(f, client, spelled(f, &spellings[i]), 0);
    assert_request_ends(f, client, NP_OK);
    pipe_close_wait(f, f->server);
  }
}

NP_CASE("name-spelling/waits", np_client_connect, NO_MODE, NP_OK,
        "A request of any spelling waits while all instances are taken, and "
        "gets the next.",
        "MS-FSCC#FSCTL_PIPE_WAIT") {
  server_listen(f);
  client_open_end(f);
  for (unsigned i = 0; i < SPELLINGS_COUNT; i++) {
    struct requester *client = &f->requests[i];

    request_begin_name(f, client, spelled(f, &spellings[i]), 0);
    loop_settle(f);
    assert_int_equal(client->done_count, 0);
    server_add(f);
    assert_request_ends(f, client, NP_OK);
  }
}

NP_CASE("name-spelling/wait-in-the-kernel", np_client_connect, NO_MODE, NP_OK,
        "A request waits in the kernel, and does not poll, also where its "
        "spelling is not the plain one.",
        "MS-FSCC#FSCTL_PIPE_WAIT") {
  static const struct spelling below_root[] = {
      {"\\\\?\\pipe\\", ""}, {"//./PIPE//", ""}, {"\\\\.\\pipe\\a\\..\\", "."}};
  uint64_t opens = 0;
  uint64_t made = 0;

  server_listen(f);
  client_open_end(f);
  calls_since("CreateFileW", &opens, &made);
  for (unsigned i = 0; i < sizeof(below_root) / sizeof(below_root[0]); i++) {
    request_begin_name(f, &f->requests[i], spelled(f, &below_root[i]), 0);
  }
  loop_quiet(f);
  /* The first tries once, and each that comes behind it has it try again. A
   * line that polls tries more often. */
  if (calls_since("CreateFileW", &opens, &made)) {
    assert_true(made <= sizeof(below_root) / sizeof(below_root[0]));
  }
  for (unsigned i = 0; i < sizeof(below_root) / sizeof(below_root[0]); i++) {
    request_cancel(&f->requests[i]);
    request_until(f, &f->requests[i]);
  }
}

NP_CASE("name-spelling/one-line", np_client_connect, NO_MODE, NP_OK,
        "Requests for one name in different spellings stand in one line, in "
        "the order in which they began.",
        "npipe/client.h") {
  const struct spelling *const below_root = spellings; /* the first ones */
  enum { CLIENTS = 8 };

  server_listen(f);
  client_open_end(f);
  for (unsigned i = 0; i < CLIENTS; i++) {
    request_begin_name(f, &f->requests[i], spelled(f, &below_root[i]), 0);
    loop_settle(f);
  }
  request_begin_name(f, &f->requests[CLIENTS], capitals(f), 0);
  for (unsigned i = 0; i <= CLIENTS; i++) {
    server_add(f);
    request_until(f, &f->requests[i]);
    assert_request(&f->requests[i], NP_OK);
    loop_settle(f);
    assert_true(i == CLIENTS || f->requests[i + 1].done_count == 0);
  }
}

/* --- Other pipes --------------------------------------------------------- */

NP_CASE("name-spelling/other-client", np_client_open, NO_MODE,
        ERROR_FILE_NOT_FOUND,
        "Some spellings look like the name of the pipe and are other names: "
        "with a slash at the end, with LOCAL\\ in front, or, if they begin "
        "with \\\\?\\, with dots, blanks or slashes. They do not open the "
        "pipe.",
        "Naming Files, Paths, and Namespaces; wine "
        "ntdll/tests/pipe.c#test_pipe_names") {
  np_pipe *client = NULL;

  server_listen(f);
  for (size_t i = 0; i < OTHERS_COUNT; i++) {
    assert_np_error(
        np_client_open(f->loop, spelled(f, &others[i]), NULL, &client),
        ERROR_FILE_NOT_FOUND);
  }
}

NP_CASE("name-spelling/other-server", np_server_create, NO_MODE, NP_OK,
        "Names that look alike are pipes of their own, each with its client.",
        "Naming Files, Paths, and Namespaces; wine "
        "ntdll/tests/pipe.c#test_pipe_names") {
  np_pipe *plain;

  server_listen(f);
  plain = f->server;
  f->server = NULL;
  for (size_t i = 0; i < OTHERS_COUNT; i++) {
    const char *name = spelled(f, &others[i]);

    assert_np_ok(np_server_create(f->loop, name, NULL, &f->server));
    assert_np_ok(np_client_open(f->loop, name, NULL, &f->client));
    pair_talks(f);
  }
  pipe_own(f, plain);
}

NP_CASE("name-spelling/other-line", np_client_connect, NO_MODE, NP_OK,
        "Requests for names that look alike wait apart: an instance of one "
        "name serves its own request alone.",
        "npipe/client.h") {
  struct requester *plain = &f->requests[0];
  np_pipe *taken[2] = {NULL, NULL};

  server_listen(f);
  client_open_end(f);
  request_begin(f, plain, 0);
  for (unsigned i = 1; i <= OTHERS_COUNT; i++) {
    struct requester *other = &f->requests[i];
    const char *name = spelled(f, &others[i - 1]);
    np_pipe *served = NULL;

    for (unsigned end = 0; end < 2; end++) {
      assert_np_ok((end == 0 ? np_server_create(f->loop, name, NULL, &taken[0])
                             : np_client_open(f->loop, name, NULL, &taken[1])));
      pipe_own(f, taken[end]);
    }
    request_begin_name(f, other, name, 0);
    loop_settle(f);
    assert_int_equal(other->done_count, 0);
    assert_np_ok(np_server_create(f->loop, name, NULL, &served));
    pipe_own(f, served);
    assert_request_ends(f, other, NP_OK);
    assert_passes(f, other->client, served, "x", 1);
    assert_int_equal(plain->done_count, 0);
  }
  server_add(f);
  assert_request_ends(f, plain, NP_OK);
}

/* --- No pipe ------------------------------------------------------------- */

NP_CASE("name-spelling/elsewhere", np_client_open, NO_MODE, ERROR_INVALID_NAME,
        "A spelling that Windows folds into no pipe is refused, to servers, "
        "clients and requests: neither a device nor a file is opened.",
        "Naming Files, Paths, and Namespaces") {
  struct requester *client = &f->requests[0];

  for (size_t i = 0; i < ELSEWHERE_COUNT; i++) {
    const char *name = spelled(f, &elsewhere[i]);
    np_pipe *pipe = NULL;

    assert_np_error(np_server_create(f->loop, name, NULL, &pipe),
                    ERROR_INVALID_NAME);
    assert_np_error(np_client_open(f->loop, name, NULL, &pipe),
                    ERROR_INVALID_NAME);
    assert_np_error(np_client_connect(f->loop, &client->request, name, NULL, 0,
                                      on_client_never),
                    ERROR_INVALID_NAME);
  }
}

/* --- Hosts --------------------------------------------------------------- */

NP_CASE("name-spelling/host", np_client_open, NO_MODE, ERROR_FILE_NOT_FOUND,
        "A client may name a machine in any spelling. Windows decides which "
        "error it gets if the machine or the pipe does not exist.",
        "Pipe Names") {
  static const struct spelling hosts[] = {
      {"//localhost/pipe/", ""},
      {"\\\\localhost\\pipe\\\\", "."},
      {"\\\\?\\UNC\\localhost\\pipe\\", ""},
      {"\\\\.\\UNC\\localhost\\pipe\\", ""}};

  for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
    np_pipe *pipe = NULL;
    np_error error =
        np_client_open(f->loop, spelled(f, &hosts[i]), NULL, &pipe);

    assert_null(pipe);
    assert_true(error != NP_OK && error != ERROR_INVALID_NAME &&
                error != ERROR_INVALID_PARAMETER);
    assert_np_error(
        np_server_create(f->loop, spelled(f, &hosts[i]), NULL, &pipe),
        ERROR_INVALID_NAME);
  }
}

NP_CASE("name-spelling/host-alone", np_client_open, NO_MODE, ERROR_INVALID_NAME,
        "A host without a pipe is no name, and neither is another share.",
        "Pipe Names") {
  static const char *const names[] = {"\\\\localhost",
                                      "\\\\localhost\\pipe",
                                      "\\\\localhost\\pipe\\",
                                      "//localhost/pipes/x",
                                      "\\\\?\\UNC\\",
                                      "\\\\?\\UNC\\localhost\\pipe\\",
                                      "\\\\?\\UNC\\\\pipe\\x",
                                      "\\\\?\\UNC\\localhost/pipe/x",
                                      "\\\\?\\UN\\localhost\\pipe\\x"};

  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    np_pipe *pipe = NULL;

    assert_np_error(np_client_open(f->loop, names[i], NULL, &pipe),
                    ERROR_INVALID_NAME);
  }
}
