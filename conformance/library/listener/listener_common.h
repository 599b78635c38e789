/* Helpers that the cases of np_listener share. */
#ifndef NPIPE_CONFORMANCE_LIBRARY_LISTENER_COMMON_H
#define NPIPE_CONFORMANCE_LIBRARY_LISTENER_COMMON_H

#include "library/rounds.h"

enum { ACCEPTED_MAX = 4096, NEWS_MAX = 64 };

/* A listener under test, and the records of its callbacks. */
struct listening {
  np_listener *listener;
  np_listener_options options; /* set for the variant's mode */

  np_pipe *accepted[ACCEPTED_MAX]; /* in order; a recycled pipe comes again */
  unsigned accepted_count;
  /* Runs in the callback, after the fields above were set. */
  void (*then)(np_fixture *f, np_pipe *pipe);

  np_error news[NEWS_MAX]; /* errors passed to on_error */
  uint32_t retry_ms[NEWS_MAX];
  uint64_t news_at_ms[NEWS_MAX];
  unsigned news_count;
  bool news_expected; /* set by `news`; else any error fails the case */
  void (*news_then)(np_fixture *f);

  unsigned closed_count;
  void (*closed_then)(np_fixture *f);
};

extern struct listening listening;

/* listening_begin sets the options, so that `backlog` instances listen. A case
 * calls it first. The listener is closed after the case. */
void listening_begin(np_fixture *f, uint32_t backlog);

/* listening_outbound makes the instances write-only. */
void listening_outbound(np_fixture *f);

/* listening_open creates the listener and checks that it succeeds. */
void listening_open(np_fixture *f);

/* listening_start is listening_begin and listening_open; listening_limited also
 * sets `instances_max`. */
void listening_start(np_fixture *f, uint32_t backlog);
void listening_limited(np_fixture *f, uint32_t backlog, uint32_t instances_max);

/* listening_close closes the listener. listening_close_wait also waits for its
 * end. */
void listening_close(np_fixture *f);
void listening_close_wait(np_fixture *f);

/* The recording callbacks. The fixture closes every accepted pipe. */
void on_pipe(np_listener *listener, np_pipe *pipe);
void on_listener_error(np_listener *listener, np_error error,
                       uint32_t retry_ms);

/* on_pipe_never fails the case. */
void on_pipe_never(np_listener *listener, np_pipe *pipe);

/* other_instance creates f->server, an instance of the same name that does not
 * belong to the listener. If it is the first instance, it sets the limit to
 * `instances_max`. */
void other_instance(np_fixture *f, uint32_t instances_max);

/* client_error tries to open a client and returns the result. A client that
 * opens is closed. */
np_error client_error(np_fixture *f);

/* accepted waits until `count` pipes were accepted, and returns the last of
 * these. */
np_pipe *accepted(np_fixture *f, unsigned count);

/* give_back calls np_listener_recycle and checks that it succeeds. */
void give_back(np_fixture *f, np_pipe *pipe);

/* news waits until on_error ran `count` times, and returns the last error. An
 * error that no case asks for fails the case. */
np_error news(np_fixture *f, unsigned count);

#endif
