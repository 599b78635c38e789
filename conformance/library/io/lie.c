/* Impossible answers: the kernel, or the server of another machine behind it,
 * tells a count of bytes that cannot be, or sends an answer that is too short.
 * No operation believes it: the result is ERROR_INVALID_DATA and 0 bytes. */
#include "library/channel/channel_common.h"

#include <winternl.h>
#include <ntstatus.h>

enum {
  ROOM_BYTES = 16, /* of each read */
  TOO_MANY = 1000,
  SHORT_BYTES = 4, /* bytes of an answer that should have more */
  LONG_BYTES = 100,
  IO_LIMIT_MS = 40
};

/* lie lets the next call of `function` tell `bytes` bytes. */
static void lie(const char *function, uint32_t bytes) {
  if (!world_lie_count(function, bytes)) {
    np_unresolved("the kernel tells the truth here");
  }
}

/* lie_short lets the next answer of `function` be too short. */
static void lie_short(const char *function) {
  if (!world_lie(function, SHORT_BYTES, 1)) {
    np_unresolved("the kernel tells the truth here");
  }
}

/* assert_exchanges checks that the pipe still works in both directions. */
static void assert_exchanges(np_fixture *f) {
  pipe_send(f, f->peer, "ping", 4);
  assert_received(f, f->end, "ping", 4);
  pipe_send(f, f->end, "pong", 4);
  assert_received(f, f->peer, "pong", 4);
}

/* --- Reads and writes ----------------------------------------------------- */

NP_CASE("lie/read", np_pipe_read, ANY_MODE | BOTH_ENDS, ERROR_INVALID_DATA,
        "A read ends with ERROR_INVALID_DATA if the system tells more bytes "
        "than the buffer holds. The pipe goes on.",
        "npipe/io.h") {
  pair_open(f);
  pipe_send(f, f->peer, "abcd", 4);
  lie("ReadFile", ROOM_BYTES + 1);
  assert_reads(&f->ops[0], f->end, ROOM_BYTES, ERROR_INVALID_DATA, 0);
  assert_exchanges(f);
}

NP_CASE("lie/read-pending", np_pipe_read, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_DATA,
        "A read that waited ends with ERROR_INVALID_DATA if its packet tells "
        "more bytes than the buffer holds.",
        "npipe/io.h") {
  pair_open(f);
  lie("ReadFile", UINT32_MAX);
  read_pend(f, &f->ops[0], f->end, ROOM_BYTES);
  pipe_send(f, f->peer, "abcd", 4);
  assert_ends(&f->ops[0], ERROR_INVALID_DATA, 0);
  assert_exchanges(f);
}

NP_CASE("lie/readv", np_pipe_readv, ANY_MODE | BOTH_ENDS, ERROR_INVALID_DATA,
        "A read into several buffers ends with ERROR_INVALID_DATA if the "
        "system tells more bytes than they hold together.",
        "npipe/io.h") {
  char first[ROOM_BYTES / 2];
  char second[ROOM_BYTES / 2];
  const np_buffer buffers[] = {{first, sizeof(first)},
                               {second, sizeof(second)}};

  pair_open(f);
  pipe_send(f, f->peer, "abcd", 4);
  lie("ReadFile", ROOM_BYTES + 1);
  op_begin(&f->ops[0],
           np_pipe_readv(f->end, buffers, 2, &f->ops[0].op, on_done));
  assert_next(&f->ops[0], ERROR_INVALID_DATA, 0);
  assert_exchanges(f);
}

NP_CASE("lie/write", np_pipe_write, ANY_MODE | BOTH_ENDS, ERROR_INVALID_DATA,
        "A write ends with ERROR_INVALID_DATA if the system tells more bytes "
        "than were written.",
        "npipe/io.h") {
  pair_open(f);
  lie("WriteFile", 5);
  assert_writes(&f->ops[0], f->end, "abcd", 4, ERROR_INVALID_DATA, 0);
  assert_received(f, f->peer, "abcd", 4);
  assert_exchanges(f);
}

NP_CASE("lie/write-pending", np_pipe_write, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_DATA,
        "A write that waited ends with ERROR_INVALID_DATA if its packet tells "
        "more bytes than were written.",
        "npipe/io.h") {
  static const char data[LONG_BYTES];

  pair_open_quota(f, ROOM_BYTES);
  lie("WriteFile", LONG_BYTES + 1);
  write_begin(&f->ops[0], f->end, data, LONG_BYTES);
  assert_received(f, f->peer, data, LONG_BYTES);
  assert_ends(&f->ops[0], ERROR_INVALID_DATA, 0);
}

