/* np_pipe_try_write and np_pipe_try_writev: how many bytes they take, in which
 * state, and which later call reports the error of bytes that were taken. */
#include "ready_common.h"

enum { OVER_QUOTA = 3 * READY_QUOTA };

/* filled opens a pair and lets f->end take more than the peer's quota holds. */
static void filled(np_fixture *f) {
  pair_open_quota(f, READY_QUOTA);
  assert_try_write(f->end, ready_pattern(), OVER_QUOTA, NP_OK, OVER_QUOTA);
}

/* --- What is taken ------------------------------------------------------ */

NP_CASE("try-write/room", np_pipe_try_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "With room in the quota each try takes all, without the loop and from "
        "the first on.",
        "WriteFile#pipes; museum R06") {
  const char *pattern = ready_pattern();

  pair_open(f);
  for (unsigned i = 0; i < 100; i++) {
    assert_try_write(f->end, pattern + i, 10, NP_OK, 10);
  }
  for (unsigned i = 0; i < 100; i++) {
    assert_received(f, f->peer, pattern + i, 10);
  }
}

NP_CASE("try-write/copied", np_pipe_try_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "Taken data are copied: the caller may use the buffer again at once.",
        "npipe/ready.h; museum L14") {
  static char buffer[OVER_QUOTA];
  const char *pattern = ready_pattern();

  pair_open_quota(f, READY_QUOTA);
  memcpy(buffer, pattern, sizeof(buffer));
  assert_try_write(f->end, buffer, sizeof(buffer), NP_OK, sizeof(buffer));
  memset(buffer, '#', sizeof(buffer));
  assert_received(f, f->peer, pattern, sizeof(buffer));
}

NP_CASE("try-write/bounded", np_pipe_try_write, MODE_BYTE | BOTH_ENDS, NP_OK,
        "On a byte pipe a try takes at most write_buffer_bytes.",
        "npipe/ready.h") {
  const char *pattern = ready_pattern();

  pair_open(f);
  ready_set(f->end, 65536, 100);
  assert_try_write(f->end, pattern, 99, NP_OK, 99);
  assert_try_write(f->end, pattern + 99, 100, NP_OK, 100);
  assert_try_write(f->end, pattern + 199, 101, NP_OK, 100);
  assert_try_write(f->end, pattern + 299, 5000, NP_OK, 100);
  assert_received(f, f->peer, pattern, 399);
}

NP_CASE("try-write/bounded-one-byte", np_pipe_try_write, MODE_BYTE | BOTH_ENDS,
        NP_OK, "With a write buffer of one byte each try takes one byte.",
        "npipe/ready.h") {
  const char *pattern = ready_pattern();

  pair_open(f);
  ready_set(f->end, 65536, 1);
  ready_write_all(f, f->end, pattern, 50);
  assert_received(f, f->peer, pattern, 50);
}

NP_CASE("try-write/default-bound", np_pipe_try_write, MODE_BYTE | BOTH_ENDS,
        NP_OK, "Without options a try takes at most 64 KiB.",
        "npipe/ready.h; museum R07") {
  const char *pattern = ready_pattern();

  pair_open(f);
  assert_try_write(f->end, pattern, 100000, NP_OK, 65536);
  assert_received(f, f->peer, pattern, 65536);
}

NP_CASE("try-write/message-whole", np_pipe_try_write, MESSAGE_TYPE | BOTH_ENDS,
        NP_OK,
        "A message is taken whole, however long, and is one message for the "
        "peer.",
        "npipe/ready.h") {
  const char *pattern = ready_pattern();

  pair_open_quota(f, 1 << 20);
  ready_set(f->end, 65536, 16);
  assert_try_write(f->end, pattern, 16, NP_OK, 16);
  assert_try_write(f->end, pattern, 17, NP_OK, 17);
  assert_try_write(f->end, pattern, 50000, NP_OK, 50000);
  assert_received(f, f->peer, pattern, 16);
  assert_received(f, f->peer, pattern, 17);
  assert_received(f, f->peer, pattern, 50000);
}

