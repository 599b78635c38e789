/* Clients that wait for an instance: crowds, servers that come and go, and
 * requests that are given up at the worst moment. */
#include "client_common.h"
#include "library/rounds.h"

/* --- A crowd -------------------------------------------------------------- */

enum { CROWD = REQUESTERS_MAX };

/* serve_later serves a client for one millisecond, then the next client. */
static void serve_later(np_fixture *f, struct recorder *connect) {
  assert_np_ok(connect->result);
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 1, on_timer));
}

static void serve_next(np_fixture *f, struct timer_recorder *timer) {
  (void)timer;
  server_listen_again(f, &f->ops[0]);
}

static void leave(np_fixture *f, struct requester *requester) {
  if (requester->client != NULL) {
    pipe_close(f, requester->client);
    requester->client = NULL;
  }
}

static void crowd_serve(np_fixture *f) {
  f->server_options.instances_max = 1;
  server_listen(f);
  f->ops[0].then = serve_later;
  f->timers[0].then = serve_next;
  connect_begin(&f->ops[0], f->server);
}

NP_CASE("museum-connect/crowd", np_client_connect, NO_MODE, NP_OK,
        "Two hundred clients of one instance that serves one client each "
        "millisecond all connect, in the order of their requests.",
        "MS-FSCC#FSCTL_PIPE_WAIT; museum A26 N06 N03") {
  uint64_t deadline_ms = world_now_ms() + world_timeout_ms(30000);
  unsigned order = 0;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  crowd_serve(f);
  for (unsigned i = 0; i < CROWD; i++) {
    f->requests[i].then = leave;
    request_begin(f, &f->requests[i], 0);
  }
  for (unsigned i = 0; i < CROWD; i++) {
    round_name("client %u", i);
    while (f->requests[i].done_count == 0) {
      if (world_now_ms() > deadline_ms) {
        fail_at(__FILE__, __LINE__, "it waits for ever");
      }
      loop_turn(f, 100);
    }
    assert_request(&f->requests[i], NP_OK);
    assert_true(f->requests[i].order > order);
    order = f->requests[i].order;
  }
  f->ops[0].then = NULL;
  f->timers[0].then = NULL;
  np_timer_stop(&f->timers[0].timer);
}

NP_CASE("museum-connect/crowd-shares", np_client_connect, NO_MODE, NP_OK,
        "Two hundred requests that wait for one name take one handle and one "
        "wait.",
        "npipe/client.h; museum N12 N04") {
  uint64_t mark[3] = {0, 0, 0};
  uint64_t count = 0;
  unsigned aborted = 0;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  pair_open(f);
  calls_since("NtOpenFile", &mark[0], &count);
  calls_since("NtFsControlFile", &mark[1], &count);
  for (unsigned i = 0; i < CROWD; i++) {
    request_begin(f, &f->requests[i], 0);
  }
  loop_settle(f);
  if (calls_since("NtOpenFile", &mark[0], &count)) {
    assert_int_equal(count, 1);
    calls_since("NtFsControlFile", &mark[1], &count);
    assert_int_equal(count, 1);
    calls_since("WaitNamedPipeW", &mark[2], &count);
    assert_int_equal(count, 0);
  }
  for (unsigned i = 0; i < CROWD; i++) {
    request_cancel(&f->requests[i]);
  }
  assert_np_ok(loop_run(f));
  for (unsigned i = 0; i < CROWD; i++) {
    aborted += f->requests[i].result == ERROR_OPERATION_ABORTED;
  }
  assert_int_equal(aborted, CROWD);
}

NP_CASE("museum-connect/idle", np_client_connect, NO_MODE, WAIT_TIMEOUT,
        "A request that waits for an instance costs nothing meanwhile: no "
        "callback, and no system call but the loop's one wait.",
        "npipe/client.h; museum N01 N04") {
  uint64_t marks[4] = {0, 0, 0, 0};
  static const char *const calls[] = {"CreateFileW", "NtFsControlFile",
                                      "WaitNamedPipeW", "CancelIoEx"};
  uint64_t mark = 0;
  uint64_t count = 0;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  pair_open(f);
  request_begin(f, &f->requests[0], 0);
  loop_settle(f);
  for (unsigned i = 0; i < 4; i++) {
    calls_since(calls[i], &marks[i], &count);
  }
  calls_since("GetQueuedCompletionStatusEx", &mark, &count);
  assert_np_error(loop_turn(f, 300), WAIT_TIMEOUT);
  for (unsigned i = 0; i < 4; i++) {
    if (calls_since(calls[i], &marks[i], &count)) {
      assert_int_equal(count, 0);
    }
  }
  if (calls_since("GetQueuedCompletionStatusEx", &mark, &count)) {
    assert_in_range(count, 1, 8); /* a coarse clock wakes the loop early */
  }
  request_begin(f, &f->requests[1], 20);
  request_until(f, &f->requests[1]);
  assert_request(&f->requests[1], WAIT_TIMEOUT);
  request_cancel(&f->requests[0]);
}

