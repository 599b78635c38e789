/* np_pipe_try_io and np_pipe_async_io: the caller's own system call. */
#include "ready_common.h"

enum {
  REFUSE_ALWAYS = 1000000,
  SLOW_LIMIT_MS = 5,
  SLOW_MS = 40 /* two ticks of a coarse clock more than the limit */
};

/* A call of the caller's own, and a record of its runs. */
struct own_call {
  unsigned run_count;
  unsigned refuse_count; /* first runs that answer NP_WOULD_BLOCK */
  np_error answer;       /* result of a call that does no I/O */
  size_t transferred;
  HANDLE handle; /* handle passed to the last run */
  bool saw_zero; /* `transferred` was always 0 at the start */
  char buffer[256];
};

static struct own_call *call_begin(HANDLE handle, void *context,
                                   const size_t *transferred) {
  struct own_call *call = context;

  call->saw_zero = (call->run_count == 0 || call->saw_zero) &&
                   transferred != NULL && *transferred == 0;
  call->run_count++;
  call->handle = handle;
  return call;
}

/* own_answer answers as the case has set. */
static np_error own_answer(HANDLE handle, void *context, size_t *transferred) {
  struct own_call *call = call_begin(handle, context, transferred);

  if (call->refuse_count > 0) {
    call->refuse_count--;
    return NP_WOULD_BLOCK;
  }
  *transferred = call->transferred;
  return call->answer;
}

/* own_wait waits for the end of an operation with this event. The loop must not
 * see the operation's packet. */
static np_error own_wait(HANDLE handle, OVERLAPPED *overlapped, HANDLE event,
                         BOOL succeeded, size_t *transferred) {
  np_error error = succeeded ? NP_OK : GetLastError();
  DWORD bytes = 0;

  if (error == NP_OK || error == ERROR_IO_PENDING || error == ERROR_MORE_DATA) {
    assert_int_equal(
        WaitForSingleObject(event, (DWORD)world_timeout_ms(LOOP_WAIT_MS)),
        WAIT_OBJECT_0);
    /* Without the low bit, which GetOverlappedResult does not know. */
    overlapped->hEvent = event;
    error = GetOverlappedResult(handle, overlapped, &bytes, FALSE)
                ? NP_OK
                : GetLastError();
  }
  *transferred = bytes;
  return error;
}

/* own_read peeks first, and reads if data are available. */
static np_error own_read(HANDLE handle, void *context, size_t *transferred) {
  struct own_call *call = call_begin(handle, context, transferred);
  static OVERLAPPED overlapped;
  HANDLE event;
  DWORD available = 0;
  np_error error;
  BOOL succeeded;

  if (call->refuse_count > 0) {
    call->refuse_count--;
    return NP_WOULD_BLOCK;
  }
  if (!PeekNamedPipe(handle, NULL, 0, NULL, &available, NULL)) {
    return GetLastError();
  }
  if (available == 0) {
    return NP_WOULD_BLOCK;
  }
  event = CreateEventW(NULL, TRUE, FALSE, NULL);
  assert_non_null(event);
  memset(&overlapped, 0, sizeof(overlapped));
  overlapped.hEvent = (HANDLE)((ULONG_PTR)event | 1);
  succeeded =
      ReadFile(handle, call->buffer, sizeof(call->buffer), NULL, &overlapped);
  error = own_wait(handle, &overlapped, event, succeeded, transferred);
  CloseHandle(event);
  return error;
}

/* own_write writes five bytes; the case has checked that they fit. */
static np_error own_write(HANDLE handle, void *context, size_t *transferred) {
  struct own_call *call = call_begin(handle, context, transferred);
  static OVERLAPPED overlapped;
  HANDLE event;
  np_error error;
  BOOL succeeded;

  if (call->refuse_count > 0) {
    call->refuse_count--;
    return NP_WOULD_BLOCK;
  }
  event = CreateEventW(NULL, TRUE, FALSE, NULL);
  assert_non_null(event);
  memset(&overlapped, 0, sizeof(overlapped));
  overlapped.hEvent = (HANDLE)((ULONG_PTR)event | 1);
  succeeded = WriteFile(handle, "hello", 5, NULL, &overlapped);
  error = own_wait(handle, &overlapped, event, succeeded, transferred);
  CloseHandle(event);
  return error;
}

static np_error own_never(HANDLE handle, void *context, size_t *transferred) {
  (void)handle;
  (void)context;
  (void)transferred;
  fail_msg("%s", "the caller's own call ran though it must not");
  return NP_OK;
}

