/* Names and instances: which errors a client may see while servers come and go,
 * and when a name vanishes. */
#include "library/rounds.h"

enum { VISITS = 100 };

/* --- A client on a thread and loop of its own --------------------------- */

struct visitor {
  const char *name;
  unsigned visits;    /* that succeeded                    */
  bool may_be_absent; /* ERROR_FILE_NOT_FOUND is expected  */
};

static bool visit_failed(const struct visitor *visitor, np_error error) {
  return error != NP_OK && error != ERROR_PIPE_BUSY &&
         !(visitor->may_be_absent && error == ERROR_FILE_NOT_FOUND);
}

/* visit opens and closes clients until `visits` opens have succeeded. */
static DWORD WINAPI visit(void *argument) {
  struct visitor *visitor = argument;
  np_loop *loop = NULL;
  np_error error = np_loop_create(NULL, &loop);

  while (error == NP_OK && visitor->visits < VISITS) {
    np_pipe *client = NULL;

    error = np_client_open(loop, visitor->name, NULL, &client);
    if (visit_failed(visitor, error)) {
      break;
    }
    if (error == NP_OK) {
      visitor->visits++;
      error = np_pipe_close(client, NULL);
      if (error == NP_OK) {
        error = np_loop_run(loop);
      }
    } else {
      SwitchToThread();
      error = NP_OK;
    }
  }
  if (error == NP_OK) {
    error = np_loop_destroy(loop);
  }
  return error;
}

/* is_over returns true when the visitor's thread has ended. */
static bool is_over(HANDLE worker) {
  return WaitForSingleObject(worker, 0) == WAIT_OBJECT_0;
}

NP_CASE("museum-name/never-absent", np_server_create, NO_MODE, ERROR_PIPE_BUSY,
        "An accept loop creates the next instance before it passes on the "
        "accepted one. So the name always exists, and the worst error of a "
        "client is ERROR_PIPE_BUSY.",
        "CreateNamedPipe#remarks; museum A20 A26 L02 N06") {
  struct visitor visitor = {f->name, 0, false};
  struct recorder *connect = &f->ops[0];
  HANDLE worker;

  museum_listen(f);
  connect_begin(connect, f->server);
  worker = museum_worker(visit, &visitor);
  while (!is_over(worker)) {
    np_pipe *accepted = f->server;

    loop_turn(f, 10);
    if (connect->done_count == connect->start_count) {
      assert_done(connect, NP_OK, 0);
      server_listen(f);
      connect_begin(connect, f->server);
      pipe_close(f, accepted);
    }
  }
  assert_np_ok(museum_join(f, worker));
  assert_int_equal(visitor.visits, VISITS);
}

NP_CASE("museum-name/reused-instance", np_server_disconnect, NO_MODE,
        ERROR_PIPE_BUSY,
        "A single instance disconnects and connects again for each client of "
        "another thread. No callback is lost, and the name always exists.",
        "DisconnectNamedPipe#remarks; museum L02 A15 A20") {
  struct visitor visitor = {f->name, 0, false};
  struct recorder *connect = &f->ops[0];
  HANDLE worker;

  museum_listen(f);
  connect_begin(connect, f->server);
  worker = museum_worker(visit, &visitor);
  while (!is_over(worker)) {
    loop_turn(f, 10);
    if (connect->done_count == connect->start_count) {
      assert_done(connect, NP_OK, 0);
      server_listen_again(f, connect);
    }
  }
  assert_np_ok(museum_join(f, worker));
  assert_int_equal(visitor.visits, VISITS);
}

NP_CASE("museum-name/closed-while-connecting", np_pipe_close, NO_MODE,
        ERROR_OPERATION_ABORTED,
        "A server is closed while a client of another thread connects. Its "
        "connect is reported once, and the client finds the next server.",
        "ConnectNamedPipe#remarks; museum H06 A02 N03") {
  struct visitor visitor = {f->name, 0, true};
  struct recorder *connect = &f->ops[0];
  HANDLE worker;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  worker = museum_worker(visit, &visitor);
  for (unsigned round = 0; !is_over(worker); round++) {
    round_name("round %u", round);
    server_listen(f);
    connect_begin(connect, f->server);
    if (round % 2 == 0) {
      loop_settle(f);
    } else {
      SwitchToThread();
    }
    pipe_close_wait(f, f->server);
    museum_done_either(connect, NP_OK, ERROR_OPERATION_ABORTED);
  }
  assert_np_ok(museum_join(f, worker));
}

