/* np_pipe_readv and np_pipe_writev: several buffers that act as one. */
#include "library/ready/ready_common.h"

static void readv_begin(struct recorder *recorder, np_pipe *pipe,
                        const np_buffer *buffers, size_t count) {
  op_begin(recorder,
           np_pipe_readv(pipe, buffers, count, &recorder->op, on_done));
}

static void writev_begin(struct recorder *recorder, np_pipe *pipe,
                         const np_buffer *buffers, size_t count) {
  op_begin(recorder,
           np_pipe_writev(pipe, buffers, count, &recorder->op, on_done));
}

/* --- readv -------------------------------------------------------------- */

NP_CASE("vector/read", np_pipe_readv, ANY_MODE | BOTH_ENDS, NP_OK,
        "One message fills the buffers in order, empty ones are skipped, and "
        "nothing behind the message's end is touched.",
        "ReadFile#pipes; museum F12") {
  char a[3], b[4], c[8];
  np_buffer parts[] = {{NULL, 0}, {a, 3}, {NULL, 0}, {b, 4}, {c, 8}};
  bool before;

  pair_open(f);
  for (before = false;; before = true) {
    struct recorder *reader = &f->ops[before];

    memset(c, '#', sizeof(c));
    if (before) {
      pipe_send(f, f->peer, "0123456789", 10);
    }
    readv_begin(reader, f->end, parts, 5);
    if (!before) {
      assert_quiet(f, 0);
      pipe_send(f, f->peer, "0123456789", 10);
    }
    loop_until_count(f, &reader->done_count, 1);
    assert_done(reader, NP_OK, 10);
    assert_memory_equal(a, "012", 3);
    assert_memory_equal(b, "3456", 4);
    assert_memory_equal(c, "789#####", 8);
    if (before) {
      break;
    }
  }
}

NP_CASE("vector/read-array-is-borrowed", np_pipe_readv, ANY_MODE | BOTH_ENDS,
        NP_OK, "The array is the caller's again after the call.",
        "npipe/io.h") {
  char a[3], b[4];
  np_buffer parts[] = {{a, 3}, {b, 4}};

  pair_open(f);
  readv_begin(&f->ops[0], f->end, parts, 2);
  memset(parts, 0, sizeof(parts));
  pipe_send(f, f->peer, "0123456", 7);
  assert_next(&f->ops[0], NP_OK, 7);
  assert_memory_equal(a, "012", 3);
  assert_memory_equal(b, "3456", 4);
}

NP_CASE("vector/read-more-data", np_pipe_readv, MODE_MESSAGE | BOTH_ENDS,
        ERROR_MORE_DATA,
        "A message longer than all buffers fills them, and the next read "
        "continues with it.",
        "ReadFile#pipes") {
  char a[3], b[4];
  np_buffer parts[] = {{a, 3}, {b, 4}};

  pair_open(f);
  readv_begin(&f->ops[0], f->end, parts, 2);
  pipe_send(f, f->peer, "0123456789", 10);
  assert_next(&f->ops[0], ERROR_MORE_DATA, 7);
  assert_memory_equal(a, "012", 3);
  assert_memory_equal(b, "3456", 4);
  readv_begin(&f->ops[1], f->end, parts, 2);
  assert_next(&f->ops[1], NP_OK, 3);
  assert_memory_equal(a, "789", 3);
}

NP_CASE("vector/read-none", np_pipe_readv, ANY_MODE | BOTH_ENDS, NP_OK,
        "No buffers, or none with room, read as a length of 0: they wait for "
        "something and take nothing, of a message with ERROR_MORE_DATA.",
        "npipe/io.h") {
  const np_buffer empty[] = {{NULL, 0}, {NULL, 0}};
  np_error result = (f->variant & MODE_MESSAGE) != 0 ? ERROR_MORE_DATA : NP_OK;

  pair_open(f);
  readv_begin(&f->ops[0], f->end, NULL, 0);
  assert_quiet(f, 0);
  pipe_send(f, f->peer, "hello", 5);
  assert_next(&f->ops[0], result, 0);
  readv_begin(&f->ops[1], f->end, empty, 2);
  assert_next(&f->ops[1], result, 0);
  assert_received(f, f->end, "hello", 5);
}

