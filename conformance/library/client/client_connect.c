/* np_client_connect: which servers it can connect to, and how it waits for
 * one. */
#include "client_common.h"

/* --- Instances ---------------------------------------------------------- */

NP_CASE("client-connect/listening", np_client_connect, ANY_MODE, NP_OK,
        "An instance that listens is opened, the answer comes from the loop, "
        "and both ends talk.",
        "Named Pipe Client") {
  struct requester *client = &f->requests[0];

  server_listen(f);
  request_begin(f, client, 0);
  assert_request_ends(f, client, NP_OK);
  assert_passes(f, client->client, f->server, "ping", 4);
  assert_passes(f, f->server, client->client, "pong", 4);
}

NP_CASE("client-connect/new-instance", np_client_connect, ANY_MODE, NP_OK,
        "A client that finds all instances taken waits, and gets the next new "
        "instance.",
        "MS-FSCC#FSCTL_PIPE_WAIT") {
  struct requester *client = &f->requests[0];
  np_pipe *second;

  pair_open(f);
  request_begin(f, client, 0);
  loop_quiet(f);
  assert_int_equal(client->done_count, 0);
  second = server_add(f);
  assert_request_ends(f, client, NP_OK);
  assert_passes(f, client->client, second, "ping", 4);
}

NP_CASE("client-connect/listens-again", np_client_connect, ANY_MODE, NP_OK,
        "A waiting client connects when an instance disconnects its client "
        "and listens again; the disconnect alone is not enough.",
        "DisconnectNamedPipe#remarks; museum A26 N06") {
  struct requester *client = &f->requests[0];

  pair_open(f);
  request_begin(f, client, 0);
  loop_quiet(f);
  pipe_close_wait(f, f->client);
  assert_np_ok(np_server_disconnect(f->server));
  loop_quiet(f);
  assert_int_equal(client->done_count, 0);
  connect_begin(&f->ops[0], f->server);
  assert_request_ends(f, client, NP_OK);
  assert_next(&f->ops[0], NP_OK, 0);
  assert_passes(f, client->client, f->server, "ping", 4);
}

NP_CASE("client-connect/first-come", np_client_connect, NO_MODE, NP_OK,
        "Requests of one loop for one name are served in their order, one for "
        "each instance. A request that starts just after an instance was "
        "created waits behind those that were there before.",
        "npipe/client.h") {
  enum { CLIENTS = 5 };

  pair_open(f);
  for (unsigned i = 0; i < CLIENTS; i++) {
    request_begin(f, &f->requests[i], 0);
    loop_settle(f);
  }
  for (unsigned i = 0; i < CLIENTS; i++) {
    server_add(f);
    request_begin(f, &f->requests[CLIENTS + i], 0);
    request_until(f, &f->requests[i]);
    loop_quiet(f);
    assert_request(&f->requests[i], NP_OK);
    for (unsigned k = i + 1; k <= CLIENTS + i; k++) {
      assert_int_equal(f->requests[k].done_count, 0);
    }
  }
  for (unsigned i = 0; i < CLIENTS; i++) {
    request_cancel(&f->requests[CLIENTS + i]);
  }
}

NP_CASE("client-connect/several-instances", np_client_connect, NO_MODE, NP_OK,
        "Several instances that listen at once serve as many requests.",
        "npipe/client.h") {
  enum { CLIENTS = 100 };

  pair_open(f);
  for (unsigned i = 0; i < CLIENTS; i++) {
    request_begin(f, &f->requests[i], 0);
  }
  loop_quiet(f);
  for (unsigned i = 0; i < CLIENTS; i++) {
    assert_int_equal(f->requests[i].done_count, 0);
    server_add(f);
  }
  for (unsigned i = 0; i < CLIENTS; i++) {
    request_until(f, &f->requests[i]);
    assert_request(&f->requests[i], NP_OK);
  }
}