/* --- Instances ---------------------------------------------------------- */

NP_CASE("museum-name/instance-limit", np_server_create, NO_MODE,
        ERROR_PIPE_BUSY,
        "The instance past the limit is refused with ERROR_PIPE_BUSY, which "
        "leaves the others serving; a closed one makes room.",
        "CreateNamedPipe#parameters; museum P06 A24") {
  np_pipe *second = NULL;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  f->server_options.instances_max = 2;
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  second = server_add(f);
  assert_server_refused(f, ERROR_PIPE_BUSY);
  pipe_close_wait(f, second);
  server_add(f);

  client_open_end(f);
  assert_ends(&f->ops[0], NP_OK, 0);
  museum_echo(f, f->server, f->client);
}

NP_CASE("museum-name/many-instances", np_server_create, NO_MODE, NP_OK,
        "Without a limit there may be more than 255 instances, and each of "
        "them has its own client.",
        "CreateNamedPipe#parameters; museum P06") {
  enum { INSTANCES = 290, SERVED = 5 };
  np_pipe *first[SERVED] = {NULL};

  server_quotas(f, 64, 64);
  for (unsigned i = 0; i < INSTANCES; i++) {
    np_pipe *server;

    round_name("instance %u", i);
    server = server_add(f);
    if (i < SERVED) {
      first[i] = server;
    }
  }
  for (unsigned i = 0; i < SERVED; i++) {
    np_pipe *client = client_add(f);

    museum_accept(f, first[i]);
    museum_echo(f, first[i], client);
  }
}

NP_CASE("museum-name/busy-then-free", np_client_open, NO_MODE, ERROR_PIPE_BUSY,
        "A client that finds all instances taken gets ERROR_PIPE_BUSY. This "
        "error is retryable. The client succeeds when an instance listens "
        "again.",
        "CreateFile#pipes; museum A26 N06") {
  np_pipe *second = NULL;

  pair_open_quota(f, MUSEUM_QUOTA);
  for_rounds (round, 50) {
    np_error error =
        np_client_open(f->loop, f->name, &f->client_options, &second);

    assert_np_error(error, ERROR_PIPE_BUSY);
    assert_true(np_is_retryable(error));
    assert_null(second);
    server_listen_again(f, &f->ops[0]);
    pipe_close_wait(f, f->client);
    client_open_end(f);
    assert_ends(&f->ops[0], NP_OK, 0);
  }
}

NP_CASE("museum-name/recreate", np_server_create, ANY_MODE, NP_OK,
        "The server is closed while its client stays. A new first instance is "
        "created, or refused with ERROR_ACCESS_DENIED. It is created at the "
        "latest when the client is closed.",
        "CreateNamedPipe#parameters; museum A21 A23") {
  np_error error;
  np_pipe *again = NULL;

  pair_open_quota(f, MUSEUM_QUOTA);
  pipe_close_wait(f, f->server);
  f->server_options.first_instance = true;
  error = np_server_create(f->loop, f->name, &f->server_options, &again);
  if (error == NP_OK) {
    pipe_close_wait(f, again);
  } else {
    assert_np_error(error, ERROR_ACCESS_DENIED);
  }
  pipe_close_wait(f, f->client);
  server_listen(f);
  client_open_end(f);
  museum_accept(f, f->server);
  museum_echo(f, f->server, f->client);
}

NP_CASE("museum-name/free-when-closed", np_pipe_close, NO_MODE,
        ERROR_FILE_NOT_FOUND,
        "A name is free as soon as its only end is closed, a thousand times.",
        "Named Pipe Operations; museum K02 K03") {
  np_pipe *client = NULL;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  f->server_options.instances_max = 1;
  for_rounds (round, MUSEUM_TURNS) {
    server_listen(f);
    if (round % 4 == 0) {
      connect_begin(&f->ops[0], f->server);
    }
    pipe_close(f, f->server);
    assert_np_error(np_client_open(f->loop, f->name, NULL, &client),
                    ERROR_FILE_NOT_FOUND);
    loop_until_count(f, &f->closed_count, f->closing_count);
  }
  assert_int_equal(f->ops[0].done_count, f->ops[0].start_count);
}
