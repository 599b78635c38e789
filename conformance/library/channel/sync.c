/* The blocking client. The server is a channel of the case's loop. A call that
 * needs an answer meanwhile runs on a thread of its own. */
#include <stdlib.h>

#include "library/channel/channel_common.h"

enum { LONG_BYTES = 3000, SOON_MS = 50 };

static np_sync *client;

static void end_client(np_fixture *f) {
  (void)f;
  assert_np_ok(np_sync_close(client));
  client = NULL;
}

static np_sync_options options_of(const np_fixture *f) {
  np_sync_options options;

  np_sync_options_init(&options);
  options.client = f->client_options;
  return options;
}

/* serve makes a server with a channel and opens the client. */
static void serve(np_fixture *f) {
  const np_sync_options options = options_of(f);

  server_listen(f);
  assert_np_ok(np_sync_open(f->name, &options, LOOP_WAIT_MS, &client));
  f->ending = end_client;
  assert_connects(&f->ops[0], f->server, NP_OK, 0);
  f->end = f->server;
  channel_on(f, f->server, NULL);
}

/* --- A call on another thread -------------------------------------------- */

static struct {
  const char *request; /* NULL: it receives */
  size_t size;
  char reply[LONG_BYTES];
  size_t length;
  np_error error;
  HANDLE thread;
} work;

/* work_main begins again if the case itself was in a call just then. */
static DWORD WINAPI work_main(void *unused) {
  (void)unused;
  do {
    work.error =
        work.request != NULL
            ? np_sync_call(client, work.request, strlen(work.request),
                           work.reply, work.size, 0, &work.length)
            : np_sync_receive(client, work.reply, work.size, 0, &work.length);
  } while (work.error == ERROR_BUSY);
  return 0;
}

static void work_begin(const char *request, size_t size) {
  work.request = request;
  work.size = size;
  work.thread = CreateThread(NULL, 0, work_main, NULL, 0, NULL);
  assert_non_null(work.thread);
}

static void assert_work_ends(np_error error, size_t length) {
  assert_int_equal(
      WaitForSingleObject(work.thread, (DWORD)world_timeout_ms(LOOP_WAIT_MS)),
      WAIT_OBJECT_0);
  CloseHandle(work.thread);
  assert_np_error(work.error, error);
  assert_int_equal(work.length, length);
}

/* asked waits for the request at the server. */
static void asked(np_fixture *f, const char *request) {
  receive_begin(&f->ops[1], f->channel);
  assert_ends(&f->ops[1], NP_OK, strlen(request));
  assert_memory_equal(f->ops[1].buffer, request, strlen(request));
}

static void assert_client_receives(const char *text) {
  char buffer[64];
  size_t length = 0;

  assert_np_ok(
      np_sync_receive(client, buffer, sizeof(buffer), LOOP_WAIT_MS, &length));
  assert_int_equal(length, strlen(text));
  assert_memory_equal(buffer, text, length);
}

static void assert_call(np_error expected) {
  char reply[16];
  size_t length = 77;

  assert_np_error(
      np_sync_call(client, "ask", 3, reply, sizeof(reply), SOON_MS, &length),
      expected);
  assert_int_equal(length, 0);
}

/* --- Open ---------------------------------------------------------------- */

NP_CASE("sync/open", np_sync_open, ANY_MODE, NP_OK,
        "The client opens the pipe, and both ends exchange messages.",
        "npipe/sync.h") {
  serve(f);
  assert_np_ok(np_sync_send(client, "hello", 5, LOOP_WAIT_MS));
  asked(f, "hello");
  message_send(f, f->channel, "welcome", 7);
  assert_client_receives("welcome");
}

NP_CASE("sync/open-missing", np_sync_open, NO_MODE, ERROR_FILE_NOT_FOUND,
        "A name that does not exist is an error at once.", "npipe/sync.h") {
  assert_np_error(np_sync_open(f->name, NULL, 0, &client),
                  ERROR_FILE_NOT_FOUND);
  assert_null(client);
}

NP_CASE("sync/open-late", np_sync_open, ANY_MODE, WAIT_TIMEOUT,
        "A server that never comes is waited for until the limit.",
        "npipe/sync.h") {
  np_sync_options options = options_of(f);

  options.client.wait_for_server = true;
  assert_np_error(np_sync_open(f->name, &options, SOON_MS, &client),
                  WAIT_TIMEOUT);
  assert_null(client);
}

NP_CASE("sync/open-busy", np_sync_open, NO_MODE, WAIT_TIMEOUT,
        "A pipe whose instances are all taken is waited for until the limit.",
        "npipe/sync.h") {
  f->server_options.instances_max = 1;
  pair_open(f);
  assert_np_error(np_sync_open(f->name, NULL, SOON_MS, &client), WAIT_TIMEOUT);
  assert_null(client);
}

