/* FlushFileBuffers blocks its thread until the peer has read everything. The
 * control FSCTL_PIPE_FLUSH does the same as an asynchronous operation. */
#include "fixture.h"
#include "nt.h"

static DWORD WINAPI flush(void *argument) {
  return FlushFileBuffers((HANDLE)argument) ? 0 : GetLastError();
}

/* flush_start starts a flush of data that the peer does not read yet. */
static HANDLE flush_start(struct platform *f) {
  HANDLE worker;

  pair_create(f);
  assert_result(win_write(f, f->end, "abcd", 4), 0, 4);
  worker = worker_start(f, flush, f->end);
  assert_true(worker_is_blocked(worker));
  return worker;
}

NP_PLATFORM_CASE("platform/flush/nothing-unread", FlushFileBuffers,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "A flush returns at once if nothing is unread, whatever is "
                 "unread in the other direction.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  pair_create(f);
  assert_call(FlushFileBuffers(f->end));
  assert_result(win_write(f, f->end, "abcd", 4), 0, 4);
  assert_read(f, f->peer, "abcd");
  assert_result(win_write(f, f->peer, "efgh", 4), 0, 4);
  assert_call(FlushFileBuffers(f->end));
}

NP_PLATFORM_CASE("platform/flush/until-read", FlushFileBuffers,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "A flush blocks, on an overlapped handle too, until the peer "
                 "has read the last byte.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw; museum F09") {
  char room[4];
  HANDLE worker = flush_start(f);

  assert_int_equal(win_read(f, f->peer, room, 3).bytes, 3);
  assert_true(worker_is_blocked(worker));
  assert_int_equal(win_read(f, f->peer, room, 3).bytes, 1);
  assert_error(worker_join(worker), 0);
}

NP_PLATFORM_CASE("platform/flush/peer-closes", FlushFileBuffers,
                 ANY_MODE | BOTH_ENDS, ERROR_BROKEN_PIPE,
                 "A flush ends with ERROR_BROKEN_PIPE when the peer leaves.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  HANDLE worker = flush_start(f);

  peer_close(f);
  assert_error(worker_join(worker), ERROR_BROKEN_PIPE);
}

NP_PLATFORM_CASE("platform/flush/disconnected", FlushFileBuffers,
                 ANY_MODE | BOTH_ENDS, ERROR_PIPE_NOT_CONNECTED,
                 "A flush of either end ends with ERROR_PIPE_NOT_CONNECTED at "
                 "a disconnect.",
                 "reactos npfs#NpSetDisconnectedPipeState") {
  HANDLE worker = flush_start(f);

  win_disconnect(f);
  assert_error(worker_join(worker), ERROR_PIPE_NOT_CONNECTED);
}

NP_PLATFORM_CASE("platform/flush/reader", FlushFileBuffers, NO_MODE,
                 ERROR_ACCESS_DENIED,
                 "A handle that may not write may not flush.",
                 "FlushFileBuffers#parameters; museum S07") {
  HANDLE client;

  pair_listen(f);
  client = client_open(f, GENERIC_READ, 0);
  assert_call(client != INVALID_HANDLE_VALUE);
  assert_refused(FlushFileBuffers(client), ERROR_ACCESS_DENIED);
}

/* --- The control -------------------------------------------------------- */

enum {
  SKIPS = FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE
};

/* control_start starts a flush whose end a packet reports. It returns the
 * status. */
static DWORD control_start(struct io *io, HANDLE pipe) {
  NTSTATUS status;

  io->overlapped.Internal = NT_PENDING;
  status = NtFsControlFile(pipe, NULL, NULL, &io->overlapped,
                           (PIO_STATUS_BLOCK)(void *)&io->overlapped,
                           NT_FSCTL_PIPE_FLUSH, NULL, 0, NULL, 0);
  io->pending = (DWORD)status == NT_PENDING;
  return (DWORD)status;
}

/* control_flushing starts a flush of data that the peer does not read yet.
 * Nothing else is pending. */
static struct io *control_flushing(struct platform *f) {
  struct io *io = io_new_port(f);

