/* Readiness: events that other libraries lost, delivered twice, or waited for
 * in vain. */
#include "library/rounds.h"
#include "ready_common.h"

NP_CASE("museum-ready/ready-only-what-was-asked", np_pipe_ready,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "A wait for readability does not report writability, neither when the "
        "peer comes nor later.",
        "mio#1855; museum R01") {
  pair_open(f);
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  loop_quiet(f);
  assert_try_write(f->end, "x", 1, NP_OK, 1);
  assert_received(f, f->peer, "x", 1);
  assert_quiet(f, 0);
}

NP_CASE("museum-ready/ready-interest-changes", np_pipe_ready,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "Waits that change from one direction to the other and are cancelled "
        "lose no readiness.",
        "mio-named-pipes#1; museum R03") {
  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_reopen(f);
    ready_set(f->end, read_aheads[i], 65536);
    pipe_send(f, f->peer, "hello", 5);
    for (unsigned round = 0; round < 10; round++) {
      assert_int_equal(ready_wait(f, f->end, NP_WRITABLE), NP_WRITABLE);
      ready_begin(&f->ops[0], f->end, NP_READ_CLOSED);
      loop_turn(f, 0);
      assert_np_ok(np_op_cancel(&f->ops[0].op));
      loop_until_count(f, &f->ops[0].done_count, f->ops[0].start_count);
      assert_int_equal(ready_wait(f, f->end, NP_READABLE), NP_READABLE);
    }
    assert_caught(f, f->end, "hello", 5);
  }
}

NP_CASE("museum-ready/read-ahead-and-flush", np_pipe_flush,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "A peer flushes. If readiness only probes, the flush waits until the "
        "program reads. If readiness reads ahead, the flush waits until the "
        "data is read ahead.",
        "mio#1582; museum R04") {
  unsigned ahead;

  for (ahead = 0; ahead < 2; ahead++) {
    struct recorder *flush = &f->ops[2 * ahead];
    struct recorder *waiter = &f->ops[2 * ahead + 1];

    pair_reopen(f);
    ready_set(f->end, ahead == 0 ? 0 : 65536, 65536);
    ready_begin(waiter, f->end, NP_READABLE);
    loop_turn(f, 0);
    pipe_send(f, f->peer, "hello", 5);
    flush->start_count = 1;
    assert_np_ok(np_pipe_flush(f->peer, &flush->op, on_done));
    loop_until_count(f, &waiter->done_count, 1);
    if (ahead == 0) {
      loop_quiet(f);
      assert_int_equal(flush->done_count, 0);
    } else {
      loop_until_count(f, &flush->done_count, 1);
    }
    assert_caught(f, f->end, "hello", 5);
    loop_until_count(f, &flush->done_count, 1);
    assert_done(flush, NP_OK, 0);
  }
}

static void then_try_write(np_fixture *f, struct recorder *recorder) {
  (void)recorder;
  assert_try_write(f->end, "more", 4, NP_OK, 4);
}

NP_CASE("museum-ready/try-write-in-callback", np_pipe_try_write,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "A try to write also works in the callback of a write.",
        "libuv#4183; museum R06") {
  pair_open(f);
  f->ops[0].then = then_try_write;
  write_begin(&f->ops[0], f->end, "hello", 5);
  loop_until(f, 1);
  assert_received(f, f->peer, "hello", 5);
  assert_received(f, f->peer, "more", 4);
}

NP_CASE("museum-ready/try-write-wakes-once", np_pipe_ready,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "With the quota full a try would block; then one wait ends once, and "
        "not in a busy loop before.",
        "libuv#4183; museum R06 R10") {
  const char *pattern = ready_pattern();
  unsigned turns = 0;
  size_t taken = 9;

  pair_open_quota(f, READY_QUOTA);
  assert_try_write(f->end, pattern, 2 * READY_QUOTA, NP_OK, 2 * READY_QUOTA);
  assert_np_error(np_pipe_try_write(f->end, "x", 1, &taken), NP_WOULD_BLOCK);
  ready_begin(&f->ops[0], f->end, NP_WRITABLE);
  while (loop_turn(f, LOOP_QUIET_MS) == NP_OK) {
    turns++;
  }
  assert_true(turns < 5);
  assert_int_equal(f->done_count, 0);
  assert_received(f, f->peer, pattern, 2 * READY_QUOTA);
  loop_until(f, 1);
  loop_quiet(f);
  assert_done(&f->ops[0], NP_OK, NP_WRITABLE);
}

