/* CloseHandle: the data that the peer can still read, and the results of
 * pending operations. */
#include "fixture.h"

static char data[QUOTA + 1];
static char room[16];

NP_PLATFORM_CASE("platform/close/written-data-stays", CloseHandle,
                 ANY_MODE | BOTH_ENDS, ERROR_BROKEN_PIPE,
                 "Data that the closer had written can be read; after them "
                 "every read reports the end.",
                 "wine kernel32/tests/pipe.c#test_CloseHandle; museum E01") {
  pair_create(f);
  assert_result(win_write(f, f->peer, "tail", 4), 0, 4);
  peer_close(f);
  assert_int_equal(win_state(f->end), NT_STATE_CLOSING);
  assert_int_equal(peek_bytes(f->end), 4);
  assert_read(f, f->end, "tail");
  assert_result(win_read(f, f->end, room, 4), ERROR_BROKEN_PIPE, 0);
  assert_result(win_read(f, f->end, room, 4), ERROR_BROKEN_PIPE, 0);
}

NP_PLATFORM_CASE("platform/close/ends-the-peers-read", CloseHandle,
                 ANY_MODE | BOTH_ENDS, STATUS_PIPE_BROKEN,
                 "The pending read of the other end is completed, with a "
                 "packet.",
                 "wine kernel32/tests/pipe.c#test_CloseHandle; museum E04") {
  struct io *io = pair_io_port(f);

  assert_error(read_start(io, f->end, room, sizeof(room)), ERROR_IO_PENDING);
  peer_close(f);
  assert_packet(f, io, NT_PIPE_BROKEN, 0);
  assert_no_packet(f);
}

NP_PLATFORM_CASE("platform/close/ends-the-peers-write", CloseHandle,
                 ANY_MODE | BOTH_ENDS, STATUS_PIPE_BROKEN,
                 "The pending write of the other end is completed, with a "
                 "packet.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  struct io *io = pair_io_port(f);

  assert_error(write_start(io, f->end, data, sizeof(data)), ERROR_IO_PENDING);
  peer_close(f);
  assert_packet(f, io, NT_PIPE_BROKEN, 0);
  assert_no_packet(f);
}

NP_PLATFORM_CASE("platform/close/ends-all-the-peers-reads", CloseHandle,
                 NO_MODE, ERROR_BROKEN_PIPE,
                 "Several pending reads end in order.",
                 "wine kernel32/tests/pipe.c#test_CloseHandle") {
  struct io *io[3];

  pair_create_on_port(f, 0);
  for (size_t i = 0; i < 3; i++) {
    io[i] = io_new_port(f);
    assert_error(read_start(io[i], f->end, room, 1), ERROR_IO_PENDING);
  }
  peer_close(f);
  for (size_t i = 0; i < 3; i++) {
    assert_packet(f, io[i], NT_PIPE_BROKEN, 0);
  }
}

NP_PLATFORM_CASE("platform/close/ends-its-own-read", CloseHandle,
                 ANY_MODE | BOTH_ENDS, STATUS_PIPE_BROKEN,
                 "The closer's own pending read is completed with no bytes, "
                 "and its packet comes after the handle is gone.",
                 "wine ntdll/tests/file.c#test_file_io_completion") {
  struct io *io = pair_io_port(f);

  assert_error(read_start(io, f->end, room, sizeof(room)), ERROR_IO_PENDING);
  end_close(f);
  assert_packet(f, io, NT_PIPE_BROKEN, 0);
}

NP_PLATFORM_CASE("platform/close/ends-its-own-connect", CloseHandle, NO_MODE,
                 WAIT_OBJECT_0,
                 "The event of a pending connect is set when the server's "
                 "handle is closed.",
                 "wine kernel32/tests/pipe.c#test_wait_pipe") {
  struct io *io = io_new(f);

  pair_listen(f);
  assert_error(connect_start(io, f->server), ERROR_IO_PENDING);
  win_close(f, &f->server);
  assert_int_equal(WaitForSingleObject(io->event, WAIT_MS), WAIT_OBJECT_0);
  io->pending = false;
}

