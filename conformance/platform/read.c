/* ReadFile: the order of reads, partial reads, reads of zero bytes, and the
 * events that end a read. */
#include "fixture.h"

NP_PLATFORM_CASE("platform/read/pending", ReadFile, ANY_MODE | BOTH_ENDS,
                 ERROR_IO_PENDING,
                 "A read of an empty pipe pends until the peer writes, and any "
                 "data satisfies it.",
                 "wine ntdll/tests/pipe.c#read_pipe_test") {
  char buffer[16];
  struct io *io = pair_io(f);

  assert_call(SetEvent(io->event));
  assert_error(read_start(io, f->end, buffer, sizeof(buffer)),
               ERROR_IO_PENDING);
  assert_true(io_is_quiet(io));
  assert_result(win_write(f, f->peer, "abc", 3), 0, 3);
  assert_result(io_wait(io, f->end), 0, 3);
  assert_memory_equal(buffer, "abc", 3);
}

NP_PLATFORM_CASE("platform/read/pending-in-order", ReadFile,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "Pending reads are served in the order in which they began.",
                 "wine kernel32/tests/pipe.c#test_overlapped_transport") {
  char first[4];
  char second[4];
  struct io *io[2];

  pair_create(f);
  io[0] = io_new(f);
  io[1] = io_new(f);
  assert_error(read_start(io[0], f->end, first, 4), ERROR_IO_PENDING);
  assert_error(read_start(io[1], f->end, second, 4), ERROR_IO_PENDING);
  assert_result(win_write(f, f->peer, "a", 1), 0, 1);
  assert_result(io_wait(io[0], f->end), 0, 1);
  assert_true(io_is_quiet(io[1]));
  assert_result(win_write(f, f->peer, "bc", 2), 0, 2);
  assert_result(io_wait(io[1], f->end), 0, 2);
  assert_int_equal(first[0], 'a');
  assert_memory_equal(second, "bc", 2);
}

NP_PLATFORM_CASE("platform/read/at-once", ReadFile, ANY_MODE | BOTH_ENDS,
                 NO_ERROR,
                 "With data there, the call returns TRUE, fills in the "
                 "OVERLAPPED and sets the event.",
                 "wine ntdll/tests/pipe.c#read_pipe_test") {
  char buffer[16];
  struct io *io = pair_io(f);

  assert_result(win_write(f, f->peer, "abc", 3), 0, 3);
  assert_error(read_start(io, f->end, buffer, sizeof(buffer)), 0);
  assert_status(io->overlapped.Internal, NT_OK);
  assert_int_equal(io->overlapped.InternalHigh, 3);
  assert_true(event_is_set(io->event));
}

NP_PLATFORM_CASE("platform/read/in-parts", ReadFile, BYTE_READS | BOTH_ENDS,
                 NO_ERROR,
                 "A byte read that is too small takes a part; the rest is left "
                 "for the next.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  char buffer[4];

  pair_create(f);
  assert_result(win_write(f, f->peer, "abcdef", 6), 0, 6);
  assert_result(win_read(f, f->end, buffer, 4), 0, 4);
  assert_memory_equal(buffer, "abcd", 4);
  assert_int_equal(peek_bytes(f->end), 2);
  assert_read(f, f->end, "ef");
}

NP_PLATFORM_CASE("platform/read/over-writes", ReadFile, BYTE_READS | BOTH_ENDS,
                 NO_ERROR,
                 "A byte read takes the data of several writes, also on a "
                 "message pipe.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  pair_create(f);
  assert_result(win_write(f, f->peer, "ab", 2), 0, 2);
  assert_result(win_write(f, f->peer, "cde", 3), 0, 3);
  assert_read(f, f->end, "abcde");
}

NP_PLATFORM_CASE("platform/read/smaller-than-the-write", ReadFile,
                 BYTE_READS | BOTH_ENDS, NO_ERROR,
                 "A write bigger than the pending read completes it, and its "
                 "rest is queued.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  char buffer[2];
  struct io *io = pair_io(f);

  assert_error(read_start(io, f->end, buffer, 2), ERROR_IO_PENDING);
  assert_result(win_write(f, f->peer, "abcde", 5), 0, 5);
  assert_result(io_wait(io, f->end), 0, 2);
  assert_memory_equal(buffer, "ab", 2);
  assert_read(f, f->end, "cde");
}