NP_CASE("sync/open-invalid", np_sync_open, NO_MODE, ERROR_INVALID_PARAMETER,
        "Nowhere to put the client, no name, or options that are none: nothing "
        "is opened.",
        "npipe/sync.h") {
  np_sync_options options = options_of(f);

  server_listen(f);
  assert_invalid(np_sync_open(f->name, NULL, 0, NULL));
  assert_invalid(np_sync_open(NULL, NULL, 0, &client));
  options.channel.size--;
  assert_invalid(np_sync_open(f->name, &options, 0, &client));
  options = options_of(f);
  options.size--;
  assert_invalid(np_sync_open(f->name, &options, 0, &client));
  assert_null(client);
}

NP_CASE("sync/open-no-memory", np_sync_open, NO_MODE, ERROR_NOT_ENOUGH_MEMORY,
        "Whatever allocation fails, nothing stays open and no memory is left.",
        "npipe/sync.h") {
  struct memory memory = {0};
  np_sync_options options;
  np_error error = ERROR_NOT_ENOUGH_MEMORY;
  unsigned refused = 0;

  np_sync_options_init(&options);
  options.allocator = memory_allocator(&memory);
  f->server_options.instances_max = NP_INSTANCES_UNLIMITED;
  for (unsigned nth = 1; error != NP_OK; nth++) {
    assert_true(nth < 20);
    server_add(f);
    memory.fail_at = memory.total + nth;
    error = np_sync_open(f->name, &options, LOOP_WAIT_MS, &client);
    if (error != NP_OK) {
      assert_np_error(error, ERROR_NOT_ENOUGH_MEMORY);
      refused++;
    }
  }
  assert_true(refused >= 3);
  assert_np_ok(np_sync_close(client));
  client = NULL;
  assert_int_equal(memory.live, 0);
}

NP_CASE("sync/options-init", np_sync_options_init, NO_MODE, NP_OK,
        "The defaults are those of client and channel. NULL is ignored.",
        "npipe/sync.h") {
  np_sync_options options;

  np_sync_options_init(NULL);
  memset(&options, 0xff, sizeof(options));
  np_sync_options_init(&options);
  assert_int_equal(options.size, sizeof(options));
  assert_int_equal(options.client.size, sizeof(options.client));
  assert_int_equal(options.channel.size, sizeof(options.channel));
  assert_null(options.allocator.allocate);
}

/* --- Send ---------------------------------------------------------------- */

NP_CASE("sync/send", np_sync_send, ANY_MODE, NP_OK,
        "Messages arrive whole and in order, also an empty one.",
        "npipe/sync.h") {
  serve(f);
  assert_np_ok(np_sync_send(client, "one", 3, 0));
  assert_np_ok(np_sync_send(client, NULL, 0, 0));
  assert_np_ok(np_sync_send(client, "two", 3, 0));
  asked(f, "one");
  asked(f, "");
  asked(f, "two");
}

NP_CASE("sync/send-late", np_sync_send, ANY_MODE, WAIT_TIMEOUT,
        "A server that does not read: the send ends at its limit.",
        "npipe/sync.h") {
  static char data[LONG_BYTES];

  server_quotas(f, 64, 64);
  serve(f);
  assert_np_error(np_sync_send(client, data, sizeof(data), SOON_MS),
                  WAIT_TIMEOUT);
}

NP_CASE("sync/send-closed", np_sync_send, ANY_MODE, ERROR_NO_DATA,
        "The server has closed its end: the send fails.", "npipe/sync.h") {
  serve(f);
  channel_close(f, f->channel);
  loop_drain(f);
  assert_np_error(np_sync_send(client, "x", 1, LOOP_WAIT_MS), ERROR_NO_DATA);
}

NP_CASE("sync/send-long", np_sync_send, NO_MODE, ERROR_BUFFER_OVERFLOW,
        "A message over the maximum is refused, and the client goes on.",
        "npipe/sync.h") {
  static char data[17];
  np_sync_options options = options_of(f);

  options.channel.frame.frame_bytes_max = 16;
  server_listen(f);
  assert_np_ok(np_sync_open(f->name, &options, LOOP_WAIT_MS, &client));
  f->ending = end_client;
  assert_np_error(np_sync_send(client, data, 17, 0), ERROR_BUFFER_OVERFLOW);
  assert_np_ok(np_sync_send(client, data, 16, 0));
}

/* --- Receive ------------------------------------------------------------- */