NP_CASE("vector/read-empty-message", np_pipe_readv, MESSAGE_TYPE | BOTH_ENDS,
        NP_OK, "An empty message is a success of 0 bytes.", "ReadFile#pipes") {
  char a[3], b[4];
  np_buffer parts[] = {{a, 3}, {b, 4}};

  pair_open(f);
  readv_begin(&f->ops[0], f->end, parts, 2);
  pipe_send(f, f->peer, "", 0);
  assert_next(&f->ops[0], NP_OK, 0);
}

NP_CASE("vector/read-thousand", np_pipe_readv, ANY_MODE | BOTH_ENDS, NP_OK,
        "A thousand buffers of one and two bytes are filled in order.",
        "npipe/io.h") {
  static char bytes[1000][2];
  static np_buffer parts[1000];
  const char *pattern = ready_pattern();
  size_t at = 0;

  pair_open(f);
  for (unsigned i = 0; i < 1000; i++) {
    parts[i].data = bytes[999 - i];
    parts[i].length = 1 + i % 2;
  }
  readv_begin(&f->ops[0], f->end, parts, 1000);
  pipe_send(f, f->peer, pattern, 1500);
  assert_next(&f->ops[0], NP_OK, 1500);
  for (unsigned i = 0; i < 1000; at += 1 + i % 2, i++) {
    assert_memory_equal(bytes[999 - i], pattern + at, 1 + i % 2);
  }
}

NP_CASE("vector/read-in-order", np_pipe_readv, MODE_MESSAGE | BOTH_ENDS, NP_OK,
        "Several reads in flight, with one buffer or more, complete in the "
        "order in which they were started.",
        "npipe/io.h") {
  char a[4], b[4], c[4], d[4];
  np_buffer first[] = {{a, 2}, {b, 4}};
  np_buffer third[] = {{c, 2}, {d, 4}};

  pair_open(f);
  readv_begin(&f->ops[0], f->end, first, 2);
  read_begin(&f->ops[1], f->end, 6);
  readv_begin(&f->ops[2], f->end, third, 2);
  pipe_send(f, f->peer, "first", 5);
  pipe_send(f, f->peer, "other", 5);
  pipe_send(f, f->peer, "third", 5);
  loop_until(f, 3);
  assert_memory_equal(a, "fi", 2);
  assert_memory_equal(b, "rst", 3);
  assert_memory_equal(f->ops[1].buffer, "other", 5);
  assert_memory_equal(c, "th", 2);
  assert_memory_equal(d, "ird", 3);
  assert_true(f->ops[0].order < f->ops[1].order);
  assert_true(f->ops[1].order < f->ops[2].order);
}

NP_CASE("vector/read-end", np_pipe_readv, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "A read into several buffers ends with the end of the stream. The peer "
        "closed before the read, or while the read waits.",
        "ReadFile#pipes") {
  char a[3], b[4];
  np_buffer parts[] = {{a, 3}, {b, 4}};

  pair_open(f);
  readv_begin(&f->ops[0], f->end, parts, 2);
  loop_turn(f, 0);
  pipe_close(f, f->peer);
  assert_next(&f->ops[0], ERROR_BROKEN_PIPE, 0);
  readv_begin(&f->ops[1], f->end, parts, 2);
  assert_next(&f->ops[1], ERROR_BROKEN_PIPE, 0);
}

