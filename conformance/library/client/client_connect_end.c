/* np_client_connect: how a request ends that gets no client, and which calls
 * are refused at once. */
#include "client_common.h"

/* --- Refused ------------------------------------------------------------- */

static void refused(np_fixture *f, const char *name,
                    const np_client_options *options, np_error expected) {
  struct requester *client = &f->requests[0];

  assert_np_error(np_client_connect(f->loop, &client->request, name, options, 0,
                                    on_client_never),
                  expected);
  assert_false(np_loop_is_pending(f->loop));
  assert_np_error(np_client_connect_cancel(&client->request), ERROR_NOT_FOUND);
}

NP_CASE("client-connect-end/null", np_client_connect, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "Without a loop, a request, a name or a function nothing begins.",
        "npipe/client.h") {
  struct requester *client = &f->requests[0];

  server_listen(f);
  refused(f, NULL, NULL, ERROR_INVALID_PARAMETER);
  assert_invalid(np_client_connect(NULL, &client->request, f->name, NULL, 0,
                                   on_client_never));
  assert_invalid(
      np_client_connect(f->loop, NULL, f->name, NULL, 0, on_client_never));
  assert_invalid(
      np_client_connect(f->loop, &client->request, f->name, NULL, 0, NULL));
  assert_false(np_loop_is_pending(f->loop));
}

NP_CASE("client-connect-end/bad-options", np_client_connect, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "Options that np_client_open refuses are refused in the call.",
        "npipe/client.h") {
  np_client_options good = f->client_options;

  server_listen(f);
  f->client_options.size--;
  refused(f, f->name, &f->client_options, ERROR_INVALID_PARAMETER);
  f->client_options = good;
  f->client_options.read = f->client_options.write = false;
  refused(f, f->name, &f->client_options, ERROR_INVALID_PARAMETER);
  f->client_options = good;
  f->client_options.security_qos = 1;
  refused(f, f->name, &f->client_options, ERROR_INVALID_PARAMETER);
}

NP_CASE("client-connect-end/bad-name", np_client_connect, NO_MODE,
        ERROR_INVALID_NAME, "An invalid pipe name is refused in the call.",
        "Pipe Names") {
  refused(f, "", NULL, ERROR_INVALID_NAME);
  refused(f, "\\\\.\\pipe\\", NULL, ERROR_INVALID_NAME);
  refused(f, "pipe", NULL, ERROR_INVALID_NAME);
}

NP_CASE("client-connect-end/long-name", np_client_connect, NO_MODE,
        ERROR_FILENAME_EXCED_RANGE,
        "A name over 256 units is refused in the call; one of 256 is waited "
        "for.",
        "CreateNamedPipe#parameters") {
  static const char prefix[] = "\\\\.\\pipe\\";
  struct requester *client = &f->requests[0];
  char name[258];

  memset(name, 'n', sizeof(name));
  memcpy(name, prefix, sizeof(prefix) - 1);
  name[257] = '\0';
  refused(f, name, NULL, ERROR_FILENAME_EXCED_RANGE);

  name[256] = '\0';
  assert_np_ok(np_server_create(f->loop, name, &f->server_options, &f->server));
  request_begin_name(f, client, name, 0);
  assert_request_ends(f, client, NP_OK);
  request_begin_name(f, client, name, 20);
  assert_request_ends(f, client, WAIT_TIMEOUT);
}

NP_CASE("client-connect-end/bad-utf8", np_client_connect, NO_MODE,
        ERROR_NO_UNICODE_TRANSLATION,
        "A name that is no UTF-8 is refused in the call.", "npipe/client.h") {
  refused(f, "\\\\.\\pipe\\\xff", NULL, ERROR_NO_UNICODE_TRANSLATION);
}

