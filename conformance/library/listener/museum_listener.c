/* Accepting clients with np_listener, under the conditions that killed, blocked
 * or fooled the accept loops of other libraries. */
#include "listener_common.h"

/* haunt opens a client and closes it again, in one of the ways that were seen
 * in the field. */
static void haunt(np_fixture *f, uint32_t way) {
  static const DWORD accesses[] = {GENERIC_READ | GENERIC_WRITE, READ_CONTROL,
                                   0, GENERIC_READ};
  HANDLE ghost = museum_client_raw(f, accesses[way % 4]);

  if (ghost == INVALID_HANDLE_VALUE) {
    assert_int_equal(GetLastError(), ERROR_PIPE_BUSY);
    return;
  }
  if (way % 8 == 4) {
    assert_int_equal(raw_write(ghost, "boo", 3), 0);
  }
  assert_true(CloseHandle(ghost));
}

/* on_read_to_the_end recycles the pipe when its client has gone, like an accept
 * loop that reads each client to its end. */
static void on_read_to_the_end(np_fixture *f, struct recorder *read) {
  np_pipe *pipe = read->op.user;

  if (np_is_eof(read->result)) {
    give_back(f, pipe);
  } else {
    read_begin(read, pipe, 16);
  }
}

static void read_to_the_end(np_fixture *f, np_pipe *pipe) {
  for (unsigned i = 0; i < RECORDERS_MAX; i++) {
    struct recorder *read = &f->ops[i];

    if (read->done_count == read->start_count) {
      read->op.user = pipe;
      read->then = on_read_to_the_end;
      read_begin(read, pipe, 16);
      return;
    }
  }
  fail_msg("%s", "too many at once");
}

static void hail(np_fixture *f, np_ghosts ghosts) {
  uint32_t random = 1;

  listening_begin(f, 2);
  listening.options.ghosts = ghosts;
  listening_open(f);
  listening.then = read_to_the_end;
  for_rounds (round, MUSEUM_ROUNDS) {
    haunt(f, museum_random(&random));
    if (museum_random(&random) % 3 == 0) {
      loop_settle(f);
    }
  }
  loop_settle(f);
  loop_quiet(f);
  assert_int_equal(listening.news_count, 0);
  listening.then = NULL;
  f->client = client_add(f);
  museum_echo(f, accepted(f, listening.accepted_count + 1), f->client);
}

NP_CASE("museum-listener/ghost-hail", np_listener_create, ANY_MODE, NP_OK,
        "Many clients come and vanish. Each costs only its own turn, and only "
        "those that left data are passed to the callback. An honest client is "
        "served.",
        "ConnectNamedPipe#remarks; museum A02 A03 A05 A09 H02") {
  hail(f, NP_GHOSTS_WITH_DATA);
  assert_true(listening.accepted_count <= MUSEUM_ROUNDS / 4);
}

NP_CASE("museum-listener/ghost-hail-none", np_listener_create, ANY_MODE, NP_OK,
        "A listener that wants no ghosts hands out none, whatever the ghosts "
        "wrote.",
        "ConnectNamedPipe#remarks; museum A03 A09") {
  hail(f, NP_GHOSTS_NONE);
  assert_int_equal(listening.accepted_count, 1);
}

NP_CASE("museum-listener/ghost-hail-all", np_listener_create, ANY_MODE, NP_OK,
        "If the listener does not look for ghosts, its owner reads the end of "
        "their streams, and an honest client is served.",
        "ConnectNamedPipe#remarks; museum A02 A09") {
  hail(f, NP_GHOSTS_ALL);
  /* most opens may find the pipe busy */
  assert_true(listening.accepted_count > 1);
}

NP_CASE("museum-listener/ghost-first", np_listener_create, ANY_MODE, NP_OK,
        "Ghosts in all instances before the loop's first turn are skipped; "
        "the data of the one that wrote are read.",
        "ConnectNamedPipe#remarks; museum A17 A05") {
  np_pipe *server;

  listening_start(f, 4);
  haunt(f, 1);
  haunt(f, 2);
  haunt(f, 4); /* It wrote. */
  haunt(f, 3);
  assert_np_error(client_error(f), ERROR_PIPE_BUSY);
  server = accepted(f, 1);
  assert_received(f, server, "boo", 3);
  read_begin(&f->ops[0], server, 16);
  assert_ends(&f->ops[0], ERROR_BROKEN_PIPE, 0);
  loop_quiet(f);
  assert_int_equal(listening.accepted_count, 1);
  f->client = client_add(f);
  museum_echo(f, accepted(f, 2), f->client);
}

