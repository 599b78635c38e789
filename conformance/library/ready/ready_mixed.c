/* Operations and readiness on one pipe, in turn and at the same time. */
#include "ready_common.h"

/* --- Reads after readiness ---------------------------------------------- */

NP_CASE("ready-mixed/read-takes-caught", np_pipe_read, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "A read gets what the read-ahead had caught, and a message whole.",
        "npipe/ready.h") {
  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_asked(f, read_aheads[i]);
    pipe_send(f, f->peer, "0123456789", 10);
    ready_wait(f, f->end, NP_READABLE);
    assert_received(f, f->end, "0123456789", 10);
    assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
    assert_passes(f, f->peer, f->end, "abc", 3);
  }
}

NP_CASE("ready-mixed/read-parts-of-caught", np_pipe_read,
        MODE_MESSAGE | BOTH_ENDS, ERROR_MORE_DATA,
        "Reads with small buffers get a caught message in parts, the last "
        "without ERROR_MORE_DATA.",
        "npipe/ready.h") {
  char buffer[16];
  size_t got = 0;

  for (size_t i = 0; i < read_ahead_count; i++) {
    for (size_t size = 1; size < 10; size += 2) {
      pair_asked(f, read_aheads[i]);
      pipe_send(f, f->peer, "0123456789", 10);
      ready_wait(f, f->end, NP_READABLE);
      for (size_t at = 0; at < 10; at += got) {
        size_t left = 10 - at;

        assert_np_error(pipe_receive(f, f->end, buffer, size, &got),
                        size < left ? ERROR_MORE_DATA : NP_OK);
        assert_int_equal(got, size < left ? size : left);
        assert_memory_equal(buffer, &"0123456789"[at], got);
      }
    }
  }
}

NP_CASE("ready-mixed/read-rest-of-try", np_pipe_read, MODE_MESSAGE | BOTH_ENDS,
        NP_OK,
        "The rest of a message that a try left is returned by the next read, "
        "and the other way round.",
        "npipe/ready.h") {
  char buffer[16];
  size_t got = 0;

  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_asked(f, read_aheads[i]);
    pipe_send(f, f->peer, "0123456789", 10);
    assert_np_error(ready_read(f, f->end, buffer, 3, &got), ERROR_MORE_DATA);
    assert_int_equal(got, 3);
    assert_np_error(pipe_receive(f, f->end, buffer, 3, &got), ERROR_MORE_DATA);
    assert_int_equal(got, 3);
    assert_memory_equal(buffer, "345", 3);
    assert_caught(f, f->end, "6789", 4);
  }
}

NP_CASE("ready-mixed/read-empty-message", np_pipe_read,
        MODE_MESSAGE | BOTH_ENDS, NP_OK,
        "A read returns an empty message that the read-ahead caught, as an "
        "empty message.",
        "npipe/ready.h; museum D07") {
  char byte = 0;
  size_t got = 9;

  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_asked(f, read_aheads[i]);
    pipe_send(f, f->peer, "", 0);
    ready_wait(f, f->end, NP_READABLE);
    assert_np_ok(pipe_receive(f, f->end, &byte, 1, &got));
    assert_int_equal(got, 0);
    assert_passes(f, f->peer, f->end, "x", 1);
  }
}

NP_CASE("ready-mixed/read-end", np_pipe_read, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "A read finds the end of the stream that readiness had found, and so "
        "does the next.",
        "npipe/ready.h") {
  char byte = 0;
  size_t got = 9;

  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_asked(f, read_aheads[i]);
    pipe_close_wait(f, f->peer);
    ready_wait(f, f->end, NP_READABLE);
    assert_np_error(pipe_receive(f, f->end, &byte, 1, &got), ERROR_BROKEN_PIPE);
    assert_np_error(pipe_receive(f, f->end, &byte, 1, &got), ERROR_BROKEN_PIPE);
  }
}

NP_CASE("ready-mixed/read-nothing", np_pipe_read, BYTE_READS | BOTH_ENDS, NP_OK,
        "A read of length 0 ends when something is caught, and takes nothing.",
        "npipe/io.h") {
  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_asked(f, read_aheads[i]);
    read_begin(&f->ops[i], f->end, 0);
    loop_quiet(f);
    assert_int_equal(f->ops[i].done_count, 0);
    pipe_send(f, f->peer, "hello", 5);
    loop_until_count(f, &f->ops[i].done_count, 1);
    assert_done(&f->ops[i], NP_OK, 0);
    assert_received(f, f->end, "hello", 5);
  }
}

