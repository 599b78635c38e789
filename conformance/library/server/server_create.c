/* np_server_create. server_options.c has the cases of its options, name.c those
 * of its names. */
#include "library/fixture.h"

NP_CASE("server-create/listens", np_server_create, ANY_MODE, NP_OK,
        "An instance listens from its creation: a client opens it, writes and "
        "is served before anybody calls np_server_connect.",
        "CreateNamedPipe#remarks") {
  server_listen(f);
  client_open_end(f);
  assert_passes(f, f->client, f->server, "early", 5);
  assert_passes(f, f->server, f->client, "late", 4);
}

NP_CASE("server-create/instances", np_server_create, ANY_MODE, NP_OK,
        "Several instances of a name serve a client each.",
        "CreateNamedPipe#remarks") {
  enum { MANY = 5 };
  np_pipe *servers[MANY];
  np_pipe *clients[MANY];
  char text[2] = "0";

  for (unsigned i = 0; i < MANY; i++) {
    servers[i] = server_add(f);
    connect_begin(&f->ops[i], servers[i]);
  }
  for (unsigned i = 0; i < MANY; i++) {
    clients[i] = client_add(f);
    text[0] = (char)('0' + i);
    pipe_send(f, clients[i], text, 1);
  }
  loop_until(f, MANY);
  for (unsigned i = 0; i < MANY; i++) {
    /* Instances accept clients in the order in which they began to listen. */
    text[0] = (char)('0' + i);
    assert_done(&f->ops[i], NP_OK, 0);
    assert_received(f, servers[i], text, 1);
  }
}

NP_CASE("server-create/two-loops", np_server_create, NO_MODE, NP_OK,
        "Instances of one name may live on several loops.", "npipe/loop.h") {
  np_loop *other = NULL;
  np_pipe *server = NULL;

  server_listen(f);
  assert_np_ok(np_loop_create(NULL, &other));
  assert_np_ok(np_server_create(other, f->name, &f->server_options, &server));
  assert_ptr_equal(np_pipe_loop(server), other);
  assert_np_ok(np_pipe_close(server, NULL));
  assert_np_ok(np_loop_run(other));
  assert_np_ok(np_loop_destroy(other));
}

static void then_create(np_fixture *f, struct task_recorder *recorder) {
  (void)recorder;
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  client_open_end(f);
}

NP_CASE("server-create/in-callback", np_server_create, ANY_MODE, NP_OK,
        "A callback may create a server and open a client.", "npipe/server.h") {
  f->tasks[0].then = then_create;
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_next(&f->ops[0], NP_OK, 0);
}

NP_CASE("server-create/null", np_server_create, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "Without a loop, a name or a place for the server nothing is created.",
        "npipe/server.h") {
  np_pipe *server = NULL;

  assert_invalid(np_server_create(NULL, f->name, &f->server_options, &server));
  assert_invalid(np_server_create(f->loop, NULL, &f->server_options, &server));
  assert_invalid(np_server_create(f->loop, f->name, &f->server_options, NULL));
  assert_null(server);
  assert_np_error(np_client_open(f->loop, f->name, NULL, &server),
                  ERROR_FILE_NOT_FOUND);
}

NP_CASE("server-create/other-direction", np_server_create, NO_MODE,
        ERROR_ACCESS_DENIED,
        "A further instance with another direction than the first is refused.",
        "CreateNamedPipe#remarks") {
  server_listen(f);
  f->server_options.outbound = false;
  assert_server_refused(f, ERROR_ACCESS_DENIED);
  f->server_options.outbound = true;
  f->server_options.inbound = false;
  assert_server_refused(f, ERROR_ACCESS_DENIED);
}

NP_CASE("server-create/full", np_server_create, NO_MODE, ERROR_PIPE_BUSY,
        "The name has as many instances as its limit allows, with or without "
        "clients. A further instance is refused.",
        "CreateNamedPipe#return-value") {
  f->server_options.instances_max = 2;
  pair_open(f);
  server_add(f);
  assert_server_refused(f, ERROR_PIPE_BUSY);
  assert_true(np_is_retryable(ERROR_PIPE_BUSY));
}

NP_CASE("server-create/no-memory", np_server_create, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY, "Without memory no instance comes to be.",
        "npipe/server.h") {
  np_pipe *client = NULL;

  f->allocator.fail_at = f->allocator.total + 1;
  assert_server_refused(f, ERROR_NOT_ENOUGH_MEMORY);
  assert_np_error(np_client_open(f->loop, f->name, NULL, &client),
                  ERROR_FILE_NOT_FOUND);
}