NP_CASE("museum-listener/ghost-while-waiting", np_listener_create, ANY_MODE,
        NP_OK,
        "A client connects while the connect waits in the kernel, and closes "
        "at once. It is skipped, too.",
        "ConnectNamedPipe#remarks; museum A06 H02") {
  listening_start(f, 1);
  for (unsigned i = 0; i < 20; i++) {
    round_name("round %u", i);
    loop_quiet(f);
    haunt(f, i % 4);
  }
  loop_quiet(f);
  assert_int_equal(listening.accepted_count, 0);
  f->client = client_add(f);
  museum_echo(f, accepted(f, 1), f->client);
}

NP_CASE("museum-listener/ghost-outbound", np_listener_create, ANY_MODE, NP_OK,
        "A ghost of a pipe that only the server writes to has left nothing.",
        "ConnectNamedPipe#remarks; museum A05 S06") {
  listening_begin(f, 1);
  listening_outbound(f);
  listening_open(f);
  for (unsigned i = 0; i < 5; i++) {
    haunt(f, 3);
    loop_quiet(f);
  }
  assert_int_equal(listening.accepted_count, 0);
  f->client = client_add(f);
  pipe_send(f, accepted(f, 1), "down", 4);
  assert_received(f, f->client, "down", 4);
}

NP_CASE("museum-listener/probe", np_listener_create, NO_MODE, NP_OK,
        "Programs only check whether the name exists. An honest client still "
        "gets its turn, even with a single instance.",
        "CreateFile#pipes; museum A06 A08") {
  listening_limited(f, 1, 1);
  for (unsigned i = 0; i < 5; i++) {
    haunt(f, 2);
    loop_quiet(f);
  }
  f->client = client_add(f);
  museum_echo(f, accepted(f, 1), f->client);
  assert_int_equal(listening.accepted_count, 1);
}

/* --- The name is always there -------------------------------------------- */

static void give_back_or_close(np_fixture *f, np_pipe *pipe) {
  if (listening.accepted_count % 3 == 0) {
    give_back(f, pipe);
  } else if (listening.accepted_count % 3 == 1) {
    pipe_close(f, pipe);
  } else {
    read_to_the_end(f, pipe);
  }
}

struct hammer {
  wchar_t name[WORLD_PIPE_NAME_BYTES_MAX];
  volatile LONG stop;
  volatile LONG opened;
};

/* After so many opens in vain the hammer waits, so that a slow kernel gets
 * on. */
enum { BUSY_OPENS_MAX = 64 };

/* hammer_wait waits for an instance for at most 1 ms. */
static DWORD hammer_wait(const struct hammer *hammer) {
  const DWORD error = WaitNamedPipeW(hammer->name, 1) ? 0 : GetLastError();

  return error == ERROR_SEM_TIMEOUT ? NP_OK : error;
}

/* hammer_run opens and closes clients as fast as possible. Each open must
 * succeed or fail with ERROR_PIPE_BUSY. */
static DWORD WINAPI hammer_run(void *argument) {
  struct hammer *hammer = argument;
  unsigned busy = 0;
  DWORD error = NP_OK;

  while (error == NP_OK &&
         InterlockedCompareExchange(&hammer->stop, 0, 0) == 0) {
    HANDLE client =
        CreateFileW(hammer->name, GENERIC_READ | GENERIC_WRITE, 0, NULL,
                    OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);

    if (client != INVALID_HANDLE_VALUE) {
      InterlockedIncrement(&hammer->opened);
      CloseHandle(client);
    } else if (GetLastError() != ERROR_PIPE_BUSY) {
      error = GetLastError();
    } else if (++busy % BUSY_OPENS_MAX == 0) {
      error = hammer_wait(hammer);
    }
  }
  return error;
}

NP_CASE("museum-listener/hammer", np_listener_create, ANY_MODE, NP_OK,
        "A client opens the name again and again. It gets a connection or "
        "ERROR_PIPE_BUSY, never ERROR_FILE_NOT_FOUND, whether pipes are closed "
        "or given back.",
        "CreateNamedPipe#remarks; museum A20 A24") {
  static struct hammer hammer;
  HANDLE worker;

  listening_begin(f, 1);
  listening.options.ghosts = NP_GHOSTS_ALL;
  listening_open(f);
  listening.then = give_back_or_close;
  memset(&hammer, 0, sizeof hammer);
  raw_name(f, hammer.name);
  worker = museum_worker(hammer_run, &hammer);
  accepted(f, 300);
  InterlockedExchange(&hammer.stop, 1);
  assert_int_equal(museum_join(f, worker), NP_OK);
  assert_true(hammer.opened >= 299);
}

