/* Helpers that the cases of senders share. */
#ifndef NPIPE_CONFORMANCE_LIBRARY_SENDER_COMMON_H
#define NPIPE_CONFORMANCE_LIBRARY_SENDER_COMMON_H

#include "library/channel/channel_common.h"

/* A message of a sender and its result. */
struct sent {
  np_message message; /* first */
  unsigned start_count;
  unsigned done_count;
  unsigned order;
  np_error result;
  char text[16];
};

/* sender_options returns options with the fixture's allocator, which is for one
 * thread. */
np_sender_options sender_options(np_fixture *f);

/* sender_pair opens a pair of channels and creates the sender of f->channel.
 * NULL: the options above. */
np_sender *sender_pair(np_fixture *f, const np_sender_options *options);

/* sent_begin sends the text of a message; sent_wait waits for its result. */
void sent_begin(struct sent *sent, np_sender *sender, const char *text);
void sent_wait(np_fixture *f, struct sent *sent, np_error result);
void on_sent_message(np_message *message, np_error error);
void on_sent_never(np_message *message, np_error error);

/* on_sent_copy counts in the `struct sent` that is its user. */
void on_sent_copy(void *user, np_error error);

#endif
