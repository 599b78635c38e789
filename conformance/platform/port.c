/* Completion ports: which call posts a packet, and the contents of the
 * packet. */
#include "fixture.h"

static char data[QUOTA + 1];
static char room[16];

NP_PLATFORM_CASE("platform/port/success-at-once", ReadFile,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "A read and a write that are done at once post a packet each, "
                 "unless the handle skips it.",
                 "wine ntdll/tests/pipe.c#test_completion") {
  struct io *write = io_new_port(f);
  struct io *read = pair_io_port(f);

  assert_error(write_start(write, f->peer, "abc", 3), 0);
  assert_packet(f, write, NT_OK, 3);
  assert_error(read_start(read, f->end, room, sizeof(room)), 0);
  assert_packet(f, read, NT_OK, 3);
  assert_no_packet(f);
}

NP_PLATFORM_CASE("platform/port/success-later", ReadFile, ANY_MODE | BOTH_ENDS,
                 ERROR_IO_PENDING,
                 "A pending read posts its packet when the peer writes, a "
                 "pending write when the peer reads.",
                 "wine ntdll/tests/pipe.c#test_completion") {
  static char all[sizeof(data)];
  struct io *read = io_new_port(f);
  struct io *write = pair_io_port(f);

  assert_error(read_start(read, f->end, room, sizeof(room)), ERROR_IO_PENDING);
  assert_status(read->overlapped.Internal, NT_PENDING);
  assert_no_packet(f);
  assert_result(win_write(f, f->peer, "abc", 3), 0, 3);
  assert_packet(f, read, NT_OK, 3);

  assert_error(write_start(write, f->end, data, sizeof(data)),
               ERROR_IO_PENDING);
  assert_no_packet(f);
  assert_result(win_read(f, f->peer, all, sizeof(all)), 0, sizeof(all));
  assert_packet(f, write, NT_OK, sizeof(data));
}

NP_PLATFORM_CASE("platform/port/key", CreateIoCompletionPort, NO_MODE, NO_ERROR,
                 "A packet bears the key of the handle that it came from.",
                 "CreateIoCompletionPort#parameters") {
  struct packet packet;

  pair_create_on_port(f, 0);
  assert_error(write_start(io_new_port(f), f->client, "a", 1), 0);
  packet = packet_take(f, WAIT_MS);
  assert_true(packet.found);
  assert_int_equal(packet.key, KEY_CLIENT);
  assert_error(write_start(io_new_port(f), f->server, "a", 1), 0);
  packet = packet_take(f, WAIT_MS);
  assert_true(packet.found);
  assert_int_equal(packet.key, KEY_SERVER);
}

NP_PLATFORM_CASE("platform/port/error-at-once", ReadFile, ANY_MODE, NO_ERROR,
                 "An operation that fails at once posts no packet: 536, 109, "
                 "232, 233.",
                 "wine kernel32/tests/pipe.c#test_ReadFile; museum E14") {
  struct io *io = io_new_port(f);

  pair_listen(f);
  port_new(f);
  assert_error(port_join(f, f->server, KEY_SERVER), 0);
  assert_error(read_start(io, f->server, room, 4), ERROR_PIPE_LISTENING);
  assert_error(write_start(io, f->server, "a", 1), ERROR_PIPE_LISTENING);
  assert_no_packet(f);
  pair_connect(f);
  win_close(f, &f->client);
  assert_error(read_start(io, f->server, room, 4), ERROR_BROKEN_PIPE);
  assert_error(write_start(io, f->server, "a", 1), ERROR_NO_DATA);
  assert_error(connect_start(io, f->server), ERROR_NO_DATA);
  assert_no_packet(f);
  win_disconnect(f);
  assert_error(read_start(io, f->server, room, 4), ERROR_PIPE_NOT_CONNECTED);
  assert_error(write_start(io, f->server, "a", 1), ERROR_PIPE_NOT_CONNECTED);
  assert_no_packet(f);
}