NP_CASE("museum-ready/parked-reader", np_pipe_try_write, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "A peer parked in a large read takes all of the kernel's figure of "
        "free quota; tries succeed all the same.",
        "kaappi#2459; museum R07") {
  pair_open_quota(f, READY_QUOTA);
  for (unsigned round = 0; round < 20; round++) {
    read_begin(&f->ops[0], f->peer, RECORDER_BYTES_MAX);
    loop_turn(f, 0);
    assert_try_write(f->end, ready_pattern(), 4096, NP_OK, 4096);
    assert_next(&f->ops[0], NP_OK, 4096);
    ready_wait(f, f->end, NP_WRITABLE);
  }
}

NP_CASE("museum-ready/stays-waiting-mode", np_pipe_try_write,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "Readiness never sets PIPE_NOWAIT on the handle. In this mode a write "
        "that does not fit writes nothing and reports success.",
        "swift-corelibs-libdispatch#796; museum R09") {
  DWORD mode = PIPE_NOWAIT;

  pair_open(f);
  assert_try_write(f->end, "x", 1, NP_OK, 1);
  assert_try_read(f->end, 1, NP_WOULD_BLOCK, NULL, 0);
  ready_wait(f, f->end, NP_WRITABLE);
  assert_true(GetNamedPipeHandleStateW(np_pipe_handle(f->end), &mode, NULL,
                                       NULL, NULL, NULL, 0));
  assert_int_equal(mode & PIPE_NOWAIT, 0);
}

NP_CASE("museum-ready/try-write-is-quick", np_pipe_try_write,
        ANY_MODE | BOTH_ENDS, NP_WOULD_BLOCK,
        "Tries at a full pipe don't wait for the peer.",
        "86Box#7773; museum R10") {
  uint64_t before_ms;

  pair_open_quota(f, READY_QUOTA);
  assert_try_write(f->end, ready_pattern(), 2 * READY_QUOTA, NP_OK,
                   2 * READY_QUOTA);
  before_ms = world_now_ms();
  for (unsigned i = 0; i < 1000; i++) {
    assert_try_write(f->end, "x", 1, NP_WOULD_BLOCK, 0);
  }
  assert_true(world_now_ms() - before_ms < world_timeout_ms(1000));
}

NP_CASE("museum-ready/empty-between-messages", np_pipe_try_read,
        MODE_MESSAGE | BOTH_ENDS, NP_OK,
        "An empty message in the middle is no reason to stop reading: all the "
        "later ones arrive.",
        "bun#23340; museum D07") {
  enum { MESSAGES = 60 };
  char buffer[64];
  size_t got = 0;

  for (size_t k = 0; k < read_ahead_count; k++) {
    pair_reopen(f);
    ready_set(f->end, read_aheads[k], 65536);
    for (unsigned i = 0; i < MESSAGES; i++) {
      pipe_send(f, f->peer, ready_pattern() + i, i % 3 == 1 ? 0 : 1 + i % 20);
    }
    for (unsigned i = 0; i < MESSAGES; i++) {
      assert_np_ok(ready_read(f, f->end, buffer, sizeof(buffer), &got));
      assert_int_equal(got, i % 3 == 1 ? 0 : 1 + i % 20);
      assert_memory_equal(buffer, ready_pattern() + i, got);
    }
  }
}

