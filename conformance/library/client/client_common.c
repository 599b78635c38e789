/* Helpers for the cases of np_client_connect: requests that record their
 * result. */
#include "client_common.h"

void on_client(np_client_request *request, np_error error, np_pipe *client) {
  struct requester *requester = (struct requester *)request;
  np_fixture *f = request->user;
  unsigned order = callback_begin();

  assert_true((error == NP_OK) == (client != NULL));
  requester->done_count++;
  requester->order = order;
  requester->result = error;
  requester->client = client;
  requester->at_ms = world_now_ms();
  if (client != NULL) {
    pipe_own(f, client);
  }
  if (requester->then != NULL) {
    requester->then(f, requester);
  }
  callback_end();
}

void on_client_never(np_client_request *request, np_error error,
                     np_pipe *client) {
  (void)request;
  (void)error;
  (void)client;
  fail_msg("%s", "a request that was refused got its callback");
}

void request_begin_name(np_fixture *f, struct requester *requester,
                        const char *name, uint32_t timeout_ms) {
  unsigned done_count = requester->done_count;

  requester->start_count++;
  requester->request.user = f;
  assert_np_ok(np_client_connect(f->loop, &requester->request, name,
                                 &f->client_options, timeout_ms, on_client));
  assert_int_equal(requester->done_count, done_count);
}

void request_begin(np_fixture *f, struct requester *requester,
                   uint32_t timeout_ms) {
  request_begin_name(f, requester, f->name, timeout_ms);
}

void request_until(np_fixture *f, const struct requester *requester) {
  loop_until_count(f, &requester->done_count, requester->start_count);
}

void request_cancel(struct requester *requester) {
  assert_np_ok(np_client_connect_cancel(&requester->request));
}

void assert_request_at(const struct requester *requester, np_error result,
                       const char *file, int line) {
  if (requester->done_count != requester->start_count) {
    fail_at(file, line, "begun %u times, called back %u times",
            requester->start_count, requester->done_count);
  }
  assert_np_error_at(requester->result, result, file, line);
}

void assert_request_ends_at(np_fixture *f, const struct requester *requester,
                            np_error result, const char *file, int line) {
  request_until(f, requester);
  assert_request_at(requester, result, file, line);
}

bool calls_since(const char *name, uint64_t *mark, uint64_t *count) {
  uint64_t now = 0;

  if (!world_call_count(name, &now)) {
    return false;
  }
  *count = now - *mark;
  *mark = now;
  return true;
}
