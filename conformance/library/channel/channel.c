/* Channels: create, close and detach. */
#include "channel_common.h"

NP_CASE("channel/create", np_channel_create, ANY_MODE | BOTH_ENDS, NP_OK,
        "A channel takes over a connected end of either mode, and messages go "
        "both ways.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  assert_message_passes(f, f->channel, f->opposite, "ping", 4);
  assert_message_passes(f, f->opposite, f->channel, "longer pong", 11);
}

NP_CASE("channel/create-parameters", np_channel_create, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_PARAMETER,
        "np_channel_create refuses a NULL, a wrong size of the options, an "
        "unknown framing, invalid frame options and a read buffer of 0 bytes. "
        "The pipe stays the caller's.",
        "npipe/channel.h") {
  np_channel_options options;
  np_channel *channel = NULL;

  pair_open(f);
  np_channel_options_init(&options);
  assert_invalid(np_channel_create(NULL, &options, &channel));
  assert_invalid(np_channel_create(f->end, &options, NULL));
  options.size--;
  assert_invalid(np_channel_create(f->end, &options, &channel));
  np_channel_options_init(&options);
  options.framing = (np_framing)3;
  assert_invalid(np_channel_create(f->end, &options, &channel));
  np_channel_options_init(&options);
  options.frame.field_bytes = 3;
  assert_invalid(np_channel_create(f->end, &options, &channel));
  np_channel_options_init(&options);
  options.read_buffer_bytes = 0;
  assert_invalid(np_channel_create(f->end, &options, &channel));
#if SIZE_MAX > UINT32_MAX
  options.read_buffer_bytes = (size_t)UINT32_MAX + 1;
  assert_invalid(np_channel_create(f->end, &options, &channel));
  np_channel_options_init(&options);
  options.write_buffer_bytes = (size_t)UINT32_MAX + 1;
  assert_invalid(np_channel_create(f->end, &options, &channel));
#endif
  assert_null(channel);
  assert_passes(f, f->peer, f->end, "abc", 3);
}

NP_CASE("channel/create-busy", np_channel_create, ANY_MODE | BOTH_ENDS,
        ERROR_BUSY,
        "A channel is refused on an end with a read in flight, with readiness "
        "in use, or with a channel.",
        "npipe/channel.h") {
  np_channel *channel = NULL;
  np_pipe *pipe;

  pair_open(f);
  read_begin(&f->ops[0], f->end, 16);
  assert_np_error(np_channel_create(f->end, NULL, &channel), ERROR_BUSY);
  pipe_send(f, f->peer, "abc", 3);
  loop_until(f, 1);
  op_begin(&f->ops[1],
           np_pipe_ready(f->peer, NP_WRITABLE, &f->ops[1].op, on_done));
  loop_until(f, 2);
  assert_np_error(np_channel_create(f->peer, NULL, &channel), ERROR_BUSY);
  assert_null(channel);
  pipe = f->end;
  channel_on(f, pipe, NULL);
  assert_np_error(np_channel_create(pipe, NULL, &channel), ERROR_BUSY);
}

