/* Readiness at the end of a session, after which the server takes the next
 * client, and at the end of a pipe. */
#include "ready_common.h"

/* --- Disconnect and reuse ----------------------------------------------- */

/* The state that the old session leaves when the server disconnects. */
enum leftover {
  AHEAD_IN_KERNEL,
  AHEAD_COMPLETED, /* its packet is on the way */
  AHEAD_HELD,
  AHEAD_HELD_PARTLY,
  AHEAD_END, /* the read-ahead found the end of the stream */
  WRITE_IN_FLIGHT,
  WRITE_FAILED, /* and no call has reported it */
  WAITERS,
  LEFTOVERS
};

static void leave(np_fixture *f, enum leftover what) {
  char byte = 0;
  size_t got = 0;

  assert_try_read(f->server, 64, NP_WOULD_BLOCK, NULL, 0);
  loop_turn(f, 0);
  switch (what) {
    case AHEAD_COMPLETED:
      write_begin(&f->ops[0], f->client, "old", 3);
      break;
    case AHEAD_HELD:
      pipe_send(f, f->client, "old", 3);
      ready_wait(f, f->server, NP_READABLE);
      break;
    case AHEAD_HELD_PARTLY:
      pipe_send(f, f->client, "old", 3);
      ready_read(f, f->server, &byte, 1, &got);
      assert_int_equal(got, 1);
      break;
    case AHEAD_END:
      pipe_close_wait(f, f->client);
      ready_wait(f, f->server, NP_READABLE);
      break;
    case WRITE_IN_FLIGHT:
      assert_try_write(f->server, ready_pattern(), 3 * READY_QUOTA, NP_OK,
                       3 * READY_QUOTA);
      break;
    case WRITE_FAILED:
      assert_try_write(f->server, ready_pattern(), 3 * READY_QUOTA, NP_OK,
                       3 * READY_QUOTA);
      pipe_close_wait(f, f->client);
      loop_quiet(f);
      break;
    case WAITERS:
      ready_begin(&f->ops[1], f->server, NP_READABLE);
      ready_begin(&f->ops[2], f->server, NP_READ_CLOSED | NP_WRITE_CLOSED);
      loop_turn(f, 0);
      break;
    default:
      break;
  }
}

/* session_is_new checks that the new session sees nothing of the old one. */
static void session_is_new(np_fixture *f, size_t i) {
  struct recorder *waiter = &f->ops[10 + i % 40];

  assert_try_read(f->server, 64, NP_WOULD_BLOCK, NULL, 0);
  ready_begin(waiter, f->server, NP_READABLE | NP_READ_CLOSED);
  loop_quiet(f);
  assert_int_equal(waiter->done_count, waiter->start_count - 1);
  assert_int_equal(ready_wait(f, f->server, NP_WRITABLE), NP_WRITABLE);
  assert_try_write(f->server, "new", 3, NP_OK, 3);
  assert_received(f, f->client, "new", 3);
  pipe_send(f, f->client, "hello", 5);
  loop_until_count(f, &waiter->done_count, waiter->start_count);
  assert_done(waiter, NP_OK, NP_READABLE);
  assert_caught(f, f->server, "hello", 5);
  assert_try_read(f->server, 64, NP_WOULD_BLOCK, NULL, 0);
}

static void reuse(np_fixture *f, bool wait_between) {
  server_quotas(f, READY_QUOTA, READY_QUOTA);
  for (size_t i = 0; i < read_ahead_count * LEFTOVERS; i++) {
    memset(f->ops, 0, 3 * sizeof(f->ops[0]));
    pair_reopen(f);
    ready_set(f->server, read_aheads[i / LEFTOVERS], 65536);
    leave(f, (enum leftover)(i % LEFTOVERS));
    assert_np_ok(np_server_disconnect(f->server));
    if (wait_between) {
      loop_quiet(f);
      assert_try_read(f->server, 64, ERROR_PIPE_NOT_CONNECTED, NULL, 0);
      assert_try_write(f->server, "x", 1, ERROR_PIPE_NOT_CONNECTED, 0);
    }
    server_reconnect(f);
    session_is_new(f, i);
    loop_quiet(f);
    pipe_close(f, f->client);
    while (f->extra_count > 0) {
      pipe_close(f, f->extra[0]);
    }
  }
}

