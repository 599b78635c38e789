/* TransactNamedPipe and CallNamedPipeW. */
#include "fixture.h"

static char room[64];
static char reply[64];

NP_PLATFORM_CASE("platform/transact/request-and-reply", TransactNamedPipe,
                 MODE_MESSAGE | BOTH_ENDS, NO_ERROR,
                 "A transact writes its request, which the peer's pending read "
                 "gets, and ends with the peer's next message.",
                 "wine kernel32/tests/pipe.c#test_TransactNamedPipe") {
  struct io *read = io_new(f);
  struct io *io = pair_io(f);

  assert_error(read_start(read, f->peer, room, sizeof(room)), ERROR_IO_PENDING);
  assert_error(transact_start(io, f->end, "ask", 3, reply, sizeof(reply)),
               ERROR_IO_PENDING);
  assert_result(io_wait(read, f->peer), 0, 3);
  assert_memory_equal(room, "ask", 3);
  assert_true(io_is_quiet(io));
  assert_result(win_write(f, f->peer, "answer", 6), 0, 6);
  assert_result(io_wait(io, f->end), 0, 6);
  assert_memory_equal(reply, "answer", 6);
}

NP_PLATFORM_CASE("platform/transact/empty", TransactNamedPipe,
                 MODE_MESSAGE | BOTH_ENDS, NO_ERROR,
                 "Request and reply may be empty messages.",
                 "wine kernel32/tests/pipe.c#test_transact") {
  struct io *io = pair_io(f);

  assert_error(transact_start(io, f->end, "", 0, reply, sizeof(reply)),
               ERROR_IO_PENDING);
  assert_result(win_read(f, f->peer, room, sizeof(room)), 0, 0);
  assert_result(win_write(f, f->peer, "", 0), 0, 0);
  assert_result(io_wait(io, f->end), 0, 0);
}

NP_PLATFORM_CASE("platform/transact/long-reply", TransactNamedPipe,
                 MODE_MESSAGE | BOTH_ENDS, ERROR_MORE_DATA,
                 "The rest of a reply that is too long can be read.",
                 "wine kernel32/tests/pipe.c#test_transact") {
  struct io *io = pair_io(f);

  assert_error(transact_start(io, f->end, "ask", 3, reply, 2),
               ERROR_IO_PENDING);
  assert_read(f, f->peer, "ask");
  assert_result(win_write(f, f->peer, "answer", 6), 0, 6);
  assert_result(io_wait(io, f->end), ERROR_MORE_DATA, 2);
  assert_read(f, f->end, "swer");
}

NP_PLATFORM_CASE("platform/transact/byte-reads", TransactNamedPipe,
                 BYTE_READS | BOTH_ENDS, ERROR_BAD_PIPE,
                 "A handle that does not read messages cannot transact.",
                 "wine kernel32/tests/pipe.c#test_TransactNamedPipe") {
  struct io *io = pair_io(f);

  assert_error(
      io_finish(io, f->end, transact_start(io, f->end, "ask", 3, reply, 8))
          .error,
      ERROR_BAD_PIPE);
  assert_int_equal(peek_bytes(f->peer), 0);
}

NP_PLATFORM_CASE("platform/transact/unread-before", TransactNamedPipe,
                 MODE_MESSAGE | BOTH_ENDS, ERROR_PIPE_BUSY,
                 "With a message unread a transact is refused, and writes "
                 "nothing.",
                 "wine kernel32/tests/pipe.c#test_TransactNamedPipe") {
  struct io *io = pair_io(f);

  assert_result(win_write(f, f->peer, "early", 5), 0, 5);
  assert_error(
      io_finish(io, f->end, transact_start(io, f->end, "ask", 3, reply, 8))
          .error,
      ERROR_PIPE_BUSY);
  assert_int_equal(peek_bytes(f->peer), 0);
  assert_read(f, f->end, "early");
}