NP_CASE("lie/writev", np_pipe_writev, ANY_MODE | BOTH_ENDS, ERROR_INVALID_DATA,
        "A write from several buffers ends with ERROR_INVALID_DATA if the "
        "system tells more bytes than they have together.",
        "npipe/io.h") {
  const np_buffer buffers[] = {{"ab", 2}, {"cd", 2}};

  pair_open(f);
  lie("WriteFile", 5);
  op_begin(&f->ops[0],
           np_pipe_writev(f->end, buffers, 2, &f->ops[0].op, on_done));
  assert_next(&f->ops[0], ERROR_INVALID_DATA, 0);
  assert_received(f, f->peer, "abcd", 4);
}

NP_CASE("lie/shutdown", np_pipe_shutdown, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_DATA,
        "A shutdown reports the impossible answer to a write that it waited "
        "for.",
        "npipe/io.h") {
  static const char data[LONG_BYTES];

  pair_open_quota(f, ROOM_BYTES);
  lie("WriteFile", LONG_BYTES + 1);
  write_begin(&f->ops[0], f->end, data, LONG_BYTES);
  shutdown_begin(&f->ops[1], f->end);
  assert_received(f, f->peer, data, LONG_BYTES);
  assert_ends(&f->ops[1], ERROR_INVALID_DATA, 0);
}

/* --- Flush, transact, peek ------------------------------------------------ */

NP_CASE("lie/flush", np_pipe_flush, ANY_MODE | BOTH_ENDS, ERROR_INVALID_DATA,
        "Where threads flush, a flush does not begin if the answer about the "
        "state of the pipe is too short.",
        "npipe/io.h") {
  pair_open(f);
  lie_short("NtQueryInformationFile");
  world_refuse("NtFsControlFile", (uint32_t)STATUS_NOT_SUPPORTED);
  assert_np_error(np_pipe_flush(f->end, &f->ops[0].op, on_never),
                  ERROR_INVALID_DATA);
  assert_exchanges(f);
}

NP_CASE("lie/transact", np_pipe_transact, MODE_MESSAGE | BOTH_ENDS,
        ERROR_INVALID_DATA,
        "A transact ends with ERROR_INVALID_DATA if the system tells more "
        "bytes than the reply's buffer holds.",
        "npipe/io.h") {
  struct recorder *ask = &f->ops[0];

  pair_open(f);
  lie("TransactNamedPipe", ROOM_BYTES + 1);
  op_begin(ask, np_pipe_transact(f->end, "ask", 3, ask->buffer, ROOM_BYTES,
                                 &ask->op, on_done));
  assert_received(f, f->peer, "ask", 3);
  pipe_send(f, f->peer, "so", 2);
  assert_ends(ask, ERROR_INVALID_DATA, 0);
}

NP_CASE("lie/peek", np_pipe_peek, ANY_MODE | BOTH_ENDS, ERROR_INVALID_DATA,
        "np_pipe_peek gives ERROR_INVALID_DATA if the answer is too short, or "
        "has more bytes than there is room for. The data stay.",
        "npipe/io.h") {
  char buffer[ROOM_BYTES];
  np_peek peek = {.size = sizeof(peek)};

  pair_open(f);
  pipe_send(f, f->peer, "abcd", 4);
  lie_short("NtFsControlFile");
  assert_np_error(np_pipe_peek(f->end, buffer, ROOM_BYTES, &peek),
                  ERROR_INVALID_DATA);
  world_lie("NtFsControlFile", TOO_MANY, 4);
  assert_np_error(np_pipe_peek(f->end, buffer, ROOM_BYTES, &peek),
                  ERROR_INVALID_DATA);
  assert_received(f, f->end, "abcd", 4);
}

/* --- Questions about the pipe --------------------------------------------- */

NP_CASE("lie/info", np_pipe_info, ANY_MODE | BOTH_ENDS, ERROR_INVALID_DATA,
        "np_pipe_info gives ERROR_INVALID_DATA if the answer is too short.",
        "npipe/pipe.h") {
  np_info info = {.size = sizeof(info)};

  pair_open(f);
  lie_short("NtQueryInformationFile");
  assert_np_error(np_pipe_info(f->end, &info), ERROR_INVALID_DATA);
  assert_np_ok(np_pipe_info(f->end, &info));
  assert_exchanges(f);
}