NP_PLATFORM_CASE("platform/port/more-data-at-once", ReadFile,
                 MODE_MESSAGE | BOTH_ENDS, ERROR_MORE_DATA,
                 "A part of a message posts a packet with "
                 "STATUS_BUFFER_OVERFLOW and its bytes, also when the call "
                 "says ERROR_MORE_DATA at once.",
                 "wine ntdll/tests/pipe.c#test_completion; museum M08") {
  struct io *io = io_new_port(f);
  DWORD error;

  pair_create_on_port(f, 0);
  assert_result(win_write(f, f->peer, "abcd", 4), 0, 4);
  error = read_start(io, f->end, room, 3);
  if (error != ERROR_IO_PENDING) {
    assert_error(error, ERROR_MORE_DATA);
  }
  assert_packet(f, io, NT_BUFFER_OVERFLOW, 3);
  assert_no_packet(f);
}

NP_PLATFORM_CASE("platform/port/more-data-later", ReadFile,
                 MODE_MESSAGE | BOTH_ENDS, STATUS_BUFFER_OVERFLOW,
                 "The packet of a pending read that gets a part of a message "
                 "reports the warning.",
                 "wine ntdll/tests/pipe.c#test_completion") {
  struct io *io = pair_io_port(f);

  assert_error(read_start(io, f->end, room, 3), ERROR_IO_PENDING);
  assert_result(win_write(f, f->peer, "abcd", 4), 0, 4);
  assert_packet(f, io, NT_BUFFER_OVERFLOW, 3);
}

NP_PLATFORM_CASE("platform/port/event-and-packet", ReadFile, NO_MODE, NO_ERROR,
                 "An operation with an event sets it and posts its packet.",
                 "wine ntdll/tests/pipe.c#test_completion") {
  struct io *io;

  pair_create_on_port(f, 0);
  io = io_new(f);
  io->overlapped.hEvent = io->event; /* without the low bit */
  assert_error(read_start(io, f->server, room, 4), ERROR_IO_PENDING);
  assert_false(event_is_set(io->event));
  assert_error(write_start(io_new(f), f->client, "a", 1), 0);
  assert_packet(f, io, NT_OK, 1);
  assert_int_equal(WaitForSingleObject(io->event, WAIT_MS), WAIT_OBJECT_0);
}

NP_PLATFORM_CASE("platform/port/low-bit-of-the-event",
                 GetQueuedCompletionStatus, ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "The low bit of hEvent is set. The operation then posts no "
                 "packet, whether it completes at once or later. The event is "
                 "signalled.",
                 "GetQueuedCompletionStatus#remarks") {
  struct io *io;

  pair_create_on_port(f, 0);
  io = io_new(f);
  assert_error(read_start(io, f->end, room, 4), ERROR_IO_PENDING);
  assert_error(write_start(io_new(f), f->peer, "a", 1), 0);
  assert_result(io_wait(io, f->end), 0, 1);
  assert_no_packet(f);
}

NP_PLATFORM_CASE("platform/port/second-port", CreateIoCompletionPort, NO_MODE,
                 ERROR_INVALID_PARAMETER,
                 "A handle that has a port cannot join another port.",
                 "CreateIoCompletionPort#remarks") {
  HANDLE other;

  pair_create_on_port(f, 0);
  other = win_own(f, CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1));
  assert_refused(CreateIoCompletionPort(f->server, other, 9, 0) != NULL,
                 ERROR_INVALID_PARAMETER);
  assert_error(port_join(f, f->server, 9), ERROR_INVALID_PARAMETER);
}

NP_PLATFORM_CASE("platform/port/synchronous-handle", CreateIoCompletionPort,
                 NO_MODE, ERROR_INVALID_PARAMETER,
                 "A handle without FILE_FLAG_OVERLAPPED can join no port.",
                 "wine ntdll/tests/file.c#test_file_io_completion") {
  HANDLE client;

  pair_listen(f);
  port_new(f);
  client = client_connect_sync(f);
  assert_error(port_join(f, client, 9), ERROR_INVALID_PARAMETER);
}

