/* Links: connections that come and go, messages, and the end. */
#include "link_common.h"

/* --- Connections --------------------------------------------------------- */

NP_CASE("link/connects", np_link_create, ANY_MODE, NP_OK,
        "A link waits for a server that does not exist yet, and reports the "
        "connection. Messages pass in both directions.",
        "Named Pipe Client") {
  np_channel *server;

  linking_begin(f);
  linking_open(f);
  loop_quiet(f);
  assert_int_equal(linking.event_count, 0);
  server = serve(f);
  assert_non_null(np_link_channel(linking.link));
  sending_begin(0, "ping", 4);
  assert_message(f, server, "ping", 4);
  assert_sending(f, 0, NP_LINK_SENT, NP_OK);
  for (unsigned i = 1; i < 4; i++) {
    message_send(f, server, "pong", 4);
    loop_until_count(f, &linking.message_count, i);
    assert_string_equal(linking.message, "pong");
  }
}

NP_CASE("link/reconnects", np_link_create, ANY_MODE, NP_OK,
        "When the server closes, the link reports the end once, with the "
        "reason, and connects to the next server.",
        "npipe/link.h") {
  linking_begin(f);
  linking_open(f);
  for (unsigned i = 0; i < 4; i++) {
    np_channel *server = serve(f);

    round_name("round %u", i);
    sending_begin(0, "ping", 4);
    assert_message(f, server, "ping", 4);
    assert_sending(f, 0, NP_LINK_SENT, NP_OK);
    unserve(f);
    assert_np_error(linking.errors[linking.event_count - 1], ERROR_BROKEN_PIPE);
    assert_null(np_link_channel(linking.link));
    assert_int_equal(linking.event_count, 2 * (i + 1));
  }
}

NP_CASE("link/messages-dropped", np_link_create, ANY_MODE, NP_OK,
        "Without on_message the messages of the server are dropped, and the "
        "end of the connection is noticed.",
        "npipe/link.h") {
  np_channel *server;

  linking_begin(f);
  linking.options.on_message = NULL;
  linking_open(f);
  server = serve(f);
  for (unsigned i = 0; i < 3; i++) {
    message_send(f, server, "pong", 4);
  }
  loop_quiet(f);
  unserve(f);
  assert_np_error(linking.errors[1], ERROR_BROKEN_PIPE);
}

NP_CASE("link/delay-grows", np_link_create, NO_MODE, NP_OK,
        "A server accepts and closes at once. Each delay before the next "
        "connection doubles up to the maximum, minus at most one half.",
        "npipe/link.h") {
  uint64_t delay_ms = 16;

  linking_begin(f);
  linking.options.delay_min_ms = 16;
  linking.options.delay_max_ms = 128;
  linking_open(f);
  for (unsigned i = 0; i < 6; i++) {
    round_name("round %u", i);
    serve(f);
    if (i > 0) {
      assert_true(linking.at_ms[2 * i] + 1 - linking.at_ms[2 * i - 1] >=
                  delay_ms / 2);
      delay_ms = delay_ms < 128 ? delay_ms * 2 : 128;
    }
    unserve(f);
  }
}

NP_CASE("link/delay-begins-anew", np_link_create, NO_MODE, NP_OK,
        "After a connection that lasted `stable_ms` the delay is the shortest "
        "again.",
        "npipe/link.h") {
  linking_begin(f);
  linking.options.delay_min_ms = 1;
  linking.options.delay_max_ms = 3600000;
  linking.options.stable_ms = 0;
  linking_open(f);
  for (unsigned i = 0; i < 24; i++) { /* else the delay would be hours */
    serve(f);
    unserve(f);
  }
}

NP_CASE("link/denied", np_link_create, ANY_MODE, ERROR_ACCESS_DENIED,
        "The server does not let the client write. The link gives up, and its "
        "messages are not sent.",
        "npipe/link.h") {
  linking_begin(f);
  f->server_options.inbound = false;
  f->server_options.read_mode = NP_BYTE;
  server_listen(f);
  linking_open(f);
  sending_begin(0, "ping", 4);
  assert_sending(f, 0, NP_LINK_NOT_SENT, ERROR_ACCESS_DENIED);
  assert_int_equal(linking.event_count, 1);
  assert_int_equal(linking.events[0], NP_LINK_GAVE_UP);
  assert_np_error(linking.errors[0], ERROR_ACCESS_DENIED);
  assert_np_error(np_link_send(linking.link, "ping", 4,
                               &linking.sendings[0].message, on_sending),
                  ERROR_INVALID_STATE);
}

