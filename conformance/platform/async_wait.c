/* FSCTL_PIPE_WAIT on a completion port: waits for an instance without a blocked
 * thread. */
#include <string.h>

#include "fixture.h"

enum { TICKS_PER_MS = 10000 };

/* root_open_by opens the root of all pipes and joins it to the port. */
static HANDLE root_open_by(struct platform *f, const wchar_t *path) {
  HANDLE root;

  assert_status(nt_open_root(&root, path), NT_OK);
  win_own(f, root);
  port_new(f);
  assert_error(port_join(f, root, 7), 0);
  return root;
}

static HANDLE root_open(struct platform *f) {
  return root_open_by(f, L"\\Device\\NamedPipe\\");
}

/* wait_start starts a wait for the fixture's name, and returns the status. */
static DWORD wait_start(struct platform *f, HANDLE root, struct io *io,
                        int64_t timeout_ms) {
  const DWORD status =
      nt_wait(root, NULL, &io->overlapped, f->name, -timeout_ms * TICKS_PER_MS);

  io->pending = status == NT_PENDING;
  return status;
}

/* wait_finish returns the final status of the wait. A wait that fails at once
 * posts no packet. */
static DWORD wait_finish(struct platform *f, struct io *io, DWORD status) {
  if (status == NT_PENDING || status == NT_OK) {
    struct packet packet = packet_take(f, WAIT_MS);
    assert_true(packet.found);
    assert_ptr_equal(packet.overlapped, &io->overlapped);
    assert_int_equal(packet.key, 7);
    status = packet.status;
  }
  assert_no_packet(f);
  return status;
}

NP_PLATFORM_CASE("platform/async-wait/listening", NtFsControlFile, NO_MODE,
                 STATUS_SUCCESS,
                 "A fresh instance ends a wait at once, and is not taken.",
                 "wine ntdll/tests/pipe.c#wait_pipe") {
  HANDLE root = root_open(f);
  struct io *io = io_new_port(f);

  pair_listen(f);
  assert_status(wait_finish(f, io, wait_start(f, root, io, WAIT_MS)), NT_OK);
  client_connect(f);
}

NP_PLATFORM_CASE("platform/async-wait/no-such-pipe", NtFsControlFile, NO_MODE,
                 STATUS_OBJECT_NAME_NOT_FOUND,
                 "A wait for a name that nobody serves fails at once.",
                 "MS-FSCC#FSCTL_PIPE_WAIT; museum N03") {
  HANDLE root = root_open(f);
  struct io *io = io_new_port(f);

  assert_status(wait_finish(f, io, wait_start(f, root, io, WAIT_MS)),
                NT_OBJECT_NAME_NOT_FOUND);
}

NP_PLATFORM_CASE("platform/async-wait/timeout", NtFsControlFile, NO_MODE,
                 STATUS_IO_TIMEOUT,
                 "With all instances taken a wait pends, and its packet comes "
                 "when the time is over.",
                 "MS-FSCC#FSCTL_PIPE_WAIT") {
  HANDLE root = root_open(f);
  struct io *io = io_new_port(f);
  uint64_t start;

  pair_create(f);
  start = world_now_ms();
  assert_status(wait_start(f, root, io, 60), NT_PENDING);
  assert_status(wait_finish(f, io, NT_PENDING), NT_IO_TIMEOUT);
  assert_true(world_now_ms() - start >= 60 - 32); /* clock ticks of 15.6 ms */
}

NP_PLATFORM_CASE("platform/async-wait/new-instance", NtFsControlFile, NO_MODE,
                 STATUS_SUCCESS,
                 "A new instance ends all waits that are pending, also several "
                 "on one handle.",
                 "reactos npfs#NpCancelWaiter; museum N12") {
  HANDLE root = root_open(f);
  struct io *io[2];
  DWORD found = 0;

  f->server = instance_create(f, 2);
  client_connect(f);
  for (size_t i = 0; i < 2; i++) {
    io[i] = io_new_port(f);
    assert_status(wait_start(f, root, io[i], WAIT_MS), NT_PENDING);
  }
  assert_no_packet(f);
  instance_create(f, 2);
  for (size_t i = 0; i < 2; i++) {
    struct packet packet = packet_take(f, WAIT_MS);
    assert_true(packet.found);
    assert_status(packet.status, NT_OK);
    found |= packet.overlapped == &io[0]->overlapped ? 1u : 2u;
  }
  assert_int_equal(found, 3);
}

