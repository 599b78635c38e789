/* CancelIoEx and CancelIo: which operations they cancel, and the state that
 * they leave. */
#include "fixture.h"

enum { BIG = QUOTA + 1000 };

static char data[BIG];
static char room[BIG];

NP_PLATFORM_CASE("platform/cancel/pending-read", CancelIoEx,
                 ANY_MODE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
                 "A cancelled read ends with ERROR_OPERATION_ABORTED and no "
                 "bytes; data that comes later is for the next read.",
                 "wine ntdll/tests/pipe.c#test_cancelio") {
  struct io *io = pair_io(f);

  assert_error(read_start(io, f->end, room, 4), ERROR_IO_PENDING);
  assert_call(CancelIoEx(f->end, &io->overlapped));
  assert_result(io_wait(io, f->end), ERROR_OPERATION_ABORTED, 0);
  assert_result(win_write(f, f->peer, "ab", 2), 0, 2);
  assert_read(f, f->end, "ab");
}

NP_PLATFORM_CASE("platform/cancel/packet", CancelIoEx, ANY_MODE | BOTH_ENDS,
                 STATUS_CANCELLED,
                 "A cancelled operation posts a packet with STATUS_CANCELLED "
                 "and no bytes.",
                 "wine ntdll/tests/pipe.c#test_cancelio") {
  struct io *io = pair_io_port(f);

  assert_error(read_start(io, f->end, room, 4), ERROR_IO_PENDING);
  assert_call(CancelIoEx(f->end, &io->overlapped));
  assert_packet(f, io, NT_CANCELLED, 0);
  assert_no_packet(f);
}

NP_PLATFORM_CASE("platform/cancel/the-one-given", CancelIoEx, NO_MODE, NO_ERROR,
                 "Two reads wait. A cancel with an OVERLAPPED cancels only the "
                 "read of this OVERLAPPED, and the other read gets the next "
                 "data.",
                 "CancelIoEx#parameters") {
  char other[4];
  struct io *io[2];

  pair_create(f);
  io[0] = io_new(f);
  io[1] = io_new(f);
  assert_error(read_start(io[0], f->end, room, 4), ERROR_IO_PENDING);
  assert_error(read_start(io[1], f->end, other, 4), ERROR_IO_PENDING);
  assert_call(CancelIoEx(f->end, &io[0]->overlapped));
  assert_result(io_wait(io[0], f->end), ERROR_OPERATION_ABORTED, 0);
  assert_true(io_is_quiet(io[1]));
  assert_result(win_write(f, f->peer, "a", 1), 0, 1);
  assert_result(io_wait(io[1], f->end), 0, 1);
}

NP_PLATFORM_CASE("platform/cancel/all", CancelIoEx, NO_MODE,
                 ERROR_OPERATION_ABORTED,
                 "Without an OVERLAPPED all operations of the handle are "
                 "cancelled, and none of the peer's.",
                 "CancelIoEx#parameters; museum E07") {
  struct io *read = io_new(f);
  struct io *write = io_new(f);
  struct io *peer_read = pair_io(f);

  assert_error(read_start(read, f->end, room, 4), ERROR_IO_PENDING);
  assert_error(write_start(write, f->end, data, BIG), ERROR_IO_PENDING);
  assert_call(CancelIoEx(f->end, NULL));
  assert_result(io_wait(read, f->end), ERROR_OPERATION_ABORTED, 0);
  assert_error(io_wait(write, f->end).error, ERROR_OPERATION_ABORTED);

  assert_error(read_start(peer_read, f->peer, room, 4), ERROR_IO_PENDING);
  assert_error(read_start(read, f->end, room, 4), ERROR_IO_PENDING);
  assert_call(CancelIoEx(f->end, NULL));
  assert_result(io_wait(read, f->end), ERROR_OPERATION_ABORTED, 0);
  assert_true(io_is_quiet(peer_read));
}