NP_CASE("try-write/message-over-default", np_pipe_try_write,
        MESSAGE_TYPE | BOTH_ENDS, NP_OK,
        "A message longer than the quota and than 64 KiB is taken whole too.",
        "npipe/ready.h") {
  const char *pattern = ready_pattern();

  pair_open_quota(f, READY_QUOTA);
  ready_set(f->peer, 65536, 1);
  assert_try_write(f->end, pattern, 200000, NP_OK, 200000);
  assert_caught(f, f->peer, pattern, 200000);
}

NP_CASE("try-write/empty", np_pipe_try_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "A try to write 0 bytes is an empty message on a message pipe, and "
        "does nothing on a byte pipe.",
        "npipe/ready.h") {
  char byte = 0;
  size_t got = 9;

  pair_open(f);
  assert_try_write(f->end, NULL, 0, NP_OK, 0);
  if ((f->variant & MESSAGE_TYPE) != 0) {
    assert_np_ok(pipe_receive(f, f->peer, &byte, 1, &got));
    assert_int_equal(got, 0);
  }
  assert_try_write(f->end, "x", 1, NP_OK, 1);
  assert_received(f, f->peer, "x", 1);
}

NP_CASE("try-write/keeps-memory", np_pipe_try_write, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "The memory of one try is used again by later tries of its size.",
        "npipe/ready.h") {
  const char *pattern = ready_pattern();
  size_t total = 0;

  pair_open(f);
  for (unsigned i = 0; i < 4; i++) {
    if (i == 1) {
      total = f->allocator.total;
    }
    ready_wait(f, f->end, NP_WRITABLE);
    assert_try_write(f->end, pattern, 1024, NP_OK, 1024);
    assert_received(f, f->peer, pattern, 1024);
  }
  assert_int_equal(f->allocator.total, total);
}

NP_CASE("try-write/returns-memory", np_pipe_try_write, MODE_MESSAGE | BOTH_ENDS,
        NP_OK,
        "The memory of an unusually long message is freed after this message.",
        "npipe/ready.h") {
  const char *pattern = ready_pattern();
  size_t total;

  pair_open_quota(f, READY_QUOTA);
  ready_set(f->peer, 65536, 1);
  assert_try_write(f->end, pattern, 200000, NP_OK, 200000);
  assert_caught(f, f->peer, pattern, 200000);
  ready_wait(f, f->end, NP_WRITABLE);
  total = f->allocator.total;
  assert_try_write(f->end, "x", 1, NP_OK, 1);
  assert_int_equal(f->allocator.total, total + 1);
}

NP_CASE("try-write/in-order", np_pipe_try_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "Tries and writes reach the peer in the order in which they were "
        "made.",
        "npipe/ready.h") {
  const char *pattern = ready_pattern();

  pair_open_quota(f, READY_QUOTA);
  write_begin(&f->ops[0], f->end, pattern, 1000);
  assert_try_write(f->end, pattern + 1000, 5000, NP_OK, 5000);
  write_begin(&f->ops[1], f->end, pattern + 6000, 3000);
  assert_try_write(f->end, "x", 1, NP_WOULD_BLOCK, 0);
  assert_received(f, f->peer, pattern, 1000);
  assert_received(f, f->peer, pattern + 1000, 5000);
  assert_received(f, f->peer, pattern + 6000, 3000);
  loop_until(f, 2);
  ready_write_all(f, f->end, "x", 1);
  assert_received(f, f->peer, "x", 1);
}

/* --- Full --------------------------------------------------------------- */

NP_CASE("try-write/full", np_pipe_try_write, ANY_MODE | BOTH_ENDS,
        NP_WOULD_BLOCK,
        "While taken data wait for the peer nothing more is taken; afterwards "
        "tries take data again.",
        "npipe/ready.h; museum R10") {
  const char *pattern = ready_pattern();

  filled(f);
  assert_try_write(f->end, "x", 1, NP_WOULD_BLOCK, 0);
  assert_try_write(f->end, pattern, 100, NP_WOULD_BLOCK, 0);
  loop_quiet(f);
  assert_try_write(f->end, "x", 1, NP_WOULD_BLOCK, 0);
  assert_received(f, f->peer, pattern, OVER_QUOTA);
  ready_wait(f, f->end, NP_WRITABLE);
  assert_try_write(f->end, "x", 1, NP_OK, 1);
  assert_received(f, f->peer, "x", 1);
}