NP_CASE("museum-listener/hammer-in-step", np_listener_create, ANY_MODE, NP_OK,
        "The name exists after each turn of the loop. This holds also for a "
        "single instance, if the instance is given back.",
        "CreateNamedPipe#remarks; museum A20") {
  listening_begin(f, 1);
  listening.options.server.instances_max = 1;
  listening.options.ghosts = NP_GHOSTS_ALL;
  listening_open(f);
  listening.then = read_to_the_end;
  for (unsigned i = 0; i < MUSEUM_TURNS; i++) {
    np_error error = client_error(f);

    round_name("turn %u", i);
    if (error != NP_OK) {
      assert_np_error(error, ERROR_PIPE_BUSY);
    }
    loop_turn(f, 0);
  }
}

/* --- Bad company --------------------------------------------------------- */

NP_CASE("museum-listener/misbehaving", np_listener_create, ANY_MODE, NP_OK,
        "Clients that send half a request and stall, or leave, keep nobody "
        "else waiting: ten honest ones are served meanwhile.",
        "npipe/listener.h; museum A14 F05") {
  np_pipe *stalled[3];

  listening_start(f, 2);
  for (unsigned i = 0; i < 3; i++) {
    stalled[i] = client_add(f);
    accepted(f, i + 1);
    read_begin(&f->ops[i], listening.accepted[i], 16);
    pipe_send(f, stalled[i], "ha", 2);
    op_wait(&f->ops[i]);
    read_begin(&f->ops[i], listening.accepted[i], 16); /* For ever. */
  }
  for (unsigned i = 0; i < 10; i++) {
    np_pipe *client = client_add(f);

    museum_echo(f, accepted(f, i + 4), client);
    give_back(f, listening.accepted[i + 3]);
    pipe_close(f, client);
    if (i == 5) {
      pipe_close(f, stalled[1]);
    }
  }
  op_wait(&f->ops[1]);
  assert_int_equal(f->ops[1].result, ERROR_BROKEN_PIPE);
  assert_int_equal(f->ops[0].done_count, 1);
}

enum { AUDIENCE = 50 };

NP_CASE("museum-listener/broadcast", np_listener_create, ANY_MODE, NP_OK,
        "Clients that leave at random during a broadcast cost their own pipe "
        "and nothing else; the server goes on to accept.",
        "npipe/listener.h; museum S15") {
  np_pipe *clients[AUDIENCE];
  uint32_t random = 7;

  listening_start(f, 4);
  for (unsigned i = 0; i < AUDIENCE; i++) {
    clients[i] = client_add(f);
    accepted(f, i + 1);
  }
  for_rounds (round, 20) {
    for (unsigned i = 0; i < AUDIENCE; i++) {
      if (clients[i] != NULL && museum_random(&random) % 25 == 0) {
        pipe_close(f, clients[i]);
        clients[i] = NULL;
      }
      write_begin(&f->ops[i], listening.accepted[i], "news", 4);
    }
    for (unsigned i = 0; i < AUDIENCE; i++) {
      op_wait(&f->ops[i]);
      assert_np_error(f->ops[i].result,
                      clients[i] != NULL ? NP_OK : ERROR_NO_DATA);
    }
  }
  for (unsigned i = 0; i < AUDIENCE; i++) {
    if (clients[i] != NULL) {
      assert_received(f, clients[i], "news", 4);
    }
    give_back(f, listening.accepted[i]);
  }
  f->client = client_add(f);
  museum_echo(f, accepted(f, AUDIENCE + 1), f->client);
}

NP_CASE("museum-listener/drop-at-once", np_pipe_close, ANY_MODE, NP_OK,
        "Pipes that are dropped in the very callback, with clients that write "
        "and leave, leave no event behind.",
        "npipe/listener.h; museum L04 L05") {
  uint32_t random = 3;

  listening_start(f, 1);
  listening.then = give_back_or_close;
  for_rounds (round, MUSEUM_ROUNDS) {
    np_pipe *client;
    uint32_t way = museum_random(&random);

    if (np_client_open(f->loop, f->name, &f->client_options, &client) ==
        NP_OK) {
      struct recorder *write = &f->helper;

      if (way % 2 == 0) {
        write_begin(write, client, "late", 4);
        op_wait(write);
      }
      f->closing_count++;
      assert_np_ok(np_pipe_close(client, on_closed));
    }
    loop_turn(f, 0);
  }
}