NP_CASE("client-connect/two-loops", np_client_connect, NO_MODE, NP_OK,
        "If two loops wait for one instance, the loop that loses waits on and "
        "gets the next instance.",
        "reactos npfs#NpCancelWaiter; museum N06") {
  struct requester *here = &f->requests[0];
  struct requester *there = &f->requests[1];
  np_loop *loop = f->loop;
  np_loop *other = NULL;

  pair_open(f);
  assert_np_ok(np_loop_create(NULL, &other));
  request_begin(f, here, 0);
  f->loop = other;
  request_begin(f, there, 0);
  f->loop = loop;
  for (unsigned round = 0; round < 2; round++) {
    server_add(f);
    for (unsigned i = 0;
         i < 10 && here->done_count + there->done_count <= round; i++) {
      f->in_loop = true;
      np_loop_run_once(other, LOOP_QUIET_MS);
      f->in_loop = false;
      loop_quiet(f);
    }
    assert_int_equal(here->done_count + there->done_count, round + 1);
  }
  assert_request(here, NP_OK);
  assert_request(there, NP_OK);
  pipe_close(f, there->client);
  f->in_loop = true;
  assert_np_ok(np_loop_run(other));
  f->in_loop = false;
  assert_np_ok(np_loop_destroy(other));
}

NP_CASE("client-connect/several-names", np_client_connect, NO_MODE, NP_OK,
        "Requests for different names wait each for its own, in whichever "
        "order they are served.",
        "npipe/client.h") {
  enum { NAMES = 3 };
  static const unsigned order[NAMES] = {1, 0, 2};
  char names[NAMES][WORLD_PIPE_NAME_BYTES_MAX];

  for (unsigned i = 0; i < NAMES; i++) {
    world_pipe_name(names[i], sizeof(names[i]));
    memcpy(f->name, names[i], sizeof(f->name));
    pair_open(f);
    pipe_own(f, f->server);
    pipe_own(f, f->client);
    request_begin(f, &f->requests[i], 0);
  }
  f->server = f->client = NULL;
  for (unsigned i = 0; i < NAMES; i++) {
    struct requester *client = &f->requests[order[i]];

    loop_quiet(f);
    assert_int_equal(client->done_count, 0);
    memcpy(f->name, names[order[i]], sizeof(f->name));
    server_add(f);
    assert_request_ends(f, client, NP_OK);
  }
}

NP_CASE("client-connect/options", np_client_connect, NO_MODE, NP_OK,
        "The options are copied, name and struct may change after the call; "
        "NULL is the defaults.",
        "npipe/client.h") {
  struct requester *reader = &f->requests[0];
  char name[WORLD_PIPE_NAME_BYTES_MAX];
  np_info info = {.size = sizeof(info)};

  f->server_options.mode = f->server_options.read_mode = NP_MESSAGE;
  pair_open(f);
  memcpy(name, f->name, sizeof(name));
  f->client_options.read_mode = NP_MESSAGE;
  f->client_options.write = false;
  request_begin_name(f, reader, name, 0);
  memset(name, 'x', sizeof(name));
  memset(&f->client_options, 0xA5, sizeof(f->client_options));
  loop_quiet(f);
  server_add(f);
  assert_request_ends(f, reader, NP_OK);
  assert_np_ok(np_pipe_info(reader->client, &info));
  assert_int_equal(info.read_mode, NP_MESSAGE);
  assert_false(info.writable);

  server_add(f);
  op_begin(reader, np_client_connect(f->loop, &reader->request, f->name, NULL,
                                     0, on_client));
  assert_request_ends(f, reader, NP_OK);
  assert_np_ok(np_pipe_info(reader->client, &info));
  assert_int_equal(info.read_mode, NP_BYTE);
  assert_true(info.writable);
}

static void write_again(np_fixture *f, struct recorder *recorder) {
  unsigned *left = f->user;

  if (--*left > 0) {
    write_begin(recorder, f->client, "", 0);
  }
}

NP_CASE("client-connect/never-idle", np_client_connect, NO_MODE, NP_OK,
        "A loop that always has work still notices that an instance listens.",
        "npipe/client.h") {
  enum { WRITES = 1000 };
  struct requester *client = &f->requests[0];
  unsigned left = WRITES;

  f->server_options.mode = f->server_options.read_mode = NP_BYTE;
  pair_open(f);
  request_begin(f, client, 0);
  loop_settle(f);
  server_add(f);
  f->user = &left;
  f->ops[0].then = write_again;
  write_begin(&f->ops[0], f->client, "", 0);
  assert_request_ends(f, client, NP_OK);
  assert_true(left > WRITES / 2);
  loop_until(f, WRITES);
}

/* --- Names --------------------------------------------------------------- */

