/* Accepting clients: ghosts, probes, clients that connect early, and a loop of
 * the caller's own. The accept loops of other libraries died, hung or were
 * fooled by these. */
#include "library/rounds.h"

enum { INSTANCES = 10 };

/* drain_ghost reads the data that a ghost left, until the end of the stream. */
static void drain_ghost(np_fixture *f, np_pipe *server) {
  struct recorder *read = &f->ops[RECORDERS_MAX - 1];

  do {
    read_begin(read, server, sizeof(read->buffer));
    op_wait(read);
  } while (read->result == NP_OK || read->result == ERROR_MORE_DATA);
  assert_np_error(read->result, ERROR_BROKEN_PIPE);
}

/* --- Ghosts and probes -------------------------------------------------- */

/* haunt opens a client and closes it again, in one of the ways that were seen
 * in the field. */
static void haunt(np_fixture *f, uint32_t way) {
  /* A diagnostic tool opens with READ_CONTROL; others open with no access at
   * all. */
  static const DWORD accesses[] = {GENERIC_READ | GENERIC_WRITE, READ_CONTROL,
                                   0, GENERIC_READ};
  HANDLE ghost = museum_client_raw(f, accesses[way % 4]);

  assert_true(ghost != INVALID_HANDLE_VALUE);
  if (way % 8 == 0) {
    assert_int_equal(raw_write(ghost, "boo", 3), 0);
  }
  assert_true(CloseHandle(ghost));
}

NP_CASE("museum-accept/ghost-hail", np_server_connect, ANY_MODE, NP_OK,
        "Clients that come and vanish, before or during np_server_connect, "
        "cost one connect each and never the instance.",
        "ConnectNamedPipe#remarks; museum A02 A03 A05 A09 H02") {
  struct recorder *connect = &f->ops[0];
  uint32_t random = 1;

  museum_listen(f);
  for_rounds (round, MUSEUM_ROUNDS) {
    /* in later rounds the instance is disconnected at this point */
    bool early = round == 0;

    if (early) {
      haunt(f, museum_random(&random));
    }
    connect_begin(connect, f->server);
    if (museum_random(&random) % 2 == 0) {
      loop_settle(f);
    }
    if (!early && connect->done_count != connect->start_count) {
      haunt(f, museum_random(&random));
    }
    assert_ends(connect, NP_OK, 0);
    drain_ghost(f, f->server);
    assert_np_ok(np_server_disconnect(f->server));
  }
  connect_begin(connect, f->server);
  client_open_end(f);
  assert_ends(connect, NP_OK, 0);
  museum_echo(f, f->server, f->client);
}

NP_CASE("museum-accept/ghost-again", np_server_connect, NO_MODE, ERROR_NO_DATA,
        "A ghost is a success once; until np_server_disconnect each further "
        "connect says ERROR_NO_DATA, and then the instance serves again.",
        "ConnectNamedPipe#remarks; museum A05 A09 H02") {
  museum_listen(f);
  haunt(f, 0);
  museum_accept(f, f->server);
  for_rounds (round, 100) {
    connect_begin(&f->ops[0], f->server);
    assert_ends(&f->ops[0], ERROR_NO_DATA, 0);
  }
  server_listen_again(f, &f->ops[0]);
  client_open_end(f);
  assert_ends(&f->ops[0], NP_OK, 0);
}

NP_CASE("museum-accept/ghosts-everywhere", np_server_connect, ANY_MODE, NP_OK,
        "Ghosts in all instances before any connect: each is reported once and "
        "each instance serves an honest client afterwards.",
        "ConnectNamedPipe#remarks; museum A17") {
  np_pipe *servers[INSTANCES] = {NULL};
  np_pipe *clients[INSTANCES] = {NULL};

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for (unsigned i = 0; i < INSTANCES; i++) {
    servers[i] = server_add(f);
  }
  for (unsigned i = 0; i < INSTANCES; i++) {
    haunt(f, i);
  }
  for (unsigned i = 0; i < INSTANCES; i++) {
    museum_accept(f, servers[i]);
    drain_ghost(f, servers[i]);
    assert_np_ok(np_server_disconnect(servers[i]));
    connect_begin(&f->ops[i], servers[i]);
  }
  /* Instances accept clients in the order in which they began to listen. */
  for (unsigned i = 0; i < INSTANCES; i++) {
    clients[i] = client_add(f);
    assert_ends(&f->ops[i], NP_OK, 0);
    museum_echo(f, servers[i], clients[i]);
  }
}

NP_CASE("museum-accept/probe-then-serve", np_server_connect, NO_MODE, NP_OK,
        "Five programs only check whether the name exists. The honest client "
        "still gets its turn.",
        "CreateFile#pipes; museum A05 A06") {
  museum_listen(f);
  for (unsigned i = 0; i < 5; i++) {
    haunt(f, 2);
    museum_accept(f, f->server);
    drain_ghost(f, f->server);
    server_listen_again(f, &f->ops[0]);
    if (i < 4) {
      assert_np_ok(np_op_cancel(&f->ops[0].op));
      op_wait(&f->ops[0]);
    }
  }
  client_open_end(f);
  op_wait(&f->ops[0]);
  assert_int_equal(f->ops[0].result, NP_OK);
  museum_echo(f, f->server, f->client);
}

NP_CASE("museum-accept/no-probe", np_client_open, ANY_MODE, NP_OK,
        "np_client_open opens the name once and never looks at it first: the "
        "only instance of a pipe is enough.",
        "CreateFile#pipes; museum A08 N04") {
  uint64_t before = 0;
  uint64_t after = 0;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  f->server_options.instances_max = 1;
  server_listen(f);
  world_call_count("CreateFileW", &before);
  client_open_end(f);
  if (world_call_count("CreateFileW", &after)) {
    assert_int_equal(after - before, 1);
    world_call_count("WaitNamedPipeW", &after);
    assert_int_equal(after, 0);
  }
  museum_accept(f, f->server);
  museum_echo(f, f->server, f->client);
}

