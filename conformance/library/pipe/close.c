/* np_pipe_close in every state of a pipe. */
#include "library/fixture.h"

enum { SMALL = 100, LARGE = 1000 };

static const char large[LARGE] = "large";

static void small_pair_open(np_fixture *f) {
  pair_open_quota(f, SMALL);
}

/* --- From every state --------------------------------------------------- */

NP_CASE("close/listening", np_pipe_close, ANY_MODE, NP_OK,
        "A server that listens is closed: on_closed runs once, from the loop, "
        "and the name is gone.",
        "Named Pipe Operations") {
  np_pipe *client = NULL;

  server_listen(f);
  pipe_close(f, f->server);
  assert_int_equal(f->closed_count, 0);
  loop_until_count(f, &f->closed_count, 1);
  loop_quiet(f);
  assert_int_equal(f->closed_count, 1);
  assert_np_error(np_client_open(f->loop, f->name, NULL, &client),
                  ERROR_FILE_NOT_FOUND);
  assert_null(client);
}

NP_CASE("close/connect-pending", np_pipe_close, ANY_MODE,
        ERROR_OPERATION_ABORTED,
        "A connect in flight ends with ERROR_OPERATION_ABORTED, before "
        "on_closed.",
        "CancelIoEx") {
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  pipe_close_wait(f, f->server);
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  assert_true(f->closed_order > f->ops[0].order);
}

NP_CASE("close/connected", np_pipe_close, ANY_MODE | BOTH_ENDS, NP_OK,
        "A connected end without operations is closed; the peer's read ends "
        "with ERROR_BROKEN_PIPE.",
        "Named Pipe Operations") {
  pair_open(f);
  pipe_close_wait(f, f->end);
  assert_reads(&f->ops[0], f->peer, 16, ERROR_BROKEN_PIPE, 0);
  assert_true(np_is_eof(f->ops[0].result));
}

NP_CASE("close/peer-closed", np_pipe_close, ANY_MODE | BOTH_ENDS, NP_OK,
        "An end whose peer closed first is closed too.",
        "Named Pipe Operations") {
  pair_open(f);
  pipe_close_wait(f, f->peer);
  pipe_close_wait(f, f->end);
  assert_int_equal(f->closed_count, 2);
}

NP_CASE("close/disconnected", np_pipe_close, ANY_MODE | BOTH_ENDS, NP_OK,
        "Either end of a disconnected instance is closed.",
        "Named Pipe Operations") {
  pair_open(f);
  assert_np_ok(np_server_disconnect(f->server));
  pipe_close_wait(f, f->end);
  pipe_close_wait(f, f->peer);
  assert_int_equal(f->closed_count, 2);
}

NP_CASE("close/read-put-off", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A read that the kernel was not given yet ends with "
        "ERROR_OPERATION_ABORTED.",
        "npipe/pipe.h") {
  pair_open(f);
  read_begin(&f->ops[0], f->end, 16);
  pipe_close_wait(f, f->end);
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  assert_true(f->closed_order > f->ops[0].order);
}

NP_CASE("close/read-pending", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A pending read ends with ERROR_OPERATION_ABORTED, not with what the "
        "kernel says of a handle that is closed.",
        "CancelIoEx") {
  pair_open(f);
  read_pend(f, &f->ops[0], f->end, 16);
  pipe_close_wait(f, f->end);
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
}

NP_CASE("close/write-pending", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A pending write ends with ERROR_OPERATION_ABORTED, also when nobody "
        "ever reads.",
        "CancelIoEx") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->end, large, LARGE);
  loop_quiet(f);
  pipe_close_wait(f, f->end);
  assert_int_equal(f->ops[0].result, ERROR_OPERATION_ABORTED);
}

NP_CASE("close/shutdown-waiting", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A shutdown that waits ends with ERROR_OPERATION_ABORTED.",
        "npipe/pipe.h") {
  small_pair_open(f);
  write_begin(&f->ops[0], f->end, large, LARGE);
  shutdown_begin(&f->ops[1], f->end);
  pipe_close_wait(f, f->end);
  assert_int_equal(f->ops[0].result, ERROR_OPERATION_ABORTED);
  assert_done(&f->ops[1], ERROR_OPERATION_ABORTED, 0);
}

NP_CASE("close/finished-keeps-result", np_pipe_close, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "An operation that had its result before the close keeps this result.",
        "CancelIoEx#remarks") {
  pair_open(f);
  write_begin(&f->ops[0], f->end, "abc", 3);
  pipe_close_wait(f, f->end);
  assert_done(&f->ops[0], NP_OK, 3);
  assert_true(f->closed_order > f->ops[0].order);
  assert_received(f, f->peer, "abc", 3);
}

NP_CASE("close/completed-in-kernel", np_pipe_close, ANY_MODE | BOTH_ENDS, NP_OK,
        "The peer's write has completed a read, and the pipe is closed before "
        "the loop gets the packet. The read keeps its data.",
        "CancelIoEx#remarks") {
  pair_open(f);
  read_pend(f, &f->ops[0], f->end, 16);
  write_begin(&f->ops[1], f->peer, "abc", 3);
  pipe_close_wait(f, f->end);
  assert_next(&f->ops[0], NP_OK, 3);
  assert_memory_equal(f->ops[0].buffer, "abc", 3);
}

static void assert_closed_last(np_fixture *f, unsigned ops) {
  for (unsigned i = 0; i < ops; i++) {
    assert_int_equal(f->ops[i].done_count, 1);
    assert_true(f->ops[i].order < f->closed_order);
  }
  assert_int_equal(f->closed_count, 1);
}

