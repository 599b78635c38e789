/* np_op_init and np_op_cancel, in each state of an operation. */
#include "library/fixture.h"

enum { SMALL = 100, LARGE = 1000 }; /* a quota, and a write that exceeds it */

static const char large[LARGE] = "large";

/* small_pair_open opens a pair whose quotas are too small for a write of LARGE
 * bytes. */
static void small_pair_open(np_fixture *f) {
  pair_open_quota(f, SMALL);
}

NP_CASE("op-cancel/init", np_op_init, NO_MODE, NP_OK,
        "An operation is set to zero: no user, no limit, not in flight; NULL "
        "is ignored.",
        "npipe/op.h") {
  np_op zero;

  memset(&zero, 0, sizeof(zero));
  memset(&f->op, 0xEE, sizeof(f->op));
  np_op_init(&f->op);
  assert_memory_equal(&f->op, &zero, sizeof(zero));
  np_op_init(NULL);
  assert_np_error(np_op_cancel(&f->op), ERROR_NOT_FOUND);
}

NP_CASE("op-cancel/overlapped-first", np_op_init, NO_MODE, NP_OK,
        "A pointer to the OVERLAPPED of an operation is a pointer to the "
        "operation, for programs that inspect the packets of a port.",
        "npipe/op.h") {
  assert_true((void *)&f->op == (void *)&f->op.np__packet.overlapped);
}

NP_CASE("op-cancel/user-kept", np_op_init, NO_MODE, NP_OK,
        "The library leaves `user` and `timeout_ms` alone.", "npipe/op.h") {
  pair_open(f);
  f->ops[0].op.user = &f->name;
  f->ops[0].op.timeout_ms = 60000;
  write_begin(&f->ops[0], f->end, "a", 1);
  loop_until(f, 1);
  assert_ptr_equal(f->ops[0].op.user, &f->name);
  assert_int_equal(f->ops[0].op.timeout_ms, 60000);
}

/* --- Cancel by stage ---------------------------------------------------- */

NP_CASE("op-cancel/read-put-off", np_op_cancel, ANY_MODE | BOTH_ENDS, NP_OK,
        "A read cancelled before the kernel was given it ends with "
        "ERROR_OPERATION_ABORTED, from the loop, and takes nothing.",
        "CancelIoEx") {
  pair_open(f);
  pipe_send(f, f->peer, "abc", 3);
  read_begin(&f->ops[0], f->end, 16);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  assert_int_equal(f->done_count, 0);
  assert_next(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  assert_received(f, f->end, "abc", 3);
}

NP_CASE("op-cancel/read-pending", np_op_cancel, ANY_MODE | BOTH_ENDS, NP_OK,
        "A pending read that is cancelled ends with ERROR_OPERATION_ABORTED. "
        "Later data wait for the next read.",
        "CancelIoEx") {
  pair_open(f);
  read_pend(f, &f->ops[0], f->end, 16);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  assert_int_equal(f->done_count, 0);
  assert_next(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  assert_passes(f, f->peer, f->end, "abc", 3);
}

NP_CASE("op-cancel/write-pending", np_op_cancel, ANY_MODE | BOTH_ENDS, NP_OK,
        "A pending write that is cancelled ends with ERROR_OPERATION_ABORTED.",
        "CancelIoEx") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->end, large, LARGE);
  assert_quiet(f, 0);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  loop_until(f, 1);
  assert_int_equal(f->ops[0].result, ERROR_OPERATION_ABORTED);
}

NP_CASE("op-cancel/write-message-unread", np_op_cancel,
        MESSAGE_TYPE | BOTH_ENDS, NP_OK,
        "A write of a message pends, and nothing of it was read. A cancel "
        "removes the message, and the peer reads the next one.",
        "CancelIoEx") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->end, large, LARGE);
  assert_aborts(&f->ops[0]);
  assert_passes(f, f->end, f->peer, "next", 4);
}