NP_PLATFORM_CASE("platform/port/joined-by-each-handle", CreateIoCompletionPort,
                 NO_MODE, ERROR_INVALID_PARAMETER,
                 "The port belongs to the end, not to the handle: a duplicate "
                 "shares it, and can join no other.",
                 "CreateIoCompletionPort#remarks") {
  HANDLE duplicate = NULL;
  struct io *io = pair_io_port(f);

  assert_call(DuplicateHandle(GetCurrentProcess(), f->server,
                              GetCurrentProcess(), &duplicate, 0, FALSE,
                              DUPLICATE_SAME_ACCESS));
  win_own(f, duplicate);
  assert_error(port_join(f, duplicate, 9), ERROR_INVALID_PARAMETER);
  assert_error(write_start(io, duplicate, "a", 1), 0);
  assert_packet(f, io, NT_OK, 1);
}

NP_PLATFORM_CASE("platform/port/joined-late", CreateIoCompletionPort, NO_MODE,
                 NO_ERROR,
                 "An operation that began before its handle joined the port "
                 "still posts its packet to the port.",
                 "wine ntdll/tests/file.c#test_file_io_completion") {
  struct io *io = io_new_port(f);

  pair_create(f);
  assert_error(read_start(io, f->server, room, 4), ERROR_IO_PENDING);
  port_new(f);
  assert_error(port_join(f, f->server, KEY_SERVER), 0);
  assert_error(write_start(io_new_port(f), f->client, "a", 1), 0);
  assert_packet(f, io, NT_OK, 1);
}

NP_PLATFORM_CASE("platform/port/in-order", GetQueuedCompletionStatusEx, NO_MODE,
                 NO_ERROR, "Packets are taken in the order of their coming.",
                 "IOCompletionPorts#remarks") {
  struct io *io[5];

  pair_create_on_port(f, 0);
  for (size_t i = 0; i < 5; i++) {
    io[i] = io_new_port(f);
    assert_error(write_start(io[i], f->client, "abcde", (DWORD)i), 0);
  }
  for (size_t i = 0; i < 5; i++) {
    assert_packet(f, io[i], NT_OK, (DWORD)i);
  }
}

NP_PLATFORM_CASE("platform/port/status-in-the-low-half",
                 GetQueuedCompletionStatusEx, NO_MODE, STATUS_PIPE_BROKEN,
                 "The call succeeds although the operation failed; the low 32 "
                 "bits of Internal are the status, whatever the upper are.",
                 "OVERLAPPED_ENTRY#members") {
  OVERLAPPED_ENTRY entry;
  ULONG count = 0;
  struct io *io = pair_io_port(f);

  assert_error(read_start(io, f->server, room, 4), ERROR_IO_PENDING);
  win_close(f, &f->client);
  assert_call(
      GetQueuedCompletionStatusEx(f->port, &entry, 1, &count, WAIT_MS, FALSE));
  io->pending = false;
  assert_int_equal(count, 1);
  assert_ptr_equal(entry.lpOverlapped, &io->overlapped);
  assert_status(entry.lpOverlapped->Internal, NT_PIPE_BROKEN);
}

NP_PLATFORM_CASE("platform/port/failed-operation", GetQueuedCompletionStatus,
                 NO_MODE, ERROR_OPERATION_ABORTED,
                 "The call fails with the operation's error and gives its "
                 "OVERLAPPED.",
                 "GetQueuedCompletionStatus#return-value") {
  DWORD bytes = 99;
  ULONG_PTR key = 99;
  OVERLAPPED *overlapped = NULL;
  struct io *io = pair_io_port(f);

  assert_error(read_start(io, f->server, room, 4), ERROR_IO_PENDING);
  assert_call(CancelIoEx(f->server, NULL));
  assert_refused(
      GetQueuedCompletionStatus(f->port, &bytes, &key, &overlapped, WAIT_MS),
      ERROR_OPERATION_ABORTED);
  io->pending = false;
  assert_ptr_equal(overlapped, &io->overlapped);
  assert_int_equal(key, KEY_SERVER);
  assert_int_equal(bytes, 0);
}