NP_CASE("link/denied-for-now", np_link_create, ANY_MODE, NP_OK,
        "With retry_access_denied the refusal is reported, and the link tries "
        "again until a server lets it in.",
        "npipe/link.h") {
  const np_server_options good = f->server_options;
  np_channel *server;

  linking_begin(f);
  linking.options.retry_access_denied = true;
  f->server_options.inbound = false;
  f->server_options.read_mode = NP_BYTE;
  server_listen(f);
  linking_open(f);
  loop_until_count(f, &linking.failed_count, 3);
  assert_np_error(linking.errors[2], ERROR_ACCESS_DENIED);
  pipe_close_wait(f, f->server);
  f->server_options = good;
  server = serve(f);
  sending_begin(0, "ping", 4);
  assert_message(f, server, "ping", 4);
}

NP_CASE("link/no-channel", np_link_create, MODE_BYTE, ERROR_NOT_SUPPORTED,
        "A pipe on which no channel can be made is closed. The link reports "
        "the error and tries again.",
        "npipe/link.h") {
  linking_begin(f);
  linking.options.channel.framing = NP_FRAMING_NEVER;
  for (unsigned i = 0; i < 3; i++) {
    server_add(f);
  }
  linking_open(f);
  loop_until_count(f, &linking.failed_count, 3);
  assert_np_error(linking.errors[2], ERROR_NOT_SUPPORTED);
  assert_int_equal(linking.up_count, 0);
}

NP_CASE("link/gives-up", np_link_create, NO_MODE, WAIT_TIMEOUT,
        "After give_up_ms without a connection the link gives up, and its "
        "messages are not sent. The time begins anew with each end of a "
        "connection.",
        "npipe/link.h") {
  linking_begin(f);
  linking.options.give_up_ms = 60;
  for (unsigned i = 0; i < 2; i++) {
    linking.event_count = 0;
    linking_open(f);
    if (i == 1) {
      serve(f);
      loop_turn(f, 100);
      loop_quiet(f); /* The time is over, and the link is up. */
      unserve(f);
    }
    sending_begin(0, "ping", 4);
    assert_sending(f, 0, NP_LINK_NOT_SENT, WAIT_TIMEOUT);
    assert_int_equal(linking.events[linking.event_count - 1], NP_LINK_GAVE_UP);
    assert_np_error(linking.errors[linking.event_count - 1], WAIT_TIMEOUT);
    linking_close_wait(f);
  }
}

/* --- Messages ------------------------------------------------------------ */

static void greet(np_fixture *f, np_link_event event) {
  if (event == NP_LINK_UP) {
    sending_begin(3, "three", 5); /* Behind the queue, and behind "hello". */
    op_begin(&f->ops[1], np_channel_send(np_link_channel(linking.link), "hello",
                                         5, &f->ops[1].op, on_done));
  }
}

NP_CASE("link/hello-first", np_link_send, ANY_MODE, NP_OK,
        "Messages wait while the link is down. When it is up, the function "
        "sends a greeting on the channel, which goes before the queue; then "
        "the queue goes out in its order.",
        "npipe/link.h") {
  static const char *const texts[] = {"zero", "one", "two", "three"};

  linking_begin(f);
  linking.then = greet;
  linking_open(f);
  for (unsigned round = 0; round < 3; round++) {
    np_channel *server;

    round_name("round %u", round);
    for (unsigned i = 0; i < 3; i++) {
      sending_begin(i, texts[i], strlen(texts[i]));
    }
    server = serve(f);
    assert_message(f, server, "hello", 5);
    for (unsigned i = 0; i < 4; i++) {
      assert_message(f, server, texts[i], strlen(texts[i]));
      assert_sending(f, i, NP_LINK_SENT, NP_OK);
      assert_true(i == 0 ||
                  linking.sendings[i].order > linking.sendings[i - 1].order);
    }
    op_wait(&f->ops[1]);
    unserve(f);
  }
}