NP_CASE("op-cancel/connect-pending", np_op_cancel, ANY_MODE, NP_OK,
        "A pending connect that is cancelled leaves the instance listening: a "
        "client may still come, and the next connect reports it.",
        "CancelIoEx") {
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  loop_quiet(f);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  assert_int_equal(f->done_count, 0);
  assert_next(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  client_open_end(f);
  assert_connects(&f->ops[1], f->server, NP_OK, 0);
}

NP_CASE("op-cancel/shutdown-waiting", np_op_cancel, ANY_MODE | BOTH_ENDS, NP_OK,
        "A shutdown that waits for a write can be cancelled without hurting "
        "that write.",
        "npipe/op.h") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->end, large, LARGE);
  shutdown_begin(&f->ops[1], f->end);
  assert_aborts(&f->ops[1]);
  assert_received(f, f->peer, large, LARGE);
  assert_next(&f->ops[0], NP_OK, LARGE);
}

NP_CASE("op-cancel/finished-callback-to-come", np_op_cancel,
        ANY_MODE | BOTH_ENDS, ERROR_NOT_FOUND,
        "An operation has its result, and its callback is about to run. A "
        "cancel does not find it, and it keeps its result.",
        "CancelIoEx#remarks") {
  pair_open(f);
  write_begin(&f->ops[0], f->end, "abc", 3);
  assert_np_error(np_op_cancel(&f->ops[0].op), ERROR_NOT_FOUND);
  assert_next(&f->ops[0], NP_OK, 3);
  assert_received(f, f->peer, "abc", 3);
}

NP_CASE("op-cancel/not-in-flight", np_op_cancel, ANY_MODE | BOTH_ENDS,
        ERROR_NOT_FOUND,
        "An operation that was never started, or has had its callback, is not "
        "found.",
        "npipe/op.h") {
  pair_open(f);
  assert_np_error(np_op_cancel(&f->ops[0].op), ERROR_NOT_FOUND);
  write_begin(&f->ops[0], f->end, "abc", 3);
  loop_until(f, 1);
  assert_np_error(np_op_cancel(&f->ops[0].op), ERROR_NOT_FOUND);
  assert_int_equal(f->done_count, 1);
}

NP_CASE("op-cancel/null", np_op_cancel, NO_MODE, ERROR_INVALID_PARAMETER,
        "There is no operation to cancel.", "npipe/op.h") {
  assert_invalid(np_op_cancel(NULL));
}

/* --- More about it ------------------------------------------------------ */

NP_CASE("op-cancel/twice", np_op_cancel, ANY_MODE | BOTH_ENDS, NP_OK,
        "Cancelling twice is fine and gives one callback, whether the kernel "
        "has the read or not.",
        "npipe/op.h") {
  pair_open(f);
  read_begin(&f->ops[0], f->end, 16);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  loop_until(f, 1);
  read_pend(f, &f->ops[1], f->end, 16);
  assert_np_ok(np_op_cancel(&f->ops[1].op));
  assert_np_ok(np_op_cancel(&f->ops[1].op));
  loop_until(f, 2);
  loop_quiet(f);
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  assert_done(&f->ops[1], ERROR_OPERATION_ABORTED, 0);
}

NP_CASE("op-cancel/can-lose", np_op_cancel, ANY_MODE | BOTH_ENDS, NP_OK,
        "A cancel that comes after the data loses: the callback has the true "
        "result, or else the data is still there.",
        "CancelIoEx#remarks") {
  np_error error;

  pair_open(f);
  read_pend(f, &f->ops[0], f->end, 16);
  write_begin(&f->ops[1], f->peer, "abc", 3);
  error = np_op_cancel(&f->ops[0].op);
  assert_true(error == NP_OK || error == ERROR_NOT_FOUND);
  loop_until(f, 2);
  if (f->ops[0].result == NP_OK) {
    assert_done(&f->ops[0], NP_OK, 3);
    assert_memory_equal(f->ops[0].buffer, "abc", 3);
  } else {
    assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
    assert_received(f, f->end, "abc", 3);
  }
}

NP_CASE("op-cancel/one-of-several", np_op_cancel, ANY_MODE | BOTH_ENDS, NP_OK,
        "Cancelling one of several reads leaves the others in flight, in their "
        "order.",
        "CancelIoEx") {
  pair_open(f);
  read_begin(&f->ops[0], f->end, 3);
  read_begin(&f->ops[1], f->end, 3);
  read_pend(f, &f->ops[2], f->end, 3);
  assert_aborts(&f->ops[1]);
  write_begin(&f->ops[3], f->peer, "one", 3);
  write_begin(&f->ops[4], f->peer, "two", 3);
  loop_until(f, 5);
  assert_done(&f->ops[0], NP_OK, 3);
  assert_done(&f->ops[2], NP_OK, 3);
  assert_memory_equal(f->ops[0].buffer, "one", 3);
  assert_memory_equal(f->ops[2].buffer, "two", 3);
}