NP_CASE("ready-mixed/readv-takes-caught", np_pipe_readv, ANY_MODE | BOTH_ENDS,
        NP_OK, "A vectored read gets the data that was read ahead.",
        "npipe/ready.h") {
  char a[3], b[20];
  const np_buffer parts[] = {{a, 3}, {b, 20}};

  pair_asked(f, 65536);
  pipe_send(f, f->peer, "0123456789", 10);
  ready_wait(f, f->end, NP_READABLE);
  f->ops[0].start_count = 1;
  assert_np_ok(np_pipe_readv(f->end, parts, 2, &f->ops[0].op, on_done));
  assert_int_equal(f->done_count, 0);
  assert_next(&f->ops[0], NP_OK, 10);
  assert_memory_equal(a, "012", 3);
  assert_memory_equal(b, "3456789", 7);
}

NP_CASE("ready-mixed/readv-goes-on", np_pipe_readv, MODE_MESSAGE | BOTH_ENDS,
        NP_OK,
        "If the read-ahead holds the start of a message, a vectored read gets "
        "the whole message.",
        "npipe/ready.h") {
  char a[3], b[20];
  const np_buffer parts[] = {{a, 3}, {b, 20}};

  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_asked(f, read_aheads[i]);
    pipe_send(f, f->peer, "0123456789", 10);
    ready_wait(f, f->end, NP_READABLE);
    f->ops[i].start_count = 1;
    assert_np_ok(np_pipe_readv(f->end, parts, 2, &f->ops[i].op, on_done));
    loop_until_count(f, &f->ops[i].done_count, 1);
    assert_done(&f->ops[i], NP_OK, 10);
    assert_memory_equal(a, "012", 3);
    assert_memory_equal(b, "3456789", 7);
  }
}

/* --- Reads while the read-ahead waits ----------------------------------- */

NP_CASE("ready-mixed/reads-behind-ahead", np_pipe_read, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "Reads that begin while the read-ahead waits get the next data, in the "
        "order in which they began.",
        "npipe/ready.h") {
  static const char *const text[] = {"aaa", "bbb", "ccc", "ddd"};

  for (unsigned i = 0; i < read_ahead_count; i++) {
    pair_asked(f, read_aheads[i]);
    for (unsigned k = 0; k < 4; k++) {
      read_begin(&f->ops[4 * i + k], f->end, 3);
    }
    for (unsigned k = 0; k < 4; k++) {
      /* A byte read ends with the bytes that are available, which may be fewer
       * than were written. */
      struct recorder *reader = &f->ops[4 * i + k];

      if ((f->variant & MODE_MESSAGE) == 0 && read_aheads[i] == 1) {
        pipe_send(f, f->peer, text[k], 1);
        loop_until_count(f, &reader->done_count, 1);
        assert_done(reader, NP_OK, 1);
      } else {
        pipe_send(f, f->peer, text[k], 3);
        loop_until_count(f, &reader->done_count, 1);
        assert_done(reader, NP_OK, 3);
      }
      assert_memory_equal(reader->buffer, text[k], reader->transferred);
    }
    assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
  }
}

NP_CASE("ready-mixed/readers-before-waiters", np_pipe_ready,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "A wait for readiness and a read are in flight together. Data that the "
        "read takes does not end the wait. Data that is left does.",
        "npipe/ready.h") {
  for (size_t i = 0; i < read_ahead_count; i++) {
    struct recorder *reader = &f->ops[2 * i];
    struct recorder *waiter = &f->ops[2 * i + 1];

    pair_reopen(f);
    ready_set(f->end, read_aheads[i], 65536);
    read_begin(reader, f->end, 5);
    ready_begin(waiter, f->end, NP_READABLE);
    loop_turn(f, 0);
    pipe_send(f, f->peer, "hello", 5);
    loop_until_count(f, &reader->done_count, 1);
    assert_done(reader, NP_OK, 5);
    loop_quiet(f);
    assert_int_equal(waiter->done_count, 0);
    pipe_send(f, f->peer, "world", 5);
    loop_until_count(f, &waiter->done_count, 1);
    assert_done(waiter, NP_OK, NP_READABLE);
    assert_caught(f, f->end, "world", 5);
  }
}

NP_CASE("ready-mixed/read-cancel-behind-ahead", np_op_cancel,
        ANY_MODE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "A read that waits behind the read-ahead can be cancelled, and later "
        "data are not lost.",
        "npipe/ready.h; museum D10") {
  for (size_t i = 0; i < read_ahead_count; i++) {
    struct recorder *reader = &f->ops[2 * i];
    struct recorder *timed = &f->ops[2 * i + 1];

    pair_asked(f, read_aheads[i]);
    timed->op.timeout_ms = 5;
    read_begin(reader, f->end, 5);
    read_begin(timed, f->end, 5);
    loop_turn(f, 0);
    assert_np_ok(np_op_cancel(&reader->op));
    loop_until_count(f, &reader->done_count, 1);
    loop_until_count(f, &timed->done_count, 1);
    assert_done(reader, ERROR_OPERATION_ABORTED, 0);
    assert_done(timed, WAIT_TIMEOUT, 0);
    pipe_send(f, f->peer, "hello", 5);
    assert_caught(f, f->end, "hello", 5);
  }
}

