/* The number of system calls that a message may cost. The simulated kernel
 * counts the calls; the cases print the numbers and check them against a
 * limit. */
#include "ready_common.h"

enum { MESSAGES = 100, LENGTH = 100 };

struct cost {
  uint64_t reads;  /* ReadFile                   */
  uint64_t writes; /* WriteFile                  */
  uint64_t waits;  /* GetQueuedCompletionStatusEx */
  uint64_t others; /* all other system calls */
};

static uint64_t count_of_others(void) {
  return calls("CancelIoEx") + calls("CreateEventW") + calls("ResetEvent") +
         calls("PeekNamedPipe") + calls("GetOverlappedResult") +
         calls("NtQueryInformationFile") + calls("PostQueuedCompletionStatus") +
         calls("WaitForSingleObject");
}

static struct cost cost_now(void) {
  struct cost cost;

  cost.reads = calls("ReadFile");
  cost.writes = calls("WriteFile");
  cost.waits = calls("GetQueuedCompletionStatusEx");
  cost.others = count_of_others();
  return cost;
}

static struct cost cost_since(struct cost before) {
  struct cost cost = cost_now();

  cost.reads -= before.reads;
  cost.writes -= before.writes;
  cost.waits -= before.waits;
  cost.others -= before.others;
  return cost;
}

static void cost_print(const char *what, struct cost cost) {
  print_message(
      "%s: a message costs %u.%02u reads, %u.%02u writes, "
      "%u.%02u waits, %u other calls\n",
      what, (unsigned)(cost.reads / MESSAGES),
      (unsigned)(cost.reads % MESSAGES), (unsigned)(cost.writes / MESSAGES),
      (unsigned)(cost.writes % MESSAGES), (unsigned)(cost.waits / MESSAGES),
      (unsigned)(cost.waits % MESSAGES), (unsigned)cost.others);
}

static void then_read_again(np_fixture *f, struct recorder *recorder) {
  assert_done(recorder, NP_OK, LENGTH);
  if (recorder->done_count < MESSAGES) {
    read_begin(recorder, f->end, LENGTH);
  }
}

static void then_try_again(np_fixture *f, struct recorder *recorder) {
  unsigned *received = f->user;
  size_t got = 0;
  np_error error;

  assert_np_ok(recorder->result);
  error = np_pipe_try_read(f->end, recorder->buffer, LENGTH, &got);
  assert_true(error == NP_WOULD_BLOCK || (error == NP_OK && got == LENGTH));
  *received += error == NP_OK;
  if (*received < MESSAGES) {
    ready_begin(recorder, f->end, NP_READABLE);
  }
}

/* messages_cost lets the peer write one message after the other and the end
 * take each as it comes. The peer's own calls are not counted. */
static struct cost messages_cost(np_fixture *f, struct recorder *receiver,
                                 const unsigned *received) {
  struct cost before = cost_now();
  struct cost cost;

  for (unsigned i = 0; i < MESSAGES; i++) {
    loop_turn(f, 0); /* puts the wait for the message into the kernel */
    assert_int_equal(raw_write(f->raw, ready_pattern(), LENGTH), 0);
    loop_until_count(f, received, i + 1);
  }
  cost = cost_since(before);
  assert_int_equal(*received, MESSAGES);
  assert_true(receiver->done_count >= MESSAGES);
  /* subtract raw_write's calls: one write and three others */
  cost.writes -= MESSAGES;
  cost.others -= 3 * MESSAGES;
  return cost;
}

NP_CASE("ready-cost/completion", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "A read in flight costs one call for the read a message.",
        "npipe/io.h") {
  struct cost cost;

  pair_open_raw(f);
  f->ops[0].then = then_read_again;
  read_begin(&f->ops[0], f->end, LENGTH);
  cost = messages_cost(f, &f->ops[0], &f->ops[0].done_count);
  cost_print("completion", cost);
  assert_int_equal(cost.reads, MESSAGES);
  assert_int_equal(cost.writes, 0);
  assert_true(cost.others <= 1);
  assert_true(cost.waits <= 4 * MESSAGES);
}

static void readiness_cost(np_fixture *f, size_t read_ahead, const char *what,
                           unsigned reads) {
  unsigned received = 0;
  struct cost cost;

  pair_open_raw(f);
  ready_set(f->end, read_ahead, 65536);
  f->user = &received;
  f->ops[0].then = then_try_again;
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  cost = messages_cost(f, &f->ops[0], &received);
  cost_print(what, cost);
  assert_true(cost.reads >= (uint64_t)(reads * MESSAGES));
  assert_true(cost.reads <= (uint64_t)(reads * MESSAGES + 1));
  assert_int_equal(cost.writes, 0);
  assert_true(cost.others <= 1);
  assert_true(cost.waits <= 4 * MESSAGES);
}

NP_CASE("ready-cost/read-ahead", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "Readiness with a read-ahead costs one call for the read a message, as "
        "a read does, and a copy.",
        "npipe/ready.h") {
  readiness_cost(f, 65536, "read-ahead", 1);
}

NP_CASE("ready-cost/probe", np_pipe_ready, ANY_MODE | BOTH_ENDS, NP_OK,
        "Readiness with a probe costs one call more a message, and no copy.",
        "npipe/ready.h") {
  readiness_cost(f, 0, "probe", 2);
}

NP_CASE("ready-cost/try-write", np_pipe_try_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "A try to write that has room costs one call, like a write.",
        "npipe/ready.h") {
  struct cost before;
  struct cost cost;

  pair_open_raw(f);
  assert_try_write(f->end, ready_pattern(), LENGTH, NP_OK, LENGTH);
  before = cost_now();
  for (unsigned i = 0; i < MESSAGES; i++) {
    assert_try_write(f->end, ready_pattern(), LENGTH, NP_OK, LENGTH);
  }
  cost = cost_since(before);
  cost_print("try_write", cost);
  assert_int_equal(cost.writes, MESSAGES);
  assert_int_equal(cost.reads + cost.waits + cost.others, 0);
}

NP_CASE("ready-cost/idle-tries", np_pipe_try_read, ANY_MODE | BOTH_ENDS,
        NP_WOULD_BLOCK,
        "While the read-ahead waits, a try that finds nothing costs no call.",
        "npipe/ready.h") {
  struct cost before;
  struct cost cost;

  pair_open_raw(f);
  assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
  before = cost_now();
  for (unsigned i = 0; i < MESSAGES; i++) {
    assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
  }
  cost = cost_since(before);
  assert_int_equal(cost.reads + cost.writes + cost.waits + cost.others, 0);
}

NP_CASE("ready-cost/part-of-a-message", np_pipe_try_read,
        MODE_MESSAGE | BOTH_ENDS, ERROR_MORE_DATA,
        "A try with room for just what the read-ahead caught of a longer "
        "message costs no call.",
        "npipe/ready.h") {
  struct cost before;
  struct cost cost;

  pair_open_raw(f);
  ready_set(f->end, 32, 65536);
  assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
  loop_turn(f, 0); /* Now the read is in the kernel. */
  assert_int_equal(raw_write(f->raw, ready_pattern(), 64), 0);
  loop_turn(f, 0);
  before = cost_now();
  assert_try_read(f->end, 32, ERROR_MORE_DATA, ready_pattern(), 32);
  cost = cost_since(before);
  assert_int_equal(cost.reads + cost.writes + cost.waits + cost.others, 0);
  assert_try_read(f->end, 64, NP_OK, ready_pattern() + 32, 32);
}