static void then_cancel_next(np_fixture *f, struct recorder *recorder) {
  assert_np_error(np_op_cancel(&recorder->op), ERROR_NOT_FOUND);
  assert_np_ok(np_op_cancel(&f->ops[1].op));
}

NP_CASE("op-cancel/in-callback", np_op_cancel, ANY_MODE | BOTH_ENDS, NP_OK,
        "A callback may cancel another operation; its own is not in flight "
        "any more.",
        "npipe/op.h") {
  pair_open(f);
  f->ops[0].then = then_cancel_next;
  read_begin(&f->ops[0], f->end, 3);
  read_begin(&f->ops[1], f->end, 3);
  write_begin(&f->ops[2], f->peer, "one", 3);
  loop_until(f, 3);
  assert_done(&f->ops[0], NP_OK, 3);
  assert_done(&f->ops[1], ERROR_OPERATION_ABORTED, 0);
}

static void then_read_again(np_fixture *f, struct recorder *recorder) {
  recorder->then = NULL;
  read_begin(recorder, f->end, 16);
}

NP_CASE("op-cancel/start-again", np_op_cancel, ANY_MODE | BOTH_ENDS, NP_OK,
        "A cancelled operation may be started again by its callback.",
        "npipe/op.h") {
  pair_open(f);
  f->ops[0].then = then_read_again;
  read_pend(f, &f->ops[0], f->end, 16);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  loop_until(f, 1);
  write_begin(&f->ops[1], f->peer, "abc", 3);
  assert_ends(&f->ops[0], NP_OK, 3);
}

static void then_cancel_third(np_fixture *f, struct recorder *recorder) {
  (void)recorder;
  assert_np_ok(np_op_cancel(&f->ops[2].op));
}

NP_CASE("op-cancel/next-turn", np_op_cancel, ANY_MODE | BOTH_ENDS, NP_OK,
        "A cancelled read ends in the next turn, although a callback of this "
        "turn cancels another operation.",
        "npipe/op.h") {
  pair_open(f);
  read_pend(f, &f->ops[2], f->end, 16);
  f->ops[0].then = then_cancel_third;
  write_begin(&f->ops[0], f->end, "abc", 3);
  read_begin(&f->ops[1], f->peer, 16);
  assert_np_ok(np_op_cancel(&f->ops[1].op));
  assert_np_ok(loop_turn(f, LOOP_WAIT_MS));
  assert_int_equal(f->ops[1].done_count, 1);
  loop_until(f, 3);
  assert_done(&f->ops[1], ERROR_OPERATION_ABORTED, 0);
  assert_done(&f->ops[2], ERROR_OPERATION_ABORTED, 0);
}

NP_CASE("op-cancel/put-off-at-once", np_op_cancel, ANY_MODE | BOTH_ENDS, NP_OK,
        "A read is cancelled before the kernel gets it. It ends before the "
        "reads of other pipes that started earlier and have data.",
        "npipe/op.h") {
  np_pipe *ends[3];

  f->server_options.instances_max = NP_INSTANCES_UNLIMITED;
  for (unsigned i = 0; i < 3; i++) {
    pair_open(f);
    pipe_send(f, f->peer, "a", 1);
    ends[i] = pipe_own(f, f->end);
    pipe_own(f, f->peer);
    f->server = NULL;
    f->client = NULL;
  }
  for (unsigned i = 0; i < 3; i++) {
    read_begin(&f->ops[i], ends[i], 1);
  }
  assert_np_ok(np_op_cancel(&f->ops[2].op));
  loop_until(f, 3);
  assert_done(&f->ops[2], ERROR_OPERATION_ABORTED, 0);
  assert_true(f->ops[2].order < f->ops[0].order);
  assert_true(f->ops[2].order < f->ops[1].order);
}
