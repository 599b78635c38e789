/* Helpers for the cases of channels: pairs of channels, recorders for sends,
 * receives and calls, and the checks of received messages. */
#include "channel_common.h"

#include "kit/outcomes.h"

bool is_framed(const np_fixture *f) {
  return (f->variant & MODE_MESSAGE) == 0;
}

np_channel *channel_on(np_fixture *f, np_pipe *pipe,
                       const np_channel_options *options) {
  np_channel *channel = NULL;

  assert_np_ok(np_channel_create(pipe, options, &channel));
  assert_ptr_equal(np_channel_pipe(channel), pipe);
  if (pipe == f->end) {
    f->channel = channel;
  } else {
    f->opposite = channel;
  }
  f->server = f->server == pipe ? NULL : f->server;
  f->client = f->client == pipe ? NULL : f->client;
  return channel;
}

void channel_open(np_fixture *f, const np_channel_options *options) {
  pair_open(f);
  channel_on(f, f->end, options);
}

void channel_pair(np_fixture *f, const np_channel_options *options) {
  channel_open(f, options);
  channel_on(f, f->peer, options);
}

void on_message(np_op *op, np_error error, size_t transferred) {
  struct recorder *recorder = (struct recorder *)op;
  const void *data = np_channel_data(op->user);

  if (error == NP_OK) {
    assert_true(data != NULL || transferred == 0);
    if (transferred > 0 && transferred <= sizeof(recorder->buffer)) {
      memmove(recorder->buffer, data, transferred);
    }
  } else {
    assert_null(data);
  }
  on_done(op, error, transferred);
}

void send_begin(struct recorder *recorder, np_channel *channel,
                const void *data, size_t length) {
  op_begin(recorder,
           np_channel_send(channel, data, length, &recorder->op, on_done));
}

void receive_begin(struct recorder *recorder, np_channel *channel) {
  recorder->start_count++;
  recorder->op.user = channel;
  assert_np_ok(np_channel_receive(channel, &recorder->op, on_message));
}

void receive_into_begin(struct recorder *recorder, np_channel *channel,
                        size_t size) {
  assert_true(size <= sizeof(recorder->buffer));
  recorder->start_count++;
  recorder->op.user = channel;
  assert_np_ok(np_channel_receive_into(channel, recorder->buffer, size,
                                       &recorder->op, on_message));
}

void channel_shutdown_begin(struct recorder *recorder, np_channel *channel) {
  op_begin(recorder, np_channel_shutdown(channel, &recorder->op, on_done));
}

static void on_reply(np_op *op, np_error error, size_t transferred) {
  struct call_recorder *recorder = (struct call_recorder *)op;

  recorder->order = callback_begin();
  assert_true(outcome_may_count(error, transferred));
  recorder->done_count++;
  recorder->result = error;
  recorder->transferred = transferred;
  if (error == NP_OK && transferred > 0 &&
      transferred <= sizeof(recorder->reply)) {
    memcpy(recorder->reply, np_channel_data(recorder->channel), transferred);
  }
  callback_end();
}

void call_begin(struct call_recorder *recorder, np_channel *channel,
                const char *request) {
  recorder->start_count++;
  recorder->channel = channel;
  assert_np_ok(np_channel_call(channel, request, strlen(request),
                               &recorder->call, on_reply));
}

void call_wait(np_fixture *f, struct call_recorder *recorder) {
  loop_until_count(f, &recorder->done_count, recorder->start_count);
}

void assert_reply_at(const struct call_recorder *recorder, const char *reply,
                     const char *file, int line) {
  _assert_int_equal(recorder->done_count, recorder->start_count, file, line);
  assert_np_error_at(recorder->result, NP_OK, file, line);
  _assert_int_equal(recorder->transferred, strlen(reply), file, line);
  _assert_memory_equal(recorder->reply, reply, strlen(reply), file, line);
}

static void helper_wait(np_fixture *f) {
  loop_until_count(f, &f->helper.done_count, f->helper.start_count);
}

void message_send(np_fixture *f, np_channel *channel, const void *data,
                  size_t length) {
  send_begin(&f->helper, channel, data, length);
  helper_wait(f);
  assert_np_ok(f->helper.result);
  assert_int_equal(f->helper.transferred, length);
}

void assert_message_at(np_fixture *f, np_channel *channel, const void *data,
                       size_t length, const char *file, int line) {
  receive_begin(&f->helper, channel);
  helper_wait(f);
  assert_np_error_at(f->helper.result, NP_OK, file, line);
  _assert_int_equal(f->helper.transferred, length, file, line);
  if (length > 0) {
    /* No other receive is in flight, so the data are still valid. */
    _assert_memory_equal(np_channel_data(channel), data, length, file, line);
  }
}

void assert_no_message_at(np_fixture *f, np_channel *channel, np_error error,
                          size_t transferred, const char *file, int line) {
  receive_begin(&f->helper, channel);
  helper_wait(f);
  assert_np_error_at(f->helper.result, error, file, line);
  _assert_int_equal(f->helper.transferred, transferred, file, line);
}