NP_CASE("link/unknown", np_link_send, ANY_MODE, NP_OK,
        "A server dies while it has a part of a message. This message ends as "
        "unknown, and is not sent again. The messages behind it, which no "
        "connection had, go to the next server.",
        "npipe/link.h") {
  enum { BYTES = 40000 };
  static char data[3][BYTES];
  np_channel *server;

  server_quotas(f, 512, 512);
  linking_begin(f);
  linking_open(f);
  serve(f);
  for (unsigned i = 0; i < 3; i++) {
    memset(data[i], 'a' + (int)i, BYTES);
    sending_begin(i, data[i], BYTES);
  }
  loop_quiet(f);
  assert_int_equal(linking.sendings[0].done_count, 0);
  unserve(f);
  assert_int_equal(linking.sendings[0].done_count,
                   1); /* Before NP_LINK_DOWN. */
  assert_int_equal(linking.sendings[0].outcome, NP_LINK_UNKNOWN);
  assert_np_error(linking.sendings[0].error, linking.errors[1]);
  server = serve(f);
  for (unsigned i = 1; i < 3; i++) {
    receive_begin(&f->ops[i], server);
    assert_ends(&f->ops[i], NP_OK, BYTES);
    assert_memory_equal(np_channel_data(server), data[i], BYTES);
    assert_sending(f, i, NP_LINK_SENT, NP_OK);
  }
}

NP_CASE("link/send-refused", np_link_send, ANY_MODE, ERROR_BUFFER_OVERFLOW,
        "A message that is longer than the channel allows is not sent. The "
        "next message is.",
        "npipe/link.h") {
  np_channel *server;

  linking_begin(f);
  linking.options.channel.frame.frame_bytes_max = 8;
  linking_open(f);
  sending_begin(0, "too long for it", 15);
  sending_begin(1, "short", 5);
  server = serve(f);
  assert_sending(f, 0, NP_LINK_NOT_SENT, ERROR_BUFFER_OVERFLOW);
  assert_message(f, server, "short", 5);
  assert_sending(f, 1, NP_LINK_SENT, NP_OK);
}

NP_CASE("link/send-limit", np_link_send, NO_MODE, WAIT_TIMEOUT,
        "A message that waits longer than its time limit is not sent.",
        "npipe/link.h") {
  np_channel *server;

  linking_begin(f);
  linking_open(f);
  linking.sendings[0].message.timeout_ms = 10;
  linking.sendings[2].message.timeout_ms = 3000;
  sending_begin(0, "late", 4);
  sending_begin(1, "one", 3);
  sending_begin(2, "two", 3);
  assert_sending(f, 0, NP_LINK_NOT_SENT, WAIT_TIMEOUT);
  server = serve(f);
  assert_message(f, server, "one", 3);
  assert_message(f, server, "two", 3);
}

NP_CASE("link/queue-full", np_link_send, NO_MODE, ERROR_NOT_ENOUGH_QUOTA,
        "The bytes of all messages in the queue are bounded. A message that "
        "ends makes room.",
        "npipe/link.h") {
  struct sending *more = &linking.sendings[2];

  linking_begin(f);
  linking.options.queue_bytes_max = 10;
  linking_open(f);
  sending_begin(0, "12345", 5);
  sending_begin(1, "67890", 5);
  assert_np_error(
      np_link_send(linking.link, "x", 1, &more->message, on_sending),
      ERROR_NOT_ENOUGH_QUOTA);
  sending_begin(2, NULL, 0);
  assert_np_ok(np_link_cancel(&linking.sendings[0].message));
  sending_begin(3, "abcde", 5);
}

NP_CASE("link/send-parameters", np_link_send, NO_MODE, ERROR_INVALID_PARAMETER,
        "A NULL is refused.", "npipe/link.h") {
  np_link_message *message = &linking.sendings[0].message;

  linking_begin(f);
  linking_open(f);
  assert_invalid(np_link_send(NULL, "x", 1, message, on_sending));
  assert_invalid(np_link_send(linking.link, NULL, 1, message, on_sending));
  assert_invalid(np_link_send(linking.link, "x", 1, NULL, on_sending));
  assert_invalid(np_link_send(linking.link, "x", 1, message, NULL));
}

