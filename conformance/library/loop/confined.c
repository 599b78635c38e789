/* A loop in a process with few rights, beside a program that disturbs, and with
 * hardly any handle left. A loop opens nothing but its port, so none of this
 * may keep it from being made. A pipe can be served wherever Windows itself
 * allows the caller to create one. */
#include "library/listener/listener_common.h"

#include <stdio.h>

static void confine(const char *how) {
  if (!world_confine(how)) {
    np_unresolved("there is no token for %s here", how);
  }
}

/* loop_make_and_use replaces the fixture's loop and runs a task and a timer on
 * the new one. */
static void loop_make_and_use(np_fixture *f) {
  np_loop_options options = loop_options();

  loop_remake(f, &options);
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 1, on_timer));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->tasks[0].run_count, 1);
  assert_int_equal(f->timers[0].run_count, 1);
}

static void talk(np_fixture *f) {
  assert_passes(f, f->client, f->server, "ping", 4);
  assert_passes(f, f->server, f->client, "pong", 4);
}

/* windows_error returns the error that Windows itself gives the caller for an
 * instance of the pipe, or 0. */
static DWORD windows_error(const np_fixture *f) {
  wchar_t name[WORLD_PIPE_NAME_BYTES_MAX];
  HANDLE pipe;
  DWORD error;

  raw_name(f, name);
  pipe = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                          PIPE_TYPE_BYTE, 1, 64, 64, 0, NULL);
  error = pipe == INVALID_HANDLE_VALUE ? GetLastError() : 0;
  if (pipe != INVALID_HANDLE_VALUE) {
    CloseHandle(pipe);
  }
  return error;
}

/* serve_if_allowed serves, opens and uses a pipe if Windows allows the caller
 * to create one; else np_server_create gives the error of Windows. */
static void serve_if_allowed(np_fixture *f) {
  const DWORD error = windows_error(f);

  if (error != 0) {
    assert_server_refused(f, error);
    return;
  }
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  client_open_end(f);
  assert_next(&f->ops[0], NP_OK, 0);
  talk(f);
}

NP_CASE("confined/restricted", np_loop_create, ANY_MODE, NP_OK,
        "The token is restricted to S-1-5-12. A loop can be created and used. "
        "A pipe can be created and opened if Windows allows it.",
        "CreateRestrictedToken#remarks") {
  confine("restricted");
  loop_make_and_use(f);
  f->server_options.sddl = "D:(A;;GA;;;WD)(A;;GA;;;RC)";
  serve_if_allowed(f);
}

NP_CASE("confined/limited", np_loop_create, ANY_MODE, NP_OK,
        "The token is restricted to SIDs of its own user. A loop can be "
        "created, and a pipe can be created and opened with the default "
        "access.",
        "CreateRestrictedToken#remarks") {
  confine("limited");
  loop_make_and_use(f);
  serve_if_allowed(f);
}

NP_CASE("confined/app-container", np_loop_create, NO_MODE, NP_OK,
        "In an app container a loop can be made and used.",
        "CreateIoCompletionPort") {
  confine("app-container");
  loop_make_and_use(f);
}

NP_CASE("confined/app-container-serves", np_loop_create, ANY_MODE, NP_OK,
        "In an app container a pipe below LOCAL\\ can be served and opened if "
        "Windows allows it.",
        "CreateNamedPipe#remarks") {
  char name[WORLD_PIPE_NAME_BYTES_MAX];

  confine("app-container");
  loop_make_and_use(f);
  memcpy(name, f->name, sizeof(name));
  snprintf(f->name, sizeof(f->name), "\\\\.\\pipe\\LOCAL\\%.48s",
           name + sizeof("\\\\.\\pipe\\") - 1);
  f->server_options.app_container = "AC";
  serve_if_allowed(f);
}

NP_CASE("confined/touched", np_loop_create, NO_MODE, NP_OK,
        "Beside a program that opens and closes every new pipe a loop can be "
        "made and used.",
        "CreateIoCompletionPort") {
  if (!world_touch_new()) {
    np_unresolved("no program touches new pipes here");
  }
  loop_make_and_use(f);
}

/* touch opens f->name and closes it at once. It returns false if no instance is
 * free. */
static bool touch(const np_fixture *f) {
  wchar_t name[WORLD_PIPE_NAME_BYTES_MAX];
  HANDLE client;

  raw_name(f, name);
  client =
      CreateFileW(name, FILE_READ_ATTRIBUTES, 0, NULL, OPEN_EXISTING, 0, NULL);
  if (client == INVALID_HANDLE_VALUE) {
    return false;
  }
  CloseHandle(client);
  return true;
}

