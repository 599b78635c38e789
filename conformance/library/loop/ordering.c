/* Several operations in flight, and the order of their results. */
#include "library/fixture.h"

enum { MANY = 32 };

static void assert_in_order(const np_fixture *f, unsigned first,
                            unsigned count) {
  for (unsigned i = first + 1; i < first + count; i++) {
    assert_true(f->ops[i].order > f->ops[i - 1].order);
  }
}

/* numbers_write writes the numbers from `from` to `end` - 1 as messages of four
 * bytes. */
static void numbers_write(np_fixture *f, np_pipe *pipe, uint32_t from,
                          uint32_t end) {
  for (; from < end; from++) {
    pipe_send(f, pipe, &from, sizeof(from));
  }
}

static void assert_number(const struct recorder *recorder, uint32_t number) {
  uint32_t read;

  assert_done(recorder, NP_OK, sizeof(read));
  memcpy(&read, recorder->buffer, sizeof(read));
  assert_int_equal(read, number);
}

NP_CASE("ordering/reads-pending", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "Waiting reads complete in the order in which they were started.",
        "ReadFile#pipes") {
  pair_open(f);
  for (unsigned i = 0; i < MANY; i++) {
    read_begin(&f->ops[i], f->end, 4);
  }
  reads_post(f);
  numbers_write(f, f->peer, 0, MANY);
  loop_until(f, MANY);
  for (unsigned i = 0; i < MANY; i++) {
    assert_number(&f->ops[i], i);
  }
  assert_in_order(f, 0, MANY);
}

NP_CASE("ordering/reads-immediate", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "Reads that find their data complete in the order in which they were "
        "started.",
        "ReadFile#pipes") {
  pair_open(f);
  numbers_write(f, f->peer, 0, MANY);
  for (unsigned i = 0; i < MANY; i++) {
    read_begin(&f->ops[i], f->end, 4);
  }
  loop_until(f, MANY);
  for (unsigned i = 0; i < MANY; i++) {
    assert_number(&f->ops[i], i);
  }
  assert_in_order(f, 0, MANY);
}

/* mixed_reads_begin starts one read in the kernel and one that is put off, and
 * sends two messages. Both reads complete in the same turn, the second one at
 * once. */
static void mixed_reads_begin(np_fixture *f) {
  static const uint32_t numbers[] = {7, 8};

  read_begin(&f->ops[1], f->end, 4); /* put off */
  write_begin(&f->ops[2], f->peer, &numbers[0], 4);
  write_begin(&f->ops[3], f->peer, &numbers[1], 4);
}

static void assert_mixed_reads(np_fixture *f) {
  loop_until(f, 4);
  assert_number(&f->ops[0], 7);
  assert_number(&f->ops[1], 8);
  assert_in_order(f, 0, 2);
}

NP_CASE("ordering/reads-mixed", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "A read that waits in the kernel completes before a later one. This "
        "holds also if both end in the same turn and only the later one ended "
        "at once.",
        "ReadFile#pipes") {
  pair_open(f);
  read_pend(f, &f->ops[0], f->end, 4);
  mixed_reads_begin(f);
  assert_mixed_reads(f);
}

NP_CASE("ordering/reads-mixed-foreign-port", np_pipe_read, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "A read that waits in the kernel completes before a later read. This "
        "holds also if the caller dequeues its packet after the later read has "
        "ended.",
        "npipe/loop.h") {
  loop_remake_foreign(f, 0x4C);
  pair_open(f);
  read_pend(f, &f->ops[0], f->end, 4);
  mixed_reads_begin(f);
  assert_mixed_reads(f);
}

NP_CASE("ordering/reads-mixed-among-many", np_pipe_read, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "A read that waits in the kernel completes before a later read of its "
        "pipe. This holds also among many waiting reads of other pipes.",
        "ReadFile#pipes") {
  np_pipe *other;

  pair_open(f);
  other = pipe_own(f, f->end);
  pipe_own(f, f->peer);
  f->server = NULL;
  f->client = NULL;
  pair_open(f);
  read_pend(f, &f->ops[0], f->end, 4);
  for (unsigned i = 0; i < MANY; i++) {
    read_begin(&f->ops[4 + i], other, 4);
  }
  reads_post(f);
  mixed_reads_begin(f);
  assert_mixed_reads(f);
}

static void then_read_next(np_fixture *f, struct recorder *recorder) {
  unsigned next = (unsigned)(recorder - f->ops) + 2;

  if (next < MANY) {
    read_begin(&f->ops[next], f->end, 4);
  }
}

