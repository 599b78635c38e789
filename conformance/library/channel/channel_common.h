/* Helpers that the cases of channels share. */
#ifndef NPIPE_CONFORMANCE_LIBRARY_CHANNEL_COMMON_H
#define NPIPE_CONFORMANCE_LIBRARY_CHANNEL_COMMON_H

#include "library/fixture.h"

/* A call and its result. The reply is copied, up to the size of `reply`. */
struct call_recorder {
  np_call call; /* first */
  np_channel *channel;
  unsigned start_count;
  unsigned done_count;
  unsigned order;
  np_error result;
  size_t transferred;
  char reply[256];
};

/* channel_on creates a channel on `pipe`, one of the fixture's two ends, and
 * sets f->channel or f->opposite. */
np_channel *channel_on(np_fixture *f, np_pipe *pipe,
                       const np_channel_options *options);

/* channel_open opens a pair of pipes with a channel on f->end only.
 * channel_pair opens a pair with a channel on each end. */
void channel_open(np_fixture *f, const np_channel_options *options);
void channel_pair(np_fixture *f, const np_channel_options *options);

/* is_framed returns true if the variant's messages are framed by default. */
bool is_framed(const np_fixture *f);

/* Each function begins the operation of `recorder` and checks that it
 * started. A received message is copied into the recorder's buffer, as far as
 * it fits. */
void send_begin(struct recorder *recorder, np_channel *channel,
                const void *data, size_t length);
void receive_begin(struct recorder *recorder, np_channel *channel);
void receive_into_begin(struct recorder *recorder, np_channel *channel,
                        size_t size);
void channel_shutdown_begin(struct recorder *recorder, np_channel *channel);
void call_begin(struct call_recorder *recorder, np_channel *channel,
                const char *request);

/* on_message is the callback of receives. It copies the message. */
void on_message(np_op *op, np_error error, size_t transferred);

/* call_wait runs the loop until the call has ended. */
void call_wait(np_fixture *f, struct call_recorder *recorder);
void assert_reply_at(const struct call_recorder *recorder, const char *reply,
                     const char *file, int line);
#define assert_reply(recorder, reply) \
  assert_reply_at((recorder), (reply), __FILE__, __LINE__)

/* message_send sends one message and waits until the send has succeeded. */
void message_send(np_fixture *f, np_channel *channel, const void *data,
                  size_t length);

/* assert_message_at checks that the next message of `channel` is `data`;
 * assert_message_passes sends it first, by the channel at the other end.
 * assert_no_message_at checks that the next receive ends with `error`
 * instead. */
void assert_message_at(np_fixture *f, np_channel *channel, const void *data,
                       size_t length, const char *file, int line);
void assert_no_message_at(np_fixture *f, np_channel *channel, np_error error,
                          size_t transferred, const char *file, int line);
#define assert_message(f, channel, data, length) \
  assert_message_at((f), (channel), (data), (length), __FILE__, __LINE__)
#define assert_message_passes(f, from, to, data, length) \
  (message_send((f), (from), (data), (length)),          \
   assert_message((f), (to), (data), (length)))
#define assert_no_message(f, channel, error, transferred)                \
  assert_no_message_at((f), (channel), (error), (transferred), __FILE__, \
                       __LINE__)

#endif
