/* np_client_connect given up: the request is cancelled, its loop is destroyed,
 * or the loop runs on a port of the caller. */
#include "client_common.h"

enum { KEY = 0x51 };

/* --- Cancel -------------------------------------------------------------- */

NP_CASE("client-connect-cancel/cancel", np_client_connect, ANY_MODE,
        ERROR_OPERATION_ABORTED,
        "A request that was given up ends so, from the loop, and takes no "
        "instance later.",
        "npipe/client.h; museum H20") {
  struct requester *client = &f->requests[0];
  np_pipe *second;

  pair_open(f);
  request_begin(f, client, 0);
  loop_quiet(f);
  request_cancel(client);
  assert_int_equal(client->done_count, 0);
  assert_request_ends(f, client, ERROR_OPERATION_ABORTED);
  second = server_add(f);
  connect_begin(&f->ops[0], second);
  loop_quiet(f);
  assert_int_equal(f->ops[0].done_count, 0);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
}

NP_CASE("client-connect-cancel/cancel-at-once", np_client_connect_cancel,
        NO_MODE, ERROR_OPERATION_ABORTED,
        "A request may be given up before the loop has run at all.",
        "npipe/client.h; museum H20") {
  pair_open(f);
  request_begin(f, &f->requests[0], 0);
  request_cancel(&f->requests[0]);
  f->client_options.wait_for_server = true;
  world_pipe_name(f->name, sizeof(f->name));
  request_begin(f, &f->requests[1], 1000);
  request_cancel(&f->requests[1]);
  assert_np_ok(loop_run(f));
  assert_request(&f->requests[0], ERROR_OPERATION_ABORTED);
  assert_request(&f->requests[1], ERROR_OPERATION_ABORTED);
}

NP_CASE("lie/watch-cancel", np_client_connect_cancel, NO_MODE,
        ERROR_OPERATION_ABORTED,
        "Nothing is left of a request that waited for a server, although the "
        "kernel refused to end the library's watch of the names.",
        "npipe/client.h; CancelIoEx") {
  struct requester *client = &f->requests[0];

  f->client_options.wait_for_server = true;
  world_pipe_name(f->name, sizeof(f->name));
  request_begin(f, client, 0);
  loop_quiet(f);
  if (!world_refuse("CancelIoEx", ERROR_NO_SYSTEM_RESOURCES)) {
    np_unresolved("this kernel does not lie");
  }
  request_cancel(client);
  assert_request_ends(f, client, ERROR_OPERATION_ABORTED);
}

NP_CASE("client-connect-cancel/cancel-late", np_client_connect_cancel, NO_MODE,
        ERROR_NOT_FOUND,
        "Only a waiting request can be cancelled. The cancel fails for a "
        "request that was never started, was cancelled, was called back, or "
        "has its result. A connected client is still passed to the callback.",
        "npipe/client.h; museum H21") {
  struct requester *client = &f->requests[0];

  assert_np_error(np_client_connect_cancel(&client->request), ERROR_NOT_FOUND);
  server_listen(f);
  request_begin(f, client, 0);
  assert_np_error(np_client_connect_cancel(&client->request), ERROR_NOT_FOUND);
  assert_request_ends(f, client, NP_OK);
  assert_np_error(np_client_connect_cancel(&client->request), ERROR_NOT_FOUND);
  request_begin(f, client, 0);
  request_cancel(client);
  assert_np_error(np_client_connect_cancel(&client->request), ERROR_NOT_FOUND);
  assert_request_ends(f, client, ERROR_OPERATION_ABORTED);
}

NP_CASE("client-connect-cancel/cancel-absent", np_client_connect_cancel,
        NO_MODE, NP_OK,
        "A cancelled wait for a missing server leaves nothing behind that "
        "keeps the loop running, when the kernel has ended its notice of new "
        "names.",
        "npipe/client.h") {
  struct requester *client = &f->requests[0];

  f->client_options.wait_for_server = true;
  request_begin(f, client, 0);
  loop_settle(f);
  request_cancel(client);
  assert_request_ends(f, client, ERROR_OPERATION_ABORTED);
  loop_drain(f);
  assert_false(np_loop_is_pending(f->loop));
}

NP_CASE("client-connect-cancel/cancel-null", np_client_connect_cancel, NO_MODE,
        ERROR_INVALID_PARAMETER, "NULL is refused.", "npipe/client.h") {
  assert_invalid(np_client_connect_cancel(NULL));
}

static void cancel_another(np_fixture *f, struct requester *requester) {
  (void)f;
  (void)requester;
  request_cancel(&f->requests[2]);
}

