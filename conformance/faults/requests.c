/* Requests of np_client_connect for the scenarios. */
#include <string.h>

#include "judge.h"

static void on_client(np_client_request *client_request, np_error error,
                      np_pipe *client) {
  struct request *request = (struct request *)client_request;
  struct run *r = request->run;

  note_injected(r, "np_client_connect", OUTCOME_CALLED_BACK, error);
  if (!r->in_loop) {
    run_fail(r, "a request's function ran outside of the loop");
  }
  if ((error == NP_OK) != (client != NULL)) {
    run_fail(r, "a request gave %s and %s client", np_error_name(error),
             client != NULL ? "a" : "no");
  }
  request->done++;
  request->error = error;
  request->client = pipe_keep(r, client);
}

bool request_begin(struct run *r, struct request *request,
                   uint32_t timeout_ms) {
  np_error error;

  memset(request, 0, sizeof *request);
  request->run = r;
  error = np_client_connect(r->loop, &request->request, r->name,
                            &r->client_options, timeout_ms, on_client);
  if (error == NP_OK) {
    request->begun++;
    r->requests[r->request_count++] = request;
  }
  return took(r, "np_client_connect", error);
}

bool request_ends(struct request *request, np_error error) {
  struct run *r = request->run;

  return turns(r, &request->done, 1) &&
         gave(r, "np_client_connect", OUTCOME_CALLED_BACK, request->error,
              error);
}
