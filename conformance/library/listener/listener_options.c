/* What np_listener_create takes and refuses, and what it keeps. */
#include "listener_common.h"

static np_error create(np_fixture *f, const char *name) {
  np_listener *listener = NULL;
  np_error error = np_listener_create(f->loop, name, &listening.options,
                                      on_pipe_never, &listener);

  assert_true(error != NP_OK);
  assert_null(listener);
  return error;
}

NP_CASE("listener-options/defaults", np_listener_options_init, NO_MODE, NP_OK,
        "The default options are those that the header names; NULL is "
        "ignored.",
        "npipe/listener.h") {
  np_listener_options options;
  np_server_options server = server_options();

  memset(&options, 0xFF, sizeof options);
  np_listener_options_init(&options);
  server.size = options.server.size;
  assert_int_equal(options.size, sizeof options);
  assert_int_equal(options.backlog, 4);
  assert_int_equal(options.idle_max, 64);
  assert_int_equal(options.ghosts, NP_GHOSTS_WITH_DATA);
  assert_false(options.retry_first);
  assert_false(options.background);
  assert_null(options.on_error);
  assert_int_equal(options.server.size, sizeof server);
  assert_int_equal(options.server.mode, server.mode);
  assert_int_equal(options.server.access, NP_ACCESS_CURRENT_USER);
  assert_true(options.server.first_instance);
  assert_true(options.server.reject_remote_clients);
  assert_int_equal(options.server.instances_max, NP_INSTANCES_UNLIMITED);
  np_listener_options_init(NULL);
}

NP_CASE("listener-options/none", np_listener_create, NO_MODE, NP_OK,
        "Without options the defaults hold: four clients come at once.",
        "npipe/listener.h") {
  listening_begin(f, 1);
  assert_np_ok(
      np_listener_create(f->loop, f->name, NULL, on_pipe, &listening.listener));
  for (unsigned i = 0; i < 4; i++) {
    client_add(f);
  }
  assert_np_error(client_error(f), ERROR_PIPE_BUSY);
  accepted(f, 4);
}

NP_CASE("listener-options/invalid", np_listener_create, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "Each option that the header rules out, and each NULL, is refused and "
        "nothing is made.",
        "npipe/listener.h") {
  np_listener *listener = NULL;
  np_listener_options *o = &listening.options;

  listening_begin(f, 4);
  assert_invalid(
      np_listener_create(NULL, f->name, o, on_pipe_never, &listener));
  assert_invalid(np_listener_create(f->loop, f->name, o, NULL, &listener));
  assert_invalid(np_listener_create(f->loop, f->name, o, on_pipe_never, NULL));
  assert_invalid(create(f, NULL));
  o->size--;
  assert_invalid(create(f, f->name));
  o->size++;
  o->backlog = 0;
  assert_invalid(create(f, f->name));
  o->backlog = 1025;
  o->idle_max = 2000;
  assert_invalid(create(f, f->name));
  o->backlog = 4;
  o->idle_max = 3;
  assert_invalid(create(f, f->name));
  o->idle_max = 4;
  o->ghosts = (np_ghosts)3;
  assert_invalid(create(f, f->name));
  o->ghosts = NP_GHOSTS_ALL;
  o->server.inbound = false;
  o->server.outbound = false;
  assert_invalid(create(f, f->name));
  o->server.inbound = true;
  o->server.size++;
  assert_invalid(create(f, f->name));
  assert_np_error(client_error(f), ERROR_FILE_NOT_FOUND);
}

NP_CASE("listener-options/name", np_listener_create, NO_MODE,
        ERROR_INVALID_NAME,
        "A name that is not that of a pipe of this machine is refused, also "
        "with retry_first.",
        "npipe/listener.h") {
  listening_begin(f, 1);
  assert_np_error(create(f, "C:\\pipe"), ERROR_INVALID_NAME);
  assert_np_error(create(f, "\\\\.\\pipe\\"), ERROR_INVALID_NAME);
  listening.options.retry_first = true;
  assert_np_error(create(f, "\\\\host\\pipe\\x"), ERROR_INVALID_NAME);
}