static void then_wait(np_fixture *f, struct recorder *recorder) {
  (void)recorder;
  ready_begin(&f->ops[1], f->end, NP_READABLE);
}

static void then_read(np_fixture *f, struct recorder *recorder) {
  (void)recorder;
  read_begin(&f->ops[2], f->end, 5);
}

NP_CASE("ready-mixed/in-callbacks", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "The callback of a read may wait for readiness, and that of a wait may "
        "read.",
        "npipe/ready.h") {
  pair_open(f);
  f->ops[0].then = then_wait;
  f->ops[1].then = then_read;
  read_begin(&f->ops[0], f->end, 5);
  pipe_send(f, f->peer, "hello", 5);
  loop_until(f, 1);
  pipe_send(f, f->peer, "world", 5);
  assert_ends(&f->ops[0], NP_OK, 5);
  assert_ends(&f->ops[1], NP_OK, NP_READABLE);
  assert_ends(&f->ops[2], NP_OK, 5);
  assert_memory_equal(f->ops[2].buffer, "world", 5);
}

/* --- Back and forth ----------------------------------------------------- */

/* read_some reads one piece in one of several ways. It returns the length of
 * the piece. */
static size_t read_some(np_fixture *f, uint32_t *state, char *buffer,
                        size_t size) {
  size_t got = 0;
  np_error error;
  char *half = buffer + size / 2;
  const np_buffer parts[] = {{buffer, size / 2}, {half, size - size / 2}};

  switch (ready_random(state) % 5) {
    case 0:
      error = ready_read(f, f->end, buffer, size, &got);
      break;
    case 1:
      error = pipe_receive(f, f->end, buffer, size, &got);
      break;
    case 2:
      ready_wait(f, f->end, NP_READABLE);
      error = pipe_receive(f, f->end, buffer, size, &got);
      break;
    case 3:
      op_begin(&f->helper,
               np_pipe_readv(f->end, parts, 2, &f->helper.op, on_done));
      loop_until_count(f, &f->helper.done_count, f->helper.start_count);
      error = f->helper.result;
      got = f->helper.transferred;
      break;
    default:
      ready_wait(f, f->end, NP_READABLE | NP_READ_CLOSED);
      error = ready_read(f, f->end, buffer, size, &got);
      break;
  }
  assert_true(error == NP_OK || error == ERROR_MORE_DATA);
  assert_true(got > 0 && got <= size);
  return got;
}

NP_CASE("ready-mixed/back-and-forth", np_pipe_try_read, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "Reads of all kinds in any order give each byte once and in order, "
        "with cancelled reads and waits between.",
        "npipe/ready.h") {
  enum { MESSAGES = 150 };
  const char *pattern = ready_pattern();
  char buffer[300];
  uint32_t state = 99;
  struct recorder *lost = &f->ops[0];

  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_reopen(f);
    ready_set(f->end, read_aheads[i], 65536);
    for (unsigned sent = 0; sent < MESSAGES; sent++) {
      size_t length = 1 + ready_random(&state) % 40;
      size_t done = 0;

      if (ready_random(&state) % 3 == 0) {
        if (ready_random(&state) % 2 == 0) {
          read_begin(lost, f->end, 10);
        } else {
          ready_begin(lost, f->end, NP_READABLE);
        }
        if (ready_random(&state) % 2 == 0) {
          loop_turn(f, 0);
        }
        assert_np_ok(np_op_cancel(&lost->op));
        loop_until_count(f, &lost->done_count, lost->start_count);
        assert_np_error(lost->result, ERROR_OPERATION_ABORTED);
      }
      pipe_send(f, f->peer, pattern + sent, length);
      while (done < length) {
        done += read_some(f, &state, buffer + done,
                          2 + ready_random(&state) % (sizeof(buffer) / 8));
      }
      assert_int_equal(done, length);
      assert_memory_equal(buffer, pattern + sent, length);
    }
  }
}