static void async_begin(struct recorder *recorder, np_pipe *pipe,
                        np_interest interest, np_io_fn fn,
                        struct own_call *call) {
  op_begin(recorder,
           np_pipe_async_io(pipe, interest, &recorder->op, fn, call, on_done));
}

/* --- np_pipe_try_io ----------------------------------------------------- */

NP_CASE("try-io/answer", np_pipe_try_io, ANY_MODE | BOTH_ENDS, NP_OK,
        "np_pipe_try_io runs the caller's function once, with the pipe's "
        "handle, and returns its answer.",
        "npipe/ready.h") {
  struct own_call call = {0};
  size_t transferred = 9;

  pair_open(f);
  call.transferred = 3;
  assert_np_ok(
      np_pipe_try_io(f->end, NP_WRITABLE, own_answer, &call, &transferred));
  assert_int_equal(call.run_count, 1);
  assert_int_equal(transferred, 3);
  assert_ptr_equal(call.handle, np_pipe_handle(f->end));
  call.answer = ERROR_NO_DATA;
  call.transferred = 7;
  assert_np_error(
      np_pipe_try_io(f->end, NP_WRITABLE, own_answer, &call, &transferred),
      ERROR_NO_DATA);
  assert_int_equal(call.run_count, 2);
  assert_true(call.saw_zero);
  call.answer = NP_OK;
  assert_np_ok(np_pipe_try_io(f->end, NP_WRITABLE, own_answer, &call, NULL));
  assert_int_equal(call.run_count, 3);
  assert_true(call.saw_zero);
}

NP_CASE("try-io/nothing", np_pipe_try_io, ANY_MODE | BOTH_ENDS, NP_WOULD_BLOCK,
        "The caller's call does not run unless the interest holds.",
        "npipe/ready.h") {
  size_t transferred = 9;

  pair_open_quota(f, READY_QUOTA);
  ready_set(f->end, 0, 65536);
  assert_np_error(
      np_pipe_try_io(f->end, NP_READABLE, own_never, NULL, &transferred),
      NP_WOULD_BLOCK);
  assert_int_equal(transferred, 0);
  loop_quiet(f);
  assert_np_error(np_pipe_try_io(f->end, NP_READABLE | NP_READ_CLOSED,
                                 own_never, NULL, NULL),
                  NP_WOULD_BLOCK);
  assert_try_write(f->end, ready_pattern(), 3 * READY_QUOTA, NP_OK,
                   3 * READY_QUOTA);
  assert_np_error(np_pipe_try_io(f->end, NP_WRITABLE, own_never, NULL, NULL),
                  NP_WOULD_BLOCK);
}

NP_CASE("try-io/read", np_pipe_try_io, BYTE_READS | BOTH_ENDS, NP_OK,
        "Without a read-ahead the caller's function reads all data, each byte "
        "once.",
        "npipe/ready.h") {
  struct own_call call = {0};
  size_t transferred = 0;

  pair_probing(f);
  for (unsigned round = 0; round < 5; round++) {
    pipe_send(f, f->peer, "hello", 5);
    ready_wait(f, f->end, NP_READABLE);
    assert_np_ok(
        np_pipe_try_io(f->end, NP_READABLE, own_read, &call, &transferred));
    assert_int_equal(transferred, 5);
    assert_memory_equal(call.buffer, "hello", 5);
  }
  assert_true(call.saw_zero);
}

NP_CASE("try-io/cleared", np_pipe_try_io, BYTE_READS | BOTH_ENDS,
        NP_WOULD_BLOCK,
        "A call that answers NP_WOULD_BLOCK takes the readiness back: the next "
        "does not run, and a wait waits for new data.",
        "npipe/ready.h") {
  struct own_call call = {0};
  size_t transferred = 0;

  pair_probing(f);
  pipe_send(f, f->peer, "hello", 5);
  ready_wait(f, f->end, NP_READABLE);
  assert_np_ok(
      np_pipe_try_io(f->end, NP_READABLE, own_read, &call, &transferred));
  assert_np_error(
      np_pipe_try_io(f->end, NP_READABLE, own_read, &call, &transferred),
      NP_WOULD_BLOCK);
  assert_true(call.run_count <= 2);
  assert_np_error(
      np_pipe_try_io(f->end, NP_READABLE, own_never, &call, &transferred),
      NP_WOULD_BLOCK);
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  assert_quiet(f, 0);
  pipe_send(f, f->peer, "world", 5);
  loop_until(f, 1);
  assert_np_ok(
      np_pipe_try_io(f->end, NP_READABLE, own_read, &call, &transferred));
  assert_int_equal(transferred, 5);
  assert_memory_equal(call.buffer, "world", 5);
}

