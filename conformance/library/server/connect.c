/* np_server_connect: before the client, after the client, with a client that
 * has already gone (a ghost), and repeatedly. */
#include "library/fixture.h"

NP_CASE("connect/client-first", np_server_connect, ANY_MODE, NP_OK,
        "A client that came before np_server_connect is a success, once.",
        "ConnectNamedPipe#remarks") {
  server_listen(f);
  client_open_end(f);
  assert_np_ok(np_server_connect(f->server, &f->op, on_done));
  assert_int_equal(f->done_count, 0);
  loop_until(f, 1);
  assert_np_ok(f->result);
  assert_int_equal(f->transferred, 0);
  assert_quiet(f, 1);
}

NP_CASE("connect/client-after", np_server_connect, ANY_MODE, NP_OK,
        "A connect waits for the client that comes later.",
        "ConnectNamedPipe#remarks") {
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  assert_quiet(f, 0);
  client_open_end(f);
  assert_next(&f->ops[0], NP_OK, 0);
}

NP_CASE("connect/client-came-and-went", np_server_connect, ANY_MODE, NP_OK,
        "A client connected and closed before the call. This is a success, "
        "too. The stream is then at its end.",
        "ConnectNamedPipe#remarks") {
  server_listen(f);
  client_open_end(f);
  pipe_close_wait(f, f->client);
  assert_connects(&f->ops[0], f->server, NP_OK, 0);
  assert_reads(&f->ops[1], f->server, 16, ERROR_BROKEN_PIPE, 0);
}

NP_CASE("connect/client-wrote-and-went", np_server_connect, ANY_MODE, NP_OK,
        "A client came, wrote and went before the call: the connect succeeds, "
        "the data can be read, then the stream ends.",
        "ConnectNamedPipe#remarks") {
  server_listen(f);
  client_open_end(f);
  pipe_send(f, f->client, "last words", 10);
  pipe_close_wait(f, f->client);
  assert_connects(&f->ops[0], f->server, NP_OK, 0);
  assert_received(f, f->server, "last words", 10);
  assert_reads(&f->ops[1], f->server, 16, ERROR_BROKEN_PIPE, 0);
}

NP_CASE("connect/client-went-after", np_server_connect, ANY_MODE, NP_OK,
        "A client connected while the connect waited, and closed before the "
        "loop ran. The connect succeeds.",
        "ConnectNamedPipe#remarks") {
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  loop_quiet(f);
  raw_close(f, raw_client(f, GENERIC_READ | GENERIC_WRITE));
  assert_next(&f->ops[0], NP_OK, 0);
  assert_reads(&f->ops[1], f->server, 16, ERROR_BROKEN_PIPE, 0);
}

NP_CASE("connect/reported-before", np_server_connect, ANY_MODE,
        ERROR_PIPE_CONNECTED,
        "A client is reported once: for the same client a second connect ends "
        "with ERROR_PIPE_CONNECTED.",
        "ConnectNamedPipe#remarks") {
  pair_open(f);
  assert_connects(&f->ops[0], f->server, ERROR_PIPE_CONNECTED, 0);
  assert_passes(f, f->client, f->server, "abc", 3);
}

NP_CASE("connect/reported-and-gone", np_server_connect, ANY_MODE, ERROR_NO_DATA,
        "If a client was reported and has closed, and was not disconnected, a "
        "second connect ends with ERROR_NO_DATA.",
        "ConnectNamedPipe#remarks") {
  pair_open(f);
  pipe_close_wait(f, f->client);
  assert_connects(&f->ops[0], f->server, ERROR_NO_DATA, 0);
}

NP_CASE("connect/again-and-again", np_server_connect, ANY_MODE, NP_OK,
        "One instance serves one client after the other, each with a connect "
        "and a disconnect.",
        "DisconnectNamedPipe#remarks") {
  server_listen(f);
  for (unsigned i = 0; i < 20; i++) {
    /* The client comes before the connect in every second round, and after it
     * in the others. */
    if (i % 2 == 0 && i > 0) {
      connect_begin(&f->ops[0], f->server);
      loop_turn(f, 0);
      client_open_end(f);
    } else if (i == 0) {
      client_open_end(f);
      connect_begin(&f->ops[0], f->server);
    } else {
      connect_begin(&f->ops[0], f->server);
      client_open_end(f);
    }
    assert_next(&f->ops[0], NP_OK, 0);
    assert_passes(f, f->client, f->server, &i, sizeof(i));
    pipe_send(f, f->server, "unread", 6);
    assert_np_ok(np_server_disconnect(f->server));
    pipe_close_wait(f, f->client);
  }
}

NP_CASE("connect/client-first-after-disconnect", np_server_connect, ANY_MODE,
        NP_OK,
        "A second client connects while no connect waits. It is reported, also "
        "if the first client was reported before.",
        "ConnectNamedPipe#remarks") {
  pair_open(f);
  pipe_close_wait(f, f->client);
  server_listen_again(f, &f->ops[0]);
  /* The cancelled instance still listens. */
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  loop_until(f, 1);
  client_open_end(f);
  assert_connects(&f->ops[1], f->server, NP_OK, 0);
}