NP_CASE("lie/adopt", np_pipe_adopt, ANY_MODE, ERROR_INVALID_DATA,
        "A handle is not adopted if the answer about its pipe is too short. "
        "It stays the caller's, and can be adopted later.",
        "npipe/pipe.h") {
  HANDLE raw = raw_server(f);
  np_pipe *pipe = NULL;

  lie_short("NtQueryInformationFile");
  assert_np_error(np_pipe_adopt(f->loop, raw, &pipe), ERROR_INVALID_DATA);
  assert_null(pipe);
  assert_np_ok(np_pipe_adopt(f->loop, raw, &pipe));
  raw_release(f, raw);
  pipe_own(f, pipe);
}

/* io_never counts its calls. */
static np_error io_never(HANDLE handle, void *context, size_t *transferred) {
  (void)handle;
  (void)transferred;
  ++*(unsigned *)context;
  return NP_OK;
}

/* --- Tries ---------------------------------------------------------------- */

NP_CASE("lie/try-read", np_pipe_try_read, BYTE_READS | BOTH_ENDS,
        ERROR_INVALID_DATA,
        "A try gives ERROR_INVALID_DATA and no byte if the system tells more "
        "bytes than the buffer holds.",
        "npipe/ready.h") {
  np_ready_options options = ready_options();
  char buffer[ROOM_BYTES];
  size_t length = 1;

  options.read_ahead_bytes = 0;
  pair_open(f);
  assert_np_ok(np_pipe_set_ready_options(f->end, &options));
  op_begin(&f->ops[0], np_pipe_readable(f->end, &f->ops[0].op, on_done));
  pipe_send(f, f->peer, "abcd", 4);
  assert_ends(&f->ops[0], NP_OK, NP_READABLE);
  lie("ReadFile", TOO_MANY);
  assert_np_error(
      np_pipe_try_read(f->end, buffer, ROOM_BYTES, &length),
      (f->variant & MODE_MESSAGE) != 0 ? ERROR_MORE_DATA : ERROR_INVALID_DATA);
}

NP_CASE("lie/read-ahead", np_pipe_try_readv, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_DATA,
        "The impossible answer to a read-ahead is told by the next try.",
        "npipe/ready.h") {
  char data[ROOM_BYTES];
  const np_buffer buffer = {data, ROOM_BYTES};
  size_t length = 1;

  pair_open(f);
  pipe_send(f, f->peer, "abcd", 4);
  lie("ReadFile", UINT32_MAX);
  op_begin(&f->ops[0], np_pipe_readable(f->end, &f->ops[0].op, on_done));
  assert_ends(&f->ops[0], NP_OK, NP_READABLE);
  assert_np_error(np_pipe_try_readv(f->end, &buffer, 1, &length),
                  ERROR_INVALID_DATA);
  assert_int_equal(length, 0);
}

NP_CASE("lie/try-write", np_pipe_try_write, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_DATA,
        "A try to write gives ERROR_INVALID_DATA if the system tells more "
        "bytes than were written.",
        "npipe/ready.h") {
  size_t length = 1;
  np_error error;

  pair_open(f);
  lie("WriteFile", 5);
  error = np_pipe_try_write(f->end, "abcd", 4, &length);
  if (error == NP_OK) { /* The kernel answers late, and the next try tells. */
    op_begin(&f->ops[0], np_pipe_writable(f->end, &f->ops[0].op, on_done));
    assert_ends(&f->ops[0], NP_OK, NP_WRITABLE);
    error = np_pipe_try_write(f->end, "abcd", 4, &length);
  }
  assert_np_error(error, ERROR_INVALID_DATA);
  assert_int_equal(length, 0);
}

NP_CASE("lie/outbox", np_pipe_try_writev, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_DATA,
        "The impossible answer to a write that waited is told by the next try, "
        "once.",
        "npipe/ready.h") {
  static char data[LONG_BYTES];
  const np_buffer buffer = {data, LONG_BYTES};
  size_t length = 0;

  pair_open_quota(f, ROOM_BYTES);
  lie("WriteFile", LONG_BYTES + 1);
  assert_np_ok(np_pipe_try_writev(f->end, &buffer, 1, &length));
  assert_int_equal(length, LONG_BYTES);
  assert_received(f, f->peer, data, LONG_BYTES);
  op_begin(&f->ops[0], np_pipe_writable(f->end, &f->ops[0].op, on_done));
  assert_ends(&f->ops[0], NP_OK, NP_WRITABLE);
  assert_np_error(np_pipe_try_writev(f->end, &buffer, 1, &length),
                  ERROR_INVALID_DATA);
  assert_int_equal(length, 0);
}

