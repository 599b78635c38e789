/* Helpers for the cases of links. */
#include "link_common.h"

struct linking linking;

static np_fixture *fixture;

static void on_event(np_link *link, np_link_event event, np_error error) {
  const unsigned count = linking.event_count;

  callback_begin();
  assert_ptr_equal(link, linking.link);
  assert_true(count < EVENTS_MAX);
  linking.events[count] = event;
  linking.errors[count] = error;
  linking.at_ms[count] = world_now_ms();
  linking.event_count++;
  linking.up_count += event == NP_LINK_UP;
  linking.down_count += event == NP_LINK_DOWN;
  linking.failed_count += event == NP_LINK_FAILED;
  /* One end for each connection. */
  assert_true(linking.down_count <= linking.up_count);
  assert_true(linking.up_count - linking.down_count <= 1);
  assert_true((np_link_channel(link) != NULL) == (event == NP_LINK_UP));
  if (linking.then != NULL) {
    linking.then(fixture, event);
  }
  callback_end();
}

static void on_link_message(np_link *link, void *data, size_t length) {
  callback_begin();
  assert_ptr_equal(link, linking.link);
  assert_true(length < sizeof linking.message);
  memcpy(linking.message, data, length);
  linking.message[length] = '\0';
  linking.message_count++;
  if (linking.message_then != NULL) {
    linking.message_then(fixture);
  }
  callback_end();
}

static void on_link_closed(np_link *link) {
  callback_begin();
  assert_ptr_equal(np_link_user(link), fixture);
  linking.closed_count++;
  callback_end();
}

void linking_close(np_fixture *f) {
  np_link *link = linking.link;

  (void)f;
  linking.link = NULL;
  assert_np_ok(np_link_close(link, on_link_closed));
}

void linking_close_wait(np_fixture *f) {
  const unsigned count = linking.closed_count + 1;

  linking_close(f);
  loop_until_count(f, &linking.closed_count, count);
}

static void linking_ending(np_fixture *f) {
  linking.then = NULL;
  linking.message_then = NULL;
  if (linking.link != NULL) {
    linking_close_wait(f);
  }
  for (unsigned i = 0; i < SENDINGS_MAX; i++) {
    assert_int_equal(linking.sendings[i].done_count,
                     linking.sendings[i].start_count);
  }
}

void linking_begin(np_fixture *f) {
  memset(&linking, 0, sizeof linking);
  fixture = f;
  f->ending = linking_ending;
  np_link_options_init(&linking.options);
  linking.options.client = f->client_options;
  linking.options.delay_min_ms = 4;
  linking.options.delay_max_ms = 64;
  linking.options.on_event = on_event;
  linking.options.on_message = on_link_message;
}

void linking_open(np_fixture *f) {
  assert_np_ok(
      np_link_create(f->loop, f->name, &linking.options, &linking.link));
  np_link_set_user(linking.link, f);
  linking.up_count = 0;
  linking.down_count = 0;
}

np_channel *serve(np_fixture *f) {
  const unsigned ups = linking.up_count + 1;
  np_pipe *server;

  server_listen(f);
  server = f->server;
  connect_begin(&f->ops[0], server);
  loop_until_count(f, &linking.up_count, ups);
  op_wait(&f->ops[0]);
  assert_np_ok(f->ops[0].result);
  assert_np_ok(np_channel_create(server, NULL, &f->opposite));
  pipe_release(f, server);
  f->server = NULL;
  return f->opposite;
}

void unserve(np_fixture *f) {
  const unsigned downs = linking.down_count + 1;

  channel_close(f, f->opposite);
  loop_until_count(f, &linking.down_count, downs);
}

void on_sending(np_link_message *message, np_link_outcome outcome,
                np_error error) {
  struct sending *sending = (struct sending *)message;

  sending->order = callback_begin();
  sending->done_count++;
  sending->outcome = outcome;
  sending->error = error;
  assert_true((error == NP_OK) == (outcome == NP_LINK_SENT));
  if (sending->then != NULL) {
    sending->then(fixture);
  }
  callback_end();
}

void sending_begin(unsigned i, const void *data, size_t length) {
  struct sending *sending = &linking.sendings[i];

  sending->start_count++;
  assert_np_ok(
      np_link_send(linking.link, data, length, &sending->message, on_sending));
  assert_int_equal(sending->done_count, sending->start_count - 1);
}

void assert_sending_at(np_fixture *f, unsigned i, np_link_outcome outcome,
                       np_error error, const char *file, int line) {
  const struct sending *sending = &linking.sendings[i];

  loop_until_count(f, &sending->done_count, sending->start_count);
  if (sending->outcome != outcome) {
    fail_at(file, line, "message %u: outcome %u, not %u (%s)", i,
            (unsigned)sending->outcome, (unsigned)outcome,
            np_error_name(sending->error));
  }
  assert_np_error_at(sending->error, error, file, line);
}
