/* PIPE_NOWAIT: the library never sets this mode, but a peer may. */
#include "fixture.h"

enum { SMALL = 512 };

static char data[SMALL + 2];
static char room[SMALL + 2];

/* pair_create_nowait creates a pair with small quotas, whose client has
 * PIPE_NOWAIT. */
static void pair_create_nowait(struct platform *f) {
  f->quota_in = SMALL;
  f->quota_out = SMALL;
  pair_listen(f);
  f->client = client_connect_sync(f);
  assert_error(read_mode_set(f->client, f->read_mode | PIPE_NOWAIT), 0);
}

/* written writes at the client, which cannot pend, and returns the byte
 * count. */
static DWORD written(struct platform *f, DWORD size) {
  DWORD bytes = 99;

  assert_call(WriteFile(f->client, data, size, &bytes, NULL));
  return bytes;
}

NP_PLATFORM_CASE("platform/nowait/read-of-nothing", ReadFile, ANY_MODE,
                 ERROR_NO_DATA,
                 "A read of an empty pipe fails at once (PIPE_EMPTY).",
                 "wine kernel32/tests/pipe.c#test_nowait") {
  DWORD bytes = 99;

  pair_create_nowait(f);
  assert_refused(ReadFile(f->client, room, 4, &bytes, NULL), ERROR_NO_DATA);
  assert_result(win_write(f, f->server, "ab", 2), 0, 2);
  assert_call(ReadFile(f->client, room, 4, &bytes, NULL));
  assert_int_equal(bytes, 2);
}

NP_PLATFORM_CASE("platform/nowait/write-that-does-not-fit", WriteFile, ANY_MODE,
                 NO_ERROR,
                 "A write that does not fit succeeds with 0 bytes, and "
                 "nothing is written.",
                 "wine kernel32/tests/pipe.c#test_nowait; museum R09") {
  pair_create_nowait(f);
  assert_int_equal(written(f, SMALL + 1), 0);
  assert_int_equal(peek_bytes(f->server), 0);
  assert_int_equal(written(f, SMALL), SMALL);
  assert_int_equal(written(f, 1), 0);
  assert_int_equal(peek_bytes(f->server), SMALL);
}

NP_PLATFORM_CASE("platform/nowait/write-to-a-small-read", WriteFile, ANY_MODE,
                 NO_ERROR,
                 "Data that a pending read takes need no quota: 1 byte is "
                 "handed over, the rest is buffered.",
                 "wine kernel32/tests/pipe.c#test_nowait") {
  struct io *io = io_new(f);

  pair_create_nowait(f);
  assert_error(read_start(io, f->server, room, 1), ERROR_IO_PENDING);
  assert_int_equal(written(f, SMALL + 1), SMALL + 1);
  assert_result(io_wait(io, f->server),
                f->read_mode == PIPE_READMODE_MESSAGE ? ERROR_MORE_DATA : 0, 1);
  assert_int_equal(peek_bytes(f->server), SMALL);
}

NP_PLATFORM_CASE("platform/nowait/bytes-over-a-small-read", WriteFile,
                 MODE_BYTE, NO_ERROR,
                 "If the rest of a byte write does not fit, only the part "
                 "that the pending read takes is written.",
                 "wine kernel32/tests/pipe.c#test_nowait") {
  struct io *io = io_new(f);

  pair_create_nowait(f);
  assert_error(read_start(io, f->server, room, 1), ERROR_IO_PENDING);
  assert_int_equal(written(f, SMALL + 2), 1);
  assert_result(io_wait(io, f->server), 0, 1);
  assert_int_equal(peek_bytes(f->server), 0);
}

NP_PLATFORM_CASE("platform/nowait/message-over-a-small-read", WriteFile,
                 MESSAGE_TYPE, NO_ERROR,
                 "If the rest of a message does not fit, nothing is written, "
                 "and the read stays pending.",
                 "wine kernel32/tests/pipe.c#test_nowait") {
  struct io *io = io_new(f);

  pair_create_nowait(f);
  assert_error(read_start(io, f->server, room, 1), ERROR_IO_PENDING);
  assert_int_equal(written(f, SMALL + 2), 0);
  assert_true(io_is_quiet(io));
}

NP_PLATFORM_CASE("platform/nowait/write-to-a-big-read", WriteFile, ANY_MODE,
                 NO_ERROR,
                 "Data that a pending read takes completely are written, "
                 "beyond the quota.",
                 "wine kernel32/tests/pipe.c#test_nowait") {
  struct io *io = io_new(f);

  pair_create_nowait(f);
  assert_error(read_start(io, f->server, room, sizeof(room)), ERROR_IO_PENDING);
  assert_int_equal(written(f, SMALL + 1), SMALL + 1);
  assert_result(io_wait(io, f->server), 0, SMALL + 1);
}

NP_PLATFORM_CASE("platform/nowait/switch-with-data-unread",
                 SetNamedPipeHandleState, ANY_MODE, ERROR_PIPE_BUSY,
                 "A handle cannot switch to PIPE_NOWAIT mode while the peer "
                 "has not read all its data.",
                 "cygwin pipe.cc#set_pipe_non_blocking") {
  pair_create(f);
  assert_result(win_write(f, f->client, "ab", 2), 0, 2);
  assert_error(read_mode_set(f->client, f->read_mode | PIPE_NOWAIT),
               ERROR_PIPE_BUSY);
  assert_read(f, f->server, "ab");
  assert_error(read_mode_set(f->client, f->read_mode | PIPE_NOWAIT), 0);
}

NP_PLATFORM_CASE("platform/nowait/connect", ConnectNamedPipe, NO_MODE,
                 ERROR_PIPE_LISTENING,
                 "A connect never waits: 536 while listening, 535 with a "
                 "client, 232 once it has left.",
                 "wine kernel32/tests/pipe.c#test_nowait") {
  f->server =
      instance_open(f, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE | PIPE_NOWAIT, 1);
  assert_call(f->server != INVALID_HANDLE_VALUE);
  assert_refused(ConnectNamedPipe(f->server, NULL), ERROR_PIPE_LISTENING);
  f->client = client_connect(f);
  assert_refused(ConnectNamedPipe(f->server, NULL), ERROR_PIPE_CONNECTED);
  win_close(f, &f->client);
  assert_refused(ConnectNamedPipe(f->server, NULL), ERROR_NO_DATA);
}