NP_PLATFORM_CASE("platform/async-wait/other-path", NtFsControlFile, NO_MODE,
                 STATUS_SUCCESS,
                 "The root that \\??\\PIPE\\ leads to is waited on as well.",
                 "wine ntdll/tests/pipe.c#test_empty_name") {
  HANDLE root = root_open_by(f, L"\\??\\PIPE\\");
  struct io *io = io_new_port(f);

  f->server = instance_create(f, 2);
  client_connect(f);
  assert_status(wait_start(f, root, io, WAIT_MS), NT_PENDING);
  instance_create(f, 2);
  assert_status(wait_finish(f, io, NT_PENDING), NT_OK);
}

NP_PLATFORM_CASE("platform/async-wait/inner-backslash", NtFsControlFile,
                 NO_MODE, STATUS_SUCCESS,
                 "A name with a backslash inside is waited for as it is.",
                 "wine ntdll/tests/pipe.c#test_pipe_names; museum N09") {
  static const wchar_t tail[] = L"\\in";
  HANDLE root = root_open(f);
  struct io *io = io_new_port(f);
  size_t length = 0;

  while (f->name[length] != 0) {
    length++;
  }
  for (size_t i = 0; i < sizeof(tail) / sizeof(tail[0]); i++) {
    f->name[length + i] = tail[i];
  }
  f->server = instance_create(f, 2);
  client_connect(f);
  assert_status(wait_start(f, root, io, WAIT_MS), NT_PENDING);
  instance_create(f, 2);
  assert_status(wait_finish(f, io, NT_PENDING), NT_OK);
}

NP_PLATFORM_CASE("platform/async-wait/listens-again", NtFsControlFile, NO_MODE,
                 STATUS_SUCCESS, "An instance that listens again ends a wait.",
                 "wine kernel32/tests/pipe.c#test_wait_pipe") {
  HANDLE root = root_open(f);
  struct io *io = io_new_port(f);

  pair_create(f);
  assert_status(wait_start(f, root, io, WAIT_MS), NT_PENDING);
  win_disconnect(f);
  assert_no_packet(f);
  assert_error(connect_start(io_new(f), f->server), ERROR_IO_PENDING);
  assert_status(wait_finish(f, io, NT_PENDING), NT_OK);
}

NP_PLATFORM_CASE("platform/async-wait/listens-again-nowait", NtFsControlFile,
                 NO_MODE, STATUS_SUCCESS,
                 "An instance in PIPE_NOWAIT that listens again ends a wait, "
                 "too.",
                 "reactos npfs#NpSetListeningPipeState") {
  HANDLE root = root_open(f);
  struct io *io = io_new_port(f);

  f->server =
      instance_open(f, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE | PIPE_NOWAIT, 1);
  assert_call(f->server != INVALID_HANDLE_VALUE);
  f->client = client_connect(f);
  assert_status(wait_start(f, root, io, WAIT_MS), NT_PENDING);
  win_disconnect(f);
  assert_no_packet(f);
  (void)ConnectNamedPipe(f->server, NULL); /* Its result is disputed. */
  assert_status(wait_finish(f, io, NT_PENDING), NT_OK);
}

NP_PLATFORM_CASE("platform/async-wait/name-vanishes", NtFsControlFile, NO_MODE,
                 STATUS_OBJECT_NAME_NOT_FOUND,
                 "When the last server handle is closed a pending wait ends "
                 "with the name not found.",
                 "MS-FSCC#FSCTL_PIPE_WAIT") {
  HANDLE root = root_open(f);
  struct io *io = io_new_port(f);

  pair_create(f);
  assert_status(wait_start(f, root, io, WAIT_MS), NT_PENDING);
  win_close(f, &f->server);
  assert_status(wait_finish(f, io, NT_PENDING), NT_OBJECT_NAME_NOT_FOUND);
}

NP_PLATFORM_CASE("platform/async-wait/cancelled", NtFsControlFile, NO_MODE,
                 STATUS_CANCELLED, "A pending wait can be cancelled.",
                 "MS-FSCC#FSCTL_PIPE_WAIT") {
  HANDLE root = root_open(f);
  struct io *io = io_new_port(f);

  pair_create(f);
  assert_status(wait_start(f, root, io, WAIT_MS), NT_PENDING);
  assert_call(CancelIoEx(root, &io->overlapped));
  assert_status(wait_finish(f, io, NT_PENDING), NT_CANCELLED);
}

NP_PLATFORM_CASE("platform/async-wait/short-input", NtFsControlFile, NO_MODE,
                 STATUS_INVALID_PARAMETER,
                 "An input that cannot hold header and name is refused.",
                 "reactos npfs#NpWaitForNamedPipe") {
  HANDLE root = root_open(f);
  IO_STATUS_BLOCK status = {0};
  UCHAR input[8] = {0};

  assert_status(
      NtFsControlFile(root, NULL, NULL, NULL, &status, NT_FSCTL_PIPE_WAIT,
                      input, sizeof input, NULL, 0),
      NT_INVALID_PARAMETER);
  assert_no_packet(f);
}
