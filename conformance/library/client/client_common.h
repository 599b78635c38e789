/* Helpers that the cases of np_client_connect share: a request that records its
 * result. */
#ifndef NPIPE_CONFORMANCE_LIBRARY_CLIENT_COMMON_H
#define NPIPE_CONFORMANCE_LIBRARY_CLIENT_COMMON_H

#include "library/fixture.h"

/* on_client is the callback of a requester's request. */
void on_client(np_client_request *request, np_error error, np_pipe *client);

/* on_client_never fails the case. It is for requests that must be refused. */
void on_client_never(np_client_request *request, np_error error,
                     np_pipe *client);

/* request_begin starts a connect to f->name with f->client_options, and checks
 * that it started. request_begin_name starts one to `name`. */
void request_begin(np_fixture *f, struct requester *requester,
                   uint32_t timeout_ms);
void request_begin_name(np_fixture *f, struct requester *requester,
                        const char *name, uint32_t timeout_ms);

/* request_until runs the loop until every request of `requester` has ended. */
void request_until(np_fixture *f, const struct requester *requester);

/* request_cancel cancels the request of `requester`, which must be waiting. */
void request_cancel(struct requester *requester);

/* assert_request_at checks that the request was started once and ended once,
 * with `result`, and with a client if `result` is NP_OK. */
void assert_request_at(const struct requester *requester, np_error result,
                       const char *file, int line);
#define assert_request(requester, result) \
  assert_request_at((requester), (result), __FILE__, __LINE__)

/* assert_request_ends is request_until and assert_request. */
void assert_request_ends_at(np_fixture *f, const struct requester *requester,
                            np_error result, const char *file, int line);
#define assert_request_ends(f, requester, result) \
  assert_request_ends_at((f), (requester), (result), __FILE__, __LINE__)

/* calls_since sets `*count` to the number of calls of `name` since `*mark`, and
 * updates `*mark`. It returns false in a world that does not count calls. */
bool calls_since(const char *name, uint64_t *mark, uint64_t *count);

#endif