NP_CASE("try-io/cleared-by-mistake", np_pipe_try_io, BYTE_READS | BOTH_ENDS,
        NP_WOULD_BLOCK,
        "A call that answers NP_WOULD_BLOCK although bytes are waiting loses "
        "nothing: the next wait ends without new data from the peer.",
        "npipe/ready.h") {
  struct own_call call = {0};

  pair_probing(f);
  pipe_send(f, f->peer, "hello", 5);
  for (unsigned round = 0; round < 5; round++) {
    ready_wait(f, f->end, NP_READABLE);
    call.refuse_count = 1;
    assert_np_error(
        np_pipe_try_io(f->end, NP_READABLE, own_answer, &call, NULL),
        NP_WOULD_BLOCK);
  }
  assert_caught(f, f->end, "hello", 5);
}

NP_CASE("try-io/end", np_pipe_try_io, BYTE_READS | BOTH_ENDS, NP_OK,
        "At the end of the stream the call runs and finds it.",
        "ReadFile#pipes") {
  struct own_call call = {0};
  size_t transferred = 9;

  pair_probing(f);
  pipe_close_wait(f, f->peer);
  ready_wait(f, f->end, NP_READABLE);
  assert_np_error(
      np_pipe_try_io(f->end, NP_READ_CLOSED, own_read, &call, &transferred),
      ERROR_BROKEN_PIPE);
  assert_int_equal(call.run_count, 1);
  assert_int_equal(transferred, 0);
}

NP_CASE("try-io/write", np_pipe_try_io, ANY_MODE | BOTH_ENDS, NP_OK,
        "The caller's call can write between writes of the library.",
        "npipe/ready.h") {
  struct own_call call = {0};
  size_t transferred = 0;

  pair_open(f);
  assert_try_write(f->end, "one", 3, NP_OK, 3);
  ready_wait(f, f->end, NP_WRITABLE);
  assert_np_ok(
      np_pipe_try_io(f->end, NP_WRITABLE, own_write, &call, &transferred));
  assert_int_equal(transferred, 5);
  assert_try_write(f->end, "three", 5, NP_OK, 5);
  assert_received(f, f->peer, "one", 3);
  assert_received(f, f->peer, "hello", 5);
  assert_received(f, f->peer, "three", 5);
}

NP_CASE("try-io/bad-parameter", np_pipe_try_io, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A NULL, no interest and an unknown interest are refused. A NULL "
        "context and a NULL `transferred` are allowed.",
        "npipe/ready.h") {
  pair_open(f);
  assert_invalid(np_pipe_try_io(NULL, NP_WRITABLE, own_never, NULL, NULL));
  assert_invalid(np_pipe_try_io(f->end, NP_WRITABLE, NULL, NULL, NULL));
  assert_invalid(np_pipe_try_io(f->end, 0, own_never, NULL, NULL));
  assert_invalid(
      np_pipe_try_io(f->end, NP_WRITABLE | 32, own_never, NULL, NULL));
  assert_np_error(np_pipe_try_io(f->end, NP_READABLE, own_never, NULL, NULL),
                  NP_WOULD_BLOCK);
}

NP_CASE("try-io/closing", np_pipe_try_io, BOTH_ENDS, ERROR_INVALID_HANDLE,
        "On a pipe that is being closed the call does not run.",
        "npipe/ready.h") {
  assert_np_error(
      np_pipe_try_io(pipe_closing(f), NP_WRITABLE, own_never, NULL, NULL),
      ERROR_INVALID_HANDLE);
}

NP_CASE("try-io/one-way", np_pipe_try_io, BOTH_ENDS, ERROR_ACCESS_DENIED,
        "An interest in a direction that the end does not have is refused.",
        "npipe/ready.h") {
  pair_open_one_way(f, false);
  assert_np_error(np_pipe_try_io(f->end, NP_READABLE, own_never, NULL, NULL),
                  ERROR_ACCESS_DENIED);
  assert_np_error(np_pipe_try_io(f->peer, NP_WRITABLE, own_never, NULL, NULL),
                  ERROR_ACCESS_DENIED);
}

