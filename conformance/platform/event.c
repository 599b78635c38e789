/* The end of an operation, signalled by an event or by the handle. */
#include "fixture.h"

static char room[2][4];

NP_PLATFORM_CASE("platform/event/handle-without-event", ReadFile, NO_MODE,
                 NO_ERROR,
                 "An operation without an event signals its handle: reset at "
                 "the start, set at the end.",
                 "wine ntdll/tests/pipe.c#read_pipe_test") {
  struct io *io = io_new(f);
  DWORD bytes = 0;

  pair_create(f);
  io->overlapped.hEvent = NULL;
  assert_error(read_start(io, f->server, room[0], 4), ERROR_IO_PENDING);
  assert_int_equal(WaitForSingleObject(f->server, QUIET_MS), WAIT_TIMEOUT);
  assert_result(win_write(f, f->client, "a", 1), 0, 1);
  assert_int_equal(WaitForSingleObject(f->server, WAIT_MS), WAIT_OBJECT_0);
  io->pending = false;
  assert_call(GetOverlappedResult(f->server, &io->overlapped, &bytes, FALSE));
  assert_int_equal(bytes, 1);
}

NP_PLATFORM_CASE("platform/event/fresh-handle", WaitForSingleObject,
                 NO_MODE | BOTH_ENDS, NO_ERROR,
                 "A handle that has had no operation yet is signalled.",
                 "wine kernel32/tests/pipe.c#test_overlapped_error; "
                 "wine ntdll/tests/pipe.c#test_peek") {
  pair_create(f);
  assert_true(event_is_set(f->end));
}

NP_PLATFORM_CASE("platform/event/start-with-event", ReadFile,
                 NO_MODE | BOTH_ENDS, ERROR_IO_PENDING,
                 "The start of an operation with an event resets the handle, "
                 "too.",
                 "wine ntdll/tests/pipe.c#read_pipe_test") {
  struct io *io = pair_io(f);

  assert_true(event_is_set(f->end));
  assert_error(read_start(io, f->end, room[0], 4), ERROR_IO_PENDING);
  assert_false(event_is_set(f->end));
  assert_result(win_write(f, f->peer, "a", 1), 0, 1);
  assert_result(io_wait(io, f->end), 0, 1);
  assert_false(event_is_set(f->end));
}

NP_PLATFORM_CASE("platform/event/handle-with-event", ReadFile, NO_MODE,
                 WAIT_TIMEOUT,
                 "The end of an operation with an event does not signal the "
                 "handle.",
                 "wine ntdll/tests/pipe.c#read_pipe_test") {
  struct io *plain = io_new(f);
  struct io *io = pair_io(f);

  plain->overlapped.hEvent = NULL;
  assert_error(read_start(plain, f->server, room[0], 4), ERROR_IO_PENDING);
  assert_error(write_start(io, f->server, "a", 1), 0);
  assert_true(event_is_set(io->event));
  assert_false(event_is_set(f->server));
  assert_call(CancelIoEx(f->server, &plain->overlapped));
  assert_int_equal(WaitForSingleObject(f->server, WAIT_MS), WAIT_OBJECT_0);
  plain->pending = false;
}

NP_PLATFORM_CASE("platform/event/result-too-early", GetOverlappedResult,
                 NO_MODE, ERROR_IO_INCOMPLETE,
                 "Without waiting, the result of a pending operation is not "
                 "there yet.",
                 "GetOverlappedResult#parameters") {
  DWORD bytes;
  struct io *io = pair_io(f);

  assert_error(read_start(io, f->server, room[0], 4), ERROR_IO_PENDING);
  assert_refused(GetOverlappedResult(f->server, &io->overlapped, &bytes, FALSE),
                 ERROR_IO_INCOMPLETE);
  assert_status(io->overlapped.Internal, NT_PENDING);
}

struct write_call {
  HANDLE pipe;
  OVERLAPPED overlapped;
};