/* --- The client is there first ------------------------------------------ */

NP_CASE("museum-accept/client-first", np_server_connect, ANY_MODE, NP_OK,
        "If the client is connected first, a connect succeeds at once: one "
        "callback, no packet to wait for, and both ends can talk.",
        "ConnectNamedPipe#remarks; museum A11 A12 A18 P13") {
  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for_rounds (round, MUSEUM_ROUNDS) {
    struct recorder *connect = &f->ops[0];

    server_listen(f);
    client_open_end(f);
    connect_begin(connect, f->server);
    assert_int_equal(connect->done_count, connect->start_count - 1);
    /* The run ends, because nothing else is pending. */
    assert_np_ok(loop_run(f));
    assert_done(connect, NP_OK, 0);
    assert_false(np_loop_is_pending(f->loop));
    if (round % 16 == 0) {
      museum_echo(f, f->server, f->client);
    }
    pair_close(f);
  }
}

NP_CASE("museum-accept/one-after-another", np_server_connect, ANY_MODE, NP_OK,
        "One instance serves a row of clients with np_server_disconnect "
        "between them, whichever of both ends goes first.",
        "DisconnectNamedPipe#remarks; museum A15 K08 S01") {
  museum_listen(f);
  connect_begin(&f->ops[0], f->server);
  for_rounds (round, 100) {
    client_open_end(f);
    assert_ends(&f->ops[0], NP_OK, 0);
    museum_echo(f, f->server, f->client);
    if (round % 2 == 0) {
      pipe_close_wait(f, f->client);
    }
    server_listen_again(f, &f->ops[0]);
    if (round % 2 == 1) {
      pipe_close_wait(f, f->client);
    }
  }
}

NP_CASE("museum-accept/replace", np_pipe_close, ANY_MODE, NP_OK,
        "An accept loop creates the next instance and closes the accepted one "
        "at once. No event is left behind, whatever the client does.",
        "Named Pipe Operations; museum L04 L05 A18") {
  uint32_t random = 1;

  museum_listen(f);
  for_rounds (round, MUSEUM_ROUNDS) {
    uint32_t way = museum_random(&random);
    np_pipe *accepted = f->server;
    np_pipe *client = museum_open(f);
    struct recorder *read = &f->ops[round % 8];

    museum_accept(f, accepted);
    server_listen(f);
    read_begin(read, accepted, 16);
    if (way % 2 == 0) {
      write_begin(&f->ops[8 + round % 8], client, "late", 4);
    }
    if (way % 4 < 2) {
      pipe_close(f, client);
      client = NULL;
    }
    if (way % 8 < 4) {
      loop_settle(f);
    }
    pipe_close(f, accepted);
    pipe_close(f, client);
    if (round % 8 == 7) { /* Up to eight closes overlap. */
      loop_until_count(f, &f->closed_count, f->closing_count);
    }
  }
  loop_until_count(f, &f->closed_count, f->closing_count);
  for (unsigned i = 0; i < 16; i++) {
    assert_int_equal(f->ops[i].done_count, f->ops[i].start_count);
  }
}

/* --- The caller's own loop ----------------------------------------------- */

/* foreign_until runs the caller's own loop, as the header comment of
 * np_loop_dispatch shows it. */
static void foreign_until(np_fixture *f, const struct recorder *recorder) {
  uint64_t deadline_ms = world_now_ms() + world_timeout_ms(LOOP_WAIT_MS);
  OVERLAPPED_ENTRY entries[8];
  ULONG count;

  f->in_loop = true;
  assert_np_ok(np_loop_dispatch(f->loop, NULL, 0));
  while (recorder->done_count < recorder->start_count) {
    uint32_t wait_ms = np_loop_wait_ms(f->loop);

    count = 0;
    if (!GetQueuedCompletionStatusEx(np_loop_port(f->loop), entries, 8, &count,
                                     wait_ms < 50 ? wait_ms : 50, FALSE)) {
      count = 0;
    }
    assert_np_ok(np_loop_dispatch(f->loop, entries, count));
    if (world_now_ms() > deadline_ms) {
      fail_at(__FILE__, __LINE__, "a callback does not come");
    }
  }
  f->in_loop = false;
}

NP_CASE("museum-accept/foreign-loop", np_loop_dispatch, ANY_MODE, NP_OK,
        "A program that owns the completion port and dequeues itself connects, "
        "talks and closes like any other.",
        "GetQueuedCompletionStatusEx; museum N13") {
  struct recorder *connect = &f->ops[0];
  struct recorder *read = &f->ops[1];
  struct recorder *write = &f->ops[2];

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  loop_remake_foreign(f, 77);
  for_rounds (round, 20) {
    server_listen(f);
    connect_begin(connect, f->server);
    read_begin(read, f->server, 16); /* No client is connected yet. */
    foreign_until(f, read);
    assert_done(read, ERROR_PIPE_LISTENING, 0);
    client_open_end(f);
    foreign_until(f, connect);
    assert_done(connect, NP_OK, 0);
    read_begin(read, f->server, 16);
    write_begin(write, f->client, "data", 4);
    foreign_until(f, write);
    foreign_until(f, read);
    assert_done(read, NP_OK, 4);
    read_begin(read, f->server, 16);
    pipe_close(f, f->client);
    foreign_until(f, read);
    assert_done(read, ERROR_BROKEN_PIPE, 0);
    pipe_close(f, f->server);
  }
}
