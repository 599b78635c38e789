/* Channels: sends of copies and of shared messages, for callers that keep no
 * storage. The bytes that wait are bounded by the channel's copy_bytes_max: a
 * peer that does not read must not cost memory without end. */
#include "channel.h"
#include "shared.h"

static void on_copy_sent(np_op *op, np_error error, size_t transferred) {
  np__copy *copy = (np__copy *)(void *)op;
  np_channel *channel = copy->channel;
  np_loop *loop = channel->target.loop;

  (void)transferred;
  channel->copied_bytes -= np__copy_charge(copy->message.np__length);
  if (!np__copy_end(copy, error)) {
    np__loop_count_own(loop);
  }
}

static np_error copy_check(np_channel *channel, const void *data,
                           size_t length) {
  static const np_op idle;
  np_error error;

  if (np__target_has(&channel->target, NP__BAR_CLOSING)) {
    return ERROR_INVALID_HANDLE;
  }
  error = np__channel_send_check(channel, data, length, &idle, on_copy_sent);
  if (error == NP_OK && !np__copy_has_room(channel->copied_bytes,
                                           channel->copy_bytes_max, length)) {
    error = NP_WOULD_BLOCK;
  }
  return error;
}

static np_error send_copy(np_channel *channel, np_shared *shared,
                          const void *data, size_t length, np_sent_fn done,
                          void *user) {
  np_error error = copy_check(channel, data, length);
  np__copy *copy;

  if (error != NP_OK) {
    return error;
  }
  copy = np__copy_new(&channel->target.loop->allocator, shared, data, length);
  if (copy == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  copy->done = done;
  copy->user = user;
  copy->channel = channel;
  channel->copied_bytes += np__copy_charge(length);
  np__channel_send(channel, (void *)(uintptr_t)copy->message.np__data, length,
                   &copy->message.np__op, on_copy_sent, 0);
  return NP_OK;
}

np_error np_channel_send_copy(np_channel *channel, const void *data,
                              size_t length, np_sent_fn done, void *user) {
  if (channel == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  return send_copy(channel, NULL, data, length, done, user);
}

np_error np_channel_send_shared(np_channel *channel, np_shared *shared,
                                np_sent_fn done, void *user) {
  if (channel == NULL || shared == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  return send_copy(channel, shared, np_shared_data(shared),
                   np_shared_length(shared), done, user);
}