NP_CASE("museum-ready/select-over-eight", np_pipe_ready, ANY_MODE, NP_OK,
        "Waits on eight pipes of which one is served and seven are cancelled, "
        "over and over: each byte of each pipe arrives once.",
        "mypy#21228; museum D10") {
  enum { PIPES = 8, ROUNDS = 100 };
  np_pipe *ends[PIPES];
  np_pipe *peers[PIPES];
  unsigned char sent[PIPES] = {0};
  unsigned char received[PIPES] = {0};
  uint32_t state = 3;

  for (unsigned i = 0; i < PIPES; i++) {
    pair_open(f);
    ends[i] = pipe_own(f, f->server);
    peers[i] = pipe_own(f, f->client);
    ready_set(ends[i], read_aheads[i % read_ahead_count], 65536);
    f->server = NULL;
    f->client = NULL;
  }
  for (unsigned round = 0; round < ROUNDS; round++) {
    unsigned any = f->done_count;

    for (unsigned i = 0; i < PIPES; i++) {
      ready_begin(&f->ops[i], ends[i], NP_READABLE);
    }
    for (unsigned i = 0; i < PIPES; i++) {
      if (ready_random(&state) % 2 == 0 || i == round % PIPES) {
        write_begin(&f->ops[PIPES + i], peers[i], &sent[i], 1);
        loop_until_count(f, &f->ops[PIPES + i].done_count,
                         f->ops[PIPES + i].start_count);
        sent[i]++;
      }
    }
    loop_until(f, any + 1);
    for (unsigned i = 0; i < PIPES; i++) {
      np_op_cancel(&f->ops[i].op);
    }
    for (unsigned i = 0; i < PIPES; i++) {
      loop_until_count(f, &f->ops[i].done_count, f->ops[i].start_count);
    }
    for (unsigned i = 0; i < PIPES; i++) {
      unsigned char byte = 0;
      size_t got = 0;

      if (ready_random(&state) % 2 == 0 &&
          np_pipe_try_read(ends[i], &byte, 1, &got) == NP_OK) {
        assert_int_equal(got, 1);
        assert_int_equal(byte, received[i]);
        received[i]++;
      }
    }
  }
  for (unsigned i = 0; i < PIPES; i++) {
    while (received[i] != sent[i]) {
      unsigned char byte = 0;
      size_t got = 0;

      assert_np_ok(ready_read(f, ends[i], &byte, 1, &got));
      assert_int_equal(byte, received[i]);
      received[i]++;
    }
    assert_try_read(ends[i], 1, NP_WOULD_BLOCK, NULL, 0);
  }
}

NP_CASE("museum-ready/retracted", np_pipe_try_read, ANY_MODE | BOTH_ENDS,
        NP_WOULD_BLOCK,
        "If the writer cancels bytes that made the pipe readable, a try to "
        "read returns NP_WOULD_BLOCK and does not hang.",
        "libuv#5219; museum D13 D15") {
  pair_open_quota(f, READY_QUOTA);
  ready_set(f->end, 0, 65536);
  for (unsigned round = 0; round < 10; round++) {
    if ((f->variant & MODE_MESSAGE) != 0 && round > 0) {
      /* The probe has read a byte of this message, so only a close is safe
       * now. */
      break;
    }
    ready_begin(&f->ops[2 * round], f->end, NP_READABLE);
    write_begin(&f->ops[2 * round + 1], f->peer, ready_pattern(),
                2 * READY_QUOTA);
    loop_until_count(f, &f->ops[2 * round].done_count, 1);
    assert_np_ok(np_op_cancel(&f->ops[2 * round + 1].op));
    loop_until_count(f, &f->ops[2 * round + 1].done_count, 1);
    assert_np_error(f->ops[2 * round + 1].result, ERROR_OPERATION_ABORTED);
    if ((f->variant & MODE_MESSAGE) != 0) {
      assert_try_read(f->end, 64, ERROR_MORE_DATA, ready_pattern(), 1);
    }
    assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
    if ((f->variant & MODE_MESSAGE) == 0) {
      pipe_send(f, f->peer, "hello", 5);
      assert_caught(f, f->end, "hello", 5);
    }
  }
}

NP_CASE("museum-ready/shared-handle", np_pipe_try_read, BYTE_READS | BOTH_ENDS,
        NP_WOULD_BLOCK,
        "When another reader of the same end was faster, a try would block, "
        "and the next bytes are ready again.",
        "libuv#4470; museum D16") {
  char buffer[64];

  pair_probing(f);
  for (unsigned round = 0; round < 10; round++) {
    pipe_send(f, f->peer, "theirs", 6);
    ready_wait(f, f->end, NP_READABLE);
    assert_int_equal(museum_take_raw(f->end, buffer, sizeof(buffer)), 6);
    assert_memory_equal(buffer, "theirs", 6);
    assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
    ready_begin(&f->ops[round], f->end, NP_READABLE);
    assert_quiet(f, round);
    pipe_send(f, f->peer, "ours", 4);
    loop_until(f, round + 1);
    assert_caught(f, f->end, "ours", 4);
  }
}