static np_error attempt_try_io(np_fixture *f) {
  struct own_call call = {0};
  np_error error = np_pipe_try_io(f->end, NP_WRITABLE, own_answer, &call, NULL);

  assert_int_equal(call.run_count, error == NP_OK ? 1 : 0);
  return error;
}

NP_CASE("try-io/no-memory", np_pipe_try_io, NO_MODE, ERROR_NOT_ENOUGH_MEMORY,
        "Without memory the call does not run.", "npipe/ready.h") {
  pair_open(f);
  memory_sweep(f, attempt_try_io);
}

/* --- np_pipe_async_io --------------------------------------------------- */

NP_CASE("try-io/async-read", np_pipe_async_io, BYTE_READS | BOTH_ENDS, NP_OK,
        "The call runs from the loop when data are waiting, and its answer is "
        "the result.",
        "npipe/ready.h") {
  struct own_call call = {0};

  pair_probing(f);
  async_begin(&f->ops[0], f->end, NP_READABLE, own_read, &call);
  assert_quiet(f, 0);
  assert_int_equal(call.run_count, 0);
  pipe_send(f, f->peer, "hello", 5);
  assert_next(&f->ops[0], NP_OK, 5);
  assert_memory_equal(call.buffer, "hello", 5);
  assert_true(call.saw_zero);
}

NP_CASE("try-io/async-from-loop", np_pipe_async_io, ANY_MODE | BOTH_ENDS, NP_OK,
        "The caller's call never runs inside the call that started the "
        "operation.",
        "npipe/ready.h") {
  struct own_call call = {0};

  pair_open(f);
  call.transferred = 4;
  async_begin(&f->ops[0], f->end, NP_WRITABLE, own_answer, &call);
  assert_int_equal(call.run_count, 0);
  loop_until(f, 1);
  assert_int_equal(call.run_count, 1);
  assert_done(&f->ops[0], NP_OK, 4);
  assert_ptr_equal(call.handle, np_pipe_handle(f->end));
}

NP_CASE("try-io/async-again", np_pipe_async_io, BYTE_READS | BOTH_ENDS,
        NP_WOULD_BLOCK,
        "While the call answers NP_WOULD_BLOCK it runs again each time data "
        "are waiting.",
        "npipe/ready.h") {
  struct own_call call = {0};

  pair_probing(f);
  call.refuse_count = 5;
  async_begin(&f->ops[0], f->end, NP_READABLE, own_read, &call);
  loop_quiet(f);
  assert_int_equal(call.run_count, 0);
  pipe_send(f, f->peer, "hello", 5);
  loop_until(f, 1);
  assert_int_equal(call.run_count, 6);
  assert_done(&f->ops[0], NP_OK, 5);
}

NP_CASE("try-io/async-write-again", np_pipe_async_io, ANY_MODE | BOTH_ENDS,
        NP_WOULD_BLOCK,
        "A call that writes and finds no room is tried again without anybody's "
        "help, and not in a busy loop.",
        "npipe/ready.h") {
  struct own_call call = {0};
  uint64_t before_ms;

  pair_open(f);
  call.refuse_count = 10;
  before_ms = world_now_ms();
  async_begin(&f->ops[0], f->end, NP_WRITABLE, own_write, &call);
  loop_until(f, 1);
  assert_true(world_now_ms() - before_ms >= 9);
  assert_int_equal(call.run_count, 11);
  assert_done(&f->ops[0], NP_OK, 5);
  assert_received(f, f->peer, "hello", 5);
}

NP_CASE("try-io/async-error", np_pipe_async_io, ANY_MODE | BOTH_ENDS, NP_OK,
        "An error of the call is the result, with the count that it set.",
        "npipe/ready.h") {
  struct own_call call = {0};

  pair_open(f);
  call.answer = ERROR_GEN_FAILURE;
  call.transferred = 2;
  f->ops[0].is_own_io = true;
  async_begin(&f->ops[0], f->end, NP_WRITABLE, own_answer, &call);
  assert_next(&f->ops[0], ERROR_GEN_FAILURE, 2);
  assert_int_equal(call.run_count, 1);
}

NP_CASE("try-io/async-end", np_pipe_async_io, BYTE_READS | BOTH_ENDS, NP_OK,
        "The caller's call runs at the end of the stream, and finds the end "
        "itself.",
        "ReadFile#pipes") {
  struct own_call call = {0};

  pair_probing(f);
  async_begin(&f->ops[0], f->end, NP_READABLE, own_read, &call);
  loop_quiet(f);
  pipe_close(f, f->peer);
  assert_next(&f->ops[0], ERROR_BROKEN_PIPE, 0);
}

