/* Functions called on the pipe that a channel has taken over. A function that
 * would mix with the channel's messages is refused, and the messages go on. */
#include "channel_common.h"
#include "library/rounds.h"
#include "library/ready/ready_common.h"

/* taken returns the pipe of a channel on the end under test; a receive is
 * pending. */
static np_pipe *taken(np_fixture *f) {
  np_pipe *pipe;

  channel_pair(f, NULL);
  pipe = np_channel_pipe(f->channel);
  receive_begin(&f->ops[0], f->channel);
  reads_post(f);
  return pipe;
}

/* goes_on checks that the message arrives undisturbed. */
static void goes_on(np_fixture *f) {
  message_send(f, f->opposite, "first", 5);
  assert_ends(&f->ops[0], NP_OK, 5);
  assert_memory_equal(f->ops[0].buffer, "first", 5);
  message_send(f, f->channel, "", 0);
  message_send(f, f->channel, "second", 6);
  assert_message(f, f->opposite, "", 0);
  assert_message(f, f->opposite, "second", 6);
}

NP_CASE("channel-pipe/pipe-read", np_pipe_read, ANY_MODE | BOTH_ENDS,
        ERROR_BUSY, "A channel's pipe cannot be read.", "npipe/channel.h") {
  np_pipe *pipe = taken(f);

  assert_np_error(
      np_pipe_read(pipe, f->ops[9].buffer, 4, &f->ops[9].op, on_never),
      ERROR_BUSY);
  goes_on(f);
}

NP_CASE("channel-pipe/pipe-readv", np_pipe_readv, ANY_MODE | BOTH_ENDS,
        ERROR_BUSY, "A channel's pipe cannot be read into several buffers.",
        "npipe/channel.h") {
  np_pipe *pipe = taken(f);
  np_buffer two[2] = {{f->ops[9].buffer, 4}, {f->ops[9].buffer + 4, 4}};

  assert_np_error(np_pipe_readv(pipe, two, 2, &f->ops[9].op, on_never),
                  ERROR_BUSY);
  goes_on(f);
}

NP_CASE("channel-pipe/pipe-write", np_pipe_write, ANY_MODE | BOTH_ENDS,
        ERROR_BUSY, "A channel's pipe cannot be written to.",
        "npipe/channel.h") {
  np_pipe *pipe = taken(f);

  assert_np_error(np_pipe_write(pipe, "x", 1, &f->ops[9].op, on_never),
                  ERROR_BUSY);
  goes_on(f);
}

NP_CASE("channel-pipe/pipe-writev", np_pipe_writev, ANY_MODE | BOTH_ENDS,
        ERROR_BUSY, "A channel's pipe cannot be written from several buffers.",
        "npipe/channel.h") {
  np_pipe *pipe = taken(f);
  np_buffer two[2] = {{"a", 1}, {"b", 1}};

  assert_np_error(np_pipe_writev(pipe, two, 2, &f->ops[9].op, on_never),
                  ERROR_BUSY);
  goes_on(f);
}

NP_CASE("channel-pipe/pipe-shutdown", np_pipe_shutdown, ANY_MODE | BOTH_ENDS,
        ERROR_BUSY, "A channel's pipe cannot be shut down.",
        "npipe/channel.h") {
  np_pipe *pipe = taken(f);

  assert_np_error(np_pipe_shutdown(pipe, &f->ops[9].op, on_never), ERROR_BUSY);
  goes_on(f);
}

NP_CASE("channel-pipe/pipe-flush", np_pipe_flush, ANY_MODE | BOTH_ENDS,
        ERROR_BUSY, "A channel's pipe cannot be flushed.", "npipe/channel.h") {
  np_pipe *pipe = taken(f);

  assert_np_error(np_pipe_flush(pipe, &f->ops[9].op, on_never), ERROR_BUSY);
  goes_on(f);
}

