/* Helpers for the cases of np_listener: one listener whose callbacks record,
 * and clients for it. */
#include "listener_common.h"

struct listening listening;

static np_fixture *fixture;

void on_pipe(np_listener *listener, np_pipe *pipe) {
  callback_begin();
  assert_ptr_equal(listener, listening.listener);
  assert_null(np_pipe_user(pipe));
  assert_true(listening.accepted_count < ACCEPTED_MAX);
  listening.accepted[listening.accepted_count++] = pipe;
  pipe_own(fixture, pipe);
  if (listening.then != NULL) {
    listening.then(fixture, pipe);
  }
  callback_end();
}

void on_pipe_never(np_listener *listener, np_pipe *pipe) {
  (void)listener;
  (void)pipe;
  fail_msg("%s", "a pipe was handed out that should not be");
}

void on_listener_error(np_listener *listener, np_error error,
                       uint32_t retry_ms) {
  unsigned count = listening.news_count;

  callback_begin();
  assert_ptr_equal(listener, listening.listener);
  assert_true(count < NEWS_MAX);
  listening.news[count] = error;
  listening.retry_ms[count] = retry_ms;
  listening.news_at_ms[count] = world_now_ms();
  listening.news_count++;
  if (listening.news_then != NULL) {
    listening.news_then(fixture);
  }
  callback_end();
}

static void on_listener_closed(np_listener *listener) {
  callback_begin();
  listening.closed_count++;
  assert_ptr_equal(np_listener_loop(listener), fixture->loop);
  if (listening.closed_then != NULL) {
    listening.closed_then(fixture);
  }
  callback_end();
}

void listening_close(np_fixture *f) {
  np_listener *listener = listening.listener;

  (void)f;
  listening.listener = NULL;
  assert_np_ok(np_listener_close(listener, on_listener_closed));
}

void listening_close_wait(np_fixture *f) {
  listening_close(f);
  loop_until_count(f, &listening.closed_count, 1);
}

static void listening_ending(np_fixture *f) {
  listening.then = NULL;
  listening.news_then = NULL;
  if (listening.listener != NULL) {
    listening_close_wait(f);
  }
  if (!listening.news_expected && listening.news_count > 0) {
    assert_np_ok(listening.news[0]);
  }
}

void listening_begin(np_fixture *f, uint32_t backlog) {
  memset(&listening, 0, sizeof listening);
  fixture = f;
  f->ending = listening_ending;
  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  np_listener_options_init(&listening.options);
  listening.options.server = f->server_options;
  listening.options.backlog = backlog;
  listening.options.on_error = on_listener_error;
}

void listening_outbound(np_fixture *f) {
  listening.options.server.inbound = false;
  listening.options.server.read_mode = NP_BYTE;
  f->client_options.write = false;
  f->client_options.read_mode = NP_BYTE;
}

void listening_open(np_fixture *f) {
  listening.closed_count = 0;
  assert_np_ok(np_listener_create(f->loop, f->name, &listening.options, on_pipe,
                                  &listening.listener));
}

void listening_limited(np_fixture *f, uint32_t backlog,
                       uint32_t instances_max) {
  listening_begin(f, backlog);
  listening.options.server.instances_max = instances_max;
  listening_open(f);
}

void listening_start(np_fixture *f, uint32_t backlog) {
  listening_begin(f, backlog);
  listening_open(f);
}

void other_instance(np_fixture *f, uint32_t instances_max) {
  f->server_options.instances_max = instances_max;
  server_listen(f);
}

np_error client_error(np_fixture *f) {
  np_pipe *client = NULL;
  np_error error =
      np_client_open(f->loop, f->name, &f->client_options, &client);

  if (error == NP_OK) {
    f->closing_count++;
    assert_np_ok(np_pipe_close(client, on_closed));
  }
  return error;
}

np_pipe *accepted(np_fixture *f, unsigned count) {
  loop_until_count(f, &listening.accepted_count, count);
  return listening.accepted[count - 1];
}

void give_back(np_fixture *f, np_pipe *pipe) {
  pipe_release(f, pipe);
  assert_np_ok(np_listener_recycle(pipe));
}

np_error news(np_fixture *f, unsigned count) {
  listening.news_expected = true;
  loop_until_count(f, &listening.news_count, count);
  return listening.news[count - 1];
}
