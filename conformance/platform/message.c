/* Messages: boundaries, messages read in parts, and empty messages. */
#include "fixture.h"

NP_PLATFORM_CASE("platform/message/boundaries", ReadFile,
                 MODE_MESSAGE | BOTH_ENDS, NO_ERROR,
                 "Each message read gives just one message.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  pair_create(f);
  assert_result(win_write(f, f->peer, "ab", 2), 0, 2);
  assert_result(win_write(f, f->peer, "cde", 3), 0, 3);
  assert_read(f, f->end, "ab");
  assert_read(f, f->end, "cde");
}

NP_PLATFORM_CASE("platform/message/exact-fit", ReadFile,
                 MODE_MESSAGE | BOTH_ENDS, NO_ERROR,
                 "A buffer of just the message's size is no ERROR_MORE_DATA.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  char buffer[3];

  pair_create(f);
  assert_result(win_write(f, f->peer, "abc", 3), 0, 3);
  assert_result(win_read(f, f->end, buffer, 3), 0, 3);
}

NP_PLATFORM_CASE("platform/message/in-parts", ReadFile,
                 MODE_MESSAGE | BOTH_ENDS, ERROR_MORE_DATA,
                 "A message longer than the buffer comes in parts: all but the "
                 "last with ERROR_MORE_DATA, and no part has bytes of the next "
                 "message.",
                 "wine kernel32/tests/pipe.c#test_ReadFile; museum M02") {
  char buffer[3];

  pair_create(f);
  assert_result(win_write(f, f->peer, "abcdefgh", 8), 0, 8);
  assert_result(win_write(f, f->peer, "x", 1), 0, 1);
  assert_result(win_read(f, f->end, buffer, 3), ERROR_MORE_DATA, 3);
  assert_memory_equal(buffer, "abc", 3);
  assert_result(win_read(f, f->end, buffer, 3), ERROR_MORE_DATA, 3);
  assert_memory_equal(buffer, "def", 3);
  assert_result(win_read(f, f->end, buffer, 3), 0, 2);
  assert_memory_equal(buffer, "gh", 2);
  assert_read(f, f->end, "x");
}

NP_PLATFORM_CASE("platform/message/longer-than-a-pending-read", ReadFile,
                 MODE_MESSAGE | BOTH_ENDS, ERROR_MORE_DATA,
                 "A message longer than the pending read ends it with "
                 "ERROR_MORE_DATA; the rest is left.",
                 "wine ntdll/tests/pipe.c#test_completion; museum M08") {
  char buffer[3];
  struct io *io = pair_io(f);

  assert_error(read_start(io, f->end, buffer, 3), ERROR_IO_PENDING);
  assert_result(win_write(f, f->peer, "abcde", 5), 0, 5);
  assert_result(io_wait(io, f->end), ERROR_MORE_DATA, 3);
  assert_read(f, f->end, "de");
}

NP_PLATFORM_CASE("platform/message/parts-for-pending-reads", ReadFile,
                 MODE_MESSAGE | BOTH_ENDS, NO_ERROR,
                 "One message may serve several pending reads, in order.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  char buffer[2][3];
  struct io *io[2];

  pair_create(f);
  for (size_t i = 0; i < 2; i++) {
    io[i] = io_new(f);
    assert_error(read_start(io[i], f->end, buffer[i], 3), ERROR_IO_PENDING);
  }
  assert_result(win_write(f, f->peer, "abcde", 5), 0, 5);
  assert_result(io_wait(io[0], f->end), ERROR_MORE_DATA, 3);
  assert_result(io_wait(io[1], f->end), 0, 2);
  assert_memory_equal(buffer[1], "de", 2);
}

NP_PLATFORM_CASE("platform/message/rest-after-close", ReadFile,
                 MODE_MESSAGE | BOTH_ENDS, NO_ERROR,
                 "The rest of a message outlives its writer.",
                 "wine kernel32/tests/pipe.c#test_CloseHandle") {
  char buffer[2];

  pair_create(f);
  assert_result(win_write(f, f->peer, "abcd", 4), 0, 4);
  assert_result(win_read(f, f->end, buffer, 2), ERROR_MORE_DATA, 2);
  peer_close(f);
  assert_result(win_read(f, f->end, buffer, 2), 0, 2);
  assert_result(win_read(f, f->end, buffer, 2), ERROR_BROKEN_PIPE, 0);
}

NP_PLATFORM_CASE("platform/message/empty", WriteFile, MESSAGE_TYPE | BOTH_ENDS,
                 NO_ERROR,
                 "A write of 0 bytes is a message of its own: the reader gets "
                 "success with 0 bytes, which is not the end.",
                 "wine kernel32/tests/pipe.c#test_CloseHandle; museum M09") {
  char buffer[4];

  pair_create(f);
  assert_result(win_write(f, f->peer, "", 0), 0, 0);
  assert_result(win_read(f, f->end, buffer, 4), 0, 0);
  assert_result(win_write(f, f->peer, "a", 1), 0, 1);
  assert_read(f, f->end, "a");
}