NP_CASE("try-write/quota-zero", np_pipe_try_write, ANY_MODE | BOTH_ENDS,
        NP_WOULD_BLOCK,
        "With a quota of 0 each try waits for the reader of the one before.",
        "CreateNamedPipe#remarks; museum F02") {
  pair_open_quota(f, 0);
  for (unsigned i = 0; i < 10; i++) {
    assert_try_write(f->end, "hello", 5, NP_OK, 5);
    assert_try_write(f->end, "x", 1, NP_WOULD_BLOCK, 0);
    assert_received(f, f->peer, "hello", 5);
    ready_wait(f, f->end, NP_WRITABLE);
  }
}

NP_CASE("try-write/reader-waits", np_pipe_try_write, ANY_MODE | BOTH_ENDS,
        NP_OK, "A peer that waits in a read does not make the end look full.",
        "WriteFile#pipes; museum R07") {
  pair_open_quota(f, 0);
  read_begin(&f->ops[0], f->peer, RECORDER_BYTES_MAX);
  loop_turn(f, 0);
  assert_try_write(f->end, "hello", 5, NP_OK, 5);
  assert_next(&f->ops[0], NP_OK, 5);
  ready_wait(f, f->end, NP_WRITABLE);
}

NP_CASE("try-write/stream", np_pipe_try_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "Writing by readiness to a peer that reads slowly brings over each "
        "byte once, in order; no wake-up is lost.",
        "npipe/ready.h") {
  enum { ROUNDS = 300 };
  const char *pattern = ready_pattern();
  static char received[2000];
  uint32_t state = 5;
  size_t got = 0;

  pair_open_quota(f, READY_QUOTA);
  ready_set(f->end, 65536, 1500);
  for (unsigned round = 0; round < ROUNDS; round++) {
    size_t length = 1 + ready_random(&state) % 2000;
    size_t taken = 0;
    size_t done = 0;

    if (ready_random(&state) % 2 != 0) {
      read_begin(&f->ops[0], f->peer, 1);
      loop_turn(f, 0);
    }
    assert_np_ok(ready_write(f, f->end, pattern + round, length, &taken));
    assert_true(taken == length || (taken > 0 && f->variant & MODE_BYTE));
    if (f->ops[0].start_count > f->ops[0].done_count) {
      loop_until_count(f, &f->ops[0].done_count, f->ops[0].start_count);
      done = f->ops[0].transferred;
      assert_int_equal(done, 1);
      received[0] = f->ops[0].buffer[0];
    }
    while (done < taken) {
      np_error error =
          pipe_receive(f, f->peer, received + done,
                       1 + ready_random(&state) % (taken - done), &got);

      assert_true(error == NP_OK || error == ERROR_MORE_DATA);
      assert_true(got > 0);
      done += got;
    }
    assert_memory_equal(received, pattern + round, taken);
  }
}

/* --- Errors of what was taken ------------------------------------------- */

NP_CASE("try-write/peer-gone", np_pipe_try_write, ANY_MODE | BOTH_ENDS,
        ERROR_NO_DATA,
        "A try to write to a peer that has closed returns the error itself.",
        "WriteFile#pipes") {
  pair_open(f);
  pipe_close_wait(f, f->peer);
  assert_try_write(f->end, "x", 1, ERROR_NO_DATA, 0);
  assert_try_write(f->end, "x", 1, ERROR_NO_DATA, 0);
}