NP_CASE("client-connect/inner-backslash", np_client_connect, NO_MODE, NP_OK,
        "A name with backslashes inside is waited for like any other.",
        "ntdll/tests/pipe.c#test_pipe_names; museum N09") {
  struct requester *client = &f->requests[0];
  char tail[] = "\\inner\\most";

  memcpy(f->name + strlen(f->name), tail, sizeof(tail));
  pair_open(f);
  request_begin(f, client, 0);
  loop_quiet(f);
  assert_int_equal(client->done_count, 0);
  server_add(f);
  assert_request_ends(f, client, NP_OK);
}

NP_CASE(
    "client-connect/other-spelling", np_client_connect, NO_MODE, NP_OK,
    "The kernel's wait does not know all spellings of a name that CreateFile "
    "knows. With such a spelling the request tries again after a while.",
    "Naming Files, Paths, and Namespaces; museum N09") {
  static const char *const tails[] = {".", " ", "..."};

  pair_open(f);
  for (unsigned i = 0; i < 3; i++) {
    char name[WORLD_PIPE_NAME_BYTES_MAX + 4];

    memcpy(name, f->name, strlen(f->name) + 1);
    memcpy(name + strlen(name), tails[i], strlen(tails[i]) + 1);
    request_begin_name(f, &f->requests[i], name, 0);
    loop_quiet(f);
    assert_int_equal(f->requests[i].done_count, 0);
    server_add(f);
    request_until(f, &f->requests[i]);
    assert_request(&f->requests[i], NP_OK);
  }
}

NP_CASE("client-connect/question-mark", np_client_connect, NO_MODE, NP_OK,
        "\\\\?\\pipe\\NAME is on this machine, too.",
        "Naming Files, Paths, and Namespaces") {
  struct requester *client = &f->requests[0];
  char name[WORLD_PIPE_NAME_BYTES_MAX];

  pair_open(f);
  memcpy(name, f->name, sizeof(name));
  name[2] = '?';
  request_begin_name(f, client, name, 0);
  loop_quiet(f);
  assert_int_equal(client->done_count, 0);
  server_add(f);
  assert_request_ends(f, client, NP_OK);
}

NP_CASE("client-connect/other-machine", np_client_connect, NO_MODE, NP_OK,
        "A busy pipe that is reached by a machine's name is tried again until "
        "it has an instance to spare.",
        "Named Pipe Client; MS-FSCC#FSCTL_PIPE_WAIT") {
  struct requester *client = &f->requests[0];
  char name[WORLD_PIPE_NAME_BYTES_MAX + 16] = "\\\\localhost";

  f->server_options.reject_remote_clients = false;
  pair_open(f);
  memcpy(name + strlen(name), f->name + 3, strlen(f->name) - 2);
  request_begin_name(f, client, name, 0);
  loop_quiet(f);
  assert_int_equal(client->done_count, 0);
  server_add(f);
  assert_request_ends(f, client, NP_OK);
}

/* --- Waiting for a server ------------------------------------------------ */

NP_CASE("client-connect/wait-for-server", np_client_connect, ANY_MODE, NP_OK,
        "With wait_for_server a client may come before its server.",
        "npipe/client.h; museum N07") {
  struct requester *client = &f->requests[0];
  np_pipe *server;

  f->client_options.wait_for_server = true;
  request_begin(f, client, 0);
  loop_quiet(f);
  assert_int_equal(client->done_count, 0);
  server = server_add(f);
  assert_request_ends(f, client, NP_OK);
  assert_passes(f, client->client, server, "ping", 4);
}

NP_CASE("client-connect/absent-then-busy", np_client_connect, NO_MODE, NP_OK,
        "A client that waits for the server waits on if it finds the server "
        "busy.",
        "npipe/client.h; museum N07 N03") {
  struct requester *client = &f->requests[0];

  f->client_options.wait_for_server = true;
  request_begin(f, client, 0);
  loop_settle(f);
  pair_open(f); /* The pipe exists before the next attempt. */
  loop_quiet(f);
  assert_int_equal(client->done_count, 0);
  server_add(f);
  assert_request_ends(f, client, NP_OK);
}

NP_CASE("client-connect/vanishes-and-returns", np_client_connect, NO_MODE,
        NP_OK,
        "With wait_for_server a name may vanish while its client waits, and "
        "come back.",
        "MS-FSCC#FSCTL_PIPE_WAIT; museum N07 N03") {
  struct requester *client = &f->requests[0];

  f->client_options.wait_for_server = true;
  pair_open(f);
  request_begin(f, client, 0);
  loop_quiet(f);
  pipe_close_wait(f, f->server);
  loop_quiet(f);
  assert_int_equal(client->done_count, 0);
  server_add(f);
  assert_request_ends(f, client, NP_OK);
}