NP_CASE("client-connect-end/begun", np_client_connect, NO_MODE, ERROR_BUSY,
        "A request waits, or its callback is about to run. It cannot be "
        "started again, and it goes on.",
        "npipe/client.h") {
  struct requester *client = &f->requests[0];

  pair_open(f);
  request_begin(f, client, 0);
  assert_np_error(np_client_connect(f->loop, &client->request, f->name, NULL, 0,
                                    on_client_never),
                  ERROR_BUSY);
  server_add(f);
  assert_request_ends(f, client, NP_OK);
  server_add(f);
  request_begin(f, client, 0);
  assert_np_error(np_client_connect(f->loop, &client->request, f->name, NULL, 0,
                                    on_client_never),
                  ERROR_BUSY);
  assert_request_ends(f, client, NP_OK);
}

NP_CASE("client-connect-end/init", np_client_request_init, NO_MODE, NP_OK,
        "A request that was set up waits for nothing and has no user; NULL is "
        "ignored.",
        "npipe/client.h") {
  np_client_request request;

  memset(&request, 0xA5, sizeof(request));
  np_client_request_init(&request);
  assert_null(request.user);
  assert_np_error(np_client_connect_cancel(&request), ERROR_NOT_FOUND);
  np_client_request_init(NULL);
}

/* --- Told by the callback ------------------------------------------------ */

NP_CASE("client-connect-end/no-such-pipe", np_client_connect, ANY_MODE,
        ERROR_FILE_NOT_FOUND,
        "Without wait_for_server, a request for a name without a server ends "
        "at once, from the loop.",
        "CreateFile#pipes; museum N07 N10") {
  struct requester *client = &f->requests[0];
  uint64_t begin_ms = world_now_ms();

  request_begin(f, client, 0);
  assert_request_ends(f, client, ERROR_FILE_NOT_FOUND);
  assert_true(client->at_ms - begin_ms < 1000);
}

NP_CASE("client-connect-end/vanishes", np_client_connect, NO_MODE,
        ERROR_FILE_NOT_FOUND,
        "A client that waits for an instance gets an error if the name "
        "vanishes. A client that waits for a server keeps waiting.",
        "MS-FSCC#FSCTL_PIPE_WAIT; museum N03") {
  struct requester *client = &f->requests[0];
  struct requester *patient = &f->requests[1];

  pair_open(f);
  request_begin(f, client, 0);
  f->client_options.wait_for_server = true;
  request_begin(f, patient, 0);
  loop_quiet(f);
  assert_int_equal(client->done_count, 0);
  pipe_close_wait(f, f->server);
  assert_request_ends(f, client, ERROR_FILE_NOT_FOUND);
  loop_quiet(f);
  assert_int_equal(patient->done_count, 0);
  server_add(f);
  assert_request_ends(f, patient, NP_OK);
}

NP_CASE("client-connect-end/denied", np_client_connect, NO_MODE,
        ERROR_ACCESS_DENIED,
        "A request for a direction that the pipe does not have ends from the "
        "loop with an error, and the instance stays free.",
        "CreateFile#pipes") {
  struct requester *client = &f->requests[0];

  f->server_options.outbound = false;
  f->server_options.instances_max = 1;
  server_listen(f);
  request_begin(f, client, 0);
  assert_request_ends(f, client, ERROR_ACCESS_DENIED);
  f->client_options.read = false;
  request_begin(f, client, 0);
  assert_request_ends(f, client, NP_OK);
}

NP_CASE("client-connect-end/refused-in-line", np_client_connect, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A request is refused when its turn comes. It does not block the "
        "others: the next request gets the next instance.",
        "SetNamedPipeHandleState#parameters") {
  struct requester *wrong = &f->requests[0];
  struct requester *right = &f->requests[1];

  f->server_options.mode = f->server_options.read_mode = NP_BYTE;
  pair_open(f);
  f->client_options.read_mode = NP_MESSAGE;
  request_begin(f, wrong, 0);
  f->client_options.read_mode = NP_BYTE;
  request_begin(f, right, 0);
  loop_quiet(f);
  server_add(f);
  assert_request_ends(f, wrong, ERROR_INVALID_PARAMETER);
  /* The refused request had opened the first instance, for a moment. */
  server_add(f);
  assert_request_ends(f, right, NP_OK);
}