NP_CASE("museum-connect/no-probe", np_client_connect, ANY_MODE, NP_OK,
        "np_client_connect opens the name once and never looks at it first: "
        "the only instance of a pipe is enough.",
        "CreateFile#pipes; museum A08 N04") {
  uint64_t mark = 0;
  uint64_t count = 0;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  f->server_options.instances_max = 1;
  server_listen(f);
  calls_since("CreateFileW", &mark, &count);
  request_begin(f, &f->requests[0], 0);
  request_until(f, &f->requests[0]);
  assert_request(&f->requests[0], NP_OK);
  if (calls_since("CreateFileW", &mark, &count)) {
    assert_int_equal(count, 1);
  }
  museum_accept(f, f->server);
  museum_echo(f, f->server, f->requests[0].client);
}

/* --- Servers that come and go --------------------------------------------- */

NP_CASE("museum-connect/churn", np_client_connect, NO_MODE, NP_OK,
        "A server closes and is created again at any moment. A client that "
        "waits for a server finds it, and gets no ERROR_PIPE_BUSY.",
        "npipe/client.h; museum N03 N07 A26") {
  uint32_t random = 1;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  f->client_options.wait_for_server = true;
  for_rounds (round, 100) {
    struct requester *client = &f->requests[0];

    if (museum_random(&random) % 2 == 0) {
      /* The instance is taken, so the client waits in the kernel. */
      pair_open(f);
    }
    request_begin(f, client, 0);
    if (museum_random(&random) % 2 == 0) {
      loop_settle(f);
    }
    if (f->server != NULL) {
      pipe_close(f, f->client);
      pipe_close(f, f->server);
      if (museum_random(&random) % 2 == 0) {
        loop_settle(f);
      }
    }
    server_listen(f);
    assert_request_ends(f, client, NP_OK);
    museum_accept(f, f->server);
    museum_echo(f, f->server, client->client);
    pipe_close(f, client->client);
    pipe_close(f, f->server);
    loop_until_count(f, &f->closed_count, f->closing_count);
  }
}

/* --- Given up ------------------------------------------------------------- */

NP_CASE("museum-connect/cancel-race", np_client_connect_cancel, ANY_MODE, NP_OK,
        "A request is cancelled while an instance becomes free. It ends as "
        "cancelled or as connected. A client that was opened in vain is closed "
        "again, and the server sees this.",
        "npipe/client.h; museum H20 H21") {
  uint32_t random = 7;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  pair_open(f);
  for (unsigned round = 0; round < MUSEUM_ROUNDS; round++) {
    struct requester *client = &f->requests[0];
    struct recorder *connect = &f->ops[0];
    uint32_t way = museum_random(&random) % 4;

    round_name("round %u, way %u", round, way);
    client->then = leave;
    request_begin(f, client, 0);
    if (way % 2 == 0) {
      loop_settle(f);
    }
    server_listen_again(f, connect);
    if (way >= 2) {
      loop_turn(f, 0);
    }
    np_client_connect_cancel(&client->request);
    request_until(f, client);
    assert_int_equal(client->done_count, client->start_count);
    if (client->result != NP_OK) {
      assert_np_error(client->result, ERROR_OPERATION_ABORTED);
      /* The instance is free for another client. */
      pipe_close_wait(f, f->client);
      client_open_end(f);
      assert_ends(connect, NP_OK, 0);
      museum_echo(f, f->server, f->client);
      continue;
    }
    assert_ends(connect, NP_OK, 0);
    museum_read_begin(&f->ops[1], f->server, f->ops[1].buffer, 16);
    assert_ends(&f->ops[1], ERROR_BROKEN_PIPE, 0);
  }
}