static void refuse_closing(np_fixture *f, np_pipe *pipe) {
  np_channel *channel = NULL;

  assert_np_ok(np_pipe_close(pipe, on_closed));
  f->closing_count++;
  assert_np_error(np_channel_create(pipe, NULL, &channel),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("channel/create-closing", np_channel_create, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_HANDLE, "A pipe that is being closed is refused.",
        "npipe/channel.h") {
  np_pipe *pipe;

  pair_open(f);
  pipe = f->end;
  f->server = f->server == pipe ? NULL : f->server;
  f->client = f->client == pipe ? NULL : f->client;
  refuse_closing(f, pipe);
}

NP_CASE("channel/create-never-framed", np_channel_create,
        BYTE_READS | BOTH_ENDS, ERROR_NOT_SUPPORTED,
        "An end that reads bytes cannot do without framing.",
        "npipe/channel.h") {
  np_channel_options options = channel_options();
  np_channel *channel = NULL;
  size_t live;

  pair_open(f);
  live = f->allocator.live;
  options.framing = NP_FRAMING_NEVER;
  assert_np_error(np_channel_create(f->end, &options, &channel),
                  ERROR_NOT_SUPPORTED);
  assert_null(channel);
  assert_int_equal(f->allocator.live, live);
}

NP_CASE("channel/create-half-close-of-bytes", np_channel_create,
        MODE_BYTE | BOTH_ENDS, ERROR_NOT_SUPPORTED,
        "A pipe of type byte has no empty message to end a direction with.",
        "npipe/channel.h") {
  np_channel_options options = channel_options();
  np_channel *channel = NULL;

  pair_open(f);
  options.half_close = true;
  assert_np_error(np_channel_create(f->end, &options, &channel),
                  ERROR_NOT_SUPPORTED);
}

NP_CASE("channel/create-memory", np_channel_create, ANY_MODE | BOTH_ENDS,
        ERROR_NOT_ENOUGH_MEMORY,
        "Without memory no channel is made, and the pipe stays as it was.",
        "npipe/channel.h") {
  np_channel *channel = NULL;
  size_t live;

  pair_open(f);
  live = f->allocator.live;
  f->allocator.fail_at = f->allocator.total + 1;
  assert_np_error(np_channel_create(f->end, NULL, &channel),
                  ERROR_NOT_ENOUGH_MEMORY);
  f->allocator.fail_at = 0;
  assert_null(channel);
  assert_int_equal(f->allocator.live, live);
  assert_passes(f, f->peer, f->end, "abc", 3);
}

NP_CASE("channel/one-way", np_channel_create, ANY_MODE, NP_OK,
        "Ends that only read and only write make channels too, which agree "
        "about the framing.",
        "npipe/channel.h") {
  options_inbound(f);
  if ((f->variant & MODE_MESSAGE_BYTE) != 0) {
    /* A channel guesses the framing from the modes. An end that cannot read
     * knows only the pipe's type, so the framing is set here. */
    np_channel_options options = channel_options();

    options.framing = NP_FRAMING_ALWAYS;
    channel_pair(f, &options);
  } else {
    channel_pair(f, NULL);
  }
  assert_message_passes(f, f->opposite, f->channel, "one way", 7);
}

NP_CASE("channel/options-init", np_channel_options_init, NO_MODE, NP_OK,
        "The default options are those that the header names.",
        "npipe/channel.h") {
  np_channel_options options = channel_options();

  np_channel_options_init(NULL);
  assert_int_equal(options.size, sizeof(options));
  assert_int_equal(options.framing, NP_FRAMING_AUTO);
  assert_int_equal(options.frame.field_bytes, 4);
  assert_int_equal(options.frame.frame_bytes_max, 8 * 1024 * 1024);
  assert_false(options.half_close);
  assert_true(options.gather);
  assert_int_equal(options.write_buffer_bytes, 65472);
  assert_int_equal(options.read_buffer_bytes,
                   65536 + NP_FRAME_HEADER_BYTES_MAX);
  assert_non_null(f->loop);
}

NP_CASE("channel/pipe-is-taken", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_BUSY,
        "The pipe of a channel is closed by the channel and by nobody else.",
        "npipe/pipe.h") {
  np_info info = {0};

  channel_open(f, NULL);
  assert_np_error(np_pipe_close(np_channel_pipe(f->channel), on_closed_never),
                  ERROR_BUSY);
  info.size = sizeof(info);
  assert_np_ok(np_pipe_info(np_channel_pipe(f->channel), &info));
  assert_int_equal(info.state, NP_CONNECTED);
}

NP_CASE("channel/accessors", np_channel_pipe, ANY_MODE | BOTH_ENDS, NP_OK,
        "A channel returns its pipe and the caller's pointer. For NULL both "
        "are NULL.",
        "npipe/channel.h") {
  np_pipe *pipe;

  pair_open(f);
  pipe = f->end;
  channel_on(f, pipe, NULL);
  assert_ptr_equal(np_channel_pipe(f->channel), pipe);
  assert_null(np_channel_pipe(NULL));
  assert_null(np_channel_data(f->channel));
}

NP_CASE("channel/user", np_channel_user, ANY_MODE | BOTH_ENDS, NP_OK,
        "The caller's pointer is NULL until it is set.", "npipe/channel.h") {
  channel_open(f, NULL);
  assert_null(np_channel_user(f->channel));
  np_channel_set_user(f->channel, f);
  assert_ptr_equal(np_channel_user(f->channel), f);
  assert_null(np_channel_user(NULL));
}

NP_CASE("channel/set-user", np_channel_set_user, ANY_MODE | BOTH_ENDS, NP_OK,
        "The user pointer of a channel can be changed; a NULL channel is "
        "ignored.",
        "npipe/channel.h") {
  channel_open(f, NULL);
  np_channel_set_user(NULL, f);
  np_channel_set_user(f->channel, f);
  np_channel_set_user(f->channel, &f->op);
  assert_ptr_equal(np_channel_user(f->channel), &f->op);
}

NP_CASE("channel/header-bytes", np_channel_header_bytes, ANY_MODE | BOTH_ENDS,
        NP_OK, "The header is there where messages are framed.",
        "npipe/channel.h") {
  channel_open(f, NULL);
  assert_int_equal(np_channel_header_bytes(f->channel), is_framed(f) ? 4 : 0);
  assert_int_equal(np_channel_header_bytes(NULL), 0);
}

NP_CASE("channel/close", np_channel_close, ANY_MODE | BOTH_ENDS, NP_OK,
        "np_channel_close ends each operation in flight with one callback, "
        "then calls on_closed. The peer gets all messages that were sent, then "
        "the end of the stream.",
        "npipe/channel.h") {
  static char big[8000];
  static struct call_recorder call;
  unsigned order;

  memset(&call, 0, sizeof(call));
  server_quotas(f, 100, 100);
  channel_pair(f, NULL);
  message_send(f, f->channel, "sent", 4);
  send_begin(&f->ops[0], f->channel, big, sizeof(big));
  receive_begin(&f->ops[1], f->channel);
  receive_into_begin(&f->ops[2], f->channel, 100);
  loop_quiet(f);
  /* This message alone exceeds the quota, so it cannot complete while the other
   * operations are cancelled. */
  send_begin(&f->ops[3], f->channel, big, 200);
  call_begin(&call, f->channel, "request");
  channel_close(f, f->channel);
  loop_until_count(f, &f->closed_count, 1);
  order = f->closed_order;
  for (unsigned i = 0; i < 4; i++) {
    assert_done(&f->ops[i], ERROR_OPERATION_ABORTED, 0);
    assert_true(f->ops[i].order < order);
  }
  assert_int_equal(call.done_count, 1);
  assert_np_error(call.result, ERROR_OPERATION_ABORTED);
  assert_true(call.order < order);
  assert_message(f, f->opposite, "sent", 4);
}

NP_CASE("channel/close-null", np_channel_close, NO_MODE, NP_OK,
        "Closing a NULL channel does nothing.", "npipe/channel.h") {
  assert_np_ok(np_channel_close(NULL, NULL));
  loop_quiet(f);
}

NP_CASE("channel/close-twice", np_channel_close, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_HANDLE,
        "A second close changes nothing, and nothing can be begun any more.",
        "npipe/channel.h") {
  np_channel *channel;
  np_call call;
  char buffer[8];
  np_pipe *pipe = NULL;

  memset(&call, 0, sizeof(call));
  channel_open(f, NULL);
  channel = f->channel;
  channel_close(f, channel);
  assert_np_error(np_channel_close(channel, NULL), ERROR_INVALID_HANDLE);
  assert_np_error(np_channel_send(channel, "x", 1, &f->op, on_never),
                  ERROR_INVALID_HANDLE);
  assert_np_error(
      np_channel_send_reserved(channel, buffer, 1, &f->op, on_never),
      ERROR_INVALID_HANDLE);
  assert_np_error(np_channel_receive(channel, &f->op, on_never),
                  ERROR_INVALID_HANDLE);
  assert_np_error(np_channel_receive_into(channel, buffer, 8, &f->op, on_never),
                  ERROR_INVALID_HANDLE);
  assert_np_error(np_channel_shutdown(channel, &f->op, on_never),
                  ERROR_INVALID_HANDLE);
  assert_np_error(np_channel_call(channel, "x", 1, &call, on_never),
                  ERROR_INVALID_HANDLE);
  assert_np_error(np_channel_detach(channel, &pipe), ERROR_INVALID_HANDLE);
  loop_until_count(f, &f->closed_count, 1);
}

static void close_in_callback(np_fixture *f, struct recorder *recorder) {
  (void)recorder;
  channel_close(f, f->channel);
}

NP_CASE("channel/close-in-callback", np_channel_close, ANY_MODE | BOTH_ENDS,
        NP_OK, "A channel can be closed within the callback of its receive.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  receive_begin(&f->ops[0], f->channel);
  receive_begin(&f->ops[1], f->channel);
  f->ops[0].then = close_in_callback;
  send_begin(&f->ops[2], f->opposite, "one", 3);
  loop_until_count(f, &f->closed_count, 1);
  assert_done(&f->ops[0], NP_OK, 3);
  assert_done(&f->ops[1], ERROR_OPERATION_ABORTED, 0);
}

NP_CASE("channel/detach", np_channel_detach, ANY_MODE | BOTH_ENDS, NP_OK,
        "A channel gives its pipe back, open and usable, even for another "
        "channel.",
        "npipe/channel.h") {
  np_pipe *pipe = NULL;

  channel_pair(f, NULL);
  assert_message_passes(f, f->channel, f->opposite, "a message", 9);
  assert_np_ok(np_channel_detach(f->channel, &pipe));
  f->channel = NULL;
  assert_non_null(pipe);
  pipe_own(f, pipe);
  loop_quiet(f);
  if (is_framed(f)) {
    pipe_send(f, pipe, "\0\0\0\3abc", 7);
  } else {
    pipe_send(f, pipe, "abc", 3);
  }
  assert_message(f, f->opposite, "abc", 3);
}

NP_CASE("channel/detach-parameters", np_channel_detach, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_PARAMETER, "Detach refuses NULL.", "npipe/channel.h") {
  np_pipe *pipe = NULL;

  channel_open(f, NULL);
  assert_invalid(np_channel_detach(NULL, &pipe));
  assert_invalid(np_channel_detach(f->channel, NULL));
}

NP_CASE("channel/detach-closing", np_channel_detach, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_HANDLE,
        "A channel that is being closed cannot be detached.",
        "npipe/channel.h") {
  np_channel *channel;
  np_pipe *pipe = NULL;

  channel_open(f, NULL);
  channel = f->channel;
  channel_close(f, channel);
  assert_np_error(np_channel_detach(channel, &pipe), ERROR_INVALID_HANDLE);
  assert_null(pipe);
}

NP_CASE("channel/detach-busy", np_channel_detach, ANY_MODE | BOTH_ENDS,
        ERROR_BUSY, "A channel with an operation in flight cannot be detached.",
        "npipe/channel.h") {
  np_pipe *pipe = NULL;

  channel_pair(f, NULL);
  receive_begin(&f->ops[0], f->channel);
  assert_np_error(np_channel_detach(f->channel, &pipe), ERROR_BUSY);
  send_begin(&f->ops[1], f->opposite, "x", 1);
  assert_np_error(np_channel_detach(f->opposite, &pipe), ERROR_BUSY);
  loop_until(f, 2);
  assert_null(pipe);
}

static void detach_in_callback(np_fixture *f, struct recorder *recorder) {
  np_pipe *pipe = NULL;

  (void)recorder;
  assert_np_ok(np_channel_detach(f->channel, &pipe));
  f->channel = NULL;
  pipe_own(f, pipe);
}

NP_CASE("channel/detach-in-callback", np_channel_detach, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "A channel can be detached in the callback of its last operation: a "
        "server then goes on with the next client.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  channel_close(f, f->opposite);
  receive_begin(&f->ops[0], f->channel);
  f->ops[0].then = detach_in_callback;
  assert_next(&f->ops[0], ERROR_BROKEN_PIPE, 0);
  assert_int_equal(f->extra_count, 1);
  loop_quiet(f);
}

/* give_up_and_detach cancels the only receive and detaches the channel in its
 * callback. */
static void give_up_and_detach(np_fixture *f) {
  f->ops[0].then = detach_in_callback;
  assert_aborts(&f->ops[0]);
  assert_int_equal(f->extra_count, 1);
  loop_quiet(f);
}

NP_CASE("channel/detach-cancelled", np_channel_detach, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "A channel can be detached in the callback of a cancelled receive, "
        "which runs when the kernel has ended the read.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  receive_begin(&f->ops[0], f->channel);
  loop_quiet(f);
  give_up_and_detach(f);
}

NP_CASE("channel/detach-cancelled-at-once", np_channel_detach,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "A channel can be detached in the callback of a receive that was "
        "cancelled before the kernel got its read.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  receive_begin(&f->ops[0], f->channel);
  give_up_and_detach(f);
}

NP_CASE("channel/detach-cancelled-into", np_channel_detach,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "A channel can be detached in the callback of a cancelled receive "
        "into the caller's buffer.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  receive_into_begin(&f->ops[0], f->channel, 16);
  loop_quiet(f);
  give_up_and_detach(f);
}

NP_CASE("channel/detach-late", np_channel_detach, ANY_MODE | BOTH_ENDS, NP_OK,
        "A channel can be detached in the callback of a receive that timed "
        "out.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  f->ops[0].op.timeout_ms = 10;
  receive_begin(&f->ops[0], f->channel);
  f->ops[0].then = detach_in_callback;
  assert_next(&f->ops[0], WAIT_TIMEOUT, 0);
  assert_int_equal(f->extra_count, 1);
  loop_quiet(f);
}

NP_CASE("channel/detach-cancelled-call", np_channel_detach,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "A channel can be detached after the callback of a cancelled call "
        "that got no reply.",
        "npipe/channel.h") {
  struct call_recorder asked = {0};
  np_pipe *pipe = NULL;

  channel_pair(f, NULL);
  call_begin(&asked, f->channel, "request");
  assert_message(f, f->opposite, "request", 7);
  loop_quiet(f);
  assert_np_ok(np_op_cancel(&asked.call.op));
  call_wait(f, &asked);
  assert_np_error(asked.result, ERROR_OPERATION_ABORTED);
  assert_np_ok(np_channel_detach(f->channel, &pipe));
  f->channel = NULL;
  pipe_own(f, pipe);
  loop_quiet(f);
}