NP_CASE("client-connect-cancel/cancel-in-line", np_client_connect_cancel,
        NO_MODE, NP_OK,
        "A request is cancelled at the front, in the middle or at the end of "
        "the line, even from a callback. The other requests are served in "
        "their order.",
        "npipe/client.h") {
  enum { CLIENTS = 6 };

  pair_open(f);
  for (unsigned i = 0; i < CLIENTS; i++) {
    request_begin(f, &f->requests[i], 0);
  }
  loop_quiet(f);
  request_cancel(&f->requests[0]);
  request_cancel(&f->requests[5]);
  f->requests[1].then = cancel_another;
  server_add(f);
  request_until(f, &f->requests[1]);
  server_add(f);
  request_until(f, &f->requests[3]);
  server_add(f);
  request_until(f, &f->requests[4]);
  assert_request(&f->requests[0], ERROR_OPERATION_ABORTED);
  assert_request(&f->requests[1], NP_OK);
  assert_request(&f->requests[2], ERROR_OPERATION_ABORTED);
  assert_request(&f->requests[3], NP_OK);
  assert_request(&f->requests[4], NP_OK);
  assert_request(&f->requests[5], ERROR_OPERATION_ABORTED);
}

NP_CASE(
    "client-connect-cancel/again", np_client_connect, NO_MODE, NP_OK,
    "After cancelled and timed-out requests, with or without their callbacks, "
    "a new request for the same name is served as the first one.",
    "npipe/client.h") {
  enum { CLIENTS = 24 };

  pair_open(f);
  for (unsigned i = 0; i < CLIENTS; i++) {
    request_begin(f, &f->requests[i], i % 2 == 0 ? 0 : 2);
    if (i % 4 < 2) {
      loop_settle(f);
    }
    if (i % 2 == 0) {
      request_cancel(&f->requests[i]);
    }
    if (i % 3 != 0) {
      request_until(f, &f->requests[i]);
    }
  }
  request_begin(f, &f->requests[CLIENTS], 0);
  loop_quiet(f);
  for (unsigned i = 0; i < CLIENTS; i++) {
    assert_request(&f->requests[i],
                   i % 2 == 0 ? ERROR_OPERATION_ABORTED : WAIT_TIMEOUT);
  }
  assert_int_equal(f->requests[CLIENTS].done_count, 0);
  server_add(f);
  request_until(f, &f->requests[CLIENTS]);
  assert_request(&f->requests[CLIENTS], NP_OK);
}

static void begin_again(np_fixture *f, struct requester *requester) {
  pipe_close(f, requester->client);
  requester->client = NULL;
  requester->then = NULL;
  request_begin(f, requester, 0);
}

NP_CASE("client-connect-cancel/in-callback", np_client_connect, NO_MODE, NP_OK,
        "In its callback the client may be closed and the request begun anew.",
        "npipe/client.h") {
  struct requester *client = &f->requests[0];

  server_listen(f);
  server_add(f);
  client->then = begin_again;
  request_begin(f, client, 0);
  request_until(f, client);
  loop_until_count(f, &client->done_count, 2);
  assert_request(client, NP_OK);
}

/* --- The end of the loop ------------------------------------------------- */

NP_CASE("client-connect-cancel/loop-run", np_loop_run, NO_MODE, NP_OK,
        "The loop runs while a request waits, and no longer.",
        "npipe/loop.h; museum N12") {
  struct requester *client = &f->requests[0];
  uint64_t begin_ms;

  pair_open(f);
  begin_ms = world_now_ms();
  request_begin(f, client, 40);
  assert_true(np_loop_is_pending(f->loop));
  assert_np_ok(loop_run(f));
  assert_request(client, WAIT_TIMEOUT);
  assert_false(np_loop_is_pending(f->loop));
  assert_true(world_now_ms() - begin_ms < LOOP_WAIT_MS);
}

/* loop_other makes a second loop the fixture's loop and returns the first
 * one. */
static np_loop *loop_other(np_fixture *f) {
  np_loop_options options = loop_options();
  np_loop *own = f->loop;
  np_loop *other = NULL;

  options.allocator = allocator_of(f);
  assert_np_ok(np_loop_create(&options, &other));
  f->loop = other;
  return own;
}

NP_CASE("client-connect-cancel/destroy", np_loop_destroy, NO_MODE, ERROR_BUSY,
        "A loop with a waiting request cannot be destroyed. After a cancel the "
        "request ends and the loop can be destroyed at once, even if the "
        "kernel's wait cannot be cancelled. The later end of this wait does no "
        "harm.",
        "npipe/loop.h; museum N12 H20") {
  np_loop *own;
  uint64_t begin_ms;

  pair_open(f);
  for (unsigned i = 0; i < 10; i++) {
    struct requester *client = &f->requests[i];

    own = loop_other(f);
    request_begin(f, client, 0);
    if (i % 2 == 0) {
      loop_quiet(f);
    }
    assert_np_error(np_loop_destroy(f->loop), ERROR_BUSY);
    begin_ms = world_now_ms();
    request_cancel(client);
    assert_np_error(np_loop_destroy(f->loop), ERROR_BUSY);
    assert_np_ok(loop_run(f));
    assert_request(client, ERROR_OPERATION_ABORTED);
    assert_np_ok(np_loop_destroy(f->loop));
    assert_true(world_now_ms() - begin_ms < LOOP_WAIT_MS);
    f->loop = own;
  }
  server_add(f);
  request_begin(f, &f->requests[10], 0);
  request_until(f, &f->requests[10]);
  assert_request(&f->requests[10], NP_OK);
  loop_quiet(f);
}