NP_CASE("vector/read-disconnected", np_pipe_readv, ANY_MODE | BOTH_ENDS,
        ERROR_PIPE_NOT_CONNECTED,
        "A disconnect ends a read into several buffers at either end.",
        "DisconnectNamedPipe#remarks") {
  char a[3], b[4];
  np_buffer parts[] = {{a, 3}, {b, 4}};

  pair_open(f);
  readv_begin(&f->ops[0], f->end, parts, 2);
  loop_turn(f, 0);
  assert_np_ok(np_server_disconnect(f->server));
  assert_next(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_CASE("vector/read-listening", np_pipe_readv, ANY_MODE, ERROR_PIPE_LISTENING,
        "A read into several buffers at a server without a client ends with "
        "ERROR_PIPE_LISTENING.",
        "ReadFile#pipes") {
  char a[3], b[4];
  np_buffer parts[] = {{a, 3}, {b, 4}};

  server_listen(f);
  readv_begin(&f->ops[0], f->server, parts, 2);
  assert_next(&f->ops[0], ERROR_PIPE_LISTENING, 0);
}

NP_CASE("vector/read-cancel", np_pipe_readv, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A cancelled read into several buffers leaves the buffers unchanged "
        "and loses nothing.",
        "CancelIoEx#remarks") {
  char a[3] = "###", b[4] = "####";
  np_buffer parts[] = {{a, 3}, {b, 4}};

  pair_open(f);
  for (unsigned i = 0; i < 2; i++) {
    readv_begin(&f->ops[i], f->end, parts, 2);
    if (i == 1) {
      loop_turn(f, 0);
    }
    assert_aborts(&f->ops[i]);
  }
  pipe_send(f, f->peer, "hello", 5);
  loop_quiet(f);
  assert_memory_equal(a, "###", 3);
  assert_memory_equal(b, "####", 4);
  assert_received(f, f->end, "hello", 5);
}

NP_CASE("vector/read-timeout", np_pipe_readv, ANY_MODE | BOTH_ENDS,
        WAIT_TIMEOUT,
        "A read into several buffers ends at its time limit and loses "
        "nothing.",
        "npipe/op.h") {
  char a[3], b[4];
  np_buffer parts[] = {{a, 3}, {b, 4}};

  pair_open(f);
  f->ops[0].op.timeout_ms = 10;
  readv_begin(&f->ops[0], f->end, parts, 2);
  assert_next(&f->ops[0], WAIT_TIMEOUT, 0);
  assert_passes(f, f->peer, f->end, "hello", 5);
}

/* Type of np_pipe_readv and np_pipe_writev. */
typedef np_error (*vectored)(np_pipe *pipe, const np_buffer *buffers,
                             size_t count, np_op *op, np_op_fn done);

static void assert_refuses(np_fixture *f, vectored begin) {
  char byte = 0;
  np_op *op = &f->ops[0].op;
  const np_buffer one = {&byte, 1};
  const np_buffer hole[] = {{&byte, 1}, {NULL, 1}};
  const np_buffer over[] = {{&byte, UINT32_MAX}, {&byte, 1}};
  const np_buffer wraps[] = {{&byte, SIZE_MAX}, {&byte, 1}, {&byte, 1}};
  const np_error refused = ERROR_INVALID_PARAMETER;
  size_t live;

  pair_open(f);
  live = f->allocator.live;
  assert_np_error(begin(NULL, &one, 1, op, on_never), refused);
  assert_np_error(begin(f->end, NULL, 1, op, on_never), refused);
  assert_np_error(begin(f->end, &one, 1, NULL, on_never), refused);
  assert_np_error(begin(f->end, &one, 1, op, NULL), refused);
  assert_np_error(begin(f->end, hole, 2, op, on_never), refused);
  assert_np_error(begin(f->end, hole + 1, 1, op, on_never), refused);
  assert_np_error(begin(f->end, over, 2, op, on_never), refused);
  assert_np_error(begin(f->end, wraps, 3, op, on_never), refused);
  assert_int_equal(f->allocator.live, live);
  loop_quiet(f);
}

NP_CASE("vector/read-bad-parameter", np_pipe_readv, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A NULL is refused, and lengths whose sum is over the limit, also if "
        "the sum does not fit a size_t.",
        "npipe/io.h") {
  assert_refuses(f, np_pipe_readv);
}

NP_CASE("vector/read-closing", np_pipe_readv, NO_MODE, ERROR_INVALID_HANDLE,
        "A pipe that is being closed refuses a read into several buffers.",
        "npipe/io.h") {
  char a[3], b[4];
  np_buffer parts[] = {{a, 3}, {b, 4}};

  assert_np_error(
      np_pipe_readv(pipe_closing(f), parts, 2, &f->ops[0].op, on_never),
      ERROR_INVALID_HANDLE);
}

NP_CASE("vector/read-busy", np_pipe_readv, NO_MODE, ERROR_BUSY,
        "An operation in flight cannot begin once more.", "npipe/io.h") {
  char a[3], b[4];
  np_buffer parts[] = {{a, 3}, {b, 4}};

  pair_open(f);
  readv_begin(&f->ops[0], f->end, parts, 2);
  assert_np_error(np_pipe_readv(f->end, parts, 2, &f->ops[0].op, on_never),
                  ERROR_BUSY);
}

NP_CASE("vector/read-one-way", np_pipe_readv, BOTH_ENDS, ERROR_ACCESS_DENIED,
        "An end that only writes cannot read.", "npipe/io.h") {
  char a[3], b[4];
  np_buffer parts[] = {{a, 3}, {b, 4}};

  pair_open_one_way(f, false);
  assert_np_error(np_pipe_readv(f->end, parts, 2, &f->ops[0].op, on_never),
                  ERROR_ACCESS_DENIED);
  assert_np_error(np_pipe_readv(f->end, parts, 1, &f->ops[0].op, on_never),
                  ERROR_ACCESS_DENIED);
}

static char swept_a[3], swept_b[4];

static np_error attempt_readv(np_fixture *f) {
  np_buffer parts[] = {{swept_a, 3}, {swept_b, 4}};
  np_error error = np_pipe_readv(f->end, parts, 2, &f->ops[0].op, on_done);

  f->ops[0].start_count += error == NP_OK;
  return error;
}

NP_CASE("vector/read-no-memory", np_pipe_readv, ANY_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Without memory a read into several buffers does not begin; a single "
        "buffer needs no memory.",
        "npipe/io.h") {
  char a[3];
  np_buffer alone[] = {{NULL, 0}, {a, 3}, {NULL, 0}};

  pair_open(f);
  memory_sweep(f, attempt_readv);
  pipe_send(f, f->peer, "hello", 5);
  assert_next(&f->ops[0], NP_OK, 5);
  f->allocator.fail_at = f->allocator.total + 1;
  readv_begin(&f->ops[1], f->end, alone, 3);
  pipe_send(f, f->peer, "abc", 3);
  assert_next(&f->ops[1], NP_OK, 3);
  assert_memory_equal(a, "abc", 3);
  f->allocator.fail_at = 0;
}

static void then_count_memory(np_fixture *f, struct recorder *recorder) {
  (void)recorder;
  assert_int_equal(f->allocator.live, *(size_t *)f->user);
}

NP_CASE("vector/read-memory", np_pipe_readv, ANY_MODE | BOTH_ENDS, NP_OK,
        "The memory is given back before the callback, also after a cancel.",
        "npipe/io.h") {
  char a[3], b[4];
  np_buffer parts[] = {{a, 3}, {b, 4}};
  size_t live;

  pair_open(f);
  live = f->allocator.live;
  f->user = &live;
  f->ops[0].then = then_count_memory;
  f->ops[1].then = then_count_memory;
  readv_begin(&f->ops[0], f->end, parts, 2);
  assert_true(f->allocator.live > live);
  pipe_send(f, f->peer, "hello", 5);
  loop_until(f, 1);
  readv_begin(&f->ops[1], f->end, parts, 2);
  loop_turn(f, 0);
  assert_np_ok(np_op_cancel(&f->ops[1].op));
  loop_until(f, 2);
}

/* --- writev ------------------------------------------------------------- */

NP_CASE("vector/write", np_pipe_writev, ANY_MODE | BOTH_ENDS, NP_OK,
        "The peer gets all bytes in order, on a message pipe as one message.",
        "WriteFile#pipes; museum F12") {
  char a[] = "012", b[] = "3456", c[] = "789";
  np_buffer parts[] = {{NULL, 0}, {a, 3}, {b, 4}, {NULL, 0}, {c, 3}};

  pair_open(f);
  writev_begin(&f->ops[0], f->end, parts, 5);
  memset(parts, 0, sizeof(parts));
  assert_next(&f->ops[0], NP_OK, 10);
  assert_received(f, f->peer, "0123456789", 10);
}

NP_CASE("vector/write-one-message", np_pipe_writev, MODE_MESSAGE | BOTH_ENDS,
        NP_OK, "A write from several buffers is exactly one message.",
        "npipe/io.h") {
  char a[] = "one", b[] = "two";
  np_buffer parts[] = {{a, 3}, {b, 3}};

  pair_open(f);
  writev_begin(&f->ops[0], f->end, parts, 2);
  write_begin(&f->ops[1], f->end, "x", 1);
  writev_begin(&f->ops[2], f->end, parts, 1);
  writev_begin(&f->ops[3], f->end, parts, 2);
  assert_received(f, f->peer, "onetwo", 6);
  assert_received(f, f->peer, "x", 1);
  assert_received(f, f->peer, "one", 3);
  assert_received(f, f->peer, "onetwo", 6);
  loop_until(f, 4);
}

NP_CASE("vector/write-pending", np_pipe_writev, ANY_MODE | BOTH_ENDS, NP_OK,
        "A write from several buffers that waits for the peer transfers all "
        "bytes, even if the array changes meanwhile.",
        "WriteFile#pipes") {
  static char a[READY_QUOTA], b[2 * READY_QUOTA];
  np_buffer parts[] = {{a, sizeof(a)}, {b, sizeof(b)}};
  const char *pattern = ready_pattern();

  pair_open_quota(f, READY_QUOTA);
  memcpy(a, pattern, sizeof(a));
  memcpy(b, pattern + sizeof(a), sizeof(b));
  writev_begin(&f->ops[0], f->end, parts, 2);
  memset(parts, 0, sizeof(parts));
  assert_quiet(f, 0);
  assert_received(f, f->peer, pattern, 3 * READY_QUOTA);
  assert_next(&f->ops[0], NP_OK, 3 * READY_QUOTA);
}

NP_CASE("vector/write-none", np_pipe_writev, ANY_MODE | BOTH_ENDS, NP_OK,
        "No buffers, or none with bytes, are an empty message on a message "
        "pipe and nothing on a byte pipe.",
        "npipe/io.h") {
  const np_buffer empty[] = {{NULL, 0}, {NULL, 0}};
  char byte = 0;
  size_t got = 9;

  pair_open(f);
  for (unsigned i = 0; i < 2; i++) {
    writev_begin(&f->ops[i], f->end, i == 0 ? NULL : empty, 2 * i);
    assert_next(&f->ops[i], NP_OK, 0);
    if ((f->variant & MESSAGE_TYPE) != 0) {
      assert_np_ok(pipe_receive(f, f->peer, &byte, 1, &got));
      assert_int_equal(got, 0);
    }
  }
  write_begin(&f->ops[2], f->end, "x", 1);
  loop_until(f, 3);
  assert_received(f, f->peer, "x", 1);
}

NP_CASE("vector/write-thousand", np_pipe_writev, ANY_MODE | BOTH_ENDS, NP_OK,
        "A thousand buffers make one message.", "npipe/io.h") {
  static char bytes[1500];
  static np_buffer parts[1000];
  size_t at = 0;

  pair_open(f);
  memcpy(bytes, ready_pattern(), sizeof(bytes));
  for (unsigned i = 0; i < 1000; at += 1 + i % 2, i++) {
    parts[i].data = &bytes[at];
    parts[i].length = 1 + i % 2;
  }
  writev_begin(&f->ops[0], f->end, parts, 1000);
  assert_next(&f->ops[0], NP_OK, 1500);
  assert_received(f, f->peer, ready_pattern(), 1500);
}

NP_CASE("vector/write-both-ways", np_pipe_writev, ANY_MODE, NP_OK,
        "Data that one end writes from several buffers can be read into "
        "several buffers, part by part.",
        "npipe/io.h") {
  enum { PARTS = 9 };
  static char out[PARTS * PARTS], in[PARTS * PARTS];
  np_buffer from[PARTS], to[PARTS];
  size_t at = 0, back = 0;

  pair_open(f);
  memcpy(out, ready_pattern(), sizeof(out));
  for (unsigned i = 0; i < PARTS; i++) {
    from[i].data = &out[at];
    from[i].length = i;
    at += i;
    to[i].data = &in[back];
    to[i].length = PARTS - 1 - i;
    back += to[i].length;
  }
  readv_begin(&f->ops[0], f->peer, to, PARTS);
  writev_begin(&f->ops[1], f->end, from, PARTS);
  assert_ends(&f->ops[0], NP_OK, 36);
  assert_ends(&f->ops[1], NP_OK, 36);
  assert_memory_equal(in, out, 36);
}

NP_CASE("vector/write-peer-gone", np_pipe_writev, ANY_MODE | BOTH_ENDS,
        ERROR_NO_DATA,
        "A write from several buffers to a peer that has closed ends with "
        "ERROR_NO_DATA.",
        "WriteFile#pipes") {
  char a[] = "012", b[] = "3456";
  np_buffer parts[] = {{a, 3}, {b, 4}};

  pair_open(f);
  pipe_close_wait(f, f->peer);
  writev_begin(&f->ops[0], f->end, parts, 2);
  assert_next(&f->ops[0], ERROR_NO_DATA, 0);
}

static void pending_write(np_fixture *f, struct recorder *recorder) {
  static char bytes[2 * READY_QUOTA];
  np_buffer parts[] = {{bytes, READY_QUOTA}, {bytes, 2 * READY_QUOTA}};

  pair_open_quota(f, READY_QUOTA);
  writev_begin(recorder, f->end, parts, 2);
  loop_turn(f, 0);
}

NP_CASE("vector/write-peer-goes", np_pipe_writev, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "A waiting write from several buffers ends with ERROR_BROKEN_PIPE when "
        "the peer closes.",
        "WriteFile#pipes") {
  pending_write(f, &f->ops[0]);
  pipe_close(f, f->peer);
  assert_next(&f->ops[0], ERROR_BROKEN_PIPE, 0);
}

NP_CASE("vector/write-disconnected", np_pipe_writev, ANY_MODE | BOTH_ENDS,
        ERROR_PIPE_NOT_CONNECTED,
        "A disconnect ends a write from several buffers at either end.",
        "DisconnectNamedPipe#remarks") {
  pending_write(f, &f->ops[0]);
  assert_np_ok(np_server_disconnect(f->server));
  assert_next(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_CASE("vector/write-listening", np_pipe_writev, ANY_MODE,
        ERROR_PIPE_LISTENING,
        "A write from several buffers at a server without a client ends with "
        "ERROR_PIPE_LISTENING.",
        "WriteFile#pipes") {
  char a[] = "012", b[] = "3456";
  np_buffer parts[] = {{a, 3}, {b, 4}};

  server_listen(f);
  writev_begin(&f->ops[0], f->server, parts, 2);
  assert_next(&f->ops[0], ERROR_PIPE_LISTENING, 0);
}

NP_CASE("vector/write-cancel", np_pipe_writev, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A waiting write from several buffers can be cancelled.",
        "CancelIoEx#remarks") {
  pending_write(f, &f->ops[0]);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  loop_until(f, 1);
  assert_np_error(f->ops[0].result, ERROR_OPERATION_ABORTED);
}

NP_CASE("vector/write-timeout", np_pipe_writev, ANY_MODE | BOTH_ENDS,
        WAIT_TIMEOUT,
        "A waiting write from several buffers ends at its time limit.",
        "npipe/op.h") {
  f->ops[0].op.timeout_ms = 10;
  pending_write(f, &f->ops[0]);
  loop_until(f, 1);
  assert_np_error(f->ops[0].result, WAIT_TIMEOUT);
}

NP_CASE("vector/write-bad-parameter", np_pipe_writev, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A NULL is refused, and lengths whose sum is over the limit, also if "
        "the sum does not fit a size_t.",
        "npipe/io.h") {
  assert_refuses(f, np_pipe_writev);
  assert_passes(f, f->end, f->peer, "x", 1);
}

NP_CASE("vector/write-closing", np_pipe_writev, NO_MODE, ERROR_INVALID_HANDLE,
        "A pipe that is being closed refuses a write from several buffers.",
        "npipe/io.h") {
  char a[] = "012", b[] = "3456";
  np_buffer parts[] = {{a, 3}, {b, 4}};

  assert_np_error(
      np_pipe_writev(pipe_closing(f), parts, 2, &f->ops[0].op, on_never),
      ERROR_INVALID_HANDLE);
}

NP_CASE("vector/write-busy", np_pipe_writev, NO_MODE, ERROR_BUSY,
        "An operation in flight cannot begin once more.", "npipe/io.h") {
  char a[] = "012", b[] = "3456";
  np_buffer parts[] = {{a, 3}, {b, 4}};

  pair_open(f);
  read_begin(&f->ops[0], f->end, 3);
  assert_np_error(np_pipe_writev(f->end, parts, 2, &f->ops[0].op, on_never),
                  ERROR_BUSY);
}

NP_CASE("vector/write-one-way", np_pipe_writev, BOTH_ENDS, ERROR_ACCESS_DENIED,
        "An end that only reads cannot write.", "npipe/io.h") {
  char a[] = "012", b[] = "3456";
  np_buffer parts[] = {{a, 3}, {b, 4}};

  pair_open_one_way(f, true);
  assert_np_error(np_pipe_writev(f->end, parts, 2, &f->ops[0].op, on_never),
                  ERROR_ACCESS_DENIED);
  assert_np_error(np_pipe_writev(f->end, parts, 1, &f->ops[0].op, on_never),
                  ERROR_ACCESS_DENIED);
}

static np_error attempt_writev(np_fixture *f) {
  char a[] = "012", b[] = "3456";
  np_buffer parts[] = {{a, 3}, {b, 4}};
  np_error error = np_pipe_writev(f->end, parts, 2, &f->ops[0].op, on_done);

  f->ops[0].start_count += error == NP_OK;
  return error;
}

NP_CASE("vector/write-no-memory", np_pipe_writev, ANY_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Without memory nothing is written from several buffers; a single "
        "buffer needs no memory.",
        "npipe/io.h") {
  char a[] = "abc";
  np_buffer alone[] = {{NULL, 0}, {a, 3}, {NULL, 0}};

  pair_open(f);
  memory_sweep(f, attempt_writev);
  loop_until(f, 1);
  assert_received(f, f->peer, "0123456", 7);
  f->allocator.fail_at = f->allocator.total + 1;
  writev_begin(&f->ops[1], f->end, alone, 3);
  loop_until(f, 2);
  f->allocator.fail_at = 0;
  assert_received(f, f->peer, "abc", 3);
}

NP_CASE("vector/write-memory", np_pipe_writev, ANY_MODE | BOTH_ENDS, NP_OK,
        "The memory is given back before the callback, also after a close.",
        "npipe/io.h") {
  char a[] = "012", b[] = "3456";
  static char large[3 * READY_QUOTA];
  np_buffer parts[] = {{a, 3}, {b, 4}};
  np_buffer pending[] = {{large, 2 * READY_QUOTA}, {large, READY_QUOTA}};
  size_t live;

  pair_open_quota(f, READY_QUOTA);
  live = f->allocator.live;
  f->user = &live;
  f->ops[0].then = then_count_memory;
  f->ops[1].then = then_count_memory;
  writev_begin(&f->ops[0], f->end, parts, 2);
  loop_until(f, 1);
  writev_begin(&f->ops[1], f->end, pending, 2);
  loop_turn(f, 0);
  assert_int_equal(f->done_count, 1);
  pipe_close(f, f->end);
  assert_next(&f->ops[1], ERROR_OPERATION_ABORTED, 0);
}