NP_PLATFORM_CASE("platform/read/nothing-of-an-empty-pipe", ReadFile,
                 BYTE_READS | BOTH_ENDS, NO_ERROR,
                 "A read of 0 bytes pends on an empty pipe until data comes, "
                 "and takes none of it.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  char buffer[1];
  struct io *io = pair_io(f);

  assert_error(read_start(io, f->end, buffer, 0), ERROR_IO_PENDING);
  assert_true(io_is_quiet(io));
  assert_result(win_write(f, f->peer, "abc", 3), 0, 3);
  assert_result(io_wait(io, f->end), 0, 0);
  assert_read(f, f->end, "abc");
}

NP_PLATFORM_CASE("platform/read/nothing-of-an-empty-pipe-in-messages", ReadFile,
                 MODE_MESSAGE | BOTH_ENDS, ERROR_MORE_DATA,
                 "A message read of 0 bytes pends until a message arrives. It "
                 "then ends with ERROR_MORE_DATA and takes nothing of the "
                 "message.",
                 "wine kernel32/tests/pipe.c#test_readfileex_pending") {
  char buffer[1];
  struct io *io = pair_io(f);

  assert_error(read_start(io, f->end, buffer, 0), ERROR_IO_PENDING);
  assert_true(io_is_quiet(io));
  assert_result(win_write(f, f->peer, "abc", 3), 0, 3);
  assert_result(io_wait(io, f->end), ERROR_MORE_DATA, 0);
  assert_read(f, f->end, "abc");
}

NP_PLATFORM_CASE("platform/read/nothing-of-data", ReadFile,
                 BYTE_READS | BOTH_ENDS, NO_ERROR,
                 "With data there, a byte read of 0 bytes succeeds at once.",
                 "wine kernel32/tests/pipe.c#test_CloseHandle") {
  char buffer[1];

  pair_create(f);
  assert_result(win_write(f, f->peer, "abc", 3), 0, 3);
  assert_result(win_read(f, f->end, buffer, 0), 0, 0);
  assert_read(f, f->end, "abc");
}

NP_PLATFORM_CASE("platform/read/nothing-of-a-message", ReadFile,
                 MODE_MESSAGE | BOTH_ENDS, ERROR_MORE_DATA,
                 "A message read of 0 bytes reports ERROR_MORE_DATA if a "
                 "message waits.",
                 "wine kernel32/tests/pipe.c#test_CloseHandle") {
  char buffer[1];

  pair_create(f);
  assert_result(win_write(f, f->peer, "abc", 3), 0, 3);
  assert_result(win_read(f, f->end, buffer, 0), ERROR_MORE_DATA, 0);
  assert_read(f, f->end, "abc");
}

NP_PLATFORM_CASE(
    "platform/read/nothing-of-a-closed-pipe", ReadFile, ANY_MODE | BOTH_ENDS,
    ERROR_BROKEN_PIPE,
    "A read of 0 bytes at the end of the stream fails as any other read does.",
    "wine kernel32/tests/pipe.c#test_CloseHandle") {
  char buffer[1];

  pair_create(f);
  peer_close(f);
  assert_result(win_read(f, f->end, buffer, 0), ERROR_BROKEN_PIPE, 0);
}

NP_PLATFORM_CASE("platform/read/both-directions", ReadFile, ANY_MODE, NO_ERROR,
                 "A pending read does not hold up a write of the same handle.",
                 "wine kernel32/tests/pipe.c#test_overlapped_transport") {
  char from_client[4];
  char from_server[4];
  struct io *server_read = io_new(f);
  struct io *client_read = pair_io(f);

  assert_error(read_start(server_read, f->server, from_client, 4),
               ERROR_IO_PENDING);
  assert_error(read_start(client_read, f->client, from_server, 4),
               ERROR_IO_PENDING);
  assert_result(win_write(f, f->server, "s", 1), 0, 1);
  assert_result(win_write(f, f->client, "c", 1), 0, 1);
  assert_result(io_wait(server_read, f->server), 0, 1);
  assert_result(io_wait(client_read, f->client), 0, 1);
  assert_int_equal(from_client[0], 'c');
  assert_int_equal(from_server[0], 's');
}
