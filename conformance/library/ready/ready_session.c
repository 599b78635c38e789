/* Readiness before, between and after clients. */
#include "ready_common.h"

NP_CASE("ready-session/listening", np_pipe_ready, ANY_MODE, NP_OK,
        "A server without a client is ready: the tries report "
        "ERROR_PIPE_LISTENING, which is not the end of the stream.",
        "ReadFile#pipes") {
  server_listen(f);
  assert_int_equal(ready_wait(f, f->server, NP_READABLE), NP_READABLE);
  assert_try_read(f->server, 64, ERROR_PIPE_LISTENING, NULL, 0);
  assert_int_equal(ready_wait(f, f->server, NP_WRITABLE), NP_WRITABLE);
  assert_try_write(f->server, "x", 1, ERROR_PIPE_LISTENING, 0);
  client_open_end(f);
  ready_begin(&f->ops[0], f->server, NP_READ_CLOSED);
  pipe_send(f, f->client, "hello", 5);
  assert_caught(f, f->server, "hello", 5);
  assert_int_equal(f->done_count, 0);
}

NP_CASE("ready-session/disconnect", np_pipe_ready, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "np_server_disconnect ends every wait on the server end.",
        "DisconnectNamedPipe#remarks") {
  pair_open_quota(f, READY_QUOTA);
  assert_try_write(f->server, ready_pattern(), 3 * READY_QUOTA, NP_OK,
                   3 * READY_QUOTA);
  ready_begin(&f->ops[0], f->server, NP_READABLE);
  ready_begin(&f->ops[1], f->server, NP_WRITABLE);
  ready_begin(&f->ops[2], f->server, NP_READ_CLOSED);
  ready_begin(&f->ops[3], f->server, NP_WRITE_CLOSED);
  assert_quiet(f, 0);
  server_disconnect(f);
  for (unsigned i = 0; i < 4; i++) {
    assert_done(&f->ops[i], ERROR_PIPE_NOT_CONNECTED, 0);
  }
}

NP_CASE("ready-session/nobody-no-more", np_pipe_ready, ANY_MODE, NP_OK,
        "After a connect has ended, readiness no longer reports that no "
        "client is there: a wait waits for data.",
        "npipe/ready.h") {
  server_listen(f);
  assert_int_equal(ready_wait(f, f->server, NP_READABLE), NP_READABLE);
  connect_begin(&f->ops[0], f->server);
  client_open_end(f);
  loop_until_count(f, &f->ops[0].done_count, 1);
  ready_begin(&f->ops[1], f->server, NP_READABLE);
  loop_quiet(f);
  assert_int_equal(f->ops[1].done_count, 0);
  pipe_send(f, f->client, "x", 1);
  loop_until_count(f, &f->ops[1].done_count, 1);
  assert_done(&f->ops[1], NP_OK, NP_READABLE);
  assert_caught(f, f->server, "x", 1);
}
