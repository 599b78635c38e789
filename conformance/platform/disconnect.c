/* DisconnectNamedPipe: what happens to unread data and to pending
 * operations. */
#include "fixture.h"
#include "nt.h"

static char data[QUOTA + 1];
static char room[16];

NP_PLATFORM_CASE("platform/disconnect/drops-data", DisconnectNamedPipe,
                 ANY_MODE | BOTH_ENDS, ERROR_PIPE_NOT_CONNECTED,
                 "Unread data are discarded in both directions, and both ends "
                 "have no peer any more.",
                 "wine kernel32/tests/pipe.c#test_DisconnectNamedPipe; "
                 "museum D01") {
  pair_create(f);
  assert_result(win_write(f, f->peer, "lost", 4), 0, 4);
  win_disconnect(f);
  assert_result(win_read(f, f->end, room, 4), ERROR_PIPE_NOT_CONNECTED, 0);
  assert_result(win_write(f, f->end, "a", 1), ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_PLATFORM_CASE("platform/disconnect/ends-a-read", DisconnectNamedPipe,
                 ANY_MODE | BOTH_ENDS, STATUS_PIPE_DISCONNECTED,
                 "A pending read of either end is completed, with a packet.",
                 "wine kernel32/tests/pipe.c#test_overlapped_transport") {
  struct io *io = pair_io_port(f);

  assert_error(read_start(io, f->end, room, sizeof(room)), ERROR_IO_PENDING);
  win_disconnect(f);
  assert_packet(f, io, NT_PIPE_DISCONNECTED, 0);
  assert_no_packet(f);
}

NP_PLATFORM_CASE("platform/disconnect/ends-a-write", DisconnectNamedPipe,
                 ANY_MODE | BOTH_ENDS, STATUS_PIPE_DISCONNECTED,
                 "A pending write of either end is completed, with a packet.",
                 "wine kernel32/tests/pipe.c#test_overlapped_transport") {
  struct io *io = pair_io_port(f);

  assert_error(write_start(io, f->end, data, sizeof(data)), ERROR_IO_PENDING);
  win_disconnect(f);
  assert_packet(f, io, NT_PIPE_DISCONNECTED, 0);
  assert_no_packet(f);
}

NP_PLATFORM_CASE("platform/disconnect/control", NtFsControlFile,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "The handle is never signalled "
                 "(FILE_SKIP_SET_EVENT_ON_HANDLE). FSCTL_PIPE_DISCONNECT with "
                 "an event still ends the session before the call returns, "
                 "also if the peer has not read everything. It posts no "
                 "packet.",
                 "FSCTL_PIPE_DISCONNECT; FILE_SKIP_SET_EVENT_ON_HANDLE") {
  struct io *io;

  pair_create_on_port(f, FILE_SKIP_SET_EVENT_ON_HANDLE);
  io = io_new_port(f);
  assert_error(write_start(io, f->end, data, sizeof(data)), ERROR_IO_PENDING);
  assert_int_equal(nt_disconnect(f->server), NT_OK);
  assert_packet(f, io, NT_PIPE_DISCONNECTED, 0);
  assert_no_packet(f);
  assert_int_equal(nt_disconnect(f->server), NT_PIPE_DISCONNECTED);
  assert_no_packet(f);
}

NP_PLATFORM_CASE("platform/disconnect/error-of-a-read", DisconnectNamedPipe,
                 NO_MODE, ERROR_PIPE_NOT_CONNECTED,
                 "GetOverlappedResult of the ended read fails with "
                 "ERROR_PIPE_NOT_CONNECTED.",
                 "wine kernel32/tests/pipe.c#test_overlapped_transport") {
  struct io *io = pair_io(f);

  assert_error(read_start(io, f->client, room, sizeof(room)), ERROR_IO_PENDING);
  win_disconnect(f);
  assert_result(io_wait(io, f->client), ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_PLATFORM_CASE("platform/disconnect/twice", DisconnectNamedPipe, NO_MODE,
                 ERROR_PIPE_NOT_CONNECTED, "A second disconnect is refused.",
                 "wine kernel32/tests/pipe.c#test_DisconnectNamedPipe") {
  pair_create(f);
  win_disconnect(f);
  assert_refused(DisconnectNamedPipe(f->server), ERROR_PIPE_NOT_CONNECTED);
}

NP_PLATFORM_CASE("platform/disconnect/client-handle", DisconnectNamedPipe,
                 NO_MODE, ERROR_INVALID_FUNCTION,
                 "A client's handle cannot disconnect.",
                 "reactos kmtests#NpfsConnect") {
  pair_create(f);
  assert_refused(DisconnectNamedPipe(f->client), ERROR_INVALID_FUNCTION);
}

NP_PLATFORM_CASE("platform/disconnect/after-the-client-left",
                 DisconnectNamedPipe, ANY_MODE, NO_ERROR,
                 "A client that has gone may be disconnected; its unread data "
                 "are then discarded.",
                 "wine ntdll/tests/pipe.c#pipe_for_each_state") {
  pair_create(f);
  assert_result(win_write(f, f->client, "lost", 4), 0, 4);
  peer_close(f);
  win_disconnect(f);
  assert_result(win_read(f, f->server, room, 4), ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_PLATFORM_CASE("platform/disconnect/not-listening", DisconnectNamedPipe,
                 NO_MODE, ERROR_PIPE_BUSY,
                 "A disconnected instance takes no client until "
                 "ConnectNamedPipe.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  pair_create(f);
  win_disconnect(f);
  win_close(f, &f->client);
  assert_int_equal(win_state(f->server), NT_STATE_DISCONNECTED);
  assert_not_opened(client_open(f, GENERIC_READ, 0), ERROR_PIPE_BUSY);
  assert_error(connect_start(io_new(f), f->server), ERROR_IO_PENDING);
  client_connect(f);
}

NP_PLATFORM_CASE("platform/disconnect/client-keeps-its-handle",
                 DisconnectNamedPipe, NO_MODE, NO_ERROR,
                 "A client that closes its handle late does not disturb the "
                 "instance's next session.",
                 "DisconnectNamedPipe#remarks") {
  HANDLE old;

  pair_create(f);
  win_disconnect(f);
  old = f->client;
  assert_error(connect_start(io_new(f), f->server), ERROR_IO_PENDING);
  pair_connect(f);
  win_close(f, &old);
  assert_result(win_write(f, f->client, "new", 3), 0, 3);
  assert_read(f, f->server, "new");
}

/* Open, as platform/close/write-behind-a-full-quota. */
NP_PLATFORM_CASE("platform/disconnect/write-behind-a-full-quota",
                 DisconnectNamedPipe, ANY_MODE | BOTH_ENDS,
                 ERROR_PIPE_NOT_CONNECTED,
                 "A write that waits behind a full quota fails at a "
                 "disconnect, or succeeds with all its bytes.",
                 "reactos npfs#NpRemoveDataQueueEntry") {
  static const char full[QUOTA];
  struct result result;
  struct io *io = pair_io(f);

  assert_result(win_write(f, f->end, full, QUOTA), 0, QUOTA);
  assert_error(write_start(io, f->end, full, 1), ERROR_IO_PENDING);
  win_disconnect(f);
  result = io_wait(io, f->end);
  if (result.error == 0) {
    assert_result(result, 0, 1);
  } else {
    assert_result(result, ERROR_PIPE_NOT_CONNECTED, 0);
  }
}