NP_PLATFORM_CASE("platform/transact/cancelled", TransactNamedPipe,
                 MODE_MESSAGE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
                 "A transact that is cancelled leaves its request in the pipe.",
                 "wine kernel32/tests/pipe.c#test_transact") {
  struct io *io = pair_io(f);

  assert_error(transact_start(io, f->end, "ask", 3, reply, 8),
               ERROR_IO_PENDING);
  assert_call(CancelIoEx(f->end, &io->overlapped));
  assert_error(io_wait(io, f->end).error, ERROR_OPERATION_ABORTED);
  assert_read(f, f->peer, "ask");
}

NP_PLATFORM_CASE("platform/transact/byte-reads-meanwhile", TransactNamedPipe,
                 MODE_MESSAGE | BOTH_ENDS, NO_ERROR,
                 "The handle reads bytes when the reply arrives. A part of the "
                 "reply is then a success, without ERROR_MORE_DATA.",
                 "reactos npfs/writesup.c#NpWriteDataQueue") {
  struct io *io = pair_io(f);

  assert_error(transact_start(io, f->end, "ask", 3, reply, 2),
               ERROR_IO_PENDING);
  assert_read(f, f->peer, "ask");
  assert_error(read_mode_set(f->end, PIPE_READMODE_BYTE), 0);
  assert_result(win_write(f, f->peer, "answer", 6), 0, 6);
  assert_result(io_wait(io, f->end), 0, 2);
  assert_read(f, f->end, "swer");
}

NP_PLATFORM_CASE("platform/transact/over-quota", TransactNamedPipe,
                 MODE_MESSAGE | BOTH_ENDS, NO_ERROR,
                 "The request needs no quota: the reply ends a transact whose "
                 "request was not read.",
                 "wine kernel32/tests/pipe.c#test_transact") {
  static char request[QUOTA + 1];
  static char taken[QUOTA + 1];
  struct io *io = pair_io(f);

  assert_error(transact_start(io, f->end, request, sizeof(request), reply, 8),
               ERROR_IO_PENDING);
  assert_result(win_write(f, f->peer, "ok", 2), 0, 2);
  assert_result(io_wait(io, f->end), 0, 2);
  assert_result(win_read(f, f->peer, taken, sizeof(taken)), 0, sizeof(taken));
}

NP_PLATFORM_CASE("platform/transact/peer-closes", TransactNamedPipe,
                 MODE_MESSAGE | BOTH_ENDS, ERROR_BROKEN_PIPE,
                 "A transact ends as a read does when the peer leaves.",
                 "wine kernel32/tests/pipe.c#test_transact") {
  struct io *io = pair_io(f);

  assert_error(transact_start(io, f->end, "ask", 3, reply, 8),
               ERROR_IO_PENDING);
  peer_close(f);
  assert_error(io_wait(io, f->end).error, ERROR_BROKEN_PIPE);
}

struct call {
  const wchar_t *name;
  DWORD reply_size;
  DWORD bytes;
};

static DWORD WINAPI call_pipe(void *argument) {
  struct call *call = argument;

  return CallNamedPipeW(call->name, (void *)(uintptr_t) "ask", 3, reply,
                        call->reply_size, &call->bytes, WAIT_MS)
             ? 0
             : GetLastError();
}

/* serve_call answers the single request of a caller. */
static DWORD serve_call(struct platform *f, struct call *call) {
  struct io *io = io_new(f);
  HANDLE worker;

  pair_listen(f);
  assert_error(connect_start(io, f->server), ERROR_IO_PENDING);
  call->name = f->name;
  worker = worker_start(f, call_pipe, call);
  assert_result(io_wait(io, f->server), 0, 0);
  assert_read(f, f->server, "ask");
  assert_result(win_write(f, f->server, "answer", 6), 0, 6);
  return worker_join(worker);
}

NP_PLATFORM_CASE("platform/transact/call", CallNamedPipeW, MODE_MESSAGE,
                 NO_ERROR,
                 "A call opens the pipe, asks, takes the reply and closes.",
                 "CallNamedPipeW#remarks") {
  struct call call = {NULL, 6, 0};
  char byte;

  assert_error(serve_call(f, &call), 0);
  assert_int_equal(call.bytes, 6);
  assert_memory_equal(reply, "answer", 6);
  assert_result(win_read(f, f->server, &byte, 1), ERROR_BROKEN_PIPE, 0);
}