NP_CASE("try-write/peer-goes", np_pipe_try_write, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "If the peer closes while taken data wait, the next try returns the "
        "error, once, and readiness reports it.",
        "WriteFile#pipes") {
  filled(f);
  pipe_close_wait(f, f->peer);
  assert_int_equal(ready_wait(f, f->end, NP_WRITABLE),
                   NP_WRITABLE | NP_WRITE_CLOSED);
  assert_try_write(f->end, "x", 1, ERROR_BROKEN_PIPE, 0);
  assert_try_write(f->end, "x", 1, ERROR_NO_DATA, 0);
  assert_int_equal(ready_wait(f, f->end, NP_WRITABLE),
                   NP_WRITABLE | NP_WRITE_CLOSED);
}

NP_CASE("try-write/peer-goes-then-empty", np_pipe_try_write,
        ANY_MODE | BOTH_ENDS, ERROR_BROKEN_PIPE,
        "A try to write 0 bytes also reports the failure of the data taken "
        "before.",
        "npipe/ready.h") {
  filled(f);
  pipe_close_wait(f, f->peer);
  ready_wait(f, f->end, NP_WRITABLE);
  assert_try_write(f->end, NULL, 0, ERROR_BROKEN_PIPE, 0);
}

NP_CASE("try-write/disconnected", np_pipe_try_write, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A disconnected client gets the error, from the try itself or from "
        "the try after taken data.",
        "DisconnectNamedPipe#remarks") {
  pair_open_quota(f, READY_QUOTA);
  assert_try_write(f->client, ready_pattern(), OVER_QUOTA, NP_OK, OVER_QUOTA);
  server_disconnect(f);
  assert_int_equal(ready_wait(f, f->client, NP_WRITABLE),
                   NP_WRITABLE | NP_WRITE_CLOSED);
  assert_try_write(f->client, "x", 1, ERROR_PIPE_NOT_CONNECTED, 0);
  assert_try_write(f->client, "x", 1, ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_CASE("try-write/disconnected-server", np_pipe_try_write, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A server that has disconnected its client gets "
        "ERROR_PIPE_NOT_CONNECTED from a try, whatever was taken before.",
        "DisconnectNamedPipe#remarks") {
  pair_open_quota(f, READY_QUOTA);
  assert_try_write(f->server, ready_pattern(), OVER_QUOTA, NP_OK, OVER_QUOTA);
  server_disconnect(f);
  assert_try_write(f->server, "x", 1, ERROR_PIPE_NOT_CONNECTED, 0);
  assert_try_write(f->server, "x", 1, ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_CASE("try-write/aborted", np_pipe_try_write, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "If another program cancels the I/O of the handle, the next try "
        "returns ERROR_OPERATION_ABORTED, once.",
        "CancelIoEx#remarks; museum E07") {
  filled(f);
  assert_true(CancelIoEx(np_pipe_handle(f->end), NULL));
  ready_wait(f, f->end, NP_WRITABLE);
  assert_try_write(f->end, "x", 1, ERROR_OPERATION_ABORTED, 0);
  assert_try_write(f->end, "y", 1, NP_OK, 1);
  assert_received(f, f->peer, "y", 1);
}

NP_CASE("try-write/listening", np_pipe_try_write, ANY_MODE,
        ERROR_PIPE_LISTENING,
        "A try to write at a server without a client returns "
        "ERROR_PIPE_LISTENING; after a client has come, it writes.",
        "WriteFile#pipes") {
  server_listen(f);
  assert_try_write(f->server, "x", 1, ERROR_PIPE_LISTENING, 0);
  assert_try_write(f->server, "x", 1, ERROR_PIPE_LISTENING, 0);
  client_open_end(f);
  assert_try_write(f->server, "y", 1, NP_OK, 1);
  assert_received(f, f->client, "y", 1);
}

/* --- What cannot be tried ----------------------------------------------- */

NP_CASE("try-write/bad-parameter", np_pipe_try_write, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A NULL and a length over the limit are refused.", "npipe/ready.h") {
  size_t taken = 9;
  const size_t too_long = (size_t)((uint64_t)UINT32_MAX + 1);

  pair_open(f);
  assert_invalid(np_pipe_try_write(NULL, "x", 1, &taken));
  assert_invalid(np_pipe_try_write(f->end, NULL, 1, &taken));
  assert_invalid(np_pipe_try_write(f->end, "x", 1, NULL));
  if (too_long != 0) {
    assert_invalid(np_pipe_try_write(f->end, "x", too_long, &taken));
    assert_int_equal(taken, 0);
  }
  assert_passes(f, f->end, f->peer, "y", 1);
}

NP_CASE("try-write/closing", np_pipe_try_write, BOTH_ENDS, ERROR_INVALID_HANDLE,
        "A pipe that is being closed refuses a try to write.",
        "npipe/ready.h") {
  assert_try_write(pipe_closing(f), "x", 1, ERROR_INVALID_HANDLE, 0);
}

NP_CASE("try-write/one-way", np_pipe_try_write, BOTH_ENDS, ERROR_ACCESS_DENIED,
        "An end that can only read refuses a try to write.", "npipe/ready.h") {
  pair_open_one_way(f, true);
  assert_try_write(f->end, "x", 1, ERROR_ACCESS_DENIED, 0);
  ready_write_all(f, f->peer, "hello", 5);
  assert_received(f, f->end, "hello", 5);
}

static np_error attempt_write(np_fixture *f) {
  size_t taken = 9;
  np_error error = np_pipe_try_write(f->end, ready_pattern(), 5000, &taken);

  assert_int_equal(taken, error == NP_OK ? 5000 : 0);
  return error;
}

NP_CASE("try-write/no-memory", np_pipe_try_write, ANY_MODE | BOTH_ENDS,
        ERROR_NOT_ENOUGH_MEMORY,
        "Without memory a try to write takes nothing; the next try takes the "
        "data, once.",
        "npipe/ready.h") {
  pair_open_quota(f, READY_QUOTA);
  memory_sweep(f, attempt_write);
  assert_received(f, f->peer, ready_pattern(), 5000);
  assert_try_read(f->peer, 1, NP_WOULD_BLOCK, NULL, 0);
}

/* --- Several buffers ---------------------------------------------------- */

NP_CASE("try-write/parts", np_pipe_try_writev, ANY_MODE | BOTH_ENDS, NP_OK,
        "Several buffers are taken in order, as one message.",
        "npipe/ready.h; museum F12") {
  char a[] = "012", b[] = "3456", c[] = "789";
  const np_buffer parts[] = {{a, 3}, {NULL, 0}, {b, 4}, {c, 3}};
  size_t taken = 0;

  pair_open(f);
  assert_np_ok(np_pipe_try_writev(f->end, parts, 4, &taken));
  assert_int_equal(taken, 10);
  memset(a, '#', 3);
  assert_received(f, f->peer, "0123456789", 10);
}

NP_CASE("try-write/parts-bounded", np_pipe_try_writev, MODE_BYTE | BOTH_ENDS,
        NP_OK,
        "On a byte pipe the sum of several buffers counts against the limit.",
        "npipe/ready.h") {
  char a[] = "012", b[] = "3456", c[] = "789";
  const np_buffer parts[] = {{a, 3}, {b, 4}, {c, 3}};
  size_t taken = 0;

  pair_open(f);
  ready_set(f->end, 0, 5);
  assert_np_ok(np_pipe_try_writev(f->end, parts, 3, &taken));
  assert_int_equal(taken, 5);
  assert_received(f, f->peer, "01234", 5);
}

NP_CASE("try-write/parts-thousand", np_pipe_try_writev, ANY_MODE | BOTH_ENDS,
        NP_OK, "A thousand buffers make one message.", "npipe/ready.h") {
  static char bytes[1000];
  static np_buffer parts[1000];
  size_t taken = 0;

  pair_open(f);
  memcpy(bytes, ready_pattern(), 1000);
  for (unsigned i = 0; i < 1000; i++) {
    parts[i].data = &bytes[i];
    parts[i].length = 1;
  }
  assert_np_ok(np_pipe_try_writev(f->end, parts, 1000, &taken));
  assert_int_equal(taken, 1000);
  assert_received(f, f->peer, ready_pattern(), 1000);
}

NP_CASE("try-write/parts-none", np_pipe_try_writev, ANY_MODE | BOTH_ENDS, NP_OK,
        "No buffers, or none with bytes, write as a length of 0.",
        "npipe/ready.h") {
  const np_buffer empty[] = {{NULL, 0}, {NULL, 0}};
  char byte = 0;
  size_t got = 9;

  pair_open(f);
  for (unsigned i = 0; i < 2; i++) {
    assert_np_ok(
        np_pipe_try_writev(f->end, i == 0 ? NULL : empty, 2 * i, &got));
    assert_int_equal(got, 0);
    if ((f->variant & MESSAGE_TYPE) != 0) {
      assert_np_ok(pipe_receive(f, f->peer, &byte, 1, &got));
      assert_int_equal(got, 0);
    }
    ready_wait(f, f->end, NP_WRITABLE);
  }
  assert_try_write(f->end, "x", 1, NP_OK, 1);
  assert_received(f, f->peer, "x", 1);
}

NP_CASE("try-write/parts-full", np_pipe_try_writev, ANY_MODE | BOTH_ENDS,
        NP_WOULD_BLOCK,
        "A try to write from several buffers returns NP_WOULD_BLOCK while "
        "taken data wait, like a try with one buffer.",
        "npipe/ready.h") {
  char byte = 'x';
  const np_buffer parts[] = {{&byte, 1}, {&byte, 1}};
  size_t taken = 9;

  filled(f);
  assert_np_error(np_pipe_try_writev(f->end, parts, 2, &taken), NP_WOULD_BLOCK);
  assert_int_equal(taken, 0);
  assert_received(f, f->peer, ready_pattern(), OVER_QUOTA);
  ready_wait(f, f->end, NP_WRITABLE);
  assert_np_ok(np_pipe_try_writev(f->end, parts, 2, &taken));
  assert_received(f, f->peer, "xx", 2);
}

/* writev_fails: a try from two buffers fails with `error` and takes nothing. */
static void writev_fails(np_pipe *pipe, np_error error) {
  char byte = 'x';
  const np_buffer parts[] = {{&byte, 1}, {&byte, 1}};
  size_t taken = 9;

  assert_np_error(np_pipe_try_writev(pipe, parts, 2, &taken), error);
  assert_int_equal(taken, 0);
}

NP_CASE("try-write/parts-peer-gone", np_pipe_try_writev, ANY_MODE | BOTH_ENDS,
        ERROR_NO_DATA,
        "With several buffers a try to write to a peer that has closed returns "
        "ERROR_NO_DATA.",
        "WriteFile#pipes") {
  pair_open(f);
  pipe_close_wait(f, f->peer);
  writev_fails(f->end, ERROR_NO_DATA);
}

NP_CASE("try-write/parts-peer-goes", np_pipe_try_writev, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "If the peer closes while taken data wait, the next try with several "
        "buffers returns ERROR_BROKEN_PIPE.",
        "WriteFile#pipes") {
  filled(f);
  pipe_close_wait(f, f->peer);
  ready_wait(f, f->end, NP_WRITABLE);
  writev_fails(f->end, ERROR_BROKEN_PIPE);
}

NP_CASE("try-write/parts-disconnected", np_pipe_try_writev, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "With several buffers a try returns ERROR_PIPE_NOT_CONNECTED after a "
        "disconnect.",
        "DisconnectNamedPipe#remarks") {
  pair_open(f);
  server_disconnect(f);
  writev_fails(f->client, ERROR_PIPE_NOT_CONNECTED);
  writev_fails(f->server, ERROR_PIPE_NOT_CONNECTED);
}

NP_CASE("try-write/parts-listening", np_pipe_try_writev, ANY_MODE,
        ERROR_PIPE_LISTENING,
        "With several buffers a try returns ERROR_PIPE_LISTENING if there is "
        "no client yet.",
        "WriteFile#pipes") {
  server_listen(f);
  writev_fails(f->server, ERROR_PIPE_LISTENING);
}

NP_CASE("try-write/parts-bad-parameter", np_pipe_try_writev, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A NULL is refused, and lengths whose sum is over the limit, also if "
        "the sum does not fit a size_t.",
        "npipe/ready.h") {
  pair_open(f);
  assert_tries_refused(f, np_pipe_try_writev);
  assert_passes(f, f->end, f->peer, "y", 1);
}

NP_CASE("try-write/parts-closing", np_pipe_try_writev, NO_MODE,
        ERROR_INVALID_HANDLE,
        "A pipe that is being closed refuses a try to write from several "
        "buffers.",
        "npipe/ready.h") {
  char byte = 'x';
  size_t taken = 9;
  const np_buffer one = {&byte, 1};

  assert_np_error(np_pipe_try_writev(pipe_closing(f), &one, 1, &taken),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("try-write/parts-one-way", np_pipe_try_writev, BOTH_ENDS,
        ERROR_ACCESS_DENIED,
        "An end that can only read refuses a try to write from several "
        "buffers.",
        "npipe/ready.h") {
  char byte = 'x';
  size_t taken = 9;
  const np_buffer one = {&byte, 1};

  pair_open_one_way(f, true);
  assert_np_error(np_pipe_try_writev(f->end, &one, 1, &taken),
                  ERROR_ACCESS_DENIED);
}

static np_error attempt_writev(np_fixture *f) {
  char a[] = "012", b[] = "3456";
  const np_buffer parts[] = {{a, 3}, {b, 4}};
  size_t taken = 9;
  np_error error = np_pipe_try_writev(f->end, parts, 2, &taken);

  assert_int_equal(taken, error == NP_OK ? 7 : 0);
  return error;
}

NP_CASE("try-write/parts-no-memory", np_pipe_try_writev, ANY_MODE | BOTH_ENDS,
        ERROR_NOT_ENOUGH_MEMORY,
        "Without memory a try to write from several buffers takes nothing; "
        "the next try takes the data, once.",
        "npipe/ready.h") {
  pair_open(f);
  memory_sweep(f, attempt_writev);
  assert_received(f, f->peer, "0123456", 7);
  assert_try_read(f->peer, 1, NP_WOULD_BLOCK, NULL, 0);
}

/* --- Shutdown and close ------------------------------------------------- */

NP_CASE("try-write/shutdown", np_pipe_shutdown, ANY_MODE | BOTH_ENDS, NP_OK,
        "np_pipe_shutdown waits until taken data have reached the kernel; a "
        "close after it loses nothing.",
        "npipe/io.h") {
  const char *pattern = ready_pattern();

  filled(f);
  shutdown_begin(&f->ops[0], f->end);
  assert_quiet(f, 0);
  if ((f->variant & MODE_BYTE) != 0) {
    /* No source tells of reads of more than the quota. */
    assert_received_by(f, f->peer, pattern, OVER_QUOTA - 1000, READY_QUOTA);
    assert_next(&f->ops[0], NP_OK, 0);
    pipe_close_wait(f, f->end);
    assert_received(f, f->peer, pattern + OVER_QUOTA - 1000, 1000);
  } else {
    assert_received(f, f->peer, pattern, OVER_QUOTA);
    assert_next(&f->ops[0], NP_OK, 0);
  }
}

NP_CASE("try-write/shutdown-fails", np_pipe_shutdown, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "A shutdown ends with the error of taken data that did not reach the "
        "peer.",
        "npipe/io.h") {
  filled(f);
  shutdown_begin(&f->ops[0], f->end);
  pipe_close(f, f->peer);
  assert_next(&f->ops[0], ERROR_BROKEN_PIPE, 0);
}

NP_CASE("try-write/then-close", np_pipe_close, ANY_MODE | BOTH_ENDS, NP_OK,
        "Taken data that fitted the quota stay readable for the peer after a "
        "close at once; then its stream ends.",
        "npipe/pipe.h") {
  char byte = 0;
  size_t got = 9;

  pair_open(f);
  assert_try_write(f->end, "hello", 5, NP_OK, 5);
  pipe_close_wait(f, f->end);
  assert_received(f, f->peer, "hello", 5);
  assert_np_error(pipe_receive(f, f->peer, &byte, 1, &got), ERROR_BROKEN_PIPE);
}