NP_CASE("sync/receive-waits", np_sync_receive, ANY_MODE, NP_OK,
        "A receive waits for its message.", "npipe/sync.h") {
  serve(f);
  work_begin(NULL, sizeof(work.reply));
  message_send(f, f->channel, "late", 4);
  assert_work_ends(NP_OK, 4);
  assert_memory_equal(work.reply, "late", 4);
}

NP_CASE("sync/receive-late", np_sync_receive, ANY_MODE, WAIT_TIMEOUT,
        "No message comes until the limit. The next receive gets the next "
        "message.",
        "npipe/sync.h") {
  char buffer[8];
  size_t length = 77;

  serve(f);
  assert_np_error(
      np_sync_receive(client, buffer, sizeof(buffer), SOON_MS, &length),
      WAIT_TIMEOUT);
  assert_int_equal(length, 0);
  message_send(f, f->channel, "now", 3);
  assert_client_receives("now");
}

NP_CASE("sync/receive-small", np_sync_receive, ANY_MODE,
        ERROR_INSUFFICIENT_BUFFER,
        "A message that is longer than the buffer stays, and its length is "
        "told.",
        "npipe/sync.h") {
  char buffer[4];
  size_t length = 0;

  serve(f);
  message_send(f, f->channel, "longer", 6);
  assert_np_error(
      np_sync_receive(client, buffer, sizeof(buffer), LOOP_WAIT_MS, &length),
      ERROR_INSUFFICIENT_BUFFER);
  assert_int_equal(length, 6);
  assert_client_receives("longer");
}

NP_CASE("sync/receive-end", np_sync_receive, ANY_MODE, ERROR_BROKEN_PIPE,
        "Behind the last message comes the end.", "npipe/sync.h") {
  char buffer[8];
  size_t length = 77;

  serve(f);
  message_send(f, f->channel, "last", 4);
  channel_close(f, f->channel);
  loop_drain(f);
  assert_client_receives("last");
  assert_np_error(
      np_sync_receive(client, buffer, sizeof(buffer), LOOP_WAIT_MS, &length),
      ERROR_BROKEN_PIPE);
  assert_int_equal(length, 0);
}

/* --- Call ---------------------------------------------------------------- */

NP_CASE("sync/call", np_sync_call, ANY_MODE, NP_OK,
        "A call sends its request and returns the reply, again and again.",
        "npipe/sync.h") {
  serve(f);
  for_rounds (round, 3) {
    work_begin("ask", sizeof(work.reply));
    asked(f, "ask");
    message_send(f, f->channel, "answer", 6);
    assert_work_ends(NP_OK, 6);
    assert_memory_equal(work.reply, "answer", 6);
  }
}

NP_CASE("sync/call-empty", np_sync_call, ANY_MODE, NP_OK,
        "Request and reply may be empty.", "npipe/sync.h") {
  serve(f);
  work_begin("", 0);
  asked(f, "");
  message_send(f, f->channel, NULL, 0);
  assert_work_ends(NP_OK, 0);
}

NP_CASE("sync/call-small", np_sync_call, ANY_MODE, ERROR_INSUFFICIENT_BUFFER,
        "A reply that is longer than the buffer stays for a receive. Until "
        "then no call is made, and a send changes nothing.",
        "npipe/sync.h") {
  char buffer[4];
  size_t length = 0;

  serve(f);
  work_begin("ask", 4);
  asked(f, "ask");
  message_send(f, f->channel, "longer", 6);
  assert_work_ends(ERROR_INSUFFICIENT_BUFFER, 6);
  assert_call(ERROR_PIPE_BUSY);
  assert_np_ok(np_sync_send(client, "x", 1, LOOP_WAIT_MS));
  assert_np_error(np_sync_receive(client, buffer, sizeof(buffer), 0, &length),
                  ERROR_INSUFFICIENT_BUFFER);
  assert_int_equal(length, 6);
  assert_client_receives("longer");
  asked(f, "x");
}

NP_CASE("sync/call-unasked", np_sync_call, ANY_MODE, ERROR_PIPE_BUSY,
        "A message that came before the request is no reply: nothing is sent, "
        "and a receive gets the message.",
        "npipe/sync.h; npipe/channel.h") {
  serve(f);
  message_send(f, f->channel, "unasked", 7);
  assert_call(ERROR_PIPE_BUSY);
  assert_client_receives("unasked");
}

NP_CASE("sync/call-late", np_sync_call, ANY_MODE, WAIT_TIMEOUT,
        "No reply comes until the limit, which counts from the call.",
        "npipe/sync.h") {
  serve(f);
  assert_call(WAIT_TIMEOUT);
}