NP_PLATFORM_CASE("platform/transact/call-long-reply", CallNamedPipeW,
                 MODE_MESSAGE, ERROR_MORE_DATA,
                 "A call whose reply is too long fails with ERROR_MORE_DATA, "
                 "and the rest is lost.",
                 "CallNamedPipeW#remarks") {
  struct call call = {NULL, 2, 0};
  char byte;

  assert_error(serve_call(f, &call), ERROR_MORE_DATA);
  assert_memory_equal(reply, "an", 2);
  assert_result(win_read(f, f->server, &byte, 1), ERROR_BROKEN_PIPE, 0);
}

NP_PLATFORM_CASE("platform/transact/call-nobody", CallNamedPipeW, MODE_MESSAGE,
                 ERROR_FILE_NOT_FOUND, "A call needs a pipe of that name.",
                 "CallNamedPipeW#remarks") {
  struct call call = {f->name, 2, 0};

  assert_error(call_pipe(&call), ERROR_FILE_NOT_FOUND);
}

/* Open: ReactOS looks at the read mode of the wrong end. */
NP_PLATFORM_CASE("platform/transact/ends-a-byte-read", TransactNamedPipe,
                 MODE_MESSAGE | BOTH_ENDS, NO_ERROR,
                 "A pending byte read that a longer request ends succeeds, or "
                 "warns with ERROR_MORE_DATA; the rest can be read.",
                 "reactos npfs#NpTransceive") {
  struct result result;
  struct io *read = pair_io(f);

  assert_error(read_mode_set(f->peer, PIPE_READMODE_BYTE), 0);
  assert_error(read_start(read, f->peer, room, 1), ERROR_IO_PENDING);
  assert_error(
      transact_start(io_new(f), f->end, "ask", 3, reply, sizeof(reply)),
      ERROR_IO_PENDING);
  result = io_wait(read, f->peer);
  assert_int_equal(result.bytes, 1);
  assert_true(result.error == 0 || result.error == ERROR_MORE_DATA);
  assert_read(f, f->peer, "sk");
}

/* Open: ReactOS refuses it. */
NP_PLATFORM_CASE("platform/transact/behind-an-own-read", TransactNamedPipe,
                 MODE_MESSAGE | BOTH_ENDS, NO_ERROR,
                 "If a read of the same end waits, it gets the answer: a "
                 "transact pends, or is refused and writes nothing.",
                 "reactos npfs#NpTransceive") {
  struct io *transact = io_new(f);
  DWORD error;

  pair_create(f);
  assert_error(read_start(io_new(f), f->end, room, sizeof(room)),
               ERROR_IO_PENDING);
  error = transact_start(transact, f->end, "ask", 3, reply, sizeof(reply));
  /* Since Windows 8 an error, too, comes later. */
  if (error == ERROR_IO_PENDING && io_is_quiet(transact)) {
    assert_read(f, f->peer, "ask");
  } else {
    assert_error(io_finish(transact, f->end, error).error, ERROR_PIPE_BUSY);
    assert_int_equal(peek_bytes(f->peer), 0);
  }
}

/* An open question. In ReactOS a request takes nothing of the quota. */
NP_PLATFORM_CASE("platform/transact/request-takes-room", TransactNamedPipe,
                 MODE_MESSAGE | BOTH_ENDS, ERROR_IO_PENDING,
                 "A write behind an unread request of more than the quota "
                 "pends until there is room, or is done at once.",
                 "reactos npfs#NpTransceive") {
  static char request[QUOTA + 1];
  struct io *write = io_new(f);
  DWORD error;

  pair_create(f);
  assert_error(transact_start(io_new(f), f->end, request, sizeof(request),
                              reply, sizeof(reply)),
               ERROR_IO_PENDING);
  error = write_start(write, f->end, "a", 1);
  assert_true(error == 0 || error == ERROR_IO_PENDING);
  assert_int_equal(peek_bytes(f->peer), sizeof(request) + 1);
  assert_result(win_read(f, f->peer, request, sizeof(request)), 0,
                sizeof(request));
  assert_result(io_finish(write, f->end, error), 0, 1);
  assert_read(f, f->peer, "a");
}
