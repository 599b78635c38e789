/* SetFileCompletionNotificationModes: operations without a packet. */
#include "fixture.h"

#define SKIP       FILE_SKIP_COMPLETION_PORT_ON_SUCCESS
#define SKIP_EVENT FILE_SKIP_SET_EVENT_ON_HANDLE

static char room[16];

NP_PLATFORM_CASE("platform/skip/success-at-once",
                 SetFileCompletionNotificationModes, ANY_MODE | BOTH_ENDS,
                 NO_ERROR,
                 "On a handle that skips, an operation that is done at once "
                 "posts no packet.",
                 "wine ntdll/tests/pipe.c#test_completion") {
  struct io *io = io_new_port(f);

  pair_create_on_port(f, SKIP);
  assert_error(write_start(io_new_port(f), f->peer, "abc", 3), 0);
  assert_error(read_start(io, f->end, room, sizeof(room)), 0);
  assert_status(io->overlapped.Internal, NT_OK);
  assert_int_equal(io->overlapped.InternalHigh, 3);
  assert_no_packet(f);
}

NP_PLATFORM_CASE("platform/skip/success-later",
                 SetFileCompletionNotificationModes, ANY_MODE | BOTH_ENDS,
                 ERROR_IO_PENDING,
                 "An operation that pends posts its packet even on a handle "
                 "that skips.",
                 "wine ntdll/tests/pipe.c#test_completion") {
  struct io *io = io_new_port(f);

  pair_create_on_port(f, SKIP | SKIP_EVENT);
  assert_error(read_start(io, f->end, room, sizeof(room)), ERROR_IO_PENDING);
  assert_error(write_start(io_new_port(f), f->peer, "abc", 3), 0);
  assert_packet(f, io, NT_OK, 3);
  assert_no_packet(f);
}

NP_PLATFORM_CASE("platform/skip/connect", SetFileCompletionNotificationModes,
                 NO_MODE, ERROR_IO_PENDING,
                 "A connect that pends posts its packet even on a handle that "
                 "skips.",
                 "wine ntdll/tests/pipe.c#test_completion") {
  struct io *io = io_new_port(f);

  pair_listen(f);
  port_new(f);
  assert_error(port_join(f, f->server, KEY_SERVER), 0);
  assert_call(SetFileCompletionNotificationModes(f->server, SKIP));
  assert_error(connect_start(io, f->server), ERROR_IO_PENDING);
  pair_connect(f);
  assert_packet(f, io, NT_OK, 0);
}

NP_PLATFORM_CASE("platform/skip/cancelled", SetFileCompletionNotificationModes,
                 ANY_MODE | BOTH_ENDS, STATUS_CANCELLED,
                 "A cancelled operation posts its packet even on a handle "
                 "that skips.",
                 "wine ntdll/tests/pipe.c#test_cancelio") {
  struct io *io = io_new_port(f);

  pair_create_on_port(f, SKIP);
  assert_error(read_start(io, f->end, room, sizeof(room)), ERROR_IO_PENDING);
  assert_call(CancelIoEx(f->end, &io->overlapped));
  assert_packet(f, io, NT_CANCELLED, 0);
}

NP_PLATFORM_CASE("platform/skip/error-at-once",
                 SetFileCompletionNotificationModes, ANY_MODE | BOTH_ENDS,
                 ERROR_BROKEN_PIPE,
                 "An error at once posts no packet on a handle that skips.",
                 "wine ntdll/tests/pipe.c#test_completion") {
  pair_create_on_port(f, SKIP);
  peer_close(f);
  assert_error(read_start(io_new_port(f), f->end, room, 4), ERROR_BROKEN_PIPE);
  assert_error(write_start(io_new_port(f), f->end, "a", 1), ERROR_NO_DATA);
  assert_no_packet(f);
}

/* Two outcomes are correct, and a handle always has the same one. Usual since
 * Windows 8: the call pends and posts a packet. Windows 7 and Wine:
 * ERROR_MORE_DATA at once, the byte count in InternalHigh, and no packet. */
NP_PLATFORM_CASE("platform/skip/more-data-at-once",
                 SetFileCompletionNotificationModes, MODE_MESSAGE | BOTH_ENDS,
                 ERROR_MORE_DATA,
                 "The handle skips its port on success. A read of a part of a "
                 "message either pends and posts a packet, or returns the part "
                 "at once and posts none.",
                 "wine ntdll/tests/pipe.c#test_completion; museum M08") {
  pair_create_on_port(f, SKIP);
  assert_error(write_start(io_new_port(f), f->peer, "abcdefg", 7), 0);
  for (int i = 0; i < 2; i++) {
    struct io *io = io_new_port(f);
    DWORD error = read_start(io, f->end, room, 3);
    if (error == ERROR_IO_PENDING) {
      assert_packet(f, io, NT_BUFFER_OVERFLOW, 3);
    } else {
      assert_error(error, ERROR_MORE_DATA);
      assert_status(io->overlapped.Internal, NT_BUFFER_OVERFLOW);
      assert_int_equal(io->overlapped.InternalHigh, 3);
    }
    assert_no_packet(f);
  }
}

