/* WriteFile: quotas, pending writes and their order. */
#include "fixture.h"

enum { SMALL_QUOTA = 4096, BIG = 8192 };

static char data[BIG];
static char room[BIG];

/* take reads `size` bytes, which must all be available. A message pipe in byte
 * reads and a byte pipe give the same results. */
static void take(struct platform *f, DWORD size) {
  assert_result(win_read(f, f->peer, room, size), 0, size);
}

NP_PLATFORM_CASE("platform/write/within-quota", WriteFile, ANY_MODE | BOTH_ENDS,
                 NO_ERROR,
                 "A write that fits the quota is done at once, up to the last "
                 "byte of it.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  pair_create(f);
  assert_error(write_start(io_new(f), f->end, data, 3000), 0);
  assert_error(write_start(io_new(f), f->end, data, SMALL_QUOTA - 3000), 0);
  assert_int_equal(peek_bytes(f->peer), SMALL_QUOTA);
}

NP_PLATFORM_CASE("platform/write/over-quota", WriteFile, ANY_MODE | BOTH_ENDS,
                 ERROR_IO_PENDING,
                 "A write beyond the free quota pends, but all its data can be "
                 "read at once.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  struct io *io = pair_io(f);

  assert_error(write_start(io_new(f), f->end, data, 3000), 0);
  assert_error(write_start(io, f->end, data, SMALL_QUOTA), ERROR_IO_PENDING);
  assert_true(io_is_quiet(io));
  assert_int_equal(peek_bytes(f->peer), 3000 + SMALL_QUOTA);
}

NP_PLATFORM_CASE("platform/write/one-byte-over-quota", WriteFile,
                 BYTE_READS | BOTH_ENDS, ERROR_IO_PENDING,
                 "One byte more than the quota pends, and is done when one "
                 "byte was read.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  struct io *io = pair_io(f);

  assert_error(write_start(io, f->end, data, SMALL_QUOTA + 1),
               ERROR_IO_PENDING);
  assert_true(io_is_quiet(io));
  take(f, 1);
  assert_result(io_wait(io, f->end), 0, SMALL_QUOTA + 1);
}

NP_PLATFORM_CASE(
    "platform/write/until-the-rest-fits", WriteFile, BYTE_READS | BOTH_ENDS,
    NO_ERROR,
    "A pending write completes when its unread rest fits the quota. A write of "
    "quota + 2000 bytes completes when 2000 bytes were read.",
    "wine kernel32/tests/pipe.c#test_blocking_rw") {
  struct io *io = pair_io(f);

  assert_error(write_start(io, f->end, data, SMALL_QUOTA + 2000),
               ERROR_IO_PENDING);
  take(f, 1999);
  assert_true(io_is_quiet(io));
  take(f, 1);
  assert_result(io_wait(io, f->end), 0, SMALL_QUOTA + 2000);
  assert_int_equal(peek_bytes(f->peer), SMALL_QUOTA);
}

NP_PLATFORM_CASE("platform/write/pending-in-order", WriteFile,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "Pending writes complete strictly in the order in which they "
                 "began, even a small one behind a big one.",
                 "reactos npfs#NpCompleteStalledWrites") {
  struct io *io[3];

  pair_create(f);
  assert_error(write_start(io_new(f), f->end, data, SMALL_QUOTA), 0);
  for (size_t i = 0; i < 3; i++) {
    io[i] = io_new(f);
    assert_error(write_start(io[i], f->end, data, i == 2 ? 100 : 4000),
                 ERROR_IO_PENDING);
  }
  take(f, SMALL_QUOTA); /* makes room for the first write only */
  assert_result(io_wait(io[0], f->end), 0, 4000);
  assert_true(io_is_quiet(io[1]));
  assert_true(io_is_quiet(io[2]));
  take(f, 4000);
  assert_result(io_wait(io[1], f->end), 0, 4000);
  take(f, 4000);
  assert_result(io_wait(io[2], f->end), 0, 100);
}

NP_PLATFORM_CASE("platform/write/quota-zero", WriteFile, ANY_MODE | BOTH_ENDS,
                 ERROR_IO_PENDING,
                 "Without quota a write pends until all of it was read.",
                 "reactos npfs#NpAddDataQueueEntry") {
  struct io *io = io_new(f);

  f->quota_in = 0;
  f->quota_out = 0;
  pair_create(f);
  assert_error(write_start(io, f->end, "abcd", 4), ERROR_IO_PENDING);
  assert_true(io_is_quiet(io));
  assert_result(win_read(f, f->peer, room, 3),
                f->read_mode == PIPE_READMODE_MESSAGE ? ERROR_MORE_DATA : 0, 3);
  assert_true(io_is_quiet(io));
  assert_result(win_read(f, f->peer, room, 3), 0, 1);
  assert_result(io_wait(io, f->end), 0, 4);
}