NP_CASE("confined/touched-server", np_server_connect, ANY_MODE, NP_OK,
        "Another program opens the pipe of a server and closes it at once. The "
        "server is connected to it first, and serves the next client after "
        "np_server_disconnect.",
        "ConnectNamedPipe#remarks") {
  server_listen(f);
  assert_true(touch(f));
  connect_begin(&f->ops[0], f->server);
  assert_next(&f->ops[0], NP_OK, 0);
  server_listen_again(f, &f->ops[1]);
  client_open_end(f);
  loop_until(f, 2);
  assert_done(&f->ops[1], NP_OK, 0);
  talk(f);
}

enum { TOUCHES_MAX = 20 };

struct toucher {
  const np_fixture *f;
  HANDLE stop;
};

/* touch_often touches the pipe up to TOUCHES_MAX times, until `stop` is set. */
static DWORD WINAPI touch_often(void *argument) {
  const struct toucher *toucher = argument;
  DWORD count = 0;

  while (count < TOUCHES_MAX &&
         WaitForSingleObject(toucher->stop, 1) == WAIT_TIMEOUT) {
    count += touch(toucher->f);
  }
  return count;
}

static void then_read(np_fixture *f, np_pipe *pipe) {
  read_begin(&f->ops[listening.accepted_count], pipe, 4);
}

static void on_connected(np_client_request *request, np_error error,
                         np_pipe *client) {
  np_fixture *f = request->user;

  callback_begin();
  assert_np_ok(error);
  f->client = client;
  f->done_count++;
  callback_end();
}

static bool has_ping(const np_fixture *f) {
  for (size_t i = 1; i <= listening.accepted_count; i++) {
    if (f->ops[i].done_count > 0 && f->ops[i].result == NP_OK) {
      return f->ops[i].transferred == 4 &&
             memcmp(f->ops[i].buffer, "ping", 4) == 0;
    }
  }
  return false;
}

NP_CASE("confined/touched-listener", np_listener_create, ANY_MODE, NP_OK,
        "Beside a program that opens and closes its pipe again and again, a "
        "listener serves a client.",
        "ConnectNamedPipe#remarks") {
  const uint64_t end_ms = world_now_ms() + world_timeout_ms(LOOP_WAIT_MS);
  struct toucher toucher = {f, CreateEventW(NULL, TRUE, FALSE, NULL)};
  np_client_request request;
  HANDLE thread;

  assert_non_null(toucher.stop);
  listening_begin(f, 2);
  listening.then = then_read;
  listening_open(f);
  thread = museum_worker(touch_often, &toucher);
  np_client_request_init(&request);
  request.user = f;
  assert_np_ok(np_client_connect(f->loop, &request, f->name, &f->client_options,
                                 0, on_connected));
  loop_until_count(f, &f->done_count, 1);
  write_begin(&f->ops[0], f->client, "ping", 4);
  while (!has_ping(f) && world_now_ms() < end_ms) {
    loop_turn(f, 10);
  }
  assert_true(has_ping(f));
  assert_true(SetEvent(toucher.stop));
  assert_true(museum_join(f, thread) <= TOUCHES_MAX);
  CloseHandle(toucher.stop);
}

NP_CASE("confined/last-handle", np_loop_create, NO_MODE, NP_OK,
        "A process that may open one more handle can make and use a loop. A "
        "process that may open none gets the error of Windows.",
        "CreateIoCompletionPort") {
  np_loop *loop = NULL;

  if (!world_handles_left(1)) {
    np_unresolved("no limit of handles can be set here");
  }
  assert_np_ok(np_loop_create(NULL, &loop));
  assert_np_ok(np_loop_post(loop, &f->tasks[0].task, on_task));
  f->in_loop = true;
  assert_np_ok(np_loop_run(loop));
  f->in_loop = false;
  assert_int_equal(f->tasks[0].run_count, 1);
  assert_np_ok(np_loop_destroy(loop));
  loop = NULL;
  assert_true(world_handles_left(0));
  assert_np_error(np_loop_create(NULL, &loop), ERROR_NO_SYSTEM_RESOURCES);
  assert_null(loop);
}

NP_CASE("confined/last-handles-serve", np_server_create, ANY_MODE, NP_OK,
        "A server needs one handle, and a client one: a pipe can be served and "
        "opened with the last two handles.",
        "npipe/server.h") {
  if (!world_handles_left(2)) {
    np_unresolved("no limit of handles can be set here");
  }
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  client_open_end(f);
  assert_true(world_handles_left(0));
  assert_next(&f->ops[0], NP_OK, 0);
  talk(f);
}
