/* Clients that stall or leave in a crowd, and how long a server waits for a
 * client. A client's behaviour must never disturb other clients. */
#include "library/rounds.h"

enum { CLIENTS = 10 };

/* --- Clients that behave badly ------------------------------------------ */

NP_CASE("museum-client/stalled-client", np_server_connect, ANY_MODE, NP_OK,
        "A client that neither reads nor goes blocks the writes to itself and "
        "nobody else.",
        "Named Pipe Operations; museum A14 F05 H14") {
  static uint8_t data[MUSEUM_QUOTA];
  struct recorder *blocked = &f->ops[0];
  np_pipe *stalled_server;
  np_pipe *stalled;

  museum_listen(f);
  stalled = client_add(f);
  museum_accept(f, f->server);
  stalled_server = pipe_own(f, f->server);
  pipe_send(f, stalled, "half a requ", 11);
  pipe_send(f, stalled_server, data, sizeof(data));
  write_begin(blocked, stalled_server, data, sizeof(data));

  server_listen(f);
  for (unsigned i = 0; i < CLIENTS; i++) {
    connect_begin(&f->ops[1], f->server);
    client_open_end(f);
    op_wait(&f->ops[1]);
    museum_echo(f, f->server, f->client);
    pipe_close_wait(f, f->client);
    assert_np_ok(np_server_disconnect(f->server));
  }
  assert_int_equal(blocked->done_count, 0);
  assert_np_ok(np_op_cancel(&blocked->op));
  assert_ends(blocked, ERROR_OPERATION_ABORTED, 0);
}

NP_CASE("museum-client/leaving-crowd", np_pipe_write, ANY_MODE, NP_OK,
        "Clients that leave at any moment of a broadcast fail their own write "
        "and no other.",
        "WriteFile#pipes; museum S15 A14") {
  np_pipe *servers[CLIENTS] = {NULL};
  np_pipe *clients[CLIENTS] = {NULL};
  uint32_t random = 1;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for_rounds (round, 20) {
    for (unsigned i = 0; i < CLIENTS; i++) {
      server_listen(f);
      servers[i] = f->server;
      clients[i] = museum_open(f);
      museum_accept(f, f->server);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
      bool leaves = museum_random(&random) % 2 == 0;

      if (leaves) {
        pipe_close(f, clients[i]);
        clients[i] = NULL;
      }
      if (museum_random(&random) % 2 == 0) {
        loop_settle(f);
      }
      write_begin(&f->ops[i], servers[i], "news", 4);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
      op_wait(&f->ops[i]);
      if (clients[i] == NULL) {
        assert_done(&f->ops[i], ERROR_NO_DATA, 0);
      } else {
        assert_done(&f->ops[i], NP_OK, 4);
        assert_received(f, clients[i], "news", 4);
      }
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
      pipe_close(f, servers[i]);
      pipe_close(f, clients[i]);
    }
    loop_until_count(f, &f->closed_count, f->closing_count);
  }
}

/* --- Waiting ------------------------------------------------------------ */

NP_CASE("museum-client/default-timeout", np_server_connect, NO_MODE,
        WAIT_TIMEOUT,
        "The pipe's default timeout is for WaitNamedPipe and never ends a "
        "connect; the operation's own time limit does.",
        "CreateNamedPipe#parameters; museum H12") {
  struct recorder *connect = &f->ops[0];

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  f->server_options.default_timeout_ms = 1;
  server_listen(f);
  connect_begin(connect, f->server);
  loop_quiet(f);
  assert_int_equal(connect->done_count, 0);
  assert_np_ok(np_op_cancel(&connect->op));
  assert_ends(connect, ERROR_OPERATION_ABORTED, 0);

  connect->op.timeout_ms = 20;
  connect_begin(connect, f->server);
  assert_ends(connect, WAIT_TIMEOUT, 0);
}

NP_CASE("museum-client/timeout-scope", np_server_connect, ANY_MODE, NP_OK,
        "The time limit of a connect ends with it: a client that is silent for "
        "longer is still read from.",
        "ConnectNamedPipe#remarks; museum H15") {
  struct recorder *connect = &f->ops[0];
  struct recorder *read = &f->ops[1];

  museum_listen(f);
  connect->op.timeout_ms = 20;
  connect_begin(connect, f->server);
  client_open_end(f);
  assert_ends(connect, NP_OK, 0);
  read_begin(read, f->server, 16);
  loop_quiet(f);
  loop_quiet(f);
  assert_int_equal(read->done_count, 0);
  pipe_send(f, f->client, "late", 4);
  assert_ends(read, NP_OK, 4);
}

NP_CASE("museum-client/one-way", np_server_connect, ANY_MODE, NP_OK,
        "A connect of a one-way pipe ends when a client of its direction opens "
        "the pipe. A client of the other direction is refused.",
        "CreateNamedPipe#parameters; museum S06 S07 S09") {
  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for (unsigned inbound = 0; inbound < 2; inbound++) {
    np_pipe *wrong = NULL;
    struct recorder *connect = &f->ops[0];

    round_name("%s", inbound != 0 ? "inbound" : "outbound");
    f->server_options.inbound = inbound != 0;
    f->server_options.outbound = inbound == 0;
    f->client_options.read = inbound == 0;
    f->client_options.write = inbound != 0;
    server_listen(f);
    connect_begin(connect, f->server);
    loop_settle(f);
    f->client_options.read = f->client_options.write = true;
    assert_np_error(
        np_client_open(f->loop, f->name, &f->client_options, &wrong),
        ERROR_ACCESS_DENIED);
    f->client_options.read = inbound == 0;
    f->client_options.write = inbound != 0;
    client_open_end(f);
    assert_ends(connect, NP_OK, 0);
    if (inbound != 0) {
      assert_passes(f, f->client, f->server, "data", 4);
    } else {
      assert_passes(f, f->server, f->client, "data", 4);
    }
    assert_np_ok(np_server_disconnect(f->server));
    pair_close(f);
  }
}

NP_CASE("museum-client/unconnected", np_pipe_read, ANY_MODE,
        ERROR_PIPE_LISTENING,
        "A read or a write before any client came ends at once and harms "
        "nothing: the instance accepts and serves.",
        "ConnectNamedPipe#remarks; museum S13") {
  museum_listen(f);
  for_rounds (round, 100) {
    read_begin(&f->ops[0], f->server, 4);
    write_begin(&f->ops[1], f->server, "data", 4);
    assert_ends(&f->ops[0], ERROR_PIPE_LISTENING, 0);
    assert_ends(&f->ops[1], ERROR_PIPE_LISTENING, 0);
  }
  connect_begin(&f->ops[2], f->server);
  write_begin(&f->ops[1], f->server, "data", 4);
  assert_ends(&f->ops[1], ERROR_PIPE_LISTENING, 0);
  client_open_end(f);
  op_wait(&f->ops[2]);
  museum_echo(f, f->server, f->client);
}