NP_CASE("client-connect-end/no-memory", np_client_connect, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Whichever allocation fails, the request ends with that and nothing is "
        "left behind.",
        "npipe/client.h") {
  struct requester *client = &f->requests[0];
  unsigned failures = 0;

  pair_open(f);
  for (size_t nth = 1; failures + 1 == nth; nth++) {
    f->allocator.fail_at = f->allocator.total + nth;
    request_begin(f, client, 20);
    request_until(f, client);
    failures += client->result == ERROR_NOT_ENOUGH_MEMORY;
  }
  f->allocator.fail_at = 0;
  assert_request(client, WAIT_TIMEOUT);
  assert_in_range(failures, 1, 8);
}

/* --- Time limits --------------------------------------------------------- */

NP_CASE("client-connect-end/timeout-busy", np_client_connect, ANY_MODE,
        WAIT_TIMEOUT,
        "With all instances taken the request ends when its time is over, not "
        "before; the instances are untouched.",
        "npipe/client.h; museum N10") {
  struct requester *client = &f->requests[0];
  uint64_t begin_ms;

  pair_open(f);
  begin_ms = world_now_ms();
  request_begin(f, client, 60);
  assert_request_ends(f, client, WAIT_TIMEOUT);
  assert_true(client->at_ms - begin_ms >= 60);
  assert_passes(f, f->client, f->server, "ping", 4);
}

NP_CASE("client-connect-end/timeout-shortest", np_client_connect, ANY_MODE,
        WAIT_TIMEOUT, "A millisecond is a limit, too.", "npipe/client.h") {
  pair_open(f);
  request_begin(f, &f->requests[0], 1);
  request_until(f, &f->requests[0]);
  assert_request(&f->requests[0], WAIT_TIMEOUT);
}

NP_CASE("client-connect-end/timeout-absent", np_client_connect, NO_MODE,
        WAIT_TIMEOUT,
        "A name that does not come to exist costs a few tries a second, or "
        "fewer where the kernel gives notice of names, and ends with the time "
        "limit.",
        "npipe/client.h; museum N01 N10") {
  struct requester *client = &f->requests[0];
  uint64_t mark = 0;
  uint64_t count = 0;
  uint64_t begin_ms;

  f->client_options.wait_for_server = true;
  calls_since("CreateFileW", &mark, &count);
  begin_ms = world_now_ms();
  request_begin(f, client, 1000);
  assert_request_ends(f, client, WAIT_TIMEOUT);
  assert_true(client->at_ms - begin_ms >= 1000);
  if (calls_since("CreateFileW", &mark, &count)) {
    assert_in_range(count, 3, 12);
  }
}

NP_CASE("client-connect-end/one-try", np_client_connect, NO_MODE, NP_OK,
        "The first request in line tries to open the pipe once, even if its "
        "time limit is over before the loop runs.",
        "npipe/client.h") {
  struct requester *client = &f->requests[0];
  uint64_t begin_ms;

  server_listen(f);
  request_begin(f, client, 1);
  begin_ms = world_now_ms();
  do {
    SwitchToThread();
  } while (world_now_ms() - begin_ms < 3);
  assert_request_ends(f, client, NP_OK);
}

NP_CASE(
    "client-connect-end/timeout-each", np_client_connect, NO_MODE, WAIT_TIMEOUT,
    "Each request in line has its own time limit, in any order of the ends.",
    "npipe/client.h") {
  /* The limits are far apart, because on a busy machine the last request may
   * begin long after the first. */
  static const uint32_t limits_ms[] = {900, 100, 0, 400};

  pair_open(f);
  for (unsigned i = 0; i < 4; i++) {
    request_begin(f, &f->requests[i], limits_ms[i]);
  }
  request_until(f, &f->requests[0]);
  assert_request(&f->requests[0], WAIT_TIMEOUT);
  assert_request(&f->requests[1], WAIT_TIMEOUT);
  assert_request(&f->requests[3], WAIT_TIMEOUT);
  assert_true(f->requests[1].order < f->requests[3].order);
  assert_true(f->requests[3].order < f->requests[0].order);
  assert_int_equal(f->requests[2].done_count, 0);
  server_add(f);
  request_until(f, &f->requests[2]);
  assert_request(&f->requests[2], NP_OK);
}
