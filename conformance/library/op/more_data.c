/* Operations that are answered ERROR_MORE_DATA at once, before their loop knows
 * whether a packet follows that answer. Each case has a fresh loop, which knows
 * nothing yet. */
#include "library/fixture.h"

enum { PIPES = 5 };

static void reads_one_byte(np_pipe *pipe) {
  np_ready_options options = ready_options();

  options.read_ahead_bytes = 0;
  assert_np_ok(np_pipe_set_ready_options(pipe, &options));
}

/* More pairs under the fixture's name; their ends under test go to `ends`. */
static void pairs_open(np_fixture *f, np_pipe **ends, np_pipe **peers) {
  for (unsigned i = 0; i < PIPES; i++) {
    pair_open(f);
    ends[i] = f->end;
    peers[i] = f->peer;
    pipe_own(f, f->server);
    pipe_own(f, f->client);
    f->server = NULL;
    f->client = NULL;
  }
}

NP_CASE(
    "more-data/many-at-once", np_pipe_read, MODE_MESSAGE | BOTH_ENDS,
    ERROR_MORE_DATA,
    "In one turn, the kernel cuts the reads of several pipes. Each read gets "
    "its part, also if the loop has never seen such an answer before.",
    "ReadFile#pipes") {
  np_pipe *ends[PIPES];
  np_pipe *peers[PIPES];

  pairs_open(f, ends, peers);
  for (unsigned i = 0; i < PIPES; i++) {
    pipe_send(f, peers[i], "abcdef", 6);
  }
  for (unsigned i = 0; i < PIPES; i++) {
    read_begin(&f->ops[2 * i], ends[i], 2 + i % 2);
    read_begin(&f->ops[2 * i + 1], ends[i], 1);
  }
  loop_until(f, 2 * PIPES);
  for (unsigned i = 0; i < PIPES; i++) {
    assert_done(&f->ops[2 * i], ERROR_MORE_DATA, 2 + i % 2);
    assert_memory_equal(f->ops[2 * i].buffer, "abc", 2 + i % 2);
    assert_done(&f->ops[2 * i + 1], ERROR_MORE_DATA, 1);
    assert_true(f->ops[2 * i].order < f->ops[2 * i + 1].order);
  }
}

NP_CASE("more-data/foreign-port", np_pipe_read, MODE_MESSAGE | BOTH_ENDS,
        ERROR_MORE_DATA,
        "On a port that is the caller's the first reads that are cut end as on "
        "any other.",
        "npipe/loop.h") {
  loop_remake_foreign(f, 7);
  pair_open(f);
  pipe_send(f, f->peer, "abcde", 5);
  for (unsigned i = 0; i < 3; i++) {
    read_begin(&f->ops[i], f->end, 2);
  }
  assert_ends(&f->ops[0], ERROR_MORE_DATA, 2);
  assert_ends(&f->ops[1], ERROR_MORE_DATA, 2);
  assert_ends(&f->ops[2], NP_OK, 1);
}

NP_CASE("more-data/loops-of-one-key", np_pipe_read, MODE_MESSAGE | BOTH_ENDS,
        ERROR_MORE_DATA,
        "A loop on the caller's port is destroyed. It leaves nothing in the "
        "port that misleads the next loop with the same key.",
        "npipe/loop.h") {
  HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);

  for (unsigned i = 0; i < 3; i++) {
    np_loop_options options = loop_options();

    options.port = port;
    options.completion_key = 7;
    loop_drain(f);
    f->port = NULL; /* The port stays open. The last fixture closes it. */
    loop_remake(f, &options);
    pair_open(f);
    pipe_send(f, f->peer, "abcde", 5);
    assert_reads(&f->ops[2 * i], f->end, 2, ERROR_MORE_DATA, 2);
    assert_reads(&f->ops[2 * i + 1], f->end, 4, NP_OK, 3);
    pair_close(f);
  }
}

NP_CASE("more-data/limit-passes", np_pipe_read, MODE_MESSAGE | BOTH_ENDS,
        ERROR_MORE_DATA,
        "The time limit of a read expires while the loop finds out how much "
        "the read has. The read keeps its bytes.",
        "ReadFile#pipes") {
  pair_open(f);
  pipe_send(f, f->peer, "abcde", 5);
  f->ops[0].op.timeout_ms = LOOP_WAIT_MS;
  read_begin(&f->ops[0], f->end, 2);
  f->ops[1].op.timeout_ms = LOOP_WAIT_MS;
  read_begin(&f->ops[1], f->end, 2);
  assert_ends(&f->ops[0], ERROR_MORE_DATA, 2);
  assert_ends(&f->ops[1], ERROR_MORE_DATA, 2);
  assert_received(f, f->end, "e", 1);
}

NP_CASE("more-data/try-read", np_pipe_try_read, MODE_MESSAGE | BOTH_ENDS, NP_OK,
        "np_pipe_try_read reads ahead one byte of a message. It finds the byte "
        "in this turn or the next, and the message is read whole.",
        "npipe/ready.h") {
  char buffer[16];
  size_t length = 0;
  np_error error;

  pair_open(f);
  reads_one_byte(f->end);
  pipe_send(f, f->peer, "abcde", 5);
  error = np_pipe_try_read(f->end, buffer, sizeof(buffer), &length);
  if (error == NP_WOULD_BLOCK) {
    assert_np_ok(np_pipe_readable(f->end, &f->ops[0].op, on_done));
    f->ops[0].start_count++;
    loop_until(f, 1);
    error = np_pipe_try_read(f->end, buffer, sizeof(buffer), &length);
  }
  assert_np_ok(error);
  assert_int_equal(length, 5);
  assert_memory_equal(buffer, "abcde", 5);
}

NP_CASE("more-data/close-at-once", np_pipe_close, MODE_MESSAGE | BOTH_ENDS,
        NP_OK,
        "A pipe is closed while its loop calibrates. Its on_closed runs, and "
        "the loop can then be destroyed.",
        "npipe/loop.h") {
  np_loop_options options = loop_options();
  char buffer[16];
  size_t length = 0;

  pair_open(f);
  reads_one_byte(f->end);
  pipe_send(f, f->peer, "abcde", 5);
  np_pipe_try_read(f->end, buffer, sizeof(buffer), &length);
  pipe_close_wait(f, f->end);
  pipe_close_wait(f, f->peer);
  loop_drain(f);
  loop_remake(f, &options);
}

NP_CASE("more-data/cancel-at-once", np_op_cancel, MODE_MESSAGE | BOTH_ENDS,
        NP_OK,
        "A read of the caller's that waits behind such a try can be cancelled; "
        "the message stays.",
        "npipe/op.h") {
  char buffer[16];
  size_t length = 0;
  np_error error;

  pair_open(f);
  reads_one_byte(f->end);
  pipe_send(f, f->peer, "abcde", 5);
  error = np_pipe_try_read(f->end, buffer, 1, &length);
  read_begin(&f->ops[0], f->end, 2);
  assert_aborts(&f->ops[0]);
  if (error == NP_WOULD_BLOCK) {
    assert_received(f, f->end, "abcde", 5);
  } else {
    assert_np_error(error, ERROR_MORE_DATA);
    assert_received(f, f->end, "bcde", 4);
  }
}
