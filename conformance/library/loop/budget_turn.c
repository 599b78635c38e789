/* The number of system calls that one turn of the loop may cost: when the loop
 * polls its port, when it yields the processor, and in which order it gives
 * operations to the kernel. */
#include "library/fixture.h"

static uint64_t port_calls(void) {
  return calls("GetQueuedCompletionStatusEx");
}

static void loop_that_yields(np_fixture *f, HANDLE port) {
  np_loop_options options = loop_options();

  options.yields = true;
  options.port = port;
  loop_remake(f, &options);
}

NP_CASE("budget-turn/yield", np_loop_create, ANY_MODE | BOTH_ENDS, NP_OK,
        "A loop that yields gives up the processor once before it passes the "
        "started reads to the kernel. It does not yield while it has other "
        "work, or without reads.",
        "npipe/loop.h") {
  uint64_t before;

  loop_that_yields(f, NULL);
  pair_open(f);
  before = calls("SwitchToThread");
  read_begin(&f->ops[0], f->end, 16);
  read_pend(f, &f->ops[1], f->end, 16);
  assert_int_equal(calls("SwitchToThread") - before, 1);
  write_begin(&f->ops[2], f->peer, "abc", 3);
  assert_ends(&f->ops[0], NP_OK, 3);
  assert_int_equal(calls("SwitchToThread") - before, 1);
}

static void then_not_yielded(np_fixture *f, struct recorder *recorder) {
  const uint64_t *before = f->user;

  (void)recorder;
  assert_int_equal(calls("SwitchToThread") - *before, 0);
}

NP_CASE("budget-turn/yield-news", np_loop_create, MODE_BYTE | BOTH_ENDS, NP_OK,
        "A loop does not yield while a packet is in its port.",
        "npipe/loop.h") {
  uint64_t before;

  loop_that_yields(f, NULL);
  pair_open_raw(f);
  read_pend(f, &f->ops[0], f->end, 3);
  before = calls("SwitchToThread");
  f->user = &before;
  f->ops[0].then = then_not_yielded;
  assert_int_equal(raw_write(f->raw, "abc", 3), 0);
  read_begin(&f->ops[1], f->end, 3);
  assert_next(&f->ops[0], NP_OK, 3);
}

NP_CASE("budget-turn/yield-default", np_loop_options_init, ANY_MODE | BOTH_ENDS,
        NP_OK, "By default a loop never yields.", "npipe/loop.h") {
  uint64_t before;

  pair_open(f);
  before = calls("SwitchToThread");
  read_pend(f, &f->ops[0], f->end, 16);
  /* The other read is in the kernel already. */
  read_pend(f, &f->ops[1], f->peer, 16);
  assert_int_equal(calls("SwitchToThread") - before, 0);
}

NP_CASE("budget-turn/yield-foreign-port", np_loop_create, MODE_BYTE | BOTH_ENDS,
        NP_OK, "On a foreign port a loop never yields.", "npipe/loop.h") {
  uint64_t before;

  loop_that_yields(f, CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1));
  assert_non_null(f->port);
  pair_open(f);
  before = calls("SwitchToThread");
  read_pend(f, &f->ops[0], f->end, 16);
  assert_int_equal(calls("SwitchToThread") - before, 0);
}

static void then_write_on(np_fixture *f, struct recorder *recorder) {
  static char data[60000];

  assert_np_ok(recorder->result);
  if (recorder->done_count < 20) {
    write_begin(recorder, f->end, data, sizeof data);
  }
}

static void then_read_on(np_fixture *f, struct recorder *recorder) {
  size_t *left = f->user;

  assert_np_ok(recorder->result);
  assert_true(recorder->transferred <= *left);
  *left -= recorder->transferred;
  if (*left > 0) {
    op_begin(recorder,
             np_pipe_read(f->peer, &f->ops[8], 60000, &recorder->op, on_done));
  }
}

NP_CASE("budget-turn/large-writes", np_pipe_write, MODE_BYTE | BOTH_ENDS, NP_OK,
        "A stream of writes almost fills the pipe, and the reader is on the "
        "same loop. Each write and each read is one call. No write waits, and "
        "the port is not polled.",
        "npipe/loop.h") {
  size_t left = 20 * 60000;
  uint64_t reads;
  uint64_t port;

  pair_open(f);
  f->user = &left;
  f->ops[0].then = then_write_on;
  f->ops[1].then = then_read_on;
  reads = calls("ReadFile");
  port = port_calls();
  /* The 16 recorders lie in a row, so their memory serves as one buffer of
   * 60,000 bytes. */
  assert_true(16 * sizeof f->ops[0] >= 60000);
  op_begin(&f->ops[1],
           np_pipe_read(f->peer, &f->ops[8], 60000, &f->ops[1].op, on_done));
  then_write_on(f, &f->ops[0]);
  loop_until_count(f, &f->ops[0].done_count, 20);
  while (left > 0) {
    assert_np_ok(loop_turn(f, LOOP_WAIT_MS));
  }
  assert_int_equal(calls("ReadFile") - reads, 20);
  assert_int_equal(port_calls() - port, 0);
}

