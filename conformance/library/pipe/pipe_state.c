/* The state of an end. All ways to write learn the same state, and an earlier
 * session does not change it. The cases ask an outbound server: its handle may
 * have no right to ask the kernel, so the library reports the state that it has
 * learnt. */
#include "library/fixture.h"

static np_state state_of(np_pipe *pipe) {
  np_info info = {.size = sizeof(info)};

  assert_np_ok(np_pipe_info(pipe, &info));
  return info.state;
}

static void outbound_open(np_fixture *f) {
  f->server_options.inbound = false;
  f->server_options.read_mode = NP_BYTE;
  f->client_options.write = false;
  pair_open(f);
}

NP_CASE("pipe-state/try-write", np_pipe_try_write, ANY_MODE, ERROR_NO_DATA,
        "np_pipe_try_write that finds the client gone makes the state "
        "NP_CLOSING, as np_pipe_write does.",
        "npipe/pipe.h, np_info") {
  size_t transferred;

  outbound_open(f);
  pipe_close_wait(f, f->client);
  assert_np_error(np_pipe_try_write(f->server, "abc", 3, &transferred),
                  ERROR_NO_DATA);
  assert_int_equal(state_of(f->server), NP_CLOSING);
}

NP_CASE("pipe-state/late-write-error", np_server_disconnect, ANY_MODE, NP_OK,
        "The error of a write whose callback runs after a disconnect does not "
        "change the state.",
        "npipe/pipe.h, np_info") {
  static char data[60000];

  server_quotas(f, 100, 100);
  outbound_open(f);
  write_begin(&f->ops[0], f->server, data, sizeof(data));
  pipe_close(f, f->client);
  assert_np_ok(np_server_disconnect(f->server));
  loop_until_count(f, &f->ops[0].done_count, 1);
  assert_true(f->ops[0].result != NP_OK);
  assert_int_equal(state_of(f->server), NP_DISCONNECTED);
}