/* --- All at once ---------------------------------------------------------- */

enum { MIXED = 24, MIXED_SERVERS = 3, MIXED_STEPS = 600 };

/* A request of the mix, with the settings that decide how it may end. */
struct mixed {
  struct requester *requester;
  uint32_t timeout_ms;
  bool cancelled;
  bool waits_for_server;
  bool saw_no_server;
};

static bool is_waiting(const struct requester *requester) {
  return requester->done_count < requester->start_count;
}

static void mixed_check(const struct mixed *mixed) {
  switch (mixed->requester->result) {
    case NP_OK:
      return;
    case WAIT_TIMEOUT:
      assert_true(mixed->timeout_ms > 0);
      return;
    case ERROR_OPERATION_ABORTED:
      assert_true(mixed->cancelled);
      return;
    default:
      assert_np_error(mixed->requester->result, ERROR_FILE_NOT_FOUND);
      assert_true(mixed->saw_no_server && !mixed->waits_for_server);
  }
}

static void mixed_begin(np_fixture *f, struct mixed *mixed, uint32_t drawn,
                        bool is_served) {
  mixed->timeout_ms = drawn % 3 == 0 ? 0 : 1 + drawn % 20;
  mixed->waits_for_server = drawn / 3 % 2 == 0;
  mixed->saw_no_server = !is_served;
  mixed->cancelled = false;
  mixed->requester->then = drawn / 6 % 2 == 0 ? leave : NULL;
  f->client_options.wait_for_server = mixed->waits_for_server;
  request_begin(f, mixed->requester, mixed->timeout_ms);
}

NP_CASE("museum-connect/mixed", np_client_connect, NO_MODE, NP_OK,
        "Requests, cancels, time limits and servers come and go in any order. "
        "Each request ends once, with a result that was possible at that time.",
        "npipe/client.h; museum H20 H21 N03") {
  static struct mixed all[MIXED];
  np_pipe *servers[MIXED_SERVERS] = {NULL};
  unsigned served = 0;
  unsigned succeeded = 0;
  uint32_t random = 3;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  memset(all, 0, sizeof(all));
  for (unsigned step = 0; step < MIXED_STEPS; step++) {
    struct mixed *mixed = &all[museum_random(&random) % MIXED];
    np_pipe **server = &servers[museum_random(&random) % MIXED_SERVERS];
    uint32_t drawn = museum_random(&random) >> 8;

    round_name("step %u", step);
    mixed->requester = &f->requests[mixed - all];
    switch (drawn % 8) {
      case 0:
      case 1:
      case 2:
        if (!is_waiting(mixed->requester)) {
          if (mixed->requester->client != NULL) {
            leave(f, mixed->requester);
          }
          mixed_begin(f, mixed, drawn / 8, served > 0);
        }
        break;
      case 3:
        if (is_waiting(mixed->requester)) {
          mixed->cancelled = true;
          np_client_connect_cancel(&mixed->requester->request);
        }
        break;
      case 4:
        if (*server == NULL) {
          assert_np_error(
              np_server_create(f->loop, f->name, &f->server_options, server),
              NP_OK);
          served++;
        } else {
          pipe_close(f, *server);
          *server = NULL;
          served--;
        }
        break;
      case 5:
        loop_turn(f, drawn / 8 % 4);
        break;
      default:
        loop_turn(f, 0);
        break;
    }
    for (unsigned i = 0; i < MIXED; i++) {
      all[i].saw_no_server = all[i].saw_no_server || served == 0;
      if (all[i].requester != NULL && all[i].requester->start_count > 0 &&
          !is_waiting(all[i].requester)) {
        mixed_check(&all[i]);
        succeeded += all[i].requester->result == NP_OK;
      }
    }
  }
  for (unsigned i = 0; i < MIXED; i++) {
    all[i].cancelled = true;
    np_client_connect_cancel(&f->requests[i].request);
  }
  for (unsigned i = 0; i < MIXED_SERVERS; i++) {
    if (servers[i] != NULL) {
      pipe_close(f, servers[i]);
    }
  }
  assert_np_ok(loop_run(f));
  for (unsigned i = 0; i < MIXED; i++) {
    assert_int_equal(f->requests[i].done_count, f->requests[i].start_count);
  }
  assert_true(succeeded > 0);
}