NP_CASE("ordering/reads-kept-in-flight", np_pipe_read, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "With two reads always in flight, each callback starting the next, no "
        "callback overtakes another.",
        "ReadFile#pipes") {
  static uint32_t numbers[MANY];

  pair_open(f);
  for (uint32_t i = 0; i < MANY; i++) {
    f->ops[i].then = then_read_next;
  }
  read_begin(&f->ops[0], f->end, 4);
  read_pend(f, &f->ops[1], f->end, 4);
  for (uint32_t i = 0; i < MANY; i++) {
    numbers[i] = i;
    write_begin(&f->ops[MANY + i], f->peer, &numbers[i], 4);
    if (i % 5 == 4) {
      loop_turn(f, 0); /* Some writes find their read waiting, others do not. */
    }
  }
  loop_until(f, 2 * MANY);
  for (uint32_t i = 0; i < MANY; i++) {
    assert_number(&f->ops[i], i);
  }
  assert_in_order(f, 0, MANY);
}

NP_CASE("ordering/writes", np_pipe_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "Writes reach the peer, and complete, in the order in which they were "
        "started. This holds whether or not the quota makes them wait.",
        "WriteFile#pipes") {
  static uint32_t numbers[MANY];

  pair_open_quota(f, 40);
  for (uint32_t i = 0; i < MANY; i++) {
    numbers[i] = i;
    write_begin(&f->ops[i], f->end, &numbers[i], sizeof(i));
  }
  for (uint32_t i = 0; i < MANY; i++) {
    assert_received(f, f->peer, &i, sizeof(i));
  }
  loop_until(f, MANY);
  for (uint32_t i = 0; i < MANY; i++) {
    assert_done(&f->ops[i], NP_OK, sizeof(i));
  }
  assert_in_order(f, 0, MANY);
}

NP_CASE("ordering/both-ways", np_pipe_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "Reads and writes of both ends in flight at once do not hold each "
        "other up.",
        "Named Pipe Operations") {
  static uint32_t numbers[MANY];

  pair_open(f);
  for (uint32_t i = 0; i < MANY / 2; i++) {
    read_begin(&f->ops[i], f->end, 4);
    read_begin(&f->ops[MANY / 2 + i], f->peer, 4);
  }
  reads_post(f);
  for (uint32_t i = 0; i < MANY / 2; i++) {
    numbers[i] = i;
    write_begin(&f->ops[MANY + i], f->end, &numbers[i], 4);
    write_begin(&f->ops[MANY + MANY / 2 + i], f->peer, &numbers[i], 4);
    loop_until(f, 4 * (i + 1));
  }
  for (uint32_t i = 0; i < MANY / 2; i++) {
    assert_number(&f->ops[i], i);
    assert_number(&f->ops[MANY / 2 + i], i);
  }
}

static void then_write_back(np_fixture *f, struct recorder *recorder) {
  assert_np_ok(recorder->result);
  write_begin(&f->ops[recorder - f->ops + MANY], f->end, recorder->buffer,
              recorder->transferred);
}

NP_CASE("ordering/echo-in-callbacks", np_pipe_write, ANY_MODE | BOTH_ENDS,
        NP_OK, "Data that the callbacks of reads write come back in order.",
        "npipe/op.h") {
  pair_open(f);
  for (uint32_t i = 0; i < MANY; i++) {
    f->ops[i].then = then_write_back;
    read_begin(&f->ops[i], f->end, 4);
  }
  reads_post(f);
  numbers_write(f, f->peer, 0, MANY);
  loop_until(f, 2 * MANY);
  for (uint32_t i = 0; i < MANY; i++) {
    assert_received(f, f->peer, &i, sizeof(i));
  }
}

static void then_start_inside(np_fixture *f, struct recorder *recorder) {
  (void)recorder;
  write_begin(&f->ops[1], f->end, "y", 1);
  assert_int_equal(f->ops[1].done_count, 0);
}

NP_CASE("ordering/never-from-the-call", np_pipe_write, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "The callback of an operation that is started in a callback and "
        "completes at once runs after the first callback has returned.",
        "npipe/op.h") {
  pair_open(f);
  f->ops[0].then = then_start_inside;
  write_begin(&f->ops[0], f->end, "x", 1);
  assert_ends(&f->ops[0], NP_OK, 1);
  assert_ends(&f->ops[1], NP_OK, 1);
  assert_true(f->ops[0].order < f->ops[1].order);
}

NP_CASE("ordering/ended-at-once", np_pipe_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "The callbacks of operations that completed at once run in the order "
        "of completion.",
        "npipe/op.h") {
  pair_open(f);
  for (unsigned i = 0; i < 10; i++) {
    write_begin(&f->ops[i], i % 2 == 0 ? f->end : f->peer, "x", 1);
  }
  loop_until(f, 10);
  assert_in_order(f, 0, 10);
}