static DWORD WINAPI write_one(void *argument) {
  struct write_call *call = argument;

  return WriteFile(call->pipe, "a", 1, NULL, &call->overlapped)
             ? 0
             : GetLastError();
}

NP_PLATFORM_CASE("platform/event/result-by-waiting", GetOverlappedResult,
                 NO_MODE, NO_ERROR,
                 "With waiting, the call returns when another thread's write "
                 "has ended the read.",
                 "GetOverlappedResult#parameters") {
  static struct write_call call;
  DWORD bytes = 0;
  HANDLE worker;
  struct io *io = pair_io(f);

  call.pipe = f->client;
  call.overlapped.hEvent = event_new(f);
  assert_error(read_start(io, f->server, room[0], 4), ERROR_IO_PENDING);
  worker = worker_start(f, write_one, &call);
  assert_call(GetOverlappedResult(f->server, &io->overlapped, &bytes, TRUE));
  io->pending = false;
  assert_int_equal(bytes, 1);
  assert_error(worker_join(worker), 0);
}

NP_PLATFORM_CASE("platform/event/one-of-several", WaitForMultipleObjects,
                 NO_MODE, NO_ERROR,
                 "A wait for several operations names the one that ended.",
                 "WaitForMultipleObjects#return-value") {
  HANDLE events[2];
  struct io *io[2];

  pair_create(f);
  io[0] = io_new(f);
  io[1] = io_new(f);
  events[0] = io[0]->event;
  events[1] = io[1]->event;
  assert_error(read_start(io[0], f->server, room[0], 4), ERROR_IO_PENDING);
  assert_error(read_start(io[1], f->client, room[1], 4), ERROR_IO_PENDING);
  assert_int_equal(WaitForMultipleObjects(2, events, FALSE, QUIET_MS),
                   WAIT_TIMEOUT);
  assert_result(win_write(f, f->server, "a", 1), 0, 1);
  assert_int_equal(WaitForMultipleObjects(2, events, FALSE, WAIT_MS),
                   WAIT_OBJECT_0 + 1);
  assert_result(io_wait(io[1], f->client), 0, 1);
}

NP_PLATFORM_CASE("platform/event/used-again", ReadFile, ANY_MODE, NO_ERROR,
                 "An OVERLAPPED whose operation ended may be used again as it "
                 "is.",
                 "OVERLAPPED#remarks") {
  struct io *io = pair_io(f);

  for (int i = 0; i < 20; i++) {
    assert_error(read_start(io, f->server, room[0], 4), ERROR_IO_PENDING);
    assert_error(write_start(io_new(f), f->client, "a", 1), 0);
    assert_result(io_wait(io, f->server), 0, 1);
  }
}

struct read_call {
  HANDLE pipe;
  OVERLAPPED overlapped;
};

static DWORD WINAPI read_one(void *argument) {
  struct read_call *call = argument;
  DWORD bytes;

  return ReadFile(call->pipe, room[0], 4, &bytes, &call->overlapped)
             ? 0
             : GetLastError();
}

NP_PLATFORM_CASE("platform/event/synchronous-handle", ReadFile, NO_MODE,
                 NO_ERROR,
                 "On a synchronous handle the end of an operation with an "
                 "event signals the event and the handle.",
                 "wine ntdll/tests/pipe.c#test_blocking") {
  static struct read_call call;
  HANDLE worker;

  pair_listen(f);
  call.pipe = client_connect_sync(f);
  ZeroMemory(&call.overlapped, sizeof(call.overlapped));
  call.overlapped.hEvent = event_new(f);
  worker = worker_start(f, read_one, &call);
  assert_int_equal(WaitForSingleObject(worker, QUIET_MS), WAIT_TIMEOUT);
  assert_false(event_is_set(call.pipe));
  assert_result(win_write(f, f->server, "a", 1), 0, 1);
  assert_error(worker_join(worker), 0);
  assert_true(event_is_set(call.overlapped.hEvent));
  assert_true(event_is_set(call.pipe));
}
