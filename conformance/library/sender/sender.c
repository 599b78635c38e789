/* Senders on one thread: results, limits, cancels and ends. */
#include "sender_common.h"

NP_CASE("sender/options", np_sender_options_init, NO_MODE, NP_OK,
        "The defaults are 1 MiB, the C library's allocator and no function.",
        "npipe/sender.h") {
  np_sender_options options;

  memset(&options, 0xCC, sizeof(options));
  np_sender_options_init(&options);
  np_sender_options_init(NULL);
  assert_int_equal(options.size, sizeof(options));
  assert_int_equal(options.bytes_max, 1048576);
  assert_null(options.allocator.allocate);
  assert_null(options.on_room);
}

NP_CASE("sender/create", np_sender_create, NO_MODE, NP_OK,
        "A sender without options uses the defaults.", "npipe/sender.h") {
  np_sender *sender = NULL;
  struct sent sent = {.start_count = 0};

  channel_pair(f, NULL);
  assert_np_ok(np_sender_create(f->channel, NULL, &sender));
  sent_begin(&sent, sender, "hello");
  assert_message(f, f->opposite, "hello", 5);
  sent_wait(f, &sent, NP_OK);
  np_sender_release(sender);
}

NP_CASE("sender/create-parameters", np_sender_create, NO_MODE,
        ERROR_INVALID_PARAMETER, "A NULL and wrong options are refused.",
        "npipe/sender.h") {
  np_sender_options options = sender_options(f);
  np_sender *sender = NULL;

  channel_open(f, NULL);
  assert_invalid(np_sender_create(NULL, NULL, &sender));
  assert_invalid(np_sender_create(f->channel, NULL, NULL));
  options.size--;
  assert_invalid(np_sender_create(f->channel, &options, &sender));
  options.size++;
  options.allocator.release = NULL;
  assert_invalid(np_sender_create(f->channel, &options, &sender));
  assert_null(sender);
}

NP_CASE("sender/create-twice", np_sender_create, NO_MODE, ERROR_ALREADY_EXISTS,
        "A channel has one sender in its life, also after its users have "
        "released it.",
        "npipe/sender.h") {
  np_sender *sender = sender_pair(f, NULL);
  np_sender *second = NULL;

  np_sender_release(sender);
  assert_np_error(np_sender_create(f->channel, NULL, &second),
                  ERROR_ALREADY_EXISTS);
  assert_null(second);
}