NP_CASE("ready-mixed/writes-back-and-forth", np_pipe_try_write,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "Writes of all kinds in any order reach the peer whole and in order.",
        "npipe/ready.h") {
  enum { ROUNDS = 60 };
  const char *pattern = ready_pattern();
  uint32_t state = 7;

  pair_open_quota(f, READY_QUOTA);
  for (unsigned round = 0; round < ROUNDS; round++) {
    size_t lengths[4] = {0};
    size_t total = 0;
    size_t taken = 0;
    unsigned count = 0;
    unsigned i;

    for (i = 0; i < 4; i++) {
      size_t length = 1 + ready_random(&state) % 2500;
      struct recorder *writer = &f->ops[i];
      char *bytes = (char *)(uintptr_t)(pattern + total);
      const np_buffer parts[] = {{bytes, length / 2},
                                 {bytes + length / 2, length - length / 2}};

      switch (ready_random(&state) % 3) {
        case 0:
          write_begin(writer, f->end, bytes, length);
          break;
        case 1:
          op_begin(writer,
                   np_pipe_writev(f->end, parts, 2, &writer->op, on_done));
          break;
        default:
          if (np_pipe_try_write(f->end, bytes, length, &taken) ==
              NP_WOULD_BLOCK) {
            continue;
          }
          assert_int_equal(taken, length);
          break;
      }
      lengths[count++] = length;
      total += length;
    }
    for (i = 0, total = 0; i < count; total += lengths[i++]) {
      assert_received(f, f->peer, pattern + total, lengths[i]);
    }
    for (i = 0; i < 4; i++) {
      loop_until_count(f, &f->ops[i].done_count, f->ops[i].start_count);
      assert_np_ok(f->ops[i].result);
    }
    ready_wait(f, f->end, NP_WRITABLE);
  }
}

NP_CASE("ready-mixed/echo-by-readiness", np_pipe_ready, ANY_MODE, NP_OK,
        "Two ends that use only readiness can talk to each other.",
        "npipe/ready.h") {
  enum { ROUNDS = 100 };
  const char *pattern = ready_pattern();

  pair_open(f);
  ready_set(f->client, 4, 100);
  for (unsigned round = 0; round < ROUNDS; round++) {
    ready_write_all(f, f->client, pattern + round, 1 + round % 50);
    assert_caught(f, f->server, pattern + round, 1 + round % 50);
    ready_write_all(f, f->server, pattern + round, 1 + round % 50);
    assert_caught(f, f->client, pattern + round, 1 + round % 50);
  }
}

/* --- Pipes without readiness -------------------------------------------- */

static void traffic(np_fixture *f) {
  for (unsigned round = 0; round < 10; round++) {
    read_begin(&f->ops[0], f->end, 100);
    write_begin(&f->ops[1], f->peer, "hello", 5);
    loop_until(f, 2 * (round + 1));
    assert_done(&f->ops[0], NP_OK, 5);
  }
}

NP_CASE("ready-mixed/never-asked-memory", np_pipe_read, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "A pipe that is never asked about readiness takes no memory for it.",
        "npipe/ready.h") {
  size_t total;
  size_t live;

  pair_open(f);
  total = f->allocator.total;
  live = f->allocator.live;
  traffic(f);
  assert_int_equal(f->allocator.total, total);
  assert_int_equal(live, 3); /* the loop and two pipes */
}

NP_CASE("ready-mixed/asked-memory", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "In a running exchange by readiness nothing is allocated any more.",
        "npipe/ready.h") {
  enum { ROUNDS = 50 };
  size_t total = 0;

  pair_open(f);
  for (unsigned i = 0; i < ROUNDS; i++) {
    if (i == 2) {
      total = f->allocator.total;
    }
    ready_write_all(f, f->end, ready_pattern(), 100);
    assert_received(f, f->peer, ready_pattern(), 100);
    pipe_send(f, f->peer, ready_pattern(), 100);
    assert_caught(f, f->end, ready_pattern(), 100);
  }
  assert_int_equal(f->allocator.total, total);
}

NP_CASE("ready-mixed/never-asked", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "A pipe whose readiness is never asked makes no call for it. Each "
        "message takes one read and one write, apart from the calls on the "
        "port.",
        "npipe/ready.h") {
  uint64_t reads;
  uint64_t writes;
  uint64_t others;

  pair_open(f);
  reads = calls("ReadFile");
  writes = calls("WriteFile");
  others = calls("CancelIoEx") + calls("CreateEventW") +
           calls("PeekNamedPipe") + calls("GetOverlappedResult") +
           calls("NtQueryInformationFile") +
           calls("PostQueuedCompletionStatus");
  traffic(f);
  assert_int_equal(calls("ReadFile") - reads, 10);
  assert_int_equal(calls("WriteFile") - writes, 10);
  assert_int_equal(calls("CancelIoEx") + calls("CreateEventW") +
                       calls("PeekNamedPipe") + calls("GetOverlappedResult") +
                       calls("NtQueryInformationFile") +
                       calls("PostQueuedCompletionStatus"),
                   others);
}