NP_CASE("sync/call-owed", np_sync_call, ANY_MODE, ERROR_INVALID_STATE,
        "After a call without its reply no later call can be answered wrongly: "
        "it fails. The late reply is a message for a receive.",
        "npipe/channel.h") {
  serve(f);
  assert_call(WAIT_TIMEOUT);
  assert_call(ERROR_INVALID_STATE);
  message_send(f, f->channel, "late", 4);
  assert_client_receives("late");
}

NP_CASE("sync/call-end", np_sync_call, ANY_MODE, ERROR_BROKEN_PIPE,
        "The server closes its end without a reply.", "npipe/sync.h") {
  serve(f);
  work_begin("ask", 16);
  asked(f, "ask");
  channel_close(f, f->channel);
  loop_drain(f);
  assert_work_ends(ERROR_BROKEN_PIPE, 0);
}

/* --- Other threads ------------------------------------------------------- */

NP_CASE("sync/cancel", np_sync_cancel, NO_MODE, NP_OK,
        "Another thread cancels a call that waits, which may be a receive.",
        "npipe/sync.h") {
  serve(f);
  for_rounds (round, 2) {
    work_begin(round == 0 ? NULL : "ask", 16);
    while (np_sync_cancel(client) == ERROR_NOT_FOUND) {
      SwitchToThread(); /* the thread has not begun its call */
    }
    assert_work_ends(ERROR_OPERATION_ABORTED, 0);
  }
}

NP_CASE("sync/receive-cancel", np_sync_receive, ANY_MODE,
        ERROR_OPERATION_ABORTED,
        "A cancelled receive loses nothing, and cancelling twice cancels one "
        "call.",
        "npipe/sync.h") {
  serve(f);
  work_begin(NULL, 16);
  while (np_sync_cancel(client) == ERROR_NOT_FOUND) {
    SwitchToThread();
  }
  (void)np_sync_cancel(client);
  assert_work_ends(ERROR_OPERATION_ABORTED, 0);
  message_send(f, f->channel, "next", 4);
  assert_client_receives("next");
}

NP_CASE("sync/call-cancel", np_sync_call, ANY_MODE, ERROR_OPERATION_ABORTED,
        "A call whose request is at the server is cancelled. Its reply may "
        "still come, so later calls fail.",
        "npipe/sync.h") {
  serve(f);
  work_begin("ask", 16);
  asked(f, "ask");
  assert_np_ok(np_sync_cancel(client));
  assert_work_ends(ERROR_OPERATION_ABORTED, 0);
  assert_call(ERROR_INVALID_STATE);
}

static DWORD WINAPI send_main(void *data) {
  work.error = np_sync_send(client, data, LONG_BYTES, 0);
  return 0;
}

NP_CASE("sync/send-cancel", np_sync_send, ANY_MODE, ERROR_OPERATION_ABORTED,
        "A send that waits for the server is cancelled.", "npipe/sync.h") {
  static char data[LONG_BYTES];

  server_quotas(f, 64, 64);
  serve(f);
  work.length = 0;
  work.thread = CreateThread(NULL, 0, send_main, data, 0, NULL);
  assert_non_null(work.thread);
  while (np_sync_cancel(client) == ERROR_NOT_FOUND) {
    SwitchToThread();
  }
  assert_work_ends(ERROR_OPERATION_ABORTED, 0);
}

NP_CASE("sync/send-broken", np_sync_send, ANY_MODE, ERROR_BROKEN_PIPE,
        "The server closes its end while the send waits.", "npipe/sync.h") {
  static char data[LONG_BYTES];
  np_info info = {.size = sizeof(info)};
  const uint64_t limit = world_now_ms() + world_timeout_ms(LOOP_WAIT_MS);

  server_quotas(f, 64, 64);
  serve(f);
  work.length = 0;
  work.thread = CreateThread(NULL, 0, send_main, data, 0, NULL);
  assert_non_null(work.thread);
  do {
    assert_np_ok(np_pipe_info(np_channel_pipe(f->channel), &info));
    SwitchToThread();
  } while (info.readable_bytes <= 64 && world_now_ms() < limit);
  channel_close(f, f->channel);
  loop_drain(f);
  if (info.readable_bytes <= 64) {
    np_unresolved("the server cannot see that the write waits");
  }
  assert_work_ends(ERROR_BROKEN_PIPE, 0);
}

NP_CASE("sync/cancel-nothing", np_sync_cancel, NO_MODE, ERROR_NOT_FOUND,
        "Without a call in progress there is nothing to cancel, and the next "
        "call is not affected.",
        "npipe/sync.h") {
  serve(f);
  assert_np_error(np_sync_cancel(client), ERROR_NOT_FOUND);
  message_send(f, f->channel, "next", 4);
  assert_client_receives("next");
}