NP_CASE("lie/io-limit", np_pipe_async_io, ANY_MODE | BOTH_ENDS, WAIT_TIMEOUT,
        "An io that waits behind a read whose result is held back ends at its "
        "time limit, and does not keep the loop busy until then.",
        "npipe/ready.h") {
  static unsigned tried;
  const uint64_t begin_ms = world_now_ms();
  uint64_t before;

  tried = 0;
  pair_open(f);
  read_pend(f, &f->ops[0], f->end, ROOM_BYTES);
  /* The second read fails at once. The first one waits in the kernel. */
  if (!world_refuse("ReadFile", ERROR_NO_SYSTEM_RESOURCES)) {
    np_unresolved("the kernel refuses no read here");
  }
  read_begin(&f->ops[1], f->end, ROOM_BYTES);
  reads_post(f);
  f->ops[2].op.timeout_ms = IO_LIMIT_MS;
  op_begin(&f->ops[2],
           np_pipe_async_io(f->end, NP_READABLE | NP_WRITABLE, &f->ops[2].op,
                            io_never, &tried, on_done));
  before = calls("QueryPerformanceCounter");
  assert_np_ok(loop_turn(f, LOOP_WAIT_MS));
  assert_done(&f->ops[2], WAIT_TIMEOUT, 0);
  assert_true(world_now_ms() - begin_ms >= IO_LIMIT_MS);
  assert_true(calls("QueryPerformanceCounter") - before < 20 * IO_LIMIT_MS);
  assert_int_equal(tried, 0);
  pipe_send(f, f->peer, "a", 1);
  assert_ends(&f->ops[0], NP_OK, 1);
  assert_ends(&f->ops[1], ERROR_NO_SYSTEM_RESOURCES, 0);
}

/* --- Channels ------------------------------------------------------------- */

NP_CASE("lie/channel-create", np_channel_create, MODE_MESSAGE,
        ERROR_INVALID_DATA,
        "No channel is made if the answer about the type of the pipe is too "
        "short. The pipe stays the caller's.",
        "npipe/channel.h") {
  np_channel_options options = channel_options();
  np_channel *channel = NULL;

  options.half_close = true;
  pair_open(f);
  lie_short("NtQueryInformationFile");
  assert_np_error(np_channel_create(f->client, &options, &channel),
                  ERROR_INVALID_DATA);
  assert_null(channel);
  assert_exchanges(f);
}

NP_CASE("lie/channel-receive", np_channel_receive, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_DATA,
        "A receive ends with ERROR_INVALID_DATA if the system tells more bytes "
        "than the read of the channel had room for.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  message_send(f, f->opposite, "abcd", 4);
  lie("ReadFile", UINT32_MAX);
  assert_no_message(f, f->channel, ERROR_INVALID_DATA, 0);
}

NP_CASE("lie/channel-receive-into", np_channel_receive_into,
        ANY_MODE | BOTH_ENDS, ERROR_INVALID_DATA,
        "A receive into the caller's buffer ends with ERROR_INVALID_DATA if "
        "the system tells more bytes than there was room for.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  message_send(f, f->opposite, "abcd", 4);
  lie("ReadFile", UINT32_MAX);
  receive_into_begin(&f->ops[0], f->channel, ROOM_BYTES);
  assert_ends(&f->ops[0], ERROR_INVALID_DATA, 0);
}

NP_CASE("lie/channel-send", np_channel_send, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_DATA,
        "A send ends with ERROR_INVALID_DATA if the system tells more bytes "
        "than were written.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  lie("WriteFile", TOO_MANY);
  send_begin(&f->ops[0], f->channel, "abcd", 4);
  assert_ends(&f->ops[0], ERROR_INVALID_DATA, 0);
}

NP_CASE("lie/channel-call", np_channel_call, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_DATA,
        "A call ends with ERROR_INVALID_DATA if the system tells more bytes "
        "than its request has.",
        "npipe/channel.h") {
  static struct call_recorder call;

  memset(&call, 0, sizeof(call));
  channel_pair(f, NULL);
  lie("WriteFile", TOO_MANY);
  call_begin(&call, f->channel, "ask");
  call_wait(f, &call);
  assert_np_error(call.result, ERROR_INVALID_DATA);
}
