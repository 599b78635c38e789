/* ConnectNamedPipe: before and after the client, ghosts, reuse. */
#include "fixture.h"

NP_PLATFORM_CASE("platform/connect/client-first", ConnectNamedPipe, ANY_MODE,
                 ERROR_PIPE_CONNECTED,
                 "A client has come before the call. The call returns an error "
                 "at once, posts no packet, and does not write to the "
                 "OVERLAPPED.",
                 "wine kernel32/tests/pipe.c#test_overlapped_error; "
                 "museum A11 A12") {
  struct io *io = pair_io_port(f);

  assert_error(connect_start(io, f->server), ERROR_PIPE_CONNECTED);
  assert_no_packet(f);
  assert_status(io->overlapped.Internal, NT_PENDING);
}

NP_PLATFORM_CASE("platform/connect/client-first-event", ConnectNamedPipe,
                 NO_MODE, ERROR_PIPE_CONNECTED,
                 "A connect that ends with an error at once resets the event.",
                 "wine ntdll/tests/pipe.c#test_overlapped") {
  struct io *io = pair_io(f);

  assert_call(SetEvent(io->event));
  assert_error(connect_start(io, f->server), ERROR_PIPE_CONNECTED);
  assert_false(event_is_set(io->event));
}

NP_PLATFORM_CASE("platform/connect/client-after", ConnectNamedPipe, ANY_MODE,
                 ERROR_IO_PENDING,
                 "A connect pends until a client opens the pipe; its packet "
                 "tells success and no bytes.",
                 "ConnectNamedPipe#remarks") {
  struct io *io = io_new_port(f);

  pair_listen(f);
  port_new(f);
  assert_error(port_join(f, f->server, KEY_SERVER), 0);
  assert_error(connect_start(io, f->server), ERROR_IO_PENDING);
  assert_no_packet(f);
  pair_connect(f);
  assert_packet(f, io, NT_OK, 0);
}

NP_PLATFORM_CASE("platform/connect/event", ConnectNamedPipe, NO_MODE, NO_ERROR,
                 "The event of a pending connect is reset by the call and set "
                 "when a client comes.",
                 "ConnectNamedPipe#remarks") {
  struct io *io = io_new(f);

  pair_listen(f);
  assert_call(SetEvent(io->event));
  assert_error(connect_start(io, f->server), ERROR_IO_PENDING);
  assert_true(io_is_quiet(io));
  pair_connect(f);
  assert_result(io_wait(io, f->server), 0, 0);
}

static DWORD WINAPI connect_blocking(void *argument) {
  return ConnectNamedPipe((HANDLE)argument, NULL) ? 0 : GetLastError();
}

NP_PLATFORM_CASE("platform/connect/synchronous", ConnectNamedPipe, NO_MODE,
                 NO_ERROR,
                 "On a handle without FILE_FLAG_OVERLAPPED the call returns "
                 "when a client comes.",
                 "ConnectNamedPipe#remarks") {
  HANDLE worker;

  f->server = instance_open(f, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1);
  assert_call(f->server != INVALID_HANDLE_VALUE);
  worker = worker_start(f, connect_blocking, f->server);
  assert_true(worker_is_blocked(worker));
  client_connect(f);
  assert_error(worker_join(worker), 0);
}

NP_PLATFORM_CASE("platform/connect/ghost", ConnectNamedPipe, ANY_MODE,
                 ERROR_NO_DATA,
                 "A client connected, wrote and closed before the call. Each "
                 "call returns ERROR_NO_DATA, and the written data can be "
                 "read.",
                 "wine kernel32/tests/pipe.c#test_overlapped_error; "
                 "museum A02 A03 A09 A17") {
  char byte;

  pair_create_on_port(f, 0);
  assert_result(win_write(f, f->client, "tail", 4), 0, 4);
  win_close(f, &f->client);
  assert_error(connect_start(io_new_port(f), f->server), ERROR_NO_DATA);
  assert_error(connect_start(io_new_port(f), f->server), ERROR_NO_DATA);
  assert_no_packet(f);
  assert_read(f, f->server, "tail");
  assert_result(win_read(f, f->server, &byte, 1), ERROR_BROKEN_PIPE, 0);
  assert_error(connect_start(io_new_port(f), f->server), ERROR_NO_DATA);
}

