/* WaitNamedPipeW: waits for an instance and blocks its thread meanwhile. */
#include "fixture.h"

struct wait {
  const wchar_t *name;
  DWORD timeout_ms;
};

static DWORD WINAPI wait_pipe(void *argument) {
  const struct wait *wait = argument;

  return WaitNamedPipeW(wait->name, wait->timeout_ms) ? 0 : GetLastError();
}

NP_PLATFORM_CASE("platform/wait/no-such-pipe", WaitNamedPipeW, NO_MODE,
                 ERROR_FILE_NOT_FOUND,
                 "A wait for a name that nobody serves fails at once.",
                 "wine kernel32/tests/pipe.c#test_wait_pipe") {
  assert_refused(WaitNamedPipeW(f->name, NMPWAIT_WAIT_FOREVER),
                 ERROR_FILE_NOT_FOUND);
}

NP_PLATFORM_CASE("platform/wait/listening", WaitNamedPipeW, NO_MODE, NO_ERROR,
                 "A fresh instance ends a wait at once, without "
                 "ConnectNamedPipe, and the wait does not take it.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  pair_listen(f);
  assert_call(WaitNamedPipeW(f->name, NMPWAIT_NOWAIT));
  assert_call(WaitNamedPipeW(f->name, NMPWAIT_WAIT_FOREVER));
  pair_connect(f);
}

NP_PLATFORM_CASE("platform/wait/timeout", WaitNamedPipeW, NO_MODE,
                 ERROR_SEM_TIMEOUT,
                 "With all instances taken a wait fails when its time is over.",
                 "wine kernel32/tests/pipe.c#test_wait_pipe") {
  uint64_t start;

  pair_create(f);
  assert_refused(WaitNamedPipeW(f->name, NMPWAIT_NOWAIT), ERROR_SEM_TIMEOUT);
  start = world_now_ms();
  assert_refused(WaitNamedPipeW(f->name, 60), ERROR_SEM_TIMEOUT);
  assert_true(world_now_ms() - start >= 60 - 32); /* clock ticks of 15.6 ms */
}

NP_PLATFORM_CASE("platform/wait/default-timeout", WaitNamedPipeW, NO_MODE,
                 ERROR_SEM_TIMEOUT,
                 "NMPWAIT_USE_DEFAULT_WAIT waits for the server's default, "
                 "which is 50 ms when it gave 0.",
                 "CreateNamedPipeW#parameters; museum N04") {
  pair_create(f);
  /* A busy machine can delay one wait, so the case tries five times. */
  for (int i = 0; i < 5; i++) {
    uint64_t start = world_now_ms();

    assert_refused(WaitNamedPipeW(f->name, NMPWAIT_USE_DEFAULT_WAIT),
                   ERROR_SEM_TIMEOUT);
    assert_true(world_now_ms() - start >= 50 - 32);
  }
}

NP_PLATFORM_CASE("platform/wait/new-instance", WaitNamedPipeW, NO_MODE,
                 NO_ERROR, "A new instance ends the wait.",
                 "wine kernel32/tests/pipe.c#test_wait_pipe") {
  struct wait wait = {f->name, WAIT_MS};
  HANDLE worker;

  f->server = instance_create(f, 2);
  client_connect(f);
  worker = worker_start(f, wait_pipe, &wait);
  assert_true(worker_is_blocked(worker));
  instance_create(f, 2);
  assert_error(worker_join(worker), 0);
}

NP_PLATFORM_CASE("platform/wait/listens-again", WaitNamedPipeW, NO_MODE,
                 NO_ERROR,
                 "An instance that listens again ends the wait; neither the "
                 "close of its client nor the disconnect alone does.",
                 "wine kernel32/tests/pipe.c#test_wait_pipe; museum A26") {
  struct wait wait = {f->name, WAIT_MS};
  HANDLE worker;

  pair_create(f);
  worker = worker_start(f, wait_pipe, &wait);
  win_close(f, &f->client);
  assert_true(worker_is_blocked(worker));
  win_disconnect(f);
  assert_true(worker_is_blocked(worker));
  assert_error(connect_start(io_new(f), f->server), ERROR_IO_PENDING);
  assert_error(worker_join(worker), 0);
}

NP_PLATFORM_CASE("platform/wait/all-who-wait", WaitNamedPipeW, NO_MODE,
                 NO_ERROR,
                 "One new instance ends all waits; the first client that "
                 "opens it gets it.",
                 "wine kernel32/tests/pipe.c#test_wait_pipe; museum N06") {
  struct wait wait = {f->name, WAIT_MS};
  HANDLE workers[3];

  f->server = instance_create(f, 2);
  client_connect(f);
  for (size_t i = 0; i < 3; i++) {
    workers[i] = worker_start(f, wait_pipe, &wait);
  }
  assert_true(worker_is_blocked(workers[2]));
  instance_create(f, 2);
  for (size_t i = 0; i < 3; i++) {
    assert_error(worker_join(workers[i]), 0);
  }
  client_connect(f);
  assert_not_opened(client_open(f, GENERIC_READ, 0), ERROR_PIPE_BUSY);
}

NP_PLATFORM_CASE("platform/wait/name-vanishes", WaitNamedPipeW, NO_MODE,
                 ERROR_FILE_NOT_FOUND,
                 "When the last server handle is closed a wait ends with the "
                 "name not found.",
                 "MS-FSCC#FSCTL_PIPE_WAIT") {
  struct wait wait = {f->name, WAIT_MS};
  HANDLE worker;

  pair_create(f);
  worker = worker_start(f, wait_pipe, &wait);
  assert_true(worker_is_blocked(worker));
  win_close(f, &f->server);
  assert_error(worker_join(worker), ERROR_FILE_NOT_FOUND);
}