NP_PLATFORM_CASE("platform/message/empty-in-its-place", WriteFile,
                 MODE_MESSAGE | BOTH_ENDS, NO_ERROR,
                 "An empty message keeps its place between other messages.",
                 "wine kernel32/tests/pipe.c#test_CloseHandle; museum D07") {
  char buffer[4];

  pair_create(f);
  assert_result(win_write(f, f->peer, "a", 1), 0, 1);
  assert_result(win_write(f, f->peer, "", 0), 0, 0);
  assert_result(win_write(f, f->peer, "b", 1), 0, 1);
  assert_read(f, f->end, "a");
  assert_result(win_read(f, f->end, buffer, 4), 0, 0);
  assert_read(f, f->end, "b");
}

NP_PLATFORM_CASE("platform/message/empty-ends-one-read", WriteFile,
                 MESSAGE_TYPE | BOTH_ENDS, NO_ERROR,
                 "An empty message completes exactly one pending read.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  char buffer[2][4];
  struct io *io[2];

  pair_create(f);
  for (size_t i = 0; i < 2; i++) {
    io[i] = io_new(f);
    assert_error(read_start(io[i], f->end, buffer[i], 4), ERROR_IO_PENDING);
  }
  assert_result(win_write(f, f->peer, "", 0), 0, 0);
  assert_result(io_wait(io[0], f->end), 0, 0);
  assert_true(io_is_quiet(io[1]));
}

NP_PLATFORM_CASE("platform/message/empty-outlives-its-writer", WriteFile,
                 MESSAGE_TYPE | BOTH_ENDS, NO_ERROR,
                 "An empty message is readable after its writer closed; then "
                 "comes the end.",
                 "wine kernel32/tests/pipe.c#test_CloseHandle") {
  char buffer[4];

  pair_create(f);
  assert_result(win_write(f, f->peer, "", 0), 0, 0);
  peer_close(f);
  assert_result(win_read(f, f->end, buffer, 4), 0, 0);
  assert_result(win_read(f, f->end, buffer, 4), ERROR_BROKEN_PIPE, 0);
}

NP_PLATFORM_CASE("platform/message/empty-behind-a-pending-write", WriteFile,
                 MESSAGE_TYPE | BOTH_ENDS, NO_ERROR,
                 "An empty message is written at once, even behind a write "
                 "that pends, and stays behind it.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  static char data[QUOTA + 1];
  static char room[QUOTA + 1];
  struct io *big = pair_io(f);

  assert_error(write_start(big, f->peer, data, sizeof(data)), ERROR_IO_PENDING);
  assert_error(write_start(io_new(f), f->peer, "", 0), 0);
  assert_result(win_read(f, f->end, room, sizeof(room)), 0, sizeof(room));
  assert_result(io_wait(big, f->peer), 0, sizeof(data));
  assert_result(win_read(f, f->end, room, sizeof(room)), 0, 0);
}

NP_PLATFORM_CASE("platform/message/empty-left-by-a-full-read", ReadFile,
                 MODE_MESSAGE_BYTE | BOTH_ENDS, NO_ERROR,
                 "A byte read that is filled exactly leaves the empty message "
                 "behind its data.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  char buffer[2];

  pair_create(f);
  assert_result(win_write(f, f->peer, "ab", 2), 0, 2);
  assert_result(win_write(f, f->peer, "", 0), 0, 0);
  assert_result(win_read(f, f->end, buffer, 2), 0, 2);
  assert_result(win_read(f, f->end, buffer, 2), 0, 0);
  assert_int_equal(peek_bytes(f->end), 0);
}

NP_PLATFORM_CASE("platform/message/empty-before-data", ReadFile,
                 MODE_MESSAGE_BYTE | BOTH_ENDS, NO_ERROR,
                 "A byte read goes on past an empty message to the data behind "
                 "it.",
                 "reactos npfs/readsup.c#NpReadDataQueue") {
  pair_create(f);
  assert_result(win_write(f, f->peer, "", 0), 0, 0);
  assert_result(win_write(f, f->peer, "a", 1), 0, 1);
  assert_read(f, f->end, "a");
}

NP_PLATFORM_CASE("platform/message/mode-of-each-handle",
                 SetNamedPipeHandleState, MODE_MESSAGE_BYTE | BOTH_ENDS,
                 ERROR_MORE_DATA,
                 "The read mode belongs to the handle's end and may change "
                 "between reads.",
                 "SetNamedPipeHandleState#parameters") {
  char buffer[8];

  pair_create(f);
  assert_result(win_write(f, f->peer, "abcd", 4), 0, 4);
  assert_result(win_write(f, f->peer, "ef", 2), 0, 2);
  assert_error(read_mode_set(f->end, PIPE_READMODE_MESSAGE), 0);
  assert_result(win_read(f, f->end, buffer, 2), ERROR_MORE_DATA, 2);
  assert_error(read_mode_set(f->end, PIPE_READMODE_BYTE), 0);
  assert_read(f, f->end, "cdef");
}

NP_PLATFORM_CASE("platform/message/mode-of-a-byte-pipe",
                 SetNamedPipeHandleState, MODE_BYTE | BOTH_ENDS,
                 ERROR_INVALID_PARAMETER,
                 "Message reads of a byte pipe are refused.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  pair_create(f);
  assert_error(read_mode_set(f->end, PIPE_READMODE_MESSAGE),
               ERROR_INVALID_PARAMETER);
}