NP_CASE("try-io/async-two", np_pipe_async_io, BYTE_READS | BOTH_ENDS, NP_OK,
        "Two operations wait at once: one gets the bytes, the other waits on "
        "and gets the next bytes.",
        "npipe/ready.h") {
  struct own_call calls_[2] = {{0}, {0}};
  unsigned first;

  pair_probing(f);
  async_begin(&f->ops[0], f->end, NP_READABLE, own_read, &calls_[0]);
  async_begin(&f->ops[1], f->end, NP_READABLE, own_read, &calls_[1]);
  pipe_send(f, f->peer, "hello", 5);
  loop_until(f, 1);
  assert_quiet(f, 1);
  first = f->ops[0].done_count == 1 ? 0 : 1;
  assert_done(&f->ops[first], NP_OK, 5);
  pipe_send(f, f->peer, "world!", 6);
  assert_next(&f->ops[1 - first], NP_OK, 6);
}

NP_CASE("try-io/async-cancel", np_pipe_async_io, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A cancelled wait ends, and the call does not run any more.",
        "npipe/ready.h") {
  struct own_call call = {0};

  pair_probing(f);
  call.refuse_count = REFUSE_ALWAYS;
  async_begin(&f->ops[0], f->end, NP_READABLE, own_never, &call);
  async_begin(&f->ops[1], f->end, NP_WRITABLE, own_answer, &call);
  while (call.run_count < 2) {
    loop_turn(f, LOOP_QUIET_MS);
  }
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  assert_np_ok(np_op_cancel(&f->ops[1].op));
  call.run_count = 0;
  assert_ends(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  assert_ends(&f->ops[1], ERROR_OPERATION_ABORTED, 0);
  loop_quiet(f);
  assert_int_equal(call.run_count, 0);
  pipe_send(f, f->peer, "hello", 5);
  assert_caught(f, f->end, "hello", 5);
}

NP_CASE("try-io/async-timeout", np_pipe_async_io, ANY_MODE | BOTH_ENDS,
        WAIT_TIMEOUT,
        "Past its time limit the wait ends, whether the call never ran or "
        "always refused.",
        "npipe/ready.h") {
  struct own_call call = {0};

  pair_probing(f);
  call.refuse_count = REFUSE_ALWAYS;
  f->ops[0].op.timeout_ms = 20;
  f->ops[1].op.timeout_ms = 20;
  async_begin(&f->ops[0], f->end, NP_READABLE, own_never, &call);
  async_begin(&f->ops[1], f->end, NP_WRITABLE, own_answer, &call);
  assert_ends(&f->ops[0], WAIT_TIMEOUT, 0);
  assert_ends(&f->ops[1], WAIT_TIMEOUT, 0);
  assert_true(call.run_count > 0);
  pipe_send(f, f->peer, "hello", 5);
  assert_caught(f, f->end, "hello", 5);
}

/* own_slow takes longer than the time limit of its operation, and refuses. */
static np_error own_slow(HANDLE handle, void *context, size_t *transferred) {
  const uint64_t end_ms = world_now_ms() + SLOW_MS;
  HANDLE never = CreateEventW(NULL, TRUE, FALSE, NULL);

  call_begin(handle, context, transferred);
  while (world_now_ms() < end_ms) {
    WaitForSingleObject(never, 1);
  }
  CloseHandle(never);
  return NP_WOULD_BLOCK;
}

NP_CASE("try-io/async-timeout-in-call", np_pipe_async_io, ANY_MODE | BOTH_ENDS,
        WAIT_TIMEOUT,
        "A call that refuses when the time limit is over is not tried again: "
        "the wait ends in the same turn.",
        "npipe/ready.h") {
  struct own_call call = {0};

  pair_probing(f);
  f->ops[0].op.timeout_ms = SLOW_LIMIT_MS;
  async_begin(&f->ops[0], f->end, NP_WRITABLE, own_slow, &call);
  loop_turn(f, 0);
  assert_int_equal(call.run_count, 1);
  assert_done(&f->ops[0], WAIT_TIMEOUT, 0);
}

NP_CASE("try-io/async-disconnect", np_pipe_async_io, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "np_server_disconnect ends np_pipe_async_io at the server end.",
        "DisconnectNamedPipe#remarks") {
  struct own_call call = {0};

  pair_open(f);
  ready_set(f->server, 0, 65536);
  call.refuse_count = REFUSE_ALWAYS;
  async_begin(&f->ops[0], f->server, NP_READABLE, own_never, &call);
  async_begin(&f->ops[1], f->server, NP_WRITABLE, own_answer, &call);
  while (call.run_count < 1) {
    loop_turn(f, LOOP_QUIET_MS);
  }
  server_disconnect(f);
  assert_done(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
  assert_done(&f->ops[1], ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_CASE("try-io/async-close", np_pipe_async_io, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED, "Closing the pipe ends the operation.",
        "npipe/pipe.h") {
  struct own_call call = {0};

  pair_probing(f);
  call.refuse_count = REFUSE_ALWAYS;
  async_begin(&f->ops[0], f->end, NP_READABLE, own_never, &call);
  async_begin(&f->ops[1], f->end, NP_WRITABLE, own_answer, &call);
  while (call.run_count < 1) {
    loop_turn(f, LOOP_QUIET_MS);
  }
  pipe_close_wait(f, f->end);
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  assert_done(&f->ops[1], ERROR_OPERATION_ABORTED, 0);
}

NP_CASE("try-io/async-bad-parameter", np_pipe_async_io, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A NULL, no interest and an interest that does not exist are refused.",
        "npipe/ready.h") {
  np_op *op = &f->ops[0].op;

  pair_open(f);
  assert_invalid(
      np_pipe_async_io(NULL, NP_WRITABLE, op, own_never, NULL, on_never));
  assert_invalid(
      np_pipe_async_io(f->end, NP_WRITABLE, NULL, own_never, NULL, on_never));
  assert_invalid(
      np_pipe_async_io(f->end, NP_WRITABLE, op, NULL, NULL, on_never));
  assert_invalid(
      np_pipe_async_io(f->end, NP_WRITABLE, op, own_never, NULL, NULL));
  assert_invalid(np_pipe_async_io(f->end, 0, op, own_never, NULL, on_never));
  assert_invalid(np_pipe_async_io(f->end, 16, op, own_never, NULL, on_never));
  loop_quiet(f);
}

NP_CASE("try-io/async-closing", np_pipe_async_io, NO_MODE, ERROR_INVALID_HANDLE,
        "A pipe that is being closed refuses np_pipe_async_io.",
        "npipe/ready.h") {
  assert_np_error(np_pipe_async_io(pipe_closing(f), NP_WRITABLE, &f->ops[0].op,
                                   own_never, NULL, on_never),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("try-io/async-busy", np_pipe_async_io, NO_MODE, ERROR_BUSY,
        "An operation in flight cannot begin once more.", "npipe/ready.h") {
  pair_probing(f);
  async_begin(&f->ops[0], f->end, NP_READABLE, own_never, NULL);
  assert_np_error(np_pipe_async_io(f->end, NP_WRITABLE, &f->ops[0].op,
                                   own_never, NULL, on_never),
                  ERROR_BUSY);
  loop_quiet(f);
}

NP_CASE("try-io/async-one-way", np_pipe_async_io, BOTH_ENDS,
        ERROR_ACCESS_DENIED,
        "An interest in a direction that the end does not have is refused.",
        "npipe/ready.h") {
  pair_open_one_way(f, false);
  assert_np_error(np_pipe_async_io(f->end, NP_READABLE, &f->ops[0].op,
                                   own_never, NULL, on_never),
                  ERROR_ACCESS_DENIED);
  assert_np_error(np_pipe_async_io(f->peer, NP_WRITABLE, &f->ops[0].op,
                                   own_never, NULL, on_never),
                  ERROR_ACCESS_DENIED);
}

static struct own_call swept_call;

static np_error attempt_async_io(np_fixture *f) {
  np_error error = np_pipe_async_io(f->end, NP_WRITABLE, &f->ops[0].op,
                                    own_answer, &swept_call, on_done);

  f->ops[0].start_count += error == NP_OK;
  return error;
}

NP_CASE("try-io/async-no-memory", np_pipe_async_io, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Without memory nothing begins, and it can be tried again.",
        "npipe/ready.h") {
  pair_open(f);
  memset(&swept_call, 0, sizeof(swept_call));
  memory_sweep(f, attempt_async_io);
  assert_next(&f->ops[0], NP_OK, 0);
  assert_int_equal(swept_call.run_count, 1);
}