NP_CASE("channel-pipe/pipe-transact", np_pipe_transact,
        MESSAGE_TYPE | BOTH_ENDS, ERROR_BUSY,
        "A channel's pipe refuses a transact, also while no receive waits.",
        "npipe/channel.h") {
  np_pipe *pipe;

  channel_pair(f, NULL);
  pipe = np_channel_pipe(f->channel);
  assert_np_error(np_pipe_transact(pipe, "x", 1, f->ops[9].buffer, 4,
                                   &f->ops[9].op, on_never),
                  ERROR_BUSY);
  receive_begin(&f->ops[0], f->channel);
  goes_on(f);
}

NP_CASE("channel-pipe/pipe-set-read-mode", np_pipe_set_read_mode,
        ANY_MODE | BOTH_ENDS, ERROR_BUSY,
        "The read mode of a channel's pipe cannot be changed, even while no "
        "receive waits, because framing depends on it.",
        "npipe/channel.h") {
  np_info info = {0};
  np_mode before = NP_BYTE;
  np_pipe *pipe;

  channel_pair(f, NULL);
  pipe = np_channel_pipe(f->channel);
  info.size = sizeof(info);
  assert_np_ok(np_pipe_info(pipe, &info));
  before = info.read_mode;
  assert_np_error(np_pipe_set_read_mode(pipe, NP_BYTE), ERROR_BUSY);
  assert_np_error(np_pipe_set_read_mode(pipe, NP_MESSAGE), ERROR_BUSY);
  assert_np_ok(np_pipe_info(pipe, &info));
  assert_int_equal(info.read_mode, before);
  receive_begin(&f->ops[0], f->channel);
  goes_on(f);
}

NP_CASE("channel-pipe/pipe-ready", np_pipe_ready, ANY_MODE | BOTH_ENDS,
        ERROR_BUSY,
        "A channel's pipe refuses waits for readiness and readiness options, "
        "because readiness would read from the pipe.",
        "npipe/channel.h") {
  np_pipe *pipe = taken(f);
  np_ready_options options = ready_options();

  assert_np_error(np_pipe_set_ready_options(pipe, &options), ERROR_BUSY);
  assert_np_error(np_pipe_ready(pipe, NP_READABLE, &f->ops[9].op, on_never),
                  ERROR_BUSY);
  assert_np_error(np_pipe_readable(pipe, &f->ops[9].op, on_never), ERROR_BUSY);
  assert_np_error(np_pipe_writable(pipe, &f->ops[9].op, on_never), ERROR_BUSY);
  goes_on(f);
}

NP_CASE("channel-pipe/pipe-try-read", np_pipe_try_read, ANY_MODE | BOTH_ENDS,
        ERROR_BUSY,
        "A channel's pipe refuses a try to read, even if data are waiting.",
        "npipe/channel.h") {
  size_t count = 7;

  channel_pair(f, NULL);
  message_send(f, f->opposite, "first", 5);
  assert_np_error(np_pipe_try_read(np_channel_pipe(f->channel),
                                   f->ops[9].buffer, 4, &count),
                  ERROR_BUSY);
  assert_int_equal(count, 0);
  assert_message(f, f->channel, "first", 5);
}

NP_CASE("channel-pipe/pipe-try-readv", np_pipe_try_readv, ANY_MODE | BOTH_ENDS,
        ERROR_BUSY,
        "A channel's pipe refuses a try to read into several buffers.",
        "npipe/channel.h") {
  np_buffer two[2] = {{f->ops[9].buffer, 2}, {f->ops[9].buffer + 2, 2}};
  size_t count = 7;

  channel_pair(f, NULL);
  message_send(f, f->opposite, "first", 5);
  assert_np_error(
      np_pipe_try_readv(np_channel_pipe(f->channel), two, 2, &count),
      ERROR_BUSY);
  assert_int_equal(count, 0);
  assert_message(f, f->channel, "first", 5);
}