  pair_create_on_port(f, SKIPS);
  assert_result(win_write(f, f->end, "abcd", 4), 0, 4);
  assert_int_equal(control_start(io, f->end), NT_PENDING);
  assert_no_packet(f);
  return io;
}

NP_PLATFORM_CASE("platform/flush/control-nothing-unread", NtFsControlFile,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "FSCTL_PIPE_FLUSH with nothing unread succeeds, on a handle "
                 "that skips its port without a packet.",
                 "phnt ntioapi.h#FSCTL_PIPE_FLUSH; FlushFileBuffers#remarks") {
  struct io *io = io_new_port(f);
  DWORD status;

  pair_create_on_port(f, SKIPS);
  status = control_start(io, f->end);
  if (status == NT_PENDING) { /* any operation may pend */
    assert_packet(f, io, NT_OK, 0);
  } else {
    assert_int_equal(status, NT_OK);
  }
  assert_no_packet(f);
}

NP_PLATFORM_CASE("platform/flush/control-until-read", NtFsControlFile,
                 ANY_MODE | BOTH_ENDS, ERROR_IO_PENDING,
                 "FSCTL_PIPE_FLUSH pends until the peer has read the last "
                 "byte.",
                 "phnt ntioapi.h#FSCTL_PIPE_FLUSH; FlushFileBuffers#remarks") {
  struct io *io = control_flushing(f);
  char room[4];

  assert_int_equal(win_read(f, f->peer, room, 3).bytes, 3);
  assert_no_packet(f);
  assert_int_equal(win_read(f, f->peer, room, 3).bytes, 1);
  assert_packet(f, io, NT_OK, 0);
}

NP_PLATFORM_CASE("platform/flush/control-cancelled", NtFsControlFile,
                 ANY_MODE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
                 "CancelIoEx finds FSCTL_PIPE_FLUSH by its OVERLAPPED; the "
                 "data stays.",
                 "CancelIoEx#parameters") {
  struct io *io = control_flushing(f);

  assert_call(CancelIoEx(f->end, &io->overlapped));
  assert_packet(f, io, NT_CANCELLED, 0);
  assert_read(f, f->peer, "abcd");
}

NP_PLATFORM_CASE("platform/flush/control-disconnected", NtFsControlFile,
                 ANY_MODE | BOTH_ENDS, ERROR_PIPE_NOT_CONNECTED,
                 "A disconnect ends FSCTL_PIPE_FLUSH at either end.",
                 "reactos npfs#NpSetDisconnectedPipeState") {
  struct io *io = control_flushing(f);

  assert_int_equal(nt_disconnect(f->server), NT_OK);
  assert_packet(f, io, NT_PIPE_DISCONNECTED, 0);
}

NP_PLATFORM_CASE("platform/flush/control-peer-closes", NtFsControlFile,
                 ANY_MODE | BOTH_ENDS, ERROR_BROKEN_PIPE,
                 "FSCTL_PIPE_FLUSH ends when the peer leaves.",
                 "reactos npfs#NpSetClosingPipeState") {
  struct io *io = control_flushing(f);

  peer_close(f);
  assert_packet(f, io, NT_PIPE_BROKEN, 0);
}

NP_PLATFORM_CASE("platform/flush/control-refused", NtFsControlFile,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "A system without FSCTL_PIPE_FLUSH refuses it at once with "
                 "one of three statuses, and nothing changes.",
                 "server/named_pipe.c of Wine#pipe_end_ioctl") {
  struct io *io = io_new_port(f);
  DWORD status;

  pair_create_on_port(f, SKIPS);
  assert_result(win_write(f, f->end, "abcd", 4), 0, 4);
  status = control_start(io, f->end);
  if (status == NT_PENDING) {
    assert_call(CancelIoEx(f->end, &io->overlapped));
    assert_packet(f, io, NT_CANCELLED, 0);
  } else {
    assert_true(status == NT_NOT_SUPPORTED ||
                status == NT_INVALID_DEVICE_REQUEST ||
                status == NT_INVALID_PARAMETER);
    assert_no_packet(f);
  }
  assert_read(f, f->peer, "abcd");
}
