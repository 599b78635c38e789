/* What the cases of np_client_connect share beside the fixture: a request that
 * records what became of it. */
#ifndef NPIPE_CONFORMANCE_LIBRARY_CLIENT_COMMON_H
#define NPIPE_CONFORMANCE_LIBRARY_CLIENT_COMMON_H

#include "fixture.h"

struct requester {
  np_client_request request; /* first */
  unsigned start_count;
  unsigned done_count;
  unsigned order;  /* of the last callback, among all of the run             */
  np_error result; /* of the last callback                                   */
  np_pipe *client; /* of the last callback; closed after the case            */
  uint64_t at_ms;  /* of the last callback                                   */
  /* Runs in the callback, after all of that was noted. */
  void (*then)(np_fixture *f, struct requester *requester);
};

/* requester_of returns the one of `index`, fresh in each case that begins with
 * requesters_init. */
enum { REQUESTERS_MAX = 200 };
void requesters_init(void);
struct requester *requester_of(unsigned index);

/* on_client is the function of a requester's request. */
void on_client(np_client_request *request, np_error error, np_pipe *client);

/* on_client_never fails the case: for what must be refused. */
void on_client_never(np_client_request *request, np_error error,
                     np_pipe *client);

/* request_begin starts a connect to f->name with f->client_options, which must
 * begin; request_begin_name does so with another name. */
void request_begin(np_fixture *f, struct requester *requester,
                   uint32_t timeout_ms);
void request_begin_name(np_fixture *f, struct requester *requester,
                        const char *name, uint32_t timeout_ms);

/* request_until runs the loop until each start of `requester` was answered. */
void request_until(np_fixture *f, const struct requester *requester);

/* requests_settle runs what is ready and what comes without a wait; nothing
 * more of these may end by that. */
void requests_settle(np_fixture *f);

/* request_cancel gives `requester` up, which must be waiting. */
void request_cancel(struct requester *requester);

/* The request was begun once and ended once, with `result`, and with a client
 * if that is NP_OK. */
void assert_request_at(const struct requester *requester, np_error result,
                       const char *file, int line);
#define assert_request(requester, result) \
  assert_request_at((requester), (result), __FILE__, __LINE__)

/* server_add makes another instance of f->name, closed after the case. */
np_pipe *server_add(np_fixture *f);

/* server_listen_again lets the client of f->server go, which then listens; the
 * connect of `recorder` tells of the next client. */
void server_listen_again(np_fixture *f, struct recorder *recorder);

/* calls_since returns how often `name` was called since `*mark`, and sets
 * `*mark`; false where nobody counts. */
bool calls_since(const char *name, uint64_t *mark, uint64_t *count);

#endif