static void then_answer(np_fixture *f, struct recorder *recorder) {
  assert_np_ok(recorder->result);
  write_begin(&f->ops[4], f->server, "HELLO", 5);
}

static void then_greet(np_fixture *f, struct recorder *recorder) {
  assert_np_ok(recorder->result);
  read_begin(&f->ops[1], f->server, 5);
}

NP_CASE("budget-turn/first-read", np_server_connect, ANY_MODE, NP_OK,
        "After a connect is reported, the first read of this client begins "
        "before reads that were put off earlier. A client on the same loop "
        "writes and waits for the answer: it is read first, and the port is "
        "not polled.",
        "npipe/loop.h") {
  uint64_t port;

  server_listen(f);
  client_open_end(f);
  write_begin(&f->ops[2], f->client, "hello", 5);
  read_begin(&f->ops[3], f->client, 5);
  f->ops[0].then = then_greet;
  f->ops[1].then = then_answer;
  connect_begin(&f->ops[0], f->server);
  port = port_calls();
  loop_until_count(f, &f->ops[3].done_count, 1);
  assert_int_equal(port_calls() - port, 0);
  assert_done(&f->ops[1], NP_OK, 5);
  assert_done(&f->ops[3], NP_OK, 5);
}

NP_CASE("budget-turn/first-read-order", np_server_connect, ANY_MODE, NP_OK,
        "The first read after a connect does not go before an earlier read of "
        "its own end.",
        "npipe/loop.h") {
  server_listen(f);
  client_open_end(f);
  read_begin(&f->ops[1], f->server, 3);
  connect_begin(&f->ops[0], f->server);
  read_begin(&f->ops[2], f->server, 3);
  write_begin(&f->ops[3], f->client, "abc", 3);
  write_begin(&f->ops[4], f->client, "def", 3);
  loop_until(f, 5);
  assert_memory_equal(f->ops[1].buffer, "abc", 3);
  assert_memory_equal(f->ops[2].buffer, "def", 3);
}

static void then_write_many(np_fixture *f, struct recorder *recorder) {
  assert_np_ok(recorder->result);
  if (recorder->done_count < 1000) {
    write_begin(recorder, f->end, "a", 1);
  }
}

NP_CASE("budget-turn/nothing-owed", np_pipe_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "A port without outstanding packets is not polled, however many "
        "operations complete at once.",
        "npipe/loop.h") {
  uint64_t port;

  pair_open(f);
  port = port_calls();
  f->ops[0].then = then_write_many;
  write_begin(&f->ops[0], f->end, "a", 1);
  loop_until_count(f, &f->ops[0].done_count, 1000);
  assert_int_equal(port_calls() - port, 0);
}

enum { BURST = 200 };

struct burst {
  np_fixture *f;
  unsigned done_count;
  np_op ops[BURST];
};

static void on_burst(np_op *op, np_error error, size_t transferred) {
  struct burst *burst = op->user;

  (void)transferred;
  callback_begin();
  assert_np_ok(error);
  burst->done_count++;
  if (burst->done_count == BURST) {
    write_begin(&burst->f->ops[1], burst->f->peer, "abc", 3);
  }
  callback_end();
}

NP_CASE("budget-turn/round", np_pipe_read, MODE_BYTE | BOTH_ENDS, NP_OK,
        "A read begins after the callbacks of everything that was ready "
        "together with it, because the last callback may write its data. So "
        "the port is not polled.",
        "npipe/loop.h") {
  static struct burst burst;
  uint64_t port;

  pair_open(f);
  memset(&burst, 0, sizeof burst);
  burst.f = f;
  port = port_calls();
  read_begin(&f->ops[0], f->end, 3);
  for (unsigned i = 0; i < BURST; i++) {
    burst.ops[i].user = &burst;
    assert_np_ok(np_pipe_write(f->end, "", 0, &burst.ops[i], on_burst));
  }
  loop_until_count(f, &f->ops[0].done_count, 1);
  assert_done(&f->ops[0], NP_OK, 3);
  assert_int_equal(port_calls() - port, 0);
}

static void then_write_short(np_fixture *f, struct recorder *recorder) {
  assert_np_ok(recorder->result);
  if (recorder->done_count < 4000) {
    write_begin(recorder, f->end, "0123456789abcdef", 16);
  }
}

static void then_read_short(np_fixture *f, struct recorder *recorder) {
  assert_done(recorder, NP_OK, 16);
  if (recorder->done_count < 4000) {
    read_begin(recorder, f->peer, 16);
  }
}

NP_CASE("budget-turn/short-messages", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "A stream of short messages goes through a full pipe to a reader on "
        "the same loop. Each write and each read is one call. The port is "
        "polled once for many messages, not once for each write.",
        "npipe/loop.h") {
  uint64_t reads;
  uint64_t port;

  pair_open_quota(f, 4096);
  f->ops[0].then = then_write_short;
  f->ops[1].then = then_read_short;
  reads = calls("ReadFile");
  port = port_calls();
  read_begin(&f->ops[1], f->peer, 16);
  then_write_short(f, &f->ops[0]);
  loop_until_count(f, &f->ops[1].done_count, 4000);
  assert_int_equal(calls("ReadFile") - reads, 4000);
  assert_in_range(port_calls() - port, 0, 400);
}