NP_CASE("ready-end/reuse", np_server_disconnect, ANY_MODE, NP_OK,
        "After a disconnect and an immediate connect, the new session has "
        "nothing of the old one: no operation in flight, no data that was read "
        "ahead, and no result that was not reported.",
        "DisconnectNamedPipe#remarks; museum S01") {
  reuse(f, false);
}

NP_CASE("ready-end/reuse-later", np_server_disconnect, ANY_MODE, NP_OK,
        "After a disconnect and a later connect, the session of the new client "
        "has no data and no result of the old one. The server may ask in "
        "between and learn that no client is there: this changes nothing.",
        "DisconnectNamedPipe#remarks; museum S01") {
  reuse(f, true);
}

NP_CASE("ready-end/wait-before-client", np_pipe_ready, ANY_MODE, NP_OK,
        "A wait for readiness that began before the client came reports this "
        "client after the connect.",
        "npipe/ready.h") {
  server_listen(f);
  assert_try_read(f->server, 64, ERROR_PIPE_LISTENING, NULL, 0);
  ready_wait(f, f->server, NP_READABLE);
  client_open_end(f);
  connect_begin(&f->ops[0], f->server);
  loop_until(f, 1);
  assert_np_ok(f->ops[0].result);
  session_is_new(f, 1);
}

/* --- Close -------------------------------------------------------------- */

NP_CASE("ready-end/close-unread", np_pipe_close, ANY_MODE | BOTH_ENDS, NP_OK,
        "A close with caught bytes, or with a read-ahead in flight, frees all "
        "memory, and the peer sees the close.",
        "npipe/pipe.h") {
  char byte = 0;
  size_t got = 0;
  size_t live = f->allocator.live;

  for (size_t i = 0; i < read_ahead_count; i++) {
    for (unsigned what = 0; what < 4; what++) {
      pair_asked(f, read_aheads[i]);
      if (what > 0) {
        pipe_send(f, f->peer, "hello", 5);
      }
      if (what > 1) {
        ready_wait(f, f->end, NP_READABLE);
      }
      if (what > 2) {
        ready_read(f, f->end, &byte, 1, &got);
      }
      pipe_close_wait(f, f->end);
      assert_np_error(pipe_receive(f, f->peer, &byte, 1, &got),
                      ERROR_BROKEN_PIPE);
    }
  }
  pipe_close_wait(f, f->peer);
  assert_int_equal(f->allocator.live, live);
}

NP_CASE("ready-end/close-in-flight", np_pipe_close, ANY_MODE | BOTH_ENDS, NP_OK,
        "A close with a write of the library in flight frees all memory, and "
        "the peer sees the close.",
        "npipe/pipe.h") {
  size_t live = f->allocator.live;

  pair_open_quota(f, READY_QUOTA);
  assert_try_write(f->end, ready_pattern(), 3 * READY_QUOTA, NP_OK,
                   3 * READY_QUOTA);
  assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
  pipe_close_wait(f, f->end);
  pipe_close_wait(f, f->peer);
  assert_int_equal(f->allocator.live, live);
}

static void then_close(np_fixture *f, struct recorder *recorder) {
  (void)recorder;
  pipe_close(f, f->end);
}

