/* np_server_disconnect: nothing of the old session is left for the next one. */
#include "library/fixture.h"

enum { SMALL = 100, LARGE = 1000 };

static const char large[LARGE] = "large";

NP_CASE("disconnect/unread-is-lost", np_server_disconnect, ANY_MODE, NP_OK,
        "A disconnect discards the data that the client has not read, and the "
        "data that the server has not read.",
        "DisconnectNamedPipe#remarks") {
  pair_open(f);
  pipe_send(f, f->server, "to client", 9);
  pipe_send(f, f->client, "to server", 9);
  assert_np_ok(np_server_disconnect(f->server));
  read_begin(&f->ops[0], f->client, 16);
  read_begin(&f->ops[1], f->server, 16);
  assert_ends(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
  assert_ends(&f->ops[1], ERROR_PIPE_NOT_CONNECTED, 0);
  assert_false(np_is_eof(f->ops[0].result));
}

NP_CASE("disconnect/in-flight-server", np_server_disconnect, ANY_MODE, NP_OK,
        "The server's operations in flight, given to the kernel or not, end "
        "with ERROR_PIPE_NOT_CONNECTED.",
        "DisconnectNamedPipe#remarks") {
  f->server_options.out_buffer_bytes = SMALL;
  pair_open(f);
  read_pend(f, &f->ops[0], f->server, 16);
  read_begin(&f->ops[1], f->server, 16);
  write_begin(&f->ops[2], f->server, large, LARGE);
  shutdown_begin(&f->ops[3], f->server);
  assert_np_ok(np_server_disconnect(f->server));
  loop_until(f, 4);
  assert_done(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
  assert_done(&f->ops[1], ERROR_PIPE_NOT_CONNECTED, 0);
  assert_int_equal(f->ops[2].result, ERROR_PIPE_NOT_CONNECTED);
  assert_done(&f->ops[3], ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_CASE("disconnect/in-flight-client", np_server_disconnect, ANY_MODE, NP_OK,
        "The client's operations in flight, and all that it starts later, end "
        "with ERROR_PIPE_NOT_CONNECTED.",
        "DisconnectNamedPipe#remarks") {
  f->server_options.in_buffer_bytes = SMALL;
  pair_open(f);
  read_pend(f, &f->ops[0], f->client, 16);
  write_begin(&f->ops[1], f->client, large, LARGE);
  assert_np_ok(np_server_disconnect(f->server));
  loop_until(f, 2);
  assert_done(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
  assert_int_equal(f->ops[1].result, ERROR_PIPE_NOT_CONNECTED);
  read_begin(&f->ops[2], f->client, 16);
  write_begin(&f->ops[3], f->client, "abc", 3);
  assert_ends(&f->ops[2], ERROR_PIPE_NOT_CONNECTED, 0);
  assert_ends(&f->ops[3], ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_CASE(
    "disconnect/finished-keeps-result", np_server_disconnect, ANY_MODE, NP_OK,
    "An operation that had its result before the disconnect keeps this result.",
    "npipe/server.h") {
  pair_open(f);
  write_begin(&f->ops[0], f->server, "abc", 3);
  assert_np_ok(np_server_disconnect(f->server));
  assert_next(&f->ops[0], NP_OK, 3);
}

NP_CASE("disconnect/reuse-clean", np_server_disconnect, ANY_MODE, NP_OK,
        "On the same instance the next client finds nothing of the old "
        "session: no unread data, no read or write of it.",
        "DisconnectNamedPipe#remarks") {
  f->server_options.out_buffer_bytes = SMALL;
  f->server_options.in_buffer_bytes = SMALL;
  pair_open(f);
  pipe_send(f, f->client, "old", 3);
  write_begin(&f->ops[0], f->server, large, LARGE);
  write_begin(&f->ops[1], f->client, large, LARGE);
  server_listen_again(f, &f->ops[2]);
  pipe_own(f, f->client);
  client_open_end(f);
  loop_until(f, 3);
  assert_done(&f->ops[2], NP_OK, 0);
  assert_passes(f, f->client, f->server, "new", 3);
  assert_passes(f, f->server, f->client, "answer", 6);
}

NP_CASE("disconnect/reads-of-old-session", np_server_disconnect, ANY_MODE,
        NP_OK,
        "A read begun before the disconnect and not yet given to the kernel "
        "takes nothing of the next client.",
        "npipe/server.h") {
  pair_open(f);
  read_begin(&f->ops[0], f->server, 16);
  server_listen_again(f, &f->ops[1]);
  pipe_own(f, f->client);
  client_open_end(f);
  pipe_send(f, f->client, "new", 3);
  assert_ends(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
  assert_ends(&f->ops[1], NP_OK, 0);
  assert_received(f, f->server, "new", 3);
}

NP_CASE("disconnect/client-gone", np_server_disconnect, ANY_MODE, NP_OK,
        "A client that has closed is disconnected, too; then the next client "
        "is served.",
        "DisconnectNamedPipe#remarks") {
  pair_open(f);
  pipe_send(f, f->client, "unread", 6);
  pipe_close_wait(f, f->client);
  server_listen_again(f, &f->ops[0]);
  client_open_end(f);
  assert_next(&f->ops[0], NP_OK, 0);
  assert_passes(f, f->client, f->server, "abc", 3);
}

NP_CASE("disconnect/connect-pending", np_server_disconnect, ANY_MODE, NP_OK,
        "A connect in flight on an instance that listens is ended; the "
        "instance then serves the next client.",
        "DisconnectNamedPipe#remarks") {
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  assert_np_ok(np_server_disconnect(f->server));
  assert_next(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
  connect_begin(&f->ops[1], f->server);
  client_open_end(f);
  assert_next(&f->ops[1], NP_OK, 0);
}

NP_CASE("disconnect/ghost", np_server_disconnect, ANY_MODE, NP_OK,
        "A client connected while a connect waited, and was disconnected "
        "before the loop ran. No connect reports it.",
        "DisconnectNamedPipe#remarks") {
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  loop_quiet(f);
  client_open_end(f);
  server_listen_again(f, &f->ops[1]);
  loop_quiet(f);
  assert_int_equal(f->ops[0].done_count, 1);
  assert_done(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
  assert_int_equal(f->ops[1].done_count, 0);
  assert_reads(&f->ops[2], f->client, 16, ERROR_PIPE_NOT_CONNECTED, 0);
  pipe_close_wait(f, f->client);
  client_open_end(f);
  assert_next(&f->ops[1], NP_OK, 0);
}

NP_CASE("disconnect/unreported", np_server_disconnect, ANY_MODE, NP_OK,
        "A connect has found its client, and its callback has not run yet. If "
        "the client is disconnected now, the connect ends with "
        "ERROR_PIPE_NOT_CONNECTED.",
        "npipe/server.h") {
  server_listen(f);
  client_open_end(f);
  connect_begin(&f->ops[0], f->server);
  assert_np_ok(np_server_disconnect(f->server));
  assert_next(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
}

static void then_disconnect(np_fixture *f, struct recorder *recorder) {
  (void)recorder;
  assert_np_ok(np_server_disconnect(f->server));
}

NP_CASE(
    "disconnect/in-callback", np_server_disconnect, ANY_MODE, NP_OK,
    "The callback of a read may disconnect the client: the other reads end.",
    "npipe/server.h") {
  pair_open(f);
  f->ops[0].then = then_disconnect;
  read_begin(&f->ops[0], f->server, 3);
  read_pend(f, &f->ops[1], f->server, 3);
  pipe_send(f, f->client, "abc", 3);
  assert_ends(&f->ops[0], NP_OK, 3);
  assert_ends(&f->ops[1], ERROR_PIPE_NOT_CONNECTED, 0);
}

/* --- Refusals ----------------------------------------------------------- */

NP_CASE("disconnect/null", np_server_disconnect, NO_MODE,
        ERROR_INVALID_PARAMETER, "There is no server to disconnect.",
        "npipe/server.h") {
  assert_invalid(np_server_disconnect(NULL));
}

NP_CASE("disconnect/client-end", np_server_disconnect, ANY_MODE,
        ERROR_INVALID_PARAMETER,
        "A client cannot disconnect; the session goes on.",
        "DisconnectNamedPipe#parameters") {
  pair_open(f);
  assert_invalid(np_server_disconnect(f->client));
  assert_passes(f, f->server, f->client, "abc", 3);
}

NP_CASE("disconnect/closing", np_server_disconnect, ANY_MODE,
        ERROR_INVALID_HANDLE,
        "A server that is being closed is not disconnected: what it had "
        "written stays readable.",
        "npipe/server.h") {
  np_pipe *server;

  pair_open(f);
  pipe_send(f, f->server, "abc", 3);
  server = f->server;
  pipe_close(f, server);
  assert_np_error(np_server_disconnect(server), ERROR_INVALID_HANDLE);
  assert_received(f, f->client, "abc", 3);
}

NP_CASE("disconnect/twice", np_server_disconnect, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A second disconnect is refused and changes nothing.",
        "DisconnectNamedPipe#return-value") {
  pair_open(f);
  assert_np_ok(np_server_disconnect(f->server));
  assert_np_error(np_server_disconnect(f->server), ERROR_PIPE_NOT_CONNECTED);
  connect_begin(&f->ops[0], f->server);
  pipe_own(f, f->client);
  client_open_end(f);
  assert_next(&f->ops[0], NP_OK, 0);
}