NP_CASE("link/send-busy", np_link_send, NO_MODE, ERROR_BUSY,
        "A message that is in use cannot be sent again.", "npipe/link.h") {
  linking_begin(f);
  linking_open(f);
  sending_begin(0, "one", 3);
  assert_np_error(np_link_send(linking.link, "two", 3,
                               &linking.sendings[0].message, on_sending),
                  ERROR_BUSY);
}

NP_CASE("link/send-closing", np_link_send, NO_MODE, ERROR_INVALID_HANDLE,
        "A link that is being closed takes no messages.", "npipe/link.h") {
  np_link *link;

  linking_begin(f);
  linking_open(f);
  link = linking.link;
  linking_close(f);
  assert_np_error(
      np_link_send(link, "x", 1, &linking.sendings[0].message, on_sending),
      ERROR_INVALID_HANDLE);
  loop_until_count(f, &linking.closed_count, 1);
}

NP_CASE("link/send-over", np_link_send, NO_MODE, ERROR_INVALID_STATE,
        "A link that has given up takes no messages.", "npipe/link.h") {
  linking_begin(f);
  linking.options.give_up_ms = 1;
  linking_open(f);
  loop_until_count(f, &linking.event_count, 1);
  assert_np_error(np_link_send(linking.link, "x", 1,
                               &linking.sendings[0].message, on_sending),
                  ERROR_INVALID_STATE);
}

NP_CASE("link/cancel", np_link_cancel, ANY_MODE, NP_OK,
        "A message in the queue can be cancelled: it is not sent, and those "
        "beside it are.",
        "npipe/link.h") {
  np_channel *server;

  linking_begin(f);
  linking_open(f);
  sending_begin(0, "zero", 4);
  sending_begin(1, "one", 3);
  sending_begin(2, "two", 3);
  assert_np_ok(np_link_cancel(&linking.sendings[1].message));
  assert_sending(f, 1, NP_LINK_NOT_SENT, ERROR_OPERATION_ABORTED);
  server = serve(f);
  assert_message(f, server, "zero", 4);
  assert_message(f, server, "two", 3);
}

NP_CASE("link/cancelled", np_link_cancel, NO_MODE, ERROR_OPERATION_ABORTED,
        "The function of a cancelled message runs from the loop, not inside "
        "the cancel.",
        "npipe/link.h") {
  linking_begin(f);
  linking_open(f);
  for (unsigned i = 0; i < 3; i++) {
    sending_begin(i, "x", 1);
    assert_np_ok(np_link_cancel(&linking.sendings[i].message));
    assert_int_equal(linking.sendings[i].done_count, 0);
  }
  for (unsigned i = 0; i < 3; i++) {
    assert_sending(f, i, NP_LINK_NOT_SENT, ERROR_OPERATION_ABORTED);
  }
}

NP_CASE("link/cancel-late", np_link_cancel, ANY_MODE, ERROR_NOT_FOUND,
        "A message that a connection has, or that is not in use, cannot be "
        "cancelled.",
        "npipe/link.h") {
  np_channel *server;

  linking_begin(f);
  assert_np_error(np_link_cancel(&linking.sendings[0].message),
                  ERROR_NOT_FOUND);
  linking_open(f);
  server = serve(f);
  sending_begin(0, "zero", 4);
  assert_np_error(np_link_cancel(&linking.sendings[0].message),
                  ERROR_NOT_FOUND);
  assert_message(f, server, "zero", 4);
  assert_sending(f, 0, NP_LINK_SENT, NP_OK);
}

NP_CASE("link/cancel-null", np_link_cancel, NO_MODE, ERROR_INVALID_PARAMETER,
        "A NULL is refused.", "npipe/link.h") {
  assert_invalid(np_link_cancel(NULL));
}

/* --- The end ------------------------------------------------------------- */

static void close_at_up(np_fixture *f, np_link_event event) {
  if (event == NP_LINK_UP) {
    linking_close(f);
  }
}

static void close_at_down(np_fixture *f, np_link_event event) {
  if (event == NP_LINK_DOWN) {
    linking_close(f);
  }
}

static void close_it(np_fixture *f) {
  linking_close(f);
}