NP_CASE("ready-end/close-in-callback", np_pipe_close, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "The callback of a wait may close the pipe. Other waits that ended at "
        "the same time get their result or ERROR_OPERATION_ABORTED.",
        "npipe/pipe.h") {
  pair_open(f);
  f->ops[0].then = then_close;
  for (unsigned i = 0; i < 4; i++) {
    ready_begin(&f->ops[i], f->end, NP_READABLE);
  }
  pipe_send(f, f->peer, "x", 1);
  loop_until(f, 4);
  loop_until_count(f, &f->closed_count, 1);
  assert_done(&f->ops[0], NP_OK, NP_READABLE);
  for (unsigned i = 1; i < 4; i++) {
    assert_true(f->ops[i].result == NP_OK ||
                f->ops[i].result == ERROR_OPERATION_ABORTED);
    assert_true(f->ops[i].order < f->closed_order);
  }
}

NP_CASE("ready-end/info", np_pipe_info, MODE_BYTE | BOTH_ENDS, NP_OK,
        "np_pipe_info counts bytes that were read ahead as readable.",
        "npipe/pipe.h") {
  np_info info;

  pair_asked(f, 4);
  pipe_send(f, f->peer, "0123456789", 10);
  ready_wait(f, f->end, NP_READABLE);
  info.size = sizeof(info);
  assert_np_ok(np_pipe_info(f->end, &info));
  assert_int_equal(info.readable_bytes, 10);
}

/* --- NP_WRITE_CLOSED ----------------------------------------------------- */

NP_CASE("ready-end/write-closed-by-a-write", np_pipe_ready,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "At an end that only writes, NP_WRITE_CLOSED is reported when a write "
        "or a try fails, and not before.",
        "npipe/ready.h") {
  for (int tries = 0; tries < 2; tries++) {
    const unsigned begun = f->done_count;

    pair_open_one_way(f, false);
    ready_begin(&f->ops[0], f->end, NP_WRITE_CLOSED);
    pipe_close_wait(f, f->peer);
    assert_quiet(f, begun);
    if (tries == 0) {
      write_begin(&f->ops[1], f->end, "x", 1);
    } else {
      assert_try_write(f->end, "x", 1, ERROR_NO_DATA, 0);
    }
    loop_until(f, begun + 2 - (unsigned)tries);
    assert_done(&f->ops[0], NP_OK, NP_WRITE_CLOSED);
    pipe_close_wait(f, f->end);
  }
}

NP_CASE("ready-end/write-closed-behind-data", np_pipe_ready,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "NP_WRITE_CLOSED is not reported while data that was read ahead waits "
        "to be taken. It is reported when the data was taken.",
        "npipe/ready.h") {
  pair_open(f);
  ready_set(f->end, 64, 65536);
  pipe_send(f, f->peer, "abc", 3);
  assert_int_equal(ready_wait(f, f->end, NP_READABLE), NP_READABLE);
  pipe_close_wait(f, f->peer);
  ready_begin(&f->ops[0], f->end, NP_WRITE_CLOSED);
  loop_quiet(f);
  assert_int_equal(f->ops[0].done_count, 0);
  assert_try_read(f->end, 64, NP_OK, "abc", 3);
  loop_until_count(f, &f->ops[0].done_count, 1);
  assert_done(&f->ops[0], NP_OK, NP_WRITE_CLOSED);
}

NP_CASE("ready-end/write-closed-asked", np_pipe_info, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "np_pipe_info finds that the peer has closed. NP_WRITE_CLOSED is then "
        "reported, also while data that was read ahead is not taken yet.",
        "npipe/ready.h") {
  np_info info = {.size = sizeof(info)};

  pair_open(f);
  ready_set(f->end, 64, 65536);
  pipe_send(f, f->peer, "abc", 3);
  assert_int_equal(ready_wait(f, f->end, NP_READABLE), NP_READABLE);
  pipe_close_wait(f, f->peer);
  ready_begin(&f->ops[0], f->end, NP_WRITE_CLOSED);
  assert_np_ok(np_pipe_info(f->end, &info));
  assert_int_equal(info.state, NP_CLOSING);
  loop_until_count(f, &f->ops[0].done_count, 1);
  assert_done(&f->ops[0], NP_OK, NP_WRITE_CLOSED);
  assert_try_read(f->end, 64, NP_OK, "abc", 3);
}