NP_CASE("sync/cancel-null", np_sync_cancel, NO_MODE, ERROR_INVALID_PARAMETER,
        "NULL is refused.", "npipe/sync.h") {
  assert_invalid(np_sync_cancel(NULL));
}

/* busy begins a receive on the thread, and waits until it is in progress. */
static void busy(np_fixture *f) {
  serve(f);
  work_begin(NULL, 16);
  while (np_sync_send(client, NULL, 0, 0) != ERROR_BUSY) {
    SwitchToThread();
  }
}

static void busy_end(np_fixture *f) {
  message_send(f, f->channel, "end", 3);
  assert_work_ends(NP_OK, 3);
}

NP_CASE("sync/send-busy", np_sync_send, NO_MODE, ERROR_BUSY,
        "One call at a time: a send during a receive is refused.",
        "npipe/sync.h") {
  busy(f);
  assert_np_error(np_sync_send(client, "x", 1, 0), ERROR_BUSY);
  busy_end(f);
}

NP_CASE("sync/receive-busy", np_sync_receive, NO_MODE, ERROR_BUSY,
        "A receive during a receive is refused.", "npipe/sync.h") {
  char buffer[4];
  size_t length;

  busy(f);
  assert_np_error(np_sync_receive(client, buffer, sizeof(buffer), 0, &length),
                  ERROR_BUSY);
  busy_end(f);
}

NP_CASE("sync/call-busy", np_sync_call, NO_MODE, ERROR_BUSY,
        "A call during a receive is refused.", "npipe/sync.h") {
  busy(f);
  assert_call(ERROR_BUSY);
  busy_end(f);
}

NP_CASE("sync/close-busy", np_sync_close, NO_MODE, ERROR_BUSY,
        "A client is not closed during a call; the call goes on.",
        "npipe/sync.h") {
  busy(f);
  assert_np_error(np_sync_close(client), ERROR_BUSY);
  busy_end(f);
}

/* --- Close --------------------------------------------------------------- */

NP_CASE("sync/close", np_sync_close, ANY_MODE, NP_OK,
        "The server reads what was sent before the close, and then the end. "
        "NULL is fine.",
        "npipe/sync.h") {
  assert_np_ok(np_sync_close(NULL));
  serve(f);
  assert_np_ok(np_sync_send(client, "bye", 3, LOOP_WAIT_MS));
  f->ending = NULL;
  end_client(f);
  asked(f, "bye");
  receive_begin(&f->ops[1], f->channel);
  op_wait(&f->ops[1]);
  assert_np_error(f->ops[1].result, ERROR_BROKEN_PIPE);
}

NP_CASE("sync/close-unread", np_sync_close, ANY_MODE, NP_OK,
        "A close does not wait for a server that does not read.",
        "npipe/sync.h") {
  static char data[LONG_BYTES];

  server_quotas(f, 64, 64);
  serve(f);
  assert_np_error(np_sync_send(client, data, sizeof(data), SOON_MS),
                  WAIT_TIMEOUT);
  f->ending = NULL;
  end_client(f);
}

NP_CASE("sync/send-null", np_sync_send, NO_MODE, ERROR_INVALID_PARAMETER,
        "A NULL is refused.", "npipe/sync.h") {
  serve(f);
  assert_invalid(np_sync_send(NULL, "x", 1, 0));
  assert_invalid(np_sync_send(client, NULL, 1, 0));
}

NP_CASE("sync/receive-null", np_sync_receive, NO_MODE, ERROR_INVALID_PARAMETER,
        "A NULL is refused.", "npipe/sync.h") {
  char buffer[4];
  size_t length;

  serve(f);
  assert_invalid(np_sync_receive(NULL, buffer, 4, 0, &length));
  assert_invalid(np_sync_receive(client, NULL, 4, 0, &length));
  assert_invalid(np_sync_receive(client, buffer, 4, 0, NULL));
}

NP_CASE("sync/call-null", np_sync_call, NO_MODE, ERROR_INVALID_PARAMETER,
        "A NULL is refused.", "npipe/sync.h") {
  char buffer[4];
  size_t length;

  serve(f);
  assert_invalid(np_sync_call(NULL, "x", 1, buffer, 4, 0, &length));
  assert_invalid(np_sync_call(client, NULL, 1, buffer, 4, 0, &length));
  assert_invalid(np_sync_call(client, "x", 1, NULL, 4, 0, &length));
  assert_invalid(np_sync_call(client, "x", 1, buffer, 4, 0, NULL));
}