NP_CASE("listener-options/name-too-long", np_listener_create, NO_MODE,
        ERROR_FILENAME_EXCED_RANGE, "A name of 257 characters is refused.",
        "CreateNamedPipe#parameters") {
  char name[258];

  listening_begin(f, 1);
  memset(name, 'x', sizeof name);
  memcpy(name, "\\\\.\\pipe\\", 9);
  name[257] = '\0';
  assert_np_error(create(f, name), ERROR_FILENAME_EXCED_RANGE);
}

NP_CASE("listener-options/name-not-utf8", np_listener_create, NO_MODE,
        ERROR_NO_UNICODE_TRANSLATION, "A name that is not UTF-8 is refused.",
        "npipe/listener.h") {
  listening_begin(f, 1);
  assert_np_error(create(f, "\\\\.\\pipe\\\xC3("),
                  ERROR_NO_UNICODE_TRANSLATION);
}

NP_CASE(
    "listener-options/no-memory", np_listener_create, ANY_MODE,
    ERROR_NOT_ENOUGH_MEMORY,
    "Each allocation fails once: before the first instance listens, the "
    "listener is not made and nothing is left. Later the listener tries again.",
    "npipe/listener.h") {
  const size_t live = f->allocator.live;
  unsigned failures = 0;
  np_error error;

  listening_begin(f, 2);
  listening.options.server.access = NP_ACCESS_WINDOWS_DEFAULT;
  listening.options.server.sddl = "D:(A;;GA;;;WD)";
  for (;;) {
    f->allocator.fail_at = f->allocator.total + failures + 1;
    error = np_listener_create(f->loop, f->name, &listening.options, on_pipe,
                               &listening.listener);
    f->allocator.fail_at = 0;
    if (error == NP_OK) {
      break;
    }
    assert_np_error(error, ERROR_NOT_ENOUGH_MEMORY);
    assert_int_equal(f->allocator.live, live);
    assert_np_error(client_error(f), ERROR_FILE_NOT_FOUND);
    failures++;
    assert_true(failures < 100);
  }
  assert_true(failures >= 3);
  assert_np_error(news(f, 1), ERROR_NOT_ENOUGH_MEMORY);
  assert_np_ok(news(f, 2));
}

NP_CASE("listener-options/sddl-not-utf8", np_listener_create, NO_MODE,
        ERROR_NO_UNICODE_TRANSLATION,
        "SDDL that is not valid UTF-8 is refused, and nothing is left.",
        "npipe/listener.h") {
  const size_t live = f->allocator.live;

  listening_begin(f, 1);
  listening.options.server.access = NP_ACCESS_WINDOWS_DEFAULT;
  listening.options.server.sddl = "D:(A;;GA;;;WD)\xFF";
  assert_np_error(create(f, f->name), ERROR_NO_UNICODE_TRANSLATION);
  assert_int_equal(f->allocator.live, live);
}

NP_CASE("listener-options/two-sources", np_listener_create, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "SDDL together with a preset for all users is refused, because only "
        "one of them may be given.",
        "npipe/listener.h") {
  listening_begin(f, 1);
  listening.options.server.access = NP_ACCESS_AUTHENTICATED_USERS;
  listening.options.server.sddl = "D:(A;;GA;;;WD)";
  assert_invalid(create(f, f->name));
}

NP_CASE("listener-options/denied", np_listener_create, NO_MODE,
        ERROR_ACCESS_DENIED,
        "A name whose first instance has another direction cannot be listened "
        "on.",
        "CreateNamedPipe#parameters") {
  listening_begin(f, 1);
  f->server_options.outbound = false;
  server_listen(f);
  assert_np_error(create(f, f->name), ERROR_ACCESS_DENIED);
}

NP_CASE("listener-options/first-taken", np_listener_create, NO_MODE,
        ERROR_ACCESS_DENIED,
        "With first_instance a name that another program has is refused: no "
        "client of it is ever talked to.",
        "CreateNamedPipe#parameters; museum X05") {
  listening_begin(f, 1);
  server_listen(f);
  listening.options.server.first_instance = true;
  assert_np_error(create(f, f->name), ERROR_ACCESS_DENIED);
}

