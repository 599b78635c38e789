/* What the cases of np_listener share beside the fixture. */
#ifndef NPIPE_CONFORMANCE_LIBRARY_LISTENER_COMMON_H
#define NPIPE_CONFORMANCE_LIBRARY_LISTENER_COMMON_H

#include "museum_common.h"

enum { ACCEPTED_MAX = 4096, NEWS_MAX = 64 };

/* One listener, and what became of it. */
struct listening {
  np_listener *listener;
  np_listener_options options; /* of the mode of the variant                 */

  np_pipe *accepted[ACCEPTED_MAX]; /* in order; recycled ones come again     */
  unsigned accepted_count;
  /* Runs in the callback, after that was noted. */
  void (*then)(np_fixture *f, np_pipe *pipe);

  np_error news[NEWS_MAX]; /* what on_error was told                         */
  uint32_t retry_ms[NEWS_MAX];
  uint64_t news_at_ms[NEWS_MAX];
  unsigned news_count;
  bool news_expected; /* set by `news`; else there must have been none       */
  void (*news_then)(np_fixture *f);

  unsigned closed_count;
  void (*closed_then)(np_fixture *f);
};

extern struct listening listening;

/* listening_begin is what a case calls first: it sets the options, has
 * `backlog` instances listen, and the listener closed after the case. */
void listening_begin(np_fixture *f, uint32_t backlog);

/* listening_outbound has its instances write only. */
void listening_outbound(np_fixture *f);

/* listening_open makes the listener, which must succeed. */
void listening_open(np_fixture *f);

/* listening_close closes it; listening_close_wait waits for its end. */
void listening_close(np_fixture *f);
void listening_close_wait(np_fixture *f);

/* The callbacks that record. What is handed out the fixture closes. */
void on_pipe(np_listener *listener, np_pipe *pipe);
void on_listener_error(np_listener *listener, np_error error,
                       uint32_t retry_ms);

/* on_pipe_never fails the case. */
void on_pipe_never(np_listener *listener, np_pipe *pipe);

/* other_instance makes f->server, an instance of the name that is not the
 * listener's; if it is the first, there can be `instances_max` in all. */
void other_instance(np_fixture *f, uint32_t instances_max);

/* client_open_another opens one more client, which must succeed and is closed
 * after the case. */
np_pipe *client_open_another(np_fixture *f);

/* client_error returns what the open of a client says; one that succeeds is
 * closed. */
np_error client_error(np_fixture *f);

/* accepted waits for the `count`th pipe and returns it. */
np_pipe *accepted(np_fixture *f, unsigned count);

/* give_back is np_listener_recycle, which must succeed. */
void give_back(np_fixture *f, np_pipe *pipe);

/* news waits until on_error was told `count` times, and returns what it was
 * told last. A listener that tells of trouble though its case never asks fails
 * the case. */
np_error news(np_fixture *f, unsigned count);

#endif