NP_PLATFORM_CASE("platform/cancel/finished", CancelIoEx, NO_MODE,
                 ERROR_NOT_FOUND,
                 "An operation that has ended, or was never started, is not "
                 "found.",
                 "wine ntdll/tests/pipe.c#test_cancelio; museum E10") {
  struct io *io = pair_io(f);

  assert_refused(CancelIoEx(f->end, &io->overlapped), ERROR_NOT_FOUND);
  assert_error(read_start(io, f->end, room, 4), ERROR_IO_PENDING);
  assert_result(win_write(f, f->peer, "a", 1), 0, 1);
  assert_result(io_wait(io, f->end), 0, 1);
  assert_refused(CancelIoEx(f->end, &io->overlapped), ERROR_NOT_FOUND);
}

NP_PLATFORM_CASE("platform/cancel/twice", CancelIoEx, NO_MODE, ERROR_NOT_FOUND,
                 "A second cancel finds no operation.",
                 "wine ntdll/tests/pipe.c#test_cancelio") {
  struct io *io = pair_io(f);

  assert_error(read_start(io, f->end, room, 4), ERROR_IO_PENDING);
  assert_call(CancelIoEx(f->end, &io->overlapped));
  assert_refused(CancelIoEx(f->end, &io->overlapped), ERROR_NOT_FOUND);
  assert_result(io_wait(io, f->end), ERROR_OPERATION_ABORTED, 0);
}

NP_PLATFORM_CASE("platform/cancel/all-of-none", CancelIoEx, NO_MODE,
                 ERROR_NOT_FOUND,
                 "A cancel without an OVERLAPPED finds nothing if no "
                 "operation is pending.",
                 "wine ntdll/tests/pipe.c#test_cancelio") {
  pair_create(f);
  assert_refused(CancelIoEx(f->end, NULL), ERROR_NOT_FOUND);
}

struct cancel_call {
  HANDLE pipe;
  OVERLAPPED *overlapped;
};

static DWORD WINAPI cancel_io(void *argument) {
  return CancelIo(((struct cancel_call *)argument)->pipe) ? 0 : GetLastError();
}

static DWORD WINAPI cancel_io_ex(void *argument) {
  const struct cancel_call *call = argument;

  return CancelIoEx(call->pipe, call->overlapped) ? 0 : GetLastError();
}

NP_PLATFORM_CASE("platform/cancel/own-thread-only", CancelIo, NO_MODE, NO_ERROR,
                 "CancelIo succeeds without anything to cancel, and leaves "
                 "alone what another thread began.",
                 "wine ntdll/tests/pipe.c#test_cancelio") {
  struct cancel_call call;
  struct io *io = pair_io(f);

  assert_call(CancelIo(f->end));
  assert_error(read_start(io, f->end, room, 4), ERROR_IO_PENDING);
  call.pipe = f->end;
  assert_error(worker_join(worker_start(f, cancel_io, &call)), 0);
  assert_true(io_is_quiet(io));
  assert_call(CancelIo(f->end));
  assert_result(io_wait(io, f->end), ERROR_OPERATION_ABORTED, 0);
}

NP_PLATFORM_CASE("platform/cancel/from-another-thread", CancelIoEx, NO_MODE,
                 ERROR_OPERATION_ABORTED, "CancelIoEx works from any thread.",
                 "CancelIoEx#remarks") {
  struct cancel_call call;
  struct io *io = pair_io(f);

  assert_error(read_start(io, f->end, room, 4), ERROR_IO_PENDING);
  call.pipe = f->end;
  call.overlapped = &io->overlapped;
  assert_error(worker_join(worker_start(f, cancel_io_ex, &call)), 0);
  assert_result(io_wait(io, f->end), ERROR_OPERATION_ABORTED, 0);
}