NP_CASE("link/close-any-time", np_link_close, ANY_MODE, NP_OK,
        "A link is closed while it waits for the server, while it is up, after "
        "its connection has ended, and within its functions. No function runs "
        "after that; the messages end; on_closed runs once.",
        "npipe/link.h") {
  linking_begin(f);
  for (unsigned i = 0; i < 6; i++) {
    unsigned events;

    round_name("round %u", i);
    linking.then = i == 3 ? close_at_up : i == 4 ? close_at_down : NULL;
    linking.message_then = i == 5 ? close_it : NULL;
    linking_open(f);
    sending_begin(0, "ping", 4);
    if (i == 0) {
      loop_settle(f);
    } else {
      serve(f);
    }
    if (i == 2 || i == 4) {
      unserve(f);
    }
    if (i == 2) {
      sending_begin(1, "x", 1);
    }
    if (i == 5) {
      message_send(f, f->opposite, "pong", 4);
      loop_until_count(f, &linking.message_count, 1);
    }
    if (linking.link != NULL) {
      linking_close(f);
    }
    events = linking.event_count;
    loop_until_count(f, &linking.closed_count, i + 1);
    loop_quiet(f);
    assert_int_equal(linking.event_count, events);
    channel_close(f, f->opposite);
    loop_quiet(f);
  }
}

NP_CASE("link/close-in-sent", np_link_close, ANY_MODE, NP_OK,
        "The function of a message may close the link.", "npipe/link.h") {
  linking_begin(f);
  linking_open(f);
  linking.sendings[0].then = close_it;
  serve(f);
  sending_begin(0, "ping", 4);
  sending_begin(1, "pong", 4);
  loop_until_count(f, &linking.closed_count, 1);
  assert_int_equal(linking.sendings[1].done_count, 1);
}

NP_CASE("link/close-unsent", np_link_close, ANY_MODE, NP_OK,
        "A link is closed while a connection has a message and another one "
        "waits: the first is unknown, the second is not sent.",
        "npipe/link.h") {
  static char data[2][40000];

  server_quotas(f, 512, 512);
  linking_begin(f);
  linking_open(f);
  serve(f);
  for (unsigned i = 0; i < 2; i++) {
    sending_begin(i, data[i], sizeof data[i]);
  }
  loop_quiet(f);
  linking_close_wait(f);
  assert_sending(f, 0, NP_LINK_UNKNOWN, ERROR_OPERATION_ABORTED);
  assert_sending(f, 1, NP_LINK_NOT_SENT, ERROR_OPERATION_ABORTED);
}

NP_CASE("link/close-twice", np_link_close, NO_MODE, ERROR_INVALID_HANDLE,
        "A second close is refused; NULL is fine, and on_closed may be NULL.",
        "npipe/link.h") {
  np_link *link;

  linking_begin(f);
  linking_open(f);
  assert_true(np_loop_is_pending(f->loop));
  assert_np_error(np_loop_destroy(f->loop), ERROR_BUSY);
  link = linking.link;
  linking.link = NULL;
  assert_np_ok(np_link_close(link, NULL));
  assert_np_error(np_link_close(link, NULL), ERROR_INVALID_HANDLE);
  assert_np_ok(np_link_close(NULL, NULL));
  assert_np_ok(loop_run(f));
}

NP_CASE("link/options", np_link_options_init, NO_MODE, NP_OK,
        "The defaults are those that the header states; NULL is fine.",
        "npipe/link.h") {
  np_link_options options;

  np_link_options_init(NULL);
  memset(&options, 0xFF, sizeof options);
  np_link_options_init(&options);
  assert_int_equal(options.size, sizeof options);
  assert_int_equal(options.client.size, sizeof options.client);
  assert_int_equal(options.channel.size, sizeof options.channel);
  assert_int_equal(options.delay_min_ms, 100);
  assert_int_equal(options.delay_max_ms, 30000);
  assert_int_equal(options.stable_ms, 5000);
  assert_int_equal(options.give_up_ms, 0);
  assert_int_equal(options.queue_bytes_max, 1024 * 1024);
  assert_false(options.retry_access_denied);
  assert_null(options.on_event);
  assert_null(options.on_message);
}

/* --- Creation ------------------------------------------------------------ */