NP_CASE("sender/create-closing", np_sender_create, NO_MODE,
        ERROR_INVALID_HANDLE, "A channel that is being closed has no sender.",
        "npipe/sender.h") {
  np_sender *sender = NULL;
  np_channel *channel;

  channel_open(f, NULL);
  channel = f->channel;
  channel_close(f, channel);
  assert_np_error(np_sender_create(channel, NULL, &sender),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("sender/create-direction", np_sender_create, NO_MODE,
        ERROR_ACCESS_DENIED, "An end that can only read has no sender.",
        "npipe/sender.h") {
  np_sender *sender = NULL;

  options_inbound(f);
  channel_open(f, NULL);
  assert_np_error(np_sender_create(f->channel, NULL, &sender),
                  ERROR_ACCESS_DENIED);
}

NP_CASE("sender/create-no-memory", np_sender_create, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY, "Without memory there is no sender.",
        "npipe/sender.h") {
  const np_sender_options options = sender_options(f);
  np_sender *sender = NULL;

  channel_open(f, NULL);
  f->allocator.is_out = true;
  assert_np_error(np_sender_create(f->channel, &options, &sender),
                  ERROR_NOT_ENOUGH_MEMORY);
  f->allocator.is_out = false;
  assert_np_ok(np_sender_create(f->channel, &options, &sender));
  np_sender_release(sender);
}

NP_CASE("sender/send", np_sender_send, NO_MODE, NP_OK,
        "Messages arrive whole and in order, also an empty one, each has one "
        "result, from the loop, and sending takes no memory.",
        "npipe/sender.h") {
  static const char *const texts[] = {"one", "", "three"};
  struct sent sent[3];
  np_sender *sender = sender_pair(f, NULL);
  size_t total;

  memset(sent, 0, sizeof(sent));
  total = f->allocator.total;
  for (unsigned i = 0; i < 3; i++) {
    sent_begin(&sent[i], sender, texts[i]);
    assert_int_equal(sent[i].done_count, 0);
  }
  assert_int_equal(f->allocator.total, total);
  for (unsigned i = 0; i < 3; i++) {
    assert_message(f, f->opposite, texts[i], strlen(texts[i]));
  }
  for (unsigned i = 0; i < 3; i++) {
    sent_wait(f, &sent[i], NP_OK);
    assert_true(i == 0 || sent[i].order > sent[i - 1].order);
  }
  loop_quiet(f);
  assert_int_equal(sent[0].done_count, 1);
  np_sender_release(sender);
}

NP_CASE("sender/burst", np_sender_send, NO_MODE, NP_OK,
        "A burst of 64 messages posts one packet.",
        "PostQueuedCompletionStatus") {
  static struct sent sent[64];
  np_sender *sender = sender_pair(f, NULL);
  uint64_t before;

  memset(sent, 0, sizeof(sent));
  before = calls("PostQueuedCompletionStatus");
  for (unsigned i = 0; i < 64; i++) {
    sent_begin(&sent[i], sender, "x");
  }
  assert_int_equal(calls("PostQueuedCompletionStatus") - before, 1);
  for (unsigned i = 0; i < 64; i++) {
    assert_message(f, f->opposite, "x", 1);
  }
  for (unsigned i = 0; i < 64; i++) {
    sent_wait(f, &sent[i], NP_OK);
  }
  assert_int_equal(calls("PostQueuedCompletionStatus") - before, 1);
  np_sender_release(sender);
}

NP_CASE("sender/send-parameters", np_sender_send, NO_MODE,
        ERROR_INVALID_PARAMETER, "A NULL is refused.", "npipe/sender.h") {
  np_sender *sender = sender_pair(f, NULL);
  np_message message;

  memset(&message, 0, sizeof(message));
  assert_invalid(np_sender_send(NULL, "x", 1, &message, on_sent_never));
  assert_invalid(np_sender_send(sender, NULL, 1, &message, on_sent_never));
  assert_invalid(np_sender_send(sender, "x", 1, NULL, on_sent_never));
  assert_invalid(np_sender_send(sender, "x", 1, &message, NULL));
  assert_invalid(np_sender_send_copy(NULL, "x", 1, NULL, NULL));
  assert_invalid(np_sender_send_copy(sender, NULL, 1, NULL, NULL));
  assert_invalid(np_sender_send_shared(sender, NULL, NULL, NULL));
  assert_invalid(np_sender_cancel(NULL, &message));
  assert_invalid(np_sender_cancel(sender, NULL));
  loop_quiet(f);
  np_sender_release(sender);
}

NP_CASE("sender/send-busy", np_sender_send, NO_MODE, ERROR_BUSY,
        "A message in flight cannot be sent again; after its result it can.",
        "npipe/sender.h") {
  np_sender *sender = sender_pair(f, NULL);
  struct sent sent = {.start_count = 0};

  sent_begin(&sent, sender, "one");
  assert_np_error(
      np_sender_send(sender, "x", 1, &sent.message, on_sent_message),
      ERROR_BUSY);
  assert_message(f, f->opposite, "one", 3);
  sent_wait(f, &sent, NP_OK);
  sent_begin(&sent, sender, "two");
  assert_message(f, f->opposite, "two", 3);
  sent_wait(f, &sent, NP_OK);
  np_sender_release(sender);
}

NP_CASE("sender/send-too-long", np_sender_send, NO_MODE, ERROR_BUFFER_OVERFLOW,
        "A message over the channel's maximum is refused at once.",
        "npipe/sender.h") {
  np_channel_options options = channel_options();
  np_sender *sender = NULL;
  np_message message;

  memset(&message, 0, sizeof(message));
  options.frame.frame_bytes_max = 4;
  channel_pair(f, &options);
  assert_np_ok(np_sender_create(f->channel, NULL, &sender));
  assert_np_error(np_sender_send(sender, "12345", 5, &message, on_sent_never),
                  ERROR_BUFFER_OVERFLOW);
  np_sender_release(sender);
}

NP_CASE("sender/send-delimiter", np_sender_send, NO_MODE, ERROR_INVALID_DATA,
        "A message with a delimiter in it is refused at once.",
        "npipe/sender.h") {
  np_channel_options options = channel_options();
  np_sender *sender = NULL;
  np_message message;

  memset(&message, 0, sizeof(message));
  options.frame.kind = NP_FRAME_DELIMITER;
  channel_pair(f, &options);
  assert_np_ok(np_sender_create(f->channel, NULL, &sender));
  assert_np_error(np_sender_send(sender, "1\n2", 3, &message, on_sent_never),
                  ERROR_INVALID_DATA);
  np_sender_release(sender);
}

static void count_room(void *user) {
  callback_begin();
  ++*(unsigned *)user;
  callback_end();
}

NP_CASE("sender/full", np_sender_send, NO_MODE, NP_WOULD_BLOCK,
        "A full sender refuses a message at once. When half of its bytes have "
        "left, on_room is called, once. An empty sender takes a message of any "
        "length.",
        "npipe/sender.h") {
  static char big[100000];
  np_sender_options options = sender_options(f);
  struct sent sent[4];
  unsigned rooms = 0;
  np_message message;
  np_sender *sender;

  memset(&message, 0, sizeof(message));
  memset(sent, 0, sizeof(sent));
  options.bytes_max = 4 * (NP_COPY_BYTES + 1);
  options.on_room = count_room;
  options.user = &rooms;
  sender = sender_pair(f, &options);
  for (unsigned i = 0; i < 4; i++) {
    sent_begin(&sent[i], sender, "x");
  }
  for (unsigned i = 0; i < 2; i++) {
    assert_np_error(np_sender_send(sender, "x", 1, &message, on_sent_never),
                    NP_WOULD_BLOCK);
  }
  assert_int_equal(rooms, 0);
  for (unsigned i = 0; i < 4; i++) {
    assert_message(f, f->opposite, "x", 1);
  }
  sent_wait(f, &sent[3], NP_OK);
  loop_quiet(f);
  assert_int_equal(rooms, 1);
  assert_np_ok(np_sender_send_copy(sender, big, sizeof(big), NULL, NULL));
  assert_np_error(np_sender_send(sender, "", 0, &message, on_sent_never),
                  NP_WOULD_BLOCK);
  assert_message(f, f->opposite, big, sizeof(big));
  loop_quiet(f);
  assert_int_equal(rooms, 2);
  np_sender_release(sender);
}

NP_CASE("sender/send-refused", np_sender_send, NO_MODE,
        ERROR_NO_SYSTEM_RESOURCES,
        "Without a packet for the loop a message is refused, and nothing of it "
        "stays. The same message can be sent again.",
        "PostQueuedCompletionStatus") {
  np_sender *sender = sender_pair(f, NULL);
  struct sent sent = {.start_count = 0};

  if (!world_refuse("PostQueuedCompletionStatus", ERROR_NO_SYSTEM_RESOURCES)) {
    np_sender_release(sender);
    np_unresolved("the system has resources here");
  }
  assert_np_error(np_sender_send(sender, "no", 2, &sent.message, on_sent_never),
                  ERROR_NO_SYSTEM_RESOURCES);
  loop_quiet(f);
  sent_begin(&sent, sender, "yes");
  assert_message(f, f->opposite, "yes", 3);
  sent_wait(f, &sent, NP_OK);
  np_sender_release(sender);
}

NP_CASE("sender/closed", np_sender_send, NO_MODE, ERROR_NO_DATA,
        "A sender whose channel was closed refuses messages, also after the "
        "loop is gone. The last release frees it.",
        "npipe/sender.h") {
  np_sender *sender = sender_pair(f, NULL);
  np_message message;
  np_loop_options options = loop_options();

  memset(&message, 0, sizeof(message));
  channel_close(f, f->channel);
  assert_np_error(np_sender_send(sender, "x", 1, &message, on_sent_never),
                  ERROR_NO_DATA);
  channel_close(f, f->opposite);
  loop_quiet(f);
  loop_remake(f, &options);
  assert_np_error(np_sender_send(sender, "x", 1, &message, on_sent_never),
                  ERROR_NO_DATA);
  assert_np_error(np_sender_send_copy(sender, "x", 1, NULL, NULL),
                  ERROR_NO_DATA);
  assert_np_error(np_sender_cancel(sender, &message), ERROR_NOT_FOUND);
  assert_int_equal(f->allocator.live, 2); /* the sender and the loop */
  np_sender_release(sender);
  assert_int_equal(f->allocator.live, 1);
}

NP_CASE("sender/close-queued", np_sender_send, NO_MODE, ERROR_OPERATION_ABORTED,
        "Messages that the loop has not started when the channel is closed "
        "end, each once. The loop cannot be destroyed before, and the sender "
        "lives until then although nobody has it.",
        "npipe/sender.h") {
  struct sent sent[3];
  np_sender *sender = sender_pair(f, NULL);

  memset(sent, 0, sizeof(sent));
  sent_begin(&sent[0], sender, "a");
  sent_begin(&sent[1], sender, "b");
  sent[2].start_count++;
  assert_np_ok(np_sender_send_copy(sender, "c", 1, on_sent_copy, &sent[2]));
  np_sender_release(sender);
  channel_close(f, f->channel);
  assert_np_error(np_loop_destroy(f->loop), ERROR_BUSY);
  for (unsigned i = 0; i < 3; i++) {
    sent_wait(f, &sent[i], ERROR_OPERATION_ABORTED);
  }
  assert_no_message(f, f->opposite, ERROR_BROKEN_PIPE, 0);
  loop_quiet(f);
  assert_int_equal(sent[0].done_count, 1);
}

NP_CASE("sender/close-started", np_sender_send, NO_MODE,
        ERROR_OPERATION_ABORTED,
        "Messages that wait in the channel end when it is closed.",
        "npipe/sender.h") {
  static char big[100000];
  struct sent sent = {.start_count = 1};
  np_sender *sender = sender_pair(f, NULL);

  assert_np_ok(
      np_sender_send(sender, big, sizeof(big), &sent.message, on_sent_message));
  loop_quiet(f); /* nobody reads */
  assert_int_equal(sent.done_count, 0);
  np_sender_release(sender);
  channel_close(f, f->channel);
  sent_wait(f, &sent, ERROR_OPERATION_ABORTED);
}

NP_CASE("sender/detach", np_sender_send, NO_MODE, ERROR_OPERATION_ABORTED,
        "A detach ends the messages that the loop has not started, and the "
        "sender.",
        "npipe/sender.h") {
  struct sent sent = {.start_count = 0};
  np_sender *sender = sender_pair(f, NULL);
  np_pipe *pipe = NULL;

  sent_begin(&sent, sender, "a");
  assert_np_ok(np_channel_detach(f->channel, &pipe));
  f->channel = NULL;
  pipe_own(f, pipe);
  assert_np_error(np_sender_send_copy(sender, "x", 1, NULL, NULL),
                  ERROR_NO_DATA);
  sent_wait(f, &sent, ERROR_OPERATION_ABORTED);
  np_sender_release(sender);
}

NP_CASE("sender/shut", np_sender_send, NO_MODE, ERROR_NO_DATA,
        "A message behind the end of the direction is dropped and told so.",
        "npipe/sender.h") {
  np_channel_options options = channel_options();
  np_sender *sender = NULL;
  struct sent sent = {.start_count = 0};

  f->server_options.mode = NP_MESSAGE;
  f->server_options.read_mode = NP_MESSAGE;
  f->client_options.read_mode = NP_MESSAGE;
  options.half_close = true;
  channel_pair(f, &options);
  assert_np_ok(np_sender_create(f->channel, NULL, &sender));
  assert_invalid(np_sender_send_copy(sender, NULL, 0, NULL, NULL));
  channel_shutdown_begin(&f->ops[0], f->channel);
  sent_begin(&sent, sender, "late");
  sent_wait(f, &sent, ERROR_NO_DATA);
  np_sender_release(sender);
}

NP_CASE("sender/peer-gone", np_sender_send, NO_MODE, NP_OK,
        "When the peer has gone, a message ends with the error of the send.",
        "npipe/sender.h") {
  struct sent sent = {.start_count = 0};
  np_sender *sender = sender_pair(f, NULL);

  channel_close(f, f->opposite);
  loop_quiet(f);
  sent_begin(&sent, sender, "x");
  sent_wait(f, &sent, ERROR_NO_DATA);
  np_sender_release(sender);
}

static np_channel *closing_channel;
static np_fixture *closing_fixture;

static void then_close(np_message *message, np_error error) {
  on_sent_message(message, error);
  if (closing_channel != NULL) {
    channel_close(closing_fixture, closing_channel);
    closing_channel = NULL;
  }
}

NP_CASE("sender/close-in-callback", np_sender_send, NO_MODE, NP_OK,
        "A callback may close the channel and release the sender; the other "
        "messages of the burst still end, each once.",
        "npipe/sender.h") {
  static struct sent sent[4];
  np_sender *sender = sender_pair(f, NULL);

  memset(sent, 0, sizeof(sent));
  closing_channel = f->channel;
  closing_fixture = f;
  for (unsigned i = 0; i < 4; i++) {
    sent[i].start_count++;
    assert_np_ok(np_sender_send(sender, "x", 1, &sent[i].message, then_close));
  }
  np_sender_release(sender);
  for (unsigned i = 0; i < 4; i++) {
    loop_until_count(f, &sent[i].done_count, 1);
  }
  loop_quiet(f);
  assert_int_equal(sent[3].done_count, 1);
}

NP_CASE("sender/copy", np_sender_send_copy, NO_MODE, NP_OK,
        "A copy is sent as it was at the call, its memory is free when its "
        "function runs, and a send without a function works.",
        "npipe/sender.h") {
  struct sent sent = {.start_count = 1};
  np_sender *sender = sender_pair(f, NULL);
  const size_t live = f->allocator.live;
  char text[] = "text";

  assert_np_ok(np_sender_send_copy(sender, text, 4, on_sent_copy, &sent));
  memset(text, 0, sizeof(text));
  assert_np_ok(np_sender_send_copy(sender, NULL, 0, NULL, NULL));
  assert_message(f, f->opposite, "text", 4);
  assert_message(f, f->opposite, "", 0);
  sent_wait(f, &sent, NP_OK);
  loop_quiet(f);
  assert_in_range(f->allocator.live, live, live + 3); /* of the channels */
  np_sender_release(sender);
}

NP_CASE("sender/copy-no-memory", np_sender_send_copy, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Without memory for the copy nothing is sent; the next message is.",
        "npipe/sender.h") {
  np_sender *sender = sender_pair(f, NULL);
  np_shared *shared = NULL;

  assert_np_ok(np_shared_create(NULL, "b", 1, &shared));
  f->allocator.is_out = true;
  assert_np_error(np_sender_send_copy(sender, "a", 1, NULL, NULL),
                  ERROR_NOT_ENOUGH_MEMORY);
  assert_np_error(np_sender_send_shared(sender, shared, NULL, NULL),
                  ERROR_NOT_ENOUGH_MEMORY);
  f->allocator.is_out = false;
  assert_np_ok(np_sender_send_shared(sender, shared, NULL, NULL));
  assert_message(f, f->opposite, "b", 1);
  np_shared_release(shared);
  np_sender_release(sender);
}

NP_CASE("sender/shared-no-memory", np_sender_send_shared, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "A shared message whose send finds no memory keeps its count.",
        "npipe/sender.h") {
  np_sender *sender = sender_pair(f, NULL);
  const np_allocator allocator = allocator_of(f);
  np_shared *shared = NULL;
  size_t live;

  assert_np_ok(np_shared_create(&allocator, "b", 1, &shared));
  live = f->allocator.live;
  f->allocator.is_out = true;
  assert_np_error(np_sender_send_shared(sender, shared, NULL, NULL),
                  ERROR_NOT_ENOUGH_MEMORY);
  f->allocator.is_out = false;
  np_shared_release(shared);
  assert_int_equal(f->allocator.live, live - 1);
  np_sender_release(sender);
}

NP_CASE("sender/shared", np_sender_send_shared, NO_MODE, NP_OK,
        "A shared message outlives its creator's count until it was sent.",
        "npipe/sender.h") {
  const np_allocator allocator = allocator_of(f);
  struct sent sent = {.start_count = 1};
  np_sender *sender = sender_pair(f, NULL);
  np_shared *shared = NULL;

  assert_np_ok(np_shared_create(&allocator, "all", 3, &shared));
  assert_np_ok(np_sender_send_shared(sender, shared, on_sent_copy, &sent));
  np_shared_release(shared);
  assert_message(f, f->opposite, "all", 3);
  sent_wait(f, &sent, NP_OK);
  np_sender_release(sender);
}

NP_CASE("sender/cancel-queued", np_sender_cancel, NO_MODE,
        ERROR_OPERATION_ABORTED,
        "A message that the loop has not started is cancelled without a trace: "
        "the others go out in order.",
        "npipe/sender.h") {
  struct sent sent[3];
  np_sender *sender = sender_pair(f, NULL);

  memset(sent, 0, sizeof(sent));
  sent_begin(&sent[0], sender, "a");
  sent_begin(&sent[1], sender, "b");
  sent_begin(&sent[2], sender, "c");
  assert_np_ok(np_sender_cancel(sender, &sent[1].message));
  assert_np_ok(np_sender_cancel(sender, &sent[1].message));
  assert_int_equal(sent[1].done_count, 0);
  assert_message(f, f->opposite, "a", 1);
  assert_message(f, f->opposite, "c", 1);
  sent_wait(f, &sent[0], NP_OK);
  sent_wait(f, &sent[1], ERROR_OPERATION_ABORTED);
  sent_wait(f, &sent[2], NP_OK);
  np_sender_release(sender);
}

NP_CASE("sender/cancel-started", np_sender_cancel, NO_MODE, NP_OK,
        "A message that waits for the peer is cancelled.", "npipe/sender.h") {
  static char big[100000];
  struct sent sent = {.start_count = 1};
  np_sender *sender = sender_pair(f, NULL);

  assert_np_ok(
      np_sender_send(sender, big, sizeof(big), &sent.message, on_sent_message));
  loop_quiet(f); /* nobody reads */
  assert_int_equal(sent.done_count, 0);
  assert_np_ok(np_sender_cancel(sender, &sent.message));
  sent_wait(f, &sent, ERROR_OPERATION_ABORTED);
  np_sender_release(sender);
}

NP_CASE("sender/cancel-late", np_sender_cancel, NO_MODE, ERROR_NOT_FOUND,
        "A cancel after the result is harmless, even if the memory of the "
        "message is gone.",
        "npipe/sender.h") {
  np_sender *sender = sender_pair(f, NULL);
  struct sent sent = {.start_count = 0};

  sent_begin(&sent, sender, "x");
  assert_message(f, f->opposite, "x", 1);
  sent_wait(f, &sent, NP_OK);
  memset(&sent, 0xDD, sizeof(sent)); /* the memory has another use now */
  assert_np_error(np_sender_cancel(sender, &sent.message), ERROR_NOT_FOUND);
  np_sender_release(sender);
}

NP_CASE("sender/cancel-null", np_sender_cancel, NO_MODE,
        ERROR_INVALID_PARAMETER, "A NULL is refused.", "npipe/sender.h") {
  assert_invalid(np_sender_cancel(NULL, NULL));
}

NP_CASE("sender/retain", np_sender_retain, NO_MODE, NP_OK,
        "Each count keeps the sender.", "npipe/sender.h") {
  struct sent sent = {.start_count = 0};
  np_sender *sender = sender_pair(f, NULL);

  assert_ptr_equal(np_sender_retain(sender), sender);
  assert_null(np_sender_retain(NULL));
  np_sender_release(sender);
  sent_begin(&sent, sender, "x");
  assert_message(f, f->opposite, "x", 1);
  sent_wait(f, &sent, NP_OK);
  np_sender_release(sender);
}

NP_CASE("sender/release", np_sender_release, NO_MODE, NP_OK,
        "A sender that nobody has is freed with its channel. NULL is ignored.",
        "npipe/sender.h") {
  np_sender *sender = sender_pair(f, NULL);

  np_sender_release(NULL);
  np_sender_release(sender); /* the teardown looks for leaks */
}