static void then_connect_again(np_fixture *f, struct recorder *recorder) {
  assert_np_ok(recorder->result);
  if (recorder->done_count < 3) {
    server_listen_again(f, recorder);
  }
}

NP_CASE("connect/again-in-callback", np_server_connect, ANY_MODE, NP_OK,
        "The callback of a connect may disconnect the client and start the "
        "same operation again.",
        "npipe/op.h") {
  server_listen(f);
  f->ops[0].then = then_connect_again;
  connect_begin(&f->ops[0], f->server);
  for (unsigned i = 1; i <= 3; i++) {
    f->raw = raw_client(f, GENERIC_READ | GENERIC_WRITE);
    loop_until(f, i);
  }
  assert_done(&f->ops[0], NP_OK, 0);
}

NP_CASE("connect/read-in-callback", np_server_connect, ANY_MODE, NP_OK,
        "The callback of a connect may start reading and writing.",
        "npipe/server.h") {
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  client_open_end(f);
  loop_until(f, 1);
  read_begin(&f->ops[1], f->server, 16);
  write_begin(&f->ops[2], f->server, "hello", 5);
  write_begin(&f->ops[3], f->client, "hi", 2);
  assert_ends(&f->ops[1], NP_OK, 2);
}

/* --- Refusals ----------------------------------------------------------- */

NP_CASE("connect/null", np_server_connect, NO_MODE, ERROR_INVALID_PARAMETER,
        "A connect without a server, an operation or a callback is refused.",
        "npipe/server.h") {
  server_listen(f);
  assert_invalid(np_server_connect(NULL, &f->op, on_never));
  assert_invalid(np_server_connect(f->server, NULL, on_never));
  assert_invalid(np_server_connect(f->server, &f->op, NULL));
  assert_false(np_loop_is_pending(f->loop));
}

NP_CASE("connect/client-end", np_server_connect, ANY_MODE,
        ERROR_INVALID_PARAMETER, "A client end cannot wait for a client.",
        "ConnectNamedPipe#parameters") {
  pair_open(f);
  assert_invalid(np_server_connect(f->client, &f->op, on_never));
  assert_false(np_loop_is_pending(f->loop));
}

NP_CASE("connect/closing", np_server_connect, NO_MODE, ERROR_INVALID_HANDLE,
        "A server that is being closed refuses a connect.", "npipe/server.h") {
  np_pipe *server;

  server_listen(f);
  server = f->server;
  pipe_close(f, server);
  assert_np_error(np_server_connect(server, &f->op, on_never),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("connect/connect-in-flight", np_server_connect, NO_MODE, ERROR_BUSY,
        "A server waits once at a time; the first wait goes on.",
        "npipe/server.h") {
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  assert_np_error(np_server_connect(f->server, &f->op, on_never), ERROR_BUSY);
  client_open_end(f);
  assert_next(&f->ops[0], NP_OK, 0);
}

NP_CASE("connect/op-in-flight", np_server_connect, NO_MODE, ERROR_BUSY,
        "An operation in flight elsewhere cannot be used, and is not hurt.",
        "npipe/op.h") {
  np_pipe *second = NULL;

  pair_open(f);
  read_begin(&f->ops[0], f->server, 16);
  second = server_add(f);
  assert_np_error(np_server_connect(second, &f->ops[0].op, on_never),
                  ERROR_BUSY);
  pipe_send(f, f->client, "abc", 3);
  assert_next(&f->ops[0], NP_OK, 3);
}

/* --- Ends without a client ---------------------------------------------- */

NP_CASE("connect/cancelled", np_server_connect, ANY_MODE,
        ERROR_OPERATION_ABORTED,
        "After a cancel the instance still listens, and connect may be called "
        "again, many times.",
        "CancelIoEx") {
  server_listen(f);
  for (unsigned i = 0; i < 10; i++) {
    connect_begin(&f->ops[0], f->server);
    assert_aborts(&f->ops[0]);
  }
  connect_begin(&f->ops[0], f->server);
  client_open_end(f);
  assert_next(&f->ops[0], NP_OK, 0);
}

NP_CASE("connect/timed-out", np_server_connect, ANY_MODE, WAIT_TIMEOUT,
        "A connect has timed out, and a client connects while nobody waits. "
        "The next connect reports this client.",
        "npipe/server.h") {
  server_listen(f);
  f->ops[0].op.timeout_ms = 10;
  assert_connects(&f->ops[0], f->server, WAIT_TIMEOUT, 0);
  client_open_end(f);
  pipe_send(f, f->client, "abc", 3);
  assert_connects(&f->ops[0], f->server, NP_OK, 0);
  assert_received(f, f->server, "abc", 3);
}

NP_CASE("connect/disconnected-meanwhile", np_server_connect, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A connect that waits ends with ERROR_PIPE_NOT_CONNECTED when the "
        "server is disconnected; a new one begins at once.",
        "DisconnectNamedPipe#remarks") {
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  loop_quiet(f);
  server_listen_again(f, &f->ops[1]);
  assert_next(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
  client_open_end(f);
  assert_next(&f->ops[1], NP_OK, 0);
}