NP_PLATFORM_CASE("platform/cancel/through-a-duplicate", CancelIoEx, NO_MODE,
                 ERROR_OPERATION_ABORTED,
                 "An operation can be cancelled through a duplicate of its "
                 "handle.",
                 "wine ntdll/tests/pipe.c#test_cancelio") {
  HANDLE duplicate = NULL;
  struct io *io = pair_io(f);

  assert_call(DuplicateHandle(GetCurrentProcess(), f->end, GetCurrentProcess(),
                              &duplicate, 0, FALSE, DUPLICATE_SAME_ACCESS));
  win_own(f, duplicate);
  assert_error(read_start(io, f->end, room, 4), ERROR_IO_PENDING);
  assert_call(CancelIoEx(duplicate, &io->overlapped));
  assert_result(io_wait(io, f->end), ERROR_OPERATION_ABORTED, 0);
}

NP_PLATFORM_CASE("platform/cancel/pending-write", CancelIoEx,
                 ANY_MODE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
                 "The unread data of a cancelled write leave the pipe.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw; museum D15") {
  struct io *io = pair_io(f);

  assert_result(win_write(f, f->end, "ab", 2), 0, 2);
  assert_error(write_start(io, f->end, data, BIG), ERROR_IO_PENDING);
  assert_int_equal(peek_bytes(f->peer), 2 + BIG);
  assert_call(CancelIoEx(f->end, &io->overlapped));
  assert_error(io_wait(io, f->end).error, ERROR_OPERATION_ABORTED);
  assert_int_equal(peek_bytes(f->peer), 2);
  assert_read(f, f->peer, "ab");
}

NP_PLATFORM_CASE("platform/cancel/write-that-was-read-in-part", CancelIoEx,
                 BYTE_READS | BOTH_ENDS, ERROR_OPERATION_ABORTED,
                 "Also a write of which a part was read is cancelled, and the "
                 "rest of its data is gone.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw; museum D15") {
  struct io *io = pair_io(f);

  assert_error(write_start(io, f->end, data, BIG), ERROR_IO_PENDING);
  assert_result(win_read(f, f->peer, room, 100), 0, 100);
  assert_call(CancelIoEx(f->end, &io->overlapped));
  assert_error(io_wait(io, f->end).error, ERROR_OPERATION_ABORTED);
  assert_int_equal(peek_bytes(f->peer), 0);
  assert_result(win_write(f, f->end, "ab", 2), 0, 2);
  assert_read(f, f->peer, "ab");
}

NP_PLATFORM_CASE("platform/cancel/all-writes", CancelIoEx, ANY_MODE | BOTH_ENDS,
                 ERROR_OPERATION_ABORTED,
                 "Of several pending writes that are cancelled at once, none "
                 "completes in the room that a cancelled one leaves.",
                 "reactos io/iomgr/irp.c#IopQueueIrpToThread: newest first") {
  struct io *first = io_new(f);
  struct io *second = pair_io(f);

  assert_error(write_start(first, f->end, data, BIG), ERROR_IO_PENDING);
  assert_error(write_start(second, f->end, "abc", 3), ERROR_IO_PENDING);
  assert_call(CancelIoEx(f->end, NULL));
  assert_error(io_wait(first, f->end).error, ERROR_OPERATION_ABORTED);
  assert_error(io_wait(second, f->end).error, ERROR_OPERATION_ABORTED);
  assert_int_equal(peek_bytes(f->peer), 0);
}

NP_PLATFORM_CASE("platform/cancel/lets-later-writes-go", CancelIoEx,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "When a pending write is cancelled, later writes complete if "
                 "they fit.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  struct io *first = io_new(f);
  struct io *second = pair_io(f);

  assert_error(write_start(first, f->end, data, BIG), ERROR_IO_PENDING);
  assert_error(write_start(second, f->end, "abc", 3), ERROR_IO_PENDING);
  assert_call(CancelIoEx(f->end, &first->overlapped));
  assert_error(io_wait(first, f->end).error, ERROR_OPERATION_ABORTED);
  assert_result(io_wait(second, f->end), 0, 3);
  assert_read(f, f->peer, "abc");
}