NP_CASE("listener-options/full", np_listener_create, NO_MODE, ERROR_PIPE_BUSY,
        "A name that has as many instances as it may cannot be listened on.",
        "CreateNamedPipe#return-value") {
  listening_begin(f, 1);
  other_instance(f, 1);
  assert_np_error(create(f, f->name), ERROR_PIPE_BUSY);
}

NP_CASE("listener-options/first-of-many", np_listener_create, ANY_MODE, NP_OK,
        "first_instance and write_owner are for the first instance alone: the "
        "listener adds to its own name.",
        "CreateNamedPipe#parameters; museum X10") {
  listening_begin(f, 3);
  listening.options.server.first_instance = true;
  listening.options.server.write_owner = true;
  listening_open(f);
  for (unsigned i = 0; i < 6; i++) {
    client_add(f);
    accepted(f, i + 1);
  }
  assert_int_equal(listening.news_count, 0);
}

NP_CASE("listener-options/copied", np_listener_create, ANY_MODE, NP_OK,
        "The options, the name and the SDDL are the caller's again when "
        "np_listener_create has returned.",
        "npipe/listener.h") {
  char name[WORLD_PIPE_NAME_BYTES_MAX];
  char sddl[32] = "D:(A;;GA;;;WD)";

  listening_begin(f, 1);
  memcpy(name, f->name, sizeof name);
  listening.options.server.access = NP_ACCESS_WINDOWS_DEFAULT;
  listening.options.server.sddl = sddl;
  assert_np_ok(np_listener_create(f->loop, name, &listening.options, on_pipe,
                                  &listening.listener));
  memset(name, 'x', sizeof name);
  memset(sddl, 'x', sizeof sddl);
  memset(&listening.options, 0xFF, sizeof listening.options);
  for (unsigned i = 0; i < 3; i++) {
    client_add(f);
    accepted(f, i + 1);
  }
}

NP_CASE("listener-options/attributes", np_listener_create, NO_MODE, NP_OK,
        "Security attributes go to each instance; the struct is copied.",
        "CreateNamedPipe#parameters") {
  SECURITY_ATTRIBUTES attributes = {sizeof attributes, NULL, FALSE};
  DWORD flags = HANDLE_FLAG_INHERIT;

  listening_begin(f, 1);
  listening.options.server.access = NP_ACCESS_WINDOWS_DEFAULT;
  listening.options.server.security_attributes = &attributes;
  listening_open(f);
  memset(&attributes, 0xFF, sizeof attributes);
  for (unsigned i = 0; i < 3; i++) {
    client_add(f);
    assert_true(
        GetHandleInformation(np_pipe_handle(accepted(f, i + 1)), &flags));
    assert_int_equal(flags & HANDLE_FLAG_INHERIT, 0);
  }
}

NP_CASE("listener-options/inheritable", np_listener_create, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "With bInheritHandle no listener is made: a child's operations would "
        "send packets to the loop.",
        "CreateIoCompletionPort#remarks; npipe/server.h") {
  SECURITY_ATTRIBUTES attributes = {sizeof attributes, NULL, TRUE};

  listening_begin(f, 1);
  listening.options.server.security_attributes = &attributes;
  assert_invalid(np_listener_create(f->loop, f->name, &listening.options,
                                    on_pipe, &listening.listener));
  assert_null(listening.listener);
}

NP_CASE("listener-options/not-inherited", np_listener_create, NO_MODE, NP_OK,
        "No instance can be inherited, also with SDDL.",
        "CreateNamedPipe#parameters; museum P12") {
  DWORD flags = HANDLE_FLAG_INHERIT;

  listening_begin(f, 1);
  listening.options.server.access = NP_ACCESS_WINDOWS_DEFAULT;
  listening.options.server.sddl = "D:(A;;GA;;;WD)";
  listening_open(f);
  client_add(f);
  assert_true(GetHandleInformation(np_pipe_handle(accepted(f, 1)), &flags));
  assert_int_equal(flags & HANDLE_FLAG_INHERIT, 0);
}