static np_error create_error(np_fixture *f, const char *name) {
  np_link *link = NULL;
  const np_error error = np_link_create(f->loop, name, &linking.options, &link);

  assert_null(link);
  return error;
}

NP_CASE("link/parameters", np_link_create, NO_MODE, ERROR_INVALID_PARAMETER,
        "A NULL or an option out of its range is refused.", "npipe/link.h") {
  const np_link_options *options = &linking.options;
  SECURITY_ATTRIBUTES attributes = {.nLength = sizeof attributes};
  np_link *link = NULL;

  linking_begin(f);
  assert_invalid(np_link_create(NULL, f->name, options, &link));
  assert_invalid(np_link_create(f->loop, NULL, options, &link));
  assert_invalid(np_link_create(f->loop, f->name, NULL, &link));
  assert_invalid(np_link_create(f->loop, f->name, options, NULL));
  linking.options.size--;
  assert_invalid(create_error(f, f->name));
  linking_begin(f);
  linking.options.on_event = NULL;
  assert_invalid(create_error(f, f->name));
  linking_begin(f);
  linking.options.delay_max_ms = 3;
  assert_invalid(create_error(f, f->name));
  linking_begin(f);
  linking.options.client.security_attributes = &attributes;
  assert_invalid(create_error(f, f->name));
  linking_begin(f);
  linking.options.channel.size--;
  assert_invalid(create_error(f, f->name));
  linking_begin(f);
  linking.options.client.size--;
  assert_invalid(create_error(f, f->name));
}

NP_CASE("link/name", np_link_create, NO_MODE, ERROR_INVALID_NAME,
        "A text that is no pipe's name is refused.", "npipe/link.h") {
  linking_begin(f);
  assert_np_error(create_error(f, "C:\\pipe"), ERROR_INVALID_NAME);
}

NP_CASE("link/name-long", np_link_create, NO_MODE, ERROR_FILENAME_EXCED_RANGE,
        "A name that is too long is refused.", "npipe/link.h") {
  char name[300];

  linking_begin(f);
  memset(name, 'x', sizeof name);
  memcpy(name, "\\\\.\\pipe\\", 9);
  name[sizeof name - 1] = '\0';
  assert_np_error(create_error(f, name), ERROR_FILENAME_EXCED_RANGE);
}

NP_CASE("link/name-malformed", np_link_create, NO_MODE,
        ERROR_NO_UNICODE_TRANSLATION, "A name that is not UTF-8 is refused.",
        "npipe/link.h") {
  linking_begin(f);
  assert_np_error(create_error(f, "\\\\.\\pipe\\\xFF"),
                  ERROR_NO_UNICODE_TRANSLATION);
}

NP_CASE("link/no-memory", np_link_create, NO_MODE, ERROR_NOT_ENOUGH_MEMORY,
        "Without memory no link is made, and nothing is left of it.",
        "npipe/link.h") {
  linking_begin(f);
  linking.options.client.verify_owner = "WD";
  for (unsigned i = 1; i <= 3; i++) {
    f->allocator.fail_at = f->allocator.total + i;
    assert_np_error(create_error(f, f->name), ERROR_NOT_ENOUGH_MEMORY);
  }
}

NP_CASE("link/user", np_link_set_user, NO_MODE, NP_OK,
        "The caller's pointer is NULL until it is set.", "npipe/link.h") {
  linking_begin(f);
  assert_np_ok(
      np_link_create(f->loop, f->name, &linking.options, &linking.link));
  assert_null(np_link_user(linking.link));
  np_link_set_user(linking.link, f);
  assert_ptr_equal(np_link_user(linking.link), f);
  np_link_set_user(NULL, f);
}

NP_CASE("link/user-null", np_link_user, NO_MODE, NP_OK,
        "The user pointer of a NULL link is NULL.", "npipe/link.h") {
  assert_null(np_link_user(NULL));
}

NP_CASE("link/channel-null", np_link_channel, NO_MODE, NP_OK,
        "There is no channel for NULL and while the link is not up.",
        "npipe/link.h") {
  linking_begin(f);
  assert_null(np_link_channel(NULL));
  linking_open(f);
  assert_null(np_link_channel(linking.link));
}