NP_PLATFORM_CASE("platform/connect/ghost-then-reuse", ConnectNamedPipe, NO_MODE,
                 NO_ERROR,
                 "After a ghost the instance serves again once it was "
                 "disconnected.",
                 "ConnectNamedPipe#remarks; museum A17") {
  struct io *io = pair_io(f);

  peer_close(f);
  assert_error(connect_start(io, f->server), ERROR_NO_DATA);
  win_disconnect(f);
  assert_error(connect_start(io, f->server), ERROR_IO_PENDING);
  pair_connect(f);
  assert_result(io_wait(io, f->server), 0, 0);
}

NP_PLATFORM_CASE("platform/connect/client-handle", ConnectNamedPipe, NO_MODE,
                 ERROR_INVALID_FUNCTION,
                 "A client's handle cannot listen, in whatever state.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  pair_create(f);
  assert_error(connect_start(io_new(f), f->client), ERROR_INVALID_FUNCTION);
  win_close(f, &f->server);
  assert_error(connect_start(io_new(f), f->client), ERROR_INVALID_FUNCTION);
}

NP_PLATFORM_CASE("platform/connect/again", ConnectNamedPipe, ANY_MODE, NO_ERROR,
                 "An instance that was disconnected serves a new client, "
                 "which finds nothing of the previous session.",
                 "DisconnectNamedPipe#remarks; museum S01") {
  HANDLE old;
  struct io *io = pair_io(f);

  assert_result(win_write(f, f->client, "old", 3), 0, 3);
  assert_result(win_write(f, f->server, "old", 3), 0, 3);
  win_disconnect(f);
  assert_error(connect_start(io, f->server), ERROR_IO_PENDING);
  assert_int_equal(win_state(f->server), NT_STATE_LISTENING);
  old = f->client;
  pair_connect(f);
  assert_result(io_wait(io, f->server), 0, 0);
  assert_int_equal(peek_bytes(f->server), 0);
  assert_int_equal(peek_bytes(f->client), 0);
  assert_result(win_write(f, f->client, "new", 3), 0, 3);
  assert_read(f, f->server, "new");
  /* The old client's handle has no peer any more. */
  assert_result(win_write(f, old, "old", 3), ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_PLATFORM_CASE("platform/connect/cancelled", ConnectNamedPipe, NO_MODE,
                 ERROR_OPERATION_ABORTED,
                 "A connect that was cancelled leaves the instance listening: "
                 "a client may still come.",
                 "wine ntdll/tests/pipe.c#test_alertable") {
  struct io *io = io_new_port(f);

  pair_listen(f);
  port_new(f);
  assert_error(port_join(f, f->server, KEY_SERVER), 0);
  assert_error(connect_start(io, f->server), ERROR_IO_PENDING);
  assert_call(CancelIoEx(f->server, &io->overlapped));
  assert_packet(f, io, NT_CANCELLED, 0);
  assert_int_equal(win_state(f->server), NT_STATE_LISTENING);
  pair_connect(f);
  assert_error(connect_start(io, f->server), ERROR_PIPE_CONNECTED);
}

NP_PLATFORM_CASE("platform/connect/two-pending", ConnectNamedPipe, NO_MODE,
                 ERROR_IO_PENDING,
                 "Two connects may be pending on one instance, and each can be "
                 "cancelled alone.",
                 "wine kernel32/tests/pipe.c#test_multiple_instances") {
  struct io *first = io_new(f);
  struct io *second = io_new(f);

  pair_listen(f);
  assert_error(connect_start(first, f->server), ERROR_IO_PENDING);
  assert_error(connect_start(second, f->server), ERROR_IO_PENDING);
  assert_call(CancelIoEx(f->server, &first->overlapped));
  assert_result(io_wait(first, f->server), ERROR_OPERATION_ABORTED, 0);
  assert_true(io_is_quiet(second));
  pair_connect(f);
  assert_result(io_wait(second, f->server), 0, 0);
}
