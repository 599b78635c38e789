/* Channels: sends of copies and of shared messages. */
#include "channel_common.h"

/* The result of a send without an op. */
struct told {
  unsigned count;
  np_error error;
  size_t live; /* blocks of memory that were in use */
};

static np_fixture *running;

static void on_told(void *user, np_error error) {
  struct told *told = user;

  callback_begin();
  told->count++;
  told->error = error;
  told->live = running->allocator.live;
  callback_end();
}

NP_CASE("channel-copy/copy", np_channel_send_copy, ANY_MODE | BOTH_ENDS, NP_OK,
        "A copy is sent as it was at the call, in order with other messages. "
        "Its function runs once, from the loop, and may be NULL.",
        "npipe/channel.h") {
  struct told told = {0, 0, 0};
  char text[] = "copied";

  running = f;
  channel_pair(f, NULL);
  send_begin(&f->ops[0], f->channel, "before", 6);
  assert_np_ok(np_channel_send_copy(f->channel, text, 6, on_told, &told));
  memset(text, 0, sizeof(text));
  assert_np_ok(np_channel_send_copy(f->channel, NULL, 0, NULL, NULL));
  send_begin(&f->ops[1], f->channel, "after", 5);
  assert_int_equal(told.count, 0);
  assert_message(f, f->opposite, "before", 6);
  assert_message(f, f->opposite, "copied", 6);
  assert_message(f, f->opposite, "", 0);
  assert_message(f, f->opposite, "after", 5);
  loop_quiet(f);
  assert_int_equal(told.count, 1);
  assert_np_ok(told.error);
}

NP_CASE("channel-copy/large", np_channel_send_copy, ANY_MODE | BOTH_ENDS, NP_OK,
        "A copy longer than every buffer arrives whole, also where it is "
        "longer than copy_bytes_max.",
        "npipe/channel.h") {
  static char big[300000];
  np_channel_options options = channel_options();

  for (size_t i = 0; i < sizeof(big); i++) {
    big[i] = (char)(i * 7 + i / 251);
  }
  options.copy_bytes_max = 1000;
  channel_pair(f, &options);
  assert_np_ok(np_channel_send_copy(f->channel, big, sizeof(big), NULL, NULL));
  assert_message(f, f->opposite, big, sizeof(big));
}

NP_CASE("channel-copy/shared", np_channel_send_shared, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "One shared message goes to both ends of a pipe, and is freed behind "
        "the last send.",
        "npipe/channel.h") {
  const np_allocator allocator = allocator_of(f);
  struct told told = {0, 0, 0};
  np_shared *shared = NULL;

  running = f;
  channel_pair(f, NULL);
  assert_np_ok(np_shared_create(&allocator, "to all", 6, &shared));
  assert_np_ok(np_channel_send_shared(f->channel, shared, on_told, &told));
  assert_np_ok(np_channel_send_shared(f->opposite, shared, NULL, NULL));
  np_shared_release(shared);
  assert_message(f, f->opposite, "to all", 6);
  assert_message(f, f->channel, "to all", 6);
  loop_quiet(f);
  assert_int_equal(told.count, 1);
  assert_np_ok(told.error);
}

NP_CASE("channel-copy/full", np_channel_send_copy, ANY_MODE | BOTH_ENDS,
        NP_WOULD_BLOCK,
        "If too many bytes wait for a peer that does not read, a copy is "
        "refused at once; when they have left, it is taken.",
        "npipe/channel.h") {
  static char big[60000];
  np_channel_options options = channel_options();
  np_shared *shared = NULL;
  unsigned taken = 0;
  np_error error = NP_OK;

  options.copy_bytes_max = 10 * sizeof(big);
  server_quotas(f, 512, 512);
  channel_pair(f, &options);
  assert_np_ok(np_shared_create(NULL, big, sizeof(big), &shared));
  while (error == NP_OK && taken < 100) {
    error = np_channel_send_copy(f->channel, big, sizeof(big), NULL, NULL);
    taken += error == NP_OK ? 1u : 0u;
  }
  assert_np_error(error, NP_WOULD_BLOCK);
  assert_int_equal(taken, 9);
  assert_np_error(np_channel_send_shared(f->channel, shared, NULL, NULL),
                  NP_WOULD_BLOCK);
  for (unsigned i = 0; i < taken; i++) {
    assert_message(f, f->opposite, big, sizeof(big));
  }
  loop_quiet(f);
  assert_np_ok(np_channel_send_shared(f->channel, shared, NULL, NULL));
  np_shared_release(shared);
  assert_message(f, f->opposite, big, sizeof(big));
}

NP_CASE("channel-copy/no-memory", np_channel_send_copy, ANY_MODE | BOTH_ENDS,
        ERROR_NOT_ENOUGH_MEMORY,
        "Without memory for the copy nothing is sent; the next message is.",
        "npipe/channel.h") {
  channel_pair(f, NULL);
  f->allocator.is_out = true;
  assert_np_error(np_channel_send_copy(f->channel, "a", 1, NULL, NULL),
                  ERROR_NOT_ENOUGH_MEMORY);
  f->allocator.is_out = false;
  assert_np_ok(np_channel_send_copy(f->channel, "b", 1, NULL, NULL));
  assert_message(f, f->opposite, "b", 1);
}

NP_CASE("channel-copy/refused", np_channel_send_copy, ANY_MODE | BOTH_ENDS,
        ERROR_INVALID_PARAMETER,
        "A NULL is refused, and what np_channel_send refuses.",
        "npipe/channel.h") {
  np_channel_options options = channel_options();
  np_channel *channel;

  options.frame.frame_bytes_max = 4;
  channel_open(f, &options);
  assert_invalid(np_channel_send_copy(NULL, "x", 1, NULL, NULL));
  assert_invalid(np_channel_send_copy(f->channel, NULL, 1, NULL, NULL));
  assert_invalid(np_channel_send_shared(f->channel, NULL, NULL, NULL));
  assert_np_error(np_channel_send_copy(f->channel, "12345", 5, NULL, NULL),
                  ERROR_BUFFER_OVERFLOW);
  channel = f->channel;
  channel_close(f, channel);
  assert_np_error(np_channel_send_copy(channel, "x", 1, NULL, NULL),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("channel-copy/close", np_channel_send_copy, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "Copies that wait when the channel is closed are freed, and their "
        "functions run once.",
        "npipe/channel.h") {
  static char big[60000];
  struct told told = {0, 0, 0};

  running = f;
  server_quotas(f, 512, 512);
  channel_pair(f, NULL);
  for (unsigned i = 0; i < 4; i++) {
    assert_np_ok(
        np_channel_send_copy(f->channel, big, sizeof(big), on_told, &told));
  }
  channel_close(f, f->channel);
  loop_until_count(f, &told.count, 4);
  assert_np_error(told.error, ERROR_OPERATION_ABORTED);
}