static void loop_for(np_fixture *f, uint32_t delay_ms) {
  struct timer_recorder *timer = &f->timers[0];
  const unsigned before = timer->run_count;

  assert_np_ok(np_timer_start(f->loop, &timer->timer, delay_ms, on_timer));
  loop_until_count(f, &timer->run_count, before + 1);
}

/* second_wait_ms returns how long a request waits for a second server, after a
 * first server has come and gone. */
static uint64_t second_wait_ms(np_fixture *f, struct requester *client) {
  uint64_t begin_ms;

  world_pipe_name(f->name, sizeof(f->name));
  request_begin(f, client, 0);
  /* The delay between attempts has grown to 0.5 s, its maximum. */
  loop_for(f, 1100);
  pair_open(f);
  loop_for(f, 600); /* The request has found the server, which is busy. */
  server_listen_again(f, &f->ops[0]);
  pipe_close(f, f->server); /* The request sees the server listen and go. */
  pipe_close(f, f->client);
  loop_settle(f);
  assert_int_equal(client->done_count, 0);
  begin_ms = world_now_ms();
  server_add(f);
  assert_request_ends(f, client, NP_OK);
  return world_now_ms() - begin_ms;
}

NP_CASE("client-connect/delay-begins-anew", np_client_connect, NO_MODE, NP_OK,
        "After an instance has listened, a client that waits for a server "
        "tries again at the short initial intervals.",
        "npipe/client.h; museum N07") {
  /* With the grown delay at least a quarter of a second passes in each attempt.
   * With a fresh delay this happens only on a busy machine. */
  enum { ATTEMPTS = 4 };
  unsigned i = 0;

  f->client_options.wait_for_server = true;
  while (second_wait_ms(f, &f->requests[i]) >= world_timeout_ms(200)) {
    assert_true(++i < ATTEMPTS);
  }
}

NP_CASE("client-connect/late-server", np_client_connect, ANY_MODE, NP_OK,
        "A client that has waited long for a missing server gets it soon after "
        "the server has come.",
        "npipe/client.h") {
  struct requester *client = &f->requests[0];
  uint64_t begin_ms;

  f->client_options.wait_for_server = true;
  request_begin(f, client, 0);
  begin_ms = world_now_ms();
  while (world_now_ms() - begin_ms < 3000) {
    loop_turn(f, 100);
  }
  assert_int_equal(client->done_count, 0);
  begin_ms = world_now_ms();
  server_listen(f);
  assert_request_ends(f, client, NP_OK);
  assert_true(client->at_ms - begin_ms < world_timeout_ms(600));
}

NP_CASE("client-connect/late-server-busy", np_client_connect, NO_MODE, NP_OK,
        "A server that has come and is busy is waited for like any other.",
        "npipe/client.h") {
  f->client_options.wait_for_server = true;
  request_begin(f, &f->requests[0], 0);
  request_begin(f, &f->requests[1], 0);
  loop_settle(f);
  server_listen(f);
  assert_request_ends(f, &f->requests[0], NP_OK);
  assert_quiet(f, 0);
  assert_int_equal(f->requests[1].done_count, 0);
  server_add(f);
  assert_request_ends(f, &f->requests[1], NP_OK);
}

NP_CASE("client-connect/many-absent", np_client_connect, NO_MODE, NP_OK,
        "Many clients that wait for the same missing server share each "
        "attempt.",
        "npipe/client.h; museum N01") {
  enum { CLIENTS = 50, TRIES_MIN = 2, TRIES_MAX = 12 };
  uint64_t mark = 0;
  uint64_t count = 0;

  f->client_options.wait_for_server = true;
  for (unsigned i = 0; i < CLIENTS; i++) {
    request_begin(f, &f->requests[i], 1000);
  }
  calls_since("CreateFileW", &mark, &count);
  for (unsigned i = 0; i < CLIENTS; i++) {
    request_until(f, &f->requests[i]);
    assert_request(&f->requests[i], WAIT_TIMEOUT);
  }
  if (calls_since("CreateFileW", &mark, &count)) {
    assert_in_range(count, TRIES_MIN, TRIES_MAX);
  }
}