NP_CASE("client-connect-cancel/destroy-late", np_loop_destroy, NO_MODE, NP_OK,
        "A loop can be destroyed while the end of the kernel's wait is in its "
        "port.",
        "npipe/loop.h; museum H20") {
  np_loop *own;
  np_loop *other;

  pair_open(f);
  own = loop_other(f);
  other = f->loop;
  request_begin(f, &f->requests[0], 0);
  loop_settle(f);
  request_cancel(&f->requests[0]);
  f->loop = own;
  /* The kernel's wait may end by this new instance instead of by the cancel. */
  server_add(f);
  f->loop = other;
  assert_np_ok(loop_run(f));
  assert_request(&f->requests[0], ERROR_OPERATION_ABORTED);
  assert_np_ok(np_loop_destroy(f->loop));
  f->loop = own;
}

NP_CASE("client-connect-cancel/destroy-ended", np_loop_destroy, NO_MODE, NP_OK,
        "A loop can be destroyed when the kernel's wait had ended before its "
        "request was cancelled.",
        "npipe/loop.h; museum H20") {
  np_loop *own;
  np_loop *other;

  pair_open(f);
  own = loop_other(f);
  other = f->loop;
  request_begin(f, &f->requests[0], 0);
  f->loop = own;
  server_add(f);
  f->loop = other;
  request_cancel(&f->requests[0]);
  assert_np_ok(loop_run(f));
  assert_request(&f->requests[0], ERROR_OPERATION_ABORTED);
  assert_np_ok(np_loop_destroy(f->loop));
  f->loop = own;
}

/* --- A port of the caller's ---------------------------------------------- */

NP_CASE("client-connect-cancel/foreign-port", np_client_connect, ANY_MODE,
        NP_OK, "A request waits on a port whose packets the caller dequeues.",
        "npipe/loop.h; museum N13") {
  struct requester *client = &f->requests[0];

  loop_remake_foreign(f, KEY);
  pair_open(f);
  request_begin(f, client, 0);
  loop_quiet(f);
  assert_int_equal(client->done_count, 0);
  assert_int_equal(np_loop_wait_ms(f->loop), INFINITE);
  server_add(f);
  assert_request_ends(f, client, NP_OK);
  request_begin(f, client, 20);
  assert_request_ends(f, client, WAIT_TIMEOUT);
  f->client_options.wait_for_server = true;
  world_pipe_name(f->name, sizeof(f->name));
  request_begin(f, client, 0);
  loop_quiet(f);
  server_add(f);
  assert_request_ends(f, client, NP_OK);
}

NP_CASE("client-connect-cancel/foreign-late", np_loop_dispatch, NO_MODE, NP_OK,
        "A loop is destroyed, and its last packets arrive at the next loop "
        "with the same key. They may arrive in any order.",
        "npipe/loop.h; museum H20 N12") {
  enum { WAITS = 2 };
  OVERLAPPED_ENTRY entries[WAITS];
  np_loop_options options = loop_options();
  ULONG count = 0;
  np_loop *own = f->loop;
  np_loop *foreign;
  np_pipe *adopted = NULL;
  HANDLE raw;
  HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);

  assert_non_null(port);
  options.allocator = allocator_of(f);
  options.port = port;
  options.completion_key = KEY;
  assert_np_ok(np_loop_create(&options, &foreign));
  for (unsigned i = 0; i < WAITS; i++) {
    world_pipe_name(f->name, sizeof(f->name));
    pair_open(f); /* the pair and its listening instance use the other loop */
    f->loop = foreign;
    request_begin(f, &f->requests[i], 0);
    f->loop = own;
    pipe_own(f, f->client);
    pipe_own(f, f->server);
    server_add(f);
  }
  f->loop = foreign;
  for (unsigned i = 0; i < WAITS; i++) {
    request_cancel(&f->requests[i]);
  }
  f->in_loop = true;
  assert_np_ok(np_loop_dispatch(f->loop, NULL, 0));
  f->in_loop = false;
  for (unsigned i = 0; i < WAITS; i++) {
    assert_request(&f->requests[i], ERROR_OPERATION_ABORTED);
  }
  if (!np_loop_is_pending(f->loop)) {
    assert_np_ok(np_loop_destroy(f->loop));
    assert_np_ok(np_loop_create(&options, &f->loop));
    /* A loop that has adopted a pipe looks whose packet each one is. */
    world_pipe_name(f->name, sizeof(f->name));
    raw = raw_server(f);
    assert_np_ok(np_pipe_adopt(f->loop, raw, &adopted));
    raw_release(f, raw);
    pipe_close(f, pipe_own(f, adopted));
  }
  for (unsigned i = 0; i < WAITS; i++) {
    assert_true(GetQueuedCompletionStatusEx(port, &entries[i], 1, &count,
                                            LOOP_WAIT_MS, FALSE));
  }
  for (unsigned i = WAITS; i-- > 0;) {
    f->in_loop = true;
    assert_np_ok(np_loop_dispatch(f->loop, &entries[i], 1));
    f->in_loop = false;
  }
  assert_np_ok(np_loop_destroy(f->loop));
  CloseHandle(port);
  f->loop = own;
}