NP_CASE("museum-ready/foreign-cancel", np_pipe_ready, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "Another program cancels all I/O on the handle. A wait for readability "
        "goes on, and ends when data arrives.",
        "coreipc#97; museum E07") {
  for (size_t i = 0; i < read_ahead_count; i++) {
    pair_reopen(f);
    ready_set(f->end, read_aheads[i], 65536);
    ready_begin(&f->ops[i], f->end, NP_READABLE);
    loop_turn(f, 0);
    assert_true(CancelIoEx(np_pipe_handle(f->end), NULL));
    loop_quiet(f);
    assert_int_equal(f->ops[i].done_count, 0);
    pipe_send(f, f->peer, "hello", 5);
    loop_until_count(f, &f->ops[i].done_count, 1);
    assert_done(&f->ops[i], NP_OK, NP_READABLE);
    assert_caught(f, f->end, "hello", 5);
  }
}

NP_CASE("museum-ready/large-in-one", np_pipe_try_read, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "64 KiB that were written at once are read by one try of 64 KiB.",
        "tokio#5307; museum M03") {
  pair_open(f);
  pipe_send(f, f->peer, ready_pattern(), 65536);
  ready_wait(f, f->end, NP_READABLE);
  assert_try_read(f->end, 65536, NP_OK, ready_pattern(), 65536);
}

NP_CASE("museum-ready/both-write-first", np_pipe_try_write, ANY_MODE, NP_OK,
        "Both ends write 64 KiB before either reads, with the default quotas "
        "and with small ones.",
        "brltty#259; museum F03") {
  const char *pattern = ready_pattern();
  unsigned small;

  for (small = 0; small < 2; small++) {
    if (small != 0) {
      server_quotas(f, READY_QUOTA, READY_QUOTA);
    }
    pair_reopen(f);
    assert_try_write(f->server, pattern, 65536, NP_OK, 65536);
    assert_try_write(f->client, pattern + 1, 65536, NP_OK, 65536);
    loop_quiet(f);
    assert_caught(f, f->server, pattern + 1, 65536);
    assert_caught(f, f->client, pattern, 65536);
  }
}

NP_CASE("museum-ready/one-way-server-wakes", np_server_connect, BOTH_ENDS,
        NP_OK,
        "A server of one direction waits for readiness before its client has "
        "come. The client ends the wait, in either direction.",
        "tokio#5170; museum S06") {
  bool server_reads = !is_client_end(f);

  f->server_options.inbound = server_reads;
  f->server_options.outbound = !server_reads;
  f->client_options.read = !server_reads;
  f->client_options.write = server_reads;
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  assert_quiet(f, 0);
  client_open_end(f);
  assert_next(&f->ops[0], NP_OK, 0);
  if (server_reads) {
    ready_write_all(f, f->client, "hello", 5);
    assert_caught(f, f->server, "hello", 5);
  } else {
    ready_write_all(f, f->server, "hello", 5);
    assert_caught(f, f->client, "hello", 5);
  }
}

NP_CASE("museum-ready/one-way-disconnect", np_server_disconnect, NO_MODE, NP_OK,
        "An inbound server that read by readiness disconnects and flushes as "
        "any other.",
        "named_pipe#11; museum S07") {
  pair_open_one_way(f, true);
  pipe_send(f, f->client, "hello", 5);
  ready_wait(f, f->server, NP_READABLE);
  f->ops[0].start_count = 1;
  assert_np_ok(np_pipe_flush(f->server, &f->ops[0].op, on_done));
  assert_next(&f->ops[0], NP_OK, 0);
  assert_np_ok(np_server_disconnect(f->server));
  server_reconnect(f);
  assert_try_read(f->server, 64, NP_WOULD_BLOCK, NULL, 0);
  pipe_send(f, f->client, "new", 3);
  assert_caught(f, f->server, "new", 3);
}

NP_CASE("museum-ready/idle-is-idle", np_loop_run_once, ANY_MODE | BOTH_ENDS,
        WAIT_TIMEOUT,
        "A pair on which all kinds of waits are pending and nothing happens "
        "runs no callback and does not spin.",
        "npipe/loop.h; museum R10") {
  pair_open_quota(f, READY_QUOTA);
  ready_begin(&f->ops[0], f->end, NP_READABLE | NP_READ_CLOSED);
  ready_begin(&f->ops[1], f->peer, NP_READABLE | NP_WRITE_CLOSED);
  assert_np_error(loop_turn(f, LOOP_QUIET_MS), WAIT_TIMEOUT);
  assert_np_error(loop_turn(f, LOOP_QUIET_MS), WAIT_TIMEOUT);
  assert_int_equal(f->done_count, 0);
}