NP_PLATFORM_CASE("platform/write/to-a-waiting-read", WriteFile,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "Data that go straight to a pending read need no quota.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  struct io *read = io_new(f);

  f->quota_in = 0;
  f->quota_out = 0;
  pair_create(f);
  assert_error(read_start(read, f->peer, room, sizeof(room)), ERROR_IO_PENDING);
  assert_error(write_start(io_new(f), f->end, data, 5000), 0);
  assert_result(io_wait(read, f->peer), 0, 5000);
}

NP_PLATFORM_CASE("platform/write/rest-behind-a-waiting-read", WriteFile,
                 BYTE_READS | BOTH_ENDS, NO_ERROR,
                 "If a pending read is smaller than a write, only the rest of "
                 "the write counts against the quota.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  struct io *read = io_new(f);
  struct io *write = pair_io(f);

  assert_error(read_start(read, f->peer, room, 1000), ERROR_IO_PENDING);
  assert_error(write_start(io_new(f), f->end, data, SMALL_QUOTA + 1000), 0);
  assert_result(io_wait(read, f->peer), 0, 1000);
  assert_error(write_start(write, f->end, data, 1), ERROR_IO_PENDING);
  assert_true(io_is_quiet(write));
}

NP_PLATFORM_CASE("platform/write/nothing-in-bytes", WriteFile,
                 MODE_BYTE | BOTH_ENDS, NO_ERROR,
                 "On a byte pipe a write of 0 bytes succeeds and wakes nobody.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  struct io *io = pair_io(f);

  assert_error(read_start(io, f->peer, room, 4), ERROR_IO_PENDING);
  assert_result(win_write(f, f->end, data, 0), 0, 0);
  assert_true(io_is_quiet(io));
  assert_result(win_write(f, f->end, "a", 1), 0, 1);
  assert_result(io_wait(io, f->peer), 0, 1);
}

NP_PLATFORM_CASE("platform/write/whole-among-others", WriteFile,
                 MODE_BYTE | BOTH_ENDS, NO_ERROR,
                 "The bytes of one write stay together, in the order of the "
                 "writes, across pending ones.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  static char written[3][3000];
  DWORD at = 0;

  pair_create(f);
  for (int i = 0; i < 3; i++) {
    for (size_t j = 0; j < sizeof(written[i]); j++) {
      written[i][j] = (char)('a' + i);
    }
    assert_error(write_start(io_new(f), f->end, written[i], 3000),
                 i == 0 ? 0 : ERROR_IO_PENDING);
  }
  while (at < 9000) {
    struct result result = win_read(f, f->peer, room, 1700);
    assert_error(result.error, 0);
    for (DWORD i = 0; i < result.bytes; i++, at++) {
      assert_int_equal(room[i], 'a' + (int)(at / 3000));
    }
  }
  assert_int_equal(peek_bytes(f->peer), 0);
}

/* Open: Windows' tests never read more than the quota at once. In ReactOS the
 * count of what the quota holds goes below 0. */
NP_PLATFORM_CASE("platform/write/read-of-more-than-the-quota", WriteFile,
                 BYTE_READS | BOTH_ENDS, NO_ERROR,
                 "A pending write is longer than the quota, and one read takes "
                 "more than the quota. The write completes when its rest fits, "
                 "or when all of it was read.",
                 "reactos npfs#NpReadDataQueue") {
  struct io *io = io_new(f);

  f->quota_in = 8;
  f->quota_out = 8;
  pair_create(f);
  assert_error(write_start(io, f->end, data, 20), ERROR_IO_PENDING);
  take(f, 11);
  assert_true(io_is_quiet(io));
  take(f, 1);
  (void)io_is_quiet(io);
  assert_int_equal(peek_bytes(f->peer), 8);
  take(f, 8);
  assert_result(io_wait(io, f->end), 0, 20);
}

NP_PLATFORM_CASE("platform/write/behind-a-read-without-quota", WriteFile,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "The quota is 0, and a first write was read in part. A second "
                 "write pends until it is read itself, or it completes before.",
                 "reactos npfs#NpReadDataQueue") {
  struct io *first = io_new(f);
  struct io *second = io_new(f);

  f->quota_in = 0;
  f->quota_out = 0;
  pair_create(f);
  assert_error(write_start(first, f->end, data, 30), ERROR_IO_PENDING);
  assert_error(write_start(second, f->end, data, 1), ERROR_IO_PENDING);
  assert_int_equal(win_read(f, f->peer, room, 1).bytes, 1);
  assert_true(io_is_quiet(first));
  take(f, 29);
  assert_result(io_wait(first, f->end), 0, 30);
  take(f, 1);
  assert_result(io_wait(second, f->end), 0, 1);
}