NP_PLATFORM_CASE("platform/close/one-of-two-handles", CloseHandle,
                 NO_MODE | BOTH_ENDS, NO_ERROR,
                 "While a duplicate is open, closing a handle is no event for "
                 "either end and cancels nothing.",
                 "wine ntdll/tests/pipe.c#test_async_cancel_on_handle_close") {
  HANDLE duplicate = NULL;
  struct io *io = io_new(f);
  struct io *peer_read = pair_io(f);

  assert_call(DuplicateHandle(GetCurrentProcess(), f->end, GetCurrentProcess(),
                              &duplicate, 0, FALSE, DUPLICATE_SAME_ACCESS));
  win_own(f, duplicate);
  assert_error(read_start(io, f->end, room, sizeof(room)), ERROR_IO_PENDING);
  assert_error(read_start(peer_read, f->peer, data, 4), ERROR_IO_PENDING);
  end_close(f);
  assert_true(io_is_quiet(io));
  assert_true(io_is_quiet(peer_read));
  win_close(f, &duplicate);
  assert_int_equal(WaitForSingleObject(peer_read->event, WAIT_MS),
                   WAIT_OBJECT_0);
}

NP_PLATFORM_CASE("platform/close/name-is-free", CloseHandle, NO_MODE,
                 ERROR_FILE_NOT_FOUND,
                 "All server handles are closed while a client is still open. "
                 "The name is free: a new pipe can be created with it, also "
                 "with another direction.",
                 "wine ntdll/tests/pipe.c#test_pipe_local_info; museum K02") {
  struct nt_pipe_local local;

  pair_create(f);
  win_close(f, &f->server);
  assert_not_opened(client_open(f, GENERIC_READ, 0), ERROR_FILE_NOT_FOUND);
  assert_status(nt_query(f->client, NT_FILE_PIPE_LOCAL, &local, sizeof(local)),
                NT_OK);
  assert_int_equal(local.state, NT_STATE_CLOSING);
  assert_int_equal(local.instances, 0);
  assert_call(instance_open(f, PIPE_ACCESS_OUTBOUND, PIPE_TYPE_BYTE, 1) !=
              INVALID_HANDLE_VALUE);
}

NP_PLATFORM_CASE("platform/close/one-instance-of-two", CloseHandle, NO_MODE,
                 ERROR_PIPE_BUSY,
                 "The name exists as long as one instance does.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  HANDLE other;

  f->server = instance_create(f, 2);
  other = instance_create(f, 2);
  client_connect(f);
  client_connect(f);
  win_close(f, &other);
  assert_not_opened(client_open(f, GENERIC_READ, 0), ERROR_PIPE_BUSY);
  win_close(f, &f->server);
  assert_not_opened(client_open(f, GENERIC_READ, 0), ERROR_FILE_NOT_FOUND);
}

NP_PLATFORM_CASE("platform/close/again-and-again", CloseHandle, NO_MODE,
                 NO_ERROR,
                 "A pipe with one instance can be made again at once, many "
                 "times.",
                 "CreateNamedPipeW#remarks; museum K03") {
  for (int i = 0; i < 200; i++) {
    pair_create(f);
    win_close(f, &f->server);
    win_close(f, &f->client);
  }
}

/* Open: Wine and Windows' tests know one write that waits. In ReactOS the
 * second has room once the first is thrown away, and ends before it. */
NP_PLATFORM_CASE("platform/close/write-behind-a-full-quota", CloseHandle,
                 ANY_MODE | BOTH_ENDS, ERROR_BROKEN_PIPE,
                 "A write that waits behind a full quota fails when the peer "
                 "closes, or succeeds with all its bytes.",
                 "reactos npfs#NpRemoveDataQueueEntry") {
  static const char full[QUOTA];
  struct result result;
  struct io *io = pair_io(f);

  assert_result(win_write(f, f->end, full, QUOTA), 0, QUOTA);
  assert_error(write_start(io, f->end, full, 1), ERROR_IO_PENDING);
  peer_close(f);
  result = io_wait(io, f->end);
  if (result.error == 0) {
    assert_result(result, 0, 1);
  } else {
    assert_result(result, ERROR_BROKEN_PIPE, 0);
  }
}

NP_PLATFORM_CASE("platform/close/write-that-never-fits", CloseHandle,
                 ANY_MODE | BOTH_ENDS, ERROR_BROKEN_PIPE,
                 "Two writes wait, and the first is longer than the quota. "
                 "When the peer closes, the first fails. The second fails, "
                 "too, or succeeds.",
                 "reactos npfs#NpRemoveDataQueueEntry") {
  static const char full[QUOTA + 1];
  struct result result;
  struct io *first = io_new(f);
  struct io *second = pair_io(f);

  assert_error(write_start(first, f->end, full, QUOTA + 1), ERROR_IO_PENDING);
  assert_error(write_start(second, f->end, full, 1), ERROR_IO_PENDING);
  peer_close(f);
  assert_result(io_wait(first, f->end), ERROR_BROKEN_PIPE, 0);
  result = io_wait(second, f->end);
  if (result.error == 0) {
    assert_result(result, 0, 1);
  } else {
    assert_result(result, ERROR_BROKEN_PIPE, 0);
  }
}