NP_CASE("close/everything-in-flight", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "With reads, writes and shutdowns in flight, some put off, some in the "
        "kernel, some finished, each gets one callback, then on_closed.",
        "npipe/pipe.h") {
  small_pair_open(f);
  for (unsigned i = 0; i < 4; i++) {
    read_begin(&f->ops[i], f->end, 16); /* in the kernel */
  }
  reads_post(f);
  write_begin(&f->ops[4], f->end, "abc", 3); /* finished */
  for (unsigned i = 5; i < 9; i++) {
    write_begin(&f->ops[i], f->end, large, LARGE); /* in the kernel */
  }
  shutdown_begin(&f->ops[9], f->end);
  for (unsigned i = 10; i < 14; i++) {
    read_begin(&f->ops[i], f->end, 16); /* put off */
  }
  pipe_close_wait(f, f->end);
  assert_closed_last(f, 14);
  assert_done(&f->ops[4], NP_OK, 3);
  for (unsigned i = 0; i < 14; i++) {
    if (i != 4) {
      assert_int_equal(f->ops[i].result, ERROR_OPERATION_ABORTED);
    }
  }
  assert_quiet(f, 14);
}

NP_CASE("close/both-ends", np_pipe_close, ANY_MODE | BOTH_ENDS, NP_OK,
        "Both ends closed at once, each with everything in flight, end "
        "everything once.",
        "npipe/pipe.h") {
  small_pair_open(f);
  for (unsigned i = 0; i < 4; i++) {
    read_begin(&f->ops[i], f->end, 0);
    read_begin(&f->ops[4 + i], f->peer, 0);
  }
  reads_post(f);
  for (unsigned i = 0; i < 4; i++) {
    write_begin(&f->ops[8 + i], f->end, large, LARGE);
    write_begin(&f->ops[12 + i], f->peer, large, LARGE);
  }
  pipe_close(f, f->end);
  pipe_close(f, f->peer);
  assert_np_ok(loop_run(f));
  assert_int_equal(f->closed_count, 2);
  assert_int_equal(f->done_count, 16);
  for (unsigned i = 0; i < 16; i++) {
    assert_int_equal(f->ops[i].done_count, 1);
  }
}

/* --- What the peer sees ------------------------------------------------- */

NP_CASE("close/written-stays-readable", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "Data that the kernel holds completely stay readable for the peer "
        "after a close; then its reads end with ERROR_BROKEN_PIPE.",
        "Named Pipe Operations") {
  pair_open(f);
  pipe_send(f, f->end, "first", 5);
  pipe_send(f, f->end, "second", 6);
  pipe_close_wait(f, f->end);
  assert_received(f, f->peer, "first", 5);
  assert_received(f, f->peer, "second", 6);
  assert_reads(&f->ops[0], f->peer, 16, ERROR_BROKEN_PIPE, 0);
}

NP_CASE("close/peer-read-pending", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "The peer's pending read ends while this end is still being closed.",
        "Named Pipe Operations") {
  pair_open(f);
  read_pend(f, &f->ops[0], f->peer, 16);
  pipe_close(f, f->end);
  assert_next(&f->ops[0], ERROR_BROKEN_PIPE, 0);
}

NP_CASE("close/raw-peer", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "A peer that is no end of this library sees it within the call: no "
        "turn of the loop is needed.",
        "Named Pipe Operations") {
  char buffer[16];
  size_t length = 0;

  pair_open_raw(f);
  pipe_send(f, f->end, "abc", 3);
  pipe_close(f, f->end);
  assert_int_equal(raw_read(f->raw, buffer, sizeof(buffer), &length), 0);
  assert_int_equal(length, 3);
  assert_int_equal(raw_read(f->raw, buffer, sizeof(buffer), &length),
                   ERROR_BROKEN_PIPE);
}

/* --- Refusals ----------------------------------------------------------- */

NP_CASE("close/null", np_pipe_close, NO_MODE, NP_OK,
        "Closing NULL does nothing, with success.", "npipe/pipe.h") {
  assert_np_ok(np_pipe_close(NULL, on_closed_never));
  assert_false(np_loop_is_pending(f->loop));
}

NP_CASE("close/without-on-closed", np_pipe_close, ANY_MODE | BOTH_ENDS, NP_OK,
        "on_closed may be NULL: the operations still get their callbacks and "
        "the memory is given back.",
        "npipe/pipe.h") {
  np_pipe *pipe;

  pair_open(f);
  read_pend(f, &f->ops[0], f->end, 16);
  pipe = f->end;
  f->server = f->server == pipe ? NULL : f->server;
  f->client = f->client == pipe ? NULL : f->client;
  assert_np_ok(np_pipe_close(pipe, NULL));
  assert_np_ok(loop_run(f));
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
}

NP_CASE("close/twice", np_pipe_close, BOTH_ENDS, ERROR_INVALID_HANDLE,
        "A second close is refused, changes nothing, and its on_closed never "
        "runs.",
        "npipe/pipe.h") {
  np_pipe *pipe = pipe_closing(f);

  assert_np_error(np_pipe_close(pipe, on_closed_never), ERROR_INVALID_HANDLE);
  assert_np_error(np_pipe_close(pipe, NULL), ERROR_INVALID_HANDLE);
  loop_until_count(f, &f->closed_count, 1);
}