NP_CASE("channel-pipe/pipe-try-write", np_pipe_try_write, ANY_MODE | BOTH_ENDS,
        ERROR_BUSY, "A channel's pipe refuses a try to write.",
        "npipe/channel.h") {
  np_pipe *pipe = taken(f);
  size_t count = 7;

  assert_np_error(np_pipe_try_write(pipe, "x", 1, &count), ERROR_BUSY);
  assert_int_equal(count, 0);
  goes_on(f);
}

NP_CASE("channel-pipe/pipe-try-writev", np_pipe_try_writev,
        ANY_MODE | BOTH_ENDS, ERROR_BUSY,
        "A channel's pipe refuses a try to write from several buffers.",
        "npipe/channel.h") {
  np_pipe *pipe = taken(f);
  np_buffer two[2] = {{"a", 1}, {"b", 1}};
  size_t count = 7;

  assert_np_error(np_pipe_try_writev(pipe, two, 2, &count), ERROR_BUSY);
  assert_int_equal(count, 0);
  goes_on(f);
}

static np_error never_run(HANDLE handle, void *context, size_t *transferred) {
  (void)handle;
  (void)transferred;
  ++*(unsigned *)context;
  return NP_OK;
}

NP_CASE("channel-pipe/pipe-try-io", np_pipe_try_io, ANY_MODE | BOTH_ENDS,
        ERROR_BUSY,
        "A channel's pipe does not run the caller's own system call.",
        "npipe/channel.h") {
  np_pipe *pipe = taken(f);
  unsigned runs = 0;

  assert_np_error(np_pipe_try_io(pipe, NP_WRITABLE, never_run, &runs, NULL),
                  ERROR_BUSY);
  assert_np_error(np_pipe_async_io(pipe, NP_WRITABLE, &f->ops[9].op, never_run,
                                   &runs, on_never),
                  ERROR_BUSY);
  goes_on(f);
  assert_int_equal(runs, 0);
}

NP_CASE("channel-pipe/pipe-connect", np_server_connect, ANY_MODE, ERROR_BUSY,
        "A channel's pipe refuses to wait for a client.", "npipe/channel.h") {
  channel_pair(f, NULL);
  assert_np_error(
      np_server_connect(np_channel_pipe(f->channel), &f->ops[9].op, on_never),
      ERROR_BUSY);
  receive_begin(&f->ops[0], f->channel);
  goes_on(f);
}

NP_CASE("channel-pipe/pipe-asked", np_pipe_peek, ANY_MODE | BOTH_ENDS, NP_OK,
        "A channel's pipe answers queries: its state, the waiting data, and "
        "its peer.",
        "npipe/channel.h") {
  np_peek peek = {0};
  np_info info = {0};
  np_pipe *pipe;
  uint32_t id = 0;
  char byte;

  channel_pair(f, NULL);
  pipe = np_channel_pipe(f->channel);
  message_send(f, f->opposite, "first", 5);
  peek.size = sizeof(peek);
  assert_np_ok(np_pipe_peek(pipe, &byte, 1, &peek));
  assert_int_equal(peek.copied, 1);
  info.size = sizeof(info);
  assert_np_ok(np_pipe_info(pipe, &info));
  assert_int_equal(info.state, NP_CONNECTED);
  assert_np_ok(np_pipe_peer_process_id(pipe, &id));
  assert_int_equal(id, GetCurrentProcessId());
  assert_message(f, f->channel, "first", 5);
}

NP_CASE("channel-pipe/pipe-detached", np_channel_detach, ANY_MODE | BOTH_ENDS,
        NP_OK, "After np_channel_detach the pipe allows all functions again.",
        "npipe/channel.h") {
  np_pipe *pipe = NULL;

  channel_open(f, NULL);
  assert_np_ok(np_channel_detach(f->channel, &pipe));
  f->channel = NULL;
  pipe_own(f, pipe);
  assert_np_ok(np_pipe_set_read_mode(pipe, NP_BYTE));
  assert_passes(f, f->peer, pipe, "abc", 3);
}
