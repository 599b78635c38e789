/* Helpers that the cases of links share: one link that records its callbacks,
 * and its server. */
#ifndef NPIPE_CONFORMANCE_LIBRARY_LINK_COMMON_H
#define NPIPE_CONFORMANCE_LIBRARY_LINK_COMMON_H

#include "library/channel/channel_common.h"

enum { EVENTS_MAX = 64, SENDINGS_MAX = 8 };

/* A message and what became of it. */
struct sending {
  np_link_message message; /* first */
  unsigned start_count;
  unsigned done_count;
  unsigned order;
  np_link_outcome outcome;
  np_error error;
  void (*then)(np_fixture *f);
};

/* The link under test, and the records of its callbacks. */
struct linking {
  np_link *link;
  np_link_options options; /* set for the variant's mode */

  np_link_event events[EVENTS_MAX];
  np_error errors[EVENTS_MAX];
  uint64_t at_ms[EVENTS_MAX];
  unsigned event_count;
  unsigned up_count;
  unsigned down_count;
  unsigned failed_count;
  /* Runs in the callback, after the fields above were set. */
  void (*then)(np_fixture *f, np_link_event event);

  unsigned message_count;
  char message[64]; /* the last one */
  void (*message_then)(np_fixture *f);

  unsigned closed_count;
  struct sending sendings[SENDINGS_MAX];
};

extern struct linking linking;

/* linking_begin sets the options. linking_open creates the link; it is closed
 * after the case. */
void linking_begin(np_fixture *f);
void linking_open(np_fixture *f);

/* linking_close closes the link, linking_close_wait also waits for its end. */
void linking_close(np_fixture *f);
void linking_close_wait(np_fixture *f);

/* serve creates an instance, waits until the link is up, and returns a channel
 * on the server's end. unserve closes this channel, and so the name. */
np_channel *serve(np_fixture *f);
void unserve(np_fixture *f);

/* sending_begin sends a message with sending `i`, and checks that it began. */
void sending_begin(unsigned i, const void *data, size_t length);
void on_sending(np_link_message *message, np_link_outcome outcome,
                np_error error);

/* assert_sending waits for the end of sending `i`, and checks it. */
void assert_sending_at(np_fixture *f, unsigned i, np_link_outcome outcome,
                       np_error error, const char *file, int line);
#define assert_sending(f, i, outcome, error) \
  assert_sending_at((f), (i), (outcome), (error), __FILE__, __LINE__)

#endif
