/* np_client_open. client_options.c has the cases of its options, name.c those
 * of its names. */
#include "library/fixture.h"

NP_CASE("client-open/listening", np_client_open, ANY_MODE, NP_OK,
        "A client opens an instance that listens, and talks both ways.",
        "Named Pipe Client") {
  server_listen(f);
  client_open_end(f);
  assert_passes(f, f->client, f->server, "ping", 4);
  assert_passes(f, f->server, f->client, "pong", 4);
}

NP_CASE("client-open/other-loop", np_client_open, ANY_MODE, NP_OK,
        "The two ends may live on two loops.", "npipe/loop.h") {
  np_loop *other = NULL;
  np_pipe *client = NULL;

  server_listen(f);
  assert_np_ok(np_loop_create(NULL, &other));
  assert_np_ok(np_client_open(other, f->name, &f->client_options, &client));
  assert_ptr_equal(np_pipe_loop(client), other);
  read_pend(f, &f->ops[0], f->server, 16);
  write_begin(&f->ops[1], client, "abc", 3);
  f->in_loop = true;
  assert_np_ok(np_loop_run(other));
  f->in_loop = false;
  assert_done(&f->ops[1], NP_OK, 3);
  assert_next(&f->ops[0], NP_OK, 3);
  assert_np_ok(np_pipe_close(client, NULL));
  assert_np_ok(np_loop_run(other));
  assert_np_ok(np_loop_destroy(other));
}

NP_CASE("client-open/null", np_client_open, NO_MODE, ERROR_INVALID_PARAMETER,
        "Without a loop, a name or a place for the client nothing is opened.",
        "npipe/client.h") {
  np_pipe *client = NULL;

  f->server_options.instances_max = 1;
  server_listen(f);
  assert_invalid(np_client_open(NULL, f->name, NULL, &client));
  assert_invalid(np_client_open(f->loop, NULL, NULL, &client));
  assert_invalid(np_client_open(f->loop, f->name, NULL, NULL));
  assert_null(client);
  client_open_end(f);
}

NP_CASE("client-open/no-such-pipe", np_client_open, ANY_MODE,
        ERROR_FILE_NOT_FOUND,
        "A name that was never created, or whose instances are all closed, is "
        "not found, and the error is not retryable.",
        "CreateFile#pipes") {
  assert_client_refused(f, ERROR_FILE_NOT_FOUND);
  server_listen(f);
  pipe_close_wait(f, f->server);
  assert_client_refused(f, ERROR_FILE_NOT_FOUND);
  assert_false(np_is_retryable(ERROR_FILE_NOT_FOUND));
}

NP_CASE("client-open/busy", np_client_open, ANY_MODE, ERROR_PIPE_BUSY,
        "When each instance has its client the answer comes at once: busy.",
        "CreateFile#pipes") {
  uint64_t begin_ms;

  pair_open(f);
  begin_ms = world_now_ms();
  assert_client_refused(f, ERROR_PIPE_BUSY);
  assert_true(world_now_ms() - begin_ms < LOOP_WAIT_MS);
}

NP_CASE("client-open/busy-disconnected", np_client_open, ANY_MODE,
        ERROR_PIPE_BUSY,
        "An instance that was disconnected takes no client until the server "
        "connects again.",
        "DisconnectNamedPipe#remarks") {
  pair_open(f);
  pipe_close_wait(f, f->client);
  assert_client_refused(f, ERROR_PIPE_BUSY);
  assert_np_ok(np_server_disconnect(f->server));
  assert_client_refused(f, ERROR_PIPE_BUSY);
  connect_begin(&f->ops[0], f->server);
  client_open_end(f);
  assert_next(&f->ops[0], NP_OK, 0);
}

NP_CASE("client-open/after-busy", np_client_open, ANY_MODE, NP_OK,
        "A further instance takes the client that found the pipe busy.",
        "CreateFile#pipes") {
  np_pipe *second = NULL;

  pair_open(f);
  assert_client_refused(f, ERROR_PIPE_BUSY);
  second = server_add(f);
  pipe_own(f, f->client);
  client_open_end(f);
  assert_passes(f, f->client, second, "abc", 3);
}

NP_CASE("client-open/direction", np_client_open, NO_MODE, ERROR_ACCESS_DENIED,
        "A direction that the pipe does not have is denied, and the instance "
        "stays free.",
        "CreateFile#pipes") {
  f->server_options.instances_max = 1;
  f->server_options.outbound = false;
  server_listen(f);
  assert_client_refused(f, ERROR_ACCESS_DENIED);
  f->client_options.read = false;
  client_open_end(f);
}

NP_CASE("client-open/no-memory", np_client_open, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY, "Without memory no instance is used up.",
        "npipe/client.h") {
  f->server_options.instances_max = 1;
  server_listen(f);
  f->allocator.fail_at = f->allocator.total + 1;
  assert_client_refused(f, ERROR_NOT_ENOUGH_MEMORY);
  client_open_end(f);
}

NP_CASE("client-open/many-in-a-row", np_client_open, ANY_MODE, NP_OK,
        "Clients come and go by the hundred, each with a new instance.",
        "CreateNamedPipe#remarks") {
  for (unsigned i = 0; i < 100; i++) {
    pair_open(f);
    assert_passes(f, f->client, f->server, &i, sizeof(i));
    pipe_close(f, f->client);
    pipe_close(f, f->server);
  }
  assert_np_ok(loop_run(f));
}