NP_PLATFORM_CASE("platform/skip/more-data-later",
                 SetFileCompletionNotificationModes, MODE_MESSAGE | BOTH_ENDS,
                 STATUS_BUFFER_OVERFLOW,
                 "A pending read that gets a part of a message posts its "
                 "packet on a handle that skips.",
                 "wine ntdll/tests/pipe.c#test_completion") {
  struct io *io = io_new_port(f);

  pair_create_on_port(f, SKIP);
  assert_error(read_start(io, f->end, room, 3), ERROR_IO_PENDING);
  assert_error(write_start(io_new_port(f), f->peer, "abcd", 4), 0);
  assert_packet(f, io, NT_BUFFER_OVERFLOW, 3);
  assert_no_packet(f);
}

NP_PLATFORM_CASE("platform/skip/for-good", SetFileCompletionNotificationModes,
                 NO_MODE, NO_ERROR, "The flags cannot be taken back.",
                 "SetFileCompletionNotificationModes#remarks") {
  pair_create_on_port(f, SKIP);
  assert_call(SetFileCompletionNotificationModes(f->server, 0));
  assert_error(write_start(io_new_port(f), f->server, "a", 1), 0);
  assert_no_packet(f);
}

NP_PLATFORM_CASE("platform/skip/synchronous-handle",
                 SetFileCompletionNotificationModes, NO_MODE,
                 ERROR_INVALID_PARAMETER,
                 "A handle without FILE_FLAG_OVERLAPPED has no such modes.",
                 "wine ntdll/tests/file.c#test_file_completion_information") {
  HANDLE client;

  pair_listen(f);
  client = client_connect_sync(f);
  assert_refused(SetFileCompletionNotificationModes(client, SKIP),
                 ERROR_INVALID_PARAMETER);
}

NP_PLATFORM_CASE("platform/skip/event-is-set",
                 SetFileCompletionNotificationModes, NO_MODE, NO_ERROR,
                 "The event of an operation that is done at once is set, "
                 "though its packet is skipped.",
                 "wine ntdll/tests/pipe.c#test_completion") {
  struct io *io;

  pair_create_on_port(f, SKIP | SKIP_EVENT);
  io = io_new(f);
  io->overlapped.hEvent = io->event; /* without the low bit */
  assert_error(write_start(io, f->server, "a", 1), 0);
  assert_true(event_is_set(io->event));
  assert_no_packet(f);
}

NP_PLATFORM_CASE("platform/skip/setting-resets",
                 SetFileCompletionNotificationModes, NO_MODE | BOTH_ENDS,
                 WAIT_TIMEOUT,
                 "Setting FILE_SKIP_SET_EVENT_ON_HANDLE resets the handle.",
                 "wine ntdll/tests/pipe.c#test_completion") {
  pair_create(f);
  assert_true(event_is_set(f->end));
  assert_call(SetFileCompletionNotificationModes(f->end, SKIP));
  assert_true(event_is_set(f->end));
  assert_call(SetFileCompletionNotificationModes(f->end, SKIP_EVENT));
  assert_false(event_is_set(f->end));
}

NP_PLATFORM_CASE("platform/skip/query", NtQueryInformationFile,
                 NO_MODE | BOTH_ENDS, NO_ERROR,
                 "The notification modes of a handle can be asked for.",
                 "wine ntdll/tests/pipe.c#test_completion") {
  ULONG modes = 99;

  pair_create(f);
  assert_status(nt_query(f->end, NT_FILE_NOTIFICATION, &modes, sizeof(modes)),
                NT_OK);
  assert_int_equal(modes, 0);
  assert_call(SetFileCompletionNotificationModes(f->end, SKIP_EVENT));
  assert_status(nt_query(f->end, NT_FILE_NOTIFICATION, &modes, sizeof(modes)),
                NT_OK);
  assert_int_equal(modes, SKIP_EVENT);
  assert_status(
      nt_query(f->end, NT_FILE_NOTIFICATION, &modes, sizeof(modes) - 1),
      NT_INFO_LENGTH_MISMATCH);
}

NP_PLATFORM_CASE("platform/skip/handle-is-not-set",
                 SetFileCompletionNotificationModes, NO_MODE, WAIT_TIMEOUT,
                 "With FILE_SKIP_SET_EVENT_ON_HANDLE and a port the handle "
                 "itself is not signalled any more.",
                 "wine ntdll/tests/pipe.c#test_completion") {
  struct io *io = io_new_port(f);

  pair_create_on_port(f, SKIP | SKIP_EVENT);
  assert_error(read_start(io, f->server, room, 4), ERROR_IO_PENDING);
  assert_error(write_start(io_new_port(f), f->client, "a", 1), 0);
  assert_packet(f, io, NT_OK, 1);
  assert_false(event_is_set(f->server));
}
